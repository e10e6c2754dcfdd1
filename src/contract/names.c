#include "contract/names.h"

#include "crypto/sha256.h"

struct name {
    struct au_address address;
    struct au_bytes id;
};

void au_names_init(struct au_names *names, struct au_arena *arena, const struct au_seed *seed)
{
    *names = (struct au_names){.arena = arena, .seed = *seed};
}

void au_names_done(struct au_names *names)
{
    au_table_done(&names->table);
}

void au_names_reset(struct au_names *names)
{
    au_table_clear(&names->table);
}

bool au_names_address(struct au_bytes id, struct au_address *out_address)
{
    if (id.size == 0 || id.size > AU_ID_SIZE_MAX) return false;
    if (id.size == AU_ADDRESS_SIZE) {
        memcpy(out_address->bytes, id.data, AU_ADDRESS_SIZE);
        return true;
    }
    struct au_hash hash = au_sha256_tagged("aureon/name", id);
    _Static_assert(AU_HASH_SIZE == AU_ADDRESS_SIZE, "an address may be a hash");
    memcpy(out_address->bytes, hash.bytes, AU_ADDRESS_SIZE);
    return true;
}

static const struct name *find(const struct au_names *names, const struct au_address *address,
                               uint64_t hash)
{
    struct au_table_cell *cell = au_table_find(&names->table, hash);
    for (; cell; cell = au_table_next(&names->table, cell, hash)) {
        const struct name *name = cell->entry;
        if (au_address_is_equal(&name->address, address)) return name;
    }
    return NULL;
}

enum au_err au_names_add(struct au_names *names, const struct au_address *address,
                         struct au_bytes id)
{
    if (id.size == AU_ADDRESS_SIZE) return AU_OK;
    uint64_t hash = au_key_hash(&names->seed, address, (struct au_bytes){0});
    if (find(names, address, hash)) return AU_OK;

    struct name *name = au_arena_get(names->arena, sizeof(*name));
    if (!name) return AU_ERR_NO_MEMORY;
    name->address = *address;
    AU_TRY(au_arena_copy(names->arena, id, &name->id));
    return au_table_add(&names->table, hash, name);
}

struct au_bytes au_names_id(const struct au_names *names, const struct au_address *address)
{
    uint64_t hash = au_key_hash(&names->seed, address, (struct au_bytes){0});
    const struct name *name = find(names, address, hash);
    return name ? name->id : (struct au_bytes){address->bytes, AU_ADDRESS_SIZE};
}
