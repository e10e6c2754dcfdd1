/* Fuzzes what names and moves value: the input is read as a transaction and as an address's text.
 *
 * What is read is written again: the same bytes, and for an address the one text that stands for
 * it. An error has a sentence and a place inside the input. */
#include "aureon_verify.h"
#include "core/address.h"
#include "core/tx.h"
#include "fuzz.h"

#define TEXT_SIZE_MAX 128u /* bytes */

static void check_args(const struct au_tx *tx)
{
    struct au_bytes args[AU_ARG_COUNT_MAX];
    size_t count = au_tx_args(tx, args);
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += args[i].size;
    }
    AU_ASSERT(count == tx->arg_count && count <= AU_ARG_COUNT_MAX);
    AU_ASSERT(size <= AU_ARGS_SIZE_MAX);
}

static void check_tx(struct au_bytes bytes)
{
    struct au_tx tx;
    struct au_decode error;
    if (!au_tx_decode(bytes, &tx, &error)) {
        AU_ASSERT(error.error != NULL);
        AU_ASSERT(error.error_at <= bytes.size);
        return;
    }
    struct au_buf again;
    struct au_buf message;
    struct au_hash id = au_tx_id(bytes);
    au_buf_init(&again, AU_TX_SIZE_MAX);
    au_buf_init(&message, 2 * AU_TX_SIZE_MAX);
    au_tx_encode(&again, &tx);
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&again), bytes));
    au_buf_clear(&again);
    au_tx_encode_body(&again, &tx);
    AU_ASSERT(again.size == bytes.size - AU_TX_SIGNATURE_SIZE);
    au_tx_put_signed_message(&message, &id, au_buf_bytes(&again));
    AU_ASSERT(message.size > again.size + AU_HASH_SIZE);
    AU_ASSERT(au_tx_intrinsic_steps(&tx, bytes.size) > bytes.size);
    AU_ASSERT(*au_tx_kind_name(tx.kind) != 0);
    check_args(&tx);
    struct au_address contract = au_address_of_contract(&tx.from, tx.nonce, &id);
    AU_ASSERT(!au_address_is_equal(&contract, &au_address_system));
    au_buf_done(&again);
    au_buf_done(&message);
}

/* The parser that others copy (sdk/verify) takes the form that begins aur1, and that alone. */
static void check_copied_parser(struct au_bytes text, const struct au_address *address)
{
    struct aureon_hash found;
    char copy[TEXT_SIZE_MAX];
    if (text.size >= sizeof(copy) || memchr(text.data, '\0', text.size) != NULL) return;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    bool is_read = aureon_parse_address(copy, &found) == NULL;
    AU_ASSERT(is_read == (address != NULL && copy[0] == 'a'));
    if (is_read) AU_ASSERT(memcmp(found.bytes, address->bytes, AU_ADDRESS_SIZE) == 0);
}

static void check_address(struct au_bytes text)
{
    struct au_address address;
    struct au_address again;
    struct au_buf written;
    const char *reason = au_address_parse(text, &address);
    check_copied_parser(text, reason == NULL ? &address : NULL);
    if (reason != NULL) return;
    au_buf_init(&written, TEXT_SIZE_MAX);
    au_address_format(&written, &address);
    AU_ASSERT(written.err == AU_OK && written.size == 62);
    AU_ASSERT(au_address_parse(au_buf_bytes(&written), &again) == NULL);
    AU_ASSERT(au_address_is_equal(&address, &again));
    if (text.data[0] == 'a') AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&written), text));
    au_buf_done(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_tx((struct au_bytes){data, size});
    check_address((struct au_bytes){data, size});
    return 0;
}
