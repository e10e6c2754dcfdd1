/* The host functions that hash and that check signatures. */
#include "contract/host_internal.h"
#include "crypto/digest.h"
#include "crypto/ecdsa.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"

/* ---- hashes ---- */

static enum au_host_next put_digest(struct au_instance *instance, const union au_value *args,
                                    struct au_hash (*digest)(struct au_bytes message))
{
    struct au_bytes message;
    if (!au_host_get(instance, args[0].u32, args[1].u32, &message) ||
        !au_instance_has_range(instance, args[2].u32, AU_HASH_SIZE)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    struct au_hash hash = digest(message);
    au_host_put(instance, args[2].u32, (struct au_bytes){hash.bytes, AU_HASH_SIZE});
    return AU_HOST_CONTINUE;
}

enum au_host_next au_host_sha256(struct au_instance *instance, union au_value *args)
{
    return put_digest(instance, args, au_sha256);
}

enum au_host_next au_host_keccak256(struct au_instance *instance, union au_value *args)
{
    return put_digest(instance, args, au_keccak256);
}

enum au_host_next au_host_blake2b_256(struct au_instance *instance, union au_value *args)
{
    return put_digest(instance, args, au_blake2b_256);
}

/* ---- signatures ---- */

enum au_host_next au_host_ed25519_verify(struct au_instance *instance, union au_value *args)
{
    struct au_bytes key;
    struct au_bytes sig;
    struct au_bytes message;
    if (!au_host_get(instance, args[0].u32, AU_ED25519_KEY_SIZE, &key) ||
        !au_host_get(instance, args[1].u32, AU_ED25519_SIGNATURE_SIZE, &sig) ||
        !au_host_get(instance, args[2].u32, args[3].u32, &message)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    return au_host_return_i32(args, au_ed25519_is_valid(key.data, sig.data, message) ? 1 : 0);
}

typedef bool ecdsa_check(const uint8_t *key, const uint8_t *sig, const uint8_t *hash);

static enum au_host_next check_ecdsa(struct au_instance *instance, union au_value *args,
                                     ecdsa_check *is_valid)
{
    struct au_bytes key;
    struct au_bytes sig;
    struct au_bytes hash;
    if (!au_host_get(instance, args[0].u32, AU_ECDSA_KEY_SIZE, &key) ||
        !au_host_get(instance, args[1].u32, AU_ECDSA_SIGNATURE_SIZE, &sig) ||
        !au_host_get(instance, args[2].u32, AU_HASH_SIZE, &hash)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    return au_host_return_i32(args, is_valid(key.data, sig.data, hash.data) ? 1 : 0);
}

enum au_host_next au_host_secp256k1_verify(struct au_instance *instance, union au_value *args)
{
    return check_ecdsa(instance, args, au_secp256k1_is_valid);
}

enum au_host_next au_host_p256_verify(struct au_instance *instance, union au_value *args)
{
    return check_ecdsa(instance, args, au_p256_is_valid);
}

enum au_host_next au_host_secp256k1_recover(struct au_instance *instance, union au_value *args)
{
    struct au_bytes sig;
    struct au_bytes hash;
    uint8_t point[AU_ECDSA_POINT_SIZE];
    if (!au_host_get(instance, args[0].u32, AU_ECDSA_RECOVERABLE_SIZE, &sig) ||
        !au_host_get(instance, args[1].u32, AU_HASH_SIZE, &hash) ||
        !au_instance_has_range(instance, args[2].u32, AU_ECDSA_POINT_SIZE)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    bool is_found = au_secp256k1_recover(sig.data, hash.data, point);
    if (is_found) au_host_put(instance, args[2].u32, (struct au_bytes){point, sizeof(point)});
    return au_host_return_i32(args, is_found ? 1 : 0);
}
