/* A contract inside another program: compile text, call it twice over one storage, and let a third
 * call run out of gas. Compiles as C17 and as C++:
 *
 *     cc examples/embed.c $(pkg-config --cflags --libs --static aureon) -o embed
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <aureon.h>

/* `hit` adds one to the number stored under "n" and returns it. */
static const char source[] =
    "(module"
    "  (import \"env\" \"storage_read\" (func $read (param i32 i32 i32 i32) (result i32)))"
    "  (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    "  (memory 1 1)"
    "  (data (i32.const 0) \"n\")"
    "  (func (export \"hit\") (result i64)"
    "    (drop (call $read (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 8)))"
    "    (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))"
    "    (drop (call $write (i32.const 0) (i32.const 1) (i32.const 8) (i32.const 8)))"
    "    (i64.load (i32.const 8))))";

static int fail(const char *what, enum au_err err)
{
    fprintf(stderr, "%s: %s\n", what, au_err_text(err));
    return 1;
}

static enum au_err load(struct au_runtime *runtime, struct au_module **out_module)
{
    struct au_bytes text = {(const uint8_t *)source, strlen(source)};
    struct au_bytes code;
    char message[AU_REJECT_MESSAGE_SIZE];
    enum au_err err = au_wat_to_wasm(text, &code, message, sizeof(message));
    if (err != AU_OK) return err;

    struct au_reject reject;
    err = au_module_load(runtime, code, out_module, &reject);
    if (err == AU_ERR_INVALID_MODULE) fprintf(stderr, "refused: %s\n", reject.message);
    au_free(code.data);
    return err;
}

/* Calls `hit` and keeps what it stored for the next call. */
static enum au_err hit(const struct au_module *module, uint64_t gas_limit, uint8_t number[8],
                       size_t *storage_count)
{
    const struct au_entry entry = {{(const uint8_t *)"n", 1}, {number, 8}};
    struct au_execute_options options;
    memset(&options, 0, sizeof(options));
    options.gas_limit = gas_limit;
    options.function = "hit";
    options.storage = &entry;
    options.storage_count = *storage_count;

    struct au_result result;
    enum au_err err = au_execute_contract(module, &options, &result);
    if (err != AU_OK) return err;

    printf("%s, %" PRIu64 " gas", au_outcome_name(result.outcome), result.gas_used);
    if (result.success && result.storage_change_count == 1) {
        memcpy(number, result.storage_changes[0].after.data, 8);
        *storage_count = 1;
        printf(", n = %u", number[0]);
    }
    printf("\n");
    au_result_free(&result);
    return AU_OK;
}

int main(void)
{
    struct au_runtime *runtime = NULL;
    enum au_err err = au_runtime_new(NULL, &runtime);
    if (err != AU_OK) return fail("runtime", err);

    struct au_module *module = NULL;
    uint8_t number[8] = {0};
    size_t storage_count = 0;
    err = load(runtime, &module);
    if (err == AU_OK) err = hit(module, 100000, number, &storage_count);
    if (err == AU_OK) err = hit(module, 100000, number, &storage_count);
    if (err == AU_OK) err = hit(module, 20, number, &storage_count);

    au_module_free(module);
    au_runtime_free(runtime);
    return err == AU_OK ? 0 : fail("run", err);
}
