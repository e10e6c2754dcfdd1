/* The counter as C of this machine: `aureon test` compiles and runs it under sanitizers, and a
 * debugger can step through it. */
#include "aureon_mock.h"

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

static uint64_t number(struct aureon_mock_result result)
{
    uint64_t value;
    CHECK(result.outcome == AUREON_SUCCESS && result.data.size == sizeof(value));
    memcpy(&value, result.data.data, sizeof(value));
    return value;
}

int main(void)
{
    uint64_t by = UINT64_MAX;
    struct aureon_mock_args all = {1, {{(const uint8_t *)&by, sizeof(by)}}};
    aureon_address alice = aureon_mock_account("alice"), counter;
    struct aureon_mock_result deployed = aureon_mock_deploy("counter", alice, 0, NULL, &counter);
    CHECK(deployed.outcome == AUREON_SUCCESS);

    CHECK(number(aureon_mock_call(counter, "increment", alice, 0, NULL)) == 1);
    CHECK(number(aureon_mock_view(counter, "get", NULL)) == 1);
    CHECK(aureon_mock_event(0) != NULL && aureon_mock_event(1) == NULL);

    struct aureon_mock_result over = aureon_mock_call(counter, "increment", alice, 0, &all);
    CHECK(over.outcome == AUREON_REVERTED && over.revert_code == 1);
    CHECK(number(aureon_mock_view(counter, "get", NULL)) == 1);
    return 0;
}
