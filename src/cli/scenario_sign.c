#include "cli/scenario_sign.h"

#include "abi/type.h"
#include "cli/field.h"
#include "core/dev_account.h"
#include "crypto/ecdsa.h"
#include "crypto/sha256.h"
#include "crypto/sign.h"

#define SIGN       "sign:"
#define PUBLIC_KEY "public_key:"

#define DEPTH_MAX (2 * AU_ABI_DEPTH_MAX) /* of arrays and objects: more than any type has */

_Static_assert(DEPTH_MAX < AU_JSON_WRITE_DEPTH_MAX, "what is written");
_Static_assert(AU_ECDSA_SIGNATURE_SIZE == AU_SIGN_SIGNATURE_SIZE, "a signature");
_Static_assert(AU_ECDSA_SECRET_SIZE == AU_HASH_SIZE, "a seed is a secret");

/* ---- curves ---- */

struct signed_message {
    uint8_t key[AU_ECDSA_KEY_SIZE];
    uint8_t sig[AU_ECDSA_SIGNATURE_SIZE];
};

static bool sign_ed25519(const struct au_hash *seed, struct au_bytes message,
                         struct signed_message *out)
{
    struct au_sign_key key;
    au_sign_key_from_seed(&key, seed->bytes);
    memcpy(out->key, key.public_key, sizeof(key.public_key));
    au_sign(&key, message, out->sig);
    return true;
}

static bool sign_secp256k1(const struct au_hash *seed, struct au_bytes message,
                           struct signed_message *out)
{
    struct au_hash hash = au_sha256(message);
    return au_secp256k1_sign(seed->bytes, hash.bytes, out->key, out->sig);
}

static bool sign_p256(const struct au_hash *seed, struct au_bytes message,
                      struct signed_message *out)
{
    struct au_hash hash = au_sha256(message);
    return au_p256_sign(seed->bytes, hash.bytes, out->key, out->sig);
}

static const struct curve {
    const char *name;
    size_t key_size;
    bool (*sign)(const struct au_hash *seed, struct au_bytes message, struct signed_message *out);
} curves[] = {
    {"ed25519", AU_SIGN_KEY_SIZE, sign_ed25519},
    {"secp256k1", AU_ECDSA_KEY_SIZE, sign_secp256k1},
    {"p256", AU_ECDSA_KEY_SIZE, sign_p256},
};

/* Whose key, on which curve. */
struct signer {
    const struct curve *curve;
    struct au_hash seed;
};

/* ---- values ---- */

static enum au_err read_signer(const struct au_scenario_reader *reader, const char *where,
                               struct au_bytes text, struct signer *out_signer)
{
    for (size_t i = 0; i < AU_COUNT_OF(curves); i++) {
        size_t index;
        struct au_bytes name = text;
        if (!au_bytes_skip(&name, curves[i].name) || !au_bytes_skip(&name, ":")) continue;
        if (!au_dev_account_find(name, &index)) continue;
        *out_signer = (struct signer){&curves[i], au_dev_account_seed(index)};
        return AU_OK;
    }
    return au_field_fail_text(reader->message, where,
                              "behind " SIGN " or " PUBLIC_KEY
                              " ed25519, secp256k1 or p256, a colon, and a development account "
                              "(alice to judy)",
                              text);
}

/* A word of types without angle brackets, or what the ABI has under the name. */
static enum au_err find_type(const struct au_scenario_reader *reader, const char *where,
                             struct au_bytes name, struct au_abi_type *out_type)
{
    enum au_abi_type_kind kind = au_abi_word_find(name);
    struct au_abi_type type = {.kind = kind, .name = name};
    bool is_known = kind != AU_ABI_NAMED && au_abi_words[kind].item_count == 0;
    if (kind == AU_ABI_NAMED && reader->abi != NULL) {
        type.named = au_abi_find(reader->abi, AU_ABI_STRUCT, name);
        if (type.named == NULL) type.named = au_abi_find(reader->abi, AU_ABI_ENUM, name);
        is_known = type.named != NULL;
    }
    *out_type = type;
    if (is_known) return AU_OK;
    return au_field_fail_text(reader->message, where,
                              "what is signed under its type: a word as u64 or bytes, or a type or "
                              "enum of the contract's ABI",
                              name);
}

/* {"Order": {..}}: the bytes that are signed. */
static enum au_err read_message(const struct au_scenario_reader *reader, const char *where,
                                const struct au_json_in *message, struct au_bytes *out_bytes)
{
    struct au_abi_type type;
    struct au_json_in_member member = {0};
    struct au_scenario_value value = {0};
    struct au_buf json;
    AU_TRY(au_field_type(reader->message, where, message, AU_JSON_IN_OBJECT));
    if (au_json_in_count(message) != 1) {
        return au_field_fail(reader->message,
                             "%s: expected behind " SIGN " an object of one member, the type of "
                             "what is signed, got %zu",
                             where, au_json_in_count(message));
    }
    AU_ASSERT(au_json_in_next(message, &member));
    AU_TRY(find_type(reader, where, member.key, &type));
    value.is_text = au_json_in_type(member.value) == AU_JSON_IN_STRING;
    if (value.is_text) value.text = au_json_in_string(member.value);
    au_buf_init(&json, (size_t)6 * AU_SCENARIO_FILE_SIZE_MAX);
    au_json_in_put(member.value, &json);
    value.json = au_buf_bytes(&json);
    enum au_err err = json.err;
    struct au_scenario_reader inner = *reader;
    inner.is_signing = true;
    if (err == AU_OK) err = au_scenario_read_value(&inner, where, &type, &value, out_bytes);
    au_buf_done(&json);
    return err;
}

static enum au_err put_signature(const struct au_scenario_reader *reader, const char *where,
                                 struct au_bytes signer_text, const struct au_json_in *message,
                                 struct au_json_write *out)
{
    struct signer signer;
    struct au_bytes bytes;
    struct signed_message made;
    if (reader->is_signing) {
        return au_field_fail(reader->message, "%s: expected no signature in what is signed", where);
    }
    AU_TRY(read_signer(reader, where, signer_text, &signer));
    AU_TRY(read_message(reader, where, message, &bytes));
    AU_ASSERT(signer.curve->sign(&signer.seed, bytes, &made));
    au_json_write_hex(out, (struct au_bytes){made.sig, sizeof(made.sig)});
    return AU_OK;
}

static enum au_err put_key(const struct au_scenario_reader *reader, const char *where,
                           struct au_bytes signer_text, struct au_json_write *out)
{
    struct signer signer;
    struct signed_message made;
    AU_TRY(read_signer(reader, where, signer_text, &signer));
    AU_ASSERT(signer.curve->sign(&signer.seed, (struct au_bytes){0}, &made));
    au_json_write_hex(out, (struct au_bytes){made.key, signer.curve->key_size});
    return AU_OK;
}

static enum au_err put(const struct au_scenario_reader *reader, const char *where,
                       const struct au_json_in *value, struct au_json_write *out);

static enum au_err put_object(const struct au_scenario_reader *reader, const char *where,
                              const struct au_json_in *object, struct au_json_write *out)
{
    struct au_json_in_member member = {0};
    if (au_json_in_count(object) == 1) {
        AU_ASSERT(au_json_in_next(object, &member));
        struct au_bytes key = member.key;
        if (au_bytes_skip(&key, SIGN)) return put_signature(reader, where, key, member.value, out);
        member = (struct au_json_in_member){0};
    }
    au_json_write_begin_object(out);
    while (au_json_in_next(object, &member)) {
        au_json_write_key_bytes(out, member.key);
        AU_TRY(put(reader, where, member.value, out));
    }
    au_json_write_end_object(out);
    return AU_OK;
}

static enum au_err put_array(const struct au_scenario_reader *reader, const char *where,
                             const struct au_json_in *array, struct au_json_write *out)
{
    au_json_write_begin_array(out);
    for (size_t i = 0; i < au_json_in_count(array); i++) {
        AU_TRY(put(reader, where, au_json_in_item(array, i), out));
    }
    au_json_write_end_array(out);
    return AU_OK;
}

static enum au_err put_bare(const struct au_json_in *value, struct au_json_write *out)
{
    struct au_buf json;
    au_buf_init(&json, (size_t)6 * AU_SCENARIO_FILE_SIZE_MAX);
    au_json_in_put(value, &json);
    enum au_err err = json.err;
    if (err == AU_OK) au_json_write_bare(out, au_buf_bytes(&json));
    au_buf_done(&json);
    return err;
}

/* Recursion ends with DEPTH_MAX. */
static enum au_err put(const struct au_scenario_reader *reader, const char *where,
                       const struct au_json_in *value, struct au_json_write *out)
{
    enum au_json_in_type type = au_json_in_type(value);
    bool is_deep = out->depth >= DEPTH_MAX;
    if (type == AU_JSON_IN_OBJECT && !is_deep) return put_object(reader, where, value, out);
    if (type == AU_JSON_IN_ARRAY && !is_deep) return put_array(reader, where, value, out);
    if (type == AU_JSON_IN_STRING) {
        struct au_bytes text = au_json_in_string(value);
        if (au_bytes_skip(&text, PUBLIC_KEY)) return put_key(reader, where, text, out);
    }
    return put_bare(value, out);
}

/* ---- a whole value ---- */

/* Nearly every value has none. */
static bool may_sign(const struct au_scenario_value *value)
{
    struct au_bytes text = value->text;
    if (value->is_text) return au_bytes_skip(&text, PUBLIC_KEY);
    return memmem(value->json.data, value->json.size, "\"" SIGN, 1 + strlen(SIGN)) != NULL ||
           memmem(value->json.data, value->json.size, "\"" PUBLIC_KEY, 1 + strlen(PUBLIC_KEY)) !=
               NULL;
}

static enum au_err keep(const struct au_scenario_reader *reader, struct au_bytes json,
                        struct au_scenario_value *out_value)
{
    struct au_scenario_value value = {.is_text = json.data[0] == '"'};
    AU_TRY(au_arena_copy(reader->arena, json, &value.json));
    if (value.is_text) { /* digits between quotes; a 0 stands behind them */
        uint8_t *text = au_arena_zero(reader->arena, json.size - 1);
        if (text == NULL) return AU_ERR_NO_MEMORY;
        memcpy(text, json.data + 1, json.size - 2);
        value.text = (struct au_bytes){text, json.size - 2};
    }
    *out_value = value;
    return AU_OK;
}

enum au_err au_scenario_sign(const struct au_scenario_reader *reader, const char *where,
                             const struct au_scenario_value *value,
                             struct au_scenario_value *out_value)
{
    struct au_json_in *root;
    struct au_json_write json;
    struct au_buf text;
    *out_value = *value;
    if (!may_sign(value)) return AU_OK;
    AU_TRY(au_json_in_parse(value->json, NULL, &root));
    au_buf_init(&text, (size_t)6 * AU_SCENARIO_FILE_SIZE_MAX);
    au_json_write_init(&json, &text, AU_JSON_WRITE_COMPACT);
    enum au_err err = put(reader, where, root, &json);
    if (err == AU_OK) err = text.err;
    if (err == AU_OK) err = keep(reader, au_buf_bytes(&text), out_value);
    au_buf_done(&text);
    au_json_in_free(root);
    return err;
}
