/* What whole transactions take, and state that is touched for the first time: executing, sealing
 * the block with its state root and writing it, signatures included. */
#include "bench/calibrate.h"

#include <stdio.h>

#include "bench/bench.h"
#include "bench/calibrate_chain.h"

#define ACCOUNTS 100000u
#define SLOTS    60000u
#define FILLS    20000u  /* slots that one call writes */
#define TOUCHES  1000u   /* of one call */
#define SWEPT    100000u /* slots that one block deletes */
#define WALKS    10000u  /* over them, of one call */
#define ROUNDS   3u
#define TXS      500u /* of one block */
#define GAS      UINT64_C(100000000)

struct state {
    struct chain chain;
    struct au_address toucher;
    uint32_t next; /* account or slot that nobody has touched */
};

/* ---- transactions ---- */

/* Executes, seals and commits a block of count equal transactions; out_wall leaves out the
 * commit, whose time is the disk's and does not depend on what was read. */
static struct pace run_block(struct state *state, const struct au_tx *tx, uint32_t count,
                             double *out_wall, struct au_address *out_created)
{
    static struct au_buf txs[TXS];
    uint64_t gas = 0;
    AU_ASSERT(count <= TXS);
    for (uint32_t i = 0; i < count; i++)
        chain_sign(&state->chain, *tx, &txs[i]);
    AU_ASSERT(au_block_begin(state->chain.block, 0) == AU_OK);
    double start = bench_now_ns();
    double wall_start = bench_wall_ns();
    for (uint32_t i = 0; i < count; i++) {
        const struct au_receipt *receipt =
            chain_apply(&state->chain, au_buf_bytes(&txs[i]), count > 1);
        gas += receipt->gas_used;
        if (out_created) *out_created = receipt->created;
    }
    AU_ASSERT(au_block_seal(state->chain.block) == AU_OK);
    *out_wall = bench_wall_ns() - wall_start;
    AU_ASSERT(au_block_commit(state->chain.block) == AU_OK);
    double time = bench_now_ns() - start;
    for (uint32_t i = 0; i < count; i++)
        au_buf_done(&txs[i]);
    return (struct pace){time, (double)gas * PACE_STEPS};
}

/* ---- the contract ---- */

/* Memory: 0 self, 64 an id or key as chain_address makes them, 128 a value, 1024 output. */
#define ID "(i32.const 64) (i32.const 32)"

static const struct touch {
    const char *name;
    const char *what; /* is read or written for the first time */
    const char *code;
} touches[] = {
    {"none", "", ""},
    {"get_balance", "accounts", "(drop (call $get_balance " ID "))"},
    {"transfer", "to accounts",
     "(drop (call $transfer (i32.const 0) (i32.const 32) " ID " (i64.const 1)))"},
    {"storage_read", "slots", "(drop (call $read " ID " (i32.const 1024) (i32.const 100)))"},
    {"storage_size", "slots", "(drop (call $size " ID "))"},
    {"storage_write", "slots", "(drop (call $write " ID " (i32.const 128) (i32.const 2)))"},
    {"storage_delete", "slots", "(drop (call $delete " ID "))"},
};

/* Not there before. */
static const struct touch new_slots = {"new_slot", "slots that are new",
                                       "(drop (call $write " ID " (i32.const 128) (i32.const 1)))"};

/* To the end, over all slots. */
static const struct touch walk = {
    "iter_next", "with iter_open and iter_close, over 100,000 deleted slots",
    "(drop (call $iter_next (call $iter_open (i32.const 64) (i32.const 0)) (i32.const 1024)"
    " (i32.const 32) (i32.const 1024) (i32.const 0))) (call $iter_close (i32.const 0))"};

static void put_function(struct au_buf *text, const struct touch *touch)
{
    au_buf_printf(text,
                  "(func (export \"%s\") (param $from i64) (param $count i64)"
                  " (call $self_address (i32.const 0))"
                  " (local.set $count (i64.add (local.get $from) (local.get $count)))"
                  " (loop $next (i32.store (i32.const 64)"
                  " (i32.mul (i32.wrap_i64 (local.get $from)) (i32.const 2654435761))) %s"
                  " (local.set $from (i64.add (local.get $from) (i64.const 1)))"
                  " (br_if $next (i64.lt_u (local.get $from) (local.get $count)))))",
                  touch->name, touch->code);
}

static void deploy_toucher(struct state *state)
{
    static const char head[] =
        "(module"
        "(import \"env\" \"get_balance\" (func $get_balance (param i32 i32) (result i64)))"
        "(import \"env\" \"transfer\" (func $transfer (param i32 i32 i32 i32 i64) (result i32)))"
        "(import \"env\" \"storage_read\" (func $read (param i32 i32 i32 i32) (result i32)))"
        "(import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
        "(import \"env\" \"storage_size\" (func $size (param i32 i32) (result i64)))"
        "(import \"env\" \"storage_delete\" (func $delete (param i32 i32) (result i32)))"
        "(import \"env\" \"iter_open\" (func $iter_open (param i32 i32) (result i32)))"
        "(import \"env\" \"iter_next\""
        "  (func $iter_next (param i32 i32 i32 i32 i32) (result i64)))"
        "(import \"env\" \"iter_close\" (func $iter_close (param i32)))"
        "(import \"env\" \"self_address\" (func $self_address (param i32)))"
        "(memory 1 1) (func (export \"nothing\")) (func (export \"trap\") unreachable)"
        "(data (i32.const 64) \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\")";
    struct au_buf text;
    struct au_buf code;
    char message[256];
    double wall;
    au_buf_init(&text, 1u << 16);
    au_buf_init(&code, 1u << 20);
    au_buf_put_text(&text, head);
    for (size_t i = 0; i < AU_COUNT_OF(touches); i++)
        put_function(&text, &touches[i]);
    put_function(&text, &new_slots);
    put_function(&text, &walk);
    au_buf_put_text(&text, ")");
    AU_ASSERT(text.err == AU_OK);
    AU_ASSERT(au_engine_wat_to_wasm(au_buf_bytes(&text), &code, message, sizeof(message)) == AU_OK);
    struct au_tx tx = {.kind = AU_TX_DEPLOY,
                       .code = au_buf_bytes(&code),
                       .gas_limit = GAS,
                       .value = CHAIN_BALANCE / 8};
    (void)run_block(state, &tx, 1, &wall, &state->toucher);
    au_buf_done(&text);
    au_buf_done(&code);
}

/* A block of one call that touches count things from one on. */
static struct pace run_touches(struct state *state, const char *function, uint32_t from,
                               uint32_t count, double *out_wall)
{
    struct au_buf args;
    au_buf_init(&args, 64);
    au_buf_put_u32(&args, sizeof(uint64_t));
    au_buf_put_u64(&args, from);
    au_buf_put_u32(&args, sizeof(uint64_t));
    au_buf_put_u64(&args, count);
    struct au_tx tx = {
        .kind = AU_TX_CALL,
        .to = state->toucher,
        .function = au_bytes_of(function),
        .args = au_buf_bytes(&args),
        .arg_count = 2,
        .gas_limit = GAS,
    };
    struct pace pace = run_block(state, &tx, 1, out_wall, NULL);
    au_buf_done(&args);
    return pace;
}

/* ---- findings ---- */

/* Each round touches other accounts and slots; the fastest counts. On disk all that is waited for
 * counts too, but for the commit. */
static void put_touch(struct state *state, const struct touch *touch, bool is_on_disk, bool is_new)
{
    struct pace least = {0};
    char extra[128];
    for (uint32_t i = 0; i < ROUNDS; i++) {
        double wall;
        double around_wall;
        chain_reopen(&state->chain, is_on_disk);
        struct pace around = run_touches(state, touches[0].name, 0, TOUCHES, &around_wall);
        struct pace pace = run_touches(
            state, touch->name, is_new ? ACCOUNTS + state->next : state->next, TOUCHES, &wall);
        state->next += TOUCHES;
        if (is_on_disk) {
            pace.ns = wall;
            around.ns = around_wall;
        }
        pace = pace_each(pace_less(pace, around), TOUCHES);
        least = i == 0 ? pace : pace_faster(least, pace);
    }
    (void)snprintf(extra, sizeof(extra), ",\"what\":\"%s, %s\"", touch->what,
                   is_on_disk ? "from the disk" : "from files in memory");
    calibrate_put_row(is_on_disk ? "disk" : "touch", is_new ? "storage_write" : touch->name, least,
                      extra);
}

static void put_touches(struct state *state, bool is_on_disk)
{
    for (size_t i = 1; i < AU_COUNT_OF(touches); i++)
        put_touch(state, &touches[i], is_on_disk, false);
    put_touch(state, &new_slots, is_on_disk, true);
}

/* Walks in the block after the one that deleted all slots, and after a restart: the first of them
 * passes over all that is left of the slots. */
static void put_walks(struct state *state)
{
    static const char *const places[] = {"in the next block", "after a restart", "from the disk"};
    double wall;
    for (uint32_t at = 0; at < SWEPT; at += FILLS)
        (void)run_touches(state, new_slots.name, at, FILLS, &wall);
    (void)run_touches(state, "storage_delete", ACCOUNTS, state->next, &wall);
    (void)run_touches(state, "storage_delete", 0, SWEPT, &wall);
    for (size_t i = 0; i < AU_COUNT_OF(places); i++) {
        char extra[128];
        double around_wall;
        if (i > 0) chain_reopen(&state->chain, i == 2);
        struct pace pace = run_touches(state, walk.name, 0, WALKS, &wall);
        struct pace around = run_touches(state, touches[0].name, 0, WALKS, &around_wall);
        if (i == 2) {
            pace.ns = wall;
            around.ns = around_wall;
        }
        (void)snprintf(extra, sizeof(extra), ",\"what\":\"%s, %s\"", walk.what, places[i]);
        calibrate_put_row(i == 2 ? "disk" : "touch", walk.name,
                          pace_each(pace_less(pace, around), WALKS), extra);
    }
}

/* Transactions that do as little as they can, each with its signature. */
static void put_txs(struct state *state)
{
    const struct row {
        const char *name;
        struct au_tx tx;
    } rows[] = {
        {"a transfer", {.kind = AU_TX_TRANSFER, .to = chain_address(0), .amount = 1}},
        {"a call that does nothing",
         {.kind = AU_TX_CALL,
          .to = state->toucher,
          .function = au_bytes_of("nothing"),
          .gas_limit = 1000}},
        {"a call that traps",
         {.kind = AU_TX_CALL,
          .to = state->toucher,
          .function = au_bytes_of("trap"),
          .gas_limit = 1000}},
    };
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        double wall;
        struct pace least = run_block(state, &rows[i].tx, TXS, &wall, NULL);
        for (uint32_t round = 1; round < ROUNDS; round++)
            least = pace_faster(least, run_block(state, &rows[i].tx, TXS, &wall, NULL));
        calibrate_put_row("tx", rows[i].name, pace_each(least, TXS), "");
    }
}

void calibrate_state(const char *folder)
{
    struct state state = {0};
    double wall;
    chain_begin(&state.chain, folder, ACCOUNTS);
    deploy_toucher(&state);
    for (uint32_t at = 0; at < SLOTS; at += FILLS)
        (void)run_touches(&state, new_slots.name, at, FILLS, &wall);
    chain_reopen(&state.chain, false);
    put_txs(&state);
    put_touches(&state, false);
    put_touches(&state, true);
    put_walks(&state);
    chain_end(&state.chain);
}
