// Owns what the peers written in C share about measuring: look-ups of every subject of a list, and small durable
// commits beside what the disk itself does, and the command line. Prints one JSON object with the names LookupBenchmark
// and CommitBenchmark use. It knows no store.
#ifndef MEASURE_H
#define MEASURE_H

#include "rows.h"

enum { COMMIT_SUBJECTS = 6400, COMMIT_SUBJECTS_USED = 200 };

// What a store answers about one subject (18 bytes, no end mark). A call that is NULL is not measured.
typedef struct {
  void* store;
  void (*records)(void* store, const char* subject, answer* answer);
  int64_t (*count)(void* store, const char* subject);
  int64_t (*exists)(void* store, const char* subject);
} lookups;

// What a program of a peer does; peer_main calls one of them by the command line and returns the exit code of the
// program. A verb that is NULL is not to be had.
typedef struct {
  void (*load)(const char* csv, const char* path);
  void (*lookup)(const char* path, const char* subjects, const char* answers);
  void (*commits)(const char* path, const char* raw, double seconds);
  void (*ask)(const char* path, const char* questions, int runs);
} peer;

int peer_main(const peer* peer, int argument_count, char** arguments);

double seconds_now(void);

// The first pass over the subjects writes the answers to a file; both are timed call by call, the first as what a subject
// takes that nobody asked for before.
void measure_lookups(const lookups* lookups, const char* subjects_path, const char* answers_path);

// Short rounds of raw overwrites of 4 KiB and of commits alternate, each kind for five times the seconds; medians. A
// commit reads one record, changes its amount and is durable.
void measure_commits(const char* raw_path, double seconds, void* store,
                     void (*commit)(void* store, const char* subject));

// The record that the store of small commits holds for a number below COMMIT_SUBJECTS; subject has room for 19 bytes.
row commit_record(int number, char* subject);

#endif
