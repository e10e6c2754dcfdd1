/* The rules by which a contract may do less than the WebAssembly specification allows, told from
 * the rejections of our validator. Threading: pure. */
#ifndef AUREON_TESTS_REFUSALS_H
#define AUREON_TESTS_REFUSALS_H

#include <string.h>

#include "base/bytes.h"

enum reason {
#define REASON(NAME, rule, message, text, count) REASON_##NAME,
#include "conformance/reasons.def"
#undef REASON
    REASON_COUNT
};

static const struct {
    const char *rule;    /* of the rejection, or NULL */
    const char *message; /* how the rejection's message begins */
    const char *text;
    uint32_t count; /* over all scripts of the specification */
} reasons[REASON_COUNT] = {
#define REASON(NAME, rule, message, text, count) {rule, message, text, count},
#include "conformance/reasons.def"
#undef REASON
};

/* reason_of finds the reason behind a rejection; REASON_COUNT: it names none of these rules. */
static inline enum reason reason_of(const struct au_reject *reject)
{
    for (unsigned i = 0; i < REASON_COUNT; i++) {
        if (reasons[i].rule == NULL || strcmp(reasons[i].rule, reject->rule) != 0) continue;
        if (strncmp(reasons[i].message, reject->message, strlen(reasons[i].message)) == 0) {
            return (enum reason)i;
        }
    }
    return REASON_COUNT;
}

#endif
