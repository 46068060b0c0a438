// Owns the measurements of RocksDB: loading, compaction, look-ups, small durable commits; called by bench.py, prints
// one JSON object. Usage: rocksdb load CSV STORE | lookup STORE SUBJECTS ANSWERS | commits STORE RAW-FILE SECONDS. Key
// subject with a running number, value the bytes of a row; LZ4, blocks of 16 KiB, Bloom filters on the subject; the
// load writes sorted batches without a log, flushes, then compacts; small commits sync the log.
#include "measure.h"

#include <rocksdb/c.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_A_BATCH = 1000, BLOCK_SIZE = 16 << 10 };
static const size_t CACHE_SIZE = (size_t)1 << 30, BUFFER_SIZE = (size_t)128 << 20;

typedef struct {
  rocksdb_options_t* options;
  rocksdb_block_based_table_options_t* blocks;
  rocksdb_cache_t* cache;
  rocksdb_readoptions_t* reads;
  rocksdb_writeoptions_t* writes;
  rocksdb_t* database;
  rocksdb_iterator_t* iterator;
} store;

static void check(char* error, const char* what) {
  if (error == NULL) return;
  fprintf(stderr, "rocksdb: %s\n", error);
  require(0, what);
}

static store store_open(const char* path, int create, int bulk) {
  store store = {.options = rocksdb_options_create(),
                 .blocks = rocksdb_block_based_options_create(),
                 .cache = rocksdb_cache_create_lru(CACHE_SIZE),
                 .reads = rocksdb_readoptions_create(),
                 .writes = rocksdb_writeoptions_create()};
  rocksdb_block_based_options_set_block_size(store.blocks, BLOCK_SIZE);
  rocksdb_block_based_options_set_block_cache(store.blocks, store.cache);
  rocksdb_block_based_options_set_filter_policy(store.blocks, rocksdb_filterpolicy_create_bloom_full(10));
  rocksdb_block_based_options_set_whole_key_filtering(store.blocks, 0);
  rocksdb_block_based_options_set_format_version(store.blocks, 5);
  rocksdb_options_set_block_based_table_factory(store.options, store.blocks);
  rocksdb_options_set_prefix_extractor(store.options, rocksdb_slicetransform_create_fixed_prefix(SUBJECT_LENGTH));
  rocksdb_options_set_compression(store.options, rocksdb_lz4_compression);
  rocksdb_options_set_write_buffer_size(store.options, BUFFER_SIZE);
  rocksdb_options_increase_parallelism(store.options, 2);
  rocksdb_options_set_create_if_missing(store.options, (unsigned char)create);
  if (bulk) rocksdb_options_set_disable_auto_compactions(store.options, 1);
  rocksdb_readoptions_set_prefix_same_as_start(store.reads, 1);
  rocksdb_writeoptions_disable_WAL(store.writes, bulk);
  rocksdb_writeoptions_set_sync(store.writes, !bulk);
  char* error = NULL;
  store.database = rocksdb_open(store.options, path, &error);
  check(error, "opening the store");
  return store;
}

static void store_close(store* store) {
  rocksdb_close(store->database);
  rocksdb_writeoptions_destroy(store->writes);
  rocksdb_readoptions_destroy(store->reads);
  rocksdb_options_destroy(store->options);
  rocksdb_block_based_options_destroy(store->blocks);
  rocksdb_cache_destroy(store->cache);
}

static void write_batch(store* store, rocksdb_writebatch_t* batch) {
  char* error = NULL;
  rocksdb_write(store->database, store->writes, batch, &error);
  check(error, "writing rows");
  rocksdb_writebatch_clear(batch);
}

static void put_row(rocksdb_writebatch_t* batch, const row* row, uint32_t number) {
  char key[SUBJECT_LENGTH + 4], bytes[ROW_BYTES_LIMIT];
  row_key(row->subject.bytes, number, key);
  size_t size = row_encode(row, bytes);
  rocksdb_writebatch_put(batch, key, sizeof key, bytes, size);
}

static void flush(store* store) {
  char* error = NULL;
  rocksdb_flushoptions_t* options = rocksdb_flushoptions_create();
  rocksdb_flushoptions_set_wait(options, 1);
  rocksdb_flush(store->database, options, &error);
  check(error, "flushing");
  rocksdb_flushoptions_destroy(options);
}

static void load(const char* csv, const char* path) {
  double start = seconds_now();
  table table = table_open(csv);
  double sorted = seconds_now();
  store store = store_open(path, 1, 1);
  rocksdb_writebatch_t* batch = rocksdb_writebatch_create();
  char scratch[ROW_BYTES_LIMIT], last[SUBJECT_LENGTH] = {0};
  uint32_t number = 0;
  for (size_t i = 0; i < table.count; i++) {
    row row = table_row(&table, i, scratch);
    number = memcmp(last, row.subject.bytes, SUBJECT_LENGTH) == 0 ? number + 1 : 0;
    memcpy(last, row.subject.bytes, SUBJECT_LENGTH);
    put_row(batch, &row, number);
    if (i % ROWS_A_BATCH == ROWS_A_BATCH - 1) write_batch(&store, batch);
  }
  write_batch(&store, batch);
  flush(&store);
  double loaded = seconds_now();
  rocksdb_compact_range(store.database, NULL, 0, NULL, 0);
  rocksdb_writebatch_destroy(batch);
  store_close(&store);
  printf("{\"rows\": %zu, \"seconds\": %.3f, \"sortSeconds\": %.3f, \"compactSeconds\": %.3f}\n", table.count,
         loaded - start, sorted - start, seconds_now() - loaded);
  table_close(&table);
}

static void records(void* pointer, const char* subject, answer* answer) {
  store* store = pointer;
  char first[SUBJECT_LENGTH + 4];
  row_key(subject, 0, first);
  rocksdb_iter_seek(store->iterator, first, sizeof first);
  for (; rocksdb_iter_valid(store->iterator); rocksdb_iter_next(store->iterator)) {
    size_t key_size, size;
    const char* key = rocksdb_iter_key(store->iterator, &key_size);
    if (key_size < SUBJECT_LENGTH || memcmp(key, subject, SUBJECT_LENGTH) != 0) break;
    const char* bytes = rocksdb_iter_value(store->iterator, &size);
    row row = row_decode(subject, bytes, size);
    answer_add(answer, &row);
  }
  char* error = NULL;
  rocksdb_iter_get_error(store->iterator, &error);
  check(error, "reading a subject's rows");
}

static int64_t exists(void* pointer, const char* subject) {
  store* store = pointer;
  char key[SUBJECT_LENGTH + 4], *error = NULL;
  row_key(subject, 0, key);
  rocksdb_pinnableslice_t* value = rocksdb_get_pinned(store->database, store->reads, key, sizeof key, &error);
  check(error, "asking for a subject");
  if (value == NULL) return 0;
  rocksdb_pinnableslice_destroy(value);
  return 1;
}

static void lookup(const char* path, const char* subjects, const char* answers) {
  store store = store_open(path, 0, 1);
  store.iterator = rocksdb_create_iterator(store.database, store.reads);
  measure_lookups(&(lookups){&store, records, NULL, exists}, subjects, answers);
  rocksdb_iter_destroy(store.iterator);
  store_close(&store);
}

static void commit(void* pointer, const char* subject) {
  store* store = pointer;
  char key[SUBJECT_LENGTH + 4], *error = NULL;
  size_t size;
  row_key(subject, 0, key);
  char* bytes = rocksdb_get(store->database, store->reads, key, sizeof key, &size, &error);
  check(error, "asking for the record to change");
  require(bytes != NULL, "finding the record to change");
  row row = row_decode(subject, bytes, size);
  row.amount++;
  char changed[ROW_BYTES_LIMIT];
  size = row_encode(&row, changed);
  rocksdb_put(store->database, store->writes, key, sizeof key, changed, size, &error);
  check(error, "a durable commit");
  rocksdb_free(bytes);
}

static void commits(const char* path, const char* raw, double seconds) {
  char subject[SUBJECT_LENGTH + 1];
  store store = store_open(path, 1, 0);
  rocksdb_writebatch_t* batch = rocksdb_writebatch_create();
  for (int i = 0; i < COMMIT_SUBJECTS; i++) {
    row row = commit_record(i, subject);
    put_row(batch, &row, 0);
  }
  write_batch(&store, batch);
  rocksdb_writebatch_destroy(batch);
  measure_commits(raw, seconds, &store, commit);
  store_close(&store);
}

int main(int argument_count, char** arguments) {
  return peer_main(&(peer){load, lookup, commits, NULL}, argument_count, arguments);
}
