/* Goal: the command line as a function: no state, no output on stdout when it was wrong, whatever
 * the words are; and texts that are read back as what was written.
 * Method: tables of single cases, and fixed-seed random ones for what must hold always. The program
 * as a whole is tested in tests/e2e. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/account.h"
#include "cli/arg.h"
#include "cli/cli.h"
#include "cli/nearest.h"
#include "cli/show.h"
#include "cli/world.h"
#include "support/random.h"

static uint64_t random_state = 0x41757265;

static uint32_t random_below(uint32_t bound)
{
    return (uint32_t)(random_next(&random_state) >> 32) % bound;
}

static void put_random(struct au_buf *buf, uint32_t size_max)
{
    static const char *const parts[] = {"a", "0x", "=", "\x1b", "\xc3\xa9", "\xff", "\n", "7"};
    uint32_t count = random_below(size_max);
    for (uint32_t i = 0; i < count; i++) {
        if (random_below(2) == 0) {
            au_buf_put_u8(buf, (uint8_t)random_below(256));
        } else {
            au_buf_put_text(buf, parts[random_below(AU_COUNT_OF(parts))]);
        }
    }
}

struct output {
    enum au_exit code;
    char *out;
    size_t out_size;
    char *err;
    size_t err_size;
};

static struct output run(int argc, const char *const *argv)
{
    struct output output = {0};
    const struct au_streams streams = {
        .out = open_memstream(&output.out, &output.out_size),
        .err = open_memstream(&output.err, &output.err_size),
    };
    assert_non_null(streams.out);
    assert_non_null(streams.err);
    output.code = au_cli_main(argc, argv, &streams);
    fclose(streams.out);
    fclose(streams.err);
    return output;
}

static void output_done(struct output *output)
{
    free(output->out);
    free(output->err);
}

static void test_random_command_lines(void **state)
{
    static const char *const words[] = {
        "run",        "check", "help",        "version", "--gas", "--gas=5", "--json",
        "--balance",  "A=1",   "--self",      "",        "-",     "--",      "-x",
        "--markdown", "5",     "nowhere.wat", "--help",  "0x0",   "u64:",    "\xff\x1b[31m",
        "send",       "bob",   "balance",     "keys",    "list",  "--dev",   "tx",
        "sign",       "get",   "--dry-run",   "--url",   "proof", "verify",  "call",
    };
    (void)state;
    for (int round = 0; round < 20000; round++) {
        const char *argv[8] = {"aureon"};
        int argc = 1 + (int)random_below(7);
        for (int i = 1; i < argc; i++)
            argv[i] = words[random_below(AU_COUNT_OF(words))];

        struct output output = run(argc, argv);
        assert_true(output.code == AU_EXIT_DONE || output.code == AU_EXIT_USAGE ||
                    output.code == AU_EXIT_NOT_FOUND || output.code == AU_EXIT_UNREACHABLE ||
                    output.code == AU_EXIT_KEY);
        assert_true((output.code == AU_EXIT_DONE) == (output.out_size > 0));
        assert_true((output.code == AU_EXIT_DONE) == (output.err_size == 0));
        assert_null(strchr(output.err, '\x1b'));
        output_done(&output);
    }
}

static void test_no_state(void **state)
{
    static const char *const argv[] = {"aureon", "help", "run"};
    (void)state;
    struct output first = run(3, argv);
    struct output second = run(3, argv);
    assert_int_equal(first.code, AU_EXIT_DONE);
    assert_string_equal(first.out, second.out);
    output_done(&first);
    output_done(&second);
}

static void test_write_error(void **state)
{
    static const char *const argv[] = {"aureon", "version"};
    char place[4] = "";
    (void)state;
    struct output output = {0};
    const struct au_streams streams = {
        .out = fmemopen(place, sizeof(place), "w"),
        .err = open_memstream(&output.err, &output.err_size),
    };
    assert_int_equal(au_cli_main(2, argv, &streams), AU_EXIT_INTERNAL);
    fclose(streams.out);
    fclose(streams.err);
    assert_non_null(strstr(output.err, "cannot write the result"));
    output_done(&output);
}

static void test_nearest(void **state)
{
    static const struct {
        const char *given;
        const char *best;
    } cases[] = {
        {"run", "run"},
        {"rn", "run"},
        {"rnu", "run"},
        {"runs", "run"},
        {"balnce", "balance"},
        {"blaanec", "balance"},
        {"time", NULL},
        {"", NULL},
        {"an-option-whose-name-is-longer-than-32", NULL},
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_nearest nearest;
        au_nearest_init(&nearest, cases[i].given);
        au_nearest_offer(&nearest, "balance");
        au_nearest_offer(&nearest, "run");
        if (cases[i].best == NULL) {
            assert_null(nearest.best);
        } else {
            assert_string_equal(nearest.best, cases[i].best);
        }
    }
}

static void test_account_round_trip(void **state)
{
    (void)state;
    struct au_arena arena;
    struct au_buf id;
    struct au_buf text;
    au_arena_init(&arena, 1 << 20);
    au_buf_init(&id, 256);
    au_buf_init(&text, 256);
    for (int round = 0; round < 20000; round++) {
        struct au_bytes back = {0};
        au_buf_clear(&id);
        au_buf_clear(&text);
        au_arena_reset(&arena);
        put_random(&id, 33);
        if (id.size == 0 || id.size > AU_ID_SIZE_MAX) continue;

        au_account_format(&text, au_buf_bytes(&id));
        assert_true(au_show_is_text(au_buf_bytes(&text)));
        assert_int_equal(au_account_parse(au_buf_bytes(&text), &arena, &back), AU_OK);
        assert_true(au_bytes_is_equal(back, au_buf_bytes(&id)));
    }
    au_buf_done(&text);
    au_buf_done(&id);
    au_arena_done(&arena);
}

static void test_arg_never_guesses(void **state)
{
    (void)state;
    struct au_arena arena;
    struct au_buf word;
    struct au_buf message;
    au_arena_init(&arena, 1 << 20);
    au_buf_init(&word, 256);
    au_buf_init(&message, 4096);
    for (int round = 0; round < 20000; round++) {
        struct au_bytes arg = {0};
        au_buf_clear(&word);
        au_buf_clear(&message);
        au_arena_reset(&arena);
        au_buf_put_text(&word, "str:");
        put_random(&word, 40);
        au_buf_put_u8(&word, 0);
        const char *text = (const char *)word.data;

        /* str: takes every word as it is; alone it is the same text, bytes, a u64, or refused. */
        assert_int_equal(au_arg_parse(text, &arena, &message, &arg), AU_OK);
        assert_true(au_bytes_is_equal(arg, au_bytes_of(text + 4)));
        enum au_err err = au_arg_parse(text + 4, &arena, &message, &arg);
        if (err == AU_OK) {
            bool is_number = text[4] >= '0' && text[4] <= '9';
            assert_true(is_number || au_bytes_is_equal(arg, au_bytes_of(text + 4)));
        } else {
            assert_true(message.size > 0);
        }
    }
    au_buf_done(&message);
    au_buf_done(&word);
    au_arena_done(&arena);
}

static void fill_world(struct au_world *world, struct au_buf *buf)
{
    for (uint32_t i = random_below(20); i > 0; i--) {
        au_buf_clear(buf);
        au_buf_put_u8(buf, (uint8_t)random_below(256));
        put_random(buf, 20);
        size_t key_size = 1 + random_below((uint32_t)buf->size);
        struct au_bytes key = {buf->data, key_size};
        struct au_bytes value = {buf->data + key_size, buf->size - key_size};
        assert_int_equal(au_world_set_entry(world, key, value), AU_OK);
        if (random_below(4) == 0) au_world_remove_entry(world, key);
        struct au_bytes account = {buf->data, key_size < 64 ? key_size : 64};
        assert_int_equal(au_world_set_balance(world, account, random_below(UINT32_MAX)), AU_OK);
    }
    assert_int_equal(au_world_set_contract(world, au_bytes_of("0x")), AU_OK);
}

static void check_sorted(const struct au_world *world)
{
    const struct au_entry *entries = world->entries.items;
    for (size_t i = 1; i < world->entries.count; i++) {
        struct au_bytes a = entries[i - 1].key;
        struct au_bytes b = entries[i].key;
        int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
        assert_true(order < 0 || (order == 0 && a.size < b.size));
    }
}

static void test_world_round_trip(void **state)
{
    (void)state;
    struct au_buf buf;
    struct au_buf first;
    struct au_buf second;
    struct au_buf message;
    au_buf_init(&buf, 4096);
    au_buf_init(&first, 1 << 20);
    au_buf_init(&second, 1 << 20);
    au_buf_init(&message, 4096);
    for (int round = 0; round < 1000; round++) {
        struct au_world world;
        struct au_world back;
        au_buf_clear(&first);
        au_buf_clear(&second);
        au_world_init(&world);
        au_world_init(&back);
        fill_world(&world, &buf);
        check_sorted(&world);
        au_world_format(&world, &first);
        assert_int_equal(au_world_parse(&back, au_buf_bytes(&first), &message), AU_OK);
        assert_int_equal(back.entries.count, world.entries.count);
        assert_int_equal(back.balances.count, world.balances.count);
        au_world_format(&back, &second);
        assert_int_equal(second.err, AU_OK);
        assert_true(au_bytes_is_equal(au_buf_bytes(&first), au_buf_bytes(&second)));
        au_world_done(&back);
        au_world_done(&world);
    }
    au_buf_done(&message);
    au_buf_done(&second);
    au_buf_done(&first);
    au_buf_done(&buf);
}

static void test_show(void **state)
{
    static const struct {
        const char *given;
        bool is_text;
        const char *shown;
    } cases[] = {
        {"plain", true, "plain"},
        {"\xc3\xa9 \xe2\x82\xac", true, "\xc3\xa9 \xe2\x82\xac"},
        {"a\nb\t\x7f", false, "a\\x0ab\\x09\\x7f"},
        {"\x1b[2J", false, "\\x1b[2J"},
        {"\xc2\x9b", false, "\\xc2\\x9b"},          /* U+009B, CSI */
        {"\xe2\x80\xae", false, "\\xe2\\x80\\xae"}, /* right-to-left override */
        {"\xe2\x81\xa6x\xe2\x81\xa9", false, "\\xe2\\x81\\xa6x\\xe2\\x81\\xa9"}, /* isolates */
        {"\xff", false, "\xef\xbf\xbd"},
        {"", false, ""},
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_buf text;
        au_buf_init(&text, 256);
        assert_int_equal(au_show_is_text(au_bytes_of(cases[i].given)), cases[i].is_text);
        au_show_text(&text, au_bytes_of(cases[i].given));
        au_buf_put_u8(&text, 0);
        assert_string_equal((const char *)text.data, cases[i].shown);
        au_buf_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_command_lines), cmocka_unit_test(test_no_state),
        cmocka_unit_test(test_write_error),          cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_account_round_trip),   cmocka_unit_test(test_arg_never_guesses),
        cmocka_unit_test(test_world_round_trip),     cmocka_unit_test(test_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
