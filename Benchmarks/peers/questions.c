// Owns the implementation of questions.h. It knows no store.
#define _GNU_SOURCE
#include "questions.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"

enum { LINE_LIMIT = 1 << 16 };

static void* grown(void* memory, size_t bytes) {
  void* larger = realloc(memory, bytes);
  require(larger != NULL, "memory for an answer");
  return larger;
}

static void result_add(result* result, cell cell) {
  if (result->count == result->capacity) {
    result->capacity = result->capacity ? result->capacity * 2 : 1024;
    result->cells = grown(result->cells, result->capacity * sizeof *result->cells);
  }
  result->cells[result->count++] = cell;
}

void result_absent(result* result) { result_add(result, (cell){ABSENT, 0}); }
void result_number(result* result, int64_t number) { result_add(result, (cell){NUMBER, number}); }

void result_text(result* result, const char* bytes, size_t length) {
  while (result->used + length + 1 > result->room) {
    result->room = result->room ? result->room * 2 : 1 << 16;
    result->texts = grown(result->texts, result->room);
  }
  result_add(result, (cell){TEXT, (int64_t)result->used});
  memcpy(result->texts + result->used, bytes, length);
  result->used += length;
  result->texts[result->used++] = 0;
}

static void print_text(const char* text) {
  putchar('"');
  for (; *text != 0; text++) {
    if (*text == '"' || *text == '\\') putchar('\\');
    if ((unsigned char)*text < ' ') {
      printf("\\u%04x", (unsigned)*text);
    } else {
      putchar(*text);
    }
  }
  putchar('"');
}

static void print_rows(const result* result) {
  for (size_t i = 0; i < result->count; i++) {
    int is_first = i % result->columns == 0, is_last = (i + 1) % result->columns == 0;
    printf("%s%s", i == 0 ? "" : ", ", is_first ? "[" : "");
    const cell* cell = &result->cells[i];
    if (cell->kind == ABSENT) printf("null");
    if (cell->kind == NUMBER) printf("\"%" PRId64 "\"", cell->value);
    if (cell->kind == TEXT) print_text(result->texts + cell->value);
    if (is_last) putchar(']');
  }
}

static void measure_question(const asking* asking, const char* name, const char* statement, int runs, result* result) {
  void* prepared = asking->prepare(asking->store, statement);
  printf("{\"name\": \"%s\", \"milliseconds\": [", name);
  for (int run = 0; run <= runs; run++) {
    double start = seconds_now();
    result->count = result->used = 0;
    asking->run(prepared, result);
    if (run > 0) printf("%s%.6f", run > 1 ? ", " : "", (seconds_now() - start) * 1e3);
  }
  printf("], \"rows\": [");
  print_rows(result);
  printf("]}\n");
  asking->end(prepared);
}

void measure_questions(const asking* asking, const char* path, int runs) {
  FILE* file = fopen(path, "r");
  require(file != NULL, "opening the file of questions");
  static char line[LINE_LIMIT];
  result result = {0};
  while (fgets(line, sizeof line, file) != NULL) {
    char* end = strchr(line, '\n');
    char* tab = strchr(line, '\t');
    require(end != NULL && tab != NULL, "lines of a name, a tab and a statement");
    *end = *tab = 0;
    measure_question(asking, line, tab + 1, runs, &result);
  }
  require(!ferror(file) && fclose(file) == 0, "reading the questions");
  free(result.cells);
  free(result.texts);
}
