/* Another process that holds a store's lock. */
#ifndef AUREON_TESTS_UNIT_STORE_LOCK_HOLDER_H
#define AUREON_TESTS_UNIT_STORE_LOCK_HOLDER_H

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/unit.h"

struct lock_holder {
    pid_t process;
    int to_process;
};

/* lock_hold returns when the process holds the lock of a folder; lock_let_go has it end. */
static inline struct lock_holder lock_hold(const char *folder)
{
    int to_child[2], to_parent[2];
    char path[128], word = 0;
    snprintf(path, sizeof(path), "%s/LOCK", folder);
    assert_int_equal(pipe(to_child), 0);
    assert_int_equal(pipe(to_parent), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int file = open(path, O_RDWR | O_CREAT, 0644);
        close(to_child[1]);
        if (file < 0 || fcntl(file, F_SETLK, &whole) != 0) _exit(1);
        if (write(to_parent[1], "l", 1) != 1) _exit(1);
        _exit(read(to_child[0], &word, 1) == 0 ? 0 : 1);
    }
    close(to_child[0]);
    close(to_parent[1]);
    assert_int_equal(read(to_parent[0], &word, 1), 1);
    close(to_parent[0]);
    return (struct lock_holder){child, to_child[1]};
}

static inline void lock_let_go(struct lock_holder holder)
{
    int status;
    close(holder.to_process);
    assert_int_equal(waitpid(holder.process, &status, 0), holder.process);
    assert_int_equal(status, 0);
}

#endif
