#include "support/folder.h"

#include <ftw.h>
#include <stdio.h>

#define OPEN_MAX_COUNT 16 /* folders that are open at once */

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

int folder_remove(const char *path)
{
    return nftw(path, remove_entry, OPEN_MAX_COUNT, FTW_DEPTH | FTW_PHYS);
}
