/* Makes the n-th file operation below a folder fail: preloaded by tests/faulty.py.

   It stands between a process and the C library, so that what h5py, Arrow and NumPy do in C counts
   like what Python does. All processes share the counter: it lies in the file FAULTY_STATE. */

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

/* Laid out like _STATE in faulty.py. */
struct state {
  int64_t at, error, lasting, counted, failed;
  char folder[1000], trace[1000], fault[3000];
};
static struct state *state;

__attribute__((constructor)) static void attach(void) {
  const char *name = getenv("FAULTY_STATE");
  int file = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *shared = mmap(NULL, sizeof *state, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (shared != MAP_FAILED) state = shared;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Writes the absolute path of `path` below the open folder `at` to `whole`. */
static void resolve(int at, const char *path, char *whole) {
  char link[64], base[PATH_MAX] = "";
  if (!path || path[0] != '/') {
    snprintf(link, sizeof link, at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", at);
    ssize_t length = readlink(link, base, sizeof base - 1);
    base[length > 0 ? length : 0] = 0;
  }
  snprintf(whole, 2 * PATH_MAX, "%s%s%s", base, *base && path ? "/" : "", path ? path : "");
}

/* Notes an operation in the file `trace`, if there is to be one. */
static void note(const char *kind, const char *path) {
  char line[2 * PATH_MAX + 64];
  int file = state->trace[0] ? REAL(open)(state->trace, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;
  if (file < 0) return;
  int length = snprintf(line, sizeof line, "%s %s%c", kind, path, 0);
  if (REAL(write)(file, line, length) != length) abort();
  REAL(close)(file);
}

/* Counts an operation; returns 1 and sets errno when it has to fail, 2 for the first of those. */
static int fails(const char *kind, int at, const char *path) {
  if (!state || !state->folder[0]) return 0;
  int before = errno;
  char whole[2 * PATH_MAX];
  resolve(at, path, whole);
  size_t length = strlen(state->folder);
  int is_ours = !strncmp(whole, state->folder, length) && (!whole[length] || whole[length] == '/');
  if (is_ours) note(kind, whole);
  errno = before;
  if (!is_ours) return 0;
  int64_t number = __atomic_add_fetch(&state->counted, 1, __ATOMIC_SEQ_CST);
  int64_t first = state->at;
  if (!first || number < first || (number > first && !state->lasting)) return 0;
  /* A disk that is full still lets go of what is on it, and can be read. */
  if (number > first && (!strcmp(kind, "read") || !strcmp(kind, "unlink"))) return 0;
  if (number == first) snprintf(state->fault, sizeof state->fault, "%s %.2900s", kind, whole);
  __atomic_add_fetch(&state->failed, 1, __ATOMIC_SEQ_CST);
  errno = (int)state->error;
  return number == first ? 2 : 1;
}

static const char *opening(int flags) {
  return flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND) ? "open" : "read";
}

#define MODE(flags)                                        \
  mode_t mode = 0;                                         \
  if (flags & (O_CREAT | __O_TMPFILE)) {                   \
    va_list rest;                                          \
    va_start(rest, flags);                                 \
    mode = va_arg(rest, mode_t);                           \
    va_end(rest);                                          \
  }

#define OPEN(name)                                              \
  int name(const char *path, int flags, ...) {                  \
    MODE(flags)                                                 \
    if (fails(opening(flags), AT_FDCWD, path)) return -1;       \
    return REAL(name)(path, flags, mode);                       \
  }
#define OPENAT(name)                                            \
  int name(int at, const char *path, int flags, ...) {          \
    MODE(flags)                                                 \
    if (fails(opening(flags), at, path)) return -1;             \
    return REAL(name)(at, path, flags, mode);                   \
  }
#define FOPEN(name)                                                        \
  FILE *name(const char *path, const char *how) {                          \
    if (fails(strpbrk(how, "wa+") ? "open" : "read", AT_FDCWD, path)) return NULL; \
    return REAL(name)(path, how);                                          \
  }
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
FOPEN(fopen)
FOPEN(fopen64)

DIR *opendir(const char *path) {
  return fails("read", AT_FDCWD, path) ? NULL : REAL(opendir)(path);
}

/* The first write that fails for good gets half of it down, as on a disk that fills up. */
#define WRITE(name, parameters, arguments)                      \
  ssize_t name parameters {                                     \
    int failing = fails("write", file, NULL);                   \
    if (failing && !(failing == 2 && state->lasting && size > 1)) return -1; \
    if (failing) size /= 2;                                     \
    return REAL(name) arguments;                                \
  }
WRITE(write, (int file, const void *bytes, size_t size), (file, bytes, size))
WRITE(pwrite, (int file, const void *bytes, size_t size, off_t at), (file, bytes, size, at))
WRITE(pwrite64, (int file, const void *bytes, size_t size, off64_t at), (file, bytes, size, at))
WRITE(sendfile, (int file, int from, off_t *at, size_t size), (file, from, at, size))
WRITE(sendfile64, (int file, int from, off64_t *at, size_t size), (file, from, at, size))

size_t fwrite(const void *bytes, size_t size, size_t count, FILE *stream) {
  return fails("write", fileno(stream), NULL) ? 0 : REAL(fwrite)(bytes, size, count, stream);
}

int fsync(int file) { return fails("fsync", file, NULL) ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return fails("fsync", file, NULL) ? -1 : REAL(fdatasync)(file); }
int ftruncate(int file, off_t size) {
  return fails("write", file, NULL) ? -1 : REAL(ftruncate)(file, size);
}
int ftruncate64(int file, off64_t size) {
  return fails("write", file, NULL) ? -1 : REAL(ftruncate64)(file, size);
}
int mkdir(const char *path, mode_t mode) {
  return fails("mkdir", AT_FDCWD, path) ? -1 : REAL(mkdir)(path, mode);
}
int mkdirat(int at, const char *path, mode_t mode) {
  return fails("mkdir", at, path) ? -1 : REAL(mkdirat)(at, path, mode);
}
int rename(const char *from, const char *to) {
  return fails("rename", AT_FDCWD, to) ? -1 : REAL(rename)(from, to);
}
int renameat(int at, const char *from, int to_at, const char *to) {
  return fails("rename", to_at, to) ? -1 : REAL(renameat)(at, from, to_at, to);
}
int unlink(const char *path) {
  return fails("unlink", AT_FDCWD, path) ? -1 : REAL(unlink)(path);
}
int unlinkat(int at, const char *path, int flags) {
  return fails("unlink", at, path) ? -1 : REAL(unlinkat)(at, path, flags);
}
int rmdir(const char *path) { return fails("unlink", AT_FDCWD, path) ? -1 : REAL(rmdir)(path); }
