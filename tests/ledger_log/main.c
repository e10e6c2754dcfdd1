/* Random blocks on a random chain, with what the ledger says of them:
 *
 *     ledger_log [--graphs] [--optimize] SEED COUNT
 *
 * Prints the log of COUNT transactions for tests/model/ledger.py to judge. With --graphs most of
 * them are calls of contracts that call one another. The same seed gives the same log, whether the
 * engine optimises or not, and whatever the program was built by.
 *
 * On the way, what may make no difference is done now this way, now that: blocks are executed,
 * aborted and executed again, signatures are checked alone and many at once, code is compiled
 * before and while it is deployed, the ledger is closed and opened again. */
#include "base/text.h"
#include "core/limits.h"
#include "ledger/compile.h"
#include "ledger_log/draft.h"
#include "ledger_log/log.h"

#define STUFFED_TXS 12u /* of a block that is to run out of bytes */

struct decided {
    struct au_bytes txs[WORLD_BLOCK_TXS]; /* all of the block, the invalid ones too */
    size_t count;
};

static void expect(bool is_so, const char *what)
{
    if (is_so) return;
    fprintf(stderr, "ledger_log: not so: %s\n", what);
    exit(EXIT_FAILURE);
}

/* Whether what the ledger keeps beside the receipt's digest is right. */
static void check_receipt(const struct world *world, const struct au_checked *checked,
                          const struct au_receipt *receipt)
{
    const struct au_header *header = au_block_header(world->block);
    expect(au_hash_is_equal(&receipt->id, &checked->id), "the receipt has the transaction's id");
    expect(receipt->height == header->height, "the receipt has the block's height");
    expect(receipt->index + 1 == header->tx_count, "the receipt has the transaction's index");
    if (receipt->outcome != AU_OUTCOME_SUCCESS) {
        expect(receipt->slots.count == 0, "what failed wrote nothing");
        expect(receipt->balances.count <= 1, "what failed moved nothing but its fee");
    }
}

/* A transaction whose signature is good. */
static enum au_invalid apply(struct world *world, const struct au_checked *checked,
                             struct log_block *log, const struct au_receipt **out_receipt)
{
    struct au_applied applied = {0};
    bool must_compile;
    if (dice_one_in(&world->dice, 2)) {
        world_must(au_ledger_must_compile(world->ledger, checked, &must_compile));
        if (must_compile) world_must(au_ledger_compile(world->ledger, checked->tx.code));
    }
    log_trace_reset(&log->trace);
    world_must(au_block_apply(world->block, checked, &applied));
    *out_receipt = applied.invalid == AU_INVALID_NONE ? applied.receipt : NULL;
    if (*out_receipt) check_receipt(world, checked, *out_receipt);
    return applied.invalid;
}

/* Executes a transaction, notes it, learns from it. */
static void execute(struct world *world, struct au_bytes bytes, struct log_block *log)
{
    const struct au_receipt *receipt = NULL;
    struct au_checked checked;
    struct au_decode error;
    enum au_invalid invalid =
        au_check_decode(au_ledger_params(world->ledger), bytes, &checked, &error);
    if (invalid == AU_INVALID_NONE) {
        const struct au_hash *genesis_hash = au_ledger_genesis_hash(world->ledger);
        bool is_valid;
        world_must(au_check_signature(&checked, genesis_hash, &is_valid));
        invalid = is_valid ? apply(world, &checked, log, &receipt) : AU_INVALID_SIGNATURE;
    }
    log_block_add(log, bytes, invalid, &checked.tx, receipt);
    if (receipt) world_learn(world, &checked.tx, receipt);
}

/* Makes the transactions of the open block, each as the one before has left the chain. */
static void make_block(struct world *world, size_t count, struct decided *decided,
                       struct log_block *log)
{
    for (decided->count = 0; decided->count < count; decided->count++) {
        struct draft draft;
        draft_plan(&draft, world);
        if (decided->count > 0) {
            draft.earlier = decided->txs[dice_below(&world->dice, decided->count)];
        }
        draft_spoil(&draft);
        struct au_bytes bytes = draft_sign(&draft);
        execute(world, bytes, log);
        decided->txs[decided->count] = bytes;
    }
}

/* The open block's transactions again, their signatures checked at once. */
static void repeat_block(struct world *world, const struct decided *decided, struct log_block *log)
{
    static struct au_checked checked[WORLD_BLOCK_TXS];
    const struct au_checked *decodable[WORLD_BLOCK_TXS];
    enum au_invalid invalids[WORLD_BLOCK_TXS];
    bool are_valid[WORLD_BLOCK_TXS];
    size_t decodable_count = 0;
    for (size_t i = 0; i < decided->count; i++) {
        struct au_decode error;
        invalids[i] =
            au_check_decode(au_ledger_params(world->ledger), decided->txs[i], &checked[i], &error);
        if (invalids[i] == AU_INVALID_NONE) decodable[decodable_count++] = &checked[i];
    }
    world_must(au_check_signatures(decodable, decodable_count,
                                   au_ledger_genesis_hash(world->ledger),
                                   au_ledger_keys(world->ledger), are_valid));
    for (size_t i = 0, k = 0; i < decided->count; i++) {
        const struct au_receipt *receipt = NULL;
        bool is_decodable = invalids[i] == AU_INVALID_NONE;
        if (is_decodable && !are_valid[k++])
            invalids[i] = AU_INVALID_SIGNATURE;
        else if (is_decodable)
            invalids[i] = apply(world, &checked[i], log, &receipt);
        log_block_add(log, decided->txs[i], invalids[i], &checked[i].tx, receipt);
    }
}

static void begin(struct world *world, struct log_block *log)
{
    log_block_begin(log, world->time_ms);
    world_must(au_block_begin(world->block, world->time_ms));
    au_block_trace(world->block, &log->trace.tracer);
}

static void finish_block(struct world *world, const struct log_block *log)
{
    struct au_read read;
    world_must(au_block_seal(world->block));
    struct au_header header = *au_block_header(world->block);
    world_must(au_block_commit(world->block));
    world_must(au_read_open(world->ledger, &read));
    log_block_print(log, &header, read.validator_count);
    au_read_close(&read);
}

/* One block of at most count transactions; gives how many it has. */
static size_t add_block(struct world *world, size_t count, struct log_block *log)
{
    static const size_t sizes[] = {0, 1, 2, 5, 10, 10, 20, 20, 40, WORLD_BLOCK_TXS};
    static const uint64_t pauses[] = {0, 1, 500, 60000};
    static struct decided decided;
    size_t size = dice_below(&world->dice, DICE_PICK(&world->dice, sizes) + 1);
    world->time_ms += DICE_PICK(&world->dice, pauses);
    if (dice_one_in(&world->dice, 10)) world->time_ms -= 5000;
    bool has_large = au_ledger_params(world->ledger)->tx_bytes > AU_ARGS_SIZE_MAX;
    world->is_stuffed = has_large && !world->has_graphs && dice_one_in(&world->dice, 8);
    if (world->is_stuffed) size = STUFFED_TXS;
    world_look(world);
    begin(world, log);
    make_block(world, size < count ? size : count, &decided, log);
    if (dice_one_in(&world->dice, 4)) {
        au_block_abort(world->block);
        begin(world, log);
        repeat_block(world, &decided, log);
    }
    finish_block(world, log);
    au_arena_reset(&world->tx_arena);
    if (dice_one_in(&world->dice, 10)) world_reopen(world);
    return decided.count;
}

static void usage(void)
{
    fprintf(stderr, "usage: ledger_log [--graphs] [--optimize] SEED COUNT\n");
    exit(EXIT_FAILURE);
}

static uint64_t parse_number(const char *text)
{
    uint64_t number = 0;
    if (text == NULL || au_text_parse_u64(au_bytes_of(text), &number) != AU_OK) usage();
    return number;
}

int main(int argc, char **argv)
{
    static struct world world;
    struct world_options options = {0};
    struct log_block log;
    (void)argc;
    for (argv++; *argv && strncmp(*argv, "--", 2) == 0; argv++) {
        bool is_graphs = strcmp(*argv, "--graphs") == 0;
        if (!is_graphs && strcmp(*argv, "--optimize") != 0) usage();
        *(is_graphs ? &options.has_graphs : &options.optimizes) = true;
    }
    options.seed = parse_number(*argv);
    uint64_t count = parse_number(argv[1]);
    log_block_init(&log);
    world_open(&world, &options);
    struct au_header head = au_ledger_head(world.ledger);
    log_genesis(au_buf_bytes(&world.genesis), &head);
    while (count > 0)
        count -= add_block(&world, count, &log);
    world_close(&world);
    log_block_done(&log);
    return EXIT_SUCCESS;
}
