/* What the fuzz targets share: a cursor over the input, contracts made from text, and what must
 * hold of every result, whatever ran.
 *
 * A target stops the process on a finding (AU_ASSERT, a sanitizer); it reads no clock, leaves no
 * file behind, and what it does depends on the input alone. What is dear to make (engines, fixed
 * contracts) is made at the first input and kept until the process ends.
 *
 * Threading: one thread. */
#ifndef AUREON_FUZZ_FUZZ_H
#define AUREON_FUZZ_FUZZ_H

#include <stdio.h>
#include <string.h>

#include "aureon.h"
#include "base/base.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "core/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the input ------------------------------------------------------------------------------- */

/* What has not been read yet. Reading past the end gives zeros. */
struct fuzz_input {
    const uint8_t *pos;
    const uint8_t *end;
};

static inline size_t fuzz_left(const struct fuzz_input *input)
{
    return (size_t)(input->end - input->pos);
}

static inline uint8_t fuzz_u8(struct fuzz_input *input)
{
    return input->pos == input->end ? 0 : *input->pos++;
}

/* fuzz_number reads size little-endian bytes, at most 8. */
static inline uint64_t fuzz_number(struct fuzz_input *input, unsigned size)
{
    uint64_t number = 0;
    for (unsigned i = 0; i < size; i++)
        number |= (uint64_t)fuzz_u8(input) << (8 * i);
    return number;
}

/* fuzz_take borrows at most size bytes. */
static inline struct au_bytes fuzz_take(struct fuzz_input *input, size_t size)
{
    if (size > fuzz_left(input)) size = fuzz_left(input);
    struct au_bytes bytes = {input->pos, size};
    input->pos += size;
    return bytes;
}

static inline uint64_t fuzz_mix(uint64_t digest, uint64_t value)
{
    digest = (digest ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return digest ^ digest >> 29;
}

/* fuzz_mix_bytes reads every byte, so that AddressSanitizer sees them all. */
static inline uint64_t fuzz_mix_bytes(uint64_t digest, struct au_bytes bytes)
{
    digest = fuzz_mix(digest, bytes.size);
    for (size_t i = 0; i < bytes.size; i++)
        digest = fuzz_mix(digest, bytes.data[i]);
    return digest;
}

/* ---- fixed contracts ------------------------------------------------------------------------- */

static inline struct au_runtime *fuzz_runtime(bool optimize_none)
{
    struct au_runtime *runtime;
    struct au_runtime_options options = {
        .parallel_max = 1, .module_cache_size = 1, .optimize_none = optimize_none};
    enum au_err err = au_runtime_new(&options, &runtime);
    AU_ASSERT(err == AU_OK);
    return runtime;
}

/* fuzz_load compiles a contract of the target's own. */
static inline struct au_module *fuzz_load(struct au_runtime *runtime, const struct au_buf *text)
{
    char message[256] = "";
    struct au_reject reject = {0};
    struct au_bytes code;
    struct au_module *module;
    AU_ASSERT(text->err == AU_OK);
    enum au_err err = au_wat_to_wasm(au_buf_bytes(text), &code, message, sizeof(message));
    if (err != AU_OK) fprintf(stderr, "%s\n", message);
    AU_ASSERT(err == AU_OK);
    err = au_module_load(runtime, code, &module, &reject);
    if (err != AU_OK) fprintf(stderr, "%s: %s\n", reject.rule, reject.message);
    AU_ASSERT(err == AU_OK);
    au_free(code.data);
    return module;
}

/* ---- results --------------------------------------------------------------------------------- */

static inline bool fuzz_is_host_number(uint32_t number)
{
    static const uint32_t numbers[] = {
#define AU_HOST(number, name, params, results, gas, byte_steps, byte_args, mode) number,
#include "abi/host.def"
#undef AU_HOST
    };
    for (size_t i = 0; i < AU_COUNT_OF(numbers); i++) {
        if (numbers[i] == number) return true;
    }
    return false;
}

static inline bool fuzz_is_detail(enum au_outcome outcome, uint32_t detail)
{
    if (outcome == AU_OUTCOME_TRAPPED) return detail >= 1 && detail <= 9;
    if (outcome != AU_OUTCOME_HOST_REJECTED) return detail == 0;
    return fuzz_is_host_number(detail / 256) && detail % 256 >= 1 && detail % 256 <= 5;
}

static inline uint64_t fuzz_check_storage(const struct au_result *result, uint64_t digest)
{
    for (size_t i = 0; i < result->storage_change_count; i++) {
        const struct au_storage_change *change = &result->storage_changes[i];
        AU_ASSERT(change->key.size >= 1);
        AU_ASSERT(change->key.size <= AU_KEY_SIZE_MAX);
        AU_ASSERT(change->before.size <= AU_VALUE_SIZE_MAX);
        AU_ASSERT(change->after.size <= AU_VALUE_SIZE_MAX);
        AU_ASSERT(change->existed || change->before.size == 0);
        AU_ASSERT(change->exists || change->after.size == 0);
        AU_ASSERT(change->existed != change->exists ||
                  !au_bytes_is_equal(change->before, change->after));
        digest = fuzz_mix_bytes(digest, change->key);
        digest = fuzz_mix_bytes(digest, change->before);
        digest = fuzz_mix_bytes(digest, change->after);
    }
    return digest;
}

/* Base units move; they are neither made nor lost. */
static inline uint64_t fuzz_check_balances(const struct au_result *result, uint64_t digest)
{
    uint64_t before = 0;
    uint64_t after = 0;
    for (size_t i = 0; i < result->state_change_count; i++) {
        const struct au_state_change *change = &result->state_changes[i];
        AU_ASSERT(change->account.size >= 1);
        AU_ASSERT(change->account.size <= AU_ID_SIZE_MAX);
        before += change->before;
        after += change->after;
        digest = fuzz_mix_bytes(digest, change->account);
        digest = fuzz_mix(digest, change->after);
    }
    AU_ASSERT(before == after);
    AU_ASSERT(after <= AU_AMOUNT_MAX);
    return digest;
}

static inline uint64_t fuzz_check_logs(const struct au_result *result, uint64_t digest)
{
    size_t size = 0;
    for (size_t i = 0; i < result->log_count; i++) {
        size += result->logs[i].size + 4;
        digest = fuzz_mix_bytes(digest, result->logs[i]);
    }
    AU_ASSERT(size <= AU_LOGS_SIZE_MAX);
    return digest;
}

/* fuzz_check_result checks what holds of every result and gives a digest of all that is the same
 * wherever the same contract runs. */
static inline uint64_t fuzz_check_result(const struct au_execute_options *options,
                                         const struct au_result *result)
{
    AU_ASSERT(result->gas_used <= options->gas_limit);
    AU_ASSERT(result->success == (result->outcome == AU_OUTCOME_SUCCESS));
    AU_ASSERT(result->outcome_class == au_outcome_class(result->outcome));
    AU_ASSERT(strcmp(au_outcome_name(result->outcome), "unknown") != 0);
    AU_ASSERT(fuzz_is_detail(result->outcome, result->detail));
    AU_ASSERT(result->message != NULL);
    AU_ASSERT(strlen(result->message) > 0);
    AU_ASSERT(result->output.size <= AU_OUTPUT_SIZE_MAX);
    AU_ASSERT(result->outcome == AU_OUTCOME_REVERTED || result->revert_code == 0);
    AU_ASSERT(result->success || result->outcome == AU_OUTCOME_REVERTED ||
              result->output.size == 0);
    AU_ASSERT(result->outcome != AU_OUTCOME_OUT_OF_GAS || result->gas_used == options->gas_limit);
    if (!result->success || options->is_view) {
        AU_ASSERT(result->state_change_count == 0);
        AU_ASSERT(result->storage_change_count == 0);
    }

    uint64_t digest = fuzz_mix(result->gas_used, (uint64_t)result->outcome);
    digest = fuzz_mix(digest, result->detail);
    digest = fuzz_mix(digest, result->revert_code);
    digest = fuzz_mix_bytes(digest, result->output);
    digest = fuzz_check_logs(result, digest);
    digest = fuzz_check_storage(result, digest);
    return fuzz_check_balances(result, digest);
}

#endif
