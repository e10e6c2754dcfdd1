/* Modules that are made to hurt are refused by a named rule, or compiled by the helper within the
 * memory and the processor time that it leaves itself, or given up: then the helper is replaced,
 * and the next module compiles. How long the largest take is for bench_bomb to say. */
#include "unit/unit.h"

#include "contract/host.h"
#include "support/bombs.h"
#include "vm/engine_internal.h"
#include "vm/helper.h"
#include "vm/limits.h"
#include "vm/parcel.h"

/* Each compiles in far less than a second; a helper that hangs is noticed. */
#define SIZE     16384u
#define LIMIT_NS (UINT64_C(240) * 1000000000)

/* Nothing compiles in that. */
#define SHORT_NS UINT64_C(1000000)

static struct au_engine *engine;

static void must_be_refused(const struct bomb *bomb, struct au_buf *code)
{
    struct au_reject reject = {0};
    struct au_module_info *info = NULL;
    bomb_make(bomb, AU_CODE_SIZE_MAX, code);
    enum au_err err = au_module_prepare(au_buf_bytes(code), &au_host_env, NULL, &info, &reject);
    if (err != AU_ERR_INVALID_MODULE) fail_msg("%s: accepted", bomb->name);
    assert_string_equal(reject.rule, bomb->rule);
}

static void test_refused_by_a_rule(void **state)
{
    (void)state;
    struct au_buf code;
    size_t count = 0;
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    for (size_t i = 0; i < bomb_count; i++) {
        if (bombs[i].rule == NULL) continue;
        au_buf_clear(&code);
        must_be_refused(&bombs[i], &code);
        count++;
    }
    assert_in_range(count, 5, bomb_count);
    au_buf_done(&code);
}

static enum au_err compile(struct au_helper *helper, const struct bomb *bomb, uint64_t limit_ns,
                           struct au_reject *out_reject)
{
    struct au_buf code;
    struct au_buf artifact;
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    au_buf_init(&artifact, AU_PARCEL_SIZE_MAX);
    bomb_make(bomb, SIZE, &code);
    struct au_helper_request request = {au_buf_bytes(&code), {{7}}, limit_ns, false};
    enum au_err err = au_helper_compile(helper, &request, &artifact, out_reject);
    if (err != AU_OK) print_message("# %s: %s\n", bomb->name, out_reject->message);
    au_buf_done(&artifact);
    au_buf_done(&code);
    return err;
}

static struct au_helper *start(void)
{
    struct au_helper *helper = NULL;
    struct au_helper_options options = {.program = getenv("AUREON"),
                                        .identity = au_engine_identity(engine)};
    assert_non_null(options.program);
    assert_ok(au_helper_new(&options, &helper));
    return helper;
}

static void test_compiled_by_one_helper(void **state)
{
    (void)state;
    struct au_helper *helper = start();
    for (size_t i = 0; i < bomb_count; i++) {
        struct au_reject reject = {0};
        if (bombs[i].rule != NULL) continue;
        assert_ok(compile(helper, &bombs[i], LIMIT_NS, &reject));
    }
    assert_int_equal(au_helper_started(helper), 1);
    au_helper_free(helper);
}

/* The next one is compiled, by another process. */
static void test_given_up(void **state)
{
    (void)state;
    struct au_helper *helper = start();
    struct au_reject reject = {0};
    const struct bomb *slow = bomb_find("512 locals in loops of large functions");
    assert_err(compile(helper, slow, SHORT_NS, &reject), AU_ERR_ENGINE);
    assert_non_null(strstr(reject.message, "too long"));
    uint64_t started = au_helper_started(helper);
    assert_ok(compile(helper, bomb_find("dead code"), LIMIT_NS, &reject));
    assert_int_equal(au_helper_started(helper), started + 1);
    au_helper_free(helper);
}

static int set_up(void **state)
{
    (void)state;
    struct au_engine_options options = {.instances_max = 1};
    return au_engine_new(&options, &au_host_env, &engine) == AU_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    au_engine_free(engine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_by_a_rule),
        cmocka_unit_test(test_compiled_by_one_helper),
        cmocka_unit_test(test_given_up),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
