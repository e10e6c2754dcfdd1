/* What can be told of a contract module without running it.
 *
 * Threading: pure functions. */
#ifndef AUREON_CONTRACT_SURVEY_H
#define AUREON_CONTRACT_SURVEY_H

#include "contract/frame.h"

struct au_survey {
    struct au_module_info *info;
    size_t prepared_size; /* bytes of the instrumented form */
    uint64_t entry_gas;   /* of each call, before the function's first instruction */
    uint64_t compile_gas; /* of a deployment, for compiling */
};

/* au_survey_make validates and instruments code, and compiles nothing.
 *
 * out_survey  au_survey_done it; untouched on an error
 * out_reject  set on INVALID_MODULE only
 *
 * OK, INVALID_MODULE, NO_MEMORY */
AU_MUST_USE enum au_err au_survey_make(struct au_bytes code, struct au_survey *out_survey,
                                       struct au_reject *out_reject);
void au_survey_done(struct au_survey *survey);

#endif
