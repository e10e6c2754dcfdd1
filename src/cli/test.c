#include "cli/test.h"

#include <inttypes.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json_write.h"
#include "cli/build.h"
#include "cli/folder.h"
#include "cli/gas_record.h"
#include "cli/native.h"
#include "cli/scenario_run.h"
#include "cli/show.h"

#define SUFFIX           ".scen.json"
#define RECORD_FOLDER    ".aureon"
#define RECORD           RECORD_FOLDER "/gas.json"
#define PATH_SIZE_MAX    4096u
#define RESULT_SIZE_MAX  (64u << 20) /* bytes */
#define MESSAGE_SIZE_MAX (8u << 20)  /* bytes */
#define LABEL_COLUMNS    44

/* A step that was run. */
struct line {
    struct au_bytes label;
    struct au_bytes message; /* empty: it passed */
    bool has_gas;
    uint64_t gas;
    bool has_before;
    uint64_t before;
};

struct trial {
    const char *name; /* of the file, in its folder */
    struct line *lines;
    size_t line_count; /* steps that were run */
    size_t step_count;
};

struct test {
    struct au_invocation *invocation;
    struct au_runtime *runtime;
    const char *folder;
    bool is_folder; /* all its scenarios are run */
    const char **names;
    struct trial *trials;
    size_t trial_count;
    const char **native_names;
    struct au_native_result *natives; /* NULL: they were not run */
    size_t native_count;
    struct au_gas_record record; /* of the last time */
    struct trial *trial;         /* that is run */
    enum au_err err;             /* of keeping its lines */
    size_t passed;
    size_t failed;
    size_t not_run;
};

static enum au_exit fail_err(const struct test *test, enum au_err err)
{
    return au_invocation_fail(test->invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
}

/* The path of a file in the folder, in the arena; NULL: out of memory. */
static const char *path_of(const struct test *test, const char *name)
{
    size_t size = strlen(test->folder) + strlen(name) + 2;
    char *path = au_arena_get(&test->invocation->arena, size);
    if (path == NULL) return NULL;
    bool is_here = strcmp(test->folder, ".") == 0;
    snprintf(path, size, "%s%s%s", is_here ? "" : test->folder, is_here ? "" : "/", name);
    return path;
}

/* ---- finding ---- */

static enum au_exit take_file(struct test *test, const char *path)
{
    struct au_arena *arena = &test->invocation->arena;
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 1 : (size_t)(slash - path);
    char *folder = au_arena_zero(arena, size + 1);
    const char **names = au_arena_get(arena, sizeof(*names));
    if (folder == NULL || names == NULL) return fail_err(test, AU_ERR_NO_MEMORY);
    memcpy(folder, slash == NULL ? "." : path, size);
    names[0] = slash == NULL ? path : slash + 1;
    test->folder = slash == path ? "" : folder;
    if (au_build_is_test(names[0])) {
        test->native_names = names;
        test->native_count = 1;
    } else {
        test->names = names;
        test->trial_count = 1;
    }
    return AU_EXIT_DONE;
}

static bool is_c(const char *path)
{
    size_t size = strlen(path);
    return size >= 2 && strcmp(path + size - 2, ".c") == 0;
}

static enum au_exit find_files(struct test *test)
{
    struct stat status;
    struct au_invocation *invocation = test->invocation;
    const char *path = invocation->operand_count > 0 ? invocation->operands[0] : ".";
    test->is_folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    if (!test->is_folder && is_c(path) && !au_build_is_test(path)) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "expected a scenario, NAME" SUFFIX ", or a native test, "
                                  "NAME" AU_BUILD_TEST_SUFFIX ", got '%s'",
                                  path);
    }
    if (!test->is_folder) return take_file(test, path);
    test->folder = path;
    enum au_err err =
        au_folder_list(path, SUFFIX, &invocation->arena, &test->names, &test->trial_count);
    if (err != AU_OK) return au_invocation_fail_file(invocation, err, "read", path);
    enum au_exit code = au_build_list(invocation, path, /* are_tests */ true, &test->native_names,
                                      &test->native_count);
    if (code != AU_EXIT_DONE || test->trial_count + test->native_count > 0) return code;
    return au_invocation_fail(invocation, AU_EXIT_NOT_FOUND,
                              "there is no scenario in '%s', a file whose name ends in " SUFFIX
                              ", and no native test, " AU_BUILD_TEST_SUFFIX,
                              path);
}

/* ---- the record ---- */

static void read_record(struct test *test)
{
    struct au_buf text;
    const char *path = path_of(test, RECORD);
    au_buf_init(&text, AU_GAS_RECORD_SIZE_MAX);
    enum au_err err = path == NULL ? AU_ERR_NO_MEMORY : au_file_read(path, &text);
    if (err == AU_OK) err = au_gas_record_parse(&test->record, au_buf_bytes(&text));
    if (err != AU_OK) au_gas_record_done(&test->record);
    if (err != AU_OK && err != AU_ERR_NOT_FOUND) {
        au_invocation_note(test->invocation,
                           "'%s' is not what a test left there: nothing to compare gas with", path);
    }
    au_buf_done(&text);
}

static void put_record(struct test *test, struct au_buf *text)
{
    struct au_json_write json;
    au_json_write_init(&json, text, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&json);
    au_json_put_u32(&json, "format", 1);
    au_json_write_key(&json, "files");
    au_json_write_begin_object(&json);
    for (size_t i = 0; i < test->trial_count; i++) {
        const struct trial *trial = &test->trials[i];
        au_json_write_key(&json, trial->name);
        au_json_write_begin_array(&json);
        for (size_t j = 0; j < trial->line_count; j++) {
            au_json_write_begin_object(&json);
            au_json_put_bytes(&json, "step", trial->lines[j].label);
            if (trial->lines[j].has_gas) au_json_put_u64(&json, "gas", trial->lines[j].gas);
            au_json_write_end_object(&json);
        }
        au_json_write_end_array(&json);
    }
    au_json_write_end_object(&json);
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
}

/* Kept where a build was made. A run of one file alone would forget the others, so it keeps
 * nothing. */
static enum au_exit write_record(struct test *test)
{
    struct stat status;
    struct au_buf text;
    const char *build = path_of(test, "build");
    const char *folder = path_of(test, RECORD_FOLDER);
    const char *path = path_of(test, RECORD);
    if (build == NULL || folder == NULL || path == NULL) return fail_err(test, AU_ERR_NO_MEMORY);
    bool has_build = stat(build, &status) == 0 && S_ISDIR(status.st_mode);
    if (!has_build || !test->is_folder || test->failed > 0) return AU_EXIT_DONE;
    enum au_exit code = au_build_make_folder(test->invocation, "", folder);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&text, RESULT_SIZE_MAX);
    put_record(test, &text);
    code = text.err == AU_OK ? au_invocation_save(test->invocation, path, au_buf_bytes(&text))
                             : fail_err(test, text.err);
    au_buf_done(&text);
    return code;
}

/* ---- running ---- */

static void keep_line(void *context, const struct au_step *step,
                      const struct au_step_result *result)
{
    struct test *test = context;
    struct trial *trial = test->trial;
    struct au_arena *arena = &test->invocation->arena;
    struct line line = {.has_gas = result->has_gas, .gas = result->gas_used};
    struct au_buf label;
    au_buf_init(&label, PATH_SIZE_MAX);
    au_step_describe(step, &label);
    enum au_err err = au_arena_copy(arena, au_buf_bytes(&label), &line.label);
    if (err == AU_OK) err = au_arena_copy(arena, result->message, &line.message);
    au_buf_done(&label);
    if (err != AU_OK) test->err = err;
    line.has_before =
        line.has_gas &&
        au_gas_record_find(&test->record, trial->name, trial->line_count, line.label, &line.before);
    trial->lines[trial->line_count++] = line;
    if (result->is_passed) {
        test->passed++;
    } else {
        test->failed++;
    }
}

static enum au_exit run_scenario(struct test *test, const struct au_scenario *scenario,
                                 const char *path)
{
    struct trial *trial = test->trial;
    struct au_buf cause;
    const struct au_scenario_run run = {test->runtime, test->folder, keep_line, test};
    trial->step_count = scenario->step_count;
    trial->lines =
        au_arena_zero(&test->invocation->arena, scenario->step_count * sizeof(*trial->lines));
    if (trial->lines == NULL) return fail_err(test, AU_ERR_NO_MEMORY);
    au_buf_init(&cause, MESSAGE_SIZE_MAX);
    enum au_err err = au_scenario_run(scenario, &run, &cause);
    if (err == AU_OK) err = test->err;
    enum au_exit code = AU_EXIT_DONE;
    if (err != AU_OK) {
        au_buf_put_u8(&cause, 0);
        code = au_invocation_fail(test->invocation, AU_EXIT_INTERNAL, "cannot run '%s': %s", path,
                                  cause.err == AU_OK && cause.size > 1 ? (const char *)cause.data
                                                                       : au_err_text(err));
    }
    test->not_run += scenario->step_count - trial->line_count;
    au_buf_done(&cause);
    return code;
}

static enum au_exit parse(struct test *test, const char *path, struct au_scenario *scenario)
{
    struct au_buf text;
    struct au_buf message;
    au_buf_init(&text, AU_SCENARIO_FILE_SIZE_MAX);
    au_buf_init(&message, MESSAGE_SIZE_MAX);
    enum au_exit code = au_invocation_read(test->invocation, path, &text);
    enum au_err err = AU_OK;
    if (code == AU_EXIT_DONE) err = au_scenario_parse(scenario, au_buf_bytes(&text), &message);
    au_buf_put_u8(&message, 0);
    if (err == AU_ERR_NO_MEMORY) {
        code = fail_err(test, err);
    } else if (err != AU_OK) {
        code = au_invocation_fail(test->invocation, AU_EXIT_USAGE, "'%s': %s", path,
                                  message.err == AU_OK ? (const char *)message.data
                                                       : au_err_text(err));
    }
    au_buf_done(&message);
    au_buf_done(&text);
    return code;
}

static enum au_exit run_files(struct test *test)
{
    const struct au_runtime_options options = {.parallel_max = 1};
    enum au_exit code = AU_EXIT_DONE;
    test->trials =
        au_arena_zero(&test->invocation->arena, test->trial_count * sizeof(*test->trials));
    if (test->trials == NULL) return fail_err(test, AU_ERR_NO_MEMORY);
    enum au_err err = au_runtime_new(&options, &test->runtime);
    if (err != AU_OK) return fail_err(test, err);
    for (size_t i = 0; code == AU_EXIT_DONE && i < test->trial_count; i++) {
        struct au_scenario scenario;
        const char *path = path_of(test, test->names[i]);
        if (path == NULL) return fail_err(test, AU_ERR_NO_MEMORY);
        test->trial = &test->trials[i];
        test->trial->name = test->names[i];
        au_scenario_init(&scenario);
        code = parse(test, path, &scenario);
        if (code == AU_EXIT_DONE) code = run_scenario(test, &scenario, path);
        au_scenario_done(&scenario);
    }
    return code;
}

static enum au_exit run_natives(struct test *test)
{
    if (test->native_count == 0) return AU_EXIT_DONE;
    enum au_exit code = au_native_run(test->invocation, test->folder, test->native_names,
                                      test->native_count, &test->natives);
    if (code != AU_EXIT_DONE) test->natives = NULL;
    for (size_t i = 0; test->natives != NULL && i < test->native_count; i++) {
        test->passed += test->natives[i].is_passed;
        test->failed += !test->natives[i].is_passed;
    }
    return code;
}

/* ---- telling ---- */

/* Each line behind the same blanks. */
static void put_message(struct au_buf *text, struct au_bytes message)
{
    while (message.size > 0) {
        const uint8_t *end = memchr(message.data, '\n', message.size);
        size_t size = end == NULL ? message.size : (size_t)(end - message.data);
        au_buf_put_text(text, "        ");
        au_show_text(text, (struct au_bytes){message.data, size});
        au_buf_put_u8(text, '\n');
        size += end != NULL;
        message = (struct au_bytes){message.data + size, message.size - size};
    }
}

static void put_line(struct au_buf *text, const struct line *line)
{
    au_buf_put_text(text, line->message.size == 0 ? "  ok    " : "  FAIL  ");
    au_buf_put_bytes(text, line->label);
    if (line->has_gas) {
        size_t column = line->label.size;
        do {
            au_buf_put_u8(text, ' ');
        } while (++column < LABEL_COLUMNS);
        au_buf_printf(text, "%8" PRIu64 " gas", line->gas);
    }
    if (line->has_before && line->before != line->gas) {
        bool is_more = line->gas > line->before;
        au_buf_printf(text, ", %" PRIu64 " %s than before",
                      is_more ? line->gas - line->before : line->before - line->gas,
                      is_more ? "more" : "less");
    }
    au_buf_put_u8(text, '\n');
    put_message(text, line->message);
}

static void put_native(struct au_buf *text, const struct au_native_result *native)
{
    au_show_text(text, au_bytes_of(native->name));
    au_buf_put_text(text, native->is_passed ? "\n  ok    native\n" : "\n  FAIL  native\n");
    put_message(text, native->said);
}

static void put_text(const struct test *test, struct au_buf *text)
{
    for (size_t i = 0; i < test->trial_count; i++) {
        const struct trial *trial = &test->trials[i];
        au_show_text(text, au_bytes_of(trial->name));
        au_buf_put_u8(text, '\n');
        for (size_t j = 0; j < trial->line_count; j++) {
            put_line(text, &trial->lines[j]);
        }
    }
    for (size_t i = 0; test->natives != NULL && i < test->native_count; i++) {
        put_native(text, &test->natives[i]);
    }
    au_buf_printf(text, "%zu passed, %zu failed", test->passed, test->failed);
    if (test->not_run > 0) au_buf_printf(text, ", %zu not run", test->not_run);
    au_buf_put_u8(text, '\n');
}

static void put_json_line(struct au_json_write *json, const struct line *line)
{
    au_json_write_begin_object(json);
    au_json_put_bytes(json, "step", line->label);
    au_json_put_bool(json, "passed", line->message.size == 0);
    if (line->has_gas) au_json_put_u64(json, "gas_used", line->gas);
    if (line->has_before) au_json_put_u64(json, "gas_before", line->before);
    if (line->message.size > 0) au_json_put_bytes(json, "message", line->message);
    au_json_write_end_object(json);
}

static void put_json(const struct test *test, struct au_buf *text)
{
    struct au_json_write json;
    au_json_write_init(&json, text, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&json);
    au_json_write_key(&json, "scenarios");
    au_json_write_begin_array(&json);
    for (size_t i = 0; i < test->trial_count; i++) {
        const struct trial *trial = &test->trials[i];
        au_json_write_begin_object(&json);
        au_json_put_text(&json, "file", trial->name);
        au_json_write_key(&json, "steps");
        au_json_write_begin_array(&json);
        for (size_t j = 0; j < trial->line_count; j++) {
            put_json_line(&json, &trial->lines[j]);
        }
        au_json_write_end_array(&json);
        au_json_put_u32(&json, "not_run", (uint32_t)(trial->step_count - trial->line_count));
        au_json_write_end_object(&json);
    }
    au_json_write_end_array(&json);
    au_json_write_key(&json, "natives");
    au_json_write_begin_array(&json);
    for (size_t i = 0; test->natives != NULL && i < test->native_count; i++) {
        au_json_write_begin_object(&json);
        au_json_put_text(&json, "file", test->natives[i].name);
        au_json_put_bool(&json, "passed", test->natives[i].is_passed);
        if (!test->natives[i].is_passed) au_json_put_bytes(&json, "message", test->natives[i].said);
        au_json_write_end_object(&json);
    }
    au_json_write_end_array(&json);
    au_json_put_u32(&json, "passed", (uint32_t)test->passed);
    au_json_put_u32(&json, "failed", (uint32_t)test->failed);
    au_json_put_u32(&json, "not_run", (uint32_t)test->not_run);
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
}

static enum au_exit print(struct test *test)
{
    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    if (au_invocation_has(test->invocation, "json")) {
        put_json(test, &text);
    } else {
        put_text(test, &text);
    }
    enum au_exit code = au_invocation_write(test->invocation, &text);
    au_buf_done(&text);
    return code;
}

enum au_exit au_test_command(struct au_invocation *invocation)
{
    struct test test = {.invocation = invocation};
    enum au_exit code = find_files(&test);
    if (code == AU_EXIT_DONE) read_record(&test);
    if (code == AU_EXIT_DONE) code = run_files(&test);
    if (code == AU_EXIT_DONE) {
        enum au_exit native = run_natives(&test);
        code = print(&test);
        if (code == AU_EXIT_DONE) code = native;
    }
    if (code == AU_EXIT_DONE) code = write_record(&test);
    if (code == AU_EXIT_DONE && test.failed > 0) code = AU_EXIT_INTERNAL;
    au_gas_record_done(&test.record);
    au_runtime_free(test.runtime);
    return code;
}
