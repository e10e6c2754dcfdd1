#include "state/snapshot_internal.h"

#define MEMORY_MAX ((size_t)1 << 30) /* bytes of hashes */

void au_chunk_codes_init(struct au_chunk_codes *codes)
{
    codes->table = (struct au_table){0};
    au_arena_init(&codes->arena, MEMORY_MAX);
}

void au_chunk_codes_done(struct au_chunk_codes *codes)
{
    au_table_done(&codes->table);
    au_arena_done(&codes->arena);
}

static uint64_t hash_of(const struct au_hash *hash)
{
    uint64_t bits;
    memcpy(&bits, hash->bytes, sizeof(bits));
    return bits;
}

bool au_chunk_codes_has(const struct au_chunk_codes *codes, const struct au_hash *hash)
{
    uint64_t bits = hash_of(hash);
    const struct au_table_cell *cell = au_table_find(&codes->table, bits);
    for (; cell; cell = au_table_next(&codes->table, cell, bits)) {
        if (au_hash_is_equal(cell->entry, hash)) return true;
    }
    return false;
}

enum au_err au_chunk_codes_add(struct au_chunk_codes *codes, const struct au_hash *hash)
{
    struct au_bytes copy;
    AU_TRY(au_arena_copy(&codes->arena, (struct au_bytes){hash->bytes, AU_HASH_SIZE}, &copy));
    return au_table_add(&codes->table, hash_of(hash), (void *)(uintptr_t)copy.data);
}
