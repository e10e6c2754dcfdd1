/* Random calls of random contracts, as transactions: does any take longer than the bound allows? */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/calibrate.h"
#include "bench/calibrate_chain.h"
#include "differential/contract.h"
#include "ledger_log/dice.h"

#define TEXT_MAX     (4u << 20)
#define CALLS        24u /* of each contract */
#define GAS_BITS     16u /* limits are below 2^16 gas, besides what a transaction itself pays */
#define GAS_LEAST    150u
#define DEPLOY_GAS   UINT64_C(100000000)
#define PASSES_MIN   2u /* the first one meets code that is nowhere near the processor */
#define PASSES_MAX   10u
#define CONTRACT_TXS (CALLS + 1)

static const char *const functions[] = {"run", "other", "end", "deep"};

struct audit {
    struct chain chain;
    struct au_buf txs[CONTRACT_TXS]; /* a deploy, then calls */
    struct pace paces[CONTRACT_TXS];
    struct pace worst;
    uint64_t call_count;
};

static struct au_address contract_address(struct audit *audit)
{
    AU_ASSERT(au_block_begin(audit->chain.block, 0) == AU_OK);
    const struct au_receipt *receipt =
        chain_apply(&audit->chain, au_buf_bytes(&audit->txs[0]), false);
    AU_ASSERT(receipt->outcome == AU_OUTCOME_SUCCESS);
    struct au_address address = receipt->created;
    au_block_abort(audit->chain.block);
    return address;
}

static void sign_deploy(struct audit *audit, uint64_t seed)
{
    struct au_buf text;
    struct au_buf code;
    char message[256];
    au_buf_init(&text, TEXT_MAX);
    au_buf_init(&code, 1u << 20);
    contract_write(seed, &text);
    AU_ASSERT(text.err == AU_OK);
    AU_ASSERT(au_engine_wat_to_wasm(au_buf_bytes(&text), &code, message, sizeof(message)) == AU_OK);
    struct au_tx tx = {.kind = AU_TX_DEPLOY,
                       .code = au_buf_bytes(&code),
                       .gas_limit = DEPLOY_GAS,
                       .value = 1000000};
    audit->chain.nonce = 0;
    chain_sign(&audit->chain, tx, &audit->txs[0]);
    au_buf_done(&text);
    au_buf_done(&code);
}

/* All transactions of a contract: it is deployed, then called with every kind of limit. */
static void sign_txs(struct audit *audit, uint64_t seed)
{
    static const char args[] = "\x04\0\0\0self\x08\0\0\0slot two\x05\0\0\0third";
    struct dice dice = {seed};
    sign_deploy(audit, seed);
    struct au_address address = contract_address(audit);
    for (size_t i = 1; i < CONTRACT_TXS; i++) {
        uint64_t bits = dice_below(&dice, GAS_BITS);
        struct au_tx tx = {
            .kind = AU_TX_CALL,
            .to = address,
            .function = au_bytes_of(DICE_PICK(&dice, functions)),
            .args = {(const uint8_t *)args, sizeof(args) - 1},
            .arg_count = 3,
            .gas_limit = GAS_LEAST + dice_below(&dice, (size_t)1 << bits),
        };
        chain_sign(&audit->chain, tx, &audit->txs[i]);
    }
}

/* One pass over all of them: the block is never committed, so that each pass does the same. */
static void run_pass(struct audit *audit, bool is_first)
{
    struct chain *chain = &audit->chain;
    AU_ASSERT(au_block_begin(chain->block, 0) == AU_OK);
    (void)chain_apply(chain, au_buf_bytes(&audit->txs[0]), false);
    for (size_t i = 1; i < CONTRACT_TXS; i++) {
        double start = bench_now_ns();
        const struct au_receipt *receipt = chain_apply(chain, au_buf_bytes(&audit->txs[i]), true);
        double time = bench_now_ns() - start;
        struct pace pace = {time, (double)receipt->gas_used * PACE_STEPS};
        audit->paces[i] = is_first ? pace : pace_faster(audit->paces[i], pace);
    }
    au_block_abort(chain->block);
}

/* The call that took longest for what it paid. */
static size_t worst_call(const struct audit *audit)
{
    size_t worst = 1;
    for (size_t i = 2; i < CONTRACT_TXS; i++) {
        if (pace_ratio(audit->paces[i]) > pace_ratio(audit->paces[worst])) worst = i;
    }
    return worst;
}

static bool check_contract(struct audit *audit, uint64_t seed, double bound)
{
    size_t worst = 0;
    sign_txs(audit, seed);
    for (uint32_t pass = 0; pass < PASSES_MAX; pass++) {
        run_pass(audit, pass == 0);
        worst = worst_call(audit);
        if (pass + 1 >= PASSES_MIN && pace_ratio(audit->paces[worst]) <= bound) break;
    }
    struct pace pace = audit->paces[worst];
    audit->call_count += CALLS;
    if (pace_ratio(pace) > pace_ratio(audit->worst)) audit->worst = pace;
    for (size_t i = 0; i < CONTRACT_TXS; i++)
        au_buf_done(&audit->txs[i]);
    if (pace_ratio(pace) <= bound) return true;
    (void)fprintf(stderr, "calibrate: contract %" PRIu64 ", call %zu: %.0f ns for %.0f steps\n",
                  seed, worst, pace.ns, pace.steps);
    return false;
}

bool calibrate_audit(uint64_t first, uint64_t count, double bound)
{
    static struct audit audit;
    uint64_t seed = first;
    bool is_within = true;
    chain_begin(&audit.chain, NULL, 0);
    while (is_within && audit.call_count < count)
        is_within = check_contract(&audit, seed++, bound);
    char extra[128];
    (void)snprintf(extra, sizeof(extra), ",\"calls\":%" PRIu64 ",\"next\":%" PRIu64,
                   audit.call_count, seed);
    calibrate_put_row("audit", "calls", audit.worst, extra);
    chain_end(&audit.chain);
    return is_within;
}
