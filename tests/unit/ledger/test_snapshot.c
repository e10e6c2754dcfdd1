/* Goal: a chain goes on from a snapshot as if nothing had been: the same blocks give the same
 * headers. A restoration that is killed goes on; stores and folders that do not fit are refused.
 * Method: two worlds, one of which is thrown away and begun again from a snapshot of the other. */
#include "world.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "ledger/snapshot.h"
#include "state/verify.h"
#include "store/rocks.h"
#include "support/folder.h"

#define CHUNK_SIZE 400u /* bytes: many chunks of a small state */
#define BATCH_MAX  ((size_t)64 << 20)

static const char store_text[] =
    "(module (import \"env\" \"storage_write\""
    "  (func $write (param i32 i32 i32 i32) (result i32)))"
    " (memory 1 1)"
    " (func (export \"put\") (param i64) (i64.store (i32.const 0) (local.get 0))"
    "  (i64.store (i32.const 8) (local.get 0))"
    "  (drop (call $write (i32.const 0) (i32.const 8) (i32.const 8) (i32.const 8)))))";

/* ---- folders ---- */

static void remove_folder(const char *path)
{
    assert_int_equal(folder_remove(path), 0);
}

/* A new folder's path, and room for a name in it. */
struct folder {
    char path[64];
    char file[128];
};

static void make_folder(struct folder *folder)
{
    snprintf(folder->path, sizeof(folder->path), "/tmp/aureon-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
}

static const char *in_folder(struct folder *folder, const char *name)
{
    snprintf(folder->file, sizeof(folder->file), "%s/%s", folder->path, name);
    return folder->file;
}

/* ---- chains ---- */

static struct au_bytes one_arg(struct world *world, uint64_t value)
{
    uint8_t *items = au_arena_get(&world->arena, 12);
    uint32_t size = 8;
    memcpy(items, &size, 4);
    memcpy(items + 4, &value, 8);
    return (struct au_bytes){items, 12};
}

static void stake(struct world *world, enum person person)
{
    struct au_tx tx = {.kind = AU_TX_STAKE, .amount = RICH / 4, .has_validator = true};
    struct au_address from = world_address(world, person);
    struct au_hash message = au_tx_proof_message(au_ledger_genesis_hash(world->ledger), &from);
    memcpy(tx.validator_key, world->keys[person].public_key, AU_ADDRESS_SIZE);
    au_sign(&world->keys[person], (struct au_bytes){message.bytes, AU_HASH_SIZE},
            tx.validator_proof);
    assert_int_equal(world_apply(world, person, tx)->outcome, AU_OUTCOME_SUCCESS);
}

static void unstake(struct world *world, enum person person, uint64_t amount)
{
    struct au_tx tx = {.kind = AU_TX_UNSTAKE, .amount = amount};
    assert_int_equal(world_apply(world, person, tx)->outcome, AU_OUTCOME_SUCCESS);
}

/* Block number n of a history: stakes that come, go and wait, contracts, slots, accounts. */
static struct au_header make_block(struct world *world, uint64_t n)
{
    static struct au_address contract; /* the same in every world */
    world_begin(world);
    if (n % 4 == 0) {
        struct au_tx deploy = {
            .kind = AU_TX_DEPLOY, .code = world_code(world, store_text), .gas_limit = 1000000};
        contract = world_apply(world, ALICE, deploy)->created;
    }
    if (n == 1) {
        stake(world, ALICE);
        stake(world, BOB);
        stake(world, CAROL);
    }
    if (n == 2 || n == 3) unstake(world, ALICE, RICH / 100);
    if (n == 2 || n == 3) unstake(world, BOB, RICH / 8); /* his key goes with the later record */
    for (uint64_t i = 0; i < 9; i++) {
        struct au_tx call = {.kind = AU_TX_CALL,
                             .to = contract,
                             .gas_limit = 10000,
                             .function = au_bytes_of("put"),
                             .args = one_arg(world, 10 * n + i),
                             .arg_count = 1};
        assert_int_equal(world_apply(world, CAROL, call)->outcome, AU_OUTCOME_SUCCESS);
        struct au_tx pay = {.kind = AU_TX_TRANSFER, .amount = 1000 + i};
        memset(pay.to.bytes, (int)(16 + (i * 7 + n) % 200), AU_ADDRESS_SIZE);
        world_apply(world, ALICE, pay);
    }
    return world_commit(world);
}

static struct au_params params_of_test(void)
{
    struct au_params params = au_params_default();
    params.unbonding = 4;
    params.validator_stake_min = RICH / 8;
    return params;
}

static void verify(struct world *world)
{
    struct au_header head = au_ledger_head(world->ledger);
    struct au_verified verified;
    struct au_buf message;
    au_buf_init(&message, 1000);
    assert_ok(
        au_state_verify(&world->kv, head.height, &head.state_root, NULL, &message, &verified));
    au_buf_done(&message);
}

/* ---- snapshots ---- */

static uint32_t create(const struct au_kv *kv, const char *folder)
{
    const struct au_snapshot_source source = {.kv = *kv, .chunk_size = CHUNK_SIZE};
    struct au_snapshot_info info;
    struct au_buf message;
    au_buf_init(&message, 1000);
    assert_ok(au_snapshot_create(&source, folder, &message, &info));
    au_buf_done(&message);
    return info.count.chunk_count;
}

static enum au_err restore(const struct au_kv *kv, const char *folder, char out_text[400])
{
    struct au_snapshot_info info;
    struct au_buf message;
    au_buf_init(&message, 399);
    enum au_err err = au_snapshot_restore(kv, folder, NULL, &message, NULL, &info);
    snprintf(out_text, 400, "%.*s", (int)message.size,
             message.size > 0 ? (const char *)message.data : "");
    au_buf_done(&message);
    return err;
}

static void assert_refused(const struct au_kv *kv, const char *folder, enum au_err expected,
                           const char *text)
{
    char message[400];
    assert_err(restore(kv, folder, message), expected);
    if (!strstr(message, text)) print_message("# %s\n", message);
    assert_non_null(strstr(message, text));
}

/* Replaces a world's store by an empty one with the snapshot. */
static void begin_again(struct world *world, const char *folder)
{
    char message[400];
    world_close_ledger(world);
    au_kv_close(&world->kv);
    assert_ok(au_memkv_open(&world->kv));
    assert_ok(restore(&world->kv, folder, message));
    assert_int_equal(message[0], 0);
    world_open_ledger(world);
}

static void test_chain_goes_on(void **state)
{
    (void)state;
    static struct world first, second;
    struct au_params params = params_of_test();
    world_open(&first, &params);
    world_open(&second, &params);
    for (uint64_t n = 0; n < 14; n++) {
        struct folder folder;
        make_folder(&folder);
        assert_true(create(&first.kv, in_folder(&folder, "s")) > (n == 0 ? 1u : 4u));
        begin_again(&second, folder.file);
        verify(&second);
        struct au_header a = make_block(&first, n);
        struct au_header b = make_block(&second, n);
        struct au_hash a_hash = au_header_hash(&a), b_hash = au_header_hash(&b);
        assert_memory_equal(a_hash.bytes, b_hash.bytes, AU_HASH_SIZE);
        verify(&second);
        struct au_read reads[2];
        assert_ok(au_read_open(first.ledger, &reads[0]));
        assert_ok(au_read_open(second.ledger, &reads[1]));
        assert_int_equal(reads[0].validator_count, reads[1].validator_count);
        assert_int_equal(reads[0].validator_count, n < 1 ? 0 : n < 3 ? 3 : 2);
        au_read_close(&reads[0]);
        au_read_close(&reads[1]);
        remove_folder(folder.path);
    }
    world_close(&first);
    world_close(&second);
}

/* ---- stores that are not empty ---- */

static void put_one(const struct au_kv *kv, enum au_cf cf)
{
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, BATCH_MAX);
    au_kv_batch_put(&batch, cf, au_bytes_of("something"), au_bytes_of("else"));
    assert_ok(au_kv_write(kv, &batch, false));
    au_kv_batch_done(&batch);
}

/* Accounts or slots of nobody knows what would be part of no root. */
static void test_what_is_there_is_refused(void **state)
{
    (void)state;
    static const enum au_cf families[] = {AU_CF_META, AU_CF_ACC, AU_CF_STO, AU_CF_KEY};
    static struct world world;
    struct folder folder;
    world_open(&world, NULL);
    make_folder(&folder);
    create(&world.kv, in_folder(&folder, "s"));
    for (size_t i = 0; i < AU_COUNT_OF(families); i++) {
        struct au_kv kv;
        assert_ok(au_memkv_open(&kv));
        put_one(&kv, families[i]);
        assert_refused(&kv, in_folder(&folder, "s"), AU_ERR_INVALID_ARG,
                       "the store is not empty, and has no chain");
        au_kv_close(&kv);
    }
    world_close(&world);
    remove_folder(folder.path);
}

/* The store's functions, but that a restoration's last write is looked at. */
static struct {
    struct au_kv_ops ops;
    const struct au_kv_ops *below;
} watched;

static enum au_err write_watched(void *ctx, const struct au_kv_batch *batch, bool is_synced)
{
    world_expect_synced(batch, is_synced);
    return watched.below->write(ctx, batch, is_synced);
}

static void test_the_head_is_synced(void **state)
{
    (void)state;
    static struct world world;
    struct folder folder;
    struct au_kv kv;
    char message[400];
    world_open(&world, NULL);
    make_folder(&folder);
    create(&world.kv, in_folder(&folder, "s"));
    assert_ok(au_memkv_open(&kv));
    watched.below = kv.ops;
    watched.ops = *kv.ops;
    watched.ops.write = write_watched;
    kv.ops = &watched.ops;
    assert_ok(restore(&kv, in_folder(&folder, "s"), message));
    au_kv_close(&kv);
    world_close(&world);
    remove_folder(folder.path);
}

/* ---- interruptions ---- */

static struct au_kv open_rocks(const char *path)
{
    struct au_rocks_options options = au_rocks_options_default();
    char message[AU_KV_MESSAGE_SIZE];
    struct au_kv kv;
    options.write_buffer_size = 1 << 20;
    assert_ok(au_rocks_open(path, &options, message, &kv));
    return kv;
}

/* What the program does as another process: it restores, until it is killed. */
static int restore_alone(const char *store, const char *snapshot)
{
    char message[400];
    struct au_kv kv = open_rocks(store);
    enum au_err err = restore(&kv, snapshot, message);
    au_kv_close(&kv);
    return err == AU_OK ? 0 : 1;
}

/* The writing end of a pipe whose reader is a child; fails if that ends without it. */
static int meet(const char *path, pid_t child)
{
    int pipe, status;
    while ((pipe = open(path, O_WRONLY | O_NONBLOCK)) < 0) {
        assert_int_equal(errno, ENXIO); /* no reader yet */
        assert_int_equal(waitpid(child, &status, WNOHANG), 0);
        usleep(1000);
    }
    return pipe;
}

/* Restores in another process, which is killed when it comes to a chunk: that is a pipe. It begins
 * anew, since a fork has no use of the threads that the store has made here. */
static void kill_at_chunk(struct folder *folder, uint32_t number)
{
    char name[32], hidden[128], store[128], snapshot[128];
    snprintf(name, sizeof(name), "s/chunk-%06u", number);
    snprintf(hidden, sizeof(hidden), "%s/hidden", folder->path);
    snprintf(store, sizeof(store), "%s/store", folder->path);
    snprintf(snapshot, sizeof(snapshot), "%s/s", folder->path);
    assert_int_equal(rename(in_folder(folder, name), hidden), 0);
    assert_int_equal(mkfifo(folder->file, 0600), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)execl("/proc/self/exe", "restore", store, snapshot, (char *)NULL);
        _exit(127);
    }
    int pipe = meet(folder->file, child);
    int status;
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(close(pipe), 0);
    assert_int_equal(rename(hidden, in_folder(folder, name)), 0);
}

static void assert_no_ledger(const struct world *world, const struct au_kv *kv)
{
    const struct au_ledger_options options = {
        .kv = *kv, .engine = world->engine, .genesis = au_buf_bytes(&world->genesis)};
    struct au_ledger *ledger;
    struct au_buf message;
    au_buf_init(&message, 1000);
    assert_err(au_ledger_open(&options, &message, &ledger), AU_ERR_INVALID_ARG);
    au_buf_put_u8(&message, 0);
    assert_non_null(strstr((const char *)message.data, "`aureon snapshot restore SNAPSHOT DIR`"));
    au_buf_done(&message);
}

/* The number of the chunk that comes next, as the store says. */
static uint32_t next_chunk(const struct au_kv *kv)
{
    struct au_buf note;
    uint32_t next;
    au_buf_init(&note, 100);
    assert_ok(au_kv_get(kv, NULL, AU_CF_META, au_bytes_of("restore"), &note));
    assert_int_equal(note.size, AU_HASH_SIZE + sizeof(next));
    memcpy(&next, note.data + AU_HASH_SIZE, sizeof(next));
    au_buf_done(&note);
    return next;
}

static void test_killed_restorations_go_on(void **state)
{
    (void)state;
    static struct world world;
    struct folder folder;
    char message[400];
    world_open(&world, NULL);
    for (uint64_t n = 0; n < 3; n++) {
        make_block(&world, n == 0 ? 0 : n + 4); /* without stakes */
    }
    make_folder(&folder);
    uint32_t count = create(&world.kv, in_folder(&folder, "s"));
    assert_true(count > 6);
    const uint32_t stops[] = {1, 2, 5, count};
    for (size_t i = 0; i < AU_COUNT_OF(stops); i++) {
        kill_at_chunk(&folder, stops[i]);
        struct au_kv kv = open_rocks(in_folder(&folder, "store"));
        assert_int_equal(next_chunk(&kv), stops[i] - 1);
        assert_no_ledger(&world, &kv);
        au_kv_close(&kv);
    }
    world_close_ledger(&world);
    au_kv_close(&world.kv);
    world.kv = open_rocks(in_folder(&folder, "store"));
    assert_ok(restore(&world.kv, in_folder(&folder, "s"), message));
    world_open_ledger(&world);
    verify(&world);
    make_block(&world, 7);
    verify(&world);
    world_close(&world);
    remove_folder(folder.path);
}

/* ---- what does not fit ---- */

static void flip(const char *path, long at)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_not_equal(byte, EOF);
    assert_int_equal(fseek(file, at, SEEK_SET), 0);
    assert_int_equal(fputc(byte ^ 1, file), byte ^ 1);
    assert_int_equal(fclose(file), 0);
}

static void test_others_are_refused(void **state)
{
    (void)state;
    static struct world world;
    struct folder folder;
    struct au_kv kv;
    char message[400];
    world_open(&world, NULL);
    make_folder(&folder);
    create(&world.kv, in_folder(&folder, "old"));
    make_block(&world, 0);
    uint32_t count = create(&world.kv, in_folder(&folder, "s"));
    assert_refused(&world.kv, in_folder(&folder, "old"), AU_ERR_INVALID_ARG,
                   "the store has a chain already, at height 1");
    assert_refused(&world.kv, in_folder(&folder, "none"), AU_ERR_NOT_FOUND, "is no snapshot");

    assert_ok(au_memkv_open(&kv));
    flip(in_folder(&folder, "s/chunk-000003"), 20);
    assert_refused(&kv, in_folder(&folder, "s"), AU_ERR_MALFORMED, "s/chunk-000003 is damaged: ");
    assert_int_equal(next_chunk(&kv), 2);
    assert_refused(&kv, in_folder(&folder, "old"), AU_ERR_INVALID_ARG, "another snapshot is being");
    flip(in_folder(&folder, "s/chunk-000003"), 20);
    flip(in_folder(&folder, "s/chunk-000001"), 20); /* what is written is looked at again */
    assert_refused(&kv, in_folder(&folder, "s"), AU_ERR_MALFORMED, "s/chunk-000001 is damaged: ");
    flip(in_folder(&folder, "s/chunk-000001"), 20);
    assert_int_equal(next_chunk(&kv), 2);
    assert_ok(restore(&kv, in_folder(&folder, "s"), message));
    assert_ok(restore(&kv, in_folder(&folder, "s"), message)); /* is done already */
    au_kv_close(&kv);

    char name[32];
    snprintf(name, sizeof(name), "s/chunk-%06u", count);
    assert_int_equal(unlink(in_folder(&folder, name)), 0);
    assert_ok(au_memkv_open(&kv));
    assert_refused(&kv, in_folder(&folder, "s"), AU_ERR_MALFORMED, "is missing");
    au_kv_close(&kv);
    world_close(&world);
    remove_folder(folder.path);
}

/* A file that has a byte changed, anywhere, is named: when the snapshot is proved, and when it is
 * restored. */
static void expect_bytes_named(struct folder *folder, const char *name)
{
    struct stat status;
    char text[64];
    assert_int_equal(stat(in_folder(folder, name), &status), 0);
    assert_true(status.st_size > 40);
    snprintf(text, sizeof(text), "%s is damaged: ", name);
    for (long at = 0; at < (long)status.st_size; at++) {
        struct au_snapshot_info info;
        struct au_buf message;
        flip(in_folder(folder, name), at);
        au_buf_init(&message, 1000);
        assert_err(au_snapshot_verify(in_folder(folder, "s"), NULL, &message, &info),
                   AU_ERR_MALFORMED);
        au_buf_put_u8(&message, 0);
        if (!strstr((const char *)message.data, text)) fail_msg("%s", (const char *)message.data);
        au_buf_done(&message);
        if (at % 101 == 0) {
            struct au_kv kv;
            assert_ok(au_memkv_open(&kv));
            assert_refused(&kv, in_folder(folder, "s"), AU_ERR_MALFORMED, text);
            au_kv_close(&kv);
        }
        flip(in_folder(folder, name), at);
    }
}

static void test_every_byte_is_named(void **state)
{
    (void)state;
    static struct world world;
    struct folder folder;
    world_open(&world, NULL);
    make_folder(&folder);
    make_block(&world, 0);
    uint32_t count = create(&world.kv, in_folder(&folder, "s"));
    assert_in_range(count, 4, 40);
    for (uint32_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "s/chunk-%06u", i + 1);
        expect_bytes_named(&folder, name);
    }
    expect_bytes_named(&folder, "s/manifest");
    world_close(&world);
    remove_folder(folder.path);
}

/* ---- manifests ---- */

static void read_manifest(const char *path, struct au_buf *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    for (int byte; (byte = fgetc(file)) != EOF;) {
        au_buf_put_u8(bytes, (uint8_t)byte);
    }
    assert_int_equal(fclose(file), 0);
    assert_ok(bytes->err);
}

/* A manifest with another header, whose digest is right. */
static void assert_not_of_chain(struct au_manifest manifest, const struct au_header *header)
{
    struct au_buf bytes;
    const char *wrong = NULL;
    manifest.header = *header;
    au_buf_init(&bytes, 1 << 20);
    au_manifest_encode(&bytes, &manifest);
    assert_ok(bytes.err);
    assert_err(au_manifest_decode(au_buf_bytes(&bytes), &manifest, &wrong), AU_ERR_MALFORMED);
    assert_non_null(wrong);
    au_buf_done(&bytes);
}

static void test_manifests_are_strict(void **state)
{
    (void)state;
    static struct world world;
    struct folder folder;
    struct au_manifest manifest;
    struct au_buf bytes, again;
    const char *wrong = NULL;
    world_open(&world, NULL);
    make_folder(&folder);
    create(&world.kv, in_folder(&folder, "s"));
    au_buf_init(&bytes, 1 << 20);
    au_buf_init(&again, 1 << 20);
    read_manifest(in_folder(&folder, "s/manifest"), &bytes);
    assert_ok(au_manifest_decode(au_buf_bytes(&bytes), &manifest, &wrong));
    au_manifest_encode(&again, &manifest);
    assert_true(au_bytes_is_equal(au_buf_bytes(&bytes), au_buf_bytes(&again)));

    struct au_header header = manifest.header;
    header.parent.bytes[3] ^= 1;
    assert_not_of_chain(manifest, &header);
    header = manifest.header;
    header.chain_id[0] ^= 1;
    assert_not_of_chain(manifest, &header);

    struct au_manifest other;
    for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        wrong = NULL;
        assert_err(au_manifest_decode(au_buf_bytes(&bytes), &other, &wrong), AU_ERR_MALFORMED);
        assert_non_null(wrong);
        bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t size = 0; size < bytes.size; size++) {
        struct au_bytes cut = {bytes.data, size};
        assert_err(au_manifest_decode(cut, &other, &wrong), AU_ERR_MALFORMED);
    }
    au_buf_done(&bytes);
    au_buf_done(&again);
    world_close(&world);
    remove_folder(folder.path);
}

/* A manifest with other counts, whose digest is right. */
static void expect_counts_refused(struct folder *folder, struct au_manifest manifest,
                                  const char *text)
{
    struct au_snapshot_info info;
    struct au_buf bytes, message;
    au_buf_init(&bytes, 1 << 20);
    au_buf_init(&message, 1000);
    au_manifest_encode(&bytes, &manifest);
    assert_ok(bytes.err);
    assert_ok(au_file_write(in_folder(folder, "s/manifest"), au_buf_bytes(&bytes)));
    assert_err(au_snapshot_verify(in_folder(folder, "s"), NULL, &message, &info), AU_ERR_MALFORMED);
    au_buf_put_u8(&message, 0);
    if (!strstr((const char *)message.data, text)) fail_msg("%s", (const char *)message.data);
    au_buf_done(&message);
    au_buf_done(&bytes);
}

static void test_counts_are_strict(void **state)
{
    (void)state;
    static struct world world;
    struct folder folder;
    struct au_manifest manifest, other;
    struct au_buf bytes;
    const char *wrong = NULL;
    world_open(&world, NULL);
    make_folder(&folder);
    make_block(&world, 0);
    create(&world.kv, in_folder(&folder, "s"));
    au_buf_init(&bytes, 1 << 20);
    read_manifest(in_folder(&folder, "s/manifest"), &bytes);
    assert_ok(au_manifest_decode(au_buf_bytes(&bytes), &manifest, &wrong));
    uint64_t *const counts[] = {&other.count.account_count, &other.count.slot_count,
                                &other.count.code_count};
    for (size_t i = 0; i < AU_COUNT_OF(counts); i++) {
        other = manifest;
        *counts[i] += 1;
        expect_counts_refused(&folder, other, "s/manifest: expected ");
        *counts[i] -= 2;
        expect_counts_refused(&folder, other, "s/manifest: expected ");
    }
    other = manifest;
    other.count = (struct au_chunks_count){0};
    other.hashes.size = 0;
    expect_counts_refused(&folder, other, "s/manifest: no chunks, but a state");
    other = manifest;
    other.count.chunk_count--;
    other.hashes.size -= AU_HASH_SIZE;
    expect_counts_refused(&folder, other, "is not of this state: ");
    au_buf_done(&bytes);
    world_close(&world);
    remove_folder(folder.path);
}

int main(int argc, char **argv)
{
    if (argc == 3) return restore_alone(argv[1], argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chain_goes_on),
        cmocka_unit_test(test_killed_restorations_go_on),
        cmocka_unit_test(test_others_are_refused),
        cmocka_unit_test(test_every_byte_is_named),
        cmocka_unit_test(test_manifests_are_strict),
        cmocka_unit_test(test_counts_are_strict),
        cmocka_unit_test(test_what_is_there_is_refused),
        cmocka_unit_test(test_the_head_is_synced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
