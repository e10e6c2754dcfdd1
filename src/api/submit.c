#include "api/submit.h"

#include <inttypes.h>

#include "api/json.h"
#include "base/clock.h"

#define NS_PER_MS UINT64_C(1000000)

bool au_submit_read_wait(struct au_input *input, struct au_submit_wait *out_wait)
{
    static const char *const words[] = {"committed", "accepted", "none", NULL};
    size_t word = 0;
    *out_wait = (struct au_submit_wait){.timeout_ms = AU_SUBMIT_TIMEOUT_MS};
    au_input_query_word(input, "wait", words, &word);
    au_input_query_time(input, "timeout", AU_SUBMIT_TIMEOUT_MS_MAX, &out_wait->timeout_ms);
    out_wait->is_waiting = word == 0;
    return !input->has_failed;
}

bool au_submit_decode(struct au_input *input, struct au_bytes bytes, struct au_checked *out_checked)
{
    struct au_decode error;
    if (input->has_failed) return false;
    enum au_invalid invalid =
        au_check_decode(au_ledger_params(input->api->options.ledger), bytes, out_checked, &error);
    if (invalid == AU_INVALID_NONE) return true;
    input->has_failed = true;
    au_fail_decode(input->api, input->response, invalid, &error);
    return false;
}

bool au_submit_verify(struct au_input *input, const struct au_checked *checked)
{
    bool is_valid = false;
    enum au_err err =
        au_check_signature(checked, au_ledger_genesis_hash(input->api->options.ledger), &is_valid);
    if (err == AU_OK && is_valid) return true;
    input->has_failed = true;
    if (err != AU_OK) {
        au_fail(input->response, err);
    } else {
        au_fail_invalid(input->api, input->response, AU_INVALID_SIGNATURE, 0, 0);
    }
    return false;
}

/* ---- what the pool says ---- */

static const struct refusal {
    enum au_mempool_status status;
    enum au_problem_code code;
    const char *detail; /* NULL: the code's */
} refusals[] = {
    {AU_MEMPOOL_UNDERPRICED, AU_PROBLEM_REPLACEMENT_UNDERPRICED, NULL},
    {AU_MEMPOOL_SENDER_COUNT, AU_PROBLEM_SENDER_FULL, NULL},
    {AU_MEMPOOL_SENDER_SIZE, AU_PROBLEM_SENDER_FULL,
     "the pool holds as many bytes of this sender as it may; wait until some are in a block"},
    {AU_MEMPOOL_PARKED_FULL, AU_PROBLEM_POOL_FULL,
     "the pool has no room for transactions whose earlier nonces are missing; send those first"},
    {AU_MEMPOOL_FULL, AU_PROBLEM_POOL_FULL, NULL},
};

static void explain_invalid(struct au_api *api, const struct au_mempool_result *result,
                            struct au_problem *out_problem)
{
    atomic_fetch_add(&api->counts.invalid[result->invalid], 1);
    au_problem_init(out_problem, au_problem_of_invalid(result->invalid));
    au_problem_set_number(out_problem, "invalid", (uint32_t)result->invalid);
}

bool au_submit_explain(struct au_api *api, const struct au_mempool_result *result,
                       struct au_problem *out_problem)
{
    const struct refusal *refusal = NULL;
    for (size_t i = 0; i < AU_COUNT_OF(refusals); i++) {
        if (refusals[i].status == result->status) refusal = &refusals[i];
    }
    if (result->status == AU_MEMPOOL_INVALID) {
        explain_invalid(api, result, out_problem);
    } else if (refusal != NULL) {
        atomic_fetch_add(&api->counts.refused, 1);
        au_problem_init(out_problem, refusal->code);
        if (refusal->detail != NULL) au_problem_set(out_problem, "detail", "%s", refusal->detail);
    } else {
        return false;
    }
    if (result->expected != 0 || result->got != 0) {
        au_problem_set(out_problem, "expected", "%" PRIu64, result->expected);
        au_problem_set(out_problem, "got", "%" PRIu64, result->got);
    }
    return true;
}

/* A transaction that the pool refuses may be in a block already: its nonce is used by itself. */
static void answer_refused(struct au_input *input, const struct au_wait_form *form,
                           const struct au_mempool_result *result)
{
    struct au_problem problem;
    if (result->status == AU_MEMPOOL_INVALID) {
        enum au_err err = au_answer_committed(input->api, form, input->response);
        if (err == AU_OK) return;
        if (err != AU_ERR_NOT_FOUND) {
            au_fail(input->response, err);
            return;
        }
    }
    bool is_refused = au_submit_explain(input->api, result, &problem);
    AU_ASSERT(is_refused);
    int status = au_problem_kind(problem.code)->status;
    au_response_put_problem(input->response, &problem);
    if (status == 429 || status == 503) au_response_put_header(input->response, "Retry-After", "1");
}

static bool is_taken(enum au_mempool_status status)
{
    return status == AU_MEMPOOL_EXECUTABLE || status == AU_MEMPOOL_PARKED ||
           status == AU_MEMPOOL_KNOWN;
}

/* ---- waiting ---- */

/* What happened while nobody could be told: into the response that is claimed for it. */
static void answer_missed(struct au_api *api, const struct au_wait *wait,
                          struct au_pending *pending)
{
    struct au_response *response = au_pending_claim(pending);
    if (response != NULL) {
        enum au_err err = au_answer_committed(api, &wait->form, response);
        if (err == AU_ERR_NOT_FOUND && wait->is_dropped) {
            au_answer_dropped(&wait->form.id, wait->reason, response);
        } else if (err != AU_OK) {
            au_fail(response, err);
        }
    }
    au_pending_finish(pending);
}

void au_submit_defer(struct au_api *api, struct au_response *response, struct au_wait *place,
                     unsigned timeout_ms)
{
    struct au_wait missed;
    struct au_pending *pending = au_response_defer(response, timeout_ms);
    if (pending == NULL) {
        au_waits_close(&api->waits, place);
        return;
    }
    uint64_t deadline_ns = au_clock_ns() + timeout_ms * NS_PER_MS;
    if (!au_waits_attach(&api->waits, place, pending, deadline_ns, &missed)) {
        answer_missed(api, &missed, pending);
    }
}

static void answer_taken(struct au_input *input, const struct au_wait_form *form,
                         struct au_wait *place, unsigned timeout_ms)
{
    struct au_api *api = input->api;
    enum au_err err = AU_ERR_NOT_FOUND;
    if (place != NULL) err = au_answer_committed(api, form, input->response);
    if (err == AU_OK || err != AU_ERR_NOT_FOUND) {
        if (err != AU_OK) au_fail(input->response, err);
        au_waits_close(&api->waits, place);
        return;
    }
    au_answer_pending(&form->id, input->response);
    if (place != NULL) au_submit_defer(api, input->response, place, timeout_ms);
}

/* While the disk is full only what is in a block already is told. false: the disk has room. */
static bool answer_full(struct au_input *input, const struct au_wait_form *form)
{
    if (!au_api_room(input->api).is_full) return false;
    enum au_err err = au_answer_committed(input->api, form, input->response);
    if (err == AU_ERR_NOT_FOUND) return au_refuse_full_store(input->api, input->response);
    if (err != AU_OK) au_fail(input->response, err);
    return true;
}

void au_submit(struct au_input *input, const struct au_checked *checked,
               const struct au_wait_form *form, const struct au_submit_wait *how)
{
    struct au_api *api = input->api;
    struct au_mempool_result result;
    if (answer_full(input, form)) return;
    struct au_wait *place = how->is_waiting ? au_waits_open(&api->waits, form) : NULL;
    enum au_err err = au_mempool_add(api->options.mempool, checked, &result);
    if (err == AU_OK && is_taken(result.status)) {
        if (result.status != AU_MEMPOOL_KNOWN) {
            atomic_fetch_add(&api->counts.submitted, 1);
            au_watch_added(&api->watch, checked);
        }
        answer_taken(input, form, place, how->timeout_ms);
        return;
    }
    au_waits_close(&api->waits, place);
    if (err != AU_OK) {
        au_fail(input->response, err);
    } else {
        answer_refused(input, form, &result);
    }
}
