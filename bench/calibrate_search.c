/* Looks for the program that takes longest for what it pays: random programs, each changed a little
 * again and again while that makes it worse. */
#include "bench/calibrate.h"

#include <stdio.h>

#include "bench/bench.h"
#include "ledger_log/dice.h"

#define REPEATS       3u
#define PROOF_REPEATS 15u
#define STARTS        12u
#define PATIENCE      40u  /* changes without success before a new start */
#define GAIN          1.02 /* less may be chance */
#define KEPT          3u   /* of each size of memory */

/* The greatest memory at each price. */
static const uint32_t sizes[] = {4, 32, 256};

struct found {
    struct program program;
    struct pace pace;
};

/* The worst programs, worst first. */
struct worst {
    struct program programs[KEPT];
    struct pace paces[KEPT];
    size_t count;
};

static void keep_worst(struct worst *worst, const struct found *found)
{
    size_t at = pace_rank(worst->paces, worst->count, found->pace);
    if (at == KEPT) return;
    if (worst->count < KEPT) worst->count++;
    size_t behind = worst->count - at - 1;
    memmove(&worst->programs[at + 1], &worst->programs[at], behind * sizeof(worst->programs[0]));
    memmove(&worst->paces[at + 1], &worst->paces[at], behind * sizeof(worst->paces[0]));
    worst->programs[at] = found->program;
    worst->paces[at] = found->pace;
}

static void pick_ring(struct dice *dice, struct program *program)
{
    static const uint32_t strides[] = {64, 64, 128, 4096};
    program->stride = DICE_PICK(dice, strides);
    program->offset = dice_one_in(dice, 2) ? program->stride - 3 : 0;
}

/* Every fourth is about memory: there are few of them, and much to find. */
static uint16_t pick_gene(struct dice *dice)
{
    size_t count;
    const struct gene *genes = program_genes(&count);
    bool is_memory = dice_one_in(dice, 4);
    for (;;) {
        size_t gene = dice_below(dice, count);
        if (!is_memory || strcmp(genes[gene].class, "MEMORY") == 0) return (uint16_t)gene;
    }
}

static struct program pick_program(struct dice *dice, uint32_t pages)
{
    struct program program = {.pages = pages, .gene_count = 1 + (uint32_t)dice_below(dice, 4)};
    pick_ring(dice, &program);
    program.operands = (uint32_t)dice_below(dice, program_operand_sets);
    for (uint32_t i = 0; i < program.gene_count; i++)
        program.genes[i] = pick_gene(dice);
    return program;
}

static void insert_gene(struct dice *dice, struct program *program)
{
    if (program->gene_count == PROGRAM_GENES_MAX) return;
    size_t at = dice_below(dice, program->gene_count + 1);
    memmove(&program->genes[at + 1], &program->genes[at],
            (program->gene_count - at) * sizeof(program->genes[0]));
    program->genes[at] =
        dice_one_in(dice, 3) ? program->genes[dice_below(dice, at + 1)] : pick_gene(dice);
    program->gene_count++;
}

static void remove_gene(struct dice *dice, struct program *program)
{
    if (program->gene_count == 1) return;
    size_t at = dice_below(dice, program->gene_count);
    program->gene_count--;
    memmove(&program->genes[at], &program->genes[at + 1],
            (program->gene_count - at) * sizeof(program->genes[0]));
}

static struct program change(struct dice *dice, struct program program)
{
    switch (dice_below(dice, 6)) {
    case 0: pick_ring(dice, &program); break;
    case 1: program.operands = (uint32_t)dice_below(dice, program_operand_sets); break;
    case 2: remove_gene(dice, &program); break;
    case 3: program.genes[dice_below(dice, program.gene_count)] = pick_gene(dice); break;
    default: insert_gene(dice, &program); break;
    }
    return program;
}

/* The worst of some random programs; false if none of them comes to its end. */
static bool pick_start(struct calibrate *calibrate, struct dice *dice, uint32_t pages,
                       struct found *out_found)
{
    bool has_any = false;
    for (uint32_t i = 0; i < STARTS; i++) {
        struct found next = {.program = pick_program(dice, pages)};
        if (!program_run(calibrate, &next.program, 1, &next.pace)) continue;
        if (has_any && pace_ratio(next.pace) <= pace_ratio(out_found->pace)) continue;
        *out_found = next;
        has_any = true;
    }
    return has_any;
}

/* Climbs from one random program until nothing makes it worse any more. */
static bool climb(struct calibrate *calibrate, struct dice *dice, uint32_t pages,
                  struct found *out_found, uint32_t *tried)
{
    struct found best;
    *tried += STARTS;
    if (!pick_start(calibrate, dice, pages, &best)) return false;
    if (!program_run(calibrate, &best.program, REPEATS, &best.pace)) return false;
    for (uint32_t failed = 0; failed < PATIENCE; failed++) {
        struct found next = {.program = change(dice, best.program)};
        (*tried)++;
        if (!program_run(calibrate, &next.program, REPEATS, &next.pace)) continue;
        if (pace_ratio(next.pace) < GAIN * pace_ratio(best.pace)) continue;
        best = next;
        failed = 0;
    }
    *out_found = best;
    return program_run(calibrate, &best.program, PROOF_REPEATS, &out_found->pace);
}

static void put_worst(const struct worst *worst, uint64_t seed)
{
    for (size_t i = 0; i < worst->count; i++) {
        struct au_buf name;
        char extra[64];
        au_buf_init(&name, 1000);
        program_describe(&worst->programs[i], &name);
        au_buf_put_u8(&name, '\0');
        AU_ASSERT(name.err == AU_OK);
        (void)snprintf(extra, sizeof(extra), ",\"pages\":%u,\"seed\":%llu",
                       worst->programs[i].pages, (unsigned long long)seed);
        calibrate_put_row("search", (const char *)name.data, worst->paces[i], extra);
        au_buf_done(&name);
    }
}

void calibrate_search(struct calibrate *calibrate, double seconds, uint64_t seed)
{
    struct worst worst[AU_COUNT_OF(sizes)] = {0};
    struct dice dice = {seed};
    uint32_t tried = 0;
    double end = bench_wall_ns() + seconds * 1e9;
    for (uint32_t i = 0; bench_wall_ns() < end || i < AU_COUNT_OF(sizes); i++) {
        struct found found;
        uint32_t at = i % (uint32_t)AU_COUNT_OF(sizes);
        if (climb(calibrate, &dice, sizes[at], &found, &tried)) keep_worst(&worst[at], &found);
    }
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++)
        put_worst(&worst[i], seed);
    printf("{\"table\":\"tried\",\"name\":\"programs\",\"count\":%u}\n", tried);
}
