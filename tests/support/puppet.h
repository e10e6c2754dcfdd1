/* A contract that does what its argument says: a program of host calls.
 *
 * The program is argument 0, and is read at PUPPET_PROGRAM_AT of the memory. It is a list of
 * operations: a byte that says which, modulo their count, and the parameters as numbers. Those
 * below the count of host functions call the one at that place of the table; what comes last is
 * enum puppet_op. A number is a byte that says how it follows:
 *
 *     0..127     itself            192..223  two bytes       240..247  eight bytes
 *     128..191   that less 128,    224..239  four bytes      248..255  what the last call gave
 *                times 1,024
 *
 * Each result is kept as 8 bytes at address 0. Past the program's end there are zeros. */
#ifndef AUREON_TESTS_SUPPORT_PUPPET_H
#define AUREON_TESTS_SUPPORT_PUPPET_H

#include "base/buf.h"
#include "vm/host_table.h"

#define PUPPET_PROGRAM_AT       32768u
#define PUPPET_PROGRAM_SIZE_MAX 30000u /* bytes; what is longer is cut */

/* Operations of puppets with has_ops, behind the host functions. */
enum puppet_op {
    PUPPET_END,         /* the function returns */
    PUPPET_UNREACHABLE, /* traps */
    PUPPET_DIVIDE,      /* number: 1 is divided by it */
    PUPPET_SPIN,        /* for ever */
    PUPPET_SINK,        /* calls itself until the stack is used up */
    PUPPET_STORE,       /* address, number of 32 bits */
    PUPPET_SKIP,        /* number: of the program's bytes that are passed over */
    PUPPET_SKIP_IF,     /* the same if the last call gave something but 0 */
    PUPPET_OPS
};

struct puppet {
    const char *fields;     /* of the module: its memory, and whatever else is to be in it */
    const char *after_call; /* instructions after each operation */
    bool has_ops;
    bool (*lacks)(const struct au_host_entry *entry); /* does nothing in its place; NULL: none */
};

/* puppet_type gives the WebAssembly type of a letter of struct au_host_entry. */
const char *puppet_type(char letter);

/* puppet_put_imports imports all host functions, each as $name. */
void puppet_put_imports(struct au_buf *text);

/* puppet_put puts the module's text. Its fields may export $run by more names than "run". */
void puppet_put(struct au_buf *text, const struct puppet *puppet);

/* puppet_put_op and puppet_put_call begin an operation of a program, puppet_put_number adds a
 * parameter of it in its shortest form, puppet_put_last what the last call gave. */
void puppet_put_op(struct au_buf *program, enum puppet_op op);
void puppet_put_call(struct au_buf *program, const char *host_function);
void puppet_put_number(struct au_buf *program, uint64_t number);
void puppet_put_last(struct au_buf *program);

/* puppet_put_data puts bytes that the program passes over; gives where they are in memory. */
uint32_t puppet_put_data(struct au_buf *program, struct au_bytes bytes);

#endif
