/* What the files that write code share. Only tests/differential/code*.c may include this. */
#ifndef AUREON_TESTS_DIFFERENTIAL_CODE_INTERNAL_H
#define AUREON_TESTS_DIFFERENTIAL_CODE_INTERNAL_H

#include "differential/code.h"
#include "vm/opcode.h"

/* code_put_const writes a constant, often one from the edges of its type's range. */
void code_put_const(struct code *code, enum code_type type);

/* code_put_address writes an i32 that is usually a good address. */
void code_put_address(struct code *code, unsigned depth);

/* code_begin_access writes a load or store up to its operands. */
void code_begin_access(struct code *code, const struct au_op *op, unsigned offset_min);

/* code_put_op writes an instruction that computes or loads a value of a type. Always true. */
bool code_put_op(struct code *code, enum code_type type, unsigned depth);

/* code_put_host_call writes a call of a host function with this result: 'i', 'I' or 0 for none.
 * The functions that end a frame come seldom. */
void code_put_host_call(struct code *code, char result, unsigned depth);

/* code_put_call writes a call of a later function, direct or through the table, whose only result
 * is type. false: there is none, nothing is written. */
bool code_put_call(struct code *code, enum code_type type, unsigned depth);

/* code_put_args writes the operands of a signature. */
void code_put_args(struct code *code, const struct code_signature *signature, unsigned depth);

/* code_local gives the index of a local of a type: there is always one. */
uint32_t code_local(struct code *code, enum code_type type);

#endif
