/* The inside of `aureon proof verify`. Only src/cli/verify*.c may include this.
 *
 * Everything that may fail returns DONE, or the exit code of a failure that is told already: USAGE,
 * the document has not the form of a proof; REJECTED, nothing is proved; INTERNAL. */
#ifndef AUREON_CLI_VERIFY_INTERNAL_H
#define AUREON_CLI_VERIFY_INTERNAL_H

#include "base/json_in.h"
#include "cli/invocation.h"
#include "core/tx_json.h"

/* A check under way. */
struct au_verify {
    struct au_invocation *invocation;
    struct au_json_in *root;         /* the document */
    const struct au_json_in *object; /* whose members are read: root, or a part of it */
    char place[64];                  /* of the part, in front of its members: "accounts[3]." */
    struct au_header header;
    struct au_buf result;
    struct au_json_write json; /* into result; its object is open */
};

/* ---- verify.c ---- */

/* au_verify_fail_form says that a member has not the form that it must have; au_verify_reject that
 * what it says is not proved. */
enum au_exit au_verify_fail_form(const struct au_verify *check, const char *name,
                                 const char *expected);
enum au_exit au_verify_reject(const struct au_verify *check, const char *what, const char *reason);

/* Readers of members. au_verify_hex reads value (NULL: there is none) under its name;
 * au_verify_list reads a list of bytes, at most count_max items. */
enum au_exit au_verify_hex(const struct au_verify *check, const char *name,
                           const struct au_json_in *value, struct au_bytes *out_bytes);
enum au_exit au_verify_hash(const struct au_verify *check, const char *name,
                            struct au_hash *out_hash);
enum au_exit au_verify_address(const struct au_verify *check, const char *name,
                               struct au_address *out_address);
enum au_exit au_verify_u32(const struct au_verify *check, const char *name, uint32_t *out_number);
enum au_exit au_verify_list(const struct au_verify *check, const char *name, size_t count_max,
                            struct au_bytes *out_items, size_t *out_count);

/* au_verify_root checks that a root which the document names, if it does, is the proved one: else
 * somebody who reads only the document believes another. proved: NULL if there is none. */
enum au_exit au_verify_root(const struct au_verify *check, const char *name,
                            const struct au_hash *proved);

void au_verify_put_hash(struct au_verify *check, const char *name, const struct au_hash *hash);

/* au_verify_put_block writes what kind of thing is proved, and for which block. */
void au_verify_put_block(struct au_verify *check, const char *what);

/* ---- verify_state.c, verify_tx.c: a document of each kind, whose header is checked ---- */

enum au_exit au_verify_account(struct au_verify *check);
enum au_exit au_verify_slot(struct au_verify *check);
enum au_exit au_verify_accounts(struct au_verify *check);
enum au_exit au_verify_tx(struct au_verify *check);
enum au_exit au_verify_receipt(struct au_verify *check);

#endif
