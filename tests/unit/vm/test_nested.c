/* Goal: frames inside frames, on several threads at once, each in an instance of its own on the
 * thread's deep stack; a memory fault in the innermost ends that one alone, and the others go on.
 * Method: a contract calls the host, which opens another instance and calls the contract in it, and
 * so on; the last one reads past its memory. Under thread sanitizer it says too that nothing is
 * shared. */
#include "engine_fixture.h"

#include <pthread.h>

#include "vm/machine.h"

#define THREADS 4
#define ROUNDS  50
#define DEPTH   6u

static const char *const text =
    "(module (import \"env\" \"callback\" (func $callback)) (memory 1 1)"
    " (func (export \"run\") (result i32) (i32.store (i32.const 8) (i32.const 77)) (call $callback)"
    "  (i32.load (i32.const 8)))"
    " (func (export \"fault\") (result i32) (i32.load (i32.const 65533))))";

struct frame {
    struct au_loaded *loaded;
    uint32_t depth; /* of frames that it opens */
    struct fixture_result result;
};

static enum au_host_next open_inner(struct au_instance *instance, void *data);

static void run_frame(void *context)
{
    struct frame *frame = context;
    struct fixture_callback callback = {open_inner, frame};
    struct au_instance *instance = NULL;
    AU_ASSERT(au_instance_open(frame->loaded, FIXTURE_STEPS, &callback, &instance) == AU_OK);
    const struct au_export *export_ = au_module_info_export(
        au_loaded_info(frame->loaded), au_bytes_of(frame->depth == 0 ? "fault" : "run"));
    AU_ASSERT(export_ != NULL);
    struct fixture_result *result = &frame->result;
    result->err =
        au_instance_call(instance, export_, result->values, &result->outcome, &result->detail);
    result->steps_left = instance->steps_left;
    au_instance_close(instance);
}

static bool is_fault(const struct fixture_result *result)
{
    return result->err == AU_OK && result->outcome == AU_OUTCOME_TRAPPED &&
           result->detail == AU_TRAP_MEMORY_BOUNDS;
}

static bool is_done(const struct fixture_result *result)
{
    return result->err == AU_OK && result->outcome == AU_OUTCOME_SUCCESS &&
           result->values[0].i32 == 77;
}

static enum au_host_next open_inner(struct au_instance *instance, void *data)
{
    const struct frame *outer = data;
    struct frame inner = {.loaded = outer->loaded, .depth = outer->depth - 1};
    if (au_machine_run_deep(run_frame, &inner) != AU_OK) {
        return au_instance_fail(instance, AU_ERR_NO_MEMORY);
    }
    bool is_right = inner.depth == 0 ? is_fault(&inner.result) : is_done(&inner.result);
    return is_right ? AU_HOST_CONTINUE : au_instance_fail(instance, AU_ERR_IO);
}

static void *run_rounds(void *context)
{
    struct au_loaded *loaded = context;
    uintptr_t right = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct frame frame = {.loaded = loaded, .depth = DEPTH};
        run_frame(&frame);
        right += is_done(&frame.result);
    }
    return (void *)right;
}

static void test_faults_inside_frames_on_threads(void **state)
{
    (void)state;
    struct au_engine *engine = fixture_engine(THREADS, 1 << 24);
    struct au_loaded *loaded = fixture_load(engine, text);
    pthread_t threads[THREADS];
    pthread_attr_t attributes;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, 2 * (size_t)AU_THREAD_STACK_SIZE), 0);
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], &attributes, run_rounds, loaded), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *right = NULL;
        assert_int_equal(pthread_join(threads[i], &right), 0);
        assert_int_equal((uintptr_t)right, ROUNDS);
    }
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
    au_loaded_release(loaded);
    au_engine_free(engine);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults_inside_frames_on_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
