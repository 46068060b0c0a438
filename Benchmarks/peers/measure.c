// Owns the implementation of measure.h: clocks, medians, the order of rounds. It knows no store.
#define _GNU_SOURCE
#include "measure.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 25, PAGE = 4096, RAW_PAGES = 256 };

typedef struct {
  double* values;
  size_t count, capacity;
} series;

double seconds_now(void) {
  struct timespec time;
  require(clock_gettime(CLOCK_MONOTONIC, &time) == 0, "reading the clock");
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void series_add(series* series, double value) {
  if (series->count == series->capacity) {
    series->capacity = series->capacity ? series->capacity * 2 : 1024;
    series->values = realloc(series->values, series->capacity * sizeof *series->values);
    require(series->values != NULL, "memory for times");
  }
  series->values[series->count++] = value;
}

static int compare_doubles(const void* left, const void* right) {
  double a = *(const double*)left, b = *(const double*)right;
  return a < b ? -1 : a > b;
}

static double quantile(series* series, double share) {
  if (series->count == 0) return 0;
  qsort(series->values, series->count, sizeof(double), compare_doubles);
  size_t index = (size_t)((double)series->count * share);
  return series->values[index < series->count ? index : series->count - 1];
}

// The subjects of the file, 18 bytes each, one after another.
static char* read_subjects(const char* path, size_t* count) {
  FILE* file = fopen(path, "r");
  require(file != NULL, "opening the list of subjects");
  char* subjects = NULL;
  size_t capacity = 0;
  char line[64];
  *count = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    require(strcspn(line, "\r\n") == SUBJECT_LENGTH, "subjects of 18 bytes");
    if (*count == capacity) {
      capacity = capacity ? capacity * 2 : 1024;
      subjects = realloc(subjects, capacity * SUBJECT_LENGTH);
      require(subjects != NULL, "memory for subjects");
    }
    memcpy(subjects + (*count)++ * SUBJECT_LENGTH, line, SUBJECT_LENGTH);
  }
  require(!ferror(file) && fclose(file) == 0, "reading the list of subjects");
  return subjects;
}

static void measure_counting(const lookups* lookups, int64_t (*call)(void*, const char*), const char* subjects,
                             size_t count, const char* name) {
  if (call == NULL) return;
  series times = {0};
  int64_t total = 0;
  for (size_t pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < count; i++) {
      double start = seconds_now();
      int64_t found = call(lookups->store, subjects + i * SUBJECT_LENGTH);
      if (pass == 1) series_add(&times, (seconds_now() - start) * 1e6);
      total += pass * found;
    }
  printf(", \"%sTotal\": %lld, \"%sP50Microseconds\": %.3f, \"%sP99Microseconds\": %.3f", name, (long long)total, name,
         quantile(&times, 0.5), name, quantile(&times, 0.99));
  free(times.values);
}

void measure_lookups(const lookups* lookups, const char* subjects_path, const char* answers_path) {
  size_t count;
  char* subjects = read_subjects(subjects_path, &count);
  FILE* answers = fopen(answers_path, "w");
  require(answers != NULL, "making the file of answers");
  answer answer = {0};
  series first = {0}, times = {0};
  size_t records = 0;
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < count; i++) {
      const char* subject = subjects + i * SUBJECT_LENGTH;
      double start = seconds_now();
      answer_clear(&answer);
      lookups->records(lookups->store, subject, &answer);
      double time = (seconds_now() - start) * 1e6;
      if (pass == 0) {
        series_add(&first, time);
        answer_print(&answer, subject, answers);
      } else {
        series_add(&times, time);
        records += answer.count;
      }
    }
  require(fclose(answers) == 0, "writing the answers");
  printf("{\"subjects\": %zu, \"records\": %zu, \"recordsP50Microseconds\": %.3f, \"recordsP99Microseconds\": %.3f", count,
         records, quantile(&times, 0.5), quantile(&times, 0.99));
  printf(", \"firstP50Microseconds\": %.3f, \"firstP99Microseconds\": %.3f", quantile(&first, 0.5), quantile(&first, 0.99));
  measure_counting(lookups, lookups->count, subjects, count, "count");
  measure_counting(lookups, lookups->exists, subjects, count, "exists");
  printf("}\n");
  free(first.values);
  free(times.values);
  free(answer.rows);
  free(answer.texts);
  free(subjects);
}

static double raw_round(int descriptor, double seconds) {
  static char page[PAGE];
  memset(page, 7, sizeof page);
  series times = {0};
  double end = seconds_now() + seconds;
  for (double start = seconds_now(); start < end; start = seconds_now()) {
    off_t offset = (off_t)(times.count % RAW_PAGES * PAGE);
    require(pwrite(descriptor, page, PAGE, offset) == PAGE && fdatasync(descriptor) == 0, "overwriting 4 KiB");
    series_add(&times, (seconds_now() - start) * 1e6);
  }
  double median = quantile(&times, 0.5);
  free(times.values);
  return median;
}

row commit_record(int number, char* subject) {
  require(snprintf(subject, SUBJECT_LENGTH + 1, "91130302%010d", number) == SUBJECT_LENGTH, "a subject of 18 bytes");
  return (row){.subject = {subject, SUBJECT_LENGTH},
               .catalogue = {"BENCH", 5},
               .unit = {"U1", 2},
               .doc_no = {"1", 1},
               .content = {"", 0},
               .event_date = 18000,
               .received_at = 1555200000,
               .amount = 1};
}

static double commit_round(double seconds, void* store, void (*commit)(void*, const char*)) {
  series times = {0};
  double end = seconds_now() + seconds;
  for (double start = seconds_now(); start < end; start = seconds_now()) {
    char subject[SUBJECT_LENGTH + 1];
    commit_record((int)(times.count % COMMIT_SUBJECTS_USED), subject);
    start = seconds_now();
    commit(store, subject);
    series_add(&times, (seconds_now() - start) * 1e6);
  }
  double median = quantile(&times, 0.5);
  free(times.values);
  return median;
}

void measure_commits(const char* raw_path, double seconds, void* store,
                     void (*commit)(void* store, const char* subject)) {
  int descriptor = open(raw_path, O_RDWR | O_CREAT, 0600);
  require(descriptor >= 0, "making the file of raw writes");
  static char zeros[RAW_PAGES * PAGE];
  require(pwrite(descriptor, zeros, sizeof zeros, 0) == (ssize_t)sizeof zeros && fsync(descriptor) == 0,
          "filling the raw file");
  series raw = {0}, alone = {0}, ratios = {0};
  for (int round = 0; round < ROUNDS; round++) {
    double disk = raw_round(descriptor, seconds * 5 / ROUNDS), own = commit_round(seconds * 5 / ROUNDS, store, commit);
    series_add(&raw, disk);
    series_add(&alone, own);
    series_add(&ratios, own / disk);
  }
  require(close(descriptor) == 0, "closing the raw file");
  printf("{\"rawMicroseconds\": %.3f, \"aloneMicroseconds\": %.3f, \"aloneToRaw\": %.3f}\n", quantile(&raw, 0.5),
         quantile(&alone, 0.5), quantile(&ratios, 0.5));
  free(raw.values);
  free(alone.values);
  free(ratios.values);
}

int peer_main(const peer* peer, int argument_count, char** arguments) {
  const char* verb = argument_count > 1 ? arguments[1] : "";
  double seconds = 0;
  int runs = 0;
  if (strcmp(verb, "load") == 0 && argument_count == 4) {
    peer->load(arguments[2], arguments[3]);
  } else if (strcmp(verb, "lookup") == 0 && argument_count == 5) {
    peer->lookup(arguments[2], arguments[3], arguments[4]);
  } else if (strcmp(verb, "commits") == 0 && argument_count == 5 && sscanf(arguments[4], "%lf", &seconds) == 1) {
    peer->commits(arguments[2], arguments[3], seconds);
  } else if (peer->ask != NULL && strcmp(verb, "ask") == 0 && argument_count == 5 &&
             sscanf(arguments[4], "%d", &runs) == 1) {
    peer->ask(arguments[2], arguments[3], runs);
  } else {
    fprintf(stderr, "usage: %s load CSV STORE | lookup STORE SUBJECTS ANSWERS | commits STORE RAW-FILE SECONDS%s\n",
            argument_count > 0 ? arguments[0] : "peer", peer->ask != NULL ? " | ask STORE QUESTIONS RUNS" : "");
    return 2;
  }
  return fflush(stdout) == 0 ? 0 : 1;
}
