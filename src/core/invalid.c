#include "core/invalid.h"

static const struct {
    const char *name;
    const char *text;
} infos[] = {
    [AU_INVALID_NONE] = {"none", "the transaction is valid"},
#define AU_INVALID(number, NAME, name, text) [number] = {#name, text},
#include "abi/invalid.def"
#undef AU_INVALID
};

const char *au_invalid_name(enum au_invalid invalid)
{
    AU_ASSERT((unsigned)invalid < AU_COUNT_OF(infos));
    return infos[invalid].name;
}

const char *au_invalid_text(enum au_invalid invalid)
{
    AU_ASSERT((unsigned)invalid < AU_COUNT_OF(infos));
    return infos[invalid].text;
}
