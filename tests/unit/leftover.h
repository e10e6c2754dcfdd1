/* What tests look for that start processes: children and descriptors that are left behind. */
#ifndef AUREON_UNIT_LEFTOVER_H
#define AUREON_UNIT_LEFTOVER_H

#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

#include "unit/unit.h"

static inline size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    assert_int_equal(closedir(folder), 0);
    return count;
}

static inline void assert_no_child(void)
{
    errno = 0;
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

#endif
