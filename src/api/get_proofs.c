/* Proofs of accounts and slots. All are made first, then the look is closed: one at the last block
 * lets no other be committed, and writing takes longer than proving. */
#include "api/handlers.h"
#include "api/json.h"

#define PROOF_SIZE_MAX (1u << 20)
#define PROVED_MAX     50u /* accounts and slots of one answer */

/* What is proved, in the input's arena once it is. */
struct slot {
    struct slot *next;
    struct au_bytes key;
    struct au_slot value;
    struct au_bytes proof;
};

struct entry {
    struct entry *next;
    struct au_address address;
    struct au_account account;
    struct au_bytes proof;
    struct slot *slots;
};

/* ---- proving ---- */

static enum au_err prove_slot(struct au_input *input, struct au_read *read,
                              const struct entry *entry, struct au_buf *proof, struct slot *slot)
{
    struct au_hash owner = au_flat_account_key(&entry->address);
    struct au_hash key = au_flat_key_hash(slot->key);
    struct au_bytes leaf = {0};
    AU_TRY(au_flat_slot(&read->flat, &entry->address, slot->key, &slot->value));
    AU_TRY(au_arena_copy(&input->arena, slot->value.value, &slot->value.value));
    au_buf_clear(proof);
    if (slot->value.exists) au_flat_slot_leaf(proof, slot->value.value);
    AU_TRY(proof->err);
    AU_TRY(au_arena_copy(&input->arena, au_buf_bytes(proof), &leaf));
    au_buf_clear(proof);
    AU_TRY(au_read_prove(read, &owner, &key, leaf, proof));
    return au_arena_copy(&input->arena, au_buf_bytes(proof), &slot->proof);
}

static enum au_err prove_entry(struct au_input *input, struct au_read *read, struct au_buf *proof,
                               struct entry *entry)
{
    au_buf_clear(proof);
    AU_TRY(au_read_prove_account(read, &entry->address, proof, &entry->account));
    AU_TRY(au_arena_copy(&input->arena, au_buf_bytes(proof), &entry->proof));
    for (struct slot *slot = entry->slots; slot != NULL; slot = slot->next) {
        AU_TRY(prove_slot(input, read, entry, proof, slot));
    }
    return AU_OK;
}

/* Proves entries at the height that the query asks for. false: the response is a problem. */
static bool prove_entries(struct au_input *input, struct entry *entries,
                          struct au_header *out_header)
{
    struct au_look look;
    struct au_buf proof;
    enum au_err err = AU_OK;
    if (input->has_failed || !au_input_look_to_prove(input, &look)) return false;
    au_buf_init(&proof, PROOF_SIZE_MAX);
    for (struct entry *entry = entries; err == AU_OK && entry != NULL; entry = entry->next) {
        err = prove_entry(input, &look.read, &proof, entry);
    }
    au_buf_done(&proof);
    *out_header = look.read.head;
    au_look_close(&look);
    if (err != AU_OK) au_fail(input->response, err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err);
    return err == AU_OK;
}

/* ---- writing ---- */

static void put_root(struct au_json_write *json, const struct au_header *header)
{
    au_json_put_u64(json, "height", header->height);
    au_json_put_hash(json, "state_root", &header->state_root);
}

static void put_account(struct au_json_write *json, const struct entry *entry)
{
    au_json_put_proof(json, "account_proof", entry->proof);
    if (!entry->account.exists) return;
    au_json_write_key(json, "account");
    au_json_write_begin_object(json);
    au_json_put_account(json, &entry->account);
    au_json_write_end_object(json);
}

static void put_storage_root(struct au_json_write *json, const struct entry *entry)
{
    if (!entry->account.has_storage) return;
    au_json_put_hash(json, "storage_root", &entry->account.storage_root);
}

static void put_slot(struct au_json_write *json, struct au_decoder *decoder,
                     const struct entry *entry, const struct slot *slot)
{
    au_json_put_hex(json, "key", slot->key);
    au_json_put_proof(json, "storage_proof", slot->proof);
    if (!slot->value.exists) return;
    au_json_put_hex(json, "value", slot->value.value);
    au_decoder_put_slot(decoder, json, &entry->account.code_hash, slot->key, slot->value.value);
}

static void put_slots(struct au_json_write *json, struct au_decoder *decoder,
                      const struct entry *entry)
{
    if (entry->slots == NULL) return;
    put_storage_root(json, entry);
    au_json_write_key(json, "slots");
    au_json_write_begin_array(json);
    for (const struct slot *slot = entry->slots; slot != NULL; slot = slot->next) {
        au_json_write_begin_object(json);
        put_slot(json, decoder, entry, slot);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

/* ---- one ---- */

void au_get_account_proof(struct au_input *input)
{
    struct entry entry = {0};
    struct au_header header;
    struct au_json_write json;
    if (!au_input_path_address(input, "address", &entry.address)) return;
    if (!prove_entries(input, &entry, &header)) return;
    au_reply_begin(&json, input->response, 200);
    au_json_put_address(&json, "address", &entry.address);
    put_root(&json, &header);
    put_account(&json, &entry);
    au_json_put_header(&json, "header", &header);
    au_reply_end(&json);
}

void au_get_slot_proof(struct au_input *input)
{
    struct slot slot = {0};
    struct entry entry = {.slots = &slot};
    struct au_header header;
    struct au_json_write json;
    struct au_decoder decoder;
    if (!au_input_path_slot_key(input, "key", &slot.key) ||
        !au_input_path_address(input, "address", &entry.address) ||
        !prove_entries(input, &entry, &header)) {
        return;
    }
    if (!entry.account.has_code) {
        au_input_fail_contract(input);
        return;
    }
    au_reply_begin(&json, input->response, 200);
    au_json_put_address(&json, "address", &entry.address);
    put_root(&json, &header);
    put_account(&json, &entry);
    au_json_put_address(&json, "contract", &entry.address);
    put_storage_root(&json, &entry);
    au_decoder_init(&decoder, input->api, AU_DECODER_SIZE_MAX);
    put_slot(&json, &decoder, &entry, &slot);
    au_decoder_done(&decoder);
    au_json_put_header(&json, "header", &header);
    au_reply_end(&json);
}

/* ---- many ---- */

/* What the query asks for, in its order. */
struct wanted {
    struct entry *first;
    struct entry *last;
    struct slot *last_slot; /* of the last entry */
    size_t count;           /* of all */
};

static void *make_room(struct au_input *input, struct wanted *wanted, size_t size)
{
    if (++wanted->count > PROVED_MAX) {
        au_input_fail(input, "account", "at most 50 of account and key", au_bytes_of("more"));
        return NULL;
    }
    void *room = au_arena_zero(&input->arena, size);
    if (room == NULL) au_input_fail_err(input, AU_ERR_NO_MEMORY);
    return room;
}

static void want_account(struct au_input *input, struct wanted *wanted, struct au_bytes text)
{
    struct entry *entry = make_room(input, wanted, sizeof(*entry));
    if (entry == NULL || !au_input_named_address(input, "account", text, &entry->address)) return;
    *(wanted->last != NULL ? &wanted->last->next : &wanted->first) = entry;
    wanted->last = entry;
    wanted->last_slot = NULL;
}

static void want_slot(struct au_input *input, struct wanted *wanted, struct au_bytes text)
{
    if (wanted->last == NULL) {
        au_input_fail(input, "key", "behind the account whose storage it is of", text);
        return;
    }
    struct slot *slot = make_room(input, wanted, sizeof(*slot));
    if (slot == NULL || !au_input_slot_key(input, "key", text, &slot->key)) return;
    *(wanted->last_slot != NULL ? &wanted->last_slot->next : &wanted->last->slots) = slot;
    wanted->last_slot = slot;
}

static struct entry *read_wanted(struct au_input *input)
{
    const struct au_request *request = input->request;
    struct wanted wanted = {0};
    for (size_t i = 0; !input->has_failed && i < request->query_count; i++) {
        const struct au_request_query *query = &request->query[i];
        if (au_bytes_is_equal(query->name, au_bytes_of("account"))) {
            want_account(input, &wanted, query->value);
        } else if (au_bytes_is_equal(query->name, au_bytes_of("key"))) {
            want_slot(input, &wanted, query->value);
        }
    }
    if (wanted.first == NULL) au_input_need(input, "account", "one account or more");
    return wanted.first;
}

void au_get_proofs(struct au_input *input)
{
    struct au_header header;
    struct au_json_write json;
    struct au_decoder decoder;
    struct entry *entries = read_wanted(input);
    if (!prove_entries(input, entries, &header)) return;
    au_reply_begin(&json, input->response, 200);
    put_root(&json, &header);
    au_decoder_init(&decoder, input->api, AU_DECODER_SIZE_MAX);
    au_json_write_key(&json, "accounts");
    au_json_write_begin_array(&json);
    for (const struct entry *entry = entries; entry != NULL; entry = entry->next) {
        au_json_write_begin_object(&json);
        au_json_put_address(&json, "address", &entry->address);
        put_account(&json, entry);
        put_slots(&json, &decoder, entry);
        au_json_write_end_object(&json);
    }
    au_json_write_end_array(&json);
    au_decoder_done(&decoder);
    au_json_put_header(&json, "header", &header);
    au_reply_end(&json);
}
