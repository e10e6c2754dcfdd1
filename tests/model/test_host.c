#include "model/test_host.h"

#include <string.h>

#include "vm/engine.h"

static struct au_test_record *record_of(struct au_instance *instance)
{
    return instance->context;
}

static bool is_wide(char letter)
{
    return letter == 'I' || letter == 'F';
}

/* Gives a number that depends on the arguments alone, not on the gas counter, so that a run
 * needs the same number of steps under any limit. */
static uint64_t note_call(struct au_instance *instance, const union au_value *args)
{
    struct au_test_record *record = record_of(instance);
    const struct au_host_entry *entry = instance->entry;
    uint64_t digest = au_test_mix(0, entry->number);
    for (size_t i = 0; entry->params[i] != 0; i++) {
        digest = au_test_mix(digest, is_wide(entry->params[i]) ? args[i].u64 : args[i].u32);
    }
    record->digest = au_test_mix(record->digest, digest);
    record->digest = au_test_mix(record->digest, (uint64_t)instance->steps_left);
    record->digest = au_test_mix(record->digest, instance->memory_size);
    record->call_count++;
    if (instance->memory_size > 0) {
        uint32_t at = entry->params[0] != 0 ? args[0].u32 : entry->number;
        instance->memory[at % instance->memory_size] ^= (uint8_t)digest;
    }
    return digest;
}

static enum au_host_next run_any(struct au_instance *instance, union au_value *args)
{
    uint64_t digest = note_call(instance, args);
    char result = instance->entry->results[0];
    if (result == 'I') args[0].u64 = digest;
    if (result == 'i') args[0].u32 = (uint32_t)digest & 0xff;
    return AU_HOST_CONTINUE;
}

static enum au_host_next run_gas_left(struct au_instance *instance, union au_value *args)
{
    (void)note_call(instance, args);
    record_of(instance)->has_asked_gas = true;
    args[0].i64 = instance->steps_left;
    return AU_HOST_CONTINUE;
}

static enum au_host_next run_revert(struct au_instance *instance, union au_value *args)
{
    (void)note_call(instance, args);
    return au_instance_end(instance, AU_OUTCOME_REVERTED, 0);
}

static enum au_host_next run_abort(struct au_instance *instance, union au_value *args)
{
    (void)note_call(instance, args);
    return au_instance_end(instance, AU_OUTCOME_TRAPPED, AU_TRAP_ABORT);
}

static enum au_host_next run_reject(struct au_instance *instance, union au_value *args)
{
    (void)note_call(instance, args);
    return au_instance_reject(instance, AU_HOST_REJECT_HANDLE);
}

static enum au_host_next run_spend(struct au_instance *instance, union au_value *args)
{
    if (!au_instance_charge(instance, (int64_t)(args[0].u64 & 0xffff))) return AU_HOST_STOP;
    args[0].u64 = note_call(instance, args);
    return AU_HOST_CONTINUE;
}

/* A NaN as big as its type allows: the contract must get the bits as they are. */
static enum au_host_next run_floats(struct au_instance *instance, union au_value *args)
{
    uint64_t digest = note_call(instance, args);
    args[0].u64 = digest & 1 ? digest | UINT64_C(0x7ff0000000000000) : args[1].u64;
    return AU_HOST_CONTINUE;
}

#define run_log               run_any
#define run_get_balance       run_any
#define run_transfer          run_any
#define run_storage_read      run_any
#define run_storage_write     run_any
#define run_storage_size      run_any
#define run_storage_delete    run_any
#define run_arg_count         run_any
#define run_arg_size          run_any
#define run_arg_read          run_any
#define run_return_data       run_any
#define run_self_address      run_any
#define run_caller            run_any
#define run_origin            run_any
#define run_value             run_any
#define run_block_height      run_any
#define run_block_time        run_any
#define run_chain_id          run_any
#define run_emit              run_any
#define run_call              run_any
#define run_deploy            run_any
#define run_ret_size          run_any
#define run_ret_read          run_any
#define run_upgrade           run_any
#define run_set_admin         run_any
#define run_iter_open         run_any
#define run_iter_next         run_any
#define run_iter_close        run_any
#define run_sha256            run_any
#define run_keccak256         run_any
#define run_blake2b_256       run_any
#define run_ed25519_verify    run_any
#define run_secp256k1_verify  run_any
#define run_secp256k1_recover run_any
#define run_p256_verify       run_any

static const struct au_host_entry entries[] = {
#define AU_HOST(number_, name_, params_, results_, gas_, byte_steps_, byte_args_, mode_) \
    {.name = #name_,                                                                     \
     .number = (number_),                                                                \
     .params = (params_),                                                                \
     .results = (results_),                                                              \
     .base_steps = (gas_),                                                               \
     .byte_steps = (byte_steps_),                                                        \
     .byte_args = (byte_args_),                                                          \
     .run = run_##name_},
#include "abi/host.def"
#undef AU_HOST
    {.name = "reject",
     .number = 200,
     .params = "i",
     .results = "",
     .base_steps = 3,
     .run = run_reject},
    {.name = "spend",
     .number = 201,
     .params = "I",
     .results = "I",
     .base_steps = 2,
     .run = run_spend},
    {.name = "free", .number = 202, .params = "", .results = "", .run = run_any},
    {.name = "floats",
     .number = 203,
     .params = "fFi",
     .results = "F",
     .base_steps = 1,
     .run = run_floats},
};

const struct au_host_table *au_test_host(void)
{
    static const struct au_host_table table = {"env", entries, AU_COUNT_OF(entries)};
    return &table;
}
