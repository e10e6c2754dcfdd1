#include "node/stats_report.h"

#include <inttypes.h>
#include <string.h>

#include "base/json_write.h"
#include "state/keep.h"

/* A number of a report, and what it is called in both forms. */
struct line {
    const char *name;
    const char *member;
    uint64_t value;
};

/* An undo record gives the state before its block; that of block 0, the empty one. */
static uint64_t first_readable(const struct au_stats_report *report)
{
    if (report->stats.families[AU_CF_CHG].entry_count == 0) return report->height;
    return au_keep_first_state(report->stats.undo_first);
}

#define LINE_COUNT 12u

static void make_lines(const struct au_stats_report *report, struct line out_lines[LINE_COUNT])
{
    const struct au_state_stats *stats = &report->stats;
    const struct au_family_stats *families = stats->families;
    const struct line lines[LINE_COUNT] = {
        {"height", "height", report->height},
        {"readable from", "readable_from", first_readable(report)},
        {"undo bytes", "undo_bytes", families[AU_CF_CHG].value_size},
        {"accounts", "accounts", families[AU_CF_ACC].entry_count},
        {"contracts", "contracts", stats->contract_count},
        {"slots", "slots", families[AU_CF_STO].entry_count},
        {"slot bytes", "slot_bytes", families[AU_CF_STO].value_size},
        {"codes", "codes", families[AU_CF_COD].entry_count},
        {"code bytes", "code_bytes", families[AU_CF_COD].value_size},
        {"blocks", "blocks", stats->block_count},
        {"transactions", "transactions", stats->tx_count},
        {"receipts", "receipts", families[AU_CF_RCP].entry_count},
    };
    memcpy(out_lines, lines, sizeof(lines));
}

static size_t depths_of(const struct au_state_stats *stats)
{
    size_t count = AU_NIBBLE_COUNT;
    while (count > 0 && stats->accounts_trie.by_depth[count - 1] == 0 &&
           stats->storage_tries.by_depth[count - 1] == 0) {
        count--;
    }
    return count;
}

/* ---- text ---- */

static void put_tries(struct au_buf *buf, const struct au_state_stats *stats)
{
    const struct au_trie_stats *accounts = &stats->accounts_trie;
    const struct au_trie_stats *storage = &stats->storage_tries;
    au_buf_printf(buf, "\n%-8s %12s %12s\n", "depth", "accounts", "storage");
    for (size_t depth = 0; depth < depths_of(stats); depth++) {
        au_buf_printf(buf, "%-8zu %12" PRIu64 " %12" PRIu64 "\n", depth, accounts->by_depth[depth],
                      storage->by_depth[depth]);
    }
    au_buf_printf(buf, "%-8s %12" PRIu64 " %12" PRIu64 "\n%-8s %12" PRIu64 " %12" PRIu64 "\n",
                  "branches", accounts->branch_count, storage->branch_count, "tries",
                  accounts->trie_count, storage->trie_count);
}

static void put_families(struct au_buf *buf, const struct au_state_stats *stats)
{
    au_buf_printf(buf, "\n%-8s %12s %12s %12s\n", "family", "entries", "keys", "values");
    for (size_t i = 0; i < AU_CF_COUNT; i++) {
        const struct au_family_stats *family = &stats->families[i];
        au_buf_printf(buf, "%-8s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "\n",
                      au_cf_name((enum au_cf)i), family->entry_count, family->key_size,
                      family->value_size);
    }
}

void au_stats_report_text(struct au_buf *buf, const struct au_stats_report *report)
{
    struct line lines[LINE_COUNT];
    make_lines(report, lines);
    au_buf_printf(buf, "%-14s %" PRIu32 "\n", "schema", report->schema);
    if (report->keep == AU_KEEP_ALL) {
        au_buf_printf(buf, "%-14s all blocks\n", "keeps");
    } else {
        au_buf_printf(buf, "%-14s %" PRIu64 " blocks\n", "keeps", report->keep);
    }
    for (size_t i = 0; i < LINE_COUNT; i++) {
        au_buf_printf(buf, "%-14s %" PRIu64 "\n", lines[i].name, lines[i].value);
    }
    put_tries(buf, &report->stats);
    put_families(buf, &report->stats);
}

/* ---- JSON ---- */

static void put_trie_json(struct au_json_write *json, const char *name,
                          const struct au_trie_stats *tries, size_t depth_count)
{
    au_json_write_key(json, name);
    au_json_write_begin_object(json);
    au_json_put_u64(json, "tries", tries->trie_count);
    au_json_put_u64(json, "branches", tries->branch_count);
    au_json_write_key(json, "by_depth");
    au_json_write_begin_array(json);
    for (size_t depth = 0; depth < depth_count; depth++) {
        au_json_write_u64(json, tries->by_depth[depth]);
    }
    au_json_write_end_array(json);
    au_json_write_end_object(json);
}

static void put_families_json(struct au_json_write *json, const struct au_state_stats *stats)
{
    au_json_write_key(json, "families");
    au_json_write_begin_object(json);
    for (size_t i = 0; i < AU_CF_COUNT; i++) {
        au_json_write_key(json, au_cf_name((enum au_cf)i));
        au_json_write_begin_object(json);
        au_json_put_u64(json, "entries", stats->families[i].entry_count);
        au_json_put_u64(json, "key_bytes", stats->families[i].key_size);
        au_json_put_u64(json, "value_bytes", stats->families[i].value_size);
        au_json_write_end_object(json);
    }
    au_json_write_end_object(json);
}

void au_stats_report_json(struct au_buf *buf, const struct au_stats_report *report)
{
    struct line lines[LINE_COUNT];
    struct au_json_write json;
    size_t depth_count = depths_of(&report->stats);
    make_lines(report, lines);
    au_json_write_init(&json, buf, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&json);
    au_json_put_u32(&json, "schema", report->schema);
    if (report->keep == AU_KEEP_ALL) {
        au_json_put_bool(&json, "archive", true);
    } else {
        au_json_put_u64(&json, "keep_blocks", report->keep);
    }
    for (size_t i = 0; i < LINE_COUNT; i++) {
        au_json_put_u64(&json, lines[i].member, lines[i].value);
    }
    put_trie_json(&json, "accounts_trie", &report->stats.accounts_trie, depth_count);
    put_trie_json(&json, "storage_tries", &report->stats.storage_tries, depth_count);
    put_families_json(&json, &report->stats);
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
}
