#include "crypto/ed25519.h"

#include <aureon_engine.h>

bool au_ed25519_is_valid(const uint8_t key[AU_ED25519_KEY_SIZE],
                         const uint8_t sig[AU_ED25519_SIGNATURE_SIZE], struct au_bytes message)
{
    return aureon_engine_ed25519_verify(key, sig, message.data, message.size) == 1;
}

/* A signature of the engine's batch is our item under another name. */
_Static_assert(sizeof(struct aureon_engine_signature) == sizeof(struct au_ed25519_item),
               "same size");
_Static_assert(offsetof(struct aureon_engine_signature, key) ==
                   offsetof(struct au_ed25519_item, key),
               "same place of key");
_Static_assert(offsetof(struct aureon_engine_signature, sig) ==
                   offsetof(struct au_ed25519_item, sig),
               "same place of sig");
_Static_assert(offsetof(struct aureon_engine_signature, message.data) ==
                   offsetof(struct au_ed25519_item, message.data),
               "same place of the message's data");
_Static_assert(offsetof(struct aureon_engine_signature, message.size) ==
                   offsetof(struct au_ed25519_item, message.size),
               "same place of the message's size");

/* Decoded keys are the engine's own. */

struct au_ed25519_keys *au_ed25519_keys_new(size_t count_max)
{
    return (struct au_ed25519_keys *)aureon_engine_keys_new(count_max);
}

void au_ed25519_keys_free(struct au_ed25519_keys *keys)
{
    aureon_engine_keys_free((struct aureon_engine_keys *)keys);
}

size_t au_ed25519_keys_count(const struct au_ed25519_keys *keys)
{
    return aureon_engine_keys_count((const struct aureon_engine_keys *)keys);
}

bool au_ed25519_are_valid(struct au_ed25519_keys *keys, const struct au_ed25519_item *items,
                          size_t count)
{
    struct aureon_engine_keys *known = (struct aureon_engine_keys *)keys;
    const struct aureon_engine_signature *signatures =
        (const struct aureon_engine_signature *)items;
    return aureon_engine_ed25519_verify_batch(known, signatures, count) == 1;
}

/* Below this an equation saves too little to be worth its risk of failing. */
#define BATCH_MIN 4

/* With one item not valid the equations hold n, then n more in two halves, then n / 2, n / 4, ...:
 * less than 3 n items. More would be wasted where single checks cost but twice an equation's. */
#define BATCHED_PER_ITEM 3

/* Each split leaves one more run waiting and halves the size, so no more than its bits. */
#define RUNS_MAX (8 * sizeof(size_t) + 1)

struct run {
    size_t first;
    size_t count;
    bool is_first_half;
    bool is_refuted; /* holds an item that is not valid, so its equation would fail */
};

static void check_singly(const struct au_ed25519_item *items, size_t count, bool *out_is_valid)
{
    for (size_t i = 0; i < count; i++) {
        out_is_valid[i] = au_ed25519_is_valid(items[i].key, items[i].sig, items[i].message);
    }
}

void au_ed25519_check(struct au_ed25519_keys *keys, const struct au_ed25519_item *items,
                      size_t count, bool *out_is_valid)
{
    struct run runs[RUNS_MAX];
    size_t depth = 0;
    size_t batched_left = BATCHED_PER_ITEM * count;
    if (count > 0) runs[depth++] = (struct run){.first = 0, .count = count};
    while (depth > 0) {
        struct run run = runs[--depth];
        if (run.count < BATCH_MIN || run.count > batched_left) {
            check_singly(items + run.first, run.count, out_is_valid + run.first);
            continue;
        }
        if (!run.is_refuted) {
            batched_left -= run.count;
            if (au_ed25519_are_valid(keys, items + run.first, run.count)) {
                memset(out_is_valid + run.first, true, run.count);
                /* What made the whole fail must be in the other half, which waits on top. */
                if (run.is_first_half) runs[depth - 1].is_refuted = true;
                continue;
            }
        }
        size_t half = run.count / 2;
        AU_ASSERT(depth + 2 <= RUNS_MAX);
        runs[depth++] = (struct run){.first = run.first + half, .count = run.count - half};
        runs[depth++] = (struct run){.first = run.first, .count = half, .is_first_half = true};
    }
}

bool au_ed25519_is_small_order(const uint8_t key[AU_ED25519_KEY_SIZE])
{
    return aureon_engine_ed25519_key_is_small_order(key) != 0;
}
