/* The node that a command speaks to, and the questions that many commands ask it.
 *
 * The address comes from --url, else from the variable AUREON_URL, else it is AU_CLIENT_URL. What
 * goes wrong is said on err with what mends it, and is the exit code:
 *
 *     UNREACHABLE  nobody answers, or not as a node does
 *     TIMED_OUT    the node took longer than the request may
 *     NOT_FOUND    a problem document with status 404
 *     REJECTED     any other problem document; with --json it is the result as well
 *     INTERNAL     500, or this side
 *
 * With --dry-run every request is printed as a curl command line on out; the last one of a command,
 * which is what the command is for, is not sent.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_CLIENT_H
#define AUREON_CLI_CLIENT_H

#include "base/hash.h"
#include "base/json_in.h"
#include "cli/invocation.h"

#define AU_CLIENT_URL        "http://127.0.0.1:8080"
#define AU_CLIENT_TIMEOUT_MS 30000u

struct au_client {
    struct au_invocation *invocation;
    const char *url; /* without a slash at its end */
    bool is_dry;
};

struct au_request {
    const char *method;
    const char *path;         /* begins with a slash; percent-encoded */
    const char *content_type; /* NULL: no body */
    struct au_bytes body;
    uint32_t timeout_ms; /* 0 = AU_CLIENT_TIMEOUT_MS */
    bool is_last;
};

/* What came back. Zero-initialise; au_answer_done whatever the result. */
struct au_answer {
    uint32_t status; /* 0: a dry run did not send the request */
    struct au_buf body;
    struct au_json_in *json; /* the body, if it is a JSON object */
};

/* au_client_init reads the node's address and --dry-run, if the command has that option. The
 * command has the option --url. DONE, USAGE, INTERNAL */
AU_MUST_USE enum au_exit au_client_init(struct au_client *client, struct au_invocation *invocation);

/* au_client_send sends a request: DONE whatever the status of the answer. */
AU_MUST_USE enum au_exit au_client_send(struct au_client *client, const struct au_request *request,
                                        struct au_answer *out_answer);

/* au_client_ask sends a request that is answered with a JSON object: DONE for a status of 2xx, with
 * out_answer->json set unless a dry run did not send it. */
AU_MUST_USE enum au_exit au_client_ask(struct au_client *client, const struct au_request *request,
                                       struct au_answer *out_answer);

/* au_client_check turns an answer that is no 2xx into what is said and the exit code. */
AU_MUST_USE enum au_exit au_client_check(const struct au_client *client,
                                         const struct au_answer *answer);

/* au_client_get is au_client_ask for a GET that prepares what the command is for. */
AU_MUST_USE enum au_exit au_client_get(struct au_client *client, const char *path,
                                       struct au_answer *out_answer);
void au_answer_done(struct au_answer *answer);

/* au_answer_text gives a member of an answer that is a text, borrowed from it; empty if it is not
 * there or of another type. */
struct au_bytes au_answer_text(const struct au_answer *answer, const char *name);

/* au_client_fail_member says that a member is not as a node's is: UNREACHABLE.
 *
 * expected   what it is not: "a decimal number" */
enum au_exit au_client_fail_member(const struct au_client *client, const char *name,
                                   const char *expected);

/* au_client_text, _u64 and _hash read a member of an answer; UNREACHABLE if it is not there or not
 * of that form. A text is borrowed from the answer. */
AU_MUST_USE enum au_exit au_client_text(const struct au_client *client,
                                        const struct au_answer *answer, const char *name,
                                        struct au_bytes *out_text);
AU_MUST_USE enum au_exit au_client_u64(const struct au_client *client,
                                       const struct au_answer *answer, const char *name,
                                       uint64_t *out_number);
AU_MUST_USE enum au_exit au_client_hash(const struct au_client *client,
                                        const struct au_answer *answer, const char *name,
                                        struct au_hash *out_hash);

/* What a command needs to know of the chain. */
struct au_chain_status {
    struct au_hash genesis_hash;
    bool is_dev;
    uint64_t height;
    uint64_t gas_price_min; /* base units per gas */
    uint64_t block_gas_limit;
};

AU_MUST_USE enum au_exit au_client_status(struct au_client *client,
                                          struct au_chain_status *out_status);

/* au_client_print writes an answer as the result: the document with --json, else a page of its
 * members (cli/page.h). DONE, INTERNAL; nothing after a dry run. */
AU_MUST_USE enum au_exit au_client_print(const struct au_client *client,
                                         const struct au_answer *answer);

#endif
