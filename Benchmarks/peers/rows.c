// Owns the implementation of rows.h: CSV in, row bytes, answers out. It knows no store and measures nothing.
#define _GNU_SOURCE
#include "rows.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMNS = 9, LINE_LIMIT = 4096 };

void require(int condition, const char* what) {
  if (condition) return;
  fprintf(stderr, "failed: %s\n", what);
  exit(1);
}

static uint64_t big_endian(const char* bytes, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; i++) value = value << 8 | (unsigned char)bytes[i];
  return value;
}

static int compare_places(const void* left, const void* right) {
  const place *a = left, *b = right;
  if (a->first != b->first) return a->first < b->first ? -1 : 1;
  if (a->second != b->second) return a->second < b->second ? -1 : 1;
  if (a->third != b->third) return a->third < b->third ? -1 : 1;
  return a->offset < b->offset ? -1 : a->offset > b->offset;
}

// The end of the record that begins at start: a line feed outside quotes, or the end of the file.
static size_t record_end(const char* bytes, size_t start, size_t size) {
  int quoted = 0;
  size_t at = start;
  while (at < size && (quoted || bytes[at] != '\n')) {
    quoted ^= bytes[at] == '"';
    at++;
  }
  return at;
}

static void table_add(table* table, size_t* capacity, size_t start, size_t end) {
  if (table->count == *capacity) {
    *capacity = *capacity ? *capacity * 2 : 1 << 16;
    table->places = realloc(table->places, *capacity * sizeof(place));
    require(table->places != NULL, "memory for the places of rows");
  }
  size_t subject = start + (table->bytes[start] == '"');
  require(subject + SUBJECT_LENGTH < end, "a record that is too short for its subject");
  const char* bytes = table->bytes + subject;
  table->places[table->count++] = (place){.first = big_endian(bytes, 8),
                                          .second = big_endian(bytes + 8, 8),
                                          .third = (uint32_t)big_endian(bytes + 16, 2),
                                          .offset = start,
                                          .length = (uint32_t)(end - start)};
}

table table_open(const char* path) {
  table table = {0};
  int descriptor = open(path, O_RDONLY);
  require(descriptor >= 0, "opening the CSV file");
  struct stat status;
  require(fstat(descriptor, &status) == 0 && status.st_size > 0, "the size of the CSV file");
  table.size = (size_t)status.st_size;
  table.bytes = mmap(NULL, table.size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  require(table.bytes != MAP_FAILED, "mapping the CSV file");
  require(close(descriptor) == 0, "closing the CSV file");
  size_t capacity = 0;
  size_t start = record_end(table.bytes, 0, table.size) + 1;
  while (start < table.size) {
    size_t end = record_end(table.bytes, start, table.size);
    table_add(&table, &capacity, start, end > start && table.bytes[end - 1] == '\r' ? end - 1 : end);
    start = end + 1;
  }
  qsort(table.places, table.count, sizeof(place), compare_places);
  return table;
}

void table_close(table* table) {
  require(munmap((void*)table->bytes, table->size) == 0, "unmapping the CSV file");
  free(table->places);
}

// Takes one field off the record; texts with doubled quotes are put together in scratch.
static text next_field(const char** at, const char* end, char** scratch) {
  const char* start = *at;
  if (start < end && *start == '"') {
    char* copy = *scratch;
    size_t length = 0;
    const char* reader = ++start;
    int doubled = 0;
    while (reader < end && (*reader != '"' || (reader + 1 < end && reader[1] == '"'))) {
      doubled |= *reader == '"';
      reader += *reader == '"';
      copy[length++] = *reader++;
    }
    require(reader < end, "a quote that is never closed");
    *at = reader + 1 < end ? reader + 2 : end;
    if (!doubled) return (text){start, (uint32_t)length};
    *scratch += length;
    return (text){copy, (uint32_t)length};
  }
  const char* comma = memchr(start, ',', (size_t)(end - start));
  const char* stop = comma ? comma : end;
  *at = comma ? comma + 1 : end;
  return (text){start, (uint32_t)(stop - start)};
}

static int64_t number_of(text text, uint32_t from, uint32_t to) {
  int64_t value = 0;
  int negative = from < to && text.bytes[from] == '-';
  require(to <= text.length && from + (uint32_t)negative < to, "a number without digits");
  for (uint32_t i = from + (uint32_t)negative; i < to; i++) {
    require(text.bytes[i] >= '0' && text.bytes[i] <= '9', "a number with something else than digits");
    value = value * 10 + (text.bytes[i] - '0');
  }
  return negative ? -value : value;
}

// Days since 1970-01-01 in the Gregorian calendar, and back.
static int64_t days_of(int64_t year, int64_t month, int64_t day) {
  int64_t shifted = month > 2 ? year : year - 1;
  int64_t era = shifted / 400, of_era = shifted % 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_of(int64_t days, int* year, int* month, int* day) {
  int64_t shifted = days + 719468, era = shifted / 146097, of_era = shifted % 146097;
  int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t part = (5 * of_year + 2) / 153;
  *day = (int)(of_year - (153 * part + 2) / 5 + 1);
  *month = (int)(part < 10 ? part + 3 : part - 9);
  *year = (int)(year_of_era + era * 400 + (*month <= 2));
}

static int32_t parse_date(text text) {
  require(text.length >= 10, "a date of yyyy-MM-dd");
  return (int32_t)days_of(number_of(text, 0, 4), number_of(text, 5, 7), number_of(text, 8, 10));
}

static int64_t parse_timestamp(text text) {
  require(text.length == 19, "a timestamp of yyyy-MM-dd HH:mm:ss");
  return parse_date(text) * INT64_C(86400) + number_of(text, 11, 13) * 3600 + number_of(text, 14, 16) * 60 +
         number_of(text, 17, 19);
}

row table_row(const table* table, size_t index, char* scratch) {
  const char* at = table->bytes + table->places[index].offset;
  uint32_t length = table->places[index].length;
  require(length <= LINE_LIMIT, "a record longer than 4096 bytes");
  const char* end = at + length;
  text fields[COLUMNS];
  for (int i = 0; i < COLUMNS; i++) fields[i] = next_field(&at, end, &scratch);
  require(at == end && fields[0].length == SUBJECT_LENGTH, "a record of nine fields with a subject of 18 bytes");
  return (row){.subject = fields[0],
               .catalogue = fields[1],
               .unit = fields[2],
               .doc_no = fields[3],
               .content = fields[8],
               .event_date = parse_date(fields[4]),
               .received_at = parse_timestamp(fields[5]),
               .amount = number_of(fields[6], 0, fields[6].length),
               .status = (int32_t)number_of(fields[7], 0, fields[7].length)};
}

static char* put(char* to, const void* bytes, size_t count) {
  memcpy(to, bytes, count);
  return to + count;
}

size_t row_encode(const row* row, char* bytes) {
  const text* texts[] = {&row->catalogue, &row->unit, &row->doc_no, &row->content};
  size_t total = 0;
  for (int i = 0; i < 4; i++) total += texts[i]->length;
  require(total + 64 <= ROW_BYTES_LIMIT, "a row of at most 4096 bytes");
  char* at = put(bytes, &row->received_at, 8);
  at = put(at, &row->amount, 8);
  at = put(at, &row->event_date, 4);
  *at++ = (char)row->status;
  for (int i = 0; i < 4; i++) {
    uint16_t length = (uint16_t)texts[i]->length;
    at = put(at, &length, 2);
    at = put(at, texts[i]->bytes, length);
  }
  return (size_t)(at - bytes);
}

row row_decode(const char* subject, const char* bytes, size_t size) {
  require(size >= 29, "the bytes of a row");
  row row = {.subject = {subject, SUBJECT_LENGTH}};
  memcpy(&row.received_at, bytes, 8);
  memcpy(&row.amount, bytes + 8, 8);
  memcpy(&row.event_date, bytes + 16, 4);
  row.status = bytes[20];
  text* texts[] = {&row.catalogue, &row.unit, &row.doc_no, &row.content};
  size_t at = 21;
  for (int i = 0; i < 4; i++) {
    uint16_t length;
    require(at + 2 <= size, "the length of a text");
    memcpy(&length, bytes + at, 2);
    *texts[i] = (text){bytes + at + 2, length};
    at += 2 + (size_t)length;
  }
  require(at == size, "the end of a row");
  return row;
}

void row_key(const char* subject, uint32_t number, char key[SUBJECT_LENGTH + 4]) {
  memcpy(key, subject, SUBJECT_LENGTH);
  for (int i = 0; i < 4; i++) key[SUBJECT_LENGTH + i] = (char)(number >> (24 - 8 * i));
}

void answer_clear(answer* answer) {
  answer->count = 0;
  answer->used = 0;
}

static text keep(answer* answer, text text) {
  char* to = answer->texts + answer->used;
  if (text.length > 0) memcpy(to, text.bytes, text.length);
  answer->used += text.length;
  text.bytes = to;
  return text;
}

void answer_add(answer* answer, const row* row) {
  if (answer->rows == NULL) {
    answer->capacity = 1 << 12;
    answer->room = 1 << 20;
    answer->rows = malloc(answer->capacity * sizeof *answer->rows);
    answer->texts = malloc(answer->room);
    require(answer->rows != NULL && answer->texts != NULL, "memory for answers");
  }
  require(answer->count < answer->capacity && answer->used + ROW_BYTES_LIMIT <= answer->room,
          "at most 4096 rows a subject");
  answer->rows[answer->count++] = (struct row){.subject = keep(answer, row->subject),
                                               .catalogue = keep(answer, row->catalogue),
                                               .unit = keep(answer, row->unit),
                                               .doc_no = keep(answer, row->doc_no),
                                               .content = keep(answer, row->content),
                                               .event_date = row->event_date,
                                               .received_at = row->received_at,
                                               .amount = row->amount,
                                               .status = row->status};
}

// The CRC-32 of zlib, bit by bit: no measured path calls it.
static uint32_t crc32_of(const char* bytes, size_t count) {
  uint32_t crc = UINT32_MAX;
  for (size_t i = 0; i < count; i++) {
    crc ^= (unsigned char)bytes[i];
    for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

void answer_print(const answer* answer, const char* subject, FILE* file) {
  char line[ROW_BYTES_LIMIT + 256];
  uint64_t sum = 0;
  int64_t amounts = 0;
  for (size_t i = 0; i < answer->count; i++) {
    const row* row = &answer->rows[i];
    int year, month, day, received_year, received_month, received_day;
    date_of(row->event_date, &year, &month, &day);
    date_of(row->received_at / 86400, &received_year, &received_month, &received_day);
    int second = (int)(row->received_at % 86400);
    int length =
        snprintf(line, sizeof line, "%.*s,%.*s,%.*s,%.*s,%04d-%02d-%02d,%04d-%02d-%02d %02d:%02d:%02d,%lld,%d,%.*s",
                 (int)row->subject.length, row->subject.bytes, (int)row->catalogue.length, row->catalogue.bytes,
                 (int)row->unit.length, row->unit.bytes, (int)row->doc_no.length, row->doc_no.bytes, year, month, day,
                 received_year, received_month, received_day, second / 3600, second / 60 % 60, second % 60,
                 (long long)row->amount, row->status, (int)row->content.length, row->content.bytes);
    require(length > 0 && (size_t)length < sizeof line, "a row as CSV");
    sum += crc32_of(line, (size_t)length);
    amounts += row->amount;
  }
  int written = fprintf(file, "%.*s\t%zu\t%lld\t%llu\n", SUBJECT_LENGTH, subject, answer->count, (long long)amounts,
                        (unsigned long long)sum);
  require(written > 0, "writing the answers");
}
