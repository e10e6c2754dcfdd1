#include "cli/build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/check.h"
#include "cli/embedded.h"
#include "cli/folder.h"
#include "cli/toolchain.h"

#define PATH_SIZE_MAX   4096 /* bytes */
#define RESULT_SIZE_MAX (1u << 20)
#define SAID_SIZE       (1u << 18) /* bytes of what clang says of one file; the rest is left out */
#define FOLDER_MODE     0755
#define SUFFIX          ".c"
#define STRIP           "-Wl,--strip-all"
#define STRIP_DEBUG     "-Wl,--strip-debug" /* leaves the names of functions */

static const char *const flags[] = {
#define AU_CLANG(flag) flag,
#include "abi/clang.def"
#undef AU_CLANG
};

struct build {
    struct au_invocation *invocation;
    const char *folder; /* ends in a slash, or empty for this one */
    struct au_toolchain toolchain;
    bool keeps_names;
    char *said; /* by clang, of one file */
};

/* What is meant by words of clang and wasm-ld, where these do not tell it to who knows only the
 * kit. The first row that fits. */
static const struct {
    const char *words;
    const char *advice;
} advices[] = {
    {"unknown type name 'aureon_", "types in the macros are bool, u8 to u128, i8 to i128, address, "
                                   "bytes32, bytes, string, or what "
                                   "AUREON_STRUCT names"},
    {"AUREON_MODE_",
     "the mode of an AUREON_FN is mut, view, payable, init, payable_init or migrate"},
    {".h' file not found",
     "there is no C library: memcpy, memmove, memset and memcmp come with aureon_contract.h"},
    {"undefined symbol: ",
     "there is no C library, and each C file of the folder is a contract of its own"},
    {"-Wimplicit-function-declaration",
     "there is no C library: what the kit has is in aureon_contract.h and aureon_host.h"},
    {"initial memory too small",
     "a contract has 64 KiB for its data, 32 KiB of them the kit's, and for its stack of 8 KiB"},
    {"stack frame size", "all frames of a call share a stack of 8 KiB: large buffers are static"},
};

const char *au_build_path(struct au_invocation *invocation, const char *folder,
                          const char *subfolder, const char *name, const char *suffix)
{
    size_t size = strlen(folder) + strlen(subfolder) + strlen(name) + strlen(suffix) + 1;
    char *path = au_arena_get(&invocation->arena, size);
    if (path != NULL) snprintf(path, size, "%s%s%s%s", folder, subfolder, name, suffix);
    return path;
}

static const char *path_of(const struct build *build, const char *folder, const char *name,
                           const char *suffix)
{
    return au_build_path(build->invocation, build->folder, folder, name, suffix);
}

static enum au_exit fail_memory(const struct au_invocation *invocation)
{
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s", au_err_text(AU_ERR_NO_MEMORY));
}

enum au_exit au_build_make_folder(struct au_invocation *invocation, const char *folder,
                                  const char *name)
{
    const char *path = au_build_path(invocation, folder, name, "", "");
    if (path == NULL) return fail_memory(invocation);
    if (au_file_make_folder(path, FOLDER_MODE) == AU_OK) return AU_EXIT_DONE;
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "cannot make the folder '%s': %s", path,
                              strerror(errno));
}

enum au_exit au_build_write_kit(struct au_invocation *invocation, const char *folder)
{
    enum au_exit code = au_build_make_folder(invocation, folder, "build");
    if (code == AU_EXIT_DONE) code = au_build_make_folder(invocation, folder, "build/kit");
    for (size_t i = 0; code == AU_EXIT_DONE && i < au_embedded_count; i++) {
        const struct au_embedded_file *file = &au_embedded[i];
        if (strcmp(file->folder, AU_EMBEDDED_KIT) != 0) continue;
        const char *path = au_build_path(invocation, folder, "build/kit/", file->name, "");
        if (path == NULL) return fail_memory(invocation);
        code = au_invocation_save(invocation, path, file->content);
    }
    return code;
}

static const char *find_advice(const char *said)
{
    for (size_t i = 0; i < AU_COUNT_OF(advices); i++) {
        if (strstr(said, advices[i].words) != NULL) return advices[i].advice;
    }
    return NULL;
}

static enum au_exit compile(const struct build *build, const char *source, const char *module)
{
    const char *argv[AU_COUNT_OF(flags) + 10];
    size_t count = 0;
    int status = 0;
    char linker[sizeof("-fuse-ld=") + AU_TOOLCHAIN_PATH_SIZE];
    const char *kit = path_of(build, "build/kit", "", "");
    if (kit == NULL) return fail_memory(build->invocation);
    snprintf(linker, sizeof(linker), "-fuse-ld=%s", build->toolchain.linker);
    argv[count++] = build->toolchain.clang;
    for (size_t i = 0; i < AU_COUNT_OF(flags); i++) {
        bool strips = build->keeps_names && strcmp(flags[i], STRIP) == 0;
        argv[count++] = strips ? STRIP_DEBUG : flags[i];
    }
    if (build->invocation->streams->has_color && isatty(STDERR_FILENO) == 1) {
        argv[count++] = "-fcolor-diagnostics"; /* it writes to a pipe */
    }
    argv[count++] = linker;
    argv[count++] = "-I";
    argv[count++] = kit;
    argv[count++] = "-o";
    argv[count++] = module;
    argv[count++] = source;
    argv[count] = NULL;
    enum au_err err = au_toolchain_listen(argv, 0, build->said, SAID_SIZE, &status);
    if (err != AU_OK) {
        return au_invocation_fail(build->invocation, AU_EXIT_BUILD, "cannot run '%s': %s",
                                  build->toolchain.clang, strerror(errno));
    }
    fputs(build->said, build->invocation->streams->err);
    if (status == 0) return AU_EXIT_DONE;
    const char *advice = find_advice(build->said);
    return au_invocation_fail(build->invocation, AU_EXIT_BUILD, "'%s' does not compile%s%s%s",
                              source, advice == NULL ? "" : " (", advice == NULL ? "" : advice,
                              advice == NULL ? "" : ")");
}

bool au_build_is_test(const char *name)
{
    size_t size = strlen(name);
    size_t suffix_size = sizeof(AU_BUILD_TEST_SUFFIX) - 1;
    return size > suffix_size && strcmp(name + size - suffix_size, AU_BUILD_TEST_SUFFIX) == 0;
}

static enum au_exit make_module(const struct build *build, const char *name, struct au_buf *text)
{
    char stem[PATH_SIZE_MAX];
    snprintf(stem, sizeof(stem), "%.*s", (int)(strlen(name) - (sizeof(SUFFIX) - 1)), name);
    /* A source whose name begins like an option must not be taken for one. */
    const char *source = path_of(build, build->folder[0] == '\0' ? "./" : "", name, "");
    const char *module = path_of(build, "build/", stem, ".wasm");
    if (source == NULL || module == NULL) return fail_memory(build->invocation);
    enum au_exit code = compile(build, source, module);
    if (code != AU_EXIT_DONE) return code;
    enum au_err err = au_check_brief(module, text);
    if (err == AU_ERR_INVALID_MODULE) return AU_EXIT_REJECTED;
    return err == AU_OK ? AU_EXIT_DONE
                        : au_invocation_fail_file(build->invocation, err, "check", module);
}

enum au_exit au_build_list(struct au_invocation *invocation, const char *folder, bool are_tests,
                           const char ***out_names, size_t *out_count)
{
    const char **names;
    size_t count;
    size_t kept = 0;
    enum au_err err = au_folder_list(folder, SUFFIX, &invocation->arena, &names, &count);
    if (err != AU_OK) return au_invocation_fail_file(invocation, err, "read", folder);
    for (size_t i = 0; i < count; i++) {
        if (au_build_is_test(names[i]) == are_tests) names[kept++] = names[i];
    }
    *out_names = names;
    *out_count = kept;
    return AU_EXIT_DONE;
}

static enum au_exit find_sources(struct build *build, const char ***out_names, size_t *out_count)
{
    struct stat status;
    struct au_invocation *invocation = build->invocation;
    const char *path = invocation->operand_count > 0 ? invocation->operands[0] : ".";
    if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "expected a folder, whose C files are all compiled, got the file "
                                  "'%s'",
                                  path);
    }
    enum au_exit code =
        au_build_list(invocation, path, /* are_tests */ false, out_names, out_count);
    if (code != AU_EXIT_DONE) return code;
    build->folder = "";
    if (strcmp(path, ".") != 0) build->folder = path_of(build, path, "/", "");
    if (build->folder == NULL) return fail_memory(build->invocation);
    if (*out_count > 0) return AU_EXIT_DONE;
    return au_invocation_fail(invocation, AU_EXIT_NOT_FOUND,
                              "there is no C file in '%s'; `aureon new` begins a contract", path);
}

enum au_exit au_build_command(struct au_invocation *invocation)
{
    struct build build = {.invocation = invocation,
                          .keeps_names = au_invocation_has(invocation, "names")};
    struct au_buf text;
    const char **names = NULL;
    size_t count = 0;
    enum au_exit code = find_sources(&build, &names, &count);
    if (code == AU_EXIT_DONE) code = au_toolchain_find(invocation, &build.toolchain);
    if (code == AU_EXIT_DONE) code = au_build_write_kit(invocation, build.folder);
    build.said = au_arena_get(&invocation->arena, SAID_SIZE);
    if (code == AU_EXIT_DONE && build.said == NULL) code = fail_memory(invocation);
    au_buf_init(&text, RESULT_SIZE_MAX);
    for (size_t i = 0; code == AU_EXIT_DONE && i < count; i++) {
        code = make_module(&build, names[i], &text);
    }
    if (text.size > 0) {
        enum au_exit written = au_invocation_write(invocation, &text);
        if (code == AU_EXIT_DONE) code = written;
    }
    au_buf_done(&text);
    return code;
}
