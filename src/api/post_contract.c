/* Contracts: deploying, upgrading, calling. Each takes a signed transaction of its kind or, in
 * development mode, what one is to be made of. */
#include "api/call_args.h"
#include "api/handlers.h"
#include "api/json.h"
#include "api/sign.h"
#include "api/simulate.h"
#include "core/limits.h"
#include "crypto/sha256.h"

#define WASM_MEDIA_TYPE "application/wasm"
#define CODE_EXPECTED   "the module: 0x and hex digits, or a body of application/wasm"

/* What a route makes of its input. */
struct plan {
    enum au_tx_kind kind;
    enum au_wait_shape shape;
    const char *const *names; /* of the JSON body */
};

static const char *const deploy_names[] = {"tx",        "from",  "code",  "args",
                                           "gas_limit", "value", "admin", NULL};
static const char *const upgrade_names[] = {"tx",   "from",      "contract", "code",
                                            "args", "gas_limit", NULL};
static const char *const call_names[] = {"tx",   "from",      "contract", "function",
                                         "args", "gas_limit", "value",    NULL};

static const struct plan deploy_plan = {AU_TX_DEPLOY, AU_WAIT_DEPLOY, deploy_names};
static const struct plan upgrade_plan = {AU_TX_UPGRADE, AU_WAIT_DEPLOY, upgrade_names};
static const struct plan call_plan = {AU_TX_CALL, AU_WAIT_CALL, call_names};

/* ---- signed ---- */

static void fail_kind(struct au_input *input, const struct plan *plan, enum au_tx_kind got)
{
    struct au_problem problem;
    au_problem_init(&problem, AU_PROBLEM_WRONG_KIND);
    au_problem_set(&problem, "expected", "%s", au_tx_kind_name(plan->kind));
    au_problem_set(&problem, "got", "%s", au_tx_kind_name(got));
    au_response_put_problem(input->response, &problem);
}

static struct au_wait_form form_of(const struct plan *plan, const struct au_tx *tx)
{
    struct au_wait_form form = {.shape = plan->shape};
    if (plan->kind != AU_TX_CALL) form.code_hash = au_sha256(tx->code);
    return form;
}

static void submit_signed(struct au_input *input, const struct plan *plan, struct au_bytes bytes,
                          const struct au_submit_wait *how)
{
    struct au_checked checked;
    if (!au_submit_decode(input, bytes, &checked)) return;
    if (checked.tx.kind != plan->kind) {
        fail_kind(input, plan, checked.tx.kind);
        return;
    }
    if (!au_submit_verify(input, &checked)) return;
    struct au_wait_form form = form_of(plan, &checked.tx);
    form.id = checked.id;
    au_submit(input, &checked, &form, how);
}

/* ---- to be signed ---- */

/* What runs with them: the code that the transaction brings, or the contract that it calls. */
static struct au_call_target target_of(const struct au_tx *tx)
{
    if (tx->kind == AU_TX_CALL) {
        return (struct au_call_target){.function = tx->function, .contract = &tx->to};
    }
    return (struct au_call_target){.function = au_tx_function(tx), .code = tx->code};
}

static bool read_run_args(struct au_input *input, struct au_tx *tx, struct au_buf *encoded)
{
    const struct au_call_target target = target_of(tx);
    struct au_bytes args[AU_ARG_COUNT_MAX];
    size_t count = 0;
    if (!au_call_args_read(input, &target, args, &count)) return false;
    for (size_t i = 0; i < count; i++) {
        au_buf_put_u32(encoded, (uint32_t)args[i].size);
        au_buf_put_bytes(encoded, args[i]);
    }
    if (encoded->err != AU_OK) {
        input->has_failed = true;
        au_fail(input->response, encoded->err);
        return false;
    }
    tx->args = au_buf_bytes(encoded);
    tx->arg_count = (uint32_t)count;
    return true;
}

static void read_admin(struct au_input *input, struct au_tx *tx, size_t index)
{
    struct au_bytes word;
    tx->has_admin = true;
    tx->admin = input->api->dev_addresses[index];
    if (!au_input_has(input, "admin") || !au_input_text(input, "admin", &word)) return;
    if (au_bytes_is_equal(word, au_bytes_of("none"))) {
        tx->has_admin = false;
        tx->admin = (struct au_address){{0}};
    } else {
        au_input_address(input, "admin", &tx->admin);
    }
}

static void read_function(struct au_input *input, struct au_tx *tx)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    static const char expected[] = "the name of a function, 1 to 64 of A-Z a-z 0-9 _";
    if (!au_input_text(input, "function", &tx->function)) {
        au_input_need(input, "function", expected);
        return;
    }
    bool is_name = tx->function.size > 0 && tx->function.size <= AU_FUNCTION_SIZE_MAX;
    for (size_t i = 0; is_name && i < tx->function.size; i++) {
        is_name = memchr(letters, tx->function.data[i], sizeof(letters) - 1) != NULL;
    }
    if (!is_name) au_input_fail(input, "function", expected, tx->function);
}

/* Reads what the kind has. A raw body is the code. */
static void read_payload(struct au_input *input, struct au_tx *tx, size_t index)
{
    if (tx->kind != AU_TX_CALL) {
        if (input->json == NULL) {
            tx->code = input->request->body;
        } else {
            au_input_bytes(input, "code", &tx->code);
        }
        if (tx->code.size == 0) au_input_need(input, "code", CODE_EXPECTED);
    }
    if (tx->kind != AU_TX_DEPLOY && !au_input_address(input, "contract", &tx->to)) {
        au_input_need(input, "contract", "the contract's address");
    }
    if (tx->kind == AU_TX_CALL) read_function(input, tx);
    if (tx->kind != AU_TX_UPGRADE) au_input_u64(input, "value", &tx->value);
    if (tx->kind == AU_TX_DEPLOY) read_admin(input, tx, index);
}

/* Gives a transaction the gas limit that a simulation of it suggests, whatever its outcome: the
 * receipt will tell. */
static enum au_err find_gas(struct au_input *input, size_t index, struct au_tx *tx)
{
    struct au_api *api = input->api;
    struct au_account account;
    struct au_checked checked;
    struct au_simulation simulation;
    struct au_buf bytes;
    AU_TRY(au_ledger_account(api->options.ledger, &api->dev_addresses[index], &account));
    tx->gas_price = au_ledger_params(api->options.ledger)->gas_price_min;
    tx->gas_limit = au_gas_trial(api, tx, account.balance);
    au_buf_init(&bytes, 2u * AU_TX_SIZE_MAX);
    enum au_err err = au_sign_encode(api, index, tx, &bytes);
    bool is_good = err == AU_OK && au_submit_decode(input, au_buf_bytes(&bytes), &checked);
    if (is_good && !au_simulate(input, &checked, true, NULL, &simulation)) {
        input->has_failed = true;
    } else if (is_good) {
        if (simulation.applied.invalid != AU_INVALID_NONE) {
            input->has_failed = true;
            au_fail_applied(api, input->response, &checked, &simulation.applied);
        } else {
            tx->gas_limit = au_gas_suggest(api, simulation.applied.receipt->gas_used);
        }
        au_simulation_done(api, &simulation);
    }
    au_buf_done(&bytes);
    return err;
}

static void read_gas(struct au_input *input, size_t index, struct au_tx *tx)
{
    const char *name = input->json == NULL ? "gas" : "gas_limit";
    struct au_bytes word = {0};
    bool is_auto = !au_input_has(input, name);
    if (!is_auto && input->json == NULL) {
        is_auto = au_input_text(input, name, &word) && au_bytes_is_equal(word, au_bytes_of("auto"));
    } else if (!is_auto) {
        const struct au_json_in *member = au_json_in_get(input->json, name);
        is_auto = au_json_in_type(member) == AU_JSON_IN_STRING &&
                  au_bytes_is_equal(au_json_in_string(member), au_bytes_of("auto"));
    }
    if (!is_auto) {
        au_input_u64(input, name, &tx->gas_limit);
        return;
    }
    enum au_err err = input->has_failed ? AU_OK : find_gas(input, index, tx);
    if (err != AU_OK) {
        input->has_failed = true;
        au_fail(input->response, err);
    }
}

static void submit_named(struct au_input *input, const struct plan *plan,
                         const struct au_submit_wait *how)
{
    struct au_tx tx = {.version = AU_TX_VERSION, .kind = plan->kind};
    struct au_buf args;
    size_t index = 0;
    if (!au_sign_find(input, &index)) return;
    au_buf_init(&args, AU_TX_SIZE_MAX);
    tx.from = input->api->dev_addresses[index];
    tx.gas_price = au_ledger_params(input->api->options.ledger)->gas_price_min;
    read_payload(input, &tx, index);
    read_run_args(input, &tx, &args);
    read_gas(input, index, &tx);
    if (!input->has_failed) {
        struct au_wait_form form = form_of(plan, &tx);
        au_sign_submit(input, index, &tx, &form, how);
    }
    au_buf_done(&args);
}

/* ---- routes ---- */

static void post(struct au_input *input, const struct plan *plan)
{
    static const char *const wait_names[] = {"wait", "timeout", NULL};
    const struct au_request *request = input->request;
    struct au_submit_wait how;
    struct au_bytes bytes;
    if (!au_submit_read_wait(input, &how)) return;
    if (plan->kind != AU_TX_CALL && au_request_has_media_type(request, WASM_MEDIA_TYPE)) {
        submit_named(input, plan, &how);
        return;
    }
    if (!au_input_check_query(input, wait_names)) return;
    if (au_request_has_media_type(request, AU_BINARY_MEDIA_TYPE)) {
        submit_signed(input, plan, request->body, &how);
        return;
    }
    if (!au_input_parse(input, plan->names)) return;
    if (!au_input_has(input, "tx")) {
        submit_named(input, plan, &how);
    } else if (au_json_in_count(input->json) > 1) {
        au_input_fail(input, "tx", "either tx alone, or what a transaction is made of",
                      au_bytes_of("both"));
    } else if (au_input_bytes(input, "tx", &bytes)) {
        submit_signed(input, plan, bytes, &how);
    }
}

void au_post_deploy(struct au_input *input)
{
    post(input, &deploy_plan);
}

void au_post_upgrade(struct au_input *input)
{
    post(input, &upgrade_plan);
}

void au_post_call(struct au_input *input)
{
    post(input, &call_plan);
}
