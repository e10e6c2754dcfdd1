#include "node/large_pages.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory_use.h"

#define TUNABLES      "GLIBC_TUNABLES"
#define LARGE_PAGES   "glibc.malloc.hugetlb"
#define TUNABLES_SIZE 1024                 /* bytes of all, with their end */
#define RESIDENT_MIN  ((uint64_t)48 << 20) /* bytes of a node that is large; an idle one takes 28 */
#define STORE_MIN     ((uint64_t)128 << 20) /* bytes of a store that is */

static bool is_one_of(const char *command, const char *const *commands)
{
    while (*commands && strcmp(command, *commands) != 0) {
        commands++;
    }
    return *commands != NULL;
}

bool au_large_pages_are_held(void)
{
    return prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) == 1;
}

static void hold(bool is_held)
{
    /* Where Linux refuses it has no large pages. */
    (void)prctl(PR_SET_THP_DISABLE, is_held ? 1L : 0L, 0, 0, 0);
}

void au_large_pages_ask(char **argv)
{
    static const char *const begin_small[] = {"dev", "node", NULL};
    static const char *const have_store[] = {"dev", "node", "state", "snapshot", NULL};
    char path[PATH_MAX], tunables[TUNABLES_SIZE];
    const char *given = getenv(TUNABLES);
    if (!is_one_of(argv[1], have_store)) return;
    if (is_one_of(argv[1], begin_small)) hold(true);
    if (given != NULL && strstr(given, LARGE_PAGES) != NULL) return;
    bool has_others = given != NULL && *given != '\0';
    int size = snprintf(tunables, sizeof(tunables), "%s%s" LARGE_PAGES "=1",
                        has_others ? given : "", has_others ? ":" : "");
    if (size < 0 || (size_t)size >= sizeof(tunables)) return;
    ssize_t path_size = readlink("/proc/self/exe", path, sizeof(path));
    if (path_size <= 0 || (size_t)path_size == sizeof(path)) return;
    path[path_size] = '\0';
    if (setenv(TUNABLES, tunables, /* overwrite */ 1) == 0) execv(path, argv);
}

static uint64_t size_of_files(const char *path)
{
    DIR *folder = opendir(path);
    uint64_t size = 0;
    if (!folder) return 0; /* a store that is yet to be made */
    for (struct dirent *entry; (entry = readdir(folder));) {
        struct stat file;
        bool is_file = fstatat(dirfd(folder), entry->d_name, &file, 0) == 0;
        if (is_file) size += (uint64_t)file.st_size;
    }
    closedir(folder);
    return size;
}

/* 0: Linux does not tell. */
static uint64_t resident_size(void)
{
    struct au_memory_use use;
    return au_memory_use_read(&use) == AU_OK ? use.resident : 0;
}

bool au_large_pages_release(const char *store)
{
    bool is_large = store ? size_of_files(store) >= STORE_MIN : resident_size() >= RESIDENT_MIN;
    if (is_large) hold(false);
    return is_large;
}
