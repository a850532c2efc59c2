// Linux calls that the Glibc module leaves out, since their headers are not in its module map or want _GNU_SOURCE.
#include "syscall-filter.h"
#include <malloc.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <sys/types.h>

// Declared in <sys/socket.h> and <unistd.h> for _GNU_SOURCE only.
extern int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
extern ssize_t copy_file_range(
    int from, off_t *from_offset, int to, off_t *to_offset, size_t length, unsigned int flags);
// Declared in <fcntl.h> for _GNU_SOURCE only; with flags 2 (SYNC_FILE_RANGE_WRITE) it starts writing and returns.
extern int sync_file_range(int file, off_t offset, off_t length, unsigned int flags);
// Declared in <unistd.h> for _GNU_SOURCE only.
extern int pipe2(int ends[2], int flags);
// Declared in <spawn.h> for _DEFAULT_SOURCE only: has a child close all descriptors from a number on.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
// Declared in <sys/mman.h> for _GNU_SOURCE only.
extern int memfd_create(const char *name, unsigned int flags);
// Declared in <string.h> for _GNU_SOURCE only.
extern void *memmem(const void *text, size_t text_length, const void *word, size_t word_length);

// As numbers: Swift may take their type for one of any other C module that has it, and then asks for that module's import.
static const int media_sock_stream = SOCK_STREAM;
static const int media_sock_cloexec = SOCK_CLOEXEC;

// prctl is variadic. With this a worker gets SIGTERM when its supervisor dies, even by SIGKILL.
static inline int media_terminate_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGTERM); }
// The calling thread's name, of which the kernel keeps 15 bytes.
static inline int media_name_thread(const char *name) { return prctl(PR_SET_NAME, name); }
