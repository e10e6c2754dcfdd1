#include "node/watch.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/folder.h"
#include "cli/typed.h"
#include "crypto/sha256.h"

#define PAUSE_NS      200000000L
#define ARENA_MAX     (16u << 20) /* bytes */
#define URL_SIZE      128
#define PATH_SIZE_MAX 4096       /* bytes */
#define CODE_SIZE_MAX (8u << 20) /* bytes */
#define MODULES_MAX   256u       /* of a folder */
#define MODULE_SUFFIX ".wasm"

struct module {
    char name[64];
    struct au_hash hash; /* of the code that was deployed */
};

struct au_watch {
    pthread_t thread;
    atomic_bool is_stopping;
    const char *folder;
    char url[URL_SIZE];
    struct au_cli cli;      /* with its results on standard error */
    struct au_hash stamp;   /* of the sources, when they were built last */
    struct module *modules; /* MODULES_MAX */
    size_t module_count;
};

/* ---- what changed ---- */

/* false: the path would be too long for a file to have it. */
static bool join(char path[PATH_SIZE_MAX], const char *folder, const char *name)
{
    int size = snprintf(path, PATH_SIZE_MAX, "%s/%s", folder, name);
    return size > 0 && size < PATH_SIZE_MAX;
}

static enum au_err put_stamps(const char *folder, const char *suffix, struct au_arena *arena,
                              struct au_buf *stamps)
{
    const char **names;
    size_t count;
    AU_TRY(au_folder_list(folder, suffix, arena, &names, &count));
    for (size_t i = 0; i < count; i++) {
        char path[PATH_SIZE_MAX];
        struct stat status;
        if (!join(path, folder, names[i]) || stat(path, &status) != 0)
            continue; /* it went while we looked */
        au_buf_put_text(stamps, names[i]);
        au_buf_put_u64(stamps, (uint64_t)status.st_size);
        au_buf_put_u64(stamps, (uint64_t)status.st_mtim.tv_sec);
        au_buf_put_u64(stamps, (uint64_t)status.st_mtim.tv_nsec);
    }
    return stamps->err;
}

/* false: they are as they were, or cannot be looked at. */
static bool has_changed(struct au_watch *watch)
{
    struct au_arena arena;
    struct au_buf stamps;
    au_arena_init(&arena, ARENA_MAX);
    au_buf_init(&stamps, ARENA_MAX);
    enum au_err err = put_stamps(watch->folder, ".c", &arena, &stamps);
    if (err == AU_OK) err = put_stamps(watch->folder, ".h", &arena, &stamps);
    struct au_hash stamp = err == AU_OK ? au_sha256(au_buf_bytes(&stamps)) : watch->stamp;
    bool is_new = memcmp(&stamp, &watch->stamp, sizeof(stamp)) != 0;
    watch->stamp = stamp;
    au_buf_done(&stamps);
    au_arena_done(&arena);
    return is_new;
}

/* ---- commands ---- */

static bool type(struct au_watch *watch, int argc, const char *const *argv)
{
    enum au_exit code = au_cli_run(&watch->cli, argc, argv);
    fflush(watch->cli.streams.err);
    return code == AU_EXIT_DONE;
}

static struct module *find_module(struct au_watch *watch, const char *name)
{
    for (size_t i = 0; i < watch->module_count; i++) {
        if (strcmp(watch->modules[i].name, name) == 0) return &watch->modules[i];
    }
    return NULL;
}

static struct module *add_module(struct au_watch *watch, const char *name)
{
    struct module *module = &watch->modules[watch->module_count++];
    snprintf(module->name, sizeof(module->name), "%s", name);
    return module;
}

/* Asks the chain, which may have been there before this node, for the code of a contract that was
 * given this name. What is said when there is none is of no interest. */
static bool ask_code_hash(const struct au_watch *watch, const char *name, struct au_hash *out_hash)
{
    struct au_cli cli = watch->cli;
    struct au_invocation invocation = {0};
    struct au_client client = {0};
    struct au_bytes code = {0};
    const char *const argv[] = {name, "--url", watch->url};
    FILE *nowhere = fopen("/dev/null", "w");
    if (nowhere == NULL) return false;
    cli.streams.out = nowhere;
    cli.streams.err = nowhere;
    const struct au_command *command = au_command_find(&cli, "account");
    enum au_exit exit_code =
        au_invocation_parse(&cli, command, (int)AU_COUNT_OF(argv), argv, &invocation);
    if (exit_code == AU_EXIT_DONE) exit_code = au_client_init(&client, &invocation);
    if (exit_code == AU_EXIT_DONE) exit_code = au_typed_code(&client, name, &code);
    if (exit_code == AU_EXIT_DONE) *out_hash = au_sha256(code);
    au_invocation_done(&invocation);
    fclose(nowhere);
    return exit_code == AU_EXIT_DONE;
}

/* A first one of its name is a new contract, a later one the new code of it; those of an earlier
 * node on the same chain are known by their names. */
static void deploy(struct au_watch *watch, const char *path, const char *name,
                   const struct au_hash *hash)
{
    struct au_hash there;
    struct module *module = find_module(watch, name);
    if (module == NULL && watch->module_count < MODULES_MAX && ask_code_hash(watch, name, &there)) {
        module = add_module(watch, name);
        module->hash = there;
        if (memcmp(&there, hash, sizeof(there)) == 0) {
            fprintf(watch->cli.streams.err, "aureon dev: %s is there already\n", name);
            fflush(watch->cli.streams.err);
        }
    }
    const char *const argv[] = {
        "aureon", "deploy", path, module == NULL ? "--as" : "--upgrade", name, "--url", watch->url};
    if (module != NULL && memcmp(&module->hash, hash, sizeof(*hash)) == 0) return;
    if (module == NULL && watch->module_count == MODULES_MAX) return;
    if (!type(watch, (int)AU_COUNT_OF(argv), argv)) return;
    fprintf(watch->cli.streams.err, "aureon dev: %s is %s\n", name,
            module == NULL ? "deployed" : "upgraded");
    if (module == NULL) module = add_module(watch, name);
    module->hash = *hash;
}

static void deploy_file(struct au_watch *watch, const char *folder, const char *file)
{
    char path[PATH_SIZE_MAX];
    char name[sizeof(watch->modules[0].name)];
    struct au_buf code;
    size_t size = strlen(file) - (sizeof(MODULE_SUFFIX) - 1);
    if (size >= sizeof(name)) return;
    snprintf(name, sizeof(name), "%.*s", (int)size, file);
    if (!join(path, folder, file)) return;
    au_buf_init(&code, CODE_SIZE_MAX);
    if (au_file_read(path, &code) == AU_OK) {
        struct au_hash hash = au_sha256(au_buf_bytes(&code));
        deploy(watch, path, name, &hash);
    }
    au_buf_done(&code);
}

static void build(struct au_watch *watch)
{
    const char *const argv[] = {"aureon", "build", watch->folder};
    char folder[PATH_SIZE_MAX];
    struct au_arena arena;
    const char **names;
    size_t count = 0;
    if (!join(folder, watch->folder, "build")) return;
    if (!type(watch, (int)AU_COUNT_OF(argv), argv)) return;
    au_arena_init(&arena, ARENA_MAX);
    if (au_folder_list(folder, MODULE_SUFFIX, &arena, &names, &count) != AU_OK) count = 0;
    for (size_t i = 0; i < count && !atomic_load(&watch->is_stopping); i++) {
        deploy_file(watch, folder, names[i]);
    }
    au_arena_done(&arena);
}

static void *run(void *context)
{
    struct au_watch *watch = context;
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    while (!atomic_load(&watch->is_stopping)) {
        if (has_changed(watch)) build(watch);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/* ---- life ---- */

enum au_err au_watch_start(const struct au_invocation *invocation, const char *folder,
                           const char *url, struct au_watch **out_watch)
{
    struct au_watch *watch = au_mem_new(sizeof(*watch));
    if (watch == NULL) return AU_ERR_NO_MEMORY;
    watch->modules = au_mem_new(MODULES_MAX * sizeof(*watch->modules));
    watch->folder = folder;
    watch->cli = *invocation->cli;
    watch->cli.streams.out = watch->cli.streams.err;
    snprintf(watch->url, sizeof(watch->url), "%s", url);
    if (watch->modules == NULL || pthread_create(&watch->thread, NULL, run, watch) != 0) {
        au_mem_free(watch->modules);
        au_mem_free(watch);
        return AU_ERR_NO_MEMORY;
    }
    *out_watch = watch;
    return AU_OK;
}

void au_watch_stop(struct au_watch *watch)
{
    if (watch == NULL) return;
    atomic_store(&watch->is_stopping, true);
    AU_ASSERT(pthread_join(watch->thread, NULL) == 0);
    au_mem_free(watch->modules);
    au_mem_free(watch);
}
