#include "cli/known.h"

#include "cli/alias.h"
#include "cli/show.h"
#include "core/address.h"
#include "crypto/sign.h"

#define ADDRESS_TEXT_SIZE 128u /* bytes: room for an address as text */

static void put_people(struct au_known *known)
{
    for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++) {
        struct au_hash seed = au_dev_account_seed(i);
        struct au_sign_key key;
        struct au_address address;
        au_sign_key_from_seed(&key, seed.bytes);
        memcpy(address.bytes, key.public_key, AU_ADDRESS_SIZE);
        au_buf_init(&known->people[i], ADDRESS_TEXT_SIZE);
        au_address_format(&known->people[i], &address);
    }
}

void au_known_open(struct au_known *known, const struct au_client *client)
{
    static const struct au_request request = {.method = "GET", .path = "/v1/status"};
    struct au_client asking = *client;
    struct au_answer answer = {0};
    *known = (struct au_known){0};
    put_people(known);
    if (au_client_send(&asking, &request, &answer) == AU_EXIT_DONE && answer.json != NULL) {
        struct au_bytes hash = au_answer_text(&answer, "genesis_hash");
        known->is_dev = au_bytes_is_equal(au_answer_text(&answer, "mode"), au_bytes_of("dev"));
        known->here = au_alias_of_chain(hash, &known->aliases);
    }
    au_answer_done(&answer);
}

void au_known_done(struct au_known *known)
{
    for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++)
        au_buf_done(&known->people[i]);
    au_json_in_free(known->aliases);
}

static struct au_bytes name_of(const struct au_known *known, struct au_bytes address)
{
    struct au_json_in_member member = {0};
    while (known->here != NULL && au_json_in_next(known->here, &member)) {
        if (au_bytes_is_equal(au_json_in_string(member.value), address)) return member.key;
    }
    for (size_t i = 0; known->is_dev && i < AU_DEV_ACCOUNT_COUNT; i++) {
        if (au_bytes_is_equal(au_buf_bytes(&known->people[i]), address)) {
            return au_bytes_of(au_dev_account_name(i));
        }
    }
    return (struct au_bytes){0};
}

void au_known_put(const struct au_known *known, struct au_bytes address, struct au_buf *text)
{
    struct au_bytes name = name_of(known, address);
    if (name.size > 0) au_buf_put_u8(text, '@');
    au_show_text(text, name.size > 0 ? name : address);
}
