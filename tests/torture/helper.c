/* Goal: whatever becomes of compile helpers, receipts and roots are what they are without one; no
 * process, descriptor or memory is left behind.
 * Method: chains of random contracts are made twice, by an engine that compiles by itself and by
 * one whose helper crashes, lies and stands still (bad_helper.h), and is killed or stopped at
 * random besides. Both must come to the same receipts and block hashes.
 *
 *     AUREON_HELPER_COMPILATIONS   how many modules at least; 300
 *     AUREON_HELPER_PROGRESS       a file that counts them: a run goes on where one before ended */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/text.h"
#include "crypto/random.h"
#include "torture/bad_helper.h"
#include "unit/ledger/world.h"
#include "unit/leftover.h"
#include "vm/engine_internal.h"
#include "vm/helper.h"

#define COMPILATIONS  300u
#define DEPLOYS       50u /* of a chain */
#define FUNCTIONS_MAX 40u /* of a contract */
#define TEXT_SIZE     (64u << 10)
#define TRIES_MAX     100  /* of one module; each is two attempts */
#define PAUSE_MAX_MS  120u /* between two signals */
#define SPARED_SHARE  12u
#define STOP_SHARE    150u       /* one signal of so many stops a helper, for six seconds */
#define WARM_UP       4u         /* chains until memory is what it takes */
#define GROWTH_MAX    (8u << 20) /* bytes from then on */
#define NS_PER_MS     1000000l

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KEEPS_FREED_MEMORY true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define KEEPS_FREED_MEMORY true
#endif
#endif
#ifndef KEEPS_FREED_MEMORY
#define KEEPS_FREED_MEMORY false
#endif

static atomic_ullong compiled_count; /* modules, of this run */
static uint64_t failed_count;        /* of which helpers failed twice, and that were tried again */
static uint64_t started_count;       /* helpers */
static atomic_uint signal_count;

/* ---- contracts ---- */

static uint32_t random_below(uint32_t end)
{
    uint32_t value;
    au_random_bytes(&value, sizeof(value));
    return value % end;
}

/* Functions that each mix the result of the one before; the last is kept and returned. */
static struct au_bytes make_code(struct world *world)
{
    static struct au_buf text;
    uint32_t count = 1 + random_below(FUNCTIONS_MAX);
    au_buf_init(&text, TEXT_SIZE);
    au_buf_printf(&text,
                  "(module (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32)"
                  " (result i32))) (memory 1 1)"
                  "(func $f0 (param i64) (result i64) (i64.add (local.get 0) (i64.const %u)))",
                  random_below(UINT32_MAX));
    for (uint32_t i = 1; i <= count; i++) {
        au_buf_printf(&text,
                      "(func $f%u (param i64) (result i64) (local i64)"
                      "(loop (local.set 0 (i64.xor (i64.rotl (local.get 0) (i64.const %u))"
                      "(call $f%u (local.get 1))))"
                      "(br_if 0 (i64.lt_u (local.tee 1 (i64.add (local.get 1) (i64.const 1)))"
                      "(i64.const %u)))) (local.get 0))",
                      i, random_below(64), i - 1, 1 + random_below(2));
    }
    au_buf_printf(&text,
                  "(func (export \"f\") (i64.store (i32.const 0) (call $f%u (i64.const %u)))"
                  "(drop (call $write (i32.const 0) (i32.const 8) (i32.const 0) (i32.const 8)))))",
                  random_below(count < 8 ? count : 8), random_below(UINT32_MAX));
    au_buf_put_u8(&text, 0);
    assert_ok(text.err);
    struct au_bytes code = world_code(world, (const char *)text.data);
    au_buf_done(&text);
    return code;
}

/* ---- one chain, twice ---- */

/* Executes a transaction in a block of its own. */
static struct au_hash run_block(struct world *world, struct au_tx tx, struct au_hash *out_digest,
                                struct au_address *out_created)
{
    world_begin(world);
    const struct au_receipt *receipt = world_apply(world, ALICE, tx);
    assert_int_equal(receipt->outcome, AU_OUTCOME_SUCCESS);
    *out_digest = au_receipt_digest(receipt);
    if (receipt->has_created) *out_created = receipt->created;
    struct au_header header = world_commit(world);
    return au_header_hash(&header);
}

static struct au_address run_both(struct world worlds[2], struct au_tx tx)
{
    struct au_hash hashes[2];
    struct au_hash digests[2];
    struct au_address created = {{0}};
    for (int i = 0; i < 2; i++)
        hashes[i] = run_block(&worlds[i], tx, &digests[i], &created);
    assert_true(au_hash_is_equal(&digests[0], &digests[1]));
    assert_true(au_hash_is_equal(&hashes[0], &hashes[1]));
    return created;
}

static void compile(struct world *world, struct au_bytes code)
{
    enum au_err err = AU_ERR_ENGINE;
    struct au_reject reject;
    struct au_loaded *loaded;
    for (int i = 0; i < TRIES_MAX && err == AU_ERR_ENGINE; i++) {
        err = au_engine_load(world->engine, code, &loaded, &reject);
        failed_count += err == AU_ERR_ENGINE;
    }
    if (err != AU_OK) fail_msg("%s: %s", reject.rule, reject.message);
    au_loaded_release(loaded);
    atomic_fetch_add(&compiled_count, 1);
}

struct killer {
    struct au_helper *helper;
    atomic_bool is_over;
};

/* Where a machine is busy a helper lives long before it has compiled anything: most of the time it
 * is spared until it has. */
static void *kill_now_and_then(void *context)
{
    struct killer *killer = context;
    unsigned long long last_count = 0;
    while (!atomic_load(&killer->is_over)) {
        struct timespec pause = {.tv_nsec = (1 + random_below(PAUSE_MAX_MS)) * NS_PER_MS};
        nanosleep(&pause, NULL);
        pid_t pid = au_helper_pid(killer->helper);
        unsigned long long count = atomic_load(&compiled_count);
        if (pid == 0 || (count == last_count && random_below(SPARED_SHARE) != 0)) continue;
        last_count = count;
        kill(pid, random_below(STOP_SHARE) == 0 ? SIGSTOP : SIGKILL);
        atomic_fetch_add(&signal_count, 1);
    }
    return NULL;
}

static void run_chain(void)
{
    struct world worlds[2];
    struct killer killer = {0};
    pthread_t thread;
    world_helper = NULL;
    world_open(&worlds[0], NULL);
    world_helper = "/proc/self/exe";
    world_open(&worlds[1], NULL);
    killer.helper = au_engine_helper(worlds[1].engine);
    assert_int_equal(pthread_create(&thread, NULL, kill_now_and_then, &killer), 0);
    for (unsigned i = 0; i < DEPLOYS; i++) {
        struct au_tx deploy = {.kind = AU_TX_DEPLOY, .gas_limit = 1000000};
        deploy.code = make_code(&worlds[0]);
        compile(&worlds[1], deploy.code);
        struct au_address contract = run_both(worlds, deploy);
        (void)run_both(worlds, (struct au_tx){.kind = AU_TX_CALL,
                                              .to = contract,
                                              .function = au_bytes_of("f"),
                                              .gas_limit = 1000000});
    }
    atomic_store(&killer.is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(au_engine_count(worlds[1].engine).compiled, DEPLOYS);
    started_count += au_helper_started(killer.helper);
    world_close(&worlds[0]);
    world_close(&worlds[1]);
}

/* ---- what is left ---- */

static size_t resident_size(void)
{
    size_t whole = 0;
    size_t resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%zu %zu", &whole, &resident), 2);
    assert_int_equal(fclose(file), 0);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- how far it is ---- */

static uint64_t read_number(const char *name, uint64_t otherwise)
{
    uint64_t number = otherwise;
    const char *text = getenv(name);
    if (text != NULL) assert_ok(au_text_parse_u64(au_bytes_of(text), &number));
    return number;
}

static uint64_t read_progress(void)
{
    const char *path = getenv("AUREON_HELPER_PROGRESS");
    unsigned long long count = 0;
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    if (file == NULL) return 0;
    if (fscanf(file, "%llu", &count) != 1) count = 0;
    assert_int_equal(fclose(file), 0);
    return count;
}

static void write_progress(uint64_t count)
{
    const char *path = getenv("AUREON_HELPER_PROGRESS");
    if (path == NULL) return;
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fprintf(file, "%llu\n", (unsigned long long)count) > 0);
    assert_int_equal(fclose(file), 0);
}

static void test_chains_are_the_same(void **state)
{
    (void)state;
    uint64_t wanted = read_number("AUREON_HELPER_COMPILATIONS", COMPILATIONS);
    uint64_t before = read_progress();
    size_t descriptors = count_descriptors();
    size_t size = 0;
    for (unsigned chain = 1; before + atomic_load(&compiled_count) < wanted; chain++) {
        run_chain();
        assert_no_child();
        assert_int_equal(count_descriptors(), descriptors);
        if (chain == WARM_UP) size = resident_size();
        if (chain > WARM_UP && !KEEPS_FREED_MEMORY) {
            assert_in_range(resident_size(), 0, size + GROWTH_MAX);
        }
        write_progress(before + atomic_load(&compiled_count));
    }
    print_message(
        "# %llu modules before; %llu compiled by %llu helpers, that were sent %u signals; "
        "%llu times one failed twice\n",
        (unsigned long long)before, atomic_load(&compiled_count), (unsigned long long)started_count,
        atomic_load(&signal_count), (unsigned long long)failed_count);
    print_message("# resident: %zu kB, %zu kB in the end\n", size >> 10, resident_size() >> 10);
    assert_true(before >= wanted || started_count > atomic_load(&compiled_count) / 10);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], AU_HELPER_WORD) == 0) {
        return bad_helper_main((const char *const *)argv + 2);
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_chains_are_the_same)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
