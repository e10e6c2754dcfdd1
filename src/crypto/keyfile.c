#include "crypto/keyfile.h"

#include <sodium.h>
#include <string.h>

#include "base/hex.h"
#include "base/json_in.h"
#include "base/json_write.h"
#include "crypto/random.h"

#define KDF    "argon2id"
#define CIPHER "xchacha20-poly1305"

#define MEMORY_STEP   1024u /* bytes */
#define SECRET_SIZE   crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define NAME_SIZE_MAX 32u /* bytes of an unknown member's name that a message shows */

_Static_assert(AU_KEYFILE_SALT_SIZE == crypto_pwhash_argon2id_SALTBYTES, "salt");
_Static_assert(AU_KEYFILE_NONCE_SIZE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(AU_KEYFILE_DATA_SIZE ==
                   AU_SIGN_SEED_SIZE + crypto_aead_xchacha20poly1305_ietf_ABYTES,
               "sealed seed");
_Static_assert(AU_KEYFILE_MEMORY_MIN >= crypto_pwhash_argon2id_MEMLIMIT_MIN, "memory");
_Static_assert(crypto_pwhash_argon2id_OPSLIMIT_MIN == 1, "ops");

const struct au_keyfile_cost au_keyfile_cost_default = {.ops = 3, .memory_size = 256u << 20};

/* ---- text ---- */

enum member_kind { MEMBER_WORD, MEMBER_NUMBER, MEMBER_HEX, MEMBER_ADDRESS };

struct member {
    const char *name;
    enum member_kind kind;
    const char *word;   /* of WORD: the only one there is */
    size_t offset;      /* of NUMBER and HEX: the field in struct au_keyfile */
    size_t size;        /* of HEX: bytes; of NUMBER: 0 if there is no field, only value_min */
    uint32_t value_min; /* of NUMBER */
    uint32_t value_max;
    uint32_t value_step;
};

#define FIELD(name) .offset = offsetof(struct au_keyfile, name)

/* In the order in which they are written. */
static const struct member members[] = {
    {"version", MEMBER_NUMBER, .value_min = 1, .value_max = 1, .value_step = 1},
    {"address", MEMBER_ADDRESS, FIELD(address)},
    {"kdf", MEMBER_WORD, .word = KDF},
    {"ops", MEMBER_NUMBER, FIELD(cost.ops), .size = sizeof(uint32_t), .value_min = 1,
     .value_max = AU_KEYFILE_OPS_MAX, .value_step = 1},
    {"memory", MEMBER_NUMBER, FIELD(cost.memory_size), .size = sizeof(uint32_t),
     .value_min = AU_KEYFILE_MEMORY_MIN, .value_max = AU_KEYFILE_MEMORY_MAX,
     .value_step = MEMORY_STEP},
    {"salt", MEMBER_HEX, FIELD(salt), .size = AU_KEYFILE_SALT_SIZE},
    {"cipher", MEMBER_WORD, .word = CIPHER},
    {"nonce", MEMBER_HEX, FIELD(nonce), .size = AU_KEYFILE_NONCE_SIZE},
    {"data", MEMBER_HEX, FIELD(data), .size = AU_KEYFILE_DATA_SIZE},
};

static bool is_address(struct au_bytes text)
{
    if (text.size == 0 || text.size > AU_KEYFILE_ADDRESS_SIZE_MAX) return false;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7f) return false;
    }
    return true;
}

static bool read_number(const struct member *member, int64_t value, uint8_t *field)
{
    if (value < member->value_min || value > member->value_max) return false;
    if (value % member->value_step != 0) return false;
    uint32_t number = (uint32_t)value;
    memcpy(field, &number, member->size);
    return true;
}

static bool read_member(const struct member *member, const struct au_json_in *value,
                        struct au_keyfile *keyfile)
{
    uint8_t *field = (uint8_t *)keyfile + member->offset;
    enum au_json_in_type type =
        member->kind == MEMBER_NUMBER ? AU_JSON_IN_INTEGER : AU_JSON_IN_STRING;
    if (au_json_in_type(value) != type) return false;
    if (member->kind == MEMBER_NUMBER) {
        return read_number(member, au_json_in_integer(value), field);
    }
    struct au_bytes text = au_json_in_string(value);
    if (member->kind == MEMBER_HEX) return au_hex_parse(text, field, member->size) == AU_OK;
    if (member->kind == MEMBER_WORD) return au_bytes_is_equal(text, au_bytes_of(member->word));
    if (!is_address(text)) return false;
    memcpy(keyfile->address, text.data, text.size);
    keyfile->address_size = text.size;
    return true;
}

static void put_expected(struct au_buf *message, const struct member *member)
{
    au_buf_printf(message, "member '%s': expected ", member->name);
    switch (member->kind) {
    case MEMBER_WORD: au_buf_printf(message, "\"%s\"", member->word); break;
    case MEMBER_HEX: au_buf_printf(message, "0x and %zu hex digits", 2 * member->size); break;
    case MEMBER_ADDRESS:
        au_buf_printf(message, "1 to %u printable ASCII characters without spaces",
                      AU_KEYFILE_ADDRESS_SIZE_MAX);
        break;
    case MEMBER_NUMBER:
        if (member->value_min == member->value_max) {
            au_buf_printf(message, "%u", member->value_min);
        } else {
            au_buf_printf(message, "an integer from %u to %u", member->value_min,
                          member->value_max);
        }
        if (member->value_step > 1) {
            au_buf_printf(message, ", a multiple of %u", member->value_step);
        }
        break;
    }
}

/* The names in a file may hold anything: only one that is as harmless as ours is shown. */
static void put_unknown(struct au_buf *message, struct au_bytes name)
{
    bool is_plain = name.size > 0 && name.size <= NAME_SIZE_MAX;
    for (size_t i = 0; is_plain && i < name.size; i++) {
        is_plain = name.data[i] > 0x20 && name.data[i] < 0x7f;
    }
    au_buf_put_text(message, "a member that no key file has");
    if (is_plain) au_buf_printf(message, ": '%.*s'", (int)name.size, (const char *)name.data);
}

static const struct member *find_member(struct au_bytes name)
{
    for (size_t i = 0; i < AU_COUNT_OF(members); i++) {
        if (au_bytes_is_equal(name, au_bytes_of(members[i].name))) return &members[i];
    }
    return NULL;
}

static bool read_members(const struct au_json_in *root, struct au_buf *message,
                         struct au_keyfile *keyfile)
{
    if (au_json_in_type(root) != AU_JSON_IN_OBJECT) {
        au_buf_printf(message, "expected an object, got %s",
                      au_json_in_type_name(au_json_in_type(root)));
        return false;
    }
    struct au_json_in_member given = {0};
    while (au_json_in_next(root, &given)) {
        if (find_member(given.key) != NULL) continue;
        put_unknown(message, given.key);
        return false;
    }
    for (size_t i = 0; i < AU_COUNT_OF(members); i++) {
        const struct au_json_in *value = au_json_in_get(root, members[i].name);
        if (value != NULL && read_member(&members[i], value, keyfile)) continue;
        if (value == NULL) {
            au_buf_printf(message, "member '%s' is missing", members[i].name);
        } else {
            put_expected(message, &members[i]);
        }
        return false;
    }
    return true;
}

enum au_err au_keyfile_parse(struct au_bytes text, struct au_buf *message,
                             struct au_keyfile *out_keyfile)
{
    struct au_buf nowhere;
    struct au_json_in *root;
    struct au_keyfile keyfile = {0};
    au_buf_init(&nowhere, 0);
    if (message == NULL) message = &nowhere;
    if (text.size > AU_KEYFILE_SIZE_MAX) {
        au_buf_printf(message, "more than %u bytes", AU_KEYFILE_SIZE_MAX);
        au_buf_done(&nowhere);
        return AU_ERR_MALFORMED;
    }
    enum au_err err = au_json_in_parse(text, message, &root);
    if (err == AU_OK) {
        if (!read_members(root, message, &keyfile)) err = AU_ERR_MALFORMED;
        au_json_in_free(root);
    }
    au_buf_done(&nowhere);
    if (err == AU_OK) *out_keyfile = keyfile;
    return err;
}

static struct au_bytes address_of(const struct au_keyfile *keyfile)
{
    return (struct au_bytes){keyfile->address, keyfile->address_size};
}

static void put_number(struct au_json_write *json, const struct member *member,
                       const uint8_t *field)
{
    uint32_t number = member->value_min;
    memcpy(&number, field, member->size);
    AU_ASSERT(number >= member->value_min && number <= member->value_max);
    AU_ASSERT(number % member->value_step == 0);
    au_json_write_u32(json, number);
}

void au_keyfile_put(struct au_buf *buf, const struct au_keyfile *keyfile)
{
    struct au_json_write json;
    AU_ASSERT(is_address(address_of(keyfile)));
    au_json_write_init(&json, buf, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&json);
    for (size_t i = 0; i < AU_COUNT_OF(members); i++) {
        const struct member *member = &members[i];
        const uint8_t *field = (const uint8_t *)keyfile + member->offset;
        au_json_write_key(&json, member->name);
        switch (member->kind) {
        case MEMBER_WORD: au_json_write_text(&json, member->word); break;
        case MEMBER_NUMBER: put_number(&json, member, field); break;
        case MEMBER_HEX: au_json_write_hex(&json, (struct au_bytes){field, member->size}); break;
        case MEMBER_ADDRESS: au_json_write_bytes(&json, address_of(keyfile)); break;
        }
    }
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
}

/* ---- sealing and opening ---- */

static bool is_password(struct au_bytes password)
{
    return password.size >= 1 && password.size <= AU_KEYFILE_PASSWORD_MAX;
}

/* Its arguments are in their bounds, so that memory is all it can fail for. */
static enum au_err derive(const struct au_keyfile *keyfile, struct au_bytes password,
                          uint8_t out_secret[SECRET_SIZE])
{
    int failed = crypto_pwhash_argon2id(out_secret, SECRET_SIZE, (const char *)password.data,
                                        password.size, keyfile->salt, keyfile->cost.ops,
                                        keyfile->cost.memory_size, crypto_pwhash_ALG_ARGON2ID13);
    return failed ? AU_ERR_NO_MEMORY : AU_OK;
}

enum au_err au_keyfile_seal(const struct au_sign_key *key, struct au_bytes password,
                            struct au_bytes address, struct au_buf *buf)
{
    return au_keyfile_seal_at_cost(key, password, address, &au_keyfile_cost_default, buf);
}

enum au_err au_keyfile_seal_at_cost(const struct au_sign_key *key, struct au_bytes password,
                                    struct au_bytes address, const struct au_keyfile_cost *cost,
                                    struct au_buf *buf)
{
    uint8_t secret[SECRET_SIZE];
    struct au_keyfile keyfile = {.cost = *cost, .address_size = address.size};
    AU_ASSERT(is_address(address));
    AU_ASSERT(sodium_init() >= 0);
    if (!is_password(password)) return AU_ERR_INVALID_ARG;
    memcpy(keyfile.address, address.data, address.size);
    au_random_bytes(keyfile.salt, sizeof(keyfile.salt));
    au_random_bytes(keyfile.nonce, sizeof(keyfile.nonce));
    enum au_err err = derive(&keyfile, password, secret);
    if (err == AU_OK) {
        crypto_aead_xchacha20poly1305_ietf_encrypt(keyfile.data, NULL, key->seed, sizeof(key->seed),
                                                   keyfile.address, keyfile.address_size, NULL,
                                                   keyfile.nonce, secret);
        au_keyfile_put(buf, &keyfile);
        err = buf->err;
    }
    sodium_memzero(secret, sizeof(secret));
    return err;
}

enum au_err au_keyfile_open(struct au_bytes text, struct au_bytes password,
                            struct au_sign_key *out_key, struct au_buf *message)
{
    uint8_t secret[SECRET_SIZE];
    uint8_t seed[AU_SIGN_SEED_SIZE];
    struct au_keyfile keyfile;
    AU_ASSERT(sodium_init() >= 0);
    AU_TRY(au_keyfile_parse(text, message, &keyfile));
    if (!is_password(password)) return AU_ERR_INVALID_ARG;
    enum au_err err = derive(&keyfile, password, secret);
    if (err == AU_OK) {
        bool is_opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
                             seed, NULL, NULL, keyfile.data, sizeof(keyfile.data), keyfile.address,
                             keyfile.address_size, keyfile.nonce, secret) == 0;
        if (is_opened) au_sign_key_from_seed(out_key, seed);
        if (!is_opened) err = AU_ERR_INVALID_ARG;
    }
    sodium_memzero(secret, sizeof(secret));
    sodium_memzero(seed, sizeof(seed));
    return err;
}
