#include "mempool/mempool_internal.h"

#include <string.h>

static inline uint64_t rotate_left(uint64_t word, unsigned bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate_left(v[1], 13) ^ v[0];
    v[0] = rotate_left(v[0], 32);
    v[2] += v[3];
    v[3] = rotate_left(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate_left(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate_left(v[1], 17) ^ v[2];
    v[2] = rotate_left(v[2], 32);
}

uint64_t au_pool_hash(const uint64_t seed[2], const uint8_t key[32])
{
    uint64_t v[4] = {
        seed[0] ^ 0x736f6d6570736575u,
        seed[1] ^ 0x646f72616e646f6du,
        seed[0] ^ 0x6c7967656e657261u,
        seed[1] ^ 0x7465646279746573u,
    };
    uint64_t words[5] = {[4] = (uint64_t)32 << 56};
    memcpy(words, key, 32);
    for (size_t i = 0; i < AU_COUNT_OF(words); i++) {
        v[3] ^= words[i];
        sip_round(v);
        v[0] ^= words[i];
    }
    v[2] ^= 0xff;
    for (size_t i = 0; i < 3; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static struct au_pool_link **row_of(const struct au_pool_index *index, uint64_t hash)
{
    return &index->rows[(size_t)hash & (index->row_count - 1)];
}

void au_pool_index_add(struct au_pool_index *index, struct au_pool_link *link)
{
    struct au_pool_link **row = row_of(index, link->hash);
    link->next = *row;
    *row = link;
}

void au_pool_index_remove(struct au_pool_index *index, struct au_pool_link *link)
{
    struct au_pool_link **at = row_of(index, link->hash);
    while (*at != link) {
        AU_ASSERT(*at);
        at = &(*at)->next;
    }
    *at = link->next;
}

struct au_pool_tx *au_pool_find_tx(const struct au_mempool *pool, const struct au_hash *id)
{
    uint64_t hash = au_pool_hash(pool->options.seed, id->bytes);
    for (struct au_pool_link *link = *row_of(&pool->by_id, hash); link; link = link->next) {
        struct au_pool_tx *tx = link->entry;
        if (link->hash == hash && au_hash_is_equal(&tx->checked.id, id)) return tx;
    }
    return NULL;
}

struct au_pool_sender *au_pool_find_sender(const struct au_mempool *pool,
                                           const struct au_address *address)
{
    uint64_t hash = au_pool_hash(pool->options.seed, address->bytes);
    for (struct au_pool_link *link = *row_of(&pool->by_address, hash); link; link = link->next) {
        struct au_pool_sender *sender = link->entry;
        if (link->hash == hash && au_address_is_equal(&sender->address, address)) return sender;
    }
    return NULL;
}
