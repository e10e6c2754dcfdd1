#include "api/decoder.h"

#include "api/api_internal.h"
#include "core/limits.h"
#include "crypto/sha256.h"

#define UNREADABLE "the contract's code could not be read"
#define NO_CODE    "there was no contract"
#define FULL       "one answer decodes no more than this"

#define CHANGES_MAX 64u /* of a contract, whose oldest is looked for */

/* When code is meant, of a transaction: a frame that began with it, any frame, after it. */
enum moment { BEFORE, DURING, AFTER };

static void tell_output(void *context, struct au_json_write *json,
                        const struct au_receipt *receipt);
static void tell_event(void *context, struct au_json_write *json, const struct au_receipt *receipt,
                       const struct au_receipt_event *event);
static void tell_slot(void *context, struct au_json_write *json, const struct au_receipt *receipt,
                      const struct au_receipt_slot *change);
static void tell_args(void *context, struct au_json_write *json, const struct au_tx *tx);

void au_decoder_init(struct au_decoder *decoder, struct au_api *api, size_t size_max)
{
    *decoder = (struct au_decoder){
        .api = api,
        .teller = {decoder, tell_output, tell_event, tell_slot},
        .tx_teller = {decoder, tell_args},
    };
    au_decoder_renew(decoder, size_max);
    au_chain_reader_init(&decoder->chain, &api->options.kv, NULL);
    au_flat_init(&decoder->flat, &api->options.kv, NULL);
    au_buf_init(&decoder->json, AU_ABI_DECODED_SIZE_MAX);
}

void au_decoder_done(struct au_decoder *decoder)
{
    if (decoder->entry != NULL) au_abi_cache_release(&decoder->api->abis, decoder->entry);
    au_chain_reader_done(&decoder->chain);
    au_flat_done(&decoder->flat);
    au_buf_done(&decoder->json);
    decoder->entry = NULL;
}

void au_decoder_renew(struct au_decoder *decoder, size_t size_max)
{
    decoder->size_left = size_max;
    decoder->read_left = AU_DECODER_READ_MAX;
    decoder->codes_left = AU_DECODER_CODES_MAX;
    decoder->err = AU_OK;
}

const struct au_receipt_teller *au_decoder_of_chain(struct au_decoder *decoder)
{
    decoder->tx = NULL;
    decoder->brought = (struct au_bytes){0};
    return &decoder->teller;
}

const struct au_receipt_teller *au_decoder_of_simulated(struct au_decoder *decoder,
                                                        const struct au_tx *tx)
{
    decoder->tx = tx;
    decoder->brought = tx->code;
    return &decoder->teller;
}

const struct au_tx_teller *au_decoder_of_tx(struct au_decoder *decoder, struct au_chain_place place)
{
    decoder->tx_place = place;
    return &decoder->tx_teller;
}

void au_decoder_bring(struct au_decoder *decoder, struct au_bytes code)
{
    decoder->brought = code;
}

/* ---- which code ---- */

static bool find_change(const struct au_receipt *receipt, const struct au_address *contract,
                        struct au_receipt_contract *out_change)
{
    struct au_items items = receipt->contracts;
    while (au_receipt_next_contract(&items, out_change)) {
        if (au_address_is_equal(&out_change->address, contract)) return true;
    }
    return false;
}

/* Why something is not decoded, of an error. That the store fails is no reason: asked again it
 * gives something else, so the answer fails as well. */
static const char *reason_of(struct au_decoder *decoder, enum au_err err)
{
    if (err == AU_ERR_TOO_LARGE) return FULL;
    if (err != AU_ERR_NOT_FOUND) decoder->err = err;
    return UNREADABLE;
}

/* The transaction of a receipt; NULL: it cannot be read. */
static const struct au_tx *find_tx(struct au_decoder *decoder, const struct au_receipt *receipt,
                                   struct au_tx *room)
{
    struct au_bytes bytes;
    const struct au_chain_place place = {receipt->height, receipt->index};
    if (decoder->tx != NULL) return decoder->tx;
    enum au_err err = au_chain_tx(&decoder->chain, place, room, &bytes);
    if (err == AU_OK) return room;
    (void)reason_of(decoder, err);
    return NULL;
}

static bool is_same_place(struct au_chain_place a, struct au_chain_place b)
{
    return a.height == b.height && a.index == b.index;
}

static bool is_before(struct au_chain_place a, struct au_chain_place b)
{
    return a.height < b.height || (a.height == b.height && a.index < b.index);
}

/* Looks at a change of a contract, unless it is the one that was looked at last. */
static enum au_err read_change(struct au_decoder *decoder, struct au_decoder_contract *contract,
                               struct au_chain_place place, bool is_after)
{
    struct au_receipt receipt;
    struct au_receipt_contract change;
    bool is_known = contract->has_change && contract->is_after == is_after &&
                    is_same_place(contract->change, place);
    if (is_known) return AU_OK;
    if (decoder->read_left == 0) return AU_ERR_TOO_LARGE;
    enum au_err err = au_chain_receipt(&decoder->chain, place, &receipt);
    if (err != AU_OK) return err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err;
    size_t size = decoder->chain.receipt.size;
    decoder->read_left -= size < decoder->read_left ? size : decoder->read_left;
    if (!find_change(&receipt, &contract->address, &change)) return AU_ERR_MALFORMED;
    contract->has_change = true;
    contract->is_after = is_after;
    contract->change = place;
    contract->has_code = is_after || change.existed;
    contract->code_hash = is_after ? change.code_after : change.code_before;
    return AU_OK;
}

/* Of a contract whose last change is not there, because the node began from a snapshot: the code
 * that the first change since has found, or what it has now. That is read before the changes: if a
 * block comes in between, its change is found. */
static enum au_err look_ahead(struct au_decoder *decoder, struct au_decoder_contract *contract)
{
    const struct au_chain_page page = {
        .address = &contract->address, .is_of_contract = true, .count_max = CHANGES_MAX};
    struct au_chain_entry entries[CHANGES_MAX];
    struct au_account account;
    size_t count = 0;
    AU_TRY(au_flat_account(&decoder->flat, &contract->address, &account));
    AU_TRY(au_chain_history(&decoder->chain, &page, entries, &count));
    if (count == CHANGES_MAX) return AU_ERR_TOO_LARGE;
    if (count > 0) return read_change(decoder, contract, entries[count - 1].place, false);
    contract->has_change = false;
    contract->has_code = account.has_code;
    contract->code_hash = account.code_hash;
    return AU_OK;
}

/* The code that a contract had behind a place is that of its last change up to there. */
static enum au_err look_back(struct au_decoder *decoder, struct au_decoder_contract *contract,
                             struct au_chain_place place)
{
    bool is_last = place.index == UINT32_MAX;
    const struct au_chain_place before = {place.height + is_last, is_last ? 0 : place.index + 1};
    const struct au_chain_page page = {
        .address = &contract->address, .is_of_contract = true, .before = &before, .count_max = 1};
    struct au_chain_entry entry;
    size_t count = 0;
    AU_TRY(au_chain_history(&decoder->chain, &page, &entry, &count));
    if (count == 0) return look_ahead(decoder, contract);
    return read_change(decoder, contract, entry.place, true);
}

/* What is known of a contract; if that is nothing, in place of what has been known for longest. */
static struct au_decoder_contract *find_contract(struct au_decoder *decoder,
                                                 const struct au_address *address)
{
    for (size_t i = 0; i < AU_DECODER_CONTRACTS_MAX; i++) {
        struct au_decoder_contract *contract = &decoder->contracts[i];
        if (contract->is_known && au_address_is_equal(&contract->address, address)) return contract;
    }
    size_t index = decoder->contract_count++ % AU_DECODER_CONTRACTS_MAX;
    decoder->contracts[index] = (struct au_decoder_contract){.address = *address};
    return &decoder->contracts[index];
}

/* From its last change up to a place behind which it is known, a contract has one code. */
static bool is_known_behind(const struct au_decoder_contract *contract, struct au_chain_place place)
{
    if (!contract->is_known) return false;
    if (is_same_place(contract->place, place)) return true;
    return contract->has_change && contract->is_after && !is_before(place, contract->change) &&
           is_before(place, contract->place);
}

/* NULL, or why it is not known. */
static const char *find_code_behind(struct au_decoder *decoder, const struct au_address *address,
                                    struct au_chain_place place, struct au_hash *out_hash)
{
    struct au_decoder_contract *contract = find_contract(decoder, address);
    if (!is_known_behind(contract, place)) {
        enum au_err err = look_back(decoder, contract, place);
        contract->is_known = err == AU_OK;
        contract->place = place;
        if (err != AU_OK) return reason_of(decoder, err);
    }
    *out_hash = contract->code_hash;
    return contract->has_code ? NULL : NO_CODE;
}

/* The code before the transaction at a place. Of a block that changed nothing of the contract it is
 * looked up once. */
static const char *find_code_before(struct au_decoder *decoder, const struct au_address *address,
                                    struct au_chain_place place, struct au_hash *out_hash)
{
    const struct au_chain_place end = {place.height, UINT32_MAX};
    const struct au_chain_place before = {place.height - (place.index == 0),
                                          place.index == 0 ? UINT32_MAX : place.index - 1};
    if (decoder->size_left == 0) return FULL;
    (void)find_code_behind(decoder, address, end, out_hash);
    return find_code_behind(decoder, address, before, out_hash);
}

/* What is simulated comes behind all of the block before it. */
static struct au_chain_place place_of(const struct au_decoder *decoder,
                                      const struct au_receipt *receipt)
{
    if (decoder->tx != NULL) return (struct au_chain_place){receipt->height - 1, UINT32_MAX};
    return (struct au_chain_place){receipt->height, receipt->index};
}

/* An upgrade runs nothing of a contract's old code, a call that upgrades it may run both. */
static bool is_upgrade_of(struct au_decoder *decoder, const struct au_receipt *receipt,
                          const struct au_address *contract)
{
    struct au_tx room;
    const struct au_tx *tx = find_tx(decoder, receipt, &room);
    return tx != NULL && tx->kind == AU_TX_UPGRADE && au_address_is_equal(&tx->to, contract);
}

/* NULL, or why it is not known. */
static const char *find_code(struct au_decoder *decoder, const struct au_receipt *receipt,
                             const struct au_address *contract, enum moment moment,
                             struct au_hash *out_hash)
{
    struct au_receipt_contract change;
    if (!find_change(receipt, contract, &change)) {
        return find_code_behind(decoder, contract, place_of(decoder, receipt), out_hash);
    }
    bool is_same = change.existed && au_hash_is_equal(&change.code_before, &change.code_after);
    *out_hash = change.existed && moment == BEFORE ? change.code_before : change.code_after;
    if (moment != DURING || is_same || !change.existed) return NULL;
    return is_upgrade_of(decoder, receipt, contract)
               ? NULL
               : "the transaction changed the contract's code";
}

/* ---- its ABI ---- */

static enum au_err read_code(void *context, const struct au_hash *hash, struct au_bytes *out_code)
{
    struct au_decoder *decoder = context;
    if (decoder->codes_left == 0) return AU_ERR_TOO_LARGE;
    decoder->codes_left--;
    enum au_err err = au_flat_code(&decoder->flat, hash, out_code);
    if (err != AU_ERR_NOT_FOUND || decoder->brought.size == 0) return err;
    struct au_hash brought = au_sha256(decoder->brought);
    *out_code = decoder->brought;
    return au_hash_is_equal(&brought, hash) ? AU_OK : AU_ERR_NOT_FOUND;
}

/* NULL, or why there is none; NULL in *out_abi: the code has none. */
static const char *find_abi(struct au_decoder *decoder, const struct au_hash *hash,
                            const struct au_abi **out_abi)
{
    const struct au_abi_source source = {decoder, read_code};
    struct au_abi_cache *cache = &decoder->api->abis;
    *out_abi = NULL;
    if (decoder->size_left == 0) return FULL;
    if (decoder->entry != NULL && !au_hash_is_equal(&decoder->entry->entry.key, hash)) {
        au_abi_cache_release(cache, decoder->entry);
        decoder->entry = NULL;
    }
    if (decoder->entry == NULL) {
        enum au_err err = au_abi_cache_hold(cache, hash, &source, &decoder->entry);
        if (err != AU_OK) return reason_of(decoder, err);
    }
    if (decoder->entry->err == AU_OK) *out_abi = &decoder->entry->abi;
    return decoder->entry->err == AU_ERR_MALFORMED ? "the contract's ABI is malformed" : NULL;
}

/* ---- beside the bytes ---- */

/* The members that one value may have. */
struct member {
    const char *name;
    const char *undecoded;
};

static const struct member arguments_member = {"arguments", "arguments_undecoded"};
static const struct member result_member = {"result", "undecoded"};
static const struct member error_member = {"error", "undecoded"};
static const struct member fields_member = {"fields", "undecoded"};
static const struct member entry_member = {"entry", "undecoded"};

/* Writes the value that was decoded as a member, if there is one, or why it was not. Where the
 * store has failed, that is what becomes of the answer. */
static void put(struct au_decoder *decoder, struct au_json_write *json, const struct member *member,
                const char *reason)
{
    struct au_buf *value = &decoder->json;
    size_t size = value->err == AU_ERR_TOO_LARGE ? value->size_max : value->size;
    if (reason == NULL && size > decoder->size_left) reason = FULL;
    decoder->size_left -= size < decoder->size_left ? size : decoder->size_left;
    if (reason != NULL) {
        au_json_put_text(json, member->undecoded, reason);
    } else if (size > 0) {
        au_json_write_key(json, member->name);
        au_json_write_bare(json, au_buf_bytes(value));
    }
    au_buf_clear(value);
    if (json->buf->err == AU_OK) json->buf->err = decoder->err;
}

/* Most functions give nothing: of these nothing has to be read. */
static bool has_ending(enum au_outcome outcome, struct au_bytes output)
{
    return outcome == AU_OUTCOME_REVERTED || (outcome == AU_OUTCOME_SUCCESS && output.size > 0);
}

/* reason  why the code is not known, or NULL */
static void put_ending(struct au_decoder *decoder, struct au_json_write *json,
                       const struct au_decoder_ending *ending, const struct au_hash *hash,
                       const char *reason)
{
    const struct au_abi *abi = NULL;
    bool is_error = ending->outcome == AU_OUTCOME_REVERTED;
    if (reason == NULL) reason = find_abi(decoder, hash, &abi);
    if (abi != NULL && is_error) {
        reason = au_abi_decode_error(abi, ending->revert_code, ending->output, &decoder->json);
    } else if (abi != NULL) {
        reason = au_abi_decode_result(abi, ending->function, ending->output, &decoder->json);
    }
    put(decoder, json, is_error ? &error_member : &result_member, reason);
}

void au_decoder_put_ending(struct au_decoder *decoder, struct au_json_write *json,
                           const struct au_hash *code_hash, const struct au_decoder_ending *ending)
{
    if (!has_ending(ending->outcome, ending->output)) return;
    put_ending(decoder, json, ending, code_hash, NULL);
}

/* What a deployment or an upgrade runs is in the code that it brings. */
static void bring(struct au_decoder *decoder, const struct au_tx *tx, struct au_hash *out_hash)
{
    decoder->brought = tx->code;
    *out_hash = au_sha256(tx->code);
}

static void tell_output(void *context, struct au_json_write *json, const struct au_receipt *receipt)
{
    struct au_decoder *decoder = context;
    struct au_bytes brought = decoder->brought;
    struct au_decoder_ending ending = {.outcome = receipt->outcome,
                                       .revert_code = receipt->revert_code,
                                       .output = receipt->output};
    struct au_tx room;
    struct au_hash hash = {{0}};
    const char *reason = NULL;
    if (!has_ending(receipt->outcome, receipt->output)) return;
    const struct au_tx *tx = find_tx(decoder, receipt, &room);
    if (tx != NULL) ending.function = au_tx_function(tx);
    if (tx == NULL) {
        reason = "the transaction could not be read";
    } else if (tx->kind == AU_TX_CALL) {
        reason = find_code(decoder, receipt, &tx->to, BEFORE, &hash);
    } else {
        bring(decoder, tx, &hash);
    }
    put_ending(decoder, json, &ending, &hash, reason);
    decoder->brought = brought;
}

/* reason  why the code is not known, or NULL */
static void put_args(struct au_decoder *decoder, struct au_json_write *json,
                     const struct au_decoder_call *call, const struct au_hash *hash,
                     const char *reason)
{
    const struct au_abi *abi = NULL;
    if (reason == NULL) reason = find_abi(decoder, hash, &abi);
    if (abi != NULL) {
        reason =
            au_abi_decode_args(abi, call->function, call->args, call->arg_count, &decoder->json);
    }
    put(decoder, json, &arguments_member, reason);
}

void au_decoder_put_args(struct au_decoder *decoder, struct au_json_write *json,
                         const struct au_hash *code_hash, const struct au_decoder_call *call)
{
    if (call->arg_count > 0) put_args(decoder, json, call, code_hash, NULL);
}

static void tell_args(void *context, struct au_json_write *json, const struct au_tx *tx)
{
    struct au_decoder *decoder = context;
    struct au_bytes brought = decoder->brought;
    struct au_bytes args[AU_ARG_COUNT_MAX];
    struct au_decoder_call call = {au_tx_function(tx), args, au_tx_args(tx, args)};
    struct au_hash hash = {{0}};
    const char *reason = NULL;
    if (call.arg_count == 0) return;
    if (tx->kind == AU_TX_CALL) {
        reason = find_code_before(decoder, &tx->to, decoder->tx_place, &hash);
    } else {
        bring(decoder, tx, &hash);
    }
    put_args(decoder, json, &call, &hash, reason);
    decoder->brought = brought;
}

void au_decoder_put_view(struct au_decoder *decoder, struct au_json_write *json,
                         const struct au_view *view, const struct au_view_result *result,
                         uint64_t height)
{
    const struct au_decoder_ending ending = {result->outcome, result->revert_code, view->function,
                                             result->output};
    const struct au_chain_place place = {height, UINT32_MAX};
    struct au_hash hash = {{0}};
    if (!has_ending(result->outcome, result->output)) return;
    const char *reason = find_code_behind(decoder, &view->contract, place, &hash);
    put_ending(decoder, json, &ending, &hash, reason);
}

/* reason  why the code is not known, or NULL */
static void put_event(struct au_decoder *decoder, struct au_json_write *json,
                      const struct au_hash *hash, const char *reason,
                      const struct au_receipt_event *event)
{
    const struct au_abi *abi = NULL;
    if (reason == NULL) reason = find_abi(decoder, hash, &abi);
    if (abi != NULL) reason = au_abi_decode_event(abi, event, &decoder->json);
    put(decoder, json, &fields_member, reason);
}

void au_decoder_put_event(struct au_decoder *decoder, struct au_json_write *json,
                          const struct au_hash *code_hash, const struct au_receipt_event *event)
{
    put_event(decoder, json, code_hash, NULL, event);
}

static void tell_event(void *context, struct au_json_write *json, const struct au_receipt *receipt,
                       const struct au_receipt_event *event)
{
    struct au_decoder *decoder = context;
    struct au_hash hash;
    const char *reason = find_code(decoder, receipt, &event->contract, DURING, &hash);
    put_event(decoder, json, &hash, reason, event);
}

/* reason  why the code is not known, or NULL */
static void put_stored(struct au_decoder *decoder, struct au_json_write *json,
                       const struct au_hash *hash, const char *reason, struct au_bytes key,
                       const struct au_abi_stored *values)
{
    const struct au_abi *abi = NULL;
    if (reason == NULL) reason = find_abi(decoder, hash, &abi);
    if (abi != NULL) reason = au_abi_decode_slot(abi, key, values, &decoder->json);
    put(decoder, json, &entry_member, reason);
}

static void tell_slot(void *context, struct au_json_write *json, const struct au_receipt *receipt,
                      const struct au_receipt_slot *change)
{
    struct au_decoder *decoder = context;
    struct au_abi_stored values[3] = {{0}};
    struct au_hash hash;
    size_t count = 0;
    if (change->existed) values[count++] = (struct au_abi_stored){"before", change->before};
    if (change->exists) values[count++] = (struct au_abi_stored){"after", change->after};
    const char *reason = find_code(decoder, receipt, &change->contract, AFTER, &hash);
    put_stored(decoder, json, &hash, reason, change->key, values);
}

void au_decoder_put_slot(struct au_decoder *decoder, struct au_json_write *json,
                         const struct au_hash *code_hash, struct au_bytes key,
                         struct au_bytes value)
{
    const struct au_abi_stored values[] = {{"value", value}, {0}};
    put_stored(decoder, json, code_hash, NULL, key, values);
}

void au_decoder_put_seen(struct au_decoder *decoder, struct au_json_write *json,
                         const struct au_hash *code_hash, struct au_bytes key,
                         const struct au_bytes *value)
{
    const struct au_abi_stored none[] = {{0}};
    const struct au_abi *abi = NULL;
    const char *reason = find_abi(decoder, code_hash, &abi);
    if (abi != NULL && value != NULL) {
        const struct au_abi_stored values[] = {{"value", *value}, {0}};
        reason = au_abi_decode_slot(abi, key, values, &decoder->json);
    }
    if (abi != NULL && decoder->json.size == 0) {
        reason = au_abi_decode_slot(abi, key, none, &decoder->json);
    }
    put(decoder, json, &entry_member, reason);
}
