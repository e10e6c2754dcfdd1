#include "state/stats.h"

#include "base/hex.h"
#include "state/flat.h"
#include "state/undo_record.h"

#define HEADER_KEY_SIZE AU_UNDO_KEY_SIZE /* in blk: a height alone; a transaction's has an index */

struct counting {
    struct au_state_stats *stats;
    const struct au_progress *progress;
    struct au_buf *message;
    struct au_hash owner; /* of the branch before */
    bool has_owner;
    uint64_t entry_count; /* of all families */
};

static bool count_account(struct counting *counting, const struct au_kv_entry *entry)
{
    struct au_account account;
    if (entry->key.size != AU_HASH_SIZE) return false;
    if (!au_flat_decode_account(entry->value, &account)) return false;
    if (account.has_code) counting->stats->contract_count++;
    return true;
}

/* Branches of one trie stand together. */
static bool count_branch(struct counting *counting, const struct au_kv_entry *entry)
{
    static const struct au_hash accounts; /* zero: the owner that no contract is */
    struct au_trie_start start;
    struct au_trie_node node;
    if (!au_trie_key_parse(entry->key, &start)) return false;
    if (!au_trie_record_decode(entry->value, &start.path, start.start, &node)) return false;
    struct au_trie_stats *tries = au_hash_is_equal(&start.owner, &accounts)
                                      ? &counting->stats->accounts_trie
                                      : &counting->stats->storage_tries;
    bool is_new = !counting->has_owner || !au_hash_is_equal(&start.owner, &counting->owner);
    if (is_new) tries->trie_count++;
    counting->owner = start.owner;
    counting->has_owner = true;
    tries->branch_count++;
    tries->by_depth[node.depth]++;
    return true;
}

static bool count_undo(struct counting *counting, const struct au_kv_entry *entry)
{
    struct au_state_stats *stats = counting->stats;
    if (entry->key.size != AU_UNDO_KEY_SIZE) return false;
    stats->undo_last = au_get_big_endian(entry->key.data, AU_UNDO_KEY_SIZE);
    if (stats->families[AU_CF_CHG].entry_count == 0) stats->undo_first = stats->undo_last;
    return true;
}

static bool count_block(struct counting *counting, const struct au_kv_entry *entry)
{
    bool is_header = entry->key.size == HEADER_KEY_SIZE;
    *(is_header ? &counting->stats->block_count : &counting->stats->tx_count) += 1;
    return true;
}

/* Families whose entries say more than that they are there; false if one is damaged. */
static bool (*const counters[AU_CF_COUNT])(struct counting *, const struct au_kv_entry *) = {
    [AU_CF_ACC] = count_account,
    [AU_CF_TRI] = count_branch,
    [AU_CF_CHG] = count_undo,
    [AU_CF_BLK] = count_block,
};

static bool count_entry(struct counting *counting, enum au_cf cf, const struct au_kv_entry *entry)
{
    struct au_family_stats *family = &counting->stats->families[cf];
    if (counters[cf] && !counters[cf](counting, entry)) return false;
    family->entry_count++;
    family->key_size += entry->key.size;
    family->value_size += entry->value.size;
    au_progress_step(counting->progress, &counting->entry_count);
    return true;
}

static enum au_err count_family(const struct au_kv *kv, const struct au_kv_snapshot *snapshot,
                                enum au_cf cf, struct counting *counting)
{
    struct au_kv_range range = {.cf = cf, .is_scan = true};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    AU_TRY(au_kv_iter_open(kv, snapshot, &range, &iter));
    enum au_err err;
    while ((err = au_kv_iter_next(&iter, &entry)) == AU_OK) {
        if (!count_entry(counting, cf, &entry)) break;
    }
    if (err == AU_OK) {
        au_buf_printf(counting->message, "a damaged record of family %s: ", au_cf_name(cf));
        au_hex_put(counting->message, entry.key);
    }
    au_kv_iter_close(&iter);
    if (err == AU_OK) return AU_ERR_MALFORMED;
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

enum au_err au_state_stats(const struct au_kv *kv, const struct au_progress *progress,
                           struct au_buf *message, struct au_state_stats *out_stats)
{
    struct counting counting = {.stats = out_stats, .progress = progress, .message = message};
    struct au_kv_snapshot snapshot;
    *out_stats = (struct au_state_stats){0};
    AU_TRY(au_kv_snapshot_open(kv, &snapshot));
    enum au_err err = AU_OK;
    for (size_t cf = 0; err == AU_OK && cf < AU_CF_COUNT; cf++) {
        err = count_family(kv, &snapshot, (enum au_cf)cf, &counting);
    }
    au_kv_snapshot_close(&snapshot);
    return err;
}
