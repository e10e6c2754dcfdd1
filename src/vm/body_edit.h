/* The list of edits of a body while it is checked: what vm/body.c tells of each instruction becomes
 * the edits of vm/body.h. A function that fails does so for lack of memory or because of a limit,
 * and has told the reader. Nothing happens to dead code, which is dropped whole. */
#ifndef AUREON_VM_BODY_EDIT_H
#define AUREON_VM_BODY_EDIT_H

#include "vm/body.h"

/* body_edit_pos gives the offset of a byte in the body. */
static inline uint32_t body_edit_pos(const struct body_check *check, const uint8_t *at)
{
    return (uint32_t)(at - check->start);
}

/* body_edit_block: a metered block starts before the next instruction. kind: a charge. */
bool body_edit_block(struct body_check *check, struct au_reader *reader, enum body_edit_kind kind);

/* body_edit_insert: something is added before the instruction at `at`. */
bool body_edit_insert(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                      enum body_edit_kind kind);

/* body_edit_replace: what was read from `from` on is replaced. */
bool body_edit_replace(struct body_check *check, struct au_reader *reader, const uint8_t *from,
                       enum body_edit_kind kind, uint32_t value);

/* body_edit_reload: the instruction that was just read may have changed the gas counter. */
bool body_edit_reload(struct body_check *check, struct au_reader *reader);

/* body_edit_branch: the live or dead br or br_if at `at` goes to a label; its operands are taken.
 * To be called before the block behind it starts. */
bool body_edit_branch(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                      const struct body_label *label, bool is_conditional);

/* body_edit_start_dead: dead code starts here; is_after_end: only the meter knows that it is.
 * body_edit_end_dead: it ends before the instruction at `at`, which is kept. */
void body_edit_start_dead(struct body_check *check, const struct au_reader *reader,
                          bool is_after_end);
bool body_edit_end_dead(struct body_check *check, struct au_reader *reader, const uint8_t *at);

#endif
