// Owns what the peers written in C share about rows: reading the CSV file, sorting it by subject, the bytes of a row
// for stores that keep keys and values, and the rows a look-up hands out. It knows no store and measures nothing.
#ifndef ROWS_H
#define ROWS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { SUBJECT_LENGTH = 18, ROW_BYTES_LIMIT = 4096 };

typedef struct {
  const char* bytes;
  uint32_t length;
} text;

// Nine columns; dates are days since 1970-01-01, timestamps seconds since then.
typedef struct row {
  text subject, catalogue, unit, doc_no, content;
  int32_t event_date, status;
  int64_t received_at, amount;
} row;

// Where a record of the file lies, with its subject as three numbers that compare as the bytes do.
typedef struct {
  uint64_t first, second;
  uint64_t offset;
  uint32_t third, length;
} place;

typedef struct {
  const char* bytes;
  size_t size, count;
  place* places;
} table;

// The rows one look-up found, their texts copied into memory of their own; used again for the next look-up.
typedef struct {
  row* rows;
  size_t count, capacity;
  char* texts;
  size_t used, room;
} answer;

// Ends the program with a message unless the condition holds.
void require(int condition, const char* what);

// The records of a CSV file with a header, ordered by subject and, within one, by their place in the file.
table table_open(const char* path);
void table_close(table* table);
// The fields point into the file, or into scratch (ROW_BYTES_LIMIT bytes) where quotes had to be taken away.
row table_row(const table* table, size_t index, char* scratch);

// The columns but the subject, which the key holds. Returns how many bytes were written (at most ROW_BYTES_LIMIT).
size_t row_encode(const row* row, char* bytes);
row row_decode(const char* subject, const char* bytes, size_t size);
// A key of a subject and the number of the row, big-endian.
void row_key(const char* subject, uint32_t number, char key[SUBJECT_LENGTH + 4]);

void answer_clear(answer* answer);
void answer_add(answer* answer, const row* row);
// Subject, how many rows, the sum of the amounts, and the sum of the CRC-32 of every row written as CSV without quotes.
void answer_print(const answer* answer, const char* subject, FILE* file);

#endif
