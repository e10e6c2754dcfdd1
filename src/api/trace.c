#include "api/trace.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/handlers.h"
#include "api/json.h"
#include "api/refusal.h"
#include "contract/host.h"

bool au_trace_is_wanted(struct au_input *input)
{
    static const char *const words[] = {"false", "true", NULL};
    size_t word = 0;
    au_input_query_word(input, "trace", words, &word);
    return word == 1;
}

/* ---- one entry ---- */

static void put_node(struct au_json_write *json, const struct au_profile_node *node)
{
    au_json_write_begin_object(json);
    au_json_put_u32(json, "index", node->function);
    if (node->name.size > 0) au_json_put_bytes(json, "name", node->name);
    if (node->outer != NULL) au_json_put_u32(json, "within", node->outer->place);
    au_json_put_u64(json, "calls", node->call_count);
    au_json_put_u64(json, "steps", (uint64_t)node->steps);
    au_json_put_u64(json, "own_steps", (uint64_t)node->own_steps);
    au_json_write_end_object(json);
}

static void put_profile(struct au_json_write *json, const struct au_profile *profile)
{
    if (!profile->is_there) return;
    au_json_write_key(json, "functions");
    au_json_write_begin_array(json);
    for (const struct au_profile_node *node = profile->first; node != NULL; node = node->next) {
        put_node(json, node);
    }
    au_json_write_end_array(json);
    au_json_put_bool(json, "functions_cut", profile->is_cut);
}

static void put_frame(struct au_json_write *json, struct au_decoder *decoder,
                      const struct au_traced_frame *frame)
{
    const char *reason = au_receipt_reason(frame->outcome, frame->detail);
    const struct au_decoder_call call = {frame->function, frame->args, frame->arg_count};
    const struct au_decoder_ending ending = {frame->outcome, frame->revert_code, frame->function,
                                             frame->output};
    au_json_put_text(json, "kind", "frame");
    au_json_put_address(json, "contract", &frame->contract);
    au_json_put_bytes(json, "function", frame->function);
    au_json_put_address(json, "caller", &frame->caller);
    au_json_put_u64(json, "value", frame->value);
    au_json_put_bool(json, "view", frame->is_view);
    au_json_write_key(json, "args");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < frame->arg_count; i++) {
        au_json_write_hex(json, frame->args[i]);
    }
    au_json_write_end_array(json);
    au_decoder_put_args(decoder, json, &frame->code_hash, &call);
    au_json_put_u64(json, "steps_limit", (uint64_t)frame->steps_limit);
    au_json_put_text(json, "status", au_outcome_name(frame->outcome));
    if (reason != NULL) au_json_put_text(json, "reason", reason);
    if (frame->outcome == AU_OUTCOME_REVERTED) {
        au_json_put_u32(json, "revert_code", frame->revert_code);
    }
    au_json_put_hex(json, "output", frame->output);
    au_decoder_put_ending(decoder, json, &frame->code_hash, &ending);
    put_profile(json, &frame->profile);
}

/* ---- what host calls mean ---- */

/* The call of a host function whose bytes an ABI explains. */
struct telling {
    struct au_decoder *decoder;
    struct au_json_write *json;
    const struct au_traced_host *host;
    const struct au_traced_frame *frame; /* that made it */
};

static const struct au_traced_value *value_of(const struct telling *telling, const char *name)
{
    static const struct au_traced_value none = {0};
    const struct au_traced_host *host = telling->host;
    for (size_t i = 0; i < host->value_count; i++) {
        if (strcmp(host->values[i].name, name) == 0) return &host->values[i];
    }
    return &none; /* it was not kept */
}

static void tell_seen(const struct telling *telling, bool has_value)
{
    const struct au_bytes *value = has_value ? &value_of(telling, "value")->bytes : NULL;
    au_decoder_put_seen(telling->decoder, telling->json, &telling->frame->code_hash,
                        value_of(telling, "key")->bytes, value);
}

static void tell_key(const struct telling *telling)
{
    tell_seen(telling, false);
}

static void tell_read(const struct telling *telling)
{
    const struct au_traced_host *host = telling->host;
    tell_seen(telling, host->has_returned && (int32_t)(uint32_t)host->result >= 0);
}

static void tell_next(const struct telling *telling)
{
    const struct au_traced_host *host = telling->host;
    if (host->has_returned && host->result != UINT64_MAX) tell_seen(telling, true);
}

static void tell_write(const struct telling *telling)
{
    au_decoder_put_slot(telling->decoder, telling->json, &telling->frame->code_hash,
                        value_of(telling, "key")->bytes, value_of(telling, "value")->bytes);
}

static void tell_event(const struct telling *telling)
{
    const struct au_receipt_event event = {
        .contract = telling->frame->contract,
        .name = value_of(telling, "name")->bytes,
        .topics = value_of(telling, "topics")->bytes,
        .data = value_of(telling, "data")->bytes,
    };
    au_decoder_put_event(telling->decoder, telling->json, &telling->frame->code_hash, &event);
}

static void tell_revert(const struct telling *telling)
{
    const struct au_decoder_ending ending = {
        .outcome = AU_OUTCOME_REVERTED,
        .revert_code = (uint32_t)value_of(telling, "code")->number,
        .output = value_of(telling, "data")->bytes,
    };
    au_decoder_put_ending(telling->decoder, telling->json, &telling->frame->code_hash, &ending);
}

static void tell_meaning(const struct telling *telling)
{
    static const struct {
        const char *function;
        void (*tell)(const struct telling *telling);
    } rows[] = {
        {"storage_read", tell_read},  {"storage_write", tell_write}, {"storage_size", tell_key},
        {"storage_delete", tell_key}, {"iter_next", tell_next},      {"emit", tell_event},
        {"revert", tell_revert},
    };
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        if (strcmp(rows[i].function, telling->host->entry->name) == 0) rows[i].tell(telling);
    }
}

/* ---- host calls ---- */

/* As a signed number, since that is how an absence is told. */
static void put_result(struct au_json_write *json, const struct au_traced_host *host)
{
    char text[24];
    bool is_i64 = host->entry->results[0] == 'I';
    int64_t number = is_i64 ? (int64_t)host->result : (int32_t)(uint32_t)host->result;
    (void)snprintf(text, sizeof(text), "%" PRId64, number);
    au_json_put_text(json, "result", text);
}

static void put_host(struct au_json_write *json, struct au_decoder *decoder,
                     const struct au_traced_host *host, const struct au_traced_frame *frame)
{
    const struct telling telling = {decoder, json, host, frame};
    au_json_put_text(json, "kind", "host");
    au_json_put_text(json, "function", host->entry->name);
    if (host->within != NULL) au_json_put_u32(json, "within", host->within->place);
    au_json_write_key(json, "args");
    au_json_write_begin_object(json);
    for (size_t i = 0; i < host->value_count; i++) {
        const struct au_traced_value *value = &host->values[i];
        if (value->is_number) {
            au_json_put_u64(json, value->name, value->number);
        } else {
            au_json_put_hex(json, value->name, value->bytes);
        }
    }
    au_json_write_end_object(json);
    tell_meaning(&telling);
    if (host->has_returned && host->entry->results[0] != '\0') put_result(json, host);
    au_json_put_bool(json, "returned", host->has_returned);
}

void au_trace_put_json(struct au_json_write *json, const struct au_tracer *tracer,
                       struct au_decoder *decoder)
{
    au_json_write_key(json, "trace");
    au_json_write_begin_array(json);
    for (const struct au_traced *traced = tracer->first; traced != NULL; traced = traced->next) {
        au_json_write_begin_object(json);
        au_json_put_u32(json, "depth", traced->depth);
        if (traced->is_frame) {
            put_frame(json, decoder, &traced->frame);
        } else {
            put_host(json, decoder, &traced->host, &traced->outer->frame);
        }
        au_json_put_u64(json, "steps", (uint64_t)traced->steps);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
    au_json_put_bool(json, "trace_truncated", tracer->is_truncated);
}

/* ---- a transaction of the chain ---- */

/* A transaction, executed once more. */
struct again {
    struct au_chain_place place;
    struct au_tx tx;
    struct au_receipt receipt; /* as the chain has it */
    struct au_tracer tracer;
};

/* Executes one transaction of a block that is open again. */
static enum au_err apply(struct au_api *api, struct au_block *block, struct au_chain_reader *chain,
                         struct au_chain_place place, struct au_applied *out_applied)
{
    struct au_tx tx;
    struct au_bytes bytes;
    struct au_checked checked;
    struct au_decode error;
    AU_TRY(au_chain_tx(chain, place, &tx, &bytes));
    enum au_invalid invalid =
        au_check_decode(au_ledger_params(api->options.ledger), bytes, &checked, &error);
    if (invalid != AU_INVALID_NONE) return AU_ERR_MALFORMED;
    AU_TRY(au_block_apply(block, &checked, out_applied));
    return out_applied->invalid == AU_INVALID_NONE ? AU_OK : AU_ERR_MALFORMED;
}

static bool is_same(const struct au_receipt *a, const struct au_receipt *b)
{
    struct au_hash digest = au_receipt_digest(a), expected = au_receipt_digest(b);
    return au_hash_is_equal(&digest, &expected) && au_hash_is_equal(&a->id, &b->id) &&
           au_bytes_is_equal(a->balances.bytes, b->balances.bytes) &&
           au_bytes_is_equal(a->slots.bytes, b->slots.bytes) &&
           au_bytes_is_equal(a->contracts.bytes, b->contracts.bytes);
}

/* Executes the block up to the transaction, and that one with the tracer. What it comes to is what
 * the chain says, whose receipt was made without one: anything else is a fault of the node. */
static enum au_err execute_again(struct au_api *api, struct au_block *block,
                                 struct au_chain_reader *chain, struct again *again)
{
    struct au_applied applied;
    struct au_bytes bytes;
    for (struct au_chain_place at = {again->place.height, 0}; at.index < again->place.index;
         at.index++) {
        AU_TRY(apply(api, block, chain, at, &applied));
    }
    au_block_trace(block, &again->tracer);
    AU_TRY(apply(api, block, chain, again->place, &applied));
    AU_TRY(au_chain_receipt(chain, again->place, &again->receipt));
    AU_TRY(au_chain_tx(chain, again->place, &again->tx, &bytes));
    return is_same(applied.receipt, &again->receipt) ? AU_OK : AU_ERR_MALFORMED;
}

static void put_again(struct au_input *input, const struct again *again)
{
    struct au_json_write json;
    struct au_decoder decoder;
    au_reply_begin(&json, input->response, 200);
    au_decoder_init(&decoder, input->api, AU_DECODER_SIZE_MAX);
    au_receipt_put_json(&json, &again->receipt, au_decoder_of_chain(&decoder));
    au_decoder_bring(&decoder, again->tx.code);
    au_trace_put_json(&json, &again->tracer, &decoder);
    au_decoder_done(&decoder);
    au_reply_end(&json);
}

static void trace(struct au_input *input, struct au_chain_reader *chain,
                  struct au_chain_place place)
{
    struct again again = {.place = place};
    struct au_block *block;
    enum au_err err = au_block_lend(input->api, AU_LEND_AGAIN, place.height, &block);
    if (err != AU_OK) {
        au_input_fail_height(input, place.height - 1, err);
        return;
    }
    atomic_fetch_add(&input->api->counts.simulated, 1);
    au_tracer_init(&again.tracer);
    err = execute_again(input->api, block, chain, &again);
    if (err == AU_OK) {
        put_again(input, &again);
    } else {
        au_fail(input->response, err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err);
    }
    au_block_give_back(input->api, block);
    au_tracer_done(&again.tracer);
}

void au_get_tx_trace(struct au_input *input)
{
    struct au_hash id;
    struct au_look look;
    struct au_chain_place place;
    if (!au_input_look_at_tx(input, &id, &look, &place)) return;
    trace(input, &look.chain, place);
    au_look_close(&look);
}
