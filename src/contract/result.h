/* The result of a run as aureon.h hands it out: one block of memory of its own, so that it outlives
 * the run's working state, the module and the runtime.
 *
 * Threading: pure functions. au_result_free is declared in aureon.h. */
#ifndef AUREON_CONTRACT_RESULT_H
#define AUREON_CONTRACT_RESULT_H

#include "contract/frame.h"

/* au_result_make copies what a frame did.
 *
 * since       the savepoint before the frame: changes after it are told
 * message     without an end; NULL data = the outcome's own sentence
 * out_result  owned by the caller: au_result_free
 *
 * OK, NO_MEMORY */
AU_MUST_USE enum au_err au_result_make(const struct au_env *env,
                                       const struct au_frame_result *frame,
                                       struct au_savepoint since, struct au_bytes message,
                                       struct au_result *out_result);

#endif
