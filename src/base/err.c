#include "base/err.h"

struct err_words {
    const char *name;
    const char *text;
};

static const struct err_words words[] = {
    [AU_OK] = {"ok", "no error"},
#define AU_ERR(NAME, name, text) [AU_ERR_##NAME] = {#name, text},
#include "abi/err.def"
#undef AU_ERR
};

/* The table counts its lines in order: the enum must name the same ones in the same order. */
enum table_order {
    ORDER_OK,
#define AU_ERR(NAME, name, text) ORDER_##NAME,
#include "abi/err.def"
#undef AU_ERR
    ORDER_COUNT,
};
#define AU_ERR(NAME, name, text) \
    _Static_assert((int)ORDER_##NAME == (int)AU_ERR_##NAME, "aureon.h and abi/err.def differ");
#include "abi/err.def"
#undef AU_ERR
_Static_assert(AU_COUNT_OF(words) == ORDER_COUNT, "aureon.h has an error that abi/err.def lacks");
_Static_assert((int)ORDER_COUNT == (int)AU_ERR_NO_SPACE + 1, "AU_ERR_NO_SPACE is the last error");

static bool is_known(enum au_err err)
{
    return (unsigned)err < AU_COUNT_OF(words);
}

const char *au_err_name(enum au_err err)
{
    return is_known(err) ? words[err].name : "unknown";
}

const char *au_err_text(enum au_err err)
{
    return is_known(err) ? words[err].text : "unknown error";
}
