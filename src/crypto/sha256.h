/* SHA-256 and the tagged form that protocol.md section 1 uses everywhere:
 * H(tag, x) = SHA-256(u8 size of tag || tag || x).
 *
 * Cost: about 85 ns for 64 bytes with SHA-NI. Threading: pure functions. */
#ifndef AUREON_CRYPTO_SHA256_H
#define AUREON_CRYPTO_SHA256_H

#include "base/bytes.h"
#include "base/hash.h"

/* au_sha256 hashes bytes of any size. */
struct au_hash au_sha256(struct au_bytes bytes);

/* au_sha256_parts hashes the concatenation of count parts. */
struct au_hash au_sha256_parts(const struct au_bytes *parts, size_t count);

/* au_sha256_many hashes each of count messages by itself.
 *
 * out_hashes   count of them
 *
 * Cost: as one by one where the processor has instructions for SHA-256. Where it has none but has
 * AVX2, for tens of messages of some size: a fifth of that. */
void au_sha256_many(const struct au_bytes *messages, size_t count, struct au_hash *out_hashes);

/* Instructions that hash eight messages at once, the fastest first. */
enum au_sha256_lanes { AU_SHA256_AVX512, AU_SHA256_AVX2, AU_SHA256_LANES_COUNT };

/* au_sha256_lanes does so with these, whatever else there is. false: the processor lacks them, and
 * nothing was done. */
AU_MUST_USE bool au_sha256_lanes(enum au_sha256_lanes kind, const struct au_bytes *messages,
                                 size_t count, struct au_hash *out_hashes);

/* au_sha256_tagged gives H(tag, bytes). tag: a C string of at most 255 bytes. */
struct au_hash au_sha256_tagged(const char *tag, struct au_bytes bytes);

#endif
