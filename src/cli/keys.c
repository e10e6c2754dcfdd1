#include "cli/keys.h"

#include "base/hex.h"
#include "base/json_write.h"
#include "cli/password.h"
#include "cli/wallet.h"
#include "core/dev_account.h"
#include "core/tx_json.h"

#define RESULT_SIZE_MAX (16u << 20) /* bytes */
#define SEED_TEXT_SIZE  (2u + 2u * AU_SIGN_SEED_SIZE)

/* The result of making a key. */
static enum au_exit print_address(const struct au_invocation *invocation,
                                  const struct au_sign_key *key)
{
    struct au_address address;
    struct au_buf text;
    memcpy(address.bytes, key->public_key, AU_ADDRESS_SIZE);
    au_buf_init(&text, RESULT_SIZE_MAX);
    au_address_format(&text, &address);
    au_buf_put_u8(&text, '\n');
    enum au_exit code = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    return code;
}

static enum au_exit save(struct au_invocation *invocation, struct au_sign_key *key)
{
    enum au_exit code = au_wallet_save(invocation, invocation->operands[0], key);
    if (code == AU_EXIT_DONE) code = print_address(invocation, key);
    au_sign_key_wipe(key);
    return code;
}

enum au_exit au_keys_new_command(struct au_invocation *invocation)
{
    struct au_sign_key key;
    enum au_exit code = au_wallet_check_name(invocation, invocation->operands[0]);
    if (code != AU_EXIT_DONE) return code;
    au_sign_key_new(&key);
    return save(invocation, &key);
}

static enum au_exit read_seed(const struct au_invocation *invocation, const char *path,
                              struct au_sign_key *out_key)
{
    struct au_password secret = {.size = 0};
    enum au_exit code = au_password_read_file(invocation, path, &secret);
    struct au_bytes text = {secret.bytes, secret.size};
    if (code == AU_EXIT_DONE && au_hex_parse(text, out_key->seed, sizeof(out_key->seed)) != AU_OK) {
        code = au_invocation_fail(invocation, AU_EXIT_KEY,
                                  "'%s' holds no seed: expected 0x and 64 hex digits", path);
    }
    au_password_wipe(&secret);
    if (code == AU_EXIT_DONE) au_sign_key_from_seed(out_key, out_key->seed);
    return code;
}

enum au_exit au_keys_import_command(struct au_invocation *invocation)
{
    struct au_sign_key key;
    enum au_exit code = au_wallet_check_name(invocation, invocation->operands[0]);
    if (code == AU_EXIT_DONE) code = read_seed(invocation, invocation->operands[1], &key);
    return code == AU_EXIT_DONE ? save(invocation, &key) : code;
}

enum au_exit au_keys_export_command(struct au_invocation *invocation)
{
    struct au_who who;
    struct au_sign_key key;
    char text[SEED_TEXT_SIZE + 2];
    enum au_exit code =
        au_wallet_find(invocation, invocation->operands[0], /* is_dev = */ true, &who);
    if (code == AU_EXIT_DONE) code = au_wallet_open(invocation, &who, &key);
    if (code != AU_EXIT_DONE) return code;
    static const char digits[] = "0123456789abcdef";
    char *at = text;
    *at++ = '0';
    *at++ = 'x';
    for (size_t i = 0; i < AU_SIGN_SEED_SIZE; i++) {
        *at++ = digits[key.seed[i] >> 4];
        *at++ = digits[key.seed[i] & 0x0f];
    }
    *at++ = '\n';
    au_sign_key_wipe(&key);
    struct au_buf result = {.data = (uint8_t *)text, .size = (size_t)(at - text)};
    code = au_invocation_write(invocation, &result);
    explicit_bzero(text, sizeof(text));
    return code;
}

/* ---- list ---- */

static void put_key(struct au_json_write *json, struct au_buf *text, const struct au_who *who)
{
    if (json != NULL) {
        au_json_write_begin_object(json);
        au_json_write_key(json, "name");
        au_json_write_text(json, who->name);
        au_json_put_address(json, "address", &who->address);
        au_json_write_end_object(json);
        return;
    }
    au_buf_printf(text, "%s\t", who->name);
    au_address_format(text, &who->address);
    au_buf_put_u8(text, '\n');
}

/* A file that is damaged hides none of the others. */
static enum au_exit put_names(struct au_invocation *invocation, struct au_json_write *json,
                              struct au_buf *text)
{
    bool is_dev = au_invocation_has(invocation, "dev");
    const char **names = NULL;
    size_t count = is_dev ? AU_DEV_ACCOUNT_COUNT : 0;
    enum au_exit code = AU_EXIT_DONE;
    if (!is_dev) code = au_wallet_names(invocation, &names, &count);
    for (size_t i = 0; i < count; i++) {
        struct au_who who;
        const char *name = is_dev ? au_dev_account_name(i) : names[i];
        enum au_exit found = au_wallet_find(invocation, name, is_dev, &who);
        if (found == AU_EXIT_DONE) {
            put_key(json, text, &who);
        } else {
            code = found;
        }
    }
    return code;
}

enum au_exit au_keys_list_command(struct au_invocation *invocation)
{
    struct au_buf text;
    struct au_json_write json;
    bool is_json = au_invocation_has(invocation, "json");
    au_buf_init(&text, RESULT_SIZE_MAX);
    if (is_json) {
        au_json_write_init(&json, &text, AU_JSON_WRITE_INDENTED);
        au_json_write_begin_array(&json);
    }
    enum au_exit code = put_names(invocation, is_json ? &json : NULL, &text);
    if (is_json) {
        au_json_write_end_array(&json);
        au_json_write_finish(&json);
    }
    enum au_exit written = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    return written == AU_EXIT_DONE ? code : written;
}
