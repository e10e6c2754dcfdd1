/* What a request asks, read by name: the members of its JSON body or, where the body is something
 * else, the parameters of its query.
 *
 *     struct au_input input;
 *     au_input_init(&input, api, request, response);
 *     uint64_t value = 0;
 *     if (au_input_open(&input, names) && ...) au_input_u64(&input, "value", &value);
 *     if (!input.has_failed) ...
 *     au_input_done(&input);
 *
 * A failure is sticky: the response is then a problem that names what is wrong, what was expected
 * and what was there. A getter returns whether the value is there and good, and leaves its output
 * untouched otherwise.
 *
 * Threading: that of the request. */
#ifndef AUREON_API_INPUT_H
#define AUREON_API_INPUT_H

#include "api/api_internal.h"
#include "base/arena.h"
#include "base/json_in.h"

struct au_input {
    struct au_api *api;
    const struct au_request *request;
    struct au_response *response;
    struct au_json_in *json; /* NULL: values are the query's */
    struct au_arena arena;   /* holds what was decoded */
    bool has_failed;
};

/* Names that a route knows, ended by NULL. */
typedef const char *const au_input_names[];

void au_input_init(struct au_input *input, struct au_api *api, const struct au_request *request,
                   struct au_response *response);
void au_input_done(struct au_input *input);

/* au_input_check_query refuses parameters with other names. */
bool au_input_check_query(struct au_input *input, const char *const *names);

/* au_input_parse reads the body as a JSON object whose members have these names, if it is said to
 * be JSON; a body of another kind is a failure. */
bool au_input_parse(struct au_input *input, const char *const *names);

/* au_input_has tells whether a value is there, of whatever form. */
bool au_input_has(const struct au_input *input, const char *name);

bool au_input_text(struct au_input *input, const char *name, struct au_bytes *out_text);
bool au_input_u64(struct au_input *input, const char *name, uint64_t *out_value);
bool au_input_bytes(struct au_input *input, const char *name, struct au_bytes *out_bytes);
bool au_input_address(struct au_input *input, const char *name, struct au_address *out_address);

/* au_input_args reads "args" of the body, a list, or every "arg" of the query. Cost: copies. */
bool au_input_args(struct au_input *input, struct au_bytes out_args[AU_ARG_COUNT_MAX],
                   size_t *out_count);

/* au_input_check_args refuses arguments that are larger than a call may have. */
bool au_input_check_args(struct au_input *input, const struct au_bytes *args, size_t count);

/* The same of the query, whatever the body is. */
bool au_input_query_u64(struct au_input *input, const char *name, uint64_t min, uint64_t max,
                        uint64_t *out_value);

/* au_input_query_word reads one of words (NULL-ended) and gives its index. */
bool au_input_query_word(struct au_input *input, const char *name, const char *const *words,
                         size_t *out_index);

/* au_input_query_time reads a duration, "500ms" or "10s", up to max_ms. */
bool au_input_query_time(struct au_input *input, const char *name, uint64_t max_ms,
                         unsigned *out_ms);

/* The same of the path. */
bool au_input_path_address(struct au_input *input, const char *name,
                           struct au_address *out_address);
bool au_input_path_hash(struct au_input *input, const char *name, struct au_hash *out_hash);

/* au_input_path_slot_key reads a key of a contract's storage from the path, au_input_slot_key from
 * a text that has this name. */
bool au_input_path_slot_key(struct au_input *input, const char *name, struct au_bytes *out_key);
bool au_input_slot_key(struct au_input *input, const char *name, struct au_bytes text,
                       struct au_bytes *out_key);

/* au_input_named_address is the same for an address. */
bool au_input_named_address(struct au_input *input, const char *name, struct au_bytes text,
                            struct au_address *out_address);

/* au_input_fail_contract says that the request's `contract`, or else the account in the path's
 * address, is no contract. */
void au_input_fail_contract(struct au_input *input);

/* au_input_height reads the height that an answer is to be of: that of the last block unless
 * "height" names an older one. false: neither; the response is a problem. */
bool au_input_height(struct au_input *input, uint64_t *out_height, bool *out_is_given);

/* au_input_fail_tx says that no transaction is known by the hash in the path. */
void au_input_fail_tx(struct au_input *input);

/* au_input_look_at_tx opens a look at the last block, in which the path's transaction has a place.
 * false: the response is a problem and nothing is open. */
AU_MUST_USE bool au_input_look_at_tx(struct au_input *input, struct au_hash *out_id,
                                     struct au_look *out_look, struct au_chain_place *out_place);

/* au_input_look opens a look at that height, and says it; false: the response is a problem. */
AU_MUST_USE bool au_input_look(struct au_input *input, struct au_look *out_look);

/* au_input_look_to_prove opens a look at that height from which au_read_prove may be called; close
 * it at once, since one at the last block lets no other be committed. */
AU_MUST_USE bool au_input_look_to_prove(struct au_input *input, struct au_look *out_look);

/* au_input_fail_height tells why there is no look at a height that au_input_height gave. */
void au_input_fail_height(struct au_input *input, uint64_t height, enum au_err err);

/* au_input_need makes the absence of a value a failure: for what a getter has not found. */
void au_input_need(struct au_input *input, const char *name, const char *expected);

/* au_input_fail_err makes an error of ours a failure. */
void au_input_fail_err(struct au_input *input, enum au_err err);

/* au_input_fail makes a value that is there a failure. */
void au_input_fail(struct au_input *input, const char *name, const char *expected,
                   struct au_bytes got);

/* au_address_read reads an address or, in dev mode, the name of an account with or without `@`. */
bool au_address_read(const struct au_api *api, struct au_bytes text,
                     struct au_address *out_address);

#endif
