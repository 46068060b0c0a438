// Owns the end of a process at a chosen call: loaded before the C library, it counts the calls that change files and kills the process at one.
// Invariants: the same program on the same files ends at the same place; without KILL_AT nothing but the count happens.
// KILL_AT=N: the N-th call. KILL_HOW=before|after|torn: before it, after it, or (writes) after a part of it.
// KILL_REPORT=FILE: gets a line "call number", of the last call before the end, or "done number" at a regular end.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;
static long target;
enum how { BEFORE, AFTER, TORN };
static enum how how;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static void report(const char *what, long number) {
  const char *path = getenv("KILL_REPORT");
  if (!path) return;
  int (*open_file)(const char *, int, ...) = real("open");
  int file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return;
  char line[80];
  int length = snprintf(line, sizeof line, "%s %ld\n", what, number);
  if (write(file, line, (size_t)length) < 0) _exit(99);
  close(file);
}

__attribute__((constructor)) static void start(void) {
  const char *at = getenv("KILL_AT"), *name = getenv("KILL_HOW");
  target = at ? atol(at) : 0;
  how = !name || !strcmp(name, "before") ? BEFORE : strcmp(name, "torn") ? AFTER : TORN;
}

__attribute__((destructor)) static void end(void) { report("done", atomic_load(&calls)); }

static void die(const char *what, long number) {
  report(what, number);
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

// Counts a call; true when the process is to end with it.
static int arrive(const char *what, long *number) {
  *number = atomic_fetch_add(&calls, 1) + 1;
  if (*number != target) return 0;
  if (how == BEFORE) die(what, *number);
  return 1;
}

#define CALL(type, name, parameters, arguments)          \
  type name parameters {                                 \
    static type(*function) parameters;                   \
    if (!function) function = real(#name);               \
    long number;                                         \
    int ends = arrive(#name, &number);                   \
    type result = function arguments;                    \
    if (ends) die(#name, number);                        \
    return result;                                       \
  }

CALL(int, fsync, (int file), (file))
CALL(int, fdatasync, (int file), (file))
CALL(int, ftruncate, (int file, off_t length), (file, length))
CALL(int, ftruncate64, (int file, off64_t length), (file, length))
CALL(int, rename, (const char *from, const char *to), (from, to))
CALL(int, link, (const char *from, const char *to), (from, to))
CALL(int, unlink, (const char *path), (path))
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode))

#define WRITE(name, offset_type)                                                           \
  ssize_t name(int file, const void *bytes, size_t count, offset_type offset) {            \
    static ssize_t (*function)(int, const void *, size_t, offset_type);                    \
    if (!function) function = real(#name);                                                 \
    long number;                                                                           \
    int ends = arrive(#name, &number);                                                     \
    if (ends && how == TORN) {                                                             \
      size_t part = count / 3;                                                             \
      if (part && function(file, bytes, part, offset) < 0) _exit(99);                      \
      die(#name, number);                                                                  \
    }                                                                                      \
    ssize_t result = function(file, bytes, count, offset);                                 \
    if (ends) die(#name, number);                                                          \
    return result;                                                                         \
  }

WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)

#define OPEN(name)                                       \
  int name(const char *path, int flags, ...) {           \
    static int (*function)(const char *, int, ...);      \
    if (!function) function = real(#name);               \
    mode_t mode = 0;                                     \
    long number = 0;                                     \
    int ends = 0;                                        \
    if (flags & O_CREAT) {                               \
      va_list list;                                      \
      va_start(list, flags);                             \
      mode = va_arg(list, mode_t);                       \
      va_end(list);                                      \
      ends = arrive(#name, &number);                     \
    }                                                    \
    int result = function(path, flags, mode);            \
    if (ends) die(#name, number);                        \
    return result;                                       \
  }

OPEN(open)
OPEN(open64)
