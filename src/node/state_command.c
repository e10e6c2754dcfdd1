#include "node/state_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "cli/command.h"
#include "cli/invocation.h"
#include "ledger/ledger.h"
#include "ledger/rollback.h"
#include "node/data_path.h"
#include "node/node.h"
#include "node/stats_report.h"
#include "state/commit.h"
#include "state/keep.h"
#include "state/verify.h"
#include "store/schema.h"

#define OPTIONS(table) .options = (table), .option_count = AU_COUNT_OF(table)

#define TEXT_SIZE      32768u /* bytes */
#define PROGRESS_WIDTH 30

/* People see that it goes on. */
static void on_count(void *context, uint64_t entry_count)
{
    fprintf(context, "\r%" PRIu64 " entries ", entry_count);
    fflush(context);
}

static bool is_shown(FILE *err)
{
    return isatty(fileno(err)) == 1;
}

static void end_progress(FILE *err)
{
    if (is_shown(err)) fprintf(err, "\r%*s\r", PROGRESS_WIDTH, "");
}

/* ---- state verify ---- */

/* Branches that were not written yet are made first, from what has changed since. */
static enum au_err verify_state(const struct au_kv *kv, const struct au_header *head, FILE *err,
                                struct au_buf *message, struct au_verified *out_verified)
{
    const struct au_progress progress = {err, on_count};
    enum au_err made = au_state_catch_up(kv, head->height, &head->state_root);
    bool is_damaged = made == AU_ERR_MALFORMED;
    if (made != AU_OK && made != AU_ERR_NOT_FOUND && !is_damaged) return made;
    enum au_err found = au_state_verify(kv, head->height, &head->state_root,
                                        is_shown(err) ? &progress : NULL, message, out_verified);
    end_progress(err);
    if (found != AU_OK || !is_damaged) return found;
    au_buf_put_text(message, "branches, or what has changed since they were written");
    return AU_ERR_MALFORMED;
}

/* Why a store could not be read: what it failed with, which names the file, or else the damage that
 * was found in what it gave. */
static enum au_exit fail_store(const struct au_invocation *invocation, const struct au_kv *kv,
                               enum au_err err, const struct au_buf *damage)
{
    char cause[AU_KV_MESSAGE_SIZE];
    if (err == AU_ERR_NOT_FOUND) {
        return au_invocation_fail(invocation, AU_EXIT_NOT_FOUND, "the store holds no chain");
    }
    au_kv_message(kv, cause);
    if (err == AU_ERR_MALFORMED) {
        struct au_bytes found = au_bytes_of(cause[0] ? cause : "a record of its last block");
        if (!cause[0] && damage->size > 0) found = au_buf_bytes(damage);
        return au_invocation_fail(invocation, AU_EXIT_REJECTED, "the store is damaged: %.*s",
                                  (int)found.size, (const char *)found.data);
    }
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "the store cannot be read: %s",
                              cause[0] ? cause : au_err_text(err));
}

static enum au_exit verify_store(const struct au_invocation *invocation, const struct au_kv *kv,
                                 struct au_buf *text)
{
    struct au_verified verified;
    struct au_header head;
    enum au_err err = au_ledger_stored_head(kv, &head);
    FILE *stream = invocation->streams->err;
    if (err == AU_OK) err = verify_state(kv, &head, stream, text, &verified);
    if (err != AU_OK) return fail_store(invocation, kv, err, text);
    au_buf_printf(text,
                  "height    %" PRIu64 "\naccounts  %" PRIu64 "\nslots     %" PRIu64
                  "\nbranches  %" PRIu64 "\nroot      ",
                  head.height, verified.account_count, verified.slot_count, verified.record_count);
    au_hex_put(text, (struct au_bytes){verified.root.bytes, AU_HASH_SIZE});
    au_buf_put_u8(text, '\n');
    return au_invocation_write(invocation, text);
}

typedef enum au_exit use_store(const struct au_invocation *invocation, const struct au_kv *kv,
                               struct au_buf *text);

/* What a command does with the store of a stopped node. */
static enum au_exit with_store(const struct au_invocation *invocation, use_store *use)
{
    char path[AU_DATA_PATH_SIZE];
    struct au_kv kv;
    struct au_buf text;
    enum au_exit code = au_data_find_store(invocation, invocation->operands[0], path);
    if (code == AU_EXIT_DONE) code = au_data_open_store(invocation, path, &kv);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&text, TEXT_SIZE);
    code = use(invocation, &kv, &text);
    au_buf_done(&text);
    au_kv_close(&kv);
    return code;
}

static enum au_exit run_verify(struct au_invocation *invocation)
{
    return with_store(invocation, verify_store);
}

/* ---- state stats ---- */

static enum au_err count(const struct au_kv *kv, FILE *err, struct au_buf *message,
                         struct au_stats_report *report)
{
    struct au_header head;
    const struct au_progress progress = {err, on_count};
    AU_TRY(au_ledger_stored_head(kv, &head));
    enum au_err kept = au_keep_get(kv, &report->keep);
    if (kept == AU_ERR_MALFORMED) au_buf_put_text(message, "how many blocks' undo is kept");
    AU_TRY(kept);
    report->height = head.height;
    report->schema = AU_SCHEMA_VERSION; /* no other one is opened */
    enum au_err counted =
        au_state_stats(kv, is_shown(err) ? &progress : NULL, message, &report->stats);
    end_progress(err);
    return counted;
}

static enum au_exit count_store(const struct au_invocation *invocation, const struct au_kv *kv,
                                struct au_buf *text)
{
    struct au_stats_report report;
    enum au_err err = count(kv, invocation->streams->err, text, &report);
    if (err != AU_OK) return fail_store(invocation, kv, err, text);
    bool is_json = au_invocation_has(invocation, "json");
    (is_json ? au_stats_report_json : au_stats_report_text)(text, &report);
    return au_invocation_write(invocation, text);
}

static enum au_exit run_stats(struct au_invocation *invocation)
{
    return with_store(invocation, count_store);
}

/* ---- state rollback ---- */

static enum au_exit exit_of(enum au_err err)
{
    switch ((int)err) {
    case AU_ERR_MALFORMED: return AU_EXIT_REJECTED;
    case AU_ERR_NOT_FOUND:
    case AU_ERR_INVALID_ARG: return AU_EXIT_NOT_FOUND;
    default: return AU_EXIT_INTERNAL;
    }
}

static enum au_exit roll_store_back(const struct au_invocation *invocation, const struct au_kv *kv,
                                    struct au_buf *text)
{
    struct au_header head;
    uint64_t height = au_invocation_number(invocation, "to", 0);
    enum au_err err = au_ledger_roll_back(kv, height, text, &head);
    if (err != AU_OK) {
        return au_invocation_fail(invocation, exit_of(err), "cannot go back to %" PRIu64 ": %.*s",
                                  height, (int)text->size, (const char *)text->data);
    }
    au_buf_printf(text, "height    %" PRIu64 "\nroot      ", head.height);
    au_hex_put(text, (struct au_bytes){head.state_root.bytes, AU_HASH_SIZE});
    au_buf_put_u8(text, '\n');
    return au_invocation_write(invocation, text);
}

static enum au_exit run_rollback(struct au_invocation *invocation)
{
    if (!au_invocation_option(invocation, "to")) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE, "--to is missing");
    }
    return with_store(invocation, roll_store_back);
}

/* ---- the table ---- */

static const char verify_details[] =
    "Builds all tries again from the accounts and slots in DIR/store and compares them with\n"
    "the stored branches and the state root of the last block, and code with its hash. The node\n"
    "must not be running. A store that does not fit gives exit code 4 and says what is damaged.\n"
    "On a terminal it shows how many accounts and slots it has read.\n";

static const char stats_details[] =
    "Counts what is in DIR/store: for how many blocks older states are kept and from which\n"
    "block on they can be read, accounts, contracts, slots, code, blocks, then the stored\n"
    "branches of the tries by how many nibbles of a key lead to one, then entries and bytes of\n"
    "each family of keys, as they were put. What the last blocks have changed in tries may not\n"
    "be among the branches yet. The node must not be running. It reads the whole store.\n";

static const struct au_option stats_options[] = {
    {"json", NULL, AU_OPTION_FLAG, false, 0, "print one JSON document instead of text"},
};

static const struct au_option rollback_options[] = {
    {"to", "HEIGHT", AU_OPTION_NUMBER, false, UINT64_MAX, "the block that is to be the last"},
};

static const char rollback_details[] =
    "Takes the blocks after HEIGHT back, as far as the store keeps what they have changed\n"
    "(--keep-blocks of `aureon node start`): accounts, storage, receipts and what else they\n"
    "have left. All at once, and only if the state then gives the root of that block; else\n"
    "nothing changes. The node must not be running. Whoever was told that the blocks are\n"
    "committed was told wrong: keep a copy of DIR. A store that is damaged gives exit code 4,\n"
    "a height that is not there, or no longer, 7.\n";

static const struct au_command commands[] = {
    {.name = "state verify",
     .operands = "DIR",
     .summary = "prove the state that a stopped node has kept",
     .details = verify_details,
     .example = "aureon state verify chain",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     .run = run_verify},
    {.name = "state stats",
     .operands = "DIR",
     .summary = "count what a stopped node has kept",
     .details = stats_details,
     .example = "aureon state stats chain",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(stats_options),
     .run = run_stats},
    {.name = "state rollback",
     .operands = "DIR",
     .summary = "take the last blocks of a stopped node back",
     .details = rollback_details,
     .example = "aureon state rollback chain --to 41",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(rollback_options),
     .run = run_rollback},
};

const struct au_command_table au_state_commands = {commands, AU_COUNT_OF(commands)};
