/* The metered stack against the model: recursions without end stop at the same depth, with the same
 * steps paid, on both levels of optimisation; frames from the smallest to the largest. */
#include "unit/unit.h"

#include "base/file.h"
#include "cmocka_signals.h"
#include "model/compare.h"
#include "vm/limits.h"

#define TEXT_MAX (1u << 20)

static const struct au_compare_options options = {
    .steps_max = 1000000,
    .staircase_max = 500,
    .sample_count = 6,
    .argument_sets = 2,
};

static int start(void **state)
{
    *state = au_compare_new(&options);
    return *state == NULL;
}

static int stop(void **state)
{
    au_compare_free(*state);
    return 0;
}

static void test_recursions(void **state)
{
    const char *root = getenv("AUREON_SOURCE_DIR");
    char path[PATH_MAX];
    struct au_buf text;
    (void)snprintf(path, sizeof(path), "%s/tests/model/corpus/stack.wat", root ? root : ".");
    au_buf_init(&text, TEXT_MAX);
    assert_ok(au_file_read(path, &text));
    assert_true(au_compare_text(*state, "stack", au_buf_bytes(&text)));
    au_buf_done(&text);
    assert_int_equal(au_compare_counts(*state)->ends[3], 20);
}

/* What a call of the program's function has. */
struct frame {
    const char *name;
    uint32_t params; /* besides the first */
    uint32_t locals;
    uint32_t operands; /* kept over the call */
    uint32_t padding;  /* instructions that do nothing */
};

static void put_frame(struct au_buf *text, const struct frame *frame)
{
    static const char *const types[] = {"i64", "f32", "f64", "i32"};
    au_buf_put_text(text, "(module (func $f (export \"f\") (param i32");
    for (uint32_t i = 0; i < frame->params; i++)
        au_buf_printf(text, " %s", types[i % 4]);
    au_buf_put_text(text, ") (local");
    for (uint32_t i = 0; i < frame->locals; i++)
        au_buf_printf(text, " %s", types[i % 4]);
    au_buf_put_text(text, ")\n");
    for (uint32_t i = 0; i < frame->operands; i++) {
        au_buf_put_text(text, i % 2 == 0 ? " local.get 0" : " i32.const 1");
    }
    au_buf_put_text(text, " local.get 0 i32.const 1 i32.add");
    for (uint32_t i = 0; i < frame->params; i++)
        au_buf_printf(text, " local.get %u", i + 1);
    au_buf_put_text(text, " call $f\n");
    for (uint32_t i = 1; i < frame->operands; i++)
        au_buf_put_text(text, " i32.add");
    if (frame->operands > 0) au_buf_put_text(text, " drop");
    for (uint32_t i = 0; i < frame->padding; i++)
        au_buf_put_text(text, " nop");
    au_buf_put_text(text, "))\n");
    assert_ok(text->err);
}

static void test_frames(void **state)
{
    static const struct frame frames[] = {
        {"parameters", .params = 31},
        {"locals", .locals = AU_LOCALS_MAX},
        {"parameters and locals", .params = 31, .locals = AU_LOCALS_MAX},
        {"a deep expression", .operands = 4000},
        {"the deepest expression", .operands = 15000},
        {"a large body", .padding = 60000},
        {"a body of one byte more", .padding = 1},
        {"two", .padding = 2},
        {"three", .padding = 3},
    };
    uint64_t before = au_compare_counts(*state)->ends[3];
    for (size_t i = 0; i < AU_COUNT_OF(frames); i++) {
        struct au_buf text;
        au_buf_init(&text, TEXT_MAX);
        put_frame(&text, &frames[i]);
        assert_true(au_compare_text(*state, frames[i].name, au_buf_bytes(&text)));
        au_buf_done(&text);
    }
    /* Each ended by stack_limit, with each set of arguments. */
    uint64_t count = au_compare_counts(*state)->ends[3] - before;
    assert_int_equal(count, AU_COUNT_OF(frames) * options.argument_sets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recursions),
        cmocka_unit_test(test_frames),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
