#include "cli/known.h"

#include "cli/alias.h"
#include "cli/show.h"

static void put_people(struct au_known *known)
{
    for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++) {
        known->people[i] = au_dev_account_address(i);
    }
    known->people_count = AU_DEV_ACCOUNT_COUNT;
}

void au_known_open(struct au_known *known, const struct au_client *client)
{
    static const struct au_request request = {.method = "GET", .path = "/v1/status"};
    struct au_client asking = *client;
    struct au_answer answer = {0};
    *known = (struct au_known){0};
    if (au_client_send(&asking, &request, &answer) == AU_EXIT_DONE && answer.json != NULL) {
        struct au_bytes hash = au_answer_text(&answer, "genesis_hash");
        bool is_dev = au_bytes_is_equal(au_answer_text(&answer, "mode"), au_bytes_of("dev"));
        if (is_dev) put_people(known);
        known->here = au_alias_of_chain(hash, &known->aliases);
    }
    au_answer_done(&answer);
}

void au_known_done(struct au_known *known)
{
    au_json_in_free(known->aliases);
}

static struct au_bytes name_of(const struct au_known *known, struct au_bytes text)
{
    struct au_address address;
    struct au_json_in_member member = {0};
    while (known->here != NULL && au_json_in_next(known->here, &member)) {
        if (au_bytes_is_equal(au_json_in_string(member.value), text)) return member.key;
    }
    bool is_address = au_address_parse(text, &address) == NULL;
    for (size_t i = 0; is_address && i < known->people_count; i++) {
        if (au_address_is_equal(&known->people[i], &address)) {
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
