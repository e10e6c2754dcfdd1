/* What a contract's code tells of itself: what is needed to call it by name and type, and to read
 * what it did.
 *
 * Threading: one thread while it is loaded; any after that. */
#ifndef AUREON_ABI_INTERFACE_H
#define AUREON_ABI_INTERFACE_H

#include "abi/call.h"
#include "contract/survey.h"

/* au_abi_check reads the ABI of an accepted module and compares it with the exports.
 *
 * out_abi     of use on OK; arena holds it
 * out_reject  set on INVALID_MODULE only: rule "abi"
 *
 * OK, NOT_FOUND: it has none, INVALID_MODULE: malformed, or not what is exported, NO_MEMORY */
AU_MUST_USE enum au_err au_abi_check(struct au_bytes code, const struct au_module_info *info,
                                     struct au_arena *arena, struct au_abi *out_abi,
                                     struct au_reject *out_reject);

struct au_interface {
    struct au_arena arena; /* of the ABI and the exports */
    struct au_survey survey;
    bool has_abi;
    struct au_abi abi;
    struct au_abi_export *exports; /* as many as survey.info has */
};

/* au_interface_load reads code; code without an ABI is none the worse.
 *
 * out_interface  au_interface_done it, whatever the result
 * out_reject     set on INVALID_MODULE only: of the module, or with rule "abi" of what it says
 *
 * OK, INVALID_MODULE, NO_MEMORY. Cost: that of au_survey_make */
AU_MUST_USE enum au_err au_interface_load(struct au_bytes code, struct au_interface *out_interface,
                                          struct au_reject *out_reject);

/* au_interface_done gives back what it holds, and leaves one that knows nothing. A zeroed one is
 * legal. */
void au_interface_done(struct au_interface *interface);

/* au_interface_find gives a function of the ABI with its export; false: it lists none of that
 * name. */
bool au_interface_find(const struct au_interface *interface, struct au_bytes function,
                       struct au_abi_call *out_call);

#endif
