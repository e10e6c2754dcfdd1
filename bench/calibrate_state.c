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

/* Memory: 0 self, 64 an id or key as chain_address makes them, 60 the prefix that makes it a large
 * slot's key, 128 a value, 1024 output. */
#define ID        "(i32.const 64) (i32.const 32)"
#define LARGE     "(i32.const 60) (i32.const 36)"
#define ALL_LARGE "(i32.const 60) (i32.const 4)"
#define NO_COPY   "(i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)"

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

static const struct touch new_large = {
    "new_large", "", "(drop (call $write " LARGE " (i32.const 0) (i32.const 65536)))"};

/* Slots of 64 KiB, of which nothing is copied. */
static const struct large {
    const char *row; /* its name in the table */
    struct touch touch;
} larges[] = {
    {"storage_size", {"size_large", "slots of 64 KiB", "(drop (call $size " LARGE "))"}},
    {"iter_next",
     {"next_large", "slots of 64 KiB, one after the other",
      "(if (i64.eqz (local.get $from)) (then (drop (call $iter_open " ALL_LARGE "))))"
      "(drop (call $iter_next (i32.const 0) " NO_COPY "))"}},
    {"iter_next",
     {"seek_large", "with iter_open and iter_close, slots of 64 KiB",
      "(drop (call $iter_next (call $iter_open " LARGE ") " NO_COPY "))"
      "(call $iter_close (i32.const 0))"}},
};

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
        "(data (i32.const 60) \"LLLLaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\")";
    struct au_buf text;
    struct au_buf code;
    char message[256];
    double wall;
    au_buf_init(&text, 1u << 16);
    au_buf_init(&code, 1u << 20);
    au_buf_put_text(&text, head);
    for (size_t i = 0; i < AU_COUNT_OF(touches); i++)
        put_function(&text, &touches[i]);
    for (size_t i = 0; i < AU_COUNT_OF(larges); i++)
        put_function(&text, &larges[i].touch);
    put_function(&text, &new_slots);
    put_function(&text, &new_large);
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

/* Of each of those from one on, which nothing in our memory has. On disk all that is waited for
 * counts too, but for the commit. */
static struct pace time_touch(struct state *state, const struct touch *touch, uint32_t from,
                              bool is_on_disk)
{
    double wall;
    double around_wall;
    chain_reopen(&state->chain, is_on_disk);
    struct pace around = run_touches(state, touches[0].name, 0, TOUCHES, &around_wall);
    struct pace pace = run_touches(state, touch->name, from, TOUCHES, &wall);
    if (is_on_disk) {
        pace.ns = wall;
        around.ns = around_wall;
    }
    return pace_each(pace_less(pace, around), TOUCHES);
}

static void put_touch(const char *row, const char *what, bool is_on_disk, struct pace pace)
{
    char extra[128];
    (void)snprintf(extra, sizeof(extra), ",\"what\":\"%s, %s\"", what,
                   is_on_disk ? "from the disk" : "from files in memory");
    calibrate_put_row(is_on_disk ? "disk" : "touch", row, pace, extra);
}

/* Each round touches other accounts and slots; the fastest counts. */
static void put_small(struct state *state, const char *row, const struct touch *touch,
                      uint32_t first, bool is_on_disk)
{
    struct pace least = {0};
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct pace pace = time_touch(state, touch, first + state->next, is_on_disk);
        state->next += TOUCHES;
        least = i == 0 ? pace : pace_faster(least, pace);
    }
    put_touch(row, touch->what, is_on_disk, least);
}

static void put_touches(struct state *state, bool is_on_disk)
{
    for (size_t i = 1; i < AU_COUNT_OF(touches); i++)
        put_small(state, touches[i].name, &touches[i], 0, is_on_disk);
    put_small(state, "storage_write", &new_slots, ACCOUNTS, is_on_disk);
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

/* Last: so much more state makes reading all of it slower. */
static void put_larges(struct state *state)
{
    double wall;
    for (uint32_t at = 0; at < TOUCHES; at += TOUCHES / 4)
        (void)run_touches(state, new_large.name, at, TOUCHES / 4, &wall);
    for (size_t i = 0; i < 2 * AU_COUNT_OF(larges); i++) {
        const struct large *large = &larges[i / 2];
        bool is_on_disk = i % 2 == 1;
        struct pace least = time_touch(state, &large->touch, 0, is_on_disk);
        for (uint32_t round = 1; round < ROUNDS; round++)
            least = pace_faster(least, time_touch(state, &large->touch, 0, is_on_disk));
        put_touch(large->row, large->touch.what, is_on_disk, least);
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
    put_larges(&state);
    chain_end(&state.chain);
}
