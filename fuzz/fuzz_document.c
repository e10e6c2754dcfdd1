/* Fuzzes the documents that `aureon proof verify` reads: the input is one.
 *
 * Whatever it is, the verdict is one of three; what is proved is a JSON document that names a
 * block, and holds for that block and for no other; what is not proved leaves nothing on out, one
 * line on err, and no byte that could steer a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json_in.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "fuzz.h"

#define BLOCK_SIZE (2u + 64u) /* bytes of a hash's text */

/* What a run wrote. */
struct run {
    enum au_exit code;
    char *out;
    char *err;
    size_t out_size;
    size_t err_size;
};

/* block: NULL, or the one that is trusted. */
static struct run verify(const char *path, const char *block)
{
    const char *argv[] = {"aureon", "proof", "verify", path, "--json", "--block", block, NULL};
    struct run run = {0};
    const struct au_streams streams = {.out = open_memstream(&run.out, &run.out_size),
                                       .err = open_memstream(&run.err, &run.err_size)};
    AU_ASSERT(streams.out != NULL && streams.err != NULL);
    run.code = au_cli_main(block == NULL ? 5 : 7, argv, &streams);
    AU_ASSERT(fclose(streams.out) == 0 && fclose(streams.err) == 0);
    return run;
}

static void run_done(struct run *run)
{
    free(run->out);
    free(run->err);
}

static void check_refused(const struct run *run)
{
    struct au_bytes err = {(const uint8_t *)run->err, run->err_size};
    AU_ASSERT(run->code == AU_EXIT_USAGE || run->code == AU_EXIT_REJECTED);
    AU_ASSERT(run->out_size == 0 && err.size > 0 && au_utf8_is_valid(err));
    for (size_t i = 0; i + 1 < err.size; i++) {
        AU_ASSERT(err.data[i] >= ' ' && err.data[i] != 0x7f);
    }
    AU_ASSERT(err.data[err.size - 1] == '\n');
}

/* The block that a result names. */
static void read_block(const struct run *run, char out_block[BLOCK_SIZE + 1])
{
    struct au_json_in *root = NULL;
    struct au_bytes text = {(const uint8_t *)run->out, run->out_size};
    AU_ASSERT(run->err_size == 0);
    enum au_err err = au_json_in_parse(text, NULL, &root);
    AU_ASSERT(err == AU_OK && au_json_in_type(root) == AU_JSON_IN_OBJECT);
    const struct au_json_in *block = au_json_in_get(root, "block");
    AU_ASSERT(block != NULL && au_json_in_type(block) == AU_JSON_IN_STRING);
    struct au_bytes hash = au_json_in_string(block);
    AU_ASSERT(hash.size == BLOCK_SIZE);
    memcpy(out_block, hash.data, BLOCK_SIZE);
    out_block[BLOCK_SIZE] = '\0';
    au_json_in_free(root);
}

static void check_proved(const char *path, const struct run *run)
{
    char block[BLOCK_SIZE + 1];
    read_block(run, block);
    struct run same = verify(path, block);
    AU_ASSERT(same.code == AU_EXIT_DONE && same.out_size == run->out_size);
    AU_ASSERT(memcmp(same.out, run->out, run->out_size) == 0);
    run_done(&same);
    block[BLOCK_SIZE - 1] = block[BLOCK_SIZE - 1] == '0' ? '1' : '0';
    struct run other = verify(path, block);
    AU_ASSERT(other.code == AU_EXIT_REJECTED);
    check_refused(&other);
    run_done(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int file = -1;
    char path[32];
    if (file < 0) file = memfd_create("fuzz", 0);
    AU_ASSERT(file >= 0 && ftruncate(file, 0) == 0);
    AU_ASSERT(pwrite(file, data, size, 0) == (ssize_t)size);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    struct run run = verify(path, NULL);
    if (run.code == AU_EXIT_DONE) {
        check_proved(path, &run);
    } else {
        check_refused(&run);
    }
    run_done(&run);
    return 0;
}
