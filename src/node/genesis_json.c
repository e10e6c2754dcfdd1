#include "node/genesis_json.h"

#include <stdlib.h>

#include "base/hex.h"
#include "base/json_in.h"
#include "base/json_write.h"
#include "base/text.h"
#include "base/time_text.h"

#define LISTS_MAX       ((size_t)1 << 30) /* bytes of both lists */
#define NAME_SIZE_MAX   64u               /* bytes of a member's name that a message shows */
#define JSON_NUMBER_MAX ((INT64_C(1) << 53) - 1)

struct parser {
    struct au_buf *message;
    struct au_arena arena;
};

/* ---- values ---- */

/* A name may have any size: what is wrong with it must fit into the message all the same. */
static void put_name(struct parser *parser, struct au_bytes name)
{
    bool is_cut = name.size > NAME_SIZE_MAX;
    au_buf_printf(parser->message, "'%.*s%s': ", (int)(is_cut ? NAME_SIZE_MAX : name.size),
                  (const char *)name.data, is_cut ? "..." : "");
}

static enum au_err fail(struct parser *parser, struct au_bytes where, const char *what)
{
    put_name(parser, where);
    au_buf_put_text(parser->message, what);
    return AU_ERR_MALFORMED;
}

static enum au_err fail_type(struct parser *parser, struct au_bytes where, const char *wanted,
                             const struct au_json_in *got)
{
    put_name(parser, where);
    au_buf_printf(parser->message, "expected %s, got %s", wanted,
                  au_json_in_type_name(au_json_in_type(got)));
    return AU_ERR_MALFORMED;
}

static enum au_err parse_text(struct parser *parser, const struct au_json_in_member *member,
                              struct au_bytes *out_text)
{
    if (au_json_in_type(member->value) != AU_JSON_IN_STRING) {
        return fail_type(parser, member->key, "a string", member->value);
    }
    *out_text = au_json_in_string(member->value);
    return AU_OK;
}

static enum au_err parse_u64(struct parser *parser, const struct au_json_in_member *member,
                             uint64_t *out_value)
{
    if (au_json_in_type(member->value) == AU_JSON_IN_INTEGER) {
        int64_t value = au_json_in_integer(member->value);
        if (value < 0 || value > JSON_NUMBER_MAX) {
            return fail(parser, member->key, "a number of at most 2^53-1, or a decimal string");
        }
        *out_value = (uint64_t)value;
        return AU_OK;
    }
    struct au_bytes text;
    AU_TRY(parse_text(parser, member, &text));
    if (au_text_parse_u64(text, out_value) == AU_OK) return AU_OK;
    return fail(parser, member->key, "not a decimal number of at most 2^64-1");
}

static enum au_err parse_address(struct parser *parser, const struct au_json_in_member *member,
                                 struct au_address *out_address)
{
    struct au_bytes text;
    AU_TRY(parse_text(parser, member, &text));
    const char *wrong = au_address_parse(text, out_address);
    return wrong ? fail(parser, member->key, wrong) : AU_OK;
}

/* ---- objects: a table of members for each ---- */

typedef enum au_err parse_fn(struct parser *parser, const struct au_json_in_member *member,
                             void *target);

struct member_rule {
    const char *name;
    bool is_required;
    parse_fn *parse;
};

static enum au_err parse_object(struct parser *parser, const struct au_json_in *value,
                                const struct member_rule *rules, size_t rule_count, void *target)
{
    struct au_json_in_member member = {0};
    for (size_t i = 0; i < rule_count; i++) {
        if (rules[i].is_required && !au_json_in_get(value, rules[i].name)) {
            return fail(parser, au_bytes_of(rules[i].name), "is missing");
        }
    }
    while (au_json_in_next(value, &member)) {
        size_t i = 0;
        while (i < rule_count && !au_bytes_is_equal(member.key, au_bytes_of(rules[i].name))) {
            i++;
        }
        if (i == rule_count) return fail(parser, member.key, "unknown member");
        AU_TRY(rules[i].parse(parser, &member, target));
    }
    return AU_OK;
}

/* Calls parse_item for each item of an array, which must be objects. */
static enum au_err parse_list(struct parser *parser, const struct au_json_in_member *member,
                              size_t item_size, void **out_items, uint32_t *out_count)
{
    if (au_json_in_type(member->value) != AU_JSON_IN_ARRAY) {
        return fail_type(parser, member->key, "an array", member->value);
    }
    size_t count = au_json_in_count(member->value);
    for (size_t i = 0; i < count; i++) {
        const struct au_json_in *item = au_json_in_item(member->value, i);
        if (au_json_in_type(item) != AU_JSON_IN_OBJECT) {
            return fail_type(parser, member->key, "an object", item);
        }
    }
    if (count > LISTS_MAX / item_size) return AU_ERR_TOO_LARGE;
    *out_items = au_arena_zero(&parser->arena, count * item_size);
    if (!*out_items) return AU_ERR_NO_MEMORY;
    *out_count = (uint32_t)count;
    return AU_OK;
}

static enum au_err account_address(struct parser *parser, const struct au_json_in_member *member,
                                   void *target)
{
    return parse_address(parser, member, &((struct au_genesis_account *)target)->address);
}

static enum au_err account_balance(struct parser *parser, const struct au_json_in_member *member,
                                   void *target)
{
    return parse_u64(parser, member, &((struct au_genesis_account *)target)->balance);
}

static const struct member_rule account_rules[] = {
    {"address", true, account_address},
    {"balance", true, account_balance},
};

static enum au_err stake_owner(struct parser *parser, const struct au_json_in_member *member,
                               void *target)
{
    return parse_address(parser, member, &((struct au_genesis_stake *)target)->owner);
}

static enum au_err stake_amount(struct parser *parser, const struct au_json_in_member *member,
                                void *target)
{
    return parse_u64(parser, member, &((struct au_genesis_stake *)target)->amount);
}

static enum au_err stake_key(struct parser *parser, const struct au_json_in_member *member,
                             void *target)
{
    struct au_genesis_stake *stake = target;
    struct au_bytes text;
    AU_TRY(parse_text(parser, member, &text));
    stake->has_key = au_hex_parse(text, stake->key, sizeof(stake->key)) == AU_OK;
    return stake->has_key ? AU_OK : fail(parser, member->key, "not 0x and 64 hex digits");
}

static const struct member_rule stake_rules[] = {
    {"owner", true, stake_owner},
    {"amount", true, stake_amount},
    {"validator_key", false, stake_key},
};

static int compare_accounts(const void *a, const void *b)
{
    const struct au_genesis_account *left = a;
    const struct au_genesis_account *right = b;
    return memcmp(left->address.bytes, right->address.bytes, AU_ADDRESS_SIZE);
}

static int compare_stakes(const void *a, const void *b)
{
    const struct au_genesis_stake *left = a;
    const struct au_genesis_stake *right = b;
    return memcmp(left->owner.bytes, right->owner.bytes, AU_ADDRESS_SIZE);
}

static enum au_err genesis_accounts(struct parser *parser, const struct au_json_in_member *member,
                                    void *target)
{
    struct au_genesis *genesis = target;
    void *items;
    AU_TRY(parse_list(parser, member, sizeof(struct au_genesis_account), &items,
                      &genesis->account_count));
    struct au_genesis_account *accounts = items;
    for (uint32_t i = 0; i < genesis->account_count; i++) {
        AU_TRY(parse_object(parser, au_json_in_item(member->value, i), account_rules,
                            AU_COUNT_OF(account_rules), &accounts[i]));
    }
    qsort(accounts, genesis->account_count, sizeof(*accounts), compare_accounts);
    genesis->accounts = accounts;
    return AU_OK;
}

static enum au_err genesis_stakes(struct parser *parser, const struct au_json_in_member *member,
                                  void *target)
{
    struct au_genesis *genesis = target;
    void *items;
    AU_TRY(
        parse_list(parser, member, sizeof(struct au_genesis_stake), &items, &genesis->stake_count));
    struct au_genesis_stake *stakes = items;
    for (uint32_t i = 0; i < genesis->stake_count; i++) {
        AU_TRY(parse_object(parser, au_json_in_item(member->value, i), stake_rules,
                            AU_COUNT_OF(stake_rules), &stakes[i]));
    }
    qsort(stakes, genesis->stake_count, sizeof(*stakes), compare_stakes);
    genesis->stakes = stakes;
    return AU_OK;
}

static enum au_err genesis_chain_id(struct parser *parser, const struct au_json_in_member *member,
                                    void *target)
{
    return parse_text(parser, member, &((struct au_genesis *)target)->chain_id);
}

static enum au_err genesis_time(struct parser *parser, const struct au_json_in_member *member,
                                void *target)
{
    struct au_bytes text;
    AU_TRY(parse_text(parser, member, &text));
    if (au_time_parse(text, &((struct au_genesis *)target)->time_ms) == AU_OK) return AU_OK;
    return fail(parser, member->key, "not a time such as 2026-11-25T12:30:00.000Z");
}

static enum au_err genesis_proposer(struct parser *parser, const struct au_json_in_member *member,
                                    void *target)
{
    return parse_address(parser, member, &((struct au_genesis *)target)->proposer);
}

static enum au_err genesis_params(struct parser *parser, const struct au_json_in_member *member,
                                  void *target)
{
    struct au_params *params = &((struct au_genesis *)target)->params;
    struct au_json_in_member item = {0};
    if (au_json_in_type(member->value) != AU_JSON_IN_OBJECT) {
        return fail_type(parser, member->key, "an object", member->value);
    }
    while (au_json_in_next(member->value, &item)) {
        const struct au_param_info *info = NULL;
        for (size_t i = 0; i < AU_PARAM_COUNT; i++) {
            if (au_bytes_is_equal(item.key, au_bytes_of(au_param_infos[i].name))) {
                info = &au_param_infos[i];
            }
        }
        if (!info) return fail(parser, item.key, "unknown parameter");
        uint64_t value;
        AU_TRY(parse_u64(parser, &item, &value));
        memcpy((uint8_t *)params + info->offset, &value, sizeof(value));
    }
    return AU_OK;
}

static const struct member_rule genesis_rules[] = {
    {"chain_id", true, genesis_chain_id},  {"time", true, genesis_time},
    {"proposer", true, genesis_proposer},  {"params", false, genesis_params},
    {"accounts", false, genesis_accounts}, {"stakes", false, genesis_stakes},
};

static enum au_err parse_genesis(struct parser *parser, const struct au_json_in *root,
                                 struct au_buf *out_encoded)
{
    struct au_genesis genesis = {.params = au_params_default()};
    if (au_json_in_type(root) != AU_JSON_IN_OBJECT) {
        return fail_type(parser, au_bytes_of("genesis"), "an object", root);
    }
    AU_TRY(parse_object(parser, root, genesis_rules, AU_COUNT_OF(genesis_rules), &genesis));
    const struct au_param_info *bad = au_params_find_bad(&genesis.params);
    if (bad) return fail(parser, au_bytes_of(bad->name), "out of its range");
    const char *wrong;
    AU_TRY(au_genesis_check(&genesis, &parser->arena, &wrong));
    if (wrong) return fail(parser, au_bytes_of("genesis"), wrong);
    au_genesis_encode(out_encoded, &genesis);
    return out_encoded->err;
}

enum au_err au_genesis_parse_json(struct au_bytes text, struct au_buf *message,
                                  struct au_buf *out_encoded)
{
    struct au_json_in *root;
    AU_TRY(au_json_in_parse(text, message, &root));
    struct parser parser = {.message = message};
    au_arena_init(&parser.arena, LISTS_MAX);
    enum au_err err = parse_genesis(&parser, root, out_encoded);
    au_arena_done(&parser.arena);
    au_json_in_free(root);
    return err;
}

/* ---- writing ---- */

static void put_text(struct au_json_write *json, struct au_buf *scratch)
{
    au_json_write_bytes(json, au_buf_bytes(scratch));
    au_buf_clear(scratch);
}

static void put_address(struct au_json_write *json, struct au_buf *scratch, const char *key,
                        const struct au_address *address)
{
    au_json_write_key(json, key);
    au_address_format(scratch, address);
    put_text(json, scratch);
}

static void put_u64(struct au_json_write *json, const char *key, uint64_t value)
{
    au_json_write_key(json, key);
    au_json_write_u64(json, value);
}

static void put_lists(struct au_json_write *json, struct au_buf *scratch,
                      const struct au_genesis *genesis)
{
    au_json_write_key(json, "accounts");
    au_json_write_begin_array(json);
    for (uint32_t i = 0; i < genesis->account_count; i++) {
        au_json_write_begin_object(json);
        put_address(json, scratch, "address", &genesis->accounts[i].address);
        put_u64(json, "balance", genesis->accounts[i].balance);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);

    au_json_write_key(json, "stakes");
    au_json_write_begin_array(json);
    for (uint32_t i = 0; i < genesis->stake_count; i++) {
        const struct au_genesis_stake *stake = &genesis->stakes[i];
        au_json_write_begin_object(json);
        put_address(json, scratch, "owner", &stake->owner);
        put_u64(json, "amount", stake->amount);
        if (stake->has_key) {
            au_json_write_key(json, "validator_key");
            au_json_write_hex(json, (struct au_bytes){stake->key, sizeof(stake->key)});
        }
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

void au_genesis_put_json(struct au_buf *buf, const struct au_genesis *genesis)
{
    struct au_json_write json;
    struct au_buf scratch;
    au_buf_init(&scratch, (size_t)4 * AU_HASH_SIZE);
    au_json_write_init(&json, buf, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&json);
    au_json_write_key(&json, "chain_id");
    au_json_write_bytes(&json, genesis->chain_id);
    au_json_write_key(&json, "time");
    au_time_put(&scratch, genesis->time_ms);
    put_text(&json, &scratch);
    put_address(&json, &scratch, "proposer", &genesis->proposer);
    au_json_write_key(&json, "params");
    au_json_write_begin_object(&json);
    for (size_t i = 0; i < AU_PARAM_COUNT; i++) {
        uint64_t value;
        memcpy(&value, (const uint8_t *)&genesis->params + au_param_infos[i].offset, sizeof(value));
        put_u64(&json, au_param_infos[i].name, value);
    }
    au_json_write_end_object(&json);
    put_lists(&json, &scratch, genesis);
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
    au_buf_done(&scratch);
}
