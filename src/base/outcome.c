#include "base/outcome.h"

struct outcome_words {
    const char *name;
    const char *text;
    enum au_class outcome_class;
};

/* By number, so that a number given twice in the table does not compile (-Woverride-init is an
 * error under -Wextra). */
static const struct outcome_words outcomes[] = {
#define AU_OUTCOME(number, NAME, name, class, text) [number] = {#name, text, AU_CLASS_##class},
#include "abi/outcome.def"
#undef AU_OUTCOME
};

#define AU_OUTCOME(number, NAME, name, class, text) \
    _Static_assert((number) == (int)AU_OUTCOME_##NAME, "aureon.h and abi/outcome.def differ");
#include "abi/outcome.def"
#undef AU_OUTCOME
_Static_assert(AU_COUNT_OF(outcomes) == AU_OUTCOME_NOT_ALLOWED + 1,
               "AU_OUTCOME_NOT_ALLOWED is the last outcome");

static const char *const classes[] = {
    [AU_CLASS_SUCCESS] = "success",
    [AU_CLASS_OUT_OF_GAS] = "out_of_gas",
    [AU_CLASS_EXECUTION_ERROR] = "execution_error",
};

static const char *const trap_texts[] = {
#define AU_TRAP_DETAIL(number, NAME, name, text) [number] = (text),
#include "abi/detail.def"
#undef AU_TRAP_DETAIL
};

static const char *const host_texts[] = {
#define AU_HOST_DETAIL(number, NAME, name, text) [number] = (text),
#include "abi/detail.def"
#undef AU_HOST_DETAIL
};

static const char unknown[] = "unknown";

static const char *text_of(const char *const *texts, size_t count, size_t number)
{
    return number < count && texts[number] != NULL ? texts[number] : unknown;
}

static const struct outcome_words *words_of(enum au_outcome outcome)
{
    return (unsigned)outcome < AU_COUNT_OF(outcomes) ? &outcomes[outcome] : NULL;
}

const char *au_outcome_name(enum au_outcome outcome)
{
    const struct outcome_words *words = words_of(outcome);
    return words != NULL ? words->name : unknown;
}

const char *au_outcome_text(enum au_outcome outcome)
{
    const struct outcome_words *words = words_of(outcome);
    return words != NULL ? words->text : unknown;
}

enum au_class au_outcome_class(enum au_outcome outcome)
{
    const struct outcome_words *words = words_of(outcome);
    return words != NULL ? words->outcome_class : AU_CLASS_EXECUTION_ERROR;
}

const char *au_class_name(enum au_class outcome_class)
{
    return text_of(classes, AU_COUNT_OF(classes), (size_t)outcome_class);
}

const char *au_trap_detail_text(uint32_t detail)
{
    return text_of(trap_texts, AU_COUNT_OF(trap_texts), detail);
}

const char *au_host_detail_text(uint32_t reason)
{
    return text_of(host_texts, AU_COUNT_OF(host_texts), reason);
}
