#include "cli/advice.h"

/* The first row that fits. An empty reason or no words fit whatever there is. */
static const struct {
    const char *status;
    const char *reason;
    const char *words; /* in the node's message */
    const char *advice;
} rows[] = {
    {"not_allowed", "", "the contract's admin",
     "`aureon account CONTRACT` tells who is; --from signs as another"},
    {"not_allowed", "", "in a view",
     "a function that writes is `mut`, or `payable`, and is called by `aureon call`"},
    {"no_function", "", "", "AUREON_FN, or AUREON_EXPORT, makes a function that can be called"},
    {"bad_arguments", "", "", "`aureon help arguments` tells how to write them"},
    {"trapped", "unreachable", "", "`aureon simulate --trace` shows what it did up to there"},
    {"out_of_gas", "", "entering this contract", "--gas takes more, and without --gas it is found"},
    {"out_of_gas", "", "", "a loop without end takes all there is: `aureon simulate --trace`"},
};

static bool has_words(struct au_bytes message, const char *words)
{
    size_t size = strlen(words);
    for (size_t i = 0; i + size <= message.size; i++) {
        if (size == 0 || memcmp(message.data + i, words, size) == 0) return true;
    }
    return size == 0;
}

const char *au_advice_find(struct au_bytes status, struct au_bytes reason, struct au_bytes message)
{
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        struct au_bytes wanted = au_bytes_of(rows[i].reason);
        if (!au_bytes_is_equal(status, au_bytes_of(rows[i].status))) continue;
        if (wanted.size > 0 && !au_bytes_is_equal(reason, wanted)) continue;
        if (has_words(message, rows[i].words)) return rows[i].advice;
    }
    return NULL;
}
