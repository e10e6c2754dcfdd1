/* A host for programs that run twice, in the engine and in the model: what its functions do depends
 * on their arguments, the memory and the gas counter alone, and they keep a record of every call.
 *
 * It offers every name of abi/host.def with its type, of which gas_left does what its name
 * says, and these functions more:
 *
 *     reject (i32)            ends the frame with host_rejected
 *     spend  (i64) -> i64     takes that many steps, as one unsigned 16-bit number
 *     free   ()               has no price
 *     floats (f32, f64, i32) -> f64
 *
 * Prices are the ones of abi/host.def with steps in place of gas, so that every limit of steps can
 * be tried. revert and abort end the frame; each other function changes one byte of memory. */
#ifndef AUREON_TESTS_TEST_HOST_H
#define AUREON_TESTS_TEST_HOST_H

#include "vm/host_table.h"

/* The record; the context of an instance. Starts zeroed. */
struct au_test_record {
    uint64_t digest; /* of number, arguments and gas counter of every call, in order */
    uint32_t call_count;
    bool has_asked_gas; /* gas_left was called: the run may depend on its limit */
};

/* au_test_host gives the table. It is static. */
const struct au_host_table *au_test_host(void);

/* au_test_mix folds a number into a digest. */
static inline uint64_t au_test_mix(uint64_t digest, uint64_t value)
{
    digest = (digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return digest ^ digest >> 29;
}

/* au_test_random gives the next number of a fixed sequence; the state may start at anything. */
static inline uint64_t au_test_random(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t value = (*state ^ *state >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

#endif
