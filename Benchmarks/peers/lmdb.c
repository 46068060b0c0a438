// Owns the measurements of LMDB: loading, look-ups, counts, small durable commits; called by bench.py, prints one JSON
// object. Usage: lmdb load CSV STORE | lookup STORE SUBJECTS ANSWERS | commits STORE RAW-FILE SECONDS. Two trees in one
// file: subject to number of rows, and subject with a running number to the bytes of a row. The load appends in key
// order and syncs once at its end; small commits sync each.
#include "measure.h"

#include <lmdb.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_A_TRANSACTION = 200000 };
static const size_t MAP_SIZE = (size_t)64 << 30;

typedef struct {
  MDB_env* environment;
  MDB_txn* transaction;
  MDB_dbi rows, counts;
  MDB_cursor* cursor;
} store;

static void check(int code, const char* what) {
  if (code == MDB_SUCCESS) return;
  fprintf(stderr, "lmdb: %s\n", mdb_strerror(code));
  require(0, what);
}

static store store_open(const char* path, unsigned flags, int create) {
  store store = {0};
  check(mdb_env_create(&store.environment), "making an environment");
  check(mdb_env_set_mapsize(store.environment, MAP_SIZE), "the size of the map");
  check(mdb_env_set_maxdbs(store.environment, 2), "two trees");
  check(mdb_env_open(store.environment, path, MDB_NOSUBDIR | flags, 0600), "opening the environment");
  check(mdb_txn_begin(store.environment, NULL, create ? 0 : flags & MDB_RDONLY, &store.transaction), "beginning");
  check(mdb_dbi_open(store.transaction, "rows", create ? MDB_CREATE : 0, &store.rows), "opening the rows");
  check(mdb_dbi_open(store.transaction, "counts", create ? MDB_CREATE : 0, &store.counts), "opening the counts");
  return store;
}

static void put_count(store* store, const char* subject, uint32_t count) {
  MDB_val key = {SUBJECT_LENGTH, (void*)subject}, value = {sizeof count, &count};
  check(mdb_put(store->transaction, store->counts, &key, &value, MDB_APPEND), "putting a count");
}

static void put_row(store* store, const row* row, uint32_t number, unsigned flags) {
  char key_bytes[SUBJECT_LENGTH + 4], bytes[ROW_BYTES_LIMIT];
  row_key(row->subject.bytes, number, key_bytes);
  MDB_val key = {sizeof key_bytes, key_bytes}, value = {row_encode(row, bytes), bytes};
  check(mdb_put(store->transaction, store->rows, &key, &value, flags), "putting a row");
}

static void load(const char* csv, const char* path) {
  double start = seconds_now();
  table table = table_open(csv);
  double sorted = seconds_now();
  store store = store_open(path, MDB_NOSYNC, 1);
  char scratch[ROW_BYTES_LIMIT], last[SUBJECT_LENGTH] = {0};
  uint32_t number = 0;
  for (size_t i = 0; i < table.count; i++) {
    row row = table_row(&table, i, scratch);
    if (memcmp(last, row.subject.bytes, SUBJECT_LENGTH) == 0) {
      number++;
    } else {
      if (i > 0) put_count(&store, last, number + 1);
      number = 0;
      memcpy(last, row.subject.bytes, SUBJECT_LENGTH);
    }
    put_row(&store, &row, number, MDB_APPEND);
    if (i % ROWS_A_TRANSACTION == ROWS_A_TRANSACTION - 1) {
      check(mdb_txn_commit(store.transaction), "committing rows");
      check(mdb_txn_begin(store.environment, NULL, 0, &store.transaction), "beginning again");
    }
  }
  if (table.count > 0) put_count(&store, last, number + 1);
  check(mdb_txn_commit(store.transaction), "committing the last rows");
  check(mdb_env_sync(store.environment, 1), "syncing");
  mdb_env_close(store.environment);
  printf("{\"version\": \"%d.%d.%d\", \"rows\": %zu, \"seconds\": %.3f, \"sortSeconds\": %.3f}\n", MDB_VERSION_MAJOR,
         MDB_VERSION_MINOR, MDB_VERSION_PATCH, table.count, seconds_now() - start, sorted - start);
  table_close(&table);
}

static void records(void* pointer, const char* subject, answer* answer) {
  store* store = pointer;
  char bytes[SUBJECT_LENGTH + 4];
  row_key(subject, 0, bytes);
  MDB_val key = {sizeof bytes, bytes}, value;
  int code = mdb_cursor_get(store->cursor, &key, &value, MDB_SET_RANGE);
  while (code == MDB_SUCCESS && memcmp(key.mv_data, subject, SUBJECT_LENGTH) == 0) {
    row row = row_decode(subject, value.mv_data, value.mv_size);
    answer_add(answer, &row);
    code = mdb_cursor_get(store->cursor, &key, &value, MDB_NEXT);
  }
  require(code == MDB_SUCCESS || code == MDB_NOTFOUND, "reading a subject's rows");
}

static int64_t count(void* pointer, const char* subject) {
  store* store = pointer;
  MDB_val key = {SUBJECT_LENGTH, (void*)subject}, value;
  int code = mdb_get(store->transaction, store->counts, &key, &value);
  if (code == MDB_NOTFOUND) return 0;
  check(code, "reading a count");
  uint32_t count;
  require(value.mv_size == sizeof count, "a count of four bytes");
  memcpy(&count, value.mv_data, sizeof count);
  return count;
}

static void commit(void* pointer, const char* subject) {
  store* store = pointer;
  char bytes[SUBJECT_LENGTH + 4], copy[ROW_BYTES_LIMIT];
  row_key(subject, 0, bytes);
  MDB_val key = {sizeof bytes, bytes}, value;
  check(mdb_txn_begin(store->environment, NULL, 0, &store->transaction), "beginning a commit");
  check(mdb_get(store->transaction, store->rows, &key, &value), "finding the record to change");
  require(value.mv_size <= sizeof copy, "a row of at most 4096 bytes");
  memcpy(copy, value.mv_data, value.mv_size);
  row row = row_decode(subject, copy, value.mv_size);
  row.amount++;
  put_row(store, &row, 0, 0);
  check(mdb_txn_commit(store->transaction), "a durable commit");
}

static void commits(const char* path, const char* raw, double seconds) {
  char subject[SUBJECT_LENGTH + 1];
  store store = store_open(path, 0, 1);
  for (int i = 0; i < COMMIT_SUBJECTS; i++) {
    row row = commit_record(i, subject);
    put_row(&store, &row, 0, MDB_APPEND);
  }
  check(mdb_txn_commit(store.transaction), "filling the store of small commits");
  measure_commits(raw, seconds, &store, commit);
  mdb_env_close(store.environment);
}

static void lookup(const char* path, const char* subjects, const char* answers) {
  store store = store_open(path, MDB_RDONLY, 0);
  check(mdb_cursor_open(store.transaction, store.rows, &store.cursor), "opening a cursor");
  measure_lookups(&(lookups){&store, records, count, NULL}, subjects, answers);
  mdb_cursor_close(store.cursor);
  mdb_txn_abort(store.transaction);
  mdb_env_close(store.environment);
}

int main(int argument_count, char** arguments) {
  return peer_main(&(peer){load, lookup, commits, NULL}, argument_count, arguments);
}
