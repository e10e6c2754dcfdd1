/* A second, slow and plain WebAssembly machine: the oracle of the sandbox's metering.
 *
 * It is written from protocol.md section 5 ("Metered blocks", "Stack") and abi/gas.def alone and
 * shares no code with src/vm: where the sandbox rewrites a module and lets an engine run it, the
 * model works out the metered blocks of every function from the words of the rules and then
 * interprets the module as it is, taking each price where the rules say it is due.
 *
 * Floating point is the C compiler's IEEE 754 arithmetic; a NaN made by arithmetic is replaced by
 * the positive canonical one.
 *
 * Invariants:
 *   1. A module given to the model was accepted by au_module_prepare: the model checks that it can
 *      read it, not that it is valid.
 *   2. Calls of the interpreted program do not use the native stack.
 *
 * Threading: one thread at a time; a model has at most one instance open. */
#ifndef AUREON_TESTS_MODEL_H
#define AUREON_TESTS_MODEL_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/outcome.h"
#include "vm/host_table.h"
#include "vm/module.h"

struct au_model;
struct au_model_instance;

/* au_model_new reads a module.
 *
 * code  borrowed until au_model_free
 * host  functions that it may import; outlives the model
 *
 * OK, MALFORMED (the model cannot read it), NO_MEMORY */
AU_MUST_USE enum au_err au_model_new(struct au_bytes code, const struct au_host_table *host,
                                     struct au_model **out_model);
void au_model_free(struct au_model *model);

/* au_model_entry_steps gives what entering a frame costs (protocol.md section 4). */
int64_t au_model_entry_steps(const struct au_model *model);

/* au_model_block_count gives the number of metered blocks of all functions. */
uint32_t au_model_block_count(const struct au_model *model);

/* au_model_stack_units gives what a defined function reserves at entry. index counts defined
 * functions only. */
int64_t au_model_stack_units(const struct au_model *model, uint32_t index);

/* au_model_instance_open makes an instance in the module's initial state.
 *
 * steps    the gas counter to start with
 * context  for the host functions
 *
 * NULL when the heap is used up. */
AU_MUST_USE struct au_model_instance *au_model_instance_open(const struct au_model *model,
                                                             int64_t steps, void *context);
void au_model_instance_close(struct au_model_instance *instance);

/* How a run ended. */
struct au_model_end {
    enum au_outcome outcome;
    uint32_t detail;
    int64_t steps_left; /* 0 when out of gas */
};

/* au_model_start runs the start function, if there is one; au_model_call an exported function.
 *
 * name    of an exported function
 * values  parameters in, results out (on success only); at most 32
 *
 * Only after success may the instance be called again. */
struct au_model_end au_model_start(struct au_model_instance *instance);
struct au_model_end au_model_call(struct au_model_instance *instance, struct au_bytes name,
                                  union au_value *values);

/* What an instance holds. The memory is borrowed until the next call. */
struct au_bytes au_model_memory(const struct au_model_instance *instance);
uint64_t au_model_global(const struct au_model_instance *instance, uint32_t index);
uint8_t au_model_global_type(const struct au_model_instance *instance, uint32_t index);

#endif
