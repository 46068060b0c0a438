// Owns the measurements of SQLite: loading, look-ups, small durable commits, questions; bench.py calls it; prints JSON.
// Usage: sqlite load CSV STORE | lookup STORE SUBJECTS ANSWERS | commits STORE RAW-FILE SECONDS | ask STORE QUESTIONS
// RUNS. One table clustered by subject and a running number, integers for dates, timestamps and amounts, a log written
// ahead, prepared statements, the load in one transaction of rows that come in the order of the table.
#include "measure.h"

#include <sqlite3.h>
#include <string.h>

#include "questions.h"

static const char* const TABLE =
    "create table t(subject text not null, n integer not null, catalogue text, unit text, doc_no text, event_date "
    "integer, "
    "received_at integer, amount integer, status integer, content text, primary key(subject, n)) without rowid";

typedef struct {
  sqlite3* database;
  sqlite3_stmt *insert, *records, *count, *exists, *amount, *update;
} store;

static void run(sqlite3* database, const char* statement) {
  char* message = NULL;
  if (sqlite3_exec(database, statement, NULL, NULL, &message) != SQLITE_OK) require(0, message ? message : statement);
}

static sqlite3_stmt* prepare(sqlite3* database, const char* statement) {
  sqlite3_stmt* prepared = NULL;
  require(sqlite3_prepare_v3(database, statement, -1, SQLITE_PREPARE_PERSISTENT, &prepared, NULL) == SQLITE_OK,
          statement);
  return prepared;
}

static store store_open(const char* path, int create) {
  store store = {0};
  require(sqlite3_open(path, &store.database) == SQLITE_OK, "opening the database");
  run(store.database, "pragma journal_mode=wal");
  run(store.database, "pragma synchronous=full");
  run(store.database, "pragma cache_size=-1048576");
  run(store.database, "pragma mmap_size=8589934592");
  if (create) run(store.database, TABLE);
  store.insert = prepare(store.database, "insert into t values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  store.records = prepare(store.database,
                          "select subject, catalogue, unit, doc_no, event_date, received_at, amount, status, content "
                          "from t where subject = ? order by n");
  store.count = prepare(store.database, "select count(*) from t where subject = ?");
  store.exists = prepare(store.database, "select 1 from t where subject = ? limit 1");
  store.amount = prepare(store.database, "select amount from t where subject = ? and n = 0");
  store.update = prepare(store.database, "update t set amount = ? where subject = ? and n = 0");
  return store;
}

static void store_close(store* store) {
  sqlite3_stmt* statements[] = {store->insert, store->records, store->count,
                                store->exists, store->amount,  store->update};
  for (int i = 0; i < 6; i++) require(sqlite3_finalize(statements[i]) == SQLITE_OK, "ending a statement");
  require(sqlite3_close(store->database) == SQLITE_OK, "closing the database");
}

static void bind_text(sqlite3_stmt* statement, int index, text text) {
  require(sqlite3_bind_text(statement, index, text.bytes, (int)text.length, SQLITE_STATIC) == SQLITE_OK,
          "binding a text");
}

static void bind_number(sqlite3_stmt* statement, int index, int64_t number) {
  require(sqlite3_bind_int64(statement, index, number) == SQLITE_OK, "binding a number");
}

static void reset(sqlite3_stmt* statement) { require(sqlite3_reset(statement) == SQLITE_OK, "ending a call"); }

static void insert(store* store, const row* row, uint32_t number) {
  sqlite3_stmt* statement = store->insert;
  bind_text(statement, 1, row->subject);
  bind_number(statement, 2, number);
  bind_text(statement, 3, row->catalogue);
  bind_text(statement, 4, row->unit);
  bind_text(statement, 5, row->doc_no);
  bind_number(statement, 6, row->event_date);
  bind_number(statement, 7, row->received_at);
  bind_number(statement, 8, row->amount);
  bind_number(statement, 9, row->status);
  bind_text(statement, 10, row->content);
  require(sqlite3_step(statement) == SQLITE_DONE, "inserting a row");
  reset(statement);
}

static void load(const char* csv, const char* path) {
  double start = seconds_now();
  table table = table_open(csv);
  double sorted = seconds_now();
  store store = store_open(path, 1);
  run(store.database, "begin");
  char scratch[ROW_BYTES_LIMIT], last[SUBJECT_LENGTH] = {0};
  uint32_t number = 0;
  for (size_t i = 0; i < table.count; i++) {
    row row = table_row(&table, i, scratch);
    number = memcmp(last, row.subject.bytes, SUBJECT_LENGTH) == 0 ? number + 1 : 0;
    memcpy(last, row.subject.bytes, SUBJECT_LENGTH);
    insert(&store, &row, number);
  }
  run(store.database, "commit");
  run(store.database, "pragma wal_checkpoint(truncate)");
  store_close(&store);
  double seconds = seconds_now() - start;
  printf("{\"version\": \"%s\", \"rows\": %zu, \"seconds\": %.3f, \"sortSeconds\": %.3f}\n", sqlite3_libversion(),
         table.count, seconds, sorted - start);
  table_close(&table);
}

static text column_text(sqlite3_stmt* statement, int column) {
  const char* bytes = (const char*)sqlite3_column_text(statement, column);
  return (text){bytes, (uint32_t)sqlite3_column_bytes(statement, column)};
}

static void records(void* pointer, const char* subject, answer* answer) {
  sqlite3_stmt* statement = ((store*)pointer)->records;
  bind_text(statement, 1, (text){subject, SUBJECT_LENGTH});
  int result;
  while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
    row row = {.subject = column_text(statement, 0),
               .catalogue = column_text(statement, 1),
               .unit = column_text(statement, 2),
               .doc_no = column_text(statement, 3),
               .event_date = sqlite3_column_int(statement, 4),
               .received_at = sqlite3_column_int64(statement, 5),
               .amount = sqlite3_column_int64(statement, 6),
               .status = sqlite3_column_int(statement, 7),
               .content = column_text(statement, 8)};
    answer_add(answer, &row);
  }
  require(result == SQLITE_DONE, "reading a subject's rows");
  reset(statement);
}

static int64_t single(sqlite3_stmt* statement, const char* subject) {
  bind_text(statement, 1, (text){subject, SUBJECT_LENGTH});
  int result = sqlite3_step(statement);
  int64_t value = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
  require(result == SQLITE_ROW || result == SQLITE_DONE, "asking for a number");
  reset(statement);
  return value;
}

static int64_t count(void* pointer, const char* subject) { return single(((store*)pointer)->count, subject); }
static int64_t exists(void* pointer, const char* subject) { return single(((store*)pointer)->exists, subject); }

static void commit(void* pointer, const char* subject) {
  store* store = pointer;
  run(store->database, "begin immediate");
  int64_t amount = single(store->amount, subject);
  require(amount > 0, "finding the record to change");
  bind_number(store->update, 1, amount + 1);
  bind_text(store->update, 2, (text){subject, SUBJECT_LENGTH});
  require(sqlite3_step(store->update) == SQLITE_DONE, "changing a record");
  reset(store->update);
  require(sqlite3_changes(store->database) == 1, "changing one record");
  run(store->database, "commit");
}

static void commits(const char* path, const char* raw, double seconds) {
  char subject[SUBJECT_LENGTH + 1];
  store store = store_open(path, 1);
  run(store.database, "begin");
  for (int i = 0; i < COMMIT_SUBJECTS; i++) {
    row row = commit_record(i, subject);
    insert(&store, &row, 0);
  }
  run(store.database, "commit");
  measure_commits(raw, seconds, &store, commit);
  store_close(&store);
}

static void lookup(const char* path, const char* subjects, const char* answers) {
  store store = store_open(path, 0);
  measure_lookups(&(lookups){&store, records, count, exists}, subjects, answers);
  store_close(&store);
}

static void* prepare_question(void* pointer, const char* statement) {
  return prepare(((store*)pointer)->database, statement);
}

static void run_question(void* prepared, result* result) {
  sqlite3_stmt* statement = prepared;
  int columns = sqlite3_column_count(statement), state;
  result->columns = (size_t)columns;
  while ((state = sqlite3_step(statement)) == SQLITE_ROW) {
    for (int i = 0; i < columns; i++) {
      int type = sqlite3_column_type(statement, i);
      if (type == SQLITE_NULL) {
        result_absent(result);
      } else if (type == SQLITE_INTEGER) {
        result_number(result, sqlite3_column_int64(statement, i));
      } else {
        text text = column_text(statement, i);
        result_text(result, text.bytes, text.length);
      }
    }
  }
  require(state == SQLITE_DONE, "answering a question");
  reset(statement);
}

static void end_question(void* prepared) {
  require(sqlite3_finalize(prepared) == SQLITE_OK, "ending a question");
}

static void ask(const char* path, const char* questions, int runs) {
  store store = store_open(path, 0);
  measure_questions(&(asking){&store, prepare_question, run_question, end_question}, questions, runs);
  store_close(&store);
}

int main(int argument_count, char** arguments) {
  return peer_main(&(peer){load, lookup, commits, ask}, argument_count, arguments);
}
