#include "state/key_hash.h"

struct sip {
    uint64_t v0;
    uint64_t v1;
    uint64_t v2;
    uint64_t v3;
};

static inline uint64_t rotate_left(uint64_t word, unsigned bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotate_left(s->v1, 13) ^ s->v0;
    s->v0 = rotate_left(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate_left(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate_left(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate_left(s->v1, 17) ^ s->v2;
    s->v2 = rotate_left(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

/* The words of a run of bytes; what is left over goes into the last word with the total size. */
static inline uint64_t sip_words(struct sip *s, const uint8_t *data, size_t size)
{
    uint64_t word;
    for (; size >= sizeof(word); data += sizeof(word), size -= sizeof(word)) {
        memcpy(&word, data, sizeof(word));
        sip_word(s, word);
    }
    word = 0;
    for (size_t i = 0; i < size; i++) {
        word |= (uint64_t)data[i] << (8 * i);
    }
    return word;
}

uint64_t au_key_hash(const struct au_seed *seed, const struct au_address *address,
                     struct au_bytes key)
{
    _Static_assert(AU_ADDRESS_SIZE % sizeof(uint64_t) == 0, "an address is whole words");
    struct sip s = {
        .v0 = seed->words[0] ^ 0x736f6d6570736575u,
        .v1 = seed->words[1] ^ 0x646f72616e646f6du,
        .v2 = seed->words[0] ^ 0x6c7967656e657261u,
        .v3 = seed->words[1] ^ 0x7465646279746573u,
    };
    (void)sip_words(&s, address->bytes, AU_ADDRESS_SIZE);
    uint64_t rest = sip_words(&s, key.data, key.size);
    sip_word(&s, rest | (uint64_t)(AU_ADDRESS_SIZE + key.size) << 56);

    s.v2 ^= 0xff;
    for (int i = 0; i < 3; i++) {
        sip_round(&s);
    }
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
