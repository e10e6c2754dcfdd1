/* The compile helper, of the real program, and of this one, which is a bad helper when it is
 * started with the helper's word. */
#include "unit/leftover.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "contract/host.h"
#include "vm/confine.h"
#include "vm/engine_internal.h"
#include "vm/helper.h"
#include "vm/parcel.h"

#define LIMIT_NS  (UINT64_C(60) * 1000000000) /* where it is not what is tested */
#define SHORT_NS  (UINT64_C(300) * 1000000)
#define BEHAVIOUR "AUREON_TEST_HELPER"
#define THIS      "/proc/self/exe"
#define ROUNDS    600

static struct au_hash identity; /* of the real helper's engine */
static struct au_buf code;
static struct au_buf expected; /* the code, compiled in this process */
static struct au_buf expected_traced;

/* ---- bad helpers ---- */

static void say(enum au_parcel_kind kind, struct au_hash subject, const char *body)
{
    struct au_parcel parcel = {kind, subject, au_bytes_of(body)};
    if (au_parcel_send(STDIN_FILENO, UINT64_MAX, &parcel) != AU_OK) _exit(1);
}

static void say_raw(const void *bytes, size_t size)
{
    if (send(STDIN_FILENO, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) _exit(1);
}

static void end_by_signal(struct au_hash subject)
{
    (void)subject;
    (void)raise(SIGKILL);
}

static void stand_still(struct au_hash subject)
{
    (void)subject;
    (void)raise(SIGSTOP);
}

static void say_garbage(struct au_hash subject)
{
    (void)subject;
    static const uint8_t garbage[AU_PARCEL_HEAD_SIZE] = "what is this?";
    say_raw(garbage, sizeof(garbage));
}

/* cut: how much of a whole answer. */
static void say_part(struct au_hash subject, size_t cut, uint8_t more_size)
{
    uint8_t bytes[AU_PARCEL_HEAD_SIZE + 4] = {0};
    struct au_parcel parcel = {AU_PARCEL_COMPILED, subject, {bytes + AU_PARCEL_HEAD_SIZE, 4}};
    au_parcel_seal(&parcel, bytes);
    bytes[8] = (uint8_t)(bytes[8] + more_size);
    say_raw(bytes, cut);
}

static void say_half(struct au_hash subject)
{
    say_part(subject, AU_PARCEL_HEAD_SIZE + 2, 0);
    _exit(0);
}

static void say_half_and_wait(struct au_hash subject)
{
    say_part(subject, AU_PARCEL_HEAD_SIZE / 2, 0);
    (void)pause();
}

static void say_wrong_size(struct au_hash subject)
{
    say_part(subject, AU_PARCEL_HEAD_SIZE + 4, 1);
    (void)pause();
}

static void say_short(struct au_hash subject)
{
    say_part(subject, AU_PARCEL_HEAD_SIZE + 4, (uint8_t)-1);
    (void)pause();
}

static void answer_another(struct au_hash subject)
{
    subject.bytes[0] ^= 1;
    say(AU_PARCEL_COMPILED, subject, "x");
}

static void answer_wrong_kind(struct au_hash subject)
{
    say(AU_PARCEL_STORED, subject, "x");
}

/* The limit is real: the process cannot have what it asks for. */
static void take_all_memory(struct au_hash subject)
{
    (void)subject;
    if (au_confine(UINT64_C(64) << 20, 60) != AU_OK) _exit(1);
    while (mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
    }
    abort();
}

static const struct bad {
    const char *name;
    void (*act)(struct au_hash subject); /* when it is asked for a module */
    const char *message;
} bad_helpers[] = {
    {"signal", end_by_signal, "ended"},
    {"memory", take_all_memory, "ended"},
    {"stop", stand_still, "too long"},
    {"garbage", say_garbage, "no valid answer"},
    {"half", say_half, "no valid answer"},
    {"half, waiting", say_half_and_wait, "too long"},
    {"larger", say_wrong_size, "too long"}, /* its last byte never comes */
    {"smaller", say_short, "no valid answer"},
    {"another", answer_another, "no valid answer"},
    {"kind", answer_wrong_kind, "no valid answer"},
};

static int be_bad(void)
{
    const char *name = getenv(BEHAVIOUR);
    struct au_parcel question;
    struct au_buf body;
    if (name == NULL) return 1;
    if (strcmp(name, "silent") == 0) return pause();
    if (strcmp(name, "version") == 0) identity.bytes[0] ^= 1;
    say(AU_PARCEL_HELLO, identity, "");
    au_buf_init(&body, SIZE_MAX);
    if (au_parcel_receive(STDIN_FILENO, UINT64_MAX, &body, &question) != AU_OK) return 1;
    for (size_t i = 0; i < AU_COUNT_OF(bad_helpers); i++) {
        if (strcmp(name, bad_helpers[i].name) == 0) bad_helpers[i].act(question.subject);
    }
    (void)pause();
    return 0;
}

/* ---- using them ---- */

static struct au_helper *start(const char *program)
{
    struct au_helper_options options = {.program = program, .identity = identity};
    struct au_helper *helper = NULL;
    assert_ok(au_helper_new(&options, &helper));
    return helper;
}

static const char *real_program(void)
{
    const char *program = getenv("AUREON");
    assert_non_null(program);
    return program;
}

/* Compiles the code; what comes is what this process makes of it. */
static void must_compile_form(struct au_helper *helper, uint64_t limit_ns, bool is_traced,
                              const struct au_buf *form)
{
    struct au_helper_request request = {au_buf_bytes(&code), {{7}}, limit_ns, is_traced};
    struct au_reject reject;
    struct au_buf artifact;
    au_buf_init(&artifact, AU_PARCEL_SIZE_MAX);
    enum au_err err = au_helper_compile(helper, &request, &artifact, &reject);
    if (err != AU_OK) fail_msg("%s", reject.message);
    assert_true(au_bytes_is_equal(au_buf_bytes(&artifact), au_buf_bytes(form)));
    au_buf_done(&artifact);
}

static void must_compile(struct au_helper *helper, uint64_t limit_ns)
{
    must_compile_form(helper, limit_ns, false, &expected);
}

static void must_fail(struct au_helper *helper, struct au_bytes module, uint64_t limit_ns,
                      const char *message)
{
    struct au_helper_request request = {module, {{7}}, limit_ns, false};
    struct au_reject reject = {0};
    struct au_buf artifact;
    au_buf_init(&artifact, AU_PARCEL_SIZE_MAX);
    assert_err(au_helper_compile(helper, &request, &artifact, &reject), AU_ERR_ENGINE);
    assert_string_equal(reject.rule, "engine");
    if (strstr(reject.message, message) == NULL) fail_msg("'%s'", reject.message);
    au_buf_done(&artifact);
}

/* ---- tests ---- */

static void test_a_helper_compiles_as_we_do(void **state)
{
    (void)state;
    size_t descriptors = count_descriptors();
    struct au_helper *helper = start(real_program());
    must_compile(helper, LIMIT_NS);
    must_compile_form(helper, LIMIT_NS, true, &expected_traced);
    must_compile(helper, LIMIT_NS);
    assert_int_equal(au_helper_started(helper), 1);
    au_helper_free(helper);
    assert_no_child();
    assert_int_equal(count_descriptors(), descriptors);
}

static void test_what_the_engine_refuses_is_no_failure(void **state)
{
    (void)state;
    struct au_helper *helper = start(real_program());
    for (int i = 0; i < 3; i++)
        must_fail(helper, au_bytes_of("no module"), LIMIT_NS, "magic");
    must_compile(helper, LIMIT_NS);
    assert_int_equal(au_helper_started(helper), 1);
    au_helper_free(helper);
}

static void test_a_killed_helper_is_replaced(void **state)
{
    (void)state;
    struct au_helper *helper = start(real_program());
    for (uint64_t i = 1; i <= 5; i++) {
        must_compile(helper, LIMIT_NS);
        assert_int_equal(au_helper_started(helper), i);
        assert_int_equal(kill(au_helper_pid(helper), SIGKILL), 0);
    }
    au_helper_free(helper);
    assert_no_child();
}

/* One that stands still fails once, and the module compiles all the same. */
static void test_a_stopped_helper_is_replaced(void **state)
{
    (void)state;
    struct au_helper *helper = start(real_program());
    must_compile(helper, LIMIT_NS);
    assert_int_equal(kill(au_helper_pid(helper), SIGSTOP), 0);
    must_compile(helper, UINT64_C(5000000000));
    assert_int_equal(au_helper_started(helper), 2);
    au_helper_free(helper);
    assert_no_child();
}

static void tend_until(struct au_helper *helper, bool (*is_reached)(struct au_helper *helper))
{
    for (int i = 0; i < 3000 && !is_reached(helper); i++) {
        struct timespec pause = {.tv_nsec = 10000000};
        nanosleep(&pause, NULL);
        au_helper_tend(helper);
    }
    assert_true(is_reached(helper));
}

static bool has_none(struct au_helper *helper)
{
    return au_helper_pid(helper) == 0;
}

static bool has_second(struct au_helper *helper)
{
    return au_helper_started(helper) == 2;
}

/* Unless it has never been of use. */
static void test_one_that_died_idle_is_replaced_at_a_look(void **state)
{
    (void)state;
    size_t descriptors = count_descriptors();
    struct au_helper *helper = start(real_program());
    must_compile(helper, LIMIT_NS);
    au_helper_tend(helper);
    assert_int_equal(au_helper_started(helper), 1);
    assert_int_equal(kill(au_helper_pid(helper), SIGKILL), 0);
    tend_until(helper, has_second);
    assert_int_equal(kill(au_helper_pid(helper), SIGKILL), 0);
    tend_until(helper, has_none);
    assert_no_child();
    assert_int_equal(count_descriptors(), descriptors);
    must_compile(helper, LIMIT_NS);
    assert_int_equal(au_helper_started(helper), 3);
    au_helper_free(helper);
    assert_no_child();
}

static void *compile_until_stopped(void *context)
{
    struct au_helper *helper = context;
    struct au_helper_request request = {au_buf_bytes(&code), {{7}}, LIMIT_NS, false};
    struct au_reject reject;
    struct au_buf artifact;
    au_buf_init(&artifact, AU_PARCEL_SIZE_MAX);
    assert_err(au_helper_compile(helper, &request, &artifact, &reject), AU_ERR_NO_MEMORY);
    assert_err(au_helper_compile(helper, &request, &artifact, &reject), AU_ERR_NO_MEMORY);
    au_buf_done(&artifact);
    return NULL;
}

/* One that stands still would take two minutes to be given up. */
static void test_stopped_while_it_compiles(void **state)
{
    (void)state;
    pthread_t thread;
    struct au_helper *helper = start(real_program());
    must_compile(helper, LIMIT_NS);
    assert_int_equal(kill(au_helper_pid(helper), SIGSTOP), 0);
    assert_int_equal(pthread_create(&thread, NULL, compile_until_stopped, helper), 0);
    struct timespec pause = {.tv_nsec = 100000000};
    nanosleep(&pause, NULL); /* most likely it waits now; it need not */
    au_helper_stop(helper);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(au_helper_started(helper), 1);
    assert_no_child();
    au_helper_free(helper);
}

static void test_bad_helpers(void **state)
{
    (void)state;
    size_t descriptors = count_descriptors();
    for (size_t i = 0; i < AU_COUNT_OF(bad_helpers); i++) {
        bool is_slow = strstr(bad_helpers[i].message, "long") != NULL;
        assert_int_equal(setenv(BEHAVIOUR, bad_helpers[i].name, 1), 0);
        struct au_helper *helper = start(THIS);
        must_fail(helper, au_buf_bytes(&code), is_slow ? SHORT_NS : LIMIT_NS,
                  bad_helpers[i].message);
        assert_int_equal(au_helper_started(helper), 2);
        assert_int_equal(au_helper_pid(helper), 0);
        au_helper_free(helper);
        assert_no_child();
    }
    assert_int_equal(count_descriptors(), descriptors);
}

static void test_helpers_that_do_not_greet(void **state)
{
    (void)state;
    assert_int_equal(setenv(BEHAVIOUR, "silent", 1), 0);
    struct au_helper *helper = start(THIS);
    must_fail(helper, au_buf_bytes(&code), SHORT_NS, "too long");
    au_helper_free(helper);

    assert_int_equal(setenv(BEHAVIOUR, "version", 1), 0);
    helper = start(THIS);
    must_fail(helper, au_buf_bytes(&code), LIMIT_NS, "another version");
    au_helper_free(helper);

    helper = start("/bin/true");
    must_fail(helper, au_buf_bytes(&code), LIMIT_NS, "ended");
    au_helper_free(helper);
    assert_no_child();
}

static void test_no_program(void **state)
{
    (void)state;
    struct au_helper_options options = {.program = "/nowhere/aureon", .identity = identity};
    struct au_helper *helper = NULL;
    assert_err(au_helper_new(&options, &helper), AU_ERR_ENGINE);
    assert_no_child();
}

static void test_many_modules_leave_nothing(void **state)
{
    (void)state;
    size_t descriptors = 0;
    struct au_helper *helper = start(real_program());
    for (int i = 0; i < ROUNDS; i++) {
        must_compile(helper, LIMIT_NS);
        if (i == 0) descriptors = count_descriptors();
    }
    assert_int_equal(count_descriptors(), descriptors);
    assert_in_range(au_helper_started(helper), 2, ROUNDS / 100);
    au_helper_free(helper);
    assert_no_child();
}

/* What the helper has taken from itself, in a process of this test's. */
static int try_things(void)
{
    if (au_confine(UINT64_C(64) << 20, 60) != AU_OK) return 1;
    if (open("/dev/null", O_RDONLY) >= 0 || open("/tmp/x", O_CREAT | O_WRONLY, 0600) >= 0) return 2;
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || dup(STDOUT_FILENO) >= 0) return 3;
    if (fork() >= 0) return 4;
    if (kill(getppid(), 0) == 0) return 5;
    if (mmap(NULL, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        return 6;
    if (mmap(NULL, 16 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) return 7;
    return 0;
}

static void test_confined(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(try_things());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- engines with a helper ---- */

static struct au_engine *new_engine(const char *folder)
{
    struct au_engine_options options = {
        .instances_max = 1,
        .cache_size = 1, /* nothing stays in memory */
        .helper = real_program(),
        .artifact_folder = folder,
        .artifact_size = 1 << 20,
    };
    struct au_engine *engine = NULL;
    assert_ok(au_engine_new(&options, &au_host_env, &engine));
    return engine;
}

static void load(struct au_engine *engine, uint64_t compiled, uint64_t restored)
{
    struct au_loaded *loaded;
    struct au_reject reject;
    assert_ok(au_engine_load(engine, au_buf_bytes(&code), &loaded, &reject));
    au_loaded_release(loaded);
    assert_int_equal(au_engine_count(engine).compiled, compiled);
    assert_int_equal(au_engine_count(engine).restored, restored);
}

/* A shell command in a folder. */
static void run_in(const char *folder, const char *command)
{
    char line[PATH_MAX];
    snprintf(line, sizeof(line), "cd %s && %s", folder, command);
    assert_int_equal(system(line), 0);
}

static void test_engines_restore_what_was_compiled(void **state)
{
    (void)state;
    char root[] = "/tmp/aureon-helper-XXXXXX";
    char folder[64];
    assert_non_null(mkdtemp(root));
    snprintf(folder, sizeof(folder), "%s/compiled", root);
    struct au_engine *engine = new_engine(folder);
    load(engine, 1, 0);
    load(engine, 1, 1);
    au_engine_free(engine);

    engine = new_engine(folder);
    load(engine, 0, 1);
    run_in(folder, "for file in other/*; do printf x >>$file; done"); /* damaged */
    load(engine, 1, 1);
    load(engine, 1, 2);
    run_in(root, "rm -r compiled");
    load(engine, 2, 2);
    load(engine, 2, 3);
    au_engine_free(engine);
    run_in(root, "rm -r compiled && rmdir $PWD");
}

static void test_engines_with_wrong_options(void **state)
{
    (void)state;
    struct au_engine *engine = NULL;
    struct au_engine_options options = {.instances_max = 1, .artifact_folder = "/tmp/x"};
    assert_err(au_engine_new(&options, &au_host_env, &engine), AU_ERR_INVALID_ARG);
    options = (struct au_engine_options){
        .instances_max = 1, .helper = THIS, .skip_instrumentation = true};
    assert_err(au_engine_new(&options, &au_host_env, &engine), AU_ERR_INVALID_ARG);
    options = (struct au_engine_options){.instances_max = 1, .helper = "/nowhere"};
    assert_err(au_engine_new(&options, &au_host_env, &engine), AU_ERR_ENGINE);
}

static void test_runtimes_with_a_helper(void **state)
{
    (void)state;
    struct au_runtime_options options = {.parallel_max = 1, .helper = real_program()};
    struct au_runtime *runtime = NULL;
    struct au_module *module = NULL;
    struct au_reject reject;
    assert_ok(au_runtime_new(&options, &runtime));
    assert_ok(au_module_load(runtime, au_buf_bytes(&code), &module, &reject));
    au_module_free(module);
    assert_err(au_module_load(runtime, au_bytes_of("x"), &module, &reject), AU_ERR_INVALID_MODULE);
    au_runtime_free(runtime);
    assert_no_child();
    options.helper = "/nowhere/aureon";
    assert_err(au_runtime_new(&options, &runtime), AU_ERR_ENGINE);
}

static const char text[] =
    "(module (import \"env\" \"log\" (func $log (param i32 i32))) (memory 1)"
    "  (func (export \"run\") (param i32) (result i32)"
    "    (local $i i32)"
    "    (loop $again"
    "      (call $log (local.get $i) (i32.const 1))"
    "      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))"
    "                              (local.get 0))))"
    "    (i32.load (local.get $i))))";

static int set_up(void **state)
{
    (void)state;
    struct au_engine_options options = {.instances_max = 1};
    struct au_engine *engine = NULL;
    struct au_reject reject;
    char message[256];
    au_buf_init(&code, 1 << 20);
    au_buf_init(&expected, AU_PARCEL_SIZE_MAX);
    au_buf_init(&expected_traced, AU_PARCEL_SIZE_MAX);
    if (au_engine_new(&options, &au_host_env, &engine) != AU_OK) return -1;
    enum au_err err = au_engine_wat_to_wasm(au_bytes_of(text), &code, message, sizeof(message));
    struct au_bytes bytes = au_buf_bytes(&code);
    if (err == AU_OK) err = au_engine_compile(engine, bytes, false, &expected, &reject);
    if (err == AU_OK) err = au_engine_compile(engine, bytes, true, &expected_traced, &reject);
    au_engine_free(engine);
    return err == AU_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    au_buf_done(&code);
    au_buf_done(&expected);
    au_buf_done(&expected_traced);
    return 0;
}

/* Bad helpers need to know it too, and have no other way. */
static bool find_identity(void)
{
    struct au_engine_options options = {.instances_max = 1};
    struct au_engine *engine = NULL;
    if (au_engine_new(&options, &au_host_env, &engine) != AU_OK) return false;
    identity = au_engine_identity(engine);
    au_engine_free(engine);
    return true;
}

int main(int argc, char **argv)
{
    if (!find_identity()) return 1;
    if (argc > 1 && strcmp(argv[1], AU_HELPER_WORD) == 0) return be_bad();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_helper_compiles_as_we_do),
        cmocka_unit_test(test_what_the_engine_refuses_is_no_failure),
        cmocka_unit_test(test_a_killed_helper_is_replaced),
        cmocka_unit_test(test_a_stopped_helper_is_replaced),
        cmocka_unit_test(test_one_that_died_idle_is_replaced_at_a_look),
        cmocka_unit_test(test_stopped_while_it_compiles),
        cmocka_unit_test(test_bad_helpers),
        cmocka_unit_test(test_helpers_that_do_not_greet),
        cmocka_unit_test(test_no_program),
        cmocka_unit_test(test_many_modules_leave_nothing),
        cmocka_unit_test(test_confined),
        cmocka_unit_test(test_engines_restore_what_was_compiled),
        cmocka_unit_test(test_engines_with_wrong_options),
        cmocka_unit_test(test_runtimes_with_a_helper),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
