/* Stores for tests of the chain: in memory and on disk, with a reader of what is there now. */
#ifndef AUREON_TESTS_CHAIN_STORE_FIXTURE_H
#define AUREON_TESTS_CHAIN_STORE_FIXTURE_H

#include "chain/chain.h"
#include "store/memkv.h"
#include "store/rocks.h"
#include "support/folder.h"
#include "unit/unit.h"

struct fixture {
    struct au_kv kv;
    struct au_chain_reader reader; /* of now */
    bool is_on_disk;
    char folder[64];
};

static struct fixture fixture;

static inline int open_memory(void **state)
{
    *state = &fixture;
    fixture = (struct fixture){0};
    if (au_memkv_open(&fixture.kv) != AU_OK) return -1;
    au_chain_reader_init(&fixture.reader, &fixture.kv, NULL);
    return 0;
}

static inline int open_disk(void **state)
{
    const struct au_rocks_options options = {
        .cache_size = 1u << 20, .write_buffer_size = 1u << 20, .wal_size_max = 4u << 20};
    char path[80], message[AU_KV_MESSAGE_SIZE];
    *state = &fixture;
    fixture = (struct fixture){.is_on_disk = true};
    snprintf(fixture.folder, sizeof(fixture.folder), "/tmp/aureon-chain-XXXXXX");
    if (!mkdtemp(fixture.folder)) return -1;
    snprintf(path, sizeof(path), "%s/store", fixture.folder);
    if (au_rocks_open(path, &options, message, &fixture.kv) != AU_OK) return -1;
    au_chain_reader_init(&fixture.reader, &fixture.kv, NULL);
    return 0;
}

static inline int close_store(void **state)
{
    (void)state;
    au_chain_reader_done(&fixture.reader);
    au_kv_close(&fixture.kv);
    if (!fixture.is_on_disk) return 0;
    return folder_remove(fixture.folder);
}

#endif
