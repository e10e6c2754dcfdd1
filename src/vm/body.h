/* The check of one function body: types by the specification's algorithm, and in the same pass the
 * metered blocks of protocol.md section 5 as a list of edits for the rewriter.
 *
 * A metered block is a maximal run of live instructions in code order. Code is dead after br,
 * br_table, return and unreachable, until the `else` of an `if` that was live, or an `end` of a
 * construct that was live at its start and that is reached by falling through, is the target of a
 * live branch, or closes an `if` without `else`. Dead code is checked and then dropped.
 *
 * Memory: bounded by the body's size (64 KiB); buffers are kept from one body to the next. */
#ifndef AUREON_VM_BODY_H
#define AUREON_VM_BODY_H

#include "vm/limits.h"
#include "vm/wasm.h"

enum body_edit_kind {
    BODY_EDIT_CHARGE,         /* before pos: a block starts; value = its cost */
    BODY_EDIT_LOOP_CHARGE,    /* likewise, at a loop's head: the counter is tested too */
    BODY_EDIT_BRANCH,         /* br_if to label `value`, in a run that may be repeated */
    BODY_EDIT_REPEAT,         /* br or br_if back to the loop's head that edit `value` charges */
    BODY_EDIT_CALL,           /* call of function `value`: goes to what stands for it */
    BODY_EDIT_RETURN,         /* return: a branch to label `value` if the function has an exit */
    BODY_EDIT_GROW,           /* memory.grow: goes to a helper */
    BODY_EDIT_BULK,           /* before pos: the size on top is charged */
    BODY_EDIT_RELOAD,         /* before pos: a call or a helper has changed the gas counter */
    BODY_EDIT_DROP,           /* dead code */
    BODY_EDIT_DROP_AFTER_END, /* dead code that only the meter knows to be dead */
};

struct body_edit {
    uint32_t pos;  /* in the body, from its first byte (the locals) */
    uint32_t size; /* bytes replaced, from pos */
    uint32_t value;
    uint8_t kind;     /* enum body_edit_kind */
    bool is_observed; /* of a charge: somebody may read the counter before the block ends */
};

struct body_label {
    const struct au_func_type *type;
    uint32_t height; /* of operands at its start, parameters not counted */
    uint8_t kind;    /* enum au_op_kind: BLOCK, LOOP, IF, ELSE; RETURN for the function itself */
    bool is_polymorphic; /* the rest of the construct can't be reached (for types) */
    bool was_live;       /* at its start (for the meter) */
    bool is_named;       /* a live branch goes to its end */
    bool then_fell;      /* the then-arm of an if fell through */
};

/* A run is the code from a loop's head back to it, if no way through it leaves it but by br_if: no
 * other construct, no call. Those of so many bytes are written twice, so that the counter is tested
 * in every other turn only and half of the jumps back go away. That ends when so many bytes of a
 * function are repeated: compiling takes longer than linear time in a function's size. */
#define BODY_RUN_SIZE_MIN    16u
#define BODY_RUN_SIZE_MAX    256u
#define BODY_REPEAT_SIZE_MAX 2048u

#define BODY_NO_RUN UINT32_MAX

/* So many values of an edge or a call take the compiler no time that counts. */
#define BODY_FREE_VALUES 8u

/* What is kept from body to body. */
struct body_check {
    const struct wasm_module *module;
    uint8_t *operands; /* enum au_value_type, or 0 = unknown */
    size_t operand_capacity;
    struct body_edit *edits;
    size_t edit_capacity;
    struct body_label labels[AU_NESTING_MAX + 1];
    uint8_t locals[AU_PARAMS_MAX + AU_LOCALS_MAX];

    /* of the body being checked */
    uint32_t function; /* index */
    const struct au_func_type *type;
    const uint8_t *start;
    const uint8_t *code; /* the first instruction */
    size_t height;
    size_t height_max;
    size_t edit_count;
    uint32_t label_count;
    uint32_t local_count; /* with parameters */
    uint32_t block;       /* index of the edit of the current metered block */
    uint32_t block_count;
    uint32_t run;          /* index of the edit that starts it, or BODY_NO_RUN */
    uint32_t repeat_size;  /* bytes of runs that are repeated */
    uint32_t loop_count;   /* live ones */
    uint32_t loop_depth;   /* loops that are open */
    uint32_t reload_count; /* edits of that kind */
    uint32_t edge_count;   /* labels that live branches name */
    uint64_t edge_values;  /* what they take along beyond BODY_FREE_VALUES each */
    uint64_t call_values;  /* likewise parameters and results of live calls */
    bool is_live;
    bool has_call;        /* call or call_indirect, of imports and in dead code too */
    bool has_float;       /* a parameter, result or local is a float, or an instruction gives one */
    bool has_memory_size; /* memory.size or memory.grow */
    bool is_drop_after_end;
    uint32_t drop_from; /* start of the dead code */
};

/* body_check_init prepares in the caller's storage; body_check_done frees what it holds. */
void body_check_init(struct body_check *check, const struct wasm_module *module);
void body_check_done(struct body_check *check);

/* body_check_run checks the body from reader->pos to reader->end, of function reader->function.
 * The edits are in order of pos; the first is the charge of the first block. */
bool body_check_run(struct body_check *check, struct au_reader *reader,
                    const struct au_func_type *type);

/* body_stack_units gives what a call of the body reserves of the metered stack: twice as much where
 * floats are, since the engine keeps each of them in 16 bytes. */
int64_t body_stack_units(const struct body_check *check, size_t body_size);

#endif
