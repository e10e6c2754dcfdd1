#include "contract/registry.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "contract/host.h"
#include "crypto/sha256.h"
#include "state/table.h"

struct code {
    struct code *next; /* in order of deployment, newest first */
    struct au_hash hash;
    size_t size;
    uint8_t bytes[];
};

struct au_registry {
    pthread_rwlock_t *lock; /* apart: looking something up does not change the registry */
    struct au_table table;
    struct code *newest;
};

enum au_err au_registry_new(struct au_registry **out_registry)
{
    struct au_registry *registry = au_mem_new(sizeof(*registry));
    if (!registry) return AU_ERR_NO_MEMORY;
    registry->lock = au_mem_new(sizeof *registry->lock);
    if (!registry->lock || pthread_rwlock_init(registry->lock, NULL) != 0) {
        au_mem_free(registry->lock);
        au_mem_free(registry);
        return AU_ERR_NO_MEMORY;
    }
    *out_registry = registry;
    return AU_OK;
}

void au_registry_free(struct au_registry *registry)
{
    if (!registry) return;
    while (registry->newest) {
        struct code *code = registry->newest;
        registry->newest = code->next;
        au_mem_free(code);
    }
    au_table_done(&registry->table);
    AU_ASSERT(pthread_rwlock_destroy(registry->lock) == 0);
    au_mem_free(registry->lock);
    au_mem_free(registry);
}

/* A SHA-256 digest is as good a table hash as any: finding many with equal low bits takes a module
 * that validates for each. */
static uint64_t table_hash(const struct au_hash *hash)
{
    uint64_t word;
    memcpy(&word, hash->bytes, sizeof(word));
    return word;
}

/* The caller holds the lock. */
static const struct code *find(const struct au_registry *registry, const struct au_hash *hash)
{
    uint64_t word = table_hash(hash);
    struct au_table_cell *cell = au_table_find(&registry->table, word);
    for (; cell; cell = au_table_next(&registry->table, cell, word)) {
        const struct code *code = cell->entry;
        if (au_hash_is_equal(&code->hash, hash)) return code;
    }
    return NULL;
}

static const struct code *look_up(const struct au_registry *registry, const struct au_hash *hash)
{
    AU_ASSERT(pthread_rwlock_rdlock(registry->lock) == 0);
    const struct code *code = find(registry, hash);
    AU_ASSERT(pthread_rwlock_unlock(registry->lock) == 0);
    return code;
}

static enum au_err validate(struct au_bytes bytes, struct au_reject *out_reject)
{
    struct au_module_info *info;
    AU_TRY(au_module_prepare(bytes, &au_host_env, NULL, &info, out_reject));
    au_module_info_free(info);
    return AU_OK;
}

static enum au_err insert(struct au_registry *registry, struct code *code, bool *out_is_new)
{
    enum au_err err = AU_OK;
    AU_ASSERT(pthread_rwlock_wrlock(registry->lock) == 0);
    *out_is_new = !find(registry, &code->hash);
    if (*out_is_new) err = au_table_add(&registry->table, table_hash(&code->hash), code);
    if (*out_is_new && err == AU_OK) {
        code->next = registry->newest;
        registry->newest = code;
    }
    AU_ASSERT(pthread_rwlock_unlock(registry->lock) == 0);
    return err;
}

enum au_err au_registry_deploy(struct au_registry *registry, struct au_bytes bytes,
                               struct au_hash *out_code_hash, struct au_reject *out_reject)
{
    struct au_hash hash = au_sha256(bytes);
    if (look_up(registry, &hash)) {
        *out_code_hash = hash;
        return AU_OK;
    }
    AU_TRY(validate(bytes, out_reject));

    struct code *code = au_mem_new(sizeof(*code) + bytes.size);
    if (!code) return AU_ERR_NO_MEMORY;
    code->hash = hash;
    code->size = bytes.size;
    memcpy(code->bytes, bytes.data, bytes.size);
    bool is_new;
    enum au_err err = insert(registry, code, &is_new);
    /* Another thread may have deployed the same code meanwhile. */
    if (err != AU_OK || !is_new) au_mem_free(code);
    if (err == AU_OK) *out_code_hash = hash;
    return err;
}

enum au_err au_registry_get_contract(const struct au_registry *registry,
                                     const struct au_hash *code_hash, struct au_bytes *out_code)
{
    const struct code *code = look_up(registry, code_hash);
    if (!code) return AU_ERR_NOT_FOUND;
    *out_code = (struct au_bytes){code->bytes, code->size};
    return AU_OK;
}

bool au_registry_contract_exists(const struct au_registry *registry,
                                 const struct au_hash *code_hash)
{
    return look_up(registry, code_hash) != NULL;
}
