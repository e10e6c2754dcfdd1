/* Runs modules for tests/node/differential.mjs to compare with another engine.
 *
 *   differential contracts FIRST COUNT   the random contracts of COUNT seeds
 *   differential files FILE...           modules, binary or text
 *   differential text SEED               prints a random contract
 *
 * The first two print the world of all runs (differential/world.h), then a line for each module
 * (differential/run.h). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "differential/contract.h"
#include "differential/run.h"

#define TEXT_SIZE_MAX (4u << 20)

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "differential: %s: %s\n", what, why);
    return EXIT_FAILURE;
}

static void print_line(const struct au_buf *line)
{
    (void)fwrite(line->data, 1, line->size, stdout);
    (void)putchar('\n');
}

static void print_world(struct runner *runner)
{
    struct au_json_write json;
    au_buf_clear(&runner->line);
    au_json_write_init(&json, &runner->line, AU_JSON_WRITE_COMPACT);
    world_describe(&json);
    au_json_write_finish(&json);
    print_line(&runner->line);
}

static int run_code(struct runner *runner, const char *name, struct au_bytes code)
{
    runner_run(runner, name, code);
    print_line(&runner->line);
    return EXIT_SUCCESS;
}

/* A module in either form. */
static int run_module(struct runner *runner, const char *name, struct au_bytes module)
{
    static const uint8_t magic[] = {0, 'a', 's', 'm'};
    struct au_buf code;
    char message[512] = "";
    if (module.size >= sizeof(magic) && memcmp(module.data, magic, sizeof(magic)) == 0) {
        return run_code(runner, name, module);
    }
    au_buf_init(&code, TEXT_SIZE_MAX);
    enum au_err err = au_engine_wat_to_wasm(module, &code, message, sizeof(message));
    int status = err == AU_OK ? run_code(runner, name, au_buf_bytes(&code))
                              : fail(name, err == AU_ERR_MALFORMED ? message : au_err_name(err));
    au_buf_done(&code);
    return status;
}

static int run_contracts(struct runner *runner, uint64_t first, uint64_t count)
{
    int status = EXIT_SUCCESS;
    for (uint64_t seed = first; seed - first < count && status == EXIT_SUCCESS; seed++) {
        char name[64];
        struct au_buf text;
        (void)snprintf(name, sizeof(name), "contract-%" PRIu64, seed);
        au_buf_init(&text, TEXT_SIZE_MAX);
        contract_write(seed, &text);
        status = run_module(runner, name, au_buf_bytes(&text));
        au_buf_done(&text);
    }
    return status;
}

static int run_files(struct runner *runner, char **paths)
{
    int status = EXIT_SUCCESS;
    for (; *paths && status == EXIT_SUCCESS; paths++) {
        struct au_buf text;
        au_buf_init(&text, TEXT_SIZE_MAX);
        enum au_err err = au_file_read(*paths, &text);
        status = err == AU_OK ? run_module(runner, *paths, au_buf_bytes(&text))
                              : fail(*paths, au_err_name(err));
        au_buf_done(&text);
    }
    return status;
}

static int print_contract(uint64_t seed)
{
    struct au_buf text;
    au_buf_init(&text, TEXT_SIZE_MAX);
    contract_write(seed, &text);
    (void)fwrite(text.data, 1, text.size, stdout);
    au_buf_done(&text);
    return EXIT_SUCCESS;
}

static bool read_number(const char *text, uint64_t *out_number)
{
    return au_text_parse_u64(au_bytes_of(text), out_number) == AU_OK;
}

int main(int count, char **words)
{
    const char *command = count > 1 ? words[1] : "";
    uint64_t first = 0;
    uint64_t number = 0;
    bool is_contracts = count == 4 && strcmp(command, "contracts") == 0;
    bool is_files = count > 2 && strcmp(command, "files") == 0;
    bool is_text = count == 3 && strcmp(command, "text") == 0;
    if ((is_contracts && (!read_number(words[2], &first) || !read_number(words[3], &number))) ||
        (is_text && !read_number(words[2], &first)) || (!is_contracts && !is_files && !is_text)) {
        fputs("usage: differential contracts FIRST COUNT | files FILE... | text SEED\n", stderr);
        return 2;
    }
    if (is_text) return print_contract(first);

    struct runner runner;
    enum au_err err = runner_init(&runner);
    if (err != AU_OK) return fail("engine", au_err_name(err));
    print_world(&runner);
    int status =
        is_contracts ? run_contracts(&runner, first, number) : run_files(&runner, words + 2);
    runner_done(&runner);
    return status;
}
