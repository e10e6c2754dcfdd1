#include "vm/body_edit.h"

#include "base/mem.h"
#include "vm/opcode.h"

static bool add(struct body_check *check, struct au_reader *reader, struct body_edit edit)
{
    if (check->edit_count == check->edit_capacity) {
        size_t capacity = check->edit_capacity == 0 ? 1024 : check->edit_capacity * 2;
        struct body_edit *edits = au_mem_resize(check->edits, capacity * sizeof *edits);
        if (edits == NULL) return au_reader_no_memory(reader);
        check->edits = edits;
        check->edit_capacity = capacity;
    }
    check->edits[check->edit_count++] = edit;
    return true;
}

bool body_edit_block(struct body_check *check, struct au_reader *reader, enum body_edit_kind kind)
{
    if (check->module->block_count + check->block_count == AU_METERED_BLOCKS_MAX) {
        return au_reader_fail(reader, AU_RULE_LIMIT, reader->pos,
                              "too many metered blocks: at most %u in a module",
                              AU_METERED_BLOCKS_MAX);
    }
    check->block_count++;
    check->block = (uint32_t)check->edit_count;
    if (kind == BODY_EDIT_LOOP_CHARGE) check->run = check->block;
    return add(check, reader,
               (struct body_edit){.pos = body_edit_pos(check, reader->pos), .kind = (uint8_t)kind});
}

bool body_edit_insert(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                      enum body_edit_kind kind)
{
    if (!check->is_live) return true;
    return add(check, reader,
               (struct body_edit){.pos = body_edit_pos(check, at), .kind = (uint8_t)kind});
}

bool body_edit_replace(struct body_check *check, struct au_reader *reader, const uint8_t *from,
                       enum body_edit_kind kind, uint32_t value)
{
    if (!check->is_live) return true;
    return add(check, reader,
               (struct body_edit){.pos = body_edit_pos(check, from),
                                  .size = (uint32_t)(reader->pos - from),
                                  .value = value,
                                  .kind = (uint8_t)kind});
}

bool body_edit_reload(struct body_check *check, struct au_reader *reader)
{
    if (check->is_live) check->reload_count++;
    return body_edit_insert(check, reader, reader->pos, BODY_EDIT_RELOAD);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static bool is_worth_repeating(const struct body_check *check, uint32_t size)
{
    return size >= BODY_RUN_SIZE_MIN && size <= BODY_RUN_SIZE_MAX &&
           check->repeat_size + size <= BODY_REPEAT_SIZE_MAX;
}

bool body_edit_branch(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                      const struct body_label *label, bool is_conditional)
{
    uint32_t run = check->run;
    const struct body_label *top = &check->labels[check->label_count - 1];
    bool has_values = label->kind != AU_KIND_LOOP ? label->type->result_count != 0
                                                  : label->type->param_count != 0;
    if (!check->is_live || run == BODY_NO_RUN) return true;
    if (label != top && is_conditional && !has_values) {
        uint32_t depth = (uint32_t)(top - label);
        return body_edit_replace(check, reader, at, BODY_EDIT_BRANCH, depth);
    }
    check->run = BODY_NO_RUN;
    /* Operands that are left over would be in the way of the copy. */
    bool is_back = label == top && check->height == label->height;
    uint32_t size = body_edit_pos(check, at) - check->edits[run].pos;
    if (!is_back || has_values || !is_worth_repeating(check, size)) return true;
    check->repeat_size += size;
    return body_edit_replace(check, reader, at, BODY_EDIT_REPEAT, run);
}

/* ---- dead code ------------------------------------------------------------------------------- */

void body_edit_start_dead(struct body_check *check, const struct au_reader *reader,
                          bool is_after_end)
{
    check->is_live = false;
    check->is_drop_after_end = is_after_end;
    check->drop_from = body_edit_pos(check, reader->pos);
}

bool body_edit_end_dead(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    uint32_t size = body_edit_pos(check, at) - check->drop_from;
    if (size == 0 && !check->is_drop_after_end) return true;
    enum body_edit_kind kind = check->is_drop_after_end ? BODY_EDIT_DROP_AFTER_END : BODY_EDIT_DROP;
    return add(check, reader,
               (struct body_edit){.pos = check->drop_from, .size = size, .kind = (uint8_t)kind});
}
