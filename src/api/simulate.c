/* Simulations and views. */
#include "api/simulate.h"

#include "api/call_args.h"
#include "api/handlers.h"
#include "api/json.h"
#include "api/refusal.h"
#include "api/submit.h"
#include "api/trace.h"
#include "core/limits.h"

/* ---- transactions ---- */

/* The block is of one height and the pool may be of another: the nonce is judged by the block. */
static enum au_err apply(struct au_api *api, struct au_checked *checked, bool is_any_nonce,
                         struct au_simulation *simulation)
{
    const struct au_applied *applied = &simulation->applied;
    uint64_t next_nonce = 0;
    AU_TRY(au_mempool_next_nonce(api->options.mempool, &checked->tx.from, &next_nonce));
    AU_TRY(au_block_apply(simulation->block, checked, &simulation->applied));
    bool is_early = applied->invalid == AU_INVALID_NONCE_HIGH &&
                    (is_any_nonce || checked->tx.nonce <= next_nonce);
    bool is_late = applied->invalid == AU_INVALID_NONCE_LOW && is_any_nonce;
    if (!is_early && !is_late) return AU_OK;
    checked->tx.nonce = applied->sender.nonce;
    return au_block_apply(simulation->block, checked, &simulation->applied);
}

/* Code that was never compiled here waits its turn. false: the response is a problem. */
static bool compile(struct au_input *input, const struct au_checked *checked)
{
    const struct au_api_options *options = &input->api->options;
    enum au_compile_state state = AU_COMPILE_READY;
    enum au_err err = options->compile(options->context, checked, &state);
    if (err != AU_OK) {
        au_fail(input->response, err);
    } else if (state == AU_COMPILE_PENDING) {
        au_refuse_full(input->response, AU_PROBLEM_COMPILER_FULL, NULL);
    } else if (state == AU_COMPILE_BARRED) {
        au_refuse_with(input->response, AU_PROBLEM_TX_NOT_COMPILED,
                       "the code could not be compiled here; it is not tried again for an hour");
    }
    return err == AU_OK && state == AU_COMPILE_READY;
}

bool au_simulate(struct au_input *input, const struct au_checked *checked, bool is_any_nonce,
                 struct au_tracer *tracer, struct au_simulation *out_simulation)
{
    struct au_api *api = input->api;
    struct au_checked copy = *checked;
    *out_simulation = (struct au_simulation){0};
    if (!compile(input, checked)) return false;
    enum au_err err = au_block_lend(api, AU_LEND_NEXT, 0, &out_simulation->block);
    if (err == AU_OK) {
        au_block_trace(out_simulation->block, tracer);
        atomic_fetch_add(&api->counts.simulated, 1);
        err = apply(api, &copy, is_any_nonce, out_simulation);
        if (err != AU_OK) au_simulation_done(api, out_simulation);
    }
    if (err != AU_OK) au_fail(input->response, err);
    return err == AU_OK;
}

void au_simulation_done(struct au_api *api, struct au_simulation *simulation)
{
    au_block_give_back(api, simulation->block);
    simulation->block = NULL;
}

uint64_t au_gas_suggest(const struct au_api *api, uint64_t gas_used)
{
    uint64_t limit = au_ledger_params(api->options.ledger)->block_gas_limit;
    uint64_t suggested = gas_used + gas_used / 5 + (gas_used % 5 != 0 ? 1 : 0);
    return suggested < limit ? suggested : limit;
}

uint64_t au_gas_trial(const struct au_api *api, const struct au_tx *tx, uint64_t balance)
{
    uint64_t limit = au_ledger_params(api->options.ledger)->block_gas_limit;
    if (tx->gas_price == 0) return limit;
    uint64_t covered = (balance > tx->value ? balance - tx->value : 0) / tx->gas_price;
    return covered < limit ? covered : limit;
}

/* tracer: NULL if nobody asked. */
static void put_simulated(struct au_input *input, const struct au_tx *tx,
                          const struct au_simulation *simulation, const struct au_tracer *tracer)
{
    struct au_json_write json;
    struct au_decoder decoder;
    const struct au_receipt *receipt = simulation->applied.receipt;
    au_put_height(input->response, receipt->height - 1);
    au_reply_begin(&json, input->response, 200);
    au_decoder_init(&decoder, input->api, AU_DECODER_SIZE_MAX);
    au_receipt_put_json(&json, receipt, au_decoder_of_simulated(&decoder, tx));
    au_json_put_u64(&json, "gas_suggested", au_gas_suggest(input->api, receipt->gas_used));
    au_json_put_bool(&json, "valid", true);
    if (tracer != NULL) au_trace_put_json(&json, tracer, &decoder);
    au_decoder_done(&decoder);
    au_reply_end(&json);
}

static void simulate(struct au_input *input, const struct au_checked *checked,
                     struct au_tracer *tracer)
{
    struct au_simulation simulation;
    if (!au_simulate(input, checked, false, tracer, &simulation)) return;
    if (simulation.applied.invalid != AU_INVALID_NONE) {
        au_fail_applied(input->api, input->response, checked, &simulation.applied);
    } else {
        put_simulated(input, &checked->tx, &simulation, tracer);
    }
    au_simulation_done(input->api, &simulation);
}

void au_post_simulate(struct au_input *input)
{
    static const char *const names[] = {"tx", NULL};
    struct au_bytes bytes = input->request->body;
    struct au_checked checked;
    struct au_tracer tracer;
    bool is_traced = au_trace_is_wanted(input);
    if (!au_request_has_media_type(input->request, AU_BINARY_MEDIA_TYPE)) {
        if (!au_input_parse(input, names)) return;
        if (!au_input_bytes(input, "tx", &bytes)) {
            au_input_need(input, "tx", "a transaction: 0x and hex digits");
            return;
        }
    }
    if (!au_submit_decode(input, bytes, &checked)) return;
    au_tracer_init(&tracer);
    simulate(input, &checked, is_traced ? &tracer : NULL);
    au_tracer_done(&tracer);
}

/* ---- views ---- */

static void fail_function(struct au_input *input, const struct au_view *view)
{
    struct au_problem problem;
    struct au_buf address;
    au_buf_init(&address, 128);
    au_address_format(&address, &view->contract);
    au_problem_init(&problem, AU_PROBLEM_UNKNOWN_FUNCTION);
    au_problem_set(&problem, "contract", "%.*s", (int)address.size,
                   address.size > 0 ? (const char *)address.data : "");
    au_problem_set(&problem, "function", "%.*s", (int)view->function.size,
                   view->function.size > 0 ? (const char *)view->function.data : "");
    au_response_put_problem(input->response, &problem);
    au_buf_done(&address);
}

/* tracer: NULL if nobody asked. */
static void put_view(struct au_input *input, struct au_block *block, const struct au_view *view,
                     struct au_tracer *tracer)
{
    struct au_view_result result;
    struct au_json_write json;
    struct au_decoder decoder;
    uint64_t height = au_block_header(block)->height - 1;
    au_block_trace(block, tracer);
    enum au_err err = au_block_view(block, view, &result);
    if (err != AU_OK) {
        au_fail(input->response, err);
        return;
    }
    au_put_height(input->response, height);
    if (result.outcome == AU_OUTCOME_NO_CONTRACT) {
        au_input_fail_contract(input);
        return;
    }
    if (result.outcome == AU_OUTCOME_NO_FUNCTION) {
        fail_function(input, view);
        return;
    }
    au_reply_begin(&json, input->response, 200);
    au_json_put_view(&json, &result);
    au_decoder_init(&decoder, input->api, AU_DECODER_SIZE_MAX);
    au_decoder_put_view(&decoder, &json, view, &result, height);
    au_json_put_u64(&json, "height", height);
    if (tracer != NULL) au_trace_put_json(&json, tracer, &decoder);
    au_decoder_done(&decoder);
    au_reply_end(&json);
}

/* The rest of a view, from body or query. */
static void run_view(struct au_input *input, struct au_view *view)
{
    struct au_block *block;
    struct au_bytes args[AU_ARG_COUNT_MAX];
    uint64_t limit = au_ledger_params(input->api->options.ledger)->block_gas_limit;
    uint64_t height;
    bool is_given;
    struct au_tracer tracer;
    bool is_traced = au_trace_is_wanted(input);
    view->gas_limit = limit;
    au_input_address(input, "from", &view->caller);
    if (au_input_u64(input, "gas_limit", &view->gas_limit) && view->gas_limit > limit) {
        view->gas_limit = limit;
    }
    if (input->has_failed || !au_input_height(input, &height, &is_given)) return;
    const struct au_call_target target = {.function = view->function,
                                          .contract = &view->contract,
                                          .is_past = is_given,
                                          .height = height};
    if (!au_call_args_read(input, &target, args, &view->arg_count)) return;
    view->args = args;
    enum au_err err =
        au_block_lend(input->api, is_given ? AU_LEND_PAST : AU_LEND_NEXT, height, &block);
    if (err != AU_OK) {
        au_input_fail_height(input, height, err);
        return;
    }
    atomic_fetch_add(&input->api->counts.simulated, 1);
    au_tracer_init(&tracer);
    put_view(input, block, view, is_traced ? &tracer : NULL);
    au_tracer_done(&tracer);
    au_block_give_back(input->api, block);
}

void au_get_view(struct au_input *input)
{
    struct au_view view = {.function = au_request_param(input->request, "function")};
    if (au_input_path_address(input, "address", &view.contract)) run_view(input, &view);
}

void au_post_view(struct au_input *input)
{
    static const char *const names[] = {"contract",  "function", "args", "from",
                                        "gas_limit", "height",   NULL};
    struct au_view view = {0};
    if (!au_input_parse(input, names)) return;
    if (!au_input_address(input, "contract", &view.contract)) {
        au_input_need(input, "contract", "the contract's address");
    }
    if (!au_input_text(input, "function", &view.function)) {
        au_input_need(input, "function", "the name of a function");
    }
    if (!input->has_failed) run_view(input, &view);
}
