/* Bringing a transaction to the pool, and waiting for what becomes of it.
 *
 * Threading: that of the request. */
#ifndef AUREON_API_SUBMIT_H
#define AUREON_API_SUBMIT_H

#include "api/input.h"

#define AU_SUBMIT_TIMEOUT_MS     10000u
#define AU_SUBMIT_TIMEOUT_MS_MAX 60000u

#define AU_BINARY_MEDIA_TYPE "application/octet-stream"

/* How long the client waits: parameters "wait" and "timeout". */
struct au_submit_wait {
    bool is_waiting;
    unsigned timeout_ms;
};

bool au_submit_read_wait(struct au_input *input, struct au_submit_wait *out_wait);

/* au_submit_decode reads and checks a transaction's bytes; false: the input has failed. */
bool au_submit_decode(struct au_input *input, struct au_bytes bytes,
                      struct au_checked *out_checked);

/* au_submit_verify checks the signature; false: the input has failed. */
bool au_submit_verify(struct au_input *input, const struct au_checked *checked);

/* au_submit offers a transaction whose signature is valid to the pool and answers, now or later.
 * The response may be handed over: it and the request are not to be touched afterwards. */
void au_submit(struct au_input *input, const struct au_checked *checked,
               const struct au_wait_form *form, const struct au_submit_wait *how);

/* au_submit_defer hands the response, which says what is so until then, over to the news of the
 * transaction for which place was opened, and ends the place. */
void au_submit_defer(struct au_api *api, struct au_response *response, struct au_wait *place,
                     unsigned timeout_ms);

/* au_submit_explain makes what the pool has refused a problem; false: it has not. */
bool au_submit_explain(struct au_api *api, const struct au_mempool_result *result,
                       struct au_problem *out_problem);

#endif
