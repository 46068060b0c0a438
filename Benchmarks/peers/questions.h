// Owns what the peers written in C share about questions: the file they come from, the times, the printed answers, with
// the names QueryBenchmark uses. It knows no store.
#ifndef QUESTIONS_H
#define QUESTIONS_H

#include <stddef.h>
#include <stdint.h>

typedef enum { ABSENT, NUMBER, TEXT } kind;

// The value of a text is where it begins among the texts of the result.
typedef struct {
  kind kind;
  int64_t value;
} cell;

// The answer to one question, row by row, its texts copied into memory of their own; used again for the next run.
typedef struct {
  cell* cells;
  size_t columns, count, capacity;
  char* texts;
  size_t used, room;
} result;

void result_absent(result* result);
void result_number(result* result, int64_t number);
void result_text(result* result, const char* bytes, size_t length);

// How a store is asked: a statement is prepared, runs some times, is ended. A run sets the columns of the result and
// adds all cells.
typedef struct {
  void* store;
  void* (*prepare)(void* store, const char* statement);
  void (*run)(void* prepared, result* result);
  void (*end)(void* prepared);
} asking;

// The file has one question a line: its name, a tab, its statement. The first run of each is not counted.
void measure_questions(const asking* asking, const char* path, int runs);

#endif
