#include "core/tx.h"

#include "core/limits.h"
#include "crypto/sha256.h"

#define SIGNED_DOMAIN "aureon/tx/1"

#define STEPS_BASE          50000u
#define STEPS_PER_BYTE      100u
#define STEPS_CODE          10000000u /* Deploy and Upgrade */
#define STEPS_PER_CODE_BYTE 2000u

static const char *const kind_names[AU_TX_KIND_COUNT] = {
    [AU_TX_TRANSFER] = "Transfer", [AU_TX_DEPLOY] = "ContractDeploy",
    [AU_TX_CALL] = "ContractCall", [AU_TX_STAKE] = "Stake",
    [AU_TX_UNSTAKE] = "Unstake",   [AU_TX_UPGRADE] = "ContractUpgrade",
};

const char *au_tx_kind_name(enum au_tx_kind kind)
{
    AU_ASSERT((unsigned)kind < AU_TX_KIND_COUNT);
    return kind_names[kind];
}

/* ---- decode ---- */

const char au_tx_other_version[] = "a version that is not 1";

static bool is_name_byte(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

static void decode_function(struct au_decode *decode, struct au_tx *tx)
{
    tx->function = au_decode_bytes(decode, AU_FUNCTION_SIZE_MAX);
    bool is_name = tx->function.size > 0;
    for (size_t i = 0; i < tx->function.size; i++) {
        is_name &= is_name_byte(tx->function.data[i]);
    }
    if (!is_name) au_decode_fail(decode, "a function name that is not 1..64 of A-Z a-z 0-9 _");
}

static void decode_args(struct au_decode *decode, struct au_tx *tx)
{
    size_t size_left = AU_ARGS_SIZE_MAX;
    tx->arg_count = au_decode_count(decode, AU_ARG_COUNT_MAX, sizeof(uint32_t));
    struct au_bytes before = decode->rest;
    for (uint32_t i = 0; i < tx->arg_count; i++) {
        size_left -= au_decode_bytes(decode, size_left).size;
    }
    if (!decode->error) tx->args = (struct au_bytes){before.data, before.size - decode->rest.size};
}

static void decode_deploy(struct au_decode *decode, struct au_tx *tx)
{
    tx->code = au_decode_bytes(decode, AU_TX_SIZE_MAX);
    tx->gas_limit = au_decode_u64(decode);
    tx->value = au_decode_u64(decode);
    decode_args(decode, tx);
    tx->has_admin = au_decode_option(decode);
    if (tx->has_admin) au_decode_raw(decode, tx->admin.bytes, AU_ADDRESS_SIZE);
}

static void decode_call(struct au_decode *decode, struct au_tx *tx)
{
    au_decode_raw(decode, tx->to.bytes, AU_ADDRESS_SIZE);
    decode_function(decode, tx);
    decode_args(decode, tx);
    tx->gas_limit = au_decode_u64(decode);
    tx->value = au_decode_u64(decode);
}

static void decode_stake(struct au_decode *decode, struct au_tx *tx)
{
    tx->amount = au_decode_u64(decode);
    tx->has_validator = au_decode_option(decode);
    if (!tx->has_validator) return;
    au_decode_raw(decode, tx->validator_key, sizeof(tx->validator_key));
    au_decode_raw(decode, tx->validator_proof, sizeof(tx->validator_proof));
}

static void decode_upgrade(struct au_decode *decode, struct au_tx *tx)
{
    au_decode_raw(decode, tx->to.bytes, AU_ADDRESS_SIZE);
    tx->code = au_decode_bytes(decode, AU_TX_SIZE_MAX);
    tx->gas_limit = au_decode_u64(decode);
    decode_args(decode, tx);
}

static void decode_payload(struct au_decode *decode, struct au_tx *tx)
{
    uint8_t tag = au_decode_u8(decode);
    if (tag >= AU_TX_KIND_COUNT) {
        au_decode_fail(decode, "an unknown payload tag");
        return;
    }
    tx->kind = (enum au_tx_kind)tag;
    switch (tx->kind) {
    case AU_TX_TRANSFER:
        au_decode_raw(decode, tx->to.bytes, AU_ADDRESS_SIZE);
        tx->amount = au_decode_u64(decode);
        break;
    case AU_TX_DEPLOY: decode_deploy(decode, tx); break;
    case AU_TX_CALL: decode_call(decode, tx); break;
    case AU_TX_STAKE: decode_stake(decode, tx); break;
    case AU_TX_UNSTAKE: tx->amount = au_decode_u64(decode); break;
    case AU_TX_UPGRADE: decode_upgrade(decode, tx); break;
    }
}

bool au_tx_decode(struct au_bytes bytes, struct au_tx *out_tx, struct au_decode *out_error)
{
    struct au_decode *decode = out_error;
    *out_tx = (struct au_tx){0};
    au_decode_init(decode, bytes);
    if (bytes.size > AU_TX_SIZE_MAX) {
        au_decode_fail(decode, "more than 1 MiB");
        return false;
    }
    out_tx->version = au_decode_u8(decode);
    au_decode_raw(decode, out_tx->from.bytes, AU_ADDRESS_SIZE);
    out_tx->nonce = au_decode_u64(decode);
    out_tx->gas_price = au_decode_u64(decode);
    out_tx->valid_until = au_decode_u64(decode);
    decode_payload(decode, out_tx);
    au_decode_raw(decode, out_tx->signature, AU_TX_SIGNATURE_SIZE);
    /* Last: bytes that are no transaction of this version are no transaction at all. */
    if (au_decode_is_done(decode) && out_tx->version != AU_TX_VERSION) {
        decode->error = au_tx_other_version;
    }
    return !decode->error;
}

/* ---- encode ---- */

static void put_sized(struct au_buf *buf, struct au_bytes bytes)
{
    au_buf_put_u32(buf, (uint32_t)bytes.size);
    au_buf_put_bytes(buf, bytes);
}

static void put_address(struct au_buf *buf, const struct au_address *address)
{
    au_buf_put(buf, address->bytes, AU_ADDRESS_SIZE);
}

static void put_args(struct au_buf *buf, const struct au_tx *tx)
{
    au_buf_put_u32(buf, tx->arg_count);
    au_buf_put_bytes(buf, tx->args);
}

static void put_deploy(struct au_buf *buf, const struct au_tx *tx)
{
    put_sized(buf, tx->code);
    au_buf_put_u64(buf, tx->gas_limit);
    au_buf_put_u64(buf, tx->value);
    put_args(buf, tx);
    au_buf_put_u8(buf, tx->has_admin);
    if (tx->has_admin) put_address(buf, &tx->admin);
}

static void put_payload(struct au_buf *buf, const struct au_tx *tx)
{
    au_buf_put_u8(buf, (uint8_t)tx->kind);
    switch (tx->kind) {
    case AU_TX_TRANSFER:
        put_address(buf, &tx->to);
        au_buf_put_u64(buf, tx->amount);
        break;
    case AU_TX_DEPLOY: put_deploy(buf, tx); break;
    case AU_TX_CALL:
        put_address(buf, &tx->to);
        put_sized(buf, tx->function);
        put_args(buf, tx);
        au_buf_put_u64(buf, tx->gas_limit);
        au_buf_put_u64(buf, tx->value);
        break;
    case AU_TX_STAKE:
        au_buf_put_u64(buf, tx->amount);
        au_buf_put_u8(buf, tx->has_validator);
        if (!tx->has_validator) break;
        au_buf_put(buf, tx->validator_key, sizeof(tx->validator_key));
        au_buf_put(buf, tx->validator_proof, sizeof(tx->validator_proof));
        break;
    case AU_TX_UNSTAKE: au_buf_put_u64(buf, tx->amount); break;
    case AU_TX_UPGRADE:
        put_address(buf, &tx->to);
        put_sized(buf, tx->code);
        au_buf_put_u64(buf, tx->gas_limit);
        put_args(buf, tx);
        break;
    }
}

void au_tx_encode_body(struct au_buf *buf, const struct au_tx *tx)
{
    au_buf_put_u8(buf, tx->version);
    put_address(buf, &tx->from);
    au_buf_put_u64(buf, tx->nonce);
    au_buf_put_u64(buf, tx->gas_price);
    au_buf_put_u64(buf, tx->valid_until);
    put_payload(buf, tx);
}

void au_tx_encode(struct au_buf *buf, const struct au_tx *tx)
{
    au_tx_encode_body(buf, tx);
    au_buf_put(buf, tx->signature, AU_TX_SIGNATURE_SIZE);
}

/* ---- what follows from the bytes ---- */

size_t au_tx_args(const struct au_tx *tx, struct au_bytes out_args[AU_ARG_COUNT_MAX])
{
    struct au_decode decode;
    AU_ASSERT(tx->arg_count <= AU_ARG_COUNT_MAX);
    au_decode_init(&decode, tx->args);
    for (uint32_t i = 0; i < tx->arg_count; i++) {
        out_args[i] = au_decode_bytes(&decode, AU_ARGS_SIZE_MAX);
    }
    AU_ASSERT(au_decode_is_done(&decode));
    return tx->arg_count;
}

struct au_bytes au_tx_function(const struct au_tx *tx)
{
    if (tx->kind == AU_TX_DEPLOY) return au_bytes_of("init");
    return tx->kind == AU_TX_UPGRADE ? au_bytes_of("migrate") : tx->function;
}

struct au_hash au_tx_id(struct au_bytes bytes)
{
    return au_sha256(bytes);
}

void au_tx_put_signed_message(struct au_buf *buf, const struct au_hash *genesis_hash,
                              struct au_bytes body)
{
    au_buf_put_text(buf, SIGNED_DOMAIN);
    au_buf_put(buf, genesis_hash->bytes, AU_HASH_SIZE);
    au_buf_put_bytes(buf, body);
}

struct au_hash au_tx_proof_message(const struct au_hash *genesis_hash,
                                   const struct au_address *from)
{
    static const char tag[] = "\x0a"
                              "aureon/pop"; /* its size in front */
    struct au_bytes parts[] = {
        {(const uint8_t *)tag, sizeof(tag) - 1},
        {genesis_hash->bytes, AU_HASH_SIZE},
        {from->bytes, AU_ADDRESS_SIZE},
    };
    return au_sha256_parts(parts, AU_COUNT_OF(parts));
}

size_t au_tx_signed_message_size(size_t body_size)
{
    return sizeof(SIGNED_DOMAIN) - 1 + AU_HASH_SIZE + body_size;
}

uint64_t au_tx_intrinsic_steps(const struct au_tx *tx, size_t size)
{
    uint64_t steps = STEPS_BASE + (uint64_t)size * STEPS_PER_BYTE;
    if (tx->kind == AU_TX_DEPLOY || tx->kind == AU_TX_UPGRADE) {
        steps += STEPS_CODE + (uint64_t)tx->code.size * STEPS_PER_CODE_BYTE;
    }
    return steps;
}
