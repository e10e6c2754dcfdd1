/* What a sandbox offers to the contract: a table of host functions.
 *
 * Every call goes through one trampoline (vm/engine_run.c): it takes the price named in the entry,
 * ends the frame with out_of_gas if that is more than what is left, and only then runs the
 * handler. */
#ifndef AUREON_VM_HOST_TABLE_H
#define AUREON_VM_HOST_TABLE_H

#include "base/base.h"

struct au_instance;

/* A WebAssembly value in a call. 16 bytes, because the engine's raw values have that size. */
union au_value {
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
    uint8_t bytes[16];
};

enum au_host_next {
    AU_HOST_CONTINUE, /* results are written */
    AU_HOST_STOP      /* the frame ends: the handler has called au_instance_end or _fail */
};

/* A handler. args holds the parameters in order; the results are written over them from args[0]. */
typedef enum au_host_next au_host_fn(struct au_instance *instance, union au_value *args);

struct au_host_entry {
    const char *name;
    uint32_t number;     /* frozen: detail of host_rejected */
    const char *params;  /* one letter per value: i = i32, I = i64, f = f32, F = f64 */
    const char *results; /* likewise */
    int64_t base_steps;  /* price of a call, in steps */
    int64_t byte_steps;  /* price per byte, in steps; < 2^20 */
    uint32_t byte_args;  /* bit i set: parameter i is a size that byte_steps counts */
    bool writes;         /* not allowed in a view */
    au_host_fn *run;
};

/* au_host_price gives the price of a call. */
static inline int64_t au_host_price(const struct au_host_entry *entry, const union au_value *args)
{
    int64_t size = 0;
    for (uint32_t bits = entry->byte_args; bits != 0; bits &= bits - 1) {
        size += args[__builtin_ctz(bits)].u32;
    }
    return entry->base_steps + entry->byte_steps * size;
}

/* Is told of every host call of an instance, for those who look inside; it changes nothing.
 * steps_left may be below 0 wherever it is given. */
struct au_host_watch {
    void *context;
    /* Before the price is taken. args: the parameters. */
    void (*begins)(void *context, const struct au_instance *instance,
                   const struct au_host_entry *entry, const union au_value *args,
                   int64_t steps_left);
    /* results: as the contract gets them; NULL if the call has ended the frame. */
    void (*ends)(void *context, const struct au_instance *instance, const union au_value *results);
    /* Of a module in the traced form alone: a function of its own begins, before it pays anything,
     * and returns. Those that a trap has ended do not return. false: the instance is to tell of no
     * more of them. */
    bool (*enters)(void *context, uint32_t function, int64_t steps_left);
    bool (*returns)(void *context, int64_t steps_left);
};

struct au_host_table {
    const char *module; /* the import module that offers them: "env" */
    const struct au_host_entry *entries;
    size_t count; /* at most 128 */
};

#endif
