/* The host functions that walk over a contract's storage in the order of keys. */
#include "base/mem.h"
#include "contract/host_internal.h"
#include "state/walk.h"

struct au_iters {
    struct au_walk *walks[AU_ITERS_MAX]; /* NULL: the handle is free */
};

static void close_walk(struct au_iters *iters, uint32_t handle)
{
    if (!iters->walks[handle]) return;
    au_walk_close(iters->walks[handle]);
    au_mem_free(iters->walks[handle]);
    iters->walks[handle] = NULL;
}

void au_iters_close(struct au_frame *frame)
{
    if (!frame->iters) return;
    for (uint32_t i = 0; i < AU_ITERS_MAX; i++) {
        close_walk(frame->iters, i);
    }
    au_mem_free(frame->iters);
    frame->iters = NULL;
}

/* NULL: the handle is not open. */
static struct au_walk *find_walk(const struct au_frame *frame, uint32_t handle)
{
    return frame->iters && handle < AU_ITERS_MAX ? frame->iters->walks[handle] : NULL;
}

static enum au_host_next open_walk(struct au_instance *instance, struct au_bytes prefix,
                                   union au_value *args)
{
    struct au_frame *frame = au_host_frame(instance);
    uint32_t handle = 0;
    if (!frame->iters) frame->iters = au_mem_new(sizeof(*frame->iters));
    if (!frame->iters) return au_instance_fail(instance, AU_ERR_NO_MEMORY);
    while (handle < AU_ITERS_MAX && frame->iters->walks[handle]) {
        handle++;
    }
    if (handle == AU_ITERS_MAX) return au_instance_reject(instance, AU_HOST_REJECT_HANDLE);
    struct au_walk *walk = au_mem_new(sizeof(*walk));
    if (!walk) return au_instance_fail(instance, AU_ERR_NO_MEMORY);
    au_walk_open(walk, frame->env->overlay, &frame->call->self, prefix);
    frame->iters->walks[handle] = walk;
    return au_host_return_i32(args, (int32_t)handle);
}

enum au_host_next au_host_iter_open(struct au_instance *instance, union au_value *args)
{
    struct au_bytes prefix;
    if (args[1].u32 > AU_KEY_SIZE_MAX) return au_instance_reject(instance, AU_HOST_REJECT_SIZE);
    if (!au_host_get(instance, args[0].u32, args[1].u32, &prefix)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    return open_walk(instance, prefix, args);
}

static struct au_bytes cut(struct au_bytes bytes, uint32_t size_max)
{
    return (struct au_bytes){bytes.data, bytes.size < size_max ? bytes.size : size_max};
}

/* Gives a key that a walk has come to, and its value, which is not kept: 64 KiB of it are paid for
 * by no more than the step. */
static enum au_host_next put_slot(struct au_instance *instance, struct au_bytes key,
                                  union au_value *args)
{
    const struct au_frame *frame = au_host_frame(instance);
    struct au_slot slot;
    enum au_err err = au_overlay_look_slot(frame->env->overlay, &frame->call->self, key, &slot);
    if (err == AU_OK && !slot.exists) err = AU_ERR_MALFORMED;
    if (err != AU_OK) return au_instance_fail(instance, err);
    struct au_bytes key_copied = cut(key, args[2].u32);
    struct au_bytes value_copied = cut(slot.value, args[4].u32);
    int64_t size = (int64_t)(key_copied.size + value_copied.size);
    if (!au_instance_charge(instance, size * AU_HOST_GAS_ITER_COPIED_BYTE)) return AU_HOST_STOP;
    au_host_put(instance, args[1].u32, key_copied);
    au_host_put(instance, args[3].u32, value_copied);
    return au_host_return_u64(args, (uint64_t)key.size << 32 | slot.value.size);
}

enum au_host_next au_host_iter_next(struct au_instance *instance, union au_value *args)
{
    struct au_walk_step step;
    if (!au_instance_has_range(instance, args[1].u32, args[2].u32) ||
        !au_instance_has_range(instance, args[3].u32, args[4].u32)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    struct au_walk *walk = find_walk(au_host_frame(instance), args[0].u32);
    if (!walk) return au_instance_reject(instance, AU_HOST_REJECT_HANDLE);
    /* No more keys are passed over than can be paid for. */
    uint64_t passed_max = (uint64_t)instance->steps_left / AU_HOST_GAS_ITER_PASSED;
    enum au_err err = au_walk_next(walk, passed_max, &step);
    if (err != AU_OK) return au_instance_fail(instance, err);
    int64_t steps = (int64_t)step.passed * AU_HOST_GAS_ITER_PASSED;
    if (!au_instance_charge(instance, steps)) return AU_HOST_STOP;
    if (step.is_end) return au_host_return_u64(args, UINT64_MAX);
    return put_slot(instance, step.key, args);
}

enum au_host_next au_host_iter_close(struct au_instance *instance, union au_value *args)
{
    struct au_frame *frame = au_host_frame(instance);
    if (!find_walk(frame, args[0].u32)) return au_instance_reject(instance, AU_HOST_REJECT_HANDLE);
    close_walk(frame->iters, args[0].u32);
    return AU_HOST_CONTINUE;
}
