/* A vault whose money moves by signatures alone, whoever sends them: of an Ed25519 key, or of an
 * ECDSA key on secp256k1 or P-256, as phones and security keys have. */
#include "aureon_contract.h"

AUREON_CONTRACT(vault, 1.0.0)

enum { ED25519 = 0, SECP256K1 = 1, P256 = 2 };

/* What is signed: Ed25519 signs these bytes, ECDSA their SHA-256. The vault's address and a number
 * that never comes twice keep a signature from working elsewhere or again. */
AUREON_STRUCT(Order, (address, vault), (u64, number), (address, to), (u64, amount))

AUREON_STORAGE(kind, u8, "kind")
AUREON_STORAGE(key, bytes, "key")
AUREON_STORAGE(number, u64, "number")

AUREON_ERROR(1, BadSignature, "the signature is not the key's, for this order")
AUREON_ERROR(2, NotPaid, "a transfer was refused", (u8, result))
AUREON_EVENT(Paid, "an order was followed", (address, to, topic), (u64, number), (u64, amount))

AUREON_FN(init, void, init, "kind: 0 Ed25519, 1 secp256k1, 2 P-256", (u8, of), (bytes, public_key))
{
    AUREON_REQUIRE(of <= P256, "kind is 0, 1 or 2");
    AUREON_REQUIRE(public_key.size == (of == ED25519 ? 32 : 33), "a key has 32 or 33 bytes");
    kind_set(of);
    key_set(public_key);
}

AUREON_FN(fund, void, payable, "Takes what comes with the call")
{
}

AUREON_FN(next, u64, view, "The number that the next order must have")
{
    return number_get();
}

static bool is_signed(const struct Order *order, const void *sig)
{
    struct aureon_cursor to = {0, 0, false};
    uint8_t message[sizeof(struct Order)], hash[32];
    aureon_bytes public_key = key_get();
    uint8_t of = kind_get();
    aureon_put_Order(&to, order);
    uint32_t size = to.pos;
    memcpy(message, aureon_scratch, size);
    if (of == ED25519) return aureon_ed25519_verify(public_key.data, sig, message, size) == 1;
    aureon_sha256(message, size, hash);
    if (of == SECP256K1) return aureon_secp256k1_verify(public_key.data, sig, hash) == 1;
    return aureon_p256_verify(public_key.data, sig, hash) == 1;
}

AUREON_FN(pay, void, mut, "Pays what the key ordered", (address, to), (u64, amount), (bytes, sig))
{
    struct Order order = {aureon_get_self_address(), number_get(), to, amount};
    if (sig.size != 64 || !is_signed(&order, sig.data)) fail_BadSignature();
    number_set(aureon_add(order.number, 1));
    enum aureon_transfer result = aureon_pay(to, amount);
    if (result != AUREON_TRANSFER_DONE) fail_NotPaid((uint8_t)result);
    emit_Paid(to, order.number, amount);
}
