/* Development mode: transactions that the node signs for one of its accounts.
 *
 * Threading: any thread; nonces are given out one after the other. */
#ifndef AUREON_API_SIGN_H
#define AUREON_API_SIGN_H

#include "api/submit.h"

/* au_sign_find reads "from": an account whose key the node has. false: the input has failed. */
bool au_sign_find(struct au_input *input, size_t *out_index);

/* au_sign_encode completes a transaction (version, sender, price, a likely nonce) and encodes it
 * unsigned into out_bytes: for simulations. */
AU_MUST_USE enum au_err au_sign_encode(struct au_api *api, size_t index, struct au_tx *tx,
                                       struct au_buf *out_bytes);

/* au_sign_submit gives a transaction the sender's next nonce, signs it and submits it as au_submit
 * does. tx is what au_sign_encode has completed. */
void au_sign_submit(struct au_input *input, size_t index, struct au_tx *tx,
                    struct au_wait_form *form, const struct au_submit_wait *how);

#endif
