#include "store/rocks_options.h"

#include <stdio.h>

#define MIB                 ((size_t)1 << 20)
#define FILTER_BITS         10   /* per key: one read in a hundred for an absent key is in vain */
#define FILTER_SHARE        0.02 /* of changes in memory, for their filter: 20 bits per account */
#define TABLE_FORMAT        5
#define SMALL_BLOCK         1024 /* bytes of a table that are read at once, of 4096 else */
#define BACKGROUND_JOBS     2
#define ARENA_SHARE         256  /* of changes in memory, that a family takes at a time */
#define LIST_LENGTH_MAX     8u   /* of a list of changes; what is longer becomes a skip list */
#define HASH_LIST_SHARE     1024 /* bytes of changes for each list, which itself takes 8 */
#define SYNC_STEP           MIB  /* bytes between syncs of a table being written */
#define INFO_LOG_COUNT      2
#define GAP_WINDOW          256u /* keys; AU_ROCKS_GAP_MIN deleted of them have a table compacted */
/* HEADER_LEVEL, at which nothing is said: RocksDB aborts where its log cannot be written. Nor may
 * the log have a size at which it begins anew: it then begins with words of every level. */
#define INFO_LOG_LEVEL_LAST 5

const struct au_rocks_kind au_rocks_kinds[AU_ROCKS_FAMILY_COUNT] = {
    [AU_CF_COD] = {.is_compressed = true}, [AU_CF_CHG] = {.is_compressed = true},
    [AU_CF_BLK] = {.is_compressed = true}, [AU_CF_RCP] = {.is_compressed = true},
    [AU_CF_TXI] = {.prefix_size = 32},     [AU_CF_IDX] = {.prefix_size = 33},
    [AU_CF_ACC] = {.is_scattered = true},  [AU_CF_STO] = {.is_scattered = true},
    [AU_CF_KEY] = {.has_gaps = true},
};

struct au_rocks_options au_rocks_options_default(void)
{
    return (struct au_rocks_options){
        .cache_size = 512 * MIB,
        .write_buffer_size = 256 * MIB,
        .wal_size_max = 512 * MIB,
    };
}

/* Options that RocksDB 7.8's C functions set by text alone. */
static rocksdb_options_t *with_text(rocksdb_options_t *options, const char *text)
{
    char *cause = NULL;
    rocksdb_options_t *changed = rocksdb_options_create();
    rocksdb_get_options_from_string(options, text, changed, &cause);
    AU_ASSERT(!cause);
    rocksdb_options_destroy(options);
    return changed;
}

static void set_table(rocksdb_options_t *family, rocksdb_cache_t *cache,
                      const struct au_rocks_kind *kind)
{
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_block_based_options_set_block_cache(table, cache);
    /* The table owns its filter policy. */
    rocksdb_block_based_options_set_filter_policy(
        table, rocksdb_filterpolicy_create_bloom_full(FILTER_BITS));
    rocksdb_block_based_options_set_format_version(table, TABLE_FORMAT);
    if (kind->is_scattered) rocksdb_block_based_options_set_block_size(table, SMALL_BLOCK);
    rocksdb_options_set_block_based_table_factory(family, table);
    rocksdb_block_based_options_destroy(table);
}

static rocksdb_options_t *family_options(const struct au_rocks_options *options,
                                         rocksdb_cache_t *cache, const struct au_rocks_kind *kind)
{
    char text[128];
    rocksdb_options_t *family = rocksdb_options_create();
    set_table(family, cache, kind);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(family, 1);
    rocksdb_options_set_write_buffer_size(family, options->write_buffer_size);
    rocksdb_options_set_arena_block_size(family, options->write_buffer_size / ARENA_SHARE);
    rocksdb_options_set_compression(family, kind->is_compressed ? rocksdb_lz4_compression
                                                                : rocksdb_no_compression);
    if (kind->is_scattered) {
        rocksdb_options_set_memtable_whole_key_filtering(family, 1);
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(family, FILTER_SHARE);
    }
    if (kind->has_gaps) {
        rocksdb_options_add_compact_on_deletion_collector_factory(family, GAP_WINDOW,
                                                                  AU_ROCKS_GAP_MIN);
    }
    if (kind->prefix_size == 0) {
        /* In a batch that is sorted a key's place is near that of the one before it. */
        return with_text(family, "memtable_insert_with_hint_prefix_extractor=capped:1");
    }
    snprintf(text, sizeof(text),
             "prefix_extractor=capped:%zu;"
             "memtable={id=HashLinkListRepFactory;bucket_count=%zu;threshold=%u}",
             kind->prefix_size, options->write_buffer_size / HASH_LIST_SHARE + 1, LIST_LENGTH_MAX);
    return with_text(family, text);
}

struct au_rocks_setup au_rocks_setup_new(const struct au_rocks_options *options)
{
    struct au_rocks_setup setup = {.cache = rocksdb_cache_create_lru(options->cache_size)};
    for (size_t i = 0; i < AU_ROCKS_FAMILY_COUNT; i++) {
        setup.families[i] = family_options(options, setup.cache, &au_rocks_kinds[i]);
    }
    /* Logs that are synced and no longer written are noted in the manifest, so that opening misses
     * one that is gone or has become shorter. */
    setup.db = with_text(rocksdb_options_create(), "track_and_verify_wals_in_manifest=true");
    rocksdb_options_t *db = setup.db;
    rocksdb_options_set_create_if_missing(db, 1);
    rocksdb_options_set_create_missing_column_families(db, 1);
    rocksdb_options_set_paranoid_checks(db, 1);
    rocksdb_options_set_allow_concurrent_memtable_write(db, 0);
    rocksdb_options_set_wal_recovery_mode(db, rocksdb_absolute_consistency_recovery);
    rocksdb_options_set_max_total_wal_size(db, options->wal_size_max);
    rocksdb_options_set_db_write_buffer_size(db, options->write_buffer_size);
    rocksdb_options_set_bytes_per_sync(db, SYNC_STEP);
    rocksdb_options_set_max_background_jobs(db, BACKGROUND_JOBS);
    rocksdb_options_set_stats_dump_period_sec(db, 0);
    rocksdb_options_set_info_log_level(db, INFO_LOG_LEVEL_LAST);
    rocksdb_options_set_keep_log_file_num(db, INFO_LOG_COUNT);
    return setup;
}

void au_rocks_setup_free(struct au_rocks_setup *setup)
{
    rocksdb_options_destroy(setup->db);
    for (size_t i = 0; i < AU_ROCKS_FAMILY_COUNT; i++) {
        rocksdb_options_destroy(setup->families[i]);
    }
    rocksdb_cache_destroy(setup->cache);
}
