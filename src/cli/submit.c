#include "cli/submit.h"

#include <inttypes.h>

#include "abi/interface.h"
#include "base/hex.h"
#include "base/json_write.h"
#include "cli/alias.h"
#include "cli/amount.h"
#include "cli/client.h"
#include "cli/code.h"
#include "cli/receipt.h"
#include "cli/trace.h"
#include "cli/tx.h"
#include "cli/typed.h"
#include "cli/wallet.h"
#include "core/limits.h"
#include "core/tx.h"
#include "crypto/sha256.h"

#define BODY_SIZE_MAX     (4u << 20) /* bytes: a transaction in hex */
#define WAIT_SECONDS      10u
#define ANSWER_SECONDS    10u /* for the answer itself, after the wait */
#define MS_PER_SECOND     1000u
#define ADDRESS_TEXT_SIZE 128u /* bytes: room for an address as text */
#define PATH_SIZE_MAX     512u /* bytes */
#define STEPS_PER_GAS     ((uint64_t)AU_STEPS_PER_GAS)
#define HTTP_ACCEPTED     202u

/* One command on its way to a transaction. */
struct submit {
    struct au_invocation *invocation;
    struct au_client client;
    struct au_chain_status status;
    struct au_who from;
    uint64_t balance; /* of the sender */
    struct au_tx tx;
    const char *to; /* recipient or contract as it was given; NULL if the kind has none */
    const char *admin;
    struct au_buf args; /* encoded */
    struct au_bytes code;
    bool lacks_abi;      /* of the code */
    struct au_buf bytes; /* the transaction */
};

static void submit_init(struct submit *submit, struct au_invocation *invocation,
                        enum au_tx_kind kind)
{
    *submit = (struct submit){.invocation = invocation};
    submit->tx.version = AU_TX_VERSION;
    submit->tx.kind = kind;
    au_buf_init(&submit->args, AU_TX_SIZE_MAX);
    au_buf_init(&submit->bytes, (size_t)2 * AU_TX_SIZE_MAX);
}

static void submit_done(struct submit *submit)
{
    au_buf_done(&submit->args);
    au_buf_done(&submit->bytes);
    au_free(submit->code.data);
}

static bool is_run(const struct submit *submit)
{
    enum au_tx_kind kind = submit->tx.kind;
    return kind == AU_TX_DEPLOY || kind == AU_TX_CALL || kind == AU_TX_UPGRADE;
}

/* ---- the command line ---- */

static enum au_exit read_amount(const struct submit *submit, const char *name, const char *text,
                                uint64_t *out_amount)
{
    if (au_amount_parse(au_bytes_of(text), out_amount) == AU_OK) return AU_EXIT_DONE;
    return au_invocation_fail(submit->invocation, AU_EXIT_USAGE,
                              "%s: expected " AU_AMOUNT_EXPECTED ", got '%s'", name, text);
}

/* The operands from index first on, which are arguments of a function, and --value. */
static enum au_exit read_run(struct submit *submit, const char *function, size_t first)
{
    const struct au_bytes *args = NULL;
    size_t count = 0;
    const struct au_typed_call call = {
        .client = &submit->client,
        .contract = submit->tx.kind == AU_TX_CALL ? submit->to : NULL,
        .code = submit->tx.code,
        .function = function,
    };
    enum au_exit code = au_typed_args_read(submit->invocation, &call, first, &args, &count);
    for (size_t i = 0; code == AU_EXIT_DONE && i < count; i++) {
        au_buf_put_u32(&submit->args, (uint32_t)args[i].size);
        au_buf_put_bytes(&submit->args, args[i]);
    }
    if (submit->args.err != AU_OK) {
        return au_invocation_fail(submit->invocation, AU_EXIT_INTERNAL, "%s",
                                  au_err_text(submit->args.err));
    }
    submit->tx.args = au_buf_bytes(&submit->args);
    submit->tx.arg_count = (uint32_t)count;
    if (code == AU_EXIT_DONE && submit->tx.kind != AU_TX_UPGRADE) {
        const char *value = au_invocation_text(submit->invocation, "value", "0");
        code = read_amount(submit, "--value", value, &submit->tx.value);
    }
    return code;
}

/* What the contract says of itself is on chain for ever. The node says what is wrong with code. */
static enum au_exit check_abi(struct submit *submit, const char *path)
{
    struct au_survey survey = {0};
    struct au_reject reject = {0};
    struct au_abi abi;
    struct au_arena arena;
    enum au_exit code = AU_EXIT_DONE;
    if (au_survey_make(submit->code, &survey, &reject) != AU_OK) return code;
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    enum au_err err = au_abi_check(submit->code, survey.info, &arena, &abi, &reject);
    submit->lacks_abi = err == AU_ERR_NOT_FOUND;
    if (err == AU_ERR_INVALID_MODULE) {
        code = au_invocation_fail(submit->invocation, AU_EXIT_REJECTED, "'%s' is refused (%s): %s",
                                  path, reject.rule, reject.message);
    } else if (err != AU_OK && err != AU_ERR_NOT_FOUND) {
        code = au_invocation_fail(submit->invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
    }
    au_survey_done(&survey);
    au_arena_done(&arena);
    return code;
}

static enum au_exit read_code(struct submit *submit, const char *path)
{
    struct au_reject reject;
    enum au_err err = au_code_load(path, &submit->code, &reject);
    if (err == AU_ERR_INVALID_MODULE) {
        return au_invocation_fail(submit->invocation, AU_EXIT_REJECTED, "'%s' is refused (%s): %s",
                                  path, reject.rule, reject.message);
    }
    if (err != AU_OK) return au_invocation_fail_file(submit->invocation, err, "read", path);
    submit->tx.code = submit->code;
    return check_abi(submit, path);
}

static enum au_exit read_function(struct submit *submit, const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    size_t size = strlen(name);
    submit->tx.function = au_bytes_of(name);
    if (size > 0 && size <= AU_FUNCTION_SIZE_MAX && strspn(name, letters) == size) {
        return AU_EXIT_DONE;
    }
    return au_invocation_fail(submit->invocation, AU_EXIT_USAGE,
                              "expected the name of a function, 1 to %u of A-Z a-z 0-9 _, got '%s'",
                              AU_FUNCTION_SIZE_MAX, name);
}

/* `aureon upgrade CONTRACT FILE`, or `aureon deploy FILE --upgrade CONTRACT`. */
static enum au_exit read_upgrade(struct submit *submit)
{
    const struct au_invocation *invocation = submit->invocation;
    bool is_deploy = au_invocation_knows(invocation, "upgrade");
    size_t file = is_deploy ? 0 : 1;
    submit->to =
        is_deploy ? au_invocation_text(invocation, "upgrade", "") : invocation->operands[0];
    enum au_exit code = read_code(submit, invocation->operands[file]);
    return code == AU_EXIT_DONE ? read_run(submit, "migrate", file + 1) : code;
}

static enum au_exit read_operands(struct submit *submit)
{
    struct au_invocation *invocation = submit->invocation;
    const char *const *operands = invocation->operands;
    enum au_exit code = AU_EXIT_DONE;
    switch (submit->tx.kind) {
    case AU_TX_TRANSFER:
        submit->to = operands[0];
        return read_amount(submit, "AMOUNT", operands[1], &submit->tx.amount);
    case AU_TX_STAKE:
    case AU_TX_UNSTAKE: return read_amount(submit, "AMOUNT", operands[0], &submit->tx.amount);
    case AU_TX_DEPLOY:
        submit->admin = au_invocation_text(invocation, "admin", NULL);
        code = read_code(submit, operands[0]);
        return code == AU_EXIT_DONE ? read_run(submit, "init", 1) : code;
    case AU_TX_UPGRADE: return read_upgrade(submit);
    case AU_TX_CALL:
        submit->to = operands[0];
        code = read_function(submit, operands[1]);
        return code == AU_EXIT_DONE ? read_run(submit, operands[1], 2) : code;
    }
    return code;
}

/* ---- what the node knows ---- */

static enum au_exit find_sender(struct submit *submit)
{
    const char *from = au_invocation_text(submit->invocation, "from", NULL);
    if (from == NULL && !submit->status.is_dev) {
        return au_invocation_fail(submit->invocation, AU_EXIT_USAGE,
                                  "--from NAME must say whose key signs; `aureon keys list` shows "
                                  "them");
    }
    enum au_exit code = au_wallet_find(submit->invocation, from == NULL ? "alice" : from,
                                       submit->status.is_dev, &submit->from);
    submit->tx.from = submit->from.address;
    return code;
}

/* The validator key signs that it is the sender's. */
static enum au_exit prove_validator(struct submit *submit, const char *name)
{
    struct au_tx *tx = &submit->tx;
    struct au_who who;
    struct au_sign_key key;
    enum au_exit code = au_wallet_find(submit->invocation, name, submit->status.is_dev, &who);
    if (code == AU_EXIT_DONE) code = au_wallet_open(submit->invocation, &who, &key);
    if (code != AU_EXIT_DONE) return code;
    struct au_hash message = au_tx_proof_message(&submit->status.genesis_hash, &tx->from);
    tx->has_validator = true;
    memcpy(tx->validator_key, key.public_key, sizeof(tx->validator_key));
    au_sign(&key, (struct au_bytes){message.bytes, AU_HASH_SIZE}, tx->validator_proof);
    au_sign_key_wipe(&key);
    return AU_EXIT_DONE;
}

static enum au_exit find_others(struct submit *submit)
{
    struct au_who who;
    enum au_exit code = AU_EXIT_DONE;
    if (submit->to != NULL) {
        code = au_alias_find(submit->invocation, &submit->status, submit->to, &who);
        if (code != AU_EXIT_DONE) return code;
        submit->tx.to = who.address;
    }
    const char *validator = submit->tx.kind == AU_TX_STAKE
                                ? au_invocation_text(submit->invocation, "validator", NULL)
                                : NULL;
    if (validator != NULL) return prove_validator(submit, validator);
    if (submit->tx.kind != AU_TX_DEPLOY) return AU_EXIT_DONE;
    if (submit->admin != NULL && strcmp(submit->admin, "none") == 0) return AU_EXIT_DONE;
    who = submit->from;
    if (submit->admin != NULL) {
        code = au_alias_find(submit->invocation, &submit->status, submit->admin, &who);
    }
    submit->tx.has_admin = true;
    submit->tx.admin = who.address;
    return code;
}

static enum au_exit read_account(struct submit *submit)
{
    struct au_answer answer = {0};
    struct au_buf path;
    au_buf_init(&path, PATH_SIZE_MAX);
    au_buf_put_text(&path, "/v1/account/");
    au_address_format(&path, &submit->tx.from);
    au_buf_put_u8(&path, 0);
    struct au_client *client = &submit->client;
    enum au_exit code = path.err == AU_OK ? au_client_get(client, (const char *)path.data, &answer)
                                          : au_invocation_fail(submit->invocation, AU_EXIT_INTERNAL,
                                                               "%s", au_err_text(path.err));
    if (code == AU_EXIT_DONE) code = au_client_u64(client, &answer, "balance", &submit->balance);
    if (code == AU_EXIT_DONE) {
        code = au_client_u64(client, &answer, "next_nonce", &submit->tx.nonce);
    }
    submit->tx.nonce = au_invocation_number(submit->invocation, "nonce", submit->tx.nonce);
    au_answer_done(&answer);
    au_buf_done(&path);
    return code;
}

static enum au_exit prepare(struct submit *submit)
{
    struct au_invocation *invocation = submit->invocation;
    enum au_exit code = au_client_init(&submit->client, invocation);
    if (code == AU_EXIT_DONE) code = read_operands(submit);
    if (code == AU_EXIT_DONE) code = au_client_status(&submit->client, &submit->status);
    if (code == AU_EXIT_DONE) code = find_sender(submit);
    if (code == AU_EXIT_DONE) code = find_others(submit);
    if (code == AU_EXIT_DONE) code = read_account(submit);
    if (code != AU_EXIT_DONE) return code;
    submit->tx.gas_price =
        au_invocation_number(invocation, "gas-price", submit->status.gas_price_min);
    submit->tx.valid_until = au_invocation_number(invocation, "valid-until", 0);
    return AU_EXIT_DONE;
}

/* ---- simulating ---- */

static enum au_exit encode(struct submit *submit)
{
    au_buf_clear(&submit->bytes);
    au_tx_encode(&submit->bytes, &submit->tx);
    if (submit->bytes.err == AU_OK && submit->bytes.size <= AU_TX_SIZE_MAX) return AU_EXIT_DONE;
    return au_invocation_fail(submit->invocation, AU_EXIT_REJECTED,
                              "the transaction would have more than %u bytes", AU_TX_SIZE_MAX);
}

/* As much as a block has, but no more than the sender can pay: what is left of it comes back, yet
 * all of it must be there. Less than the transaction costs anyhow is never asked for, so that the
 * node says that the balance is too small, not the gas. */
static uint64_t trial_gas(const struct submit *submit)
{
    const struct au_tx *tx = &submit->tx;
    uint64_t gas = submit->status.block_gas_limit;
    uint64_t steps = au_tx_intrinsic_steps(tx, submit->bytes.size);
    uint64_t floor = steps / STEPS_PER_GAS + (steps % STEPS_PER_GAS != 0 ? 1 : 0);
    if (tx->gas_price > 0) {
        uint64_t left = submit->balance > tx->value ? submit->balance - tx->value : 0;
        if (left / tx->gas_price < gas) gas = left / tx->gas_price;
    }
    return gas < floor ? floor : gas;
}

/* Posts the transaction as {"tx": "0x.."} to a path. */
static enum au_exit post(struct submit *submit, const char *path, uint32_t timeout_ms, bool is_last,
                         struct au_answer *out_answer)
{
    struct au_buf body;
    struct au_json_write json;
    au_buf_init(&body, BODY_SIZE_MAX);
    au_json_write_init(&json, &body, AU_JSON_WRITE_COMPACT);
    au_json_write_begin_object(&json);
    au_json_write_key(&json, "tx");
    au_json_write_hex(&json, au_buf_bytes(&submit->bytes));
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
    const struct au_request request = {
        .method = "POST",
        .path = path,
        .content_type = "application/json",
        .body = au_buf_bytes(&body),
        .timeout_ms = timeout_ms,
        .is_last = is_last,
    };
    enum au_exit code = body.err == AU_OK ? au_client_ask(&submit->client, &request, out_answer)
                                          : au_invocation_fail(submit->invocation, AU_EXIT_INTERNAL,
                                                               "%s", au_err_text(body.err));
    au_buf_done(&body);
    return code;
}

static enum au_exit simulate(struct submit *submit, bool is_last, struct au_answer *out_answer)
{
    const struct au_given *gas = au_invocation_option(submit->invocation, "gas");
    enum au_exit code = encode(submit);
    if (code != AU_EXIT_DONE) return code;
    submit->tx.gas_limit = gas != NULL ? gas->number : trial_gas(submit);
    code = encode(submit);
    if (code != AU_EXIT_DONE) return code;
    bool is_traced = is_last && au_invocation_has(submit->invocation, "trace");
    return post(submit, is_traced ? "/v1/tx/simulate?trace=true" : "/v1/tx/simulate", 0, is_last,
                out_answer);
}

/* What a contract says of its own failure may be no more than that a call failed. */
static void note_inside(struct submit *submit)
{
    struct au_answer answer = {0};
    if (post(submit, "/v1/tx/simulate?trace=true", 0, /* is_last = */ false, &answer) ==
        AU_EXIT_DONE) {
        au_trace_note(&submit->client, &answer);
    }
    au_answer_done(&answer);
}

static enum au_exit find_gas(struct submit *submit)
{
    if (!is_run(submit)) return AU_EXIT_DONE;
    const struct au_given *gas = au_invocation_option(submit->invocation, "gas");
    if (gas != NULL) {
        submit->tx.gas_limit = gas->number;
        return AU_EXIT_DONE;
    }
    struct au_answer answer = {0};
    enum au_exit code = simulate(submit, /* is_last = */ false, &answer);
    if (code == AU_EXIT_DONE) {
        code = au_receipt_check(&submit->client, &answer, "nothing was sent: a simulation of this");
        if (code == AU_EXIT_FAILED) note_inside(submit);
        if (code == AU_EXIT_FAILED && au_invocation_has(submit->invocation, "json")) {
            enum au_exit printed = au_client_print(&submit->client, &answer);
            if (printed != AU_EXIT_DONE) code = printed;
        }
    }
    if (code == AU_EXIT_DONE) {
        code = au_client_u64(&submit->client, &answer, "gas_suggested", &submit->tx.gas_limit);
    }
    au_answer_done(&answer);
    return code;
}

/* ---- signing and sending ---- */

static enum au_exit sign(struct submit *submit)
{
    struct au_sign_key key;
    struct au_buf body;
    struct au_buf message;
    enum au_exit code = au_wallet_open(submit->invocation, &submit->from, &key);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&body, AU_TX_SIZE_MAX);
    au_buf_init(&message, (size_t)2 * AU_TX_SIZE_MAX);
    au_tx_encode_body(&body, &submit->tx);
    au_tx_put_signed_message(&message, &submit->status.genesis_hash, au_buf_bytes(&body));
    if (body.err == AU_OK && message.err == AU_OK) {
        au_sign(&key, au_buf_bytes(&message), submit->tx.signature);
    } else {
        code = au_invocation_fail(submit->invocation, AU_EXIT_REJECTED,
                                  "the transaction would have more than %u bytes", AU_TX_SIZE_MAX);
    }
    au_sign_key_wipe(&key);
    au_buf_done(&message);
    au_buf_done(&body);
    return code == AU_EXIT_DONE ? encode(submit) : code;
}

static enum au_exit print_hex(struct au_invocation *invocation, struct au_bytes bytes)
{
    struct au_buf text;
    au_buf_init(&text, BODY_SIZE_MAX);
    au_hex_put(&text, bytes);
    au_buf_put_u8(&text, '\n');
    enum au_exit code = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    return code;
}

static enum au_exit print_hash(const struct submit *submit)
{
    struct au_hash id = au_tx_id(au_buf_bytes(&submit->bytes));
    return print_hex(submit->invocation, (struct au_bytes){id.bytes, AU_HASH_SIZE});
}

/* A transaction that is not in a block yet: its hash is the result, so that it can be asked for. */
static enum au_exit report_pending(struct submit *submit, const struct au_answer *answer,
                                   bool is_awaited)
{
    enum au_exit code = au_invocation_has(submit->invocation, "json") && answer->json != NULL
                            ? au_client_print(&submit->client, answer)
                            : print_hash(submit);
    if (code != AU_EXIT_DONE || !is_awaited) return code;
    return au_invocation_fail(submit->invocation, AU_EXIT_TIMED_OUT,
                              "the transaction is not in a block yet; `aureon tx get` asks for it");
}

/* Who makes the transaction anew pays twice if this one did arrive. */
static void note_lost(const struct submit *submit)
{
    struct au_hash id = au_tx_id(au_buf_bytes(&submit->bytes));
    struct au_buf text;
    au_buf_init(&text, PATH_SIZE_MAX);
    au_hex_put(&text, (struct au_bytes){id.bytes, AU_HASH_SIZE});
    au_invocation_note(submit->invocation,
                       "a node may have got it all the same: before it is made anew, ask with "
                       "`aureon tx get %.*s`",
                       (int)text.size, (const char *)text.data);
    au_buf_done(&text);
}

static enum au_exit send(struct submit *submit, enum au_result_kind kind)
{
    struct au_invocation *invocation = submit->invocation;
    const char *wait = au_invocation_text(invocation, "wait", "committed");
    uint32_t seconds = (uint32_t)au_invocation_number(invocation, "timeout", WAIT_SECONDS);
    char path[128];
    struct au_answer answer = {0};
    snprintf(path, sizeof(path), "/v1/tx?wait=%s&timeout=%us", wait, seconds);
    enum au_exit code = post(submit, path, (seconds + ANSWER_SECONDS) * MS_PER_SECOND,
                             /* is_last = */ true, &answer);
    bool is_awaited = strcmp(wait, "committed") == 0;
    if (code == AU_EXIT_TIMED_OUT) {
        code = report_pending(submit, &answer, is_awaited);
    } else if (code == AU_EXIT_UNREACHABLE) {
        note_lost(submit);
    } else if (code == AU_EXIT_DONE && answer.json != NULL) {
        code = answer.status == HTTP_ACCEPTED || au_json_in_get(answer.json, "outcome") == NULL
                   ? report_pending(submit, &answer, is_awaited)
                   : au_receipt_report(&submit->client, &answer, "the transaction", kind);
    }
    au_answer_done(&answer);
    return code;
}

/* The address is known before anybody says it. */
static enum au_exit keep_name(const struct submit *submit)
{
    const struct au_tx *tx = &submit->tx;
    const char *name = au_invocation_text(submit->invocation, "as", NULL);
    if (name == NULL || submit->client.is_dry) return AU_EXIT_DONE;
    struct au_hash code_hash = au_sha256(tx->code);
    struct au_address address = au_address_of_contract(&tx->from, tx->nonce, &code_hash);
    return au_alias_save(submit->invocation, &submit->status.genesis_hash, name, &address);
}

static enum au_exit check_wait(const struct au_invocation *invocation)
{
    static const char *const words[] = {"committed", "accepted", "none"};
    const char *wait = au_invocation_text(invocation, "wait", "committed");
    for (size_t i = 0; i < AU_COUNT_OF(words); i++) {
        if (strcmp(wait, words[i]) == 0) return AU_EXIT_DONE;
    }
    return au_invocation_fail(invocation, AU_EXIT_USAGE,
                              "--wait: expected committed, accepted or none, got '%s'", wait);
}

/* Such code may be deployed; who calls it should know what to expect. */
static void note_abi(const struct submit *submit)
{
    static const char note[] =
        "the code has no ABI (custom section `" AU_ABI_SECTION "`, which `aureon build` adds): "
        "callers have to type plain arguments, as u64:5";
    au_invocation_note(submit->invocation, "%s", note);
}

static enum au_exit submit_run(struct au_invocation *invocation, enum au_tx_kind kind,
                               enum au_result_kind result)
{
    struct submit submit;
    submit_init(&submit, invocation, kind);
    enum au_exit code = check_wait(invocation);
    if (code == AU_EXIT_DONE) code = prepare(&submit);
    if (code == AU_EXIT_DONE) code = find_gas(&submit);
    if (code == AU_EXIT_DONE && au_invocation_has(invocation, "unsigned")) {
        code = encode(&submit);
        if (code == AU_EXIT_DONE) code = print_hex(invocation, au_buf_bytes(&submit.bytes));
    } else if (code == AU_EXIT_DONE) {
        code = sign(&submit);
        if (code == AU_EXIT_DONE) code = send(&submit, result);
        if (code == AU_EXIT_DONE && kind == AU_TX_DEPLOY) code = keep_name(&submit);
    }
    if (code == AU_EXIT_DONE && submit.lacks_abi) note_abi(&submit);
    submit_done(&submit);
    return code;
}

/* ---- commands ---- */

enum au_exit au_send_command(struct au_invocation *invocation)
{
    return submit_run(invocation, AU_TX_TRANSFER, AU_RESULT_HASH);
}

enum au_exit au_stake_command(struct au_invocation *invocation)
{
    return submit_run(invocation, AU_TX_STAKE, AU_RESULT_HASH);
}

enum au_exit au_unstake_command(struct au_invocation *invocation)
{
    return submit_run(invocation, AU_TX_UNSTAKE, AU_RESULT_HASH);
}

/* What is given to a new contract cannot be given to one that is there. */
static enum au_exit check_upgrade(const struct au_invocation *invocation)
{
    static const char *const others[] = {"as", "admin", "value"};
    for (size_t i = 0; i < AU_COUNT_OF(others); i++) {
        if (!au_invocation_has(invocation, others[i])) continue;
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "--%s is of a new contract: it does not go with --upgrade",
                                  others[i]);
    }
    return AU_EXIT_DONE;
}

enum au_exit au_deploy_command(struct au_invocation *invocation)
{
    bool is_upgrade = au_invocation_has(invocation, "upgrade");
    const char *name = au_invocation_text(invocation, "as", NULL);
    enum au_exit code = AU_EXIT_DONE;
    if (is_upgrade) code = check_upgrade(invocation);
    if (code == AU_EXIT_DONE && name != NULL) code = au_wallet_check_name(invocation, name);
    if (code == AU_EXIT_DONE && name != NULL) code = au_alias_check(invocation);
    if (code != AU_EXIT_DONE) return code;
    return submit_run(invocation, is_upgrade ? AU_TX_UPGRADE : AU_TX_DEPLOY,
                      is_upgrade ? AU_RESULT_HASH : AU_RESULT_CREATED);
}

enum au_exit au_upgrade_command(struct au_invocation *invocation)
{
    return submit_run(invocation, AU_TX_UPGRADE, AU_RESULT_HASH);
}

enum au_exit au_call_command(struct au_invocation *invocation)
{
    enum au_exit code = au_receipt_check_form(invocation);
    return code == AU_EXIT_DONE ? submit_run(invocation, AU_TX_CALL, AU_RESULT_OUTPUT) : code;
}

enum au_exit au_simulate_command(struct au_invocation *invocation)
{
    struct submit submit;
    struct au_answer answer = {0};
    submit_init(&submit, invocation, AU_TX_CALL);
    enum au_exit code = prepare(&submit);
    if (code == AU_EXIT_DONE) code = simulate(&submit, /* is_last = */ true, &answer);
    bool is_traced = au_invocation_has(invocation, "trace");
    if (code == AU_EXIT_DONE && answer.json != NULL) {
        code = is_traced
                   ? au_trace_report(&submit.client, &answer, "the simulation")
                   : au_receipt_report(&submit.client, &answer, "the simulation", AU_RESULT_PAGE);
        if (code == AU_EXIT_FAILED && !is_traced) note_inside(&submit);
    }
    au_answer_done(&answer);
    submit_done(&submit);
    return code;
}

/* Reads the transaction that the operand is. */
static enum au_exit load(struct submit *submit)
{
    struct au_bytes bytes = {0};
    struct au_decode error;
    enum au_exit code = au_tx_load(submit->invocation, submit->invocation->operands[0], &bytes);
    if (code != AU_EXIT_DONE) return code;
    if (!au_tx_decode(bytes, &submit->tx, &error)) {
        return au_tx_fail_decode(submit->invocation, &error);
    }
    au_buf_put_bytes(&submit->bytes, bytes);
    return AU_EXIT_DONE;
}

/* The chain that the signature is for. The node is asked only if the command line does not say it;
 * then nobody knows what chain it is, and a development account's key may be used. */
static enum au_exit find_chain(struct submit *submit)
{
    const char *genesis = au_invocation_text(submit->invocation, "genesis", NULL);
    if (genesis == NULL) return au_client_status(&submit->client, &submit->status);
    submit->status.is_dev = true;
    if (au_hex_parse(au_bytes_of(genesis), submit->status.genesis_hash.bytes, AU_HASH_SIZE) ==
        AU_OK) {
        return AU_EXIT_DONE;
    }
    return au_invocation_fail(submit->invocation, AU_EXIT_USAGE,
                              "--genesis: expected 0x and 64 hex digits, got '%s'", genesis);
}

enum au_exit au_tx_sign_command(struct au_invocation *invocation)
{
    struct submit submit;
    submit_init(&submit, invocation, AU_TX_TRANSFER);
    struct au_address from;
    enum au_exit code = au_client_init(&submit.client, invocation);
    if (code == AU_EXIT_DONE) code = load(&submit);
    from = submit.tx.from;
    if (code == AU_EXIT_DONE) code = find_chain(&submit);
    if (code == AU_EXIT_DONE) code = find_sender(&submit);
    if (code == AU_EXIT_DONE && !au_address_is_equal(&from, &submit.from.address)) {
        code = au_invocation_fail(invocation, AU_EXIT_KEY,
                                  "the transaction is of another sender than this key's address");
    }
    if (code == AU_EXIT_DONE) code = sign(&submit);
    if (code == AU_EXIT_DONE) code = print_hex(invocation, au_buf_bytes(&submit.bytes));
    submit_done(&submit);
    return code;
}

enum au_exit au_tx_send_command(struct au_invocation *invocation)
{
    struct submit submit;
    submit_init(&submit, invocation, AU_TX_TRANSFER);
    enum au_exit code = check_wait(invocation);
    if (code == AU_EXIT_DONE) code = au_client_init(&submit.client, invocation);
    if (code == AU_EXIT_DONE) code = load(&submit);
    if (code == AU_EXIT_DONE) code = send(&submit, AU_RESULT_HASH);
    submit_done(&submit);
    return code;
}
