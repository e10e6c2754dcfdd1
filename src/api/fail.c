/* What goes wrong, as problems. */
#include <inttypes.h>

#include "api/api_internal.h"
#include "core/limits.h"

#define GOT_SIZE_MAX 120u /* bytes of a value that is shown */
#define RETRY_S      "60" /* seconds in which somebody may have made room */

void au_fail(struct au_response *response, enum au_err err)
{
    struct au_problem problem;
    AU_ASSERT(err != AU_OK);
    au_problem_init(&problem,
                    err == AU_ERR_NO_MEMORY ? AU_PROBLEM_UNAVAILABLE : AU_PROBLEM_INTERNAL);
    au_problem_set(&problem, "detail", "%s", au_err_text(err));
    au_response_put_problem(response, &problem);
}

void au_fail_value(struct au_response *response, const char *name, const char *expected,
                   struct au_bytes got)
{
    struct au_problem problem;
    int size = (int)(got.size < GOT_SIZE_MAX ? got.size : GOT_SIZE_MAX);
    au_problem_init(&problem, AU_PROBLEM_BAD_VALUE);
    au_problem_set(&problem, "detail", "`%s` does not have the form it must have", name);
    au_problem_set(&problem, "member", "%s", name);
    au_problem_set(&problem, "expected", "%s", expected);
    au_problem_set(&problem, "got", "%.*s%s", size, size > 0 ? (const char *)got.data : "",
                   got.size > GOT_SIZE_MAX ? "..." : "");
    au_response_put_problem(response, &problem);
}

static const enum au_problem_code codes[] = {
    [0] = AU_PROBLEM_INTERNAL,
#define AU_INVALID(number, NAME, name, text) [number] = AU_PROBLEM_TX_##NAME,
#include "abi/invalid.def"
#undef AU_INVALID
};

_Static_assert(AU_COUNT_OF(codes) == AU_API_INVALID_COUNT, "a count for each code");

enum au_problem_code au_problem_of_invalid(enum au_invalid invalid)
{
    AU_ASSERT((size_t)invalid < AU_COUNT_OF(codes));
    return codes[invalid];
}

static void begin_invalid(struct au_api *api, struct au_problem *problem, enum au_invalid invalid)
{
    au_problem_init(problem, au_problem_of_invalid(invalid));
    au_problem_set_number(problem, "invalid", (uint32_t)invalid);
    atomic_fetch_add(&api->counts.invalid[invalid], 1);
}

void au_fail_invalid(struct au_api *api, struct au_response *response, enum au_invalid invalid,
                     uint64_t expected, uint64_t got)
{
    struct au_problem problem;
    begin_invalid(api, &problem, invalid);
    if (expected != 0 || got != 0) {
        au_problem_set(&problem, "expected", "%" PRIu64, expected);
        au_problem_set(&problem, "got", "%" PRIu64, got);
    }
    au_response_put_problem(response, &problem);
}

void au_fail_decode(struct au_api *api, struct au_response *response, enum au_invalid invalid,
                    const struct au_decode *error)
{
    struct au_problem problem;
    begin_invalid(api, &problem, invalid);
    if (invalid == AU_INVALID_ENCODING || invalid == AU_INVALID_VERSION) {
        au_problem_set(&problem, "detail", "%s, at byte %zu", error->error, error->error_at);
    }
    au_response_put_problem(response, &problem);
}

void au_fail_applied(struct au_api *api, struct au_response *response,
                     const struct au_checked *checked, const struct au_applied *applied)
{
    const struct au_params *params = au_ledger_params(api->options.ledger);
    const struct au_check_sender *sender = &applied->sender;
    const struct au_tx *tx = &checked->tx;
    const uint64_t intrinsic = (checked->intrinsic_steps + AU_STEPS_PER_GAS - 1) / AU_STEPS_PER_GAS;
    const struct {
        enum au_invalid invalid;
        uint64_t expected;
        uint64_t got;
    } rows[] = {
        {AU_INVALID_EXPIRED, sender->height, tx->valid_until},
        {AU_INVALID_NONCE_LOW, sender->nonce, tx->nonce},
        {AU_INVALID_NONCE_HIGH, sender->nonce, tx->nonce},
        {AU_INVALID_GAS_LOW, intrinsic, checked->gas_limit},
        {AU_INVALID_GAS_HIGH, params->block_gas_limit, checked->gas_limit},
        {AU_INVALID_PRICE_LOW, params->gas_price_min, tx->gas_price},
        {AU_INVALID_BALANCE, au_check_cost(checked), sender->balance},
    };
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        if (rows[i].invalid != applied->invalid) continue;
        au_fail_invalid(api, response, applied->invalid, rows[i].expected, rows[i].got);
        return;
    }
    au_fail_invalid(api, response, applied->invalid, 0, 0);
}

bool au_refuse_full_store(struct au_api *api, struct au_response *response)
{
    struct au_problem problem;
    struct au_api_room room = au_api_room(api);
    if (!room.is_full) return false;
    au_problem_init(&problem, AU_PROBLEM_STORE_FULL);
    au_problem_set(&problem, "free", "%" PRIu64, room.free);
    au_problem_set(&problem, "wanted", "%" PRIu64, room.wanted);
    au_response_put_problem(response, &problem);
    au_response_put_header(response, "Retry-After", RETRY_S);
    return true;
}
