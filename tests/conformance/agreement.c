/* Goal: our validator and those of the engine and of wasmparser agree. What we accept, wasmparser
 * and the engine accept, and the engine accepts its instrumented form; what we alone refuse, we
 * refuse by a rule that has a name.
 * Method: all modules of the specification's scripts, good and bad, and random modules of a fixed
 * seed, without and with imports. The counts are fixed too. Writes TAP. */
#include <dirent.h>

#include "base/file.h"
#include "conformance/refusals.h"
#include "conformance/spec_dir.h"
#include "conformance/spectest.h"
#include "conformance/tap.h"
#include "vm/engine.h"
#include "vm/limits.h"

#define SMITH_SEED  7
#define SMITH_COUNT 800

/* Everything that modules may import here. */
static const char imports_text[] =
    "(module (import \"spectest\" \"print\" (func))"
    " (import \"spectest\" \"print_i32\" (func (param i32)))"
    " (import \"spectest\" \"print_i64\" (func (param i64)))"
    " (import \"spectest\" \"print_f64_f64\" (func (param f64 f64))))";

static struct au_engine *metered;
static struct au_engine *as_is;

struct tally {
    uint32_t accepted;    /* by us */
    uint32_t both_refuse; /* we and wasmparser */
    uint32_t we_refuse;   /* we alone */
    uint32_t they_refuse; /* wasmparser alone */
    uint32_t unnamed;     /* of those that we alone refuse: not by a rule that has a name */
    uint32_t engine_refuses;
    uint32_t engine_refuses_instrumented;
};

static bool is_loadable(struct au_engine *engine, const char *path, struct au_bytes code)
{
    struct au_loaded *loaded = NULL;
    struct au_reject reject = {0};
    enum au_err err = au_engine_load(engine, code, &loaded, &reject);
    if (err == AU_OK)
        au_loaded_release(loaded);
    else
        printf("# %s: %s: %s\n", path, au_err_text(err), reject.message);
    return err == AU_OK;
}

static void compare_refusal(const char *path, const struct au_reject *reject, bool they_accept,
                            struct tally *tally)
{
    if (!they_accept) {
        tally->both_refuse++;
        return;
    }
    tally->we_refuse++;
    if (reason_of(reject) != REASON_COUNT) return;
    tally->unnamed++;
    printf("# %s: %s: %s\n", path, reject->rule, reject->message);
}

static void compare(const char *path, const char *their_verdict, struct tally *tally)
{
    struct au_buf code;
    struct au_module_info *info = NULL;
    struct au_reject reject = {0};
    bool they_accept = strcmp(their_verdict, "ok") == 0;
    au_buf_init(&code, 4 * AU_CODE_SIZE_MAX);
    enum au_err err = au_file_read(path, &code);
    if (err == AU_OK) {
        err = au_module_prepare(au_buf_bytes(&code), &spectest_host, NULL, &info, &reject);
    }
    if (err == AU_ERR_INVALID_MODULE) {
        compare_refusal(path, &reject, they_accept, tally);
    } else if (err != AU_OK) {
        tally->unnamed++;
        printf("# %s: %s\n", path, au_err_text(err));
    } else {
        tally->accepted++;
        if (!they_accept) {
            tally->they_refuse++;
            printf("# %s: accepted, but wasmparser: %s\n", path, their_verdict);
        }
        tally->engine_refuses += !is_loadable(as_is, path, au_buf_bytes(&code));
        tally->engine_refuses_instrumented += !is_loadable(metered, path, au_buf_bytes(&code));
    }
    au_module_info_free(info);
    au_buf_done(&code);
}

/* Every module of a folder. A line of the tools is `FILE: ok` or `FILE: invalid: REASON`. */
static bool compare_folder(const char *tools, const char *folder, struct tally *tally)
{
    char command[COMMAND_SIZE_MAX];
    char *line = NULL;
    size_t capacity = 0;
    ssize_t size = 0;
    (void)snprintf(command, sizeof command,
                   "set -- '%s'/*.wasm; [ -e \"$1\" ] || exit 0; exec '%s' validate "
                   "--no-references \"$@\"",
                   folder, tools);
    FILE *output = popen(command, "r");
    if (output == NULL) return false;
    while ((size = getline(&line, &capacity, output)) > 0) {
        char *verdict = strstr(line, ": ");
        if (verdict == NULL) continue;
        line[size - 1] = 0;
        *verdict = 0;
        compare(line, verdict + 2, tally);
    }
    free(line);
    return pclose(output) == 0;
}

/* The modules of the scripts: SPEC_DIR/SET/SCRIPT/x.wasm */
static bool compare_spec(const char *tools, const char *spec_dir, struct tally *tally)
{
    static const char *const sets[] = {"v2", "latest", "bulk-memory", "multi-memory"};
    bool is_done = true;
    for (size_t i = 0; i < AU_COUNT_OF(sets); i++) {
        char set[PATH_MAX];
        (void)snprintf(set, sizeof set, "%.2000s/%s", spec_dir, sets[i]);
        DIR *dir = opendir(set);
        if (dir == NULL) return false;
        for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
            char folder[PATH_MAX + 512];
            if (entry->d_name[0] == '.') continue;
            (void)snprintf(folder, sizeof folder, "%s/%s", set, entry->d_name);
            is_done &= compare_folder(tools, folder, tally);
        }
        (void)closedir(dir);
    }
    return is_done;
}

static bool compare_random(const char *tools, bool has_imports, struct tally *tally)
{
    char dir[PATH_MAX];
    char command[COMMAND_SIZE_MAX];
    char imports[PATH_MAX] = "";
    if (!spec_dir_new(dir)) return false;
    if (has_imports) {
        (void)snprintf(imports, sizeof imports, "%.2000s/imports.wat", dir);
        if (au_file_write(imports, au_bytes_of(imports_text)) != AU_OK) return false;
    }
    (void)snprintf(command, sizeof command, "'%s' smith %d %d '%s' %s %s", tools, SMITH_SEED,
                   SMITH_COUNT, dir, has_imports ? "--imports" : "", imports);
    bool is_done = system(command) == 0 && compare_folder(tools, dir, tally);
    spec_dir_remove(dir);
    return is_done;
}

static void report(const char *what, bool is_done, const struct tally *tally,
                   const struct tally *expected)
{
    tap_report(is_done && tally->accepted == expected->accepted, "%s: %u accepted", what,
               tally->accepted);
    tap_report(tally->both_refuse == expected->both_refuse, "%s: %u refused by wasmparser too",
               what, tally->both_refuse);
    tap_report(tally->we_refuse == expected->we_refuse && tally->unnamed == 0,
               "%s: %u refused by us alone, %u of them by a rule without a name", what,
               tally->we_refuse, tally->unnamed);
    tap_report(tally->they_refuse == 0, "%s: %u accepted, but refused by wasmparser", what,
               tally->they_refuse);
    tap_report(tally->engine_refuses == 0, "%s: %u accepted, but refused by the engine", what,
               tally->engine_refuses);
    tap_report(tally->engine_refuses_instrumented == 0,
               "%s: %u accepted, but their instrumented form refused by the engine", what,
               tally->engine_refuses_instrumented);
}

static struct au_engine *new_engine(bool skip_instrumentation)
{
    struct au_engine *engine = NULL;
    struct au_engine_options options = {
        .instances_max = 1, .optimize_none = true, .skip_instrumentation = skip_instrumentation};
    enum au_err err = au_engine_new(&options, &spectest_host, &engine);
    tap_report(err == AU_OK, "engine: %s", err == AU_OK ? "started" : au_err_text(err));
    return engine;
}

static void compare_all(const char *tools, const char *spec_dir)
{
    static const struct tally spec = {.accepted = 1193, .both_refuse = 3551, .we_refuse = 477};
    static const struct tally plain = {.accepted = 134, .we_refuse = 666};
    static const struct tally importing = {.accepted = 124, .we_refuse = 676};
    struct tally tally = {0};
    bool is_done = compare_spec(tools, spec_dir, &tally);
    report("scripts", is_done, &tally, &spec);

    tally = (struct tally){0};
    is_done = compare_random(tools, /* has_imports = */ false, &tally);
    report("random modules", is_done, &tally, &plain);

    tally = (struct tally){0};
    is_done = compare_random(tools, /* has_imports = */ true, &tally);
    report("random modules with imports", is_done, &tally, &importing);
}

int main(void)
{
    char spec_dir[PATH_MAX] = "";
    bool is_made = false;
    const char *tools = spec_dir_value("AUREON_TESTTOOLS");
    if (tools == NULL || !spec_dir_open(spec_dir, &is_made)) {
        return spec_dir_missing("verdicts of wasmparser: set AUREON_TESTTOOLS");
    }
    metered = new_engine(/* skip_instrumentation = */ false);
    as_is = new_engine(/* skip_instrumentation = */ true);
    if (metered != NULL && as_is != NULL) compare_all(tools, spec_dir);
    au_engine_free(as_is);
    au_engine_free(metered);
    if (is_made) spec_dir_remove(spec_dir);
    return tap_finish();
}
