/* Fuzzes scenarios: the input is one file.
 *
 * What is read names nothing that is not there: contracts are those of earlier steps, accounts
 * exist, bounds hold, and each step can be described in one line. What is refused is said. */
#include "cli/scenario.h"
#include "core/dev_account.h"
#include "fuzz.h"

#define MESSAGE_SIZE_MAX (32u << 20) /* bytes */
#define LINE_SIZE_MAX    (32u << 20)

static void check_party(const struct au_scenario *scenario, const struct au_party *party,
                        size_t before)
{
    if (party->kind == AU_PARTY_DEV) AU_ASSERT(party->index < AU_DEV_ACCOUNT_COUNT);
    if (party->kind != AU_PARTY_CONTRACT) return;
    AU_ASSERT(party->index < before);
    AU_ASSERT(scenario->steps[party->index].kind == AU_STEP_DEPLOY);
}

static void check_value(const struct au_scenario *scenario, const struct au_scenario_value *value,
                        size_t before)
{
    if (value->is_party) {
        check_party(scenario, &value->party, before);
    } else {
        (void)fuzz_mix_bytes(0, value->bytes);
    }
}

static void check_expect(const struct au_scenario *scenario, size_t index)
{
    const struct au_expectation *expect = &scenario->steps[index].expect;
    size_t before = index + 1;
    check_value(scenario, &expect->output, before);
    for (size_t i = 0; i < expect->event_count; i++) {
        const struct au_expected_event *event = &expect->events[i];
        AU_ASSERT(event->topic_count <= AU_EVENT_TOPICS_MAX);
        check_party(scenario, &event->contract, before);
        check_value(scenario, &event->data, before);
        for (size_t j = 0; j < event->topic_count; j++)
            check_value(scenario, &event->topics[j], before);
    }
    for (size_t i = 0; i < expect->balance_count; i++) {
        AU_ASSERT(expect->balances[i].amount <= AU_AMOUNT_MAX);
        check_party(scenario, &expect->balances[i].party, before);
    }
    for (size_t i = 0; i < expect->entry_count; i++) {
        AU_ASSERT(expect->entries[i].contract.kind != AU_PARTY_DEV);
        check_party(scenario, &expect->entries[i].contract, before);
        check_value(scenario, &expect->entries[i].key, before);
        check_value(scenario, &expect->entries[i].value, before);
    }
}

static void check_step(const struct au_scenario *scenario, size_t index)
{
    const struct au_step *step = &scenario->steps[index];
    struct au_buf line;
    check_party(scenario, &step->from, index);
    check_party(scenario, &step->to, index);
    check_party(scenario, &step->admin, index);
    AU_ASSERT(step->gas <= AU_SCENARIO_GAS_MAX);
    AU_ASSERT(step->blocks <= AU_SCENARIO_BLOCKS_MAX);
    AU_ASSERT(step->seconds <= AU_SCENARIO_SECONDS_MAX);
    AU_ASSERT(step->arg_count <= AU_ARG_COUNT_MAX);
    if (step->kind != AU_STEP_VIEW) AU_ASSERT(step->from.kind == AU_PARTY_DEV);
    for (size_t i = 0; i < step->arg_count; i++)
        check_value(scenario, &step->args[i], index);
    for (size_t i = 0; i < index && step->kind == AU_STEP_DEPLOY; i++) {
        if (scenario->steps[i].kind != AU_STEP_DEPLOY) continue;
        AU_ASSERT(!au_bytes_is_equal(scenario->steps[i].name, step->name));
    }
    au_buf_init(&line, LINE_SIZE_MAX);
    au_step_describe(step, &line);
    AU_ASSERT(line.err == AU_OK);
    if (line.size > 0) AU_ASSERT(memchr(line.data, '\n', line.size) == NULL);
    au_buf_done(&line);
    check_expect(scenario, index);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct au_scenario scenario;
    struct au_buf message;
    au_scenario_init(&scenario);
    au_buf_init(&message, MESSAGE_SIZE_MAX);
    enum au_err err = au_scenario_parse(&scenario, (struct au_bytes){data, size}, &message);
    AU_ASSERT(message.err == AU_OK);
    if (err == AU_OK) {
        AU_ASSERT(message.size == 0);
        for (size_t i = 0; i < scenario.step_count; i++)
            check_step(&scenario, i);
    } else {
        AU_ASSERT(err == AU_ERR_TOO_LARGE || (err == AU_ERR_MALFORMED && message.size > 0));
    }
    au_buf_done(&message);
    au_scenario_done(&scenario);
    return 0;
}
