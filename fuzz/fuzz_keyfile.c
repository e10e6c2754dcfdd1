/* Fuzzes the files that keys lie in: the input is the text of a key file.
 *
 * What is refused has a reason. What is read is in its bounds, is written as a text that reads the
 * same, and, unless its cost is too dear to try, opens with the password "p" or stays locked. A key
 * that came out is sealed again and comes out again. */
#include "crypto/keyfile.h"
#include "crypto/sign.h"
#include "fuzz.h"

#define MESSAGE_SIZE_MAX 1024u       /* bytes */
#define TRIED_MEMORY_MAX (64u << 10) /* bytes */
#define TRIED_OPS_MAX    2u

static void check_keyfile(const struct au_keyfile *keyfile)
{
    const struct au_keyfile_cost *cost = &keyfile->cost;
    AU_ASSERT(cost->ops >= 1 && cost->ops <= AU_KEYFILE_OPS_MAX);
    AU_ASSERT(cost->memory_size >= AU_KEYFILE_MEMORY_MIN);
    AU_ASSERT(cost->memory_size <= AU_KEYFILE_MEMORY_MAX && cost->memory_size % 1024 == 0);
    AU_ASSERT(keyfile->address_size >= 1);
    AU_ASSERT(keyfile->address_size <= AU_KEYFILE_ADDRESS_SIZE_MAX);
    for (size_t i = 0; i < keyfile->address_size; i++) {
        AU_ASSERT(keyfile->address[i] > 0x20 && keyfile->address[i] < 0x7f);
    }
}

static void check_again(const struct au_keyfile *keyfile)
{
    struct au_keyfile again;
    struct au_buf text;
    au_buf_init(&text, AU_KEYFILE_SIZE_MAX);
    au_keyfile_put(&text, keyfile);
    AU_ASSERT(text.err == AU_OK);
    AU_ASSERT(au_keyfile_parse(au_buf_bytes(&text), NULL, &again) == AU_OK);
    AU_ASSERT(memcmp(&again, keyfile, sizeof(again)) == 0);
    au_buf_done(&text);
}

static void check_sealed(const struct au_sign_key *key)
{
    static const struct au_keyfile_cost cost = {.ops = 1, .memory_size = AU_KEYFILE_MEMORY_MIN};
    struct au_sign_key same;
    struct au_buf text;
    au_buf_init(&text, AU_KEYFILE_SIZE_MAX);
    enum au_err err =
        au_keyfile_seal_at_cost(key, au_bytes_of("q"), au_bytes_of("a"), &cost, &text);
    AU_ASSERT(err == AU_OK);
    AU_ASSERT(au_keyfile_open(au_buf_bytes(&text), au_bytes_of("q"), &same, NULL) == AU_OK);
    AU_ASSERT(memcmp(&same, key, sizeof(same)) == 0);
    au_buf_done(&text);
}

static void check_open(struct au_bytes text, struct au_buf *message)
{
    struct au_sign_key key;
    struct au_sign_key same;
    enum au_err err = au_keyfile_open(text, au_bytes_of("p"), &key, message);
    AU_ASSERT(err == AU_OK || err == AU_ERR_INVALID_ARG);
    AU_ASSERT(message->size == 0);
    AU_ASSERT(au_keyfile_open(text, au_bytes_of(""), &same, NULL) == AU_ERR_INVALID_ARG);
    if (err != AU_OK) return;
    au_sign_key_from_seed(&same, key.seed);
    AU_ASSERT(memcmp(&same, &key, sizeof(key)) == 0);
    check_sealed(&key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct au_bytes text = {data, size};
    struct au_keyfile keyfile;
    struct au_buf message;
    memset(&keyfile, 0, sizeof(keyfile));
    au_buf_init(&message, MESSAGE_SIZE_MAX);
    enum au_err err = au_keyfile_parse(text, &message, &keyfile);
    AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED);
    AU_ASSERT((message.size > 0) == (err != AU_OK));
    AU_ASSERT(message.err == AU_OK);
    AU_ASSERT(message.size == 0 || memchr(message.data, '\n', message.size) == NULL);
    if (err == AU_OK) {
        const struct au_keyfile_cost *cost = &keyfile.cost;
        check_keyfile(&keyfile);
        check_again(&keyfile);
        if (cost->memory_size <= TRIED_MEMORY_MAX && cost->ops <= TRIED_OPS_MAX) {
            check_open(text, &message);
        }
    }
    au_buf_done(&message);
    return 0;
}
