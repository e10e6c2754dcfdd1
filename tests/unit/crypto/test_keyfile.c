/* Key files: one made by other implementations, round trips, and everything that is refused. */
#include "unit/unit.h"

#include <sys/resource.h>

#include "base/hex.h"
#include "crypto/keyfile.h"

#define TEXT_SIZE_MAX 8192
#define MESSAGE_MAX   512

static const struct au_keyfile_cost cheap = {.ops = 1, .memory_size = AU_KEYFILE_MEMORY_MIN};

/* Sealed by a reference implementation of Argon2 and XChaCha20-Poly1305 in Python's integers. */
#define PASSWORD "correct horse"
#define SEED     "0x9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
#define ADDRESS  "aur1example"
#define SALT     "\"0x000102030405060708090a0b0c0d0e0f\""
#define NONCE    "\"0x404142434445464748494a4b4c4d4e4f5051525354555657\""
#define DATA                                                               \
    "\"0xe38fd0d923550a88655dcd1ca94bf9388d8656f35c567b0d645e643c008a7cc7" \
    "e58e3e6d1d89b36a3f09990bbe1a99bb\""

enum { VERSION_AT, ADDRESS_AT, KDF_AT, OPS_AT, MEMORY_AT, SALT_AT, CIPHER_AT, NONCE_AT, DATA_AT };

static const struct {
    const char *name;
    const char *value;
} members[] = {
    [VERSION_AT] = {"version", "1"},
    [ADDRESS_AT] = {"address", "\"" ADDRESS "\""},
    [KDF_AT] = {"kdf", "\"argon2id\""},
    [OPS_AT] = {"ops", "2"},
    [MEMORY_AT] = {"memory", "16384"},
    [SALT_AT] = {"salt", SALT},
    [CIPHER_AT] = {"cipher", "\"xchacha20-poly1305\""},
    [NONCE_AT] = {"nonce", NONCE},
    [DATA_AT] = {"data", DATA},
};

/* The known file with one member's value replaced, or left out where value is NULL. */
static struct au_bytes known_but(size_t changed, const char *value, char text[TEXT_SIZE_MAX])
{
    size_t size = 0;
    text[size++] = '{';
    for (size_t i = 0; i < AU_COUNT_OF(members); i++) {
        const char *shown = i == changed ? value : members[i].value;
        if (shown == NULL) continue;
        int put = snprintf(text + size, TEXT_SIZE_MAX - size, "%s\n  \"%s\": %s",
                           size > 1 ? "," : "", members[i].name, shown);
        assert_true(put > 0);
        size += (size_t)put;
        assert_true(size + 4 < TEXT_SIZE_MAX);
    }
    memcpy(text + size, "\n}\n", 4);
    return au_bytes_of(text);
}

static struct au_bytes known(char text[TEXT_SIZE_MAX])
{
    return known_but(SIZE_MAX, NULL, text);
}

/* Opens, and sees that a refusal leaves the key alone and says why if it is the file's fault. */
static enum au_err open_text(struct au_bytes text, const char *password, struct au_sign_key *key,
                             char message[MESSAGE_MAX])
{
    struct au_buf buf;
    struct au_sign_key untouched;
    memset(&untouched, 0xa5, sizeof(untouched));
    memset(key, 0xa5, sizeof(*key));
    au_buf_init(&buf, MESSAGE_MAX - 1);
    enum au_err err = au_keyfile_open(text, au_bytes_of(password), key, &buf);
    assert_int_equal(buf.err, AU_OK);
    assert_int_equal(buf.size > 0, err == AU_ERR_MALFORMED);
    if (err != AU_OK) assert_memory_equal(key, &untouched, sizeof(untouched));
    if (buf.size > 0) memcpy(message, buf.data, buf.size);
    message[buf.size] = 0;
    au_buf_done(&buf);
    return err;
}

static void assert_refused(struct au_bytes text, const char *expected)
{
    char message[MESSAGE_MAX];
    struct au_sign_key key;
    struct au_keyfile keyfile;
    assert_err(open_text(text, PASSWORD, &key, message), AU_ERR_MALFORMED);
    assert_string_equal(message, expected);
    assert_err(au_keyfile_parse(text, NULL, &keyfile), AU_ERR_MALFORMED);
}

static void assert_locked(struct au_bytes text, const char *password)
{
    char message[MESSAGE_MAX];
    struct au_sign_key key;
    assert_err(open_text(text, password, &key, message), AU_ERR_INVALID_ARG);
}

static void assert_opens(struct au_bytes text, const char *password, const struct au_sign_key *key)
{
    char message[MESSAGE_MAX];
    struct au_sign_key got;
    assert_ok(open_text(text, password, &got, message));
    assert_memory_equal(&got, key, sizeof(got));
}

static void known_key(struct au_sign_key *key)
{
    uint8_t seed[AU_SIGN_SEED_SIZE];
    assert_ok(au_hex_parse(au_bytes_of(SEED), seed, sizeof(seed)));
    au_sign_key_from_seed(key, seed);
}

/* ---- what opens ---- */

static void test_a_file_of_another_implementation_opens(void **state)
{
    (void)state;
    char text[TEXT_SIZE_MAX];
    struct au_sign_key key;
    known_key(&key);
    assert_opens(known(text), PASSWORD, &key);
}

static void test_a_file_is_written_as_it_was_read(void **state)
{
    (void)state;
    char text[TEXT_SIZE_MAX];
    struct au_keyfile keyfile;
    struct au_buf again;
    au_buf_init(&again, AU_KEYFILE_SIZE_MAX);
    assert_ok(au_keyfile_parse(known(text), NULL, &keyfile));
    assert_int_equal(keyfile.cost.ops, 2);
    assert_int_equal(keyfile.cost.memory_size, 16384);
    assert_bytes((struct au_bytes){keyfile.address, keyfile.address_size}, ADDRESS);
    assert_int_equal(keyfile.salt[15], 0x0f);
    assert_int_equal(keyfile.nonce[23], 0x57);
    assert_int_equal(keyfile.data[47], 0xbb);
    au_keyfile_put(&again, &keyfile);
    assert_int_equal(again.err, AU_OK);
    assert_bytes(au_buf_bytes(&again), text);
    au_buf_done(&again);
}

static void test_what_is_sealed_opens(void **state)
{
    (void)state;
    static const char *const passwords[] = {"p", PASSWORD, "\x01\xff\x80 \n", "p\xc3\xa4ssword"};
    for (size_t i = 0; i < AU_COUNT_OF(passwords); i++) {
        struct au_sign_key key;
        struct au_buf text;
        au_sign_key_new(&key);
        au_buf_init(&text, AU_KEYFILE_SIZE_MAX);
        assert_ok(au_keyfile_seal_at_cost(&key, au_bytes_of(passwords[i]), au_bytes_of(ADDRESS),
                                          &cheap, &text));
        assert_opens(au_buf_bytes(&text), passwords[i], &key);
        assert_locked(au_buf_bytes(&text), "another");
        au_buf_done(&text);
    }
}

static void test_the_default_cost_is_in_the_file(void **state)
{
    (void)state;
    struct au_sign_key key;
    struct au_keyfile keyfile;
    struct au_buf text;
    known_key(&key);
    au_buf_init(&text, AU_KEYFILE_SIZE_MAX);
    assert_ok(au_keyfile_seal(&key, au_bytes_of(PASSWORD), au_bytes_of(ADDRESS), &text));
    assert_ok(au_keyfile_parse(au_buf_bytes(&text), NULL, &keyfile));
    assert_int_equal(keyfile.cost.ops, au_keyfile_cost_default.ops);
    assert_int_equal(keyfile.cost.memory_size, au_keyfile_cost_default.memory_size);
    assert_int_equal(keyfile.cost.ops, 3);
    assert_int_equal(keyfile.cost.memory_size, 256u << 20);
    assert_opens(au_buf_bytes(&text), PASSWORD, &key);
    au_buf_done(&text);
}

static void test_two_files_of_a_key_share_no_secret_part(void **state)
{
    (void)state;
    struct au_sign_key key;
    struct au_keyfile files[2];
    known_key(&key);
    for (size_t i = 0; i < 2; i++) {
        struct au_buf text;
        au_buf_init(&text, AU_KEYFILE_SIZE_MAX);
        assert_ok(au_keyfile_seal_at_cost(&key, au_bytes_of(PASSWORD), au_bytes_of(ADDRESS), &cheap,
                                          &text));
        assert_ok(au_keyfile_parse(au_buf_bytes(&text), NULL, &files[i]));
        assert_null(memmem(text.data, text.size, &SEED[2], 8));
        au_buf_done(&text);
    }
    assert_memory_not_equal(files[0].salt, files[1].salt, AU_KEYFILE_SALT_SIZE);
    assert_memory_not_equal(files[0].nonce, files[1].nonce, AU_KEYFILE_NONCE_SIZE);
    assert_memory_not_equal(files[0].data, files[1].data, AU_SIGN_SEED_SIZE);
}

static void test_members_come_in_any_order(void **state)
{
    (void)state;
    struct au_sign_key key;
    char text[TEXT_SIZE_MAX];
    size_t size = 0;
    known_key(&key);
    for (size_t i = AU_COUNT_OF(members); i-- > 0;) {
        int put = snprintf(text + size, sizeof(text) - size, "%s\"%s\":%s%s", size == 0 ? "{" : ",",
                           members[i].name, members[i].value, i == 0 ? "}" : "");
        assert_true(put > 0);
        size += (size_t)put;
    }
    assert_opens((struct au_bytes){(const uint8_t *)text, size}, PASSWORD, &key);
}

/* ---- passwords ---- */

static void test_passwords_have_a_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 1023, 1024, 1025, 2000};
    uint8_t password[2000];
    struct au_sign_key key;
    known_key(&key);
    memset(password, 'p', sizeof(password));
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
        bool is_legal = sizes[i] >= 1 && sizes[i] <= 1024;
        struct au_bytes given = {password, sizes[i]};
        struct au_buf text;
        au_buf_init(&text, AU_KEYFILE_SIZE_MAX);
        assert_err(au_keyfile_seal_at_cost(&key, given, au_bytes_of(ADDRESS), &cheap, &text),
                   is_legal ? AU_OK : AU_ERR_INVALID_ARG);
        assert_int_equal(text.size > 0, is_legal);
        if (is_legal) {
            struct au_sign_key got;
            assert_ok(au_keyfile_open(au_buf_bytes(&text), given, &got, NULL));
            given.size--;
            assert_err(au_keyfile_open(au_buf_bytes(&text), given, &got, NULL), AU_ERR_INVALID_ARG);
        }
        au_buf_done(&text);
    }
}

static void test_another_password_opens_nothing(void **state)
{
    (void)state;
    static const char *const others[] = {"", "correct hors", "correct horse ", "Correct horse",
                                         "correct horsf"};
    char text[TEXT_SIZE_MAX];
    for (size_t i = 0; i < AU_COUNT_OF(others); i++)
        assert_locked(known(text), others[i]);
    struct au_sign_key key;
    uint8_t long_one[AU_KEYFILE_PASSWORD_MAX + 1] = PASSWORD;
    assert_err(
        au_keyfile_open(known(text), (struct au_bytes){long_one, sizeof(long_one)}, &key, NULL),
        AU_ERR_INVALID_ARG);
}

/* ---- what was changed ---- */

static void assert_every_bit_counts(struct au_keyfile *keyfile, uint8_t *field, size_t size)
{
    for (size_t bit = 0; bit < 8 * size; bit++) {
        struct au_buf text;
        au_buf_init(&text, AU_KEYFILE_SIZE_MAX);
        field[bit / 8] ^= (uint8_t)(1u << bit % 8);
        au_keyfile_put(&text, keyfile);
        field[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(text.err, AU_OK);
        assert_locked(au_buf_bytes(&text), PASSWORD);
        au_buf_done(&text);
    }
}

static void test_every_changed_bit_locks(void **state)
{
    (void)state;
    char text[TEXT_SIZE_MAX];
    struct au_keyfile keyfile;
    assert_ok(au_keyfile_parse(known(text), NULL, &keyfile));
    assert_every_bit_counts(&keyfile, keyfile.salt, sizeof(keyfile.salt));
    assert_every_bit_counts(&keyfile, keyfile.nonce, sizeof(keyfile.nonce));
    assert_every_bit_counts(&keyfile, keyfile.data, sizeof(keyfile.data));
}

static void test_another_address_or_cost_locks(void **state)
{
    (void)state;
    char text[TEXT_SIZE_MAX];
    assert_locked(known_but(ADDRESS_AT, "\"aur1examplf\"", text), PASSWORD);
    assert_locked(known_but(ADDRESS_AT, "\"aur1exampl\"", text), PASSWORD);
    assert_locked(known_but(ADDRESS_AT, "\"aur1example1\"", text), PASSWORD);
    assert_locked(known_but(OPS_AT, "1", text), PASSWORD);
    assert_locked(known_but(OPS_AT, "3", text), PASSWORD);
    assert_locked(known_but(MEMORY_AT, "15360", text), PASSWORD);
    assert_locked(known_but(MEMORY_AT, "17408", text), PASSWORD);
}

/* ---- what is refused ---- */

/* All but the last two: without its line end the document is whole. */
static void test_every_prefix_is_refused(void **state)
{
    (void)state;
    char text[TEXT_SIZE_MAX];
    struct au_bytes whole = known(text);
    struct au_sign_key key;
    known_key(&key);
    for (size_t size = 0; size + 1 < whole.size; size++) {
        char message[MESSAGE_MAX];
        struct au_sign_key got;
        uint8_t *exact = malloc(size);
        assert_true(exact != NULL || size == 0);
        if (size > 0) memcpy(exact, whole.data, size);
        enum au_err err = open_text((struct au_bytes){exact, size}, PASSWORD, &got, message);
        free(exact);
        assert_err(err, AU_ERR_MALFORMED);
    }
    assert_opens((struct au_bytes){whole.data, whole.size - 1}, PASSWORD, &key);
}

static void test_every_member_is_needed(void **state)
{
    (void)state;
    char text[TEXT_SIZE_MAX];
    for (size_t i = 0; i < AU_COUNT_OF(members); i++) {
        char expected[MESSAGE_MAX];
        snprintf(expected, sizeof(expected), "member '%s' is missing", members[i].name);
        assert_refused(known_but(i, NULL, text), expected);
    }
}

static void test_other_members_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *more;
        const char *expected;
    } cases[] = {
        {"1,\"note\": \"x\"", "a member that no key file has: 'note'"},
        {"1,\"Version\": 1", "a member that no key file has: 'Version'"},
        {"1,\"versio\": 1", "a member that no key file has: 'versio'"},
        {"1,\"\": 1", "a member that no key file has"},
        {"1,\"\\u001b[2J\": 1", "a member that no key file has"},
        {"1,\"\xc3\xa4\": 1", "a member that no key file has"},
        {"1,\"123456789012345678901234567890123\": 1", "a member that no key file has"},
    };
    char text[TEXT_SIZE_MAX];
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++)
        assert_refused(known_but(VERSION_AT, cases[i].more, text), cases[i].expected);
}

static void test_no_member_comes_twice(void **state)
{
    (void)state;
    char text[TEXT_SIZE_MAX];
    char message[MESSAGE_MAX];
    struct au_sign_key key;
    struct au_bytes twice = known_but(VERSION_AT, "1,\"ops\": 2", text);
    assert_err(open_text(twice, PASSWORD, &key, message), AU_ERR_MALFORMED);
    assert_non_null(strstr(message, "duplicate"));
}

#define OPS_EXPECTED "member 'ops': expected an integer from 1 to 10"
#define MEMORY_EXPECTED \
    "member 'memory': expected an integer from 8192 to 1073741824, a multiple of 1024"
#define ADDRESS_EXPECTED \
    "member 'address': expected 1 to 128 printable ASCII characters without spaces"
#define TEN   "aaaaaaaaaa"
#define FIFTY TEN TEN TEN TEN TEN

/* Values of the right type that are out of range, or of the wrong size. */
static const struct {
    size_t at;
    const char *value;
    const char *expected;
} wrong_values[] = {
    {VERSION_AT, "0", "member 'version': expected 1"},
    {VERSION_AT, "2", "member 'version': expected 1"},
    {VERSION_AT, "4294967297", "member 'version': expected 1"},
    {ADDRESS_AT, "\"\"", ADDRESS_EXPECTED},
    {ADDRESS_AT, "\"aur1 example\"", ADDRESS_EXPECTED},
    {ADDRESS_AT, "\"aur1\\u0000\"", ADDRESS_EXPECTED},
    {ADDRESS_AT, "\"aur1\\u007f\"", ADDRESS_EXPECTED},
    {ADDRESS_AT, "\"\xc3\xa4ur1\"", ADDRESS_EXPECTED},
    {ADDRESS_AT, "\"" FIFTY FIFTY TEN TEN "aaaaaaaaa\"", ADDRESS_EXPECTED},
    {KDF_AT, "\"argon2i\"", "member 'kdf': expected \"argon2id\""},
    {KDF_AT, "\"Argon2id\"", "member 'kdf': expected \"argon2id\""},
    {KDF_AT, "\"argon2id\\u0000\"", "member 'kdf': expected \"argon2id\""},
    {OPS_AT, "0", OPS_EXPECTED},
    {OPS_AT, "11", OPS_EXPECTED},
    {OPS_AT, "-1", OPS_EXPECTED},
    {OPS_AT, "1.0", OPS_EXPECTED},
    {OPS_AT, "4294967297", OPS_EXPECTED},
    {OPS_AT, "9223372036854775807", OPS_EXPECTED},
    {OPS_AT, "-9223372036854775808", OPS_EXPECTED},
    {MEMORY_AT, "0", MEMORY_EXPECTED},
    {MEMORY_AT, "7168", MEMORY_EXPECTED},
    {MEMORY_AT, "8191", MEMORY_EXPECTED},
    {MEMORY_AT, "8193", MEMORY_EXPECTED},
    {MEMORY_AT, "1073741825", MEMORY_EXPECTED},
    {MEMORY_AT, "1073742848", MEMORY_EXPECTED},
    {MEMORY_AT, "4294975488", MEMORY_EXPECTED}, /* 2^32 + 8192 */
    {MEMORY_AT, "-8192", MEMORY_EXPECTED},
    {SALT_AT, "\"0x\"", "member 'salt': expected 0x and 32 hex digits"},
    {SALT_AT, "\"000102030405060708090a0b0c0d0e0f\"",
     "member 'salt': expected 0x and 32 hex digits"},
    {SALT_AT, "\"0x000102030405060708090a0b0c0d0e\"",
     "member 'salt': expected 0x and 32 hex digits"},
    {SALT_AT, "\"0x000102030405060708090a0b0c0d0e0f10\"",
     "member 'salt': expected 0x and 32 hex digits"},
    {SALT_AT, "\"0x000102030405060708090a0b0c0d0e0g\"",
     "member 'salt': expected 0x and 32 hex digits"},
    {CIPHER_AT, "\"xchacha20\"", "member 'cipher': expected \"xchacha20-poly1305\""},
    {CIPHER_AT, "\"\"", "member 'cipher': expected \"xchacha20-poly1305\""},
    {NONCE_AT, SALT, "member 'nonce': expected 0x and 48 hex digits"},
    {NONCE_AT, DATA, "member 'nonce': expected 0x and 48 hex digits"},
    {DATA_AT, NONCE, "member 'data': expected 0x and 96 hex digits"},
    {DATA_AT, "\"0x\"", "member 'data': expected 0x and 96 hex digits"},
};

static void test_values_have_a_range_and_a_size(void **state)
{
    (void)state;
    char text[TEXT_SIZE_MAX];
    for (size_t i = 0; i < AU_COUNT_OF(wrong_values); i++) {
        assert_refused(known_but(wrong_values[i].at, wrong_values[i].value, text),
                       wrong_values[i].expected);
    }
}

static void test_values_have_a_type(void **state)
{
    (void)state;
    static const char *const values[] = {"null", "true", "{}", "[]", "[1]", "2.5", "2e3"};
    char text[TEXT_SIZE_MAX];
    char start[MESSAGE_MAX];
    char message[MESSAGE_MAX];
    for (size_t at = 0; at < AU_COUNT_OF(members); at++) {
        bool is_text = members[at].value[0] == '"';
        snprintf(start, sizeof(start), "member '%s': expected ", members[at].name);
        for (size_t i = 0; i <= AU_COUNT_OF(values); i++) {
            struct au_sign_key key;
            const char *other = is_text ? "1" : "\"1\"";
            const char *value = i < AU_COUNT_OF(values) ? values[i] : other;
            struct au_bytes file = known_but(at, value, text);
            assert_err(open_text(file, PASSWORD, &key, message), AU_ERR_MALFORMED);
            assert_memory_equal(message, start, strlen(start));
        }
    }
}

static void test_a_document_of_another_type_is_refused(void **state)
{
    (void)state;
    assert_refused(au_bytes_of("[]"), "expected an object, got an array");
    assert_refused(au_bytes_of("\"x\""), "expected an object, got a string");
    assert_refused(au_bytes_of("7"), "expected an object, got an integer");
    assert_refused(au_bytes_of("{}"), "member 'version' is missing");
}

/* Spaces count: a file is at its bound, and one byte above it. */
static void test_a_text_has_a_bound(void **state)
{
    (void)state;
    char text[TEXT_SIZE_MAX];
    struct au_sign_key key;
    known_key(&key);
    size_t size = known(text).size;
    memset(text + size, ' ', sizeof(text) - size);
    assert_opens((struct au_bytes){(const uint8_t *)text, AU_KEYFILE_SIZE_MAX}, PASSWORD, &key);
    assert_refused((struct au_bytes){(const uint8_t *)text, AU_KEYFILE_SIZE_MAX + 1},
                   "more than 4096 bytes");
}

static void test_the_longest_file_fits(void **state)
{
    (void)state;
    char address[AU_KEYFILE_ADDRESS_SIZE_MAX + 1] = {0};
    struct au_sign_key key;
    struct au_buf text;
    known_key(&key);
    memset(address, '"', AU_KEYFILE_ADDRESS_SIZE_MAX);
    au_buf_init(&text, AU_KEYFILE_SIZE_MAX);
    assert_ok(
        au_keyfile_seal_at_cost(&key, au_bytes_of(PASSWORD), au_bytes_of(address), &cheap, &text));
    assert_opens(au_buf_bytes(&text), PASSWORD, &key);
    au_buf_done(&text);
}

/* ---- the world and our bugs ---- */

static void test_no_room_in_the_buffer(void **state)
{
    (void)state;
    struct au_sign_key key;
    struct au_buf text;
    known_key(&key);
    au_buf_init(&text, 100);
    assert_err(
        au_keyfile_seal_at_cost(&key, au_bytes_of(PASSWORD), au_bytes_of(ADDRESS), &cheap, &text),
        AU_ERR_TOO_LARGE);
    au_buf_done(&text);
}

/* The bytes of address space that the process has now. */
static rlim_t address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void test_a_cost_above_the_memory_there_is(void **state)
{
    (void)state;
    char text[TEXT_SIZE_MAX];
    char message[MESSAGE_MAX];
    struct au_sign_key key;
    struct rlimit before;
    struct au_bytes file = known_but(MEMORY_AT, "1073741824", text);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    struct rlimit tight = {address_space() + (256u << 20), before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
    enum au_err err = open_text(file, PASSWORD, &key, message);
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_err(err, AU_ERR_NO_MEMORY);
}

static void seal_for(void *address)
{
    struct au_sign_key key;
    struct au_buf text;
    known_key(&key);
    au_buf_init(&text, AU_KEYFILE_SIZE_MAX);
    enum au_err err =
        au_keyfile_seal_at_cost(&key, au_bytes_of(PASSWORD), au_bytes_of(address), &cheap, &text);
    au_buf_done(&text);
    (void)err;
}

static void put_cost(void *cost)
{
    struct au_keyfile keyfile = {.address = "a", .address_size = 1};
    struct au_buf text;
    memcpy(&keyfile.cost, cost, sizeof(keyfile.cost));
    au_buf_init(&text, AU_KEYFILE_SIZE_MAX);
    au_keyfile_put(&text, &keyfile);
    au_buf_done(&text);
}

static void test_bugs_abort(void **state)
{
    (void)state;
    char long_one[AU_KEYFILE_ADDRESS_SIZE_MAX + 2] = {0};
    char good[] = "a";
    char spaced[] = "a b";
    char foreign[] = "\xc3\xa4";
    char none[] = "";
    memset(long_one, 'a', sizeof(long_one) - 1);
    assert_false(unit_aborts(seal_for, good));
    assert_true(unit_aborts(seal_for, none));
    assert_true(unit_aborts(seal_for, spaced));
    assert_true(unit_aborts(seal_for, foreign));
    assert_true(unit_aborts(seal_for, long_one));
    struct au_keyfile_cost costs[] = {{1, 8192}, {0, 8192}, {11, 8192},
                                      {1, 7168}, {1, 8193}, {1, AU_KEYFILE_MEMORY_MAX + 1024}};
    for (size_t i = 0; i < AU_COUNT_OF(costs); i++)
        assert_int_equal(unit_aborts(put_cost, &costs[i]), i > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_of_another_implementation_opens),
        cmocka_unit_test(test_a_file_is_written_as_it_was_read),
        cmocka_unit_test(test_what_is_sealed_opens),
        cmocka_unit_test(test_the_default_cost_is_in_the_file),
        cmocka_unit_test(test_two_files_of_a_key_share_no_secret_part),
        cmocka_unit_test(test_members_come_in_any_order),
        cmocka_unit_test(test_passwords_have_a_size),
        cmocka_unit_test(test_another_password_opens_nothing),
        cmocka_unit_test(test_every_changed_bit_locks),
        cmocka_unit_test(test_another_address_or_cost_locks),
        cmocka_unit_test(test_every_prefix_is_refused),
        cmocka_unit_test(test_every_member_is_needed),
        cmocka_unit_test(test_other_members_are_refused),
        cmocka_unit_test(test_no_member_comes_twice),
        cmocka_unit_test(test_values_have_a_range_and_a_size),
        cmocka_unit_test(test_values_have_a_type),
        cmocka_unit_test(test_a_document_of_another_type_is_refused),
        cmocka_unit_test(test_a_text_has_a_bound),
        cmocka_unit_test(test_the_longest_file_fits),
        cmocka_unit_test(test_no_room_in_the_buffer),
        cmocka_unit_test(test_a_cost_above_the_memory_there_is),
        cmocka_unit_test(test_bugs_abort),
    };
    return cmocka_run_group_tests_name("crypto/keyfile", tests, NULL, NULL);
}
