// Owns the failing of system calls on purpose: loaded before the C library, it interrupts, shortens or fails calls on files.
// Invariants: without FAIL_MODE nothing happens. A program with one thread meets the same failures each time; with several the numbers of calls
// belong to whoever comes first.
// FAIL_MODE=interrupt   every second call that may be interrupted returns EINTR before it does anything
// FAIL_MODE=short       reads and writes transfer a part of what was asked for
// FAIL_MODE=descriptors from the FAIL_AT-th opening of a file of the program's own on there is no descriptor left (EMFILE)
// FAIL_MODE=space       after FAIL_AT bytes of writing the disk is full (ENOSPC); what fits is written
// FAIL_MODE=error       the FAIL_AT-th call fails (EIO)
// FAIL_REPORT=FILE: gets "calls openings bytes failures" at a regular end.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum mode { NONE, INTERRUPT, SHORT, DESCRIPTORS, SPACE, ERROR };
static enum mode mode;
static long target;
static atomic_long calls, openings, bytes_written, failures, turns;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void start(void) {
  const char *names[] = {"", "interrupt", "short", "descriptors", "space", "error"};
  const char *name = getenv("FAIL_MODE"), *at = getenv("FAIL_AT");
  for (int i = 1; name && i < 6; i++)
    if (!strcmp(name, names[i])) mode = (enum mode)i;
  target = at ? atol(at) : 0;
}

__attribute__((destructor)) static void end(void) {
  const char *path = getenv("FAIL_REPORT");
  if (!path) return;
  mode = NONE;
  int (*open_file)(const char *, int, ...) = real("open");
  int file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return;
  char line[120];
  int length = snprintf(line, sizeof line, "%ld %ld %ld %ld\n", atomic_load(&calls), atomic_load(&openings), atomic_load(&bytes_written),
                        atomic_load(&failures));
  if (write(file, line, (size_t)length) < 0) _exit(99);
  close(file);
}

static int fails(int number) {
  atomic_fetch_add(&failures, 1);
  errno = number;
  return 1;
}

// Counts a call; true when it is to fail, with errno set.
static int arrive(int can_be_interrupted) {
  long number = atomic_fetch_add(&calls, 1) + 1;
  if (mode == ERROR && number == target) return fails(EIO);
  // The call is made again right away: it must get through then.
  if (mode == INTERRUPT && can_be_interrupted && atomic_fetch_add(&turns, 1) % 2 == 0) return fails(EINTR);
  return 0;
}

// How much of a transfer takes place.
static size_t part(size_t count) {
  if (mode != SHORT || count < 2) return count;
  atomic_fetch_add(&failures, 1);
  size_t whole = (size_t)(atomic_fetch_add(&turns, 1) % 4);
  return whole == 3 ? count : count / 3 + 1;
}

#define CALL(type, name, interruptible, parameters, arguments) \
  type name parameters {                                       \
    static type(*function) parameters;                         \
    if (!function) function = real(#name);                     \
    if (arrive(interruptible)) return -1;                      \
    return function arguments;                                 \
  }

CALL(int, fsync, 0, (int file), (file))
CALL(int, fdatasync, 0, (int file), (file))
CALL(int, ftruncate, 1, (int file, off_t length), (file, length))
CALL(int, ftruncate64, 1, (int file, off64_t length), (file, length))
CALL(int, rename, 0, (const char *from, const char *to), (from, to))
CALL(int, link, 0, (const char *from, const char *to), (from, to))
CALL(int, unlink, 0, (const char *path), (path))
CALL(int, mkdir, 0, (const char *path, mode_t permissions), (path, permissions))
CALL(int, flock, 1, (int file, int operation), (file, operation))

#define READ(name, offset_type)                                                  \
  ssize_t name(int file, void *target_bytes, size_t count, offset_type offset) { \
    static ssize_t (*function)(int, void *, size_t, offset_type);                \
    if (!function) function = real(#name);                                       \
    if (arrive(1)) return -1;                                                    \
    return function(file, target_bytes, part(count), offset);                    \
  }

// Only of files that were opened here: the runtime reads its own.
static atomic_char own_files[4096];

ssize_t read(int file, void *target_bytes, size_t count) {
  static ssize_t (*function)(int, void *, size_t);
  if (!function) function = real("read");
  if (file < 0 || file >= 4096 || !atomic_load(&own_files[file])) return function(file, target_bytes, count);
  if (arrive(1)) return -1;
  return function(file, target_bytes, part(count));
}

READ(pread, off_t)
READ(pread64, off64_t)

#define WRITE(name, offset_type)                                                     \
  ssize_t name(int file, const void *source, size_t count, offset_type offset) {     \
    static ssize_t (*function)(int, const void *, size_t, offset_type);              \
    if (!function) function = real(#name);                                           \
    if (arrive(1)) return -1;                                                        \
    count = part(count);                                                             \
    if (mode == SPACE) {                                                             \
      long left = target - atomic_load(&bytes_written);                              \
      if (left <= 0) return fails(ENOSPC) ? -1 : 0;                                  \
      if ((size_t)left < count) count = (size_t)left;                                \
    }                                                                                \
    ssize_t result = function(file, source, count, offset);                          \
    if (result > 0) atomic_fetch_add(&bytes_written, result);                        \
    return result;                                                                   \
  }

WRITE(pwrite, off_t)
WRITE(pwrite64, off64_t)

#define OPEN(name)                                                                                      \
  int name(const char *path, int flags, ...) {                                                          \
    static int (*function)(const char *, int, ...);                                                     \
    if (!function) function = real(#name);                                                              \
    mode_t permissions = 0;                                                                             \
    if (flags & O_CREAT) {                                                                              \
      va_list list;                                                                                     \
      va_start(list, flags);                                                                            \
      permissions = va_arg(list, mode_t);                                                               \
      va_end(list);                                                                                     \
    }                                                                                                   \
    /* A device and the folders of the system are not the program's own files: libdispatch ends the     \
       process where it cannot read the states of its threads. */                                       \
    int is_own = strncmp(path, "/dev/", 5) && strncmp(path, "/proc/", 6) && strncmp(path, "/sys/", 5);  \
    long opening = is_own ? atomic_fetch_add(&openings, 1) + 1 : 0;                                     \
    if (is_own && mode == DESCRIPTORS && opening >= target) return fails(EMFILE) ? -1 : 0;              \
    if (is_own && arrive(1)) return -1;                                                                 \
    int file = function(path, flags, permissions);                                                      \
    if (file >= 0 && file < 4096) atomic_store(&own_files[file], (char)is_own);       \
    return file;                                                                                        \
  }

OPEN(open)
OPEN(open64)
