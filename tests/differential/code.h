/* Random WebAssembly code as text: the statements and expressions of the contracts that contract.c
 * makes. The same seed gives the same code on every machine.
 *
 * Every instruction of vm/opcode.def and every host function of abi/host.def can come. Code is
 * tame: most accesses lie in memory, most divisors are not 0, loops turn a few times; what traps is
 * thrown in now and then, so that most runs come far before they end.
 *
 * Invariants: expressions nest CODE_DEPTH_MAX deep at most, and what a function may hold is bounded
 * by its budget; so is the recursion of the writer. Threading: one thread at a time. */
#ifndef AUREON_TESTS_DIFFERENTIAL_CODE_H
#define AUREON_TESTS_DIFFERENTIAL_CODE_H

#include "base/buf.h"
#include "ledger_log/dice.h"

#define CODE_DEPTH_MAX     5u
#define CODE_TYPES         6u
#define CODE_FUNCTIONS_MAX 8u
#define CODE_TABLE_SIZE    12u /* entry 0 stays empty */
#define CODE_GLOBALS       8u  /* two of each type */
#define CODE_LOCALS_MAX    16u
#define CODE_LOOPS_MAX     3u  /* open at the same time */
#define CODE_DATA_SIZE     64u /* bytes of the passive data segment */

/* Places in the contract's memory that its data fills. */
#define CODE_AT_SELF      64u /* addresses */
#define CODE_AT_CALLER    96u
#define CODE_AT_OTHER     128u
#define CODE_AT_NOBODY    160u /* no account */
#define CODE_AT_SYSTEM    192u
#define CODE_AT_KEY       256u /* of a signature that is good */
#define CODE_AT_SIGNATURE 288u
#define CODE_AT_MESSAGE   352u /* CODE_MESSAGE_SIZE bytes */
#define CODE_AT_STRINGS   384u /* AssemblyScript strings, one every 32 bytes; the text is at + 4 */
#define CODE_AT_SLOT_KEYS 512u /* storage keys, one every 8 bytes */

#define CODE_AT_RESULTS 4096u /* CODE_RESULTS of 8 bytes */
#define CODE_AT_LOCALS  8192u /* what functions leave in their locals */

#define CODE_MESSAGE_SIZE 1u
#define CODE_STRINGS      3u
#define CODE_SLOT_KEYS    4u
#define CODE_RESULTS      256u

enum code_type { CODE_I32, CODE_I64, CODE_F32, CODE_F64, CODE_TYPE_COUNT };

/* "i32", ... */
extern const char *const code_type_names[CODE_TYPE_COUNT];

struct code_signature {
    uint8_t params[4];
    uint8_t results[3];
    uint8_t param_count;
    uint8_t result_count;
};

struct code {
    struct dice dice;
    struct au_buf *text; /* borrowed */
    struct code_signature signatures[CODE_TYPES];
    uint8_t functions[CODE_FUNCTIONS_MAX]; /* signature of each, an index */
    uint32_t function_count;
    uint8_t table[CODE_TABLE_SIZE]; /* a function, or CODE_FUNCTIONS_MAX: empty */

    /* of the function being written */
    uint32_t function;
    uint8_t locals[CODE_LOCALS_MAX]; /* types; loop counters are not among them */
    uint32_t local_count;
    uint32_t labels[64]; /* blocks without values that a branch may name, by number */
    uint32_t label_count;
    uint32_t label_next;
    uint32_t loop_count; /* open */
    int32_t budget;      /* instructions left */
};

/* code_put_statements writes one to max statements; code_put_value an expression of a type. depth
 * is 0 at the top of a function and grows. */
void code_put_statements(struct code *code, unsigned depth, unsigned max);
void code_put_value(struct code *code, enum code_type type, unsigned depth);

/* code_put_spill stores all locals of the function in memory. */
void code_put_spill(struct code *code);

/* code_put_end writes something that ends a frame: one of all traps, a failing host call, recursion
 * without an end, a loop without one. */
void code_put_end(struct code *code);

#endif
