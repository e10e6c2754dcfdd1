#include "node/snapshot_command.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "cli/invocation.h"
#include "core/genesis.h"
#include "ledger/snapshot.h"
#include "node/data_path.h"
#include "node/genesis_json.h"
#include "node/node.h"
#include "store/rocks.h"

#define OPTIONS(table) .options = (table), .option_count = AU_COUNT_OF(table)

#define MESSAGE_SIZE 16384u /* bytes */
#define FOLDER_MODE  0700

static enum au_exit fail(const struct au_invocation *invocation, enum au_err err,
                         const struct au_buf *message)
{
    enum au_exit code = AU_EXIT_INTERNAL;
    if (err == AU_ERR_MALFORMED) code = AU_EXIT_REJECTED;
    if (err == AU_ERR_NOT_FOUND) code = AU_EXIT_NOT_FOUND;
    if (err == AU_ERR_INVALID_ARG) code = AU_EXIT_USAGE;
    return au_invocation_fail(invocation, code, "%.*s", (int)message->size,
                              (const char *)message->data);
}

static enum au_exit write_info(const struct au_invocation *invocation,
                               const struct au_snapshot_info *info)
{
    struct au_buf text;
    au_buf_init(&text, MESSAGE_SIZE);
    au_buf_printf(&text, "chain     %.*s\nheight    %" PRIu64 "\nblock     ",
                  (int)info->header.chain_id_size, info->header.chain_id, info->header.height);
    au_hex_put(&text, (struct au_bytes){info->block_hash.bytes, AU_HASH_SIZE});
    au_buf_put_text(&text, "\nroot      ");
    au_hex_put(&text, (struct au_bytes){info->header.state_root.bytes, AU_HASH_SIZE});
    au_buf_printf(&text,
                  "\naccounts  %" PRIu64 "\nslots     %" PRIu64 "\ncodes     %" PRIu64
                  "\nchunks    %" PRIu32 "\n",
                  info->count.account_count, info->count.slot_count, info->count.code_count,
                  info->count.chunk_count);
    enum au_exit code = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    return code;
}

/* The hash that the snapshot's block has to have, NULL if none is given. */
static enum au_exit take_block(const struct au_invocation *invocation, struct au_hash *hash,
                               const struct au_hash **out_hash)
{
    const struct au_given *given = au_invocation_option(invocation, "block");
    *out_hash = given ? hash : NULL;
    if (!given || au_hex_parse(au_bytes_of(given->text), hash->bytes, AU_HASH_SIZE) == AU_OK) {
        return AU_EXIT_DONE;
    }
    return au_invocation_fail(invocation, AU_EXIT_USAGE,
                              "--block '%s': expected 0x and the 64 hex digits of a hash",
                              given->text);
}

/* ---- create ---- */

static enum au_exit run_create(struct au_invocation *invocation)
{
    struct au_snapshot_source source = {0};
    struct au_snapshot_info info;
    struct au_buf message;
    char path[AU_DATA_PATH_SIZE];
    const char *folder = invocation->operands[1];
    if (au_rocks_find(folder) == AU_OK) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "expected a folder of the snapshot's own, got '%s', which is a "
                                  "store",
                                  folder);
    }
    enum au_exit code = au_data_find_store(invocation, invocation->operands[0], path);
    if (code == AU_EXIT_DONE) code = au_data_open_store(invocation, path, &source.kv);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&message, MESSAGE_SIZE);
    enum au_err err = au_snapshot_create(&source, folder, &message, &info);
    au_kv_close(&source.kv);
    code = err == AU_OK ? write_info(invocation, &info) : fail(invocation, err, &message);
    au_buf_done(&message);
    return code;
}

/* ---- verify ---- */

static enum au_exit run_verify(struct au_invocation *invocation)
{
    const struct au_hash *block_hash;
    struct au_hash hash;
    struct au_snapshot_info info;
    struct au_buf message;
    enum au_exit code = take_block(invocation, &hash, &block_hash);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&message, MESSAGE_SIZE);
    enum au_err err = au_snapshot_verify(invocation->operands[0], block_hash, &message, &info);
    code = err == AU_OK ? write_info(invocation, &info) : fail(invocation, err, &message);
    au_buf_done(&message);
    return code;
}

/* ---- restore ---- */

static enum au_exit make_store(const struct au_invocation *invocation, const char *folder,
                               struct au_kv *out_kv)
{
    char path[AU_DATA_PATH_SIZE];
    enum au_exit code = au_data_path(invocation, folder, AU_NODE_STORE_NAME, path);
    if (code != AU_EXIT_DONE) return code;
    bool is_made = au_file_make_folder(folder, FOLDER_MODE) == AU_OK &&
                   au_file_make_folder(path, FOLDER_MODE) == AU_OK;
    if (is_made) return au_data_open_store(invocation, path, out_kv);
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "cannot make the folder %s: %s", path,
                              strerror(errno));
}

/* NOT_FOUND: there is none yet. */
static enum au_err compare_genesis(const char *path, struct au_bytes genesis, bool *out_is_same)
{
    struct au_buf text, encoded, unused;
    au_buf_init(&text, AU_GENESIS_SIZE_MAX);
    au_buf_init(&encoded, AU_GENESIS_SIZE_MAX);
    au_buf_init(&unused, MESSAGE_SIZE);
    *out_is_same = false;
    enum au_err err = au_file_read(path, &text);
    if (err == AU_OK) {
        err = au_genesis_parse_json(au_buf_bytes(&text), &unused, &encoded);
        *out_is_same = err == AU_OK && au_bytes_is_equal(au_buf_bytes(&encoded), genesis);
        if (err == AU_ERR_MALFORMED) err = AU_OK;
    }
    au_buf_done(&text);
    au_buf_done(&encoded);
    au_buf_done(&unused);
    return err;
}

static enum au_err put_json(struct au_bytes encoded, struct au_buf *text)
{
    struct au_genesis genesis;
    struct au_decode error;
    struct au_arena lists;
    au_arena_init(&lists, AU_NODE_LISTS_MAX);
    enum au_err err = au_genesis_decode(encoded, &lists, &genesis, &error);
    if (err == AU_OK) {
        au_genesis_put_json(text, &genesis);
        err = text->err;
    }
    au_arena_done(&lists);
    return err;
}

/* What `node start` begins with, unless it is there. */
static enum au_exit write_genesis(const struct au_invocation *invocation, const char *path,
                                  struct au_bytes encoded)
{
    struct au_buf text;
    bool is_same;
    enum au_err err = compare_genesis(path, encoded, &is_same);
    if (err == AU_OK && is_same) return AU_EXIT_DONE;
    if (err == AU_OK) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "%s is of another chain than the snapshot", path);
    }
    if (err != AU_ERR_NOT_FOUND) return au_invocation_fail_file(invocation, err, "read", path);
    au_buf_init(&text, AU_GENESIS_SIZE_MAX);
    err = put_json(encoded, &text);
    enum au_exit code = err == AU_OK ? au_invocation_save(invocation, path, au_buf_bytes(&text))
                                     : au_invocation_fail_file(invocation, err, "write", path);
    au_buf_done(&text);
    return code;
}

static enum au_exit restore(const struct au_invocation *invocation, const char *snapshot,
                            const char *folder, const struct au_hash *block_hash)
{
    struct au_kv kv;
    struct au_snapshot_info info;
    struct au_buf message, genesis;
    char path[AU_DATA_PATH_SIZE];
    enum au_exit code = au_data_path(invocation, folder, AU_NODE_GENESIS_NAME, path);
    if (code == AU_EXIT_DONE) code = make_store(invocation, folder, &kv);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&message, MESSAGE_SIZE);
    au_buf_init(&genesis, AU_GENESIS_SIZE_MAX);
    enum au_err err = au_snapshot_restore(&kv, snapshot, block_hash, &message, &genesis, &info);
    if (err != AU_OK) {
        code = fail(invocation, err, &message);
    } else {
        code = write_genesis(invocation, path, au_buf_bytes(&genesis));
        if (code == AU_EXIT_DONE) code = write_info(invocation, &info);
    }
    au_kv_close(&kv);
    au_buf_done(&genesis);
    au_buf_done(&message);
    return code;
}

static enum au_exit run_restore(struct au_invocation *invocation)
{
    const struct au_hash *block_hash;
    struct au_hash hash;
    enum au_exit code = take_block(invocation, &hash, &block_hash);
    if (code != AU_EXIT_DONE) return code;
    return restore(invocation, invocation->operands[0], invocation->operands[1], block_hash);
}

/* ---- the table ---- */

static const struct au_option block_options[] = {
    {"block", "HASH", AU_OPTION_TEXT, false, 0, "refuse the snapshot of any other block"},
};

static const char create_details[] =
    "Writes the state of the last block in DIR/store to the folder SNAPSHOT, which is made. The\n"
    "node must not be running; one that runs makes snapshots itself, see --snapshot-every of\n"
    "`aureon node start`.\n";

static const char verify_details[] =
    "Proves that a snapshot is whole and that its chunks have the state of its block. Whether\n"
    "that block is the chain's is not in it: compare the block's hash with one that you trust,\n"
    "or give that one as --block. Damage gives exit code 4 and names the chunk.\n";

static const char restore_details[] =
    "Makes DIR the folder of a node that goes on behind the snapshot's block: `aureon node start\n"
    "DIR` starts it. Each chunk is proved before it is written. Interrupted, the same command\n"
    "goes on where it was. A DIR that has a chain is left as it is. As for trust, see `aureon\n"
    "help snapshot verify`.\n";

static const struct au_command commands[] = {
    {.name = "snapshot create",
     .operands = "DIR SNAPSHOT",
     .summary = "write the state that a stopped node has kept",
     .details = create_details,
     .example = "aureon snapshot create chain snapshot",
     .needs_setup = true,
     .operands_min = 2,
     .operands_max = 2,
     .run = run_create},
    {.name = "snapshot verify",
     .operands = "SNAPSHOT",
     .summary = "prove a snapshot",
     .details = verify_details,
     .example = "aureon snapshot verify snapshot",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(block_options),
     .run = run_verify},
    {.name = "snapshot restore",
     .operands = "SNAPSHOT DIR",
     .summary = "begin a node with the state of a snapshot",
     .details = restore_details,
     .example = "aureon snapshot restore snapshot node-2",
     .needs_setup = true,
     .operands_min = 2,
     .operands_max = 2,
     OPTIONS(block_options),
     .run = run_restore},
};

const struct au_command_table au_snapshot_commands = {commands, AU_COUNT_OF(commands)};
