/* Fuzzes the command line: the input is its words, each ended by a zero byte.
 *
 * `%b` and the like in a word become the path of a fixed file that lives in memory. The command
 * runs in a folder that is deleted already and words lose their slashes, so that no other file can
 * be read and none can be written.
 *
 * Whatever the words are: the exit code is one of the table, a wrong command line writes nothing to
 * out and one sentence to err, and no byte of either can steer a terminal. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json_in.h"
#include "base/utf8.h"
#include "cli/cli.h"
#include "fuzz.h"

#define WORDS_MAX     100
#define WORD_SIZE_MAX 4096u
#define PATH_SIZE     32

static const char counter_text[] =
    "(module (import \"env\" \"storage_read\" (func $r (param i32 i32 i32 i32) (result i32)))\n"
    "(import \"env\" \"storage_write\" (func $w (param i32 i32 i32 i32) (result i32)))\n"
    "(import \"env\" \"log\" (func $l (param i32 i32)))\n"
    "(import \"env\" \"revert\" (func $v (param i32 i32 i32)))\n"
    "(import \"env\" \"arg_read\" (func $a (param i32 i32 i32 i32) (result i32)))\n"
    "(import \"env\" \"return_data\" (func $d (param i32 i32)))\n"
    "(import \"env\" \"transfer\" (func $t (param i32 i32 i32 i32 i64) (result i32)))\n"
    "(import \"env\" \"emit\" (func $e (param i32 i32 i32 i32 i32 i32)))\n"
    "(table 1 funcref) (memory 1 1) (data (i32.const 0) \"k\\00\\1b[31mcontractBob\")\n"
    "(func (export \"add\") (drop (call $r (i32.const 0) (i32.const 1) (i32.const 64)\n"
    "  (i32.const 8))) (i64.store (i32.const 64) (i64.add (i64.load (i32.const 64))\n"
    "  (i64.const 1))) (drop (call $w (i32.const 0) (i32.const 1) (i32.const 64) (i32.const 8))))\n"
    "(func (export \"log\") (call $l (i32.const 0) (i32.const 20)))\n"
    "(func (export \"event\") (call $e (i32.const 7) (i32.const 8) (i32.const 0) (i32.const 2)\n"
    "  (i32.const 2) (i32.const 16)))\n"
    "(func (export \"revert\") (call $v (i32.const 7) (i32.const 1) (i32.const 6)))\n"
    "(func (export \"trap\") unreachable)\n"
    "(func (export \"number\") (result i64) (i64.const 5))\n"
    "(func (export \"small\") (param i32) (result i32) (local.get 0))\n"
    "(func (export \"pay\") (drop (call $t (i32.const 7) (i32.const 8) (i32.const 15)\n"
    "  (i32.const 3) (i64.const 3))))\n"
    "(func (export \"echo\") (call $d (i32.const 128)\n"
    "  (call $a (i32.const 0) (i32.const 128) (i32.const 0) (i32.const 4096))))\n"
    "(func (export \"loop\") (loop (br 0))))\n";

static const char storage_text[] =
    "{\"format\": 1, \"contract\": \"contract\", \"storage\": [{\"key_text\": \"k\", \"value\": "
    "\"0x0100000000000000\"}], \"balances\": {\"contract\": \"7\", \"Alice\": \"900\"}}";

/* The files that words may name: %t and so on. */
static struct file {
    char letter;
    const char *content; /* NULL: counter_text as a binary */
    char path[PATH_SIZE];
} files[] = {
    {'b', NULL, ""},
    {'t', counter_text, ""},
    {'s', storage_text, ""},
    {'x', "{\"storage\": [{\"key\": \"0x0g\", \"value\": \"\"}]}", ""},
    {'w', "(module (func (result i32)))", ""},
    {'v', "(module (func (drop (v128.const i32x4 0 0 0 0))))", ""},
    {'y', "(modul", ""},
    {'z', "\x80no text", ""},
    {'e', "", ""},
};

static int gone = -1; /* the folder that is deleted */
static int here = -1;

static void make_file(struct file *file)
{
    struct au_bytes content = au_bytes_of(file->content != NULL ? file->content : counter_text);
    char message[256];
    if (file->content == NULL)
        AU_ASSERT(au_wat_to_wasm(content, &content, message, sizeof(message)) == AU_OK);
    int fd = memfd_create("fuzz", MFD_ALLOW_SEALING);
    AU_ASSERT(fd >= 0);
    AU_ASSERT(write(fd, content.data, content.size) == (ssize_t)content.size);
    AU_ASSERT(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) == 0);
    snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", fd);
    if (file->content == NULL) au_free(content.data);
}

static void init(void)
{
    char folder[] = "/tmp/aureon-fuzz-XXXXXX";
    for (size_t i = 0; i < AU_COUNT_OF(files); i++)
        make_file(&files[i]);
    here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AU_ASSERT(here >= 0);
    AU_ASSERT(mkdtemp(folder) != NULL);
    gone = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    AU_ASSERT(gone >= 0);
    AU_ASSERT(rmdir(folder) == 0);
}

static const char *find_path(uint8_t letter)
{
    for (size_t i = 0; i < AU_COUNT_OF(files); i++) {
        if (files[i].letter == (char)letter) return files[i].path;
    }
    return NULL;
}

/* Writes the next word, and its end, to text. */
static void put_word(struct au_buf *text, struct fuzz_input *input)
{
    size_t start = text->size;
    uint8_t byte = fuzz_u8(input);
    for (; byte != 0 && text->size - start < WORD_SIZE_MAX; byte = fuzz_u8(input)) {
        const char *path = byte == '%' && fuzz_left(input) > 0 ? find_path(*input->pos) : NULL;
        if (path != NULL) {
            au_buf_put_text(text, path);
            input->pos++;
        } else {
            au_buf_put_u8(text, byte == '/' ? '|' : byte);
        }
    }
    au_buf_put_u8(text, 0);
}

/* The words as main would get them. */
static int make_words(struct fuzz_input input, struct au_buf *text, const char **words)
{
    size_t starts[WORDS_MAX];
    int count = 1;
    au_buf_put_text(text, "aureon");
    au_buf_put_u8(text, 0);
    starts[0] = 0;
    for (; count < WORDS_MAX && fuzz_left(&input) > 0; count++) {
        starts[count] = text->size;
        put_word(text, &input);
    }
    AU_ASSERT(text->err == AU_OK);
    for (int i = 0; i < count; i++)
        words[i] = (const char *)text->data + starts[i];
    words[count] = NULL;
    return count;
}

static bool is_known(enum au_exit code)
{
    static const int codes[] = {
#define AU_EXIT(number, NAME, text) number,
#include "cli/exit.def"
#undef AU_EXIT
    };
    for (size_t i = 0; i < AU_COUNT_OF(codes); i++) {
        if (codes[i] == (int)code) return true;
    }
    return false;
}

static void check_plain(struct au_bytes text)
{
    AU_ASSERT(au_utf8_is_valid(text));
    for (size_t i = 0; i < text.size; i++) {
        AU_ASSERT(text.data[i] >= ' ' || text.data[i] == '\n');
        AU_ASSERT(text.data[i] != 0x7f);
        bool is_c1 = text.data[i] == 0xc2 && text.data[i + 1] < 0xa0;
        AU_ASSERT(!is_c1); /* valid UTF-8: there is a next byte */
    }
}

static bool has_word(int count, const char *const *words, const char *word)
{
    for (int i = 2; i < count; i++) {
        if (strcmp(words[i], word) == 0) return true;
    }
    return false;
}

static void check_json(struct au_bytes out)
{
    struct au_buf message;
    struct au_json_in *root = NULL;
    au_buf_init(&message, 1u << 20);
    AU_ASSERT(au_json_in_parse(out, &message, &root) == AU_OK);
    AU_ASSERT(au_json_in_type(root) == AU_JSON_IN_OBJECT);
    au_json_in_free(root);
    au_buf_done(&message);
}

static void check(enum au_exit code, int count, const char *const *words, struct au_bytes out,
                  struct au_bytes err)
{
    AU_ASSERT(is_known(code));
    check_plain(out);
    check_plain(err);
    if (code == AU_EXIT_USAGE) {
        AU_ASSERT(out.size == 0);
        AU_ASSERT(err.size > 0);
        AU_ASSERT(err.data[err.size - 1] == '\n');
    }
    if (code == AU_EXIT_DONE) AU_ASSERT(out.size > 0);
    bool is_help = count > 1 && (words[1][0] == '-' || strcmp(words[1], "help") == 0);
    bool has_end = has_word(count, words, "--") || has_word(count, words, "-h") ||
                   has_word(count, words, "--help");
    if (out.size > 0 && !is_help && !has_end && has_word(count, words, "--json")) check_json(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (here < 0) init();
    struct au_buf text;
    const char *words[WORDS_MAX + 1];
    au_buf_init(&text, SIZE_MAX);
    int count = make_words((struct fuzz_input){data, data + size}, &text, words);

    char *out = NULL;
    char *err = NULL;
    size_t out_size = 0;
    size_t err_size = 0;
    struct au_streams streams = {open_memstream(&out, &out_size), open_memstream(&err, &err_size),
                                 false, false};
    AU_ASSERT(streams.out != NULL);
    AU_ASSERT(streams.err != NULL);

    AU_ASSERT(fchdir(gone) == 0);
    enum au_exit code = au_cli_main(count, words, &streams);
    AU_ASSERT(fchdir(here) == 0);

    AU_ASSERT(fclose(streams.out) == 0);
    AU_ASSERT(fclose(streams.err) == 0);
    check(code, count, words, (struct au_bytes){(uint8_t *)out, out_size},
          (struct au_bytes){(uint8_t *)err, err_size});
    free(out);
    free(err);
    au_buf_done(&text);
    return 0;
}
