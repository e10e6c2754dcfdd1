/* The host functions that read and change the working state: balances and storage. */
#include "contract/host_internal.h"
#include "core/address.h"

/* ---- balances ---- */

enum au_host_next au_host_get_balance(struct au_instance *instance, union au_value *args)
{
    struct au_env *env = au_host_frame(instance)->env;
    struct au_bytes id;
    struct au_address address;
    if (!au_host_get(instance, args[0].u32, args[1].u32, &id)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    if (!au_host_resolve(env, id, &address)) return au_host_return_u64(args, 0);

    struct au_account account;
    enum au_err err = au_overlay_get_account(env->overlay, &address, &account);
    if (err != AU_OK) return au_instance_fail(instance, err);
    return au_host_return_u64(args, account.balance);
}

enum transfer_result {
    TRANSFER_DONE = 0,
    TRANSFER_INSUFFICIENT = 1,
    TRANSFER_NOT_SELF = 2,
    TRANSFER_BAD_RECIPIENT = 3,
};

static enum au_err credit(struct au_env *env, const struct au_address *address, uint64_t amount,
                          struct au_bytes id)
{
    struct au_account account;
    AU_TRY(au_overlay_get_account(env->overlay, address, &account));
    AU_ASSERT(account.balance <= AU_AMOUNT_MAX - amount);
    account.balance += amount;
    account.exists = true;
    AU_TRY(au_overlay_put_account(env->overlay, address, account));
    return env->names ? au_names_add(env->names, address, id) : AU_OK;
}

/* A transfer that the balance covers, to an account that may take it. */
static enum au_host_next move(struct au_instance *instance, struct au_account from,
                              const struct au_address *to_address, struct au_bytes to_id,
                              uint64_t amount)
{
    struct au_frame *frame = au_host_frame(instance);
    struct au_overlay *overlay = frame->env->overlay;
    const struct au_address *self = &frame->call->self;
    if (amount == 0 || au_address_is_equal(self, to_address)) return AU_HOST_CONTINUE;

    struct au_account to;
    enum au_err err = au_overlay_get_account(overlay, to_address, &to);
    if (err != AU_OK) return au_instance_fail(instance, err);
    if (!to.exists && !au_instance_charge(instance, AU_HOST_GAS_TRANSFER_CREATE)) {
        return AU_HOST_STOP;
    }
    from.balance -= amount;
    err = au_overlay_put_account(overlay, self, from);
    if (err == AU_OK) err = credit(frame->env, to_address, amount, to_id);
    return err == AU_OK ? AU_HOST_CONTINUE : au_instance_fail(instance, err);
}

enum au_host_next au_host_transfer(struct au_instance *instance, union au_value *args)
{
    struct au_frame *frame = au_host_frame(instance);
    uint64_t amount = args[4].u64;
    struct au_bytes from_id;
    struct au_bytes to_id;
    if (!au_host_get(instance, args[0].u32, args[1].u32, &from_id) ||
        !au_host_get(instance, args[2].u32, args[3].u32, &to_id)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    if (au_host_is_forbidden(instance)) return au_instance_end(instance, AU_OUTCOME_NOT_ALLOWED, 0);

    struct au_address from;
    struct au_address to;
    if (!au_host_resolve(frame->env, from_id, &from) ||
        !au_address_is_equal(&from, &frame->call->self)) {
        return au_host_return_i32(args, TRANSFER_NOT_SELF);
    }
    if (!au_host_resolve(frame->env, to_id, &to) || au_address_is_equal(&to, &au_address_system)) {
        return au_host_return_i32(args, TRANSFER_BAD_RECIPIENT);
    }

    struct au_account account;
    enum au_err err = au_overlay_get_account(frame->env->overlay, &from, &account);
    if (err != AU_OK) return au_instance_fail(instance, err);
    if (amount > account.balance) return au_host_return_i32(args, TRANSFER_INSUFFICIENT);
    if (move(instance, account, &to, to_id, amount) == AU_HOST_STOP) return AU_HOST_STOP;
    return au_host_return_i32(args, TRANSFER_DONE);
}

/* ---- storage ---- */

static bool is_key_size(uint32_t size)
{
    return size > 0 && size <= AU_KEY_SIZE_MAX;
}

static enum au_err get_slot(const struct au_instance *instance, struct au_bytes key,
                            struct au_slot *out_slot)
{
    struct au_frame *frame = au_host_frame(instance);
    return au_overlay_get_slot(frame->env->overlay, &frame->call->self, key, out_slot);
}

enum au_host_next au_host_storage_read(struct au_instance *instance, union au_value *args)
{
    uint32_t pointer = args[2].u32;
    uint32_t size_max = args[3].u32;
    struct au_bytes key;
    if (!is_key_size(args[1].u32)) return au_host_return_i32(args, -1);
    if (!au_host_get(instance, args[0].u32, args[1].u32, &key) ||
        !au_instance_has_range(instance, pointer, size_max)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }

    struct au_slot slot;
    enum au_err err = get_slot(instance, key, &slot);
    if (err != AU_OK) return au_instance_fail(instance, err);
    if (!slot.exists) return au_host_return_i32(args, -1);
    struct au_bytes copied = slot.value;
    if (copied.size > size_max) copied.size = size_max;
    int64_t steps = (int64_t)slot.value.size * AU_HOST_GAS_STORAGE_STORED_BYTE +
                    (int64_t)copied.size * AU_HOST_GAS_STORAGE_COPIED_BYTE;
    if (!au_instance_charge(instance, steps)) return AU_HOST_STOP;
    au_host_put(instance, pointer, copied);
    return au_host_return_i32(args, (int32_t)copied.size);
}

enum au_host_next au_host_storage_write(struct au_instance *instance, union au_value *args)
{
    struct au_frame *frame = au_host_frame(instance);
    struct au_bytes key;
    struct au_bytes value;
    if (!is_key_size(args[1].u32) || args[3].u32 > AU_VALUE_SIZE_MAX) {
        return au_host_return_i32(args, 1);
    }
    if (!au_host_get(instance, args[0].u32, args[1].u32, &key) ||
        !au_host_get(instance, args[2].u32, args[3].u32, &value)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    if (au_host_is_forbidden(instance)) return au_instance_end(instance, AU_OUTCOME_NOT_ALLOWED, 0);

    struct au_slot slot;
    enum au_err err = get_slot(instance, key, &slot);
    if (err != AU_OK) return au_instance_fail(instance, err);
    if (!slot.exists && !au_instance_charge(instance, AU_HOST_GAS_STORAGE_CREATE)) {
        return AU_HOST_STOP;
    }
    err = au_overlay_put_slot(frame->env->overlay, &frame->call->self, key, value);
    if (err != AU_OK) return au_instance_fail(instance, err);
    return au_host_return_i32(args, 0);
}

enum au_host_next au_host_storage_size(struct au_instance *instance, union au_value *args)
{
    struct au_bytes key;
    struct au_slot slot;
    if (!is_key_size(args[1].u32)) return au_host_return_u64(args, UINT64_MAX);
    if (!au_host_get(instance, args[0].u32, args[1].u32, &key)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    enum au_err err = get_slot(instance, key, &slot);
    if (err != AU_OK) return au_instance_fail(instance, err);
    if (!slot.exists) return au_host_return_u64(args, UINT64_MAX);
    int64_t steps = (int64_t)slot.value.size * AU_HOST_GAS_STORAGE_STORED_BYTE;
    if (!au_instance_charge(instance, steps)) return AU_HOST_STOP;
    return au_host_return_u64(args, slot.value.size);
}

enum au_host_next au_host_storage_delete(struct au_instance *instance, union au_value *args)
{
    struct au_frame *frame = au_host_frame(instance);
    struct au_bytes key;
    if (!is_key_size(args[1].u32)) return au_host_return_i32(args, 1);
    if (!au_host_get(instance, args[0].u32, args[1].u32, &key)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    if (au_host_is_forbidden(instance)) return au_instance_end(instance, AU_OUTCOME_NOT_ALLOWED, 0);

    struct au_slot slot;
    enum au_err err = get_slot(instance, key, &slot);
    if (err == AU_OK) {
        err = au_overlay_del_slot(frame->env->overlay, &frame->call->self, key);
    }
    if (err != AU_OK) return au_instance_fail(instance, err);
    return au_host_return_i32(args, slot.exists ? 0 : 1);
}
