/* What the handlers share. Only src/contract/host*.c may include this. */
#ifndef AUREON_CONTRACT_HOST_INTERNAL_H
#define AUREON_CONTRACT_HOST_INTERNAL_H

#include "contract/host.h"
#include "core/limits.h"

/* Prices that depend on what a call finds, in steps. */
enum au_host_gas {
#define AU_HOST_GAS(NAME, steps, text) AU_HOST_GAS_##NAME = (steps),
#include "abi/host.def"
#undef AU_HOST_GAS
};

/* The handlers: au_host_log, au_host_get_balance, ... */
#define AU_HOST(number, name, params, results, gas, byte_steps, byte_args, mode) \
    au_host_fn au_host_##name;
#include "abi/host.def"
#undef AU_HOST

static inline struct au_frame *au_host_frame(const struct au_instance *instance)
{
    return instance->context;
}

/* au_host_get borrows [pointer, pointer + size) of memory, until the guest runs again. false: not
 * in memory, the handler rejects. */
static inline bool au_host_get(const struct au_instance *instance, uint32_t pointer, uint32_t size,
                               struct au_bytes *out_bytes)
{
    if (!au_instance_has_range(instance, pointer, size)) return false;
    *out_bytes = (struct au_bytes){size == 0 ? NULL : instance->memory + pointer, size};
    return true;
}

/* au_host_put writes bytes to memory; the handler has checked the range. */
static inline void au_host_put(const struct au_instance *instance, uint32_t pointer,
                               struct au_bytes bytes)
{
    if (bytes.size > 0) memcpy(instance->memory + pointer, bytes.data, bytes.size);
}

static inline enum au_host_next au_host_return_i32(union au_value *args, int32_t value)
{
    args[0] = (union au_value){.i32 = value};
    return AU_HOST_CONTINUE;
}

static inline enum au_host_next au_host_return_u64(union au_value *args, uint64_t value)
{
    args[0] = (union au_value){.u64 = value};
    return AU_HOST_CONTINUE;
}

/* au_host_resolve gives the account that bytes name; false: they name none. */
static inline bool au_host_resolve(const struct au_env *env, struct au_bytes id,
                                   struct au_address *out_address)
{
    if (env->names) return au_names_address(id, out_address);
    if (id.size != AU_ADDRESS_SIZE) return false;
    memcpy(out_address->bytes, id.data, AU_ADDRESS_SIZE);
    return true;
}

/* au_host_is_forbidden tells whether the running function writes while its frame is a view. */
static inline bool au_host_is_forbidden(const struct au_instance *instance)
{
    return instance->entry->writes && au_host_frame(instance)->call->is_view;
}

#endif
