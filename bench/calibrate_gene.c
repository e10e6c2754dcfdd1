/* Pieces of programs, and their names. */
#include "bench/calibrate.h"

#include <stdio.h>

#include "base/buf.h"
#include "vm/module.h"

#define GENES_MAX 256u

#define I32 AU_TYPE_I32
#define I64 AU_TYPE_I64
#define F32 AU_TYPE_F32
#define F64 AU_TYPE_F64

/* The next of a row of numbers whose signs nobody can guess, kept in $x, and its sign. */
#define RANDOM                                                                                 \
    "i64.const 6364136223846793005 i64.mul i64.const 1442695040888963407 i64.add local.tee $x" \
    " i64.const 0 i64.lt_s "

/* What no line of the table of instructions says how to use. The division keeps its dividend
 * great. */
static const struct gene others[] = {
    {"divide i32", "local.get $i32 i32.div_u i32.const 0x80000001 i32.or", I32, I32, "DIVISION"},
    {"divide i64", "i64.const 3 i64.div_s i64.const 0x4000000000000001 i64.or", I64, I64,
     "DIVISION"},
    {"remainder i64",
     "local.set $x i64.const 0x7fffffffffffffff local.get $x i64.const 1 i64.or"
     " i64.rem_u",
     I64, I64, "DIVISION"},
    {"select", "local.get $i32 local.get $t select", I32, I32, "SIMPLE"},
    {"local.tee", "local.tee $t", I32, I32, "SIMPLE"},
    {"mask", "i32.const 0xffc0 i32.and", I32, I32, "SIMPLE"},
    {"global", "global.set $g global.get $g", I32, I32, "SIMPLE"},
    {"global f64", "global.set $d global.get $d", F64, F64, "SIMPLE"},
    {"add zero", "local.get $b i32.add local.get $b i32.sub", I32, I32, "SIMPLE"},
    {"if", RANDOM "if local.get $i32 global.set $g end local.get $x", I64, I64, "SIMPLE"},
    {"br_if",
     RANDOM "local.set $t block local.get $t br_if 0 local.get $i32 global.set $g end"
            " local.get $x",
     I64, I64, "SIMPLE"},
    {"br_table",
     RANDOM "local.set $t block block block block local.get $x i64.const 62 i64.shr_u"
            " i32.wrap_i64 br_table 0 1 2 3 end global.get $g global.set $h end"
            " global.get $h global.set $g end nop end local.get $x",
     I64, I64, "SIMPLE"},
    {"memory.size", "memory.size drop", 0, 0, "SIMPLE"},
    {"memory.grow 0", "i32.const 0 memory.grow drop", 0, 0, "GROW"},
    {"memory.grow past", "i32.const 257 memory.grow drop", 0, 0, "GROW"},
    {"data.drop", "data.drop $data", 0, 0, "SIMPLE"},
    {"i32.store", "local.get $t local.get $i32 i32.store offset=8", 0, 0, "MEMORY"},
    {"i64.store", "local.get $t local.get $i64 i64.store offset=8", 0, 0, "MEMORY"},
    {"store and load", "global.set $g local.get $b global.get $g i32.store local.get $b i32.load",
     I32, I32, "MEMORY"},
    {"memory.fill 0", "local.get $b i32.const 0 i32.const 0 memory.fill", 0, 0, "BULK"},
    {"memory.fill 1", "local.get $b i32.const 0 i32.const 1 memory.fill", 0, 0, "MEMORY"},
    {"memory.fill 64", "local.get $b i32.const 0 i32.const 64 memory.fill", 0, 0, "MEMORY"},
    {"memory.fill 32768", "local.get $b i32.const 0 i32.const 32768 memory.fill", 0, 0,
     "BULK_8_BYTES"},
    {"memory.fill far", "local.get $t i32.const 8 i32.add i32.const 0 i32.const 8 memory.fill", 0,
     0, "MEMORY"},
    {"memory.copy 0", "local.get $b local.get $b i32.const 0 memory.copy", 0, 0, "BULK"},
    {"memory.copy 1", "local.get $b local.get $b i32.const 1 memory.copy", 0, 0, "MEMORY"},
    {"memory.copy 33", "local.get $b local.get $b i32.const 7 i32.add i32.const 33 memory.copy", 0,
     0, "MEMORY"},
    {"memory.copy 32761",
     "local.get $b local.get $b i32.const 7 i32.add i32.const 32761"
     " memory.copy",
     0, 0, "BULK_8_BYTES"},
    {"memory.copy far", "local.get $b local.get $t i32.const 8 memory.copy", 0, 0, "MEMORY"},
    {"memory.init 0", "local.get $b i32.const 0 i32.const 0 memory.init $data", 0, 0, "BULK"},
    {"memory.init 1", "local.get $b i32.const 0 i32.const 1 memory.init $kept", 0, 0, "MEMORY"},
    {"call", "call $leaf0", 0, 0, "CALL"},
    {"call with calls", "call $middle", 0, 0, "CALL"},
    {"call with results",
     "local.get $i64 local.get $i64 local.get $i64 call $many drop drop drop"
     " drop",
     0, 0, "CALL"},
    {"call with locals", "local.get $i64 call $locals drop", 0, 0, "CALL"},
    {"call_indirect", "i32.const 0 call_indirect (type $leaf)", 0, 0, "CALL_INDIRECT"},
    {"call_indirect random",
     RANDOM "drop local.get $x i64.const 61 i64.shr_u i32.wrap_i64"
            " call_indirect (type $leaf) local.get $x",
     I64, I64, "CALL_INDIRECT"},
    {"call_indirect calls", "i32.const 8 call_indirect (type $leaf)", 0, 0, "CALL_INDIRECT"},
};

static const char *const classes[AU_COST_COUNT] = {
    [AU_COST_FREE] = "FREE",           [AU_COST_SIMPLE] = "SIMPLE",
    [AU_COST_MEMORY] = "MEMORY",       [AU_COST_DIVISION] = "DIVISION",
    [AU_COST_CALL] = "CALL",           [AU_COST_CALL_INDIRECT] = "CALL_INDIRECT",
    [AU_COST_GROW] = "GROW",           [AU_COST_FLOAT_ROUND] = "FLOAT_ROUND",
    [AU_COST_FLOAT_MUL] = "FLOAT_MUL", [AU_COST_FLOAT_DIV] = "FLOAT_DIV",
};

static struct {
    struct gene genes[GENES_MAX];
    size_t count;
} all;

static const char *type_name(uint8_t type)
{
    static const char *const names[] = {"f64", "f32", "i64", "i32"};
    return names[type - AU_TYPE_F64];
}

/* An instruction that takes the value before as its first operand. */
static void add_op(const struct au_op *op)
{
    bool is_load = op->kind == AU_KIND_MEMORY && op->push != 0;
    bool is_plain = op->kind == AU_KIND_PLAIN || op->kind == AU_KIND_PARTIAL;
    if (!op->name || (!is_load && !(is_plain && op->pop_count > 0))) return;
    AU_ASSERT(all.count < GENES_MAX);
    struct gene *gene = &all.genes[all.count++];
    *gene = (struct gene){.from = op->pops[0], .to = op->push, .class = classes[op->cost]};
    (void)snprintf(gene->name, sizeof(gene->name), "%s", op->name);
    if (strstr(op->name, "load16_s")) { /* may not give a negative address */
        (void)snprintf(gene->text, sizeof(gene->text), "%s %.3s.const 0x7fff %.3s.and", op->name,
                       op->name, op->name);
    } else if (op->pop_count == 1) {
        (void)snprintf(gene->text, sizeof(gene->text), "%s", op->name);
    } else {
        (void)snprintf(gene->text, sizeof(gene->text), "local.get $%s %s", type_name(op->pops[1]),
                       op->name);
    }
}

const struct gene *program_genes(size_t *out_count)
{
    if (all.count == 0) {
        for (size_t i = 0; i < AU_COUNT_OF(au_ops); i++)
            add_op(&au_ops[i]);
        for (size_t i = 0; i < AU_COUNT_OF(au_ops_fc); i++)
            add_op(&au_ops_fc[i]);
        AU_ASSERT(all.count + AU_COUNT_OF(others) <= GENES_MAX);
        memcpy(&all.genes[all.count], others, sizeof(others));
        all.count += AU_COUNT_OF(others);
    }
    *out_count = all.count;
    return all.genes;
}

static bool find_gene(const char *name, size_t size, uint16_t *out_gene)
{
    size_t count;
    const struct gene *genes = program_genes(&count);
    for (size_t i = 0; i < count; i++) {
        if (strlen(genes[i].name) == size && memcmp(genes[i].name, name, size) == 0) {
            *out_gene = (uint16_t)i;
            return true;
        }
    }
    return false;
}

uint16_t program_gene(const char *name)
{
    uint16_t gene = 0;
    AU_ASSERT(find_gene(name, strlen(name), &gene));
    return gene;
}

void program_describe(const struct program *program, struct au_buf *out)
{
    size_t count;
    const struct gene *genes = program_genes(&count);
    au_buf_printf(out, "%u pages, stride %u + %u, operands %u:", program->pages, program->stride,
                  program->offset, program->operands);
    for (uint32_t i = 0; i < program->gene_count; i++)
        au_buf_printf(out, "%s %s", i > 0 ? "," : "", genes[program->genes[i]].name);
}

bool program_parse(const char *text, struct program *out_program)
{
    struct program program = {0};
    int at = 0;
    int fields = sscanf(text, "%u pages, stride %u + %u, operands %u:%n", &program.pages,
                        &program.stride, &program.offset, &program.operands, &at);
    if (fields != 4 || at == 0 || program.operands >= program_operand_sets) return false;
    if (program.pages < 2 || program.pages > 256 || program.stride < PROGRAM_STRIDE_MIN)
        return false;
    if (program.stride > 65536 || program.offset >= program.stride) return false;
    for (const char *name = text + at; *name != '\0';) {
        name += strspn(name, ", ");
        size_t size = strcspn(name, ",");
        if (program.gene_count == PROGRAM_GENES_MAX) return false;
        if (!find_gene(name, size, &program.genes[program.gene_count++])) return false;
        name += size;
    }
    *out_program = program;
    return program.gene_count > 0;
}
