#include "state/stats.h"

#include "state/flat.h"
#include "state/trie_node.h"
#include "state/undo_record.h"

static bool count_account(struct au_state_stats *stats, const struct au_kv_entry *entry)
{
    struct au_account account;
    if (!au_flat_decode_account(entry->value, &account)) return false;
    if (account.has_code) stats->contract_count++;
    return true;
}

/* The record's second byte counts the nibbles of the extension. */
static bool count_branch(struct au_state_stats *stats, const struct au_kv_entry *entry)
{
    if (entry->key.size < AU_HASH_SIZE || entry->value.size < 2) return false;
    size_t depth = entry->key.size - AU_HASH_SIZE + entry->value.data[1];
    if (depth >= AU_NIBBLE_COUNT) return false;
    stats->depth_sum += depth;
    if (depth > stats->depth_max) stats->depth_max = (unsigned)depth;
    return true;
}

static bool count_undo(struct au_state_stats *stats, const struct au_kv_entry *entry)
{
    if (entry->key.size != AU_UNDO_KEY_SIZE) return false;
    stats->undo_last = au_get_big_endian(entry->key.data, AU_UNDO_KEY_SIZE);
    if (stats->families[AU_CF_CHG].entry_count == 0) stats->undo_first = stats->undo_last;
    return true;
}

/* Families whose entries say more than that they are there; false if one is damaged. */
static bool (*const counters[AU_CF_COUNT])(struct au_state_stats *, const struct au_kv_entry *) = {
    [AU_CF_ACC] = count_account,
    [AU_CF_TRI] = count_branch,
    [AU_CF_CHG] = count_undo,
};

static enum au_err count_family(const struct au_kv *kv, const struct au_kv_snapshot *snapshot,
                                enum au_cf cf, struct au_state_stats *stats)
{
    struct au_family_stats *family = &stats->families[cf];
    struct au_kv_range range = {.cf = cf};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    AU_TRY(au_kv_iter_open(kv, snapshot, &range, &iter));
    enum au_err err;
    while ((err = au_kv_iter_next(&iter, &entry)) == AU_OK) {
        if (counters[cf] && !counters[cf](stats, &entry)) break;
        family->entry_count++;
        family->key_size += entry.key.size;
        family->value_size += entry.value.size;
    }
    au_kv_iter_close(&iter);
    if (err == AU_OK) return AU_ERR_MALFORMED;
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

enum au_err au_state_stats(const struct au_kv *kv, struct au_state_stats *out_stats)
{
    struct au_kv_snapshot snapshot;
    *out_stats = (struct au_state_stats){0};
    AU_TRY(au_kv_snapshot_open(kv, &snapshot));
    enum au_err err = AU_OK;
    for (size_t cf = 0; err == AU_OK && cf < AU_CF_COUNT; cf++) {
        err = count_family(kv, &snapshot, (enum au_cf)cf, out_stats);
    }
    au_kv_snapshot_close(&snapshot);
    return err;
}
