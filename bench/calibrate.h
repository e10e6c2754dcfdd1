/* Measures what prices stand for: the parts of the program `calibrate` (bench/calibrate.c).
 *
 * Every part prints its findings as JSON lines, one for each thing measured (calibrate_put_row);
 * tools/calibrate makes the page of them. Times are of this thread's processor, the fastest of
 * several runs, but where a line says that it counts what was waited for.
 *
 * Threading: one thread. */
#ifndef AUREON_BENCH_CALIBRATE_H
#define AUREON_BENCH_CALIBRATE_H

#include "bench/pace.h"
#include "contract/host.h"
#include "differential/world.h"
#include "vm/opcode.h"

/* ---- running ---- */

struct calibrate {
    struct au_engine *engine;
    struct world world;
};

void calibrate_init(struct calibrate *calibrate);
void calibrate_done(struct calibrate *calibrate);

/* calibrate_load compiles a module given as text; NULL if it is not acceptable. Release it. */
struct au_loaded *calibrate_load(struct calibrate *calibrate, const struct au_buf *text);

/* calibrate_put_row prints a finding: ratio is that of pace; extra is empty or more members, each
 * after a comma. */
void calibrate_put_row(const char *table, const char *name, struct pace pace, const char *extra);

/* ---- programs ---- */

/* A piece of code that takes a value from the operand stack and leaves another, or leaves the stack
 * as it is (from == to == 0). Besides values it may use these locals:
 *   $i32 $i64 $f32 $f64  operands     $t  an address that was met    $b  where a page is free */
struct gene {
    char name[24];
    char text[320];
    uint8_t from; /* enum au_value_type */
    uint8_t to;
    const char *class; /* the line of abi/gas.def that it is about; MEMORY for that of its memory */
};

#define PROGRAM_GENES_MAX  12u
#define PROGRAM_STRIDE_MIN 64u

/* A loop of genes, each fed by the one before, with conversions between where types differ. The
 * memory holds addresses: each is where the next one is, in random order, so that a load that
 * takes its address from the load before misses whatever cache the whole does not fit in. */
struct program {
    uint16_t genes[PROGRAM_GENES_MAX]; /* indices */
    uint32_t gene_count;
    uint32_t pages;    /* of memory, 2..256; the last one is not part of the ring */
    uint32_t stride;   /* bytes from one address to the next, before they are shuffled */
    uint32_t offset;   /* of all addresses: 61 makes every access cross two lines */
    uint32_t operands; /* which set of operands, below program_operand_sets */
};

extern const uint32_t program_operand_sets;

/* program_genes gives all genes: one for each instruction that computes or loads, then others. */
const struct gene *program_genes(size_t *out_count);

/* program_gene finds a gene by its name; it is there. */
uint16_t program_gene(const char *name);

/* program_run compiles and times a program.
 *
 * repeats   runs, of which the fastest counts
 * out_pace  of one run of all genes, the loop included
 *
 * false: it ended other than by success */
bool program_run(struct calibrate *calibrate, const struct program *program, uint32_t repeats,
                 struct pace *out_pace);

/* program_describe writes the program as program_parse reads it: "256 pages, stride 64 + 0, set 0:
 * i32.load i32.load". program_parse: false: it is none. */
void program_describe(const struct program *program, struct au_buf *out);
bool program_parse(const char *text, struct program *out_program);

/* ---- parts ---- */

void calibrate_code(struct calibrate *calibrate);
void calibrate_frame(struct calibrate *calibrate);
void calibrate_host(struct calibrate *calibrate);
void calibrate_state(const char *folder);
void calibrate_search(struct calibrate *calibrate, double seconds, uint64_t seed);

/* calibrate_audit runs calls of random contracts, the first of seed first, until count are done.
 * false: one took longer than bound x what it paid. */
bool calibrate_audit(uint64_t first, uint64_t count, double bound);

#endif
