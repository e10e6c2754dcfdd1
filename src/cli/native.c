#include "cli/native.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/build.h"
#include "cli/embedded.h"
#include "cli/toolchain.h"

#define SUFFIX        ".c"
#define SAID_SIZE     (16u << 10) /* bytes of what a test says */
#define STEM_SIZE_MAX 256u
#define FLAG_COUNT    20u /* at most, of a line of clang */
#define SIGNAL_STATUS 128
#define MS_PER_S      1000u

/* What AddressSanitizer says from here on is of use to nobody who looks for a line of code. */
#define ASAN_DETAILS "Shadow bytes around"

#define PROBE "int main(void) { return 0; }\n"

struct native {
    struct au_invocation *invocation;
    const char *folder; /* ends in a slash, or empty for this one */
    struct au_toolchain toolchain;
    bool has_sanitizers;
    const char **sources; /* of contracts */
    size_t source_count;
};

static enum au_exit fail_memory(const struct native *native)
{
    return au_invocation_fail(native->invocation, AU_EXIT_INTERNAL, "%s",
                              au_err_text(AU_ERR_NO_MEMORY));
}

static enum au_exit fail_run(const struct native *native, const char *program)
{
    return au_invocation_fail(native->invocation, AU_EXIT_BUILD, "cannot run '%s': %s", program,
                              strerror(errno));
}

static const char *path_of(const struct native *native, const char *subfolder, const char *name)
{
    return au_build_path(native->invocation, native->folder, subfolder, name, "");
}

/* ---- compiling ---- */

/* argv has room for FLAG_COUNT. Gives how many it has. */
static size_t put_flags(const struct native *native, bool with_sanitizers, const char **argv)
{
    static const char *const flags[] = {"-std=c17", "-g", "-O1", "-Wall", "-Wextra"};
    size_t count = 0;
    argv[count++] = native->toolchain.clang;
    for (size_t i = 0; i < AU_COUNT_OF(flags); i++) {
        argv[count++] = flags[i];
    }
    if (with_sanitizers) {
        argv[count++] = "-fsanitize=address,undefined";
        argv[count++] = "-fno-sanitize-recover=all";
    }
    return count;
}

/* Debian has the sanitizers' libraries in a package of their own. */
static enum au_exit try_sanitizers(struct native *native)
{
    const char *argv[FLAG_COUNT];
    char said[SAID_SIZE];
    int status = 0;
    const char *source = path_of(native, "build/native/", "probe.c");
    const char *program = path_of(native, "build/native/", "probe");
    if (source == NULL || program == NULL) return fail_memory(native);
    enum au_exit code = au_invocation_save(native->invocation, source, au_bytes_of(PROBE));
    if (code != AU_EXIT_DONE) return code;
    size_t count = put_flags(native, /* with_sanitizers */ true, argv);
    argv[count++] = "-o";
    argv[count++] = program;
    argv[count++] = source;
    argv[count] = NULL;
    if (au_toolchain_listen(argv, 0, said, sizeof(said), &status) != AU_OK) {
        return fail_run(native, argv[0]);
    }
    native->has_sanitizers = status == 0;
    if (status != 0) {
        au_invocation_note(
            native->invocation,
            "native tests run without sanitizers, which this clang does not have; on "
            "Debian and Ubuntu: sudo apt-get install libclang-rt-dev");
    }
    return AU_EXIT_DONE;
}

static bool is_source(const char *name)
{
    size_t size = strlen(name);
    return size > sizeof(SUFFIX) - 1 && strcmp(name + size - (sizeof(SUFFIX) - 1), SUFFIX) == 0;
}

static enum au_exit compile(const struct native *native, const char *test, const char *program)
{
    struct au_arena *arena = &native->invocation->arena;
    size_t size = FLAG_COUNT + au_embedded_count + native->source_count;
    const char **argv = au_arena_zero(arena, size * sizeof(*argv));
    const char *kit = path_of(native, "build/", "kit");
    /* A source whose name begins like an option must not be taken for one. */
    const char *here = native->folder[0] == '\0' ? "./" : "";
    const char *source = path_of(native, here, test);
    int status = 0;
    if (argv == NULL || kit == NULL || source == NULL) return fail_memory(native);
    size_t count = put_flags(native, native->has_sanitizers, argv);
    argv[count++] = "-I";
    argv[count++] = kit;
    argv[count++] = "-o";
    argv[count++] = program;
    argv[count++] = source;
    for (size_t i = 0; i < au_embedded_count; i++) {
        const char *name = au_embedded[i].name;
        if (strcmp(au_embedded[i].folder, AU_EMBEDDED_KIT) != 0 || !is_source(name)) continue;
        argv[count] = path_of(native, "build/kit/", name);
        if (argv[count++] == NULL) return fail_memory(native);
    }
    for (size_t i = 0; i < native->source_count; i++) {
        argv[count] = path_of(native, here, native->sources[i]);
        if (argv[count++] == NULL) return fail_memory(native);
    }
    if (au_toolchain_run(argv, &status) != AU_OK) return fail_run(native, argv[0]);
    if (status == 0) return AU_EXIT_DONE;
    return au_invocation_fail(native->invocation, AU_EXIT_BUILD,
                              "'%s' does not compile natively with the folder's contracts", source);
}

/* ---- running ---- */

static enum au_exit run(const struct native *native, const char *program,
                        struct au_native_result *result)
{
    const char *const argv[] = {program, NULL};
    struct au_arena *arena = &native->invocation->arena;
    char said[SAID_SIZE];
    struct au_buf text;
    int status = 0;
    uint32_t seconds =
        (uint32_t)au_invocation_number(native->invocation, "timeout", AU_NATIVE_SECONDS);
    if (au_toolchain_listen(argv, seconds * MS_PER_S, said, sizeof(said), &status) != AU_OK) {
        return fail_run(native, program);
    }
    result->is_passed = status == 0;
    if (result->is_passed) return AU_EXIT_DONE;
    char *shadow = strstr(said, ASAN_DETAILS);
    if (shadow != NULL) *shadow = '\0';
    au_buf_init(&text, 2 * SAID_SIZE);
    if (status == AU_TOOLCHAIN_LATE) {
        au_buf_printf(&text, "not done after %u s, and ended: --timeout gives it more\n", seconds);
    } else if (status > SIGNAL_STATUS) {
        au_buf_printf(&text, "ended by signal %d (%s)\n", status - SIGNAL_STATUS,
                      strsignal(status - SIGNAL_STATUS));
    } else {
        au_buf_printf(&text, "exit status %d\n", status);
    }
    au_buf_put_text(&text, said);
    enum au_err err = text.err;
    if (err == AU_OK) err = au_arena_copy(arena, au_buf_bytes(&text), &result->said);
    au_buf_done(&text);
    return err == AU_OK ? AU_EXIT_DONE : fail_memory(native);
}

static enum au_exit test(const struct native *native, const char *name,
                         struct au_native_result *result)
{
    char stem[STEM_SIZE_MAX];
    snprintf(stem, sizeof(stem), "%.*s", (int)(strlen(name) - (sizeof(SUFFIX) - 1)), name);
    const char *program =
        au_build_path(native->invocation, native->folder[0] == '\0' ? "./" : native->folder,
                      "build/native/", stem, "");
    if (program == NULL) return fail_memory(native);
    result->name = name;
    enum au_exit code = compile(native, name, program);
    return code == AU_EXIT_DONE ? run(native, program, result) : code;
}

enum au_exit au_native_run(struct au_invocation *invocation, const char *folder,
                           const char *const *names, size_t count,
                           struct au_native_result **out_results)
{
    struct native native = {.invocation = invocation, .folder = ""};
    struct au_native_result *results =
        au_arena_zero(&invocation->arena, (count + 1) * sizeof(*results));
    if (strcmp(folder, ".") != 0) native.folder = au_build_path(invocation, folder, "/", "", "");
    if (results == NULL || native.folder == NULL) return fail_memory(&native);
    enum au_exit code = au_build_list(invocation, folder, /* are_tests */ false, &native.sources,
                                      &native.source_count);
    if (code == AU_EXIT_DONE) code = au_toolchain_find(invocation, &native.toolchain);
    if (code == AU_EXIT_DONE) code = au_build_write_kit(invocation, native.folder);
    if (code == AU_EXIT_DONE) {
        code = au_build_make_folder(invocation, native.folder, "build/native");
    }
    if (code == AU_EXIT_DONE) code = try_sanitizers(&native);
    for (size_t i = 0; code == AU_EXIT_DONE && i < count; i++) {
        code = test(&native, names[i], &results[i]);
    }
    *out_results = results;
    return code;
}
