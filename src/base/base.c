#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

void au_assert_failed(const char *file, int line, const char *cond)
{
    fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, cond);
    abort();
}
