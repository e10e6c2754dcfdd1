/* What each instruction takes with the operands that suit it least; data in the second cache. */
#include "bench/calibrate.h"

#include <stdio.h>

#define REPEATS 7u
#define HOT     4u /* pages: what MEMORY_SMALL is for */

static const char *class_name(const struct gene *gene)
{
    return strcmp(gene->class, "MEMORY") == 0 ? "MEMORY_SMALL" : gene->class;
}

/* The worst of all sets of operands; false: it traps with all of them. */
static bool worst_of_sets(struct calibrate *calibrate, struct program program, struct pace *out)
{
    bool has_run = false;
    for (program.operands = 0; program.operands < program_operand_sets; program.operands++) {
        struct pace pace;
        if (!program_run(calibrate, &program, REPEATS, &pace)) continue;
        if (!has_run || pace_ratio(pace) > pace_ratio(*out)) *out = pace;
        has_run = true;
    }
    return has_run;
}

/* What surrounds a gene is part of it: operands are got, and what has another type than the next
 * one takes is converted. */
static void put_gene(struct calibrate *calibrate, uint16_t index)
{
    size_t count;
    const struct gene *gene = &program_genes(&count)[index];
    struct program program = {.genes = {index}, .gene_count = 1, .pages = HOT, .stride = 64};
    struct pace pace;
    char extra[64];
    if (!worst_of_sets(calibrate, program, &pace)) {
        (void)fprintf(stderr, "calibrate: %s does not run\n", gene->name);
        return;
    }
    (void)snprintf(extra, sizeof(extra), ",\"class\":\"%s\"", class_name(gene));
    calibrate_put_row("code", gene->name, pace, extra);
}

/* Loads one after the other all over a memory: what its declared maximum pays for. */
static void put_loads(struct calibrate *calibrate, uint32_t pages, const char *class)
{
    static const struct {
        uint32_t stride;
        uint32_t offset;
        const char *name;
    } ways[] = {
        {64, 0, "any line"}, {64, 61, "over two lines"}, {4096, 4093, "over two machine pages"}};
    for (size_t i = 0; i < AU_COUNT_OF(ways); i++) {
        struct program program = {.genes = {program_gene("i32.load")},
                                  .gene_count = 1,
                                  .pages = pages,
                                  .stride = ways[i].stride,
                                  .offset = ways[i].offset};
        struct pace pace;
        struct au_buf text;
        char name[64];
        char extra[256];
        AU_ASSERT(program_run(calibrate, &program, REPEATS, &pace));
        (void)snprintf(name, sizeof(name), "i32.load in %u pages, %s", pages, ways[i].name);
        au_buf_init(&text, 1000);
        program_describe(&program, &text);
        AU_ASSERT(text.err == AU_OK);
        (void)snprintf(extra, sizeof(extra), ",\"class\":\"%s\",\"program\":\"%.*s\"", class,
                       (int)text.size, (const char *)text.data);
        au_buf_done(&text);
        calibrate_put_row("memory", name, pace, extra);
    }
}

void calibrate_code(struct calibrate *calibrate)
{
    size_t count;
    (void)program_genes(&count);
    for (size_t i = 0; i < count; i++)
        put_gene(calibrate, (uint16_t)i);
    put_loads(calibrate, 4, "MEMORY_SMALL");
    put_loads(calibrate, 32, "MEMORY_MEDIUM");
    put_loads(calibrate, 256, "MEMORY_LARGE");
}
