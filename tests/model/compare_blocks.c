#include "model/compare_blocks.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "model/model_internal.h"
#include "model/test_host.h"
#include "vm/body.h"

#define ARENA_SIZE_MAX (32u << 20)

static bool differ(const char *label, uint32_t function, const char *what, int64_t model,
                   int64_t sandbox)
{
    fprintf(stderr, "# %s: function %u: %s: the model has %" PRId64 ", the sandbox %" PRId64 "\n",
            label, function, what, model, sandbox);
    return false;
}

static bool is_charge(uint32_t kind)
{
    return kind == BODY_EDIT_CHARGE || kind == BODY_EDIT_LOOP_CHARGE;
}

/* Both lists are in code order. */
static bool compare_costs(const char *label, uint32_t index, const struct model_function *function,
                          const struct body_check *check)
{
    size_t edit = 0;
    for (uint32_t i = 0; i < function->op_count; i++) {
        if (!function->ops[i].starts_block) continue;
        while (edit < check->edit_count && !is_charge(check->edits[edit].kind))
            edit++;
        if (edit == check->edit_count) return differ(label, index, "a block at", i, -1);
        int64_t cost = check->edits[edit++].value;
        if (cost != function->ops[i].block_cost) {
            return differ(label, index, "cost of a block", function->ops[i].block_cost, cost);
        }
    }
    while (edit < check->edit_count && !is_charge(check->edits[edit].kind))
        edit++;
    return edit == check->edit_count || differ(label, index, "blocks past the last", 0, 1);
}

static bool compare_bodies(const char *label, struct au_reader *reader, struct body_check *check,
                           const struct au_model *model)
{
    const uint8_t *section_end = reader->end;
    for (uint32_t i = 0; i < model->function_count; i++) {
        uint32_t size = 0;
        reader->function = model->import_count + i;
        if (!au_reader_u32(reader, &size)) return differ(label, i, "body", 1, 0);
        reader->end = reader->pos + size;
        const struct au_func_type *type = wasm_function_type(check->module, reader->function);
        if (!body_check_run(check, reader, type)) return differ(label, i, "body", 1, 0);
        reader->end = section_end;
        int64_t units = body_stack_units(check, size);
        if (units != model->functions[i].stack_units) {
            return differ(label, i, "stack units", model->functions[i].stack_units, units);
        }
        if (!compare_costs(label, i, &model->functions[i], check)) return false;
    }
    return true;
}

bool au_compare_blocks(const char *label, struct au_bytes code, const struct au_model *model)
{
    struct au_arena arena;
    struct au_reject reject = {0};
    struct wasm_module module = {.arena = &arena, .host = au_test_host()};
    struct au_reader reader = {
        .start = code.data,
        .pos = code.data,
        .end = code.data + code.size,
        .function = AU_REJECT_NO_FUNCTION,
        .reject = &reject,
    };
    au_arena_init(&arena, ARENA_SIZE_MAX);
    struct body_check *check = au_mem_new(sizeof(*check));
    bool is_equal = check != NULL && wasm_decode(&reader, &module);
    if (!is_equal) fprintf(stderr, "# %s: not decoded: %s\n", label, reject.message);
    if (is_equal && module.function_count > 0) {
        body_check_init(check, &module);
        reader.pos = module.code_raw.data;
        reader.end = module.code_raw.data + module.code_raw.size;
        is_equal = compare_bodies(label, &reader, check, model);
        body_check_done(check);
    }
    au_mem_free(check);
    au_arena_done(&arena);
    return is_equal;
}
