#include "contract/result.h"

#include <string.h>

#include "base/mem.h"
#include "core/receipt.h"

/* What a result holds, and how much memory that takes. */
struct extent {
    size_t log_count;
    size_t event_count;
    size_t state_change_count;
    size_t storage_change_count;
    size_t size; /* bytes of everything, arrays and contents */
};

/* The block: arrays first, since they need alignment, then contents as they come. */
struct writer {
    struct au_bytes *logs;
    struct au_event *events;
    struct au_state_change *state_changes;
    struct au_storage_change *storage_changes;
    uint8_t *next; /* where the next content goes */
};

static bool next_line(struct au_bytes *logs, struct au_bytes *out_line)
{
    uint32_t size;
    if (logs->size == 0) return false;
    AU_ASSERT(logs->size >= sizeof(size));
    memcpy(&size, logs->data, sizeof(size));
    AU_ASSERT(size <= logs->size - sizeof(size));
    *out_line = (struct au_bytes){logs->data + sizeof(size), size};
    logs->data += sizeof(size) + size;
    logs->size -= sizeof(size) + size;
    return true;
}

static struct extent measure(const struct au_env *env, const struct au_frame_result *frame,
                             struct au_savepoint since, struct au_bytes message)
{
    struct extent extent = {.log_count = env->log_count, .event_count = env->event_count};
    struct au_change change;
    size_t cursor = 0;
    while (au_overlay_next_change(env->overlay, since, &cursor, &change)) {
        if (change.is_slot) {
            extent.storage_change_count++;
            extent.size +=
                change.key.size + change.slot_before.value.size + change.slot_after.value.size;
        } else {
            extent.state_change_count++;
            extent.size += au_names_id(env->names, change.address).size;
        }
    }
    extent.size += env->logs->size + frame->output.size + message.size + 1;
    /* An address, which the id of a contract takes the place of, is half as long as an id. */
    extent.size += 2 * env->events->size;
    extent.size += extent.log_count * sizeof(struct au_bytes) +
                   extent.event_count * sizeof(struct au_event) +
                   extent.state_change_count * sizeof(struct au_state_change) +
                   extent.storage_change_count * sizeof(struct au_storage_change);
    return extent;
}

static struct writer lay_out(const struct extent *extent, uint8_t *block)
{
    _Static_assert(_Alignof(struct au_bytes) == 8, "the arrays follow each other without gaps");
    _Static_assert(_Alignof(struct au_event) == 8, "likewise");
    _Static_assert(_Alignof(struct au_state_change) == 8, "likewise");
    _Static_assert(_Alignof(struct au_storage_change) == 8, "likewise");
    struct writer writer;
    void *place = block;
    writer.logs = place;
    place = writer.logs + extent->log_count;
    writer.events = place;
    place = writer.events + extent->event_count;
    writer.state_changes = place;
    place = writer.state_changes + extent->state_change_count;
    writer.storage_changes = place;
    place = writer.storage_changes + extent->storage_change_count;
    writer.next = place;
    return writer;
}

static struct au_bytes put(struct writer *writer, struct au_bytes bytes)
{
    if (bytes.size == 0) return (struct au_bytes){0};
    struct au_bytes copy = {writer->next, bytes.size};
    memcpy(writer->next, bytes.data, bytes.size);
    writer->next += bytes.size;
    return copy;
}

static void put_logs(struct writer *writer, const struct au_env *env)
{
    struct au_bytes logs = au_buf_bytes(env->logs);
    struct au_bytes line;
    size_t count = 0;
    while (next_line(&logs, &line)) {
        writer->logs[count++] = put(writer, line);
    }
    AU_ASSERT(count == env->log_count);
}

static void put_events(struct writer *writer, const struct au_env *env)
{
    struct au_items items = {au_buf_bytes(env->events), env->event_count};
    struct au_receipt_event event;
    for (size_t i = 0; au_receipt_next_event(&items, &event); i++) {
        writer->events[i] = (struct au_event){
            .contract = put(writer, au_names_id(env->names, &event.contract)),
            .name = put(writer, event.name),
            .topics = put(writer, event.topics),
            .data = put(writer, event.data),
        };
    }
}

static void put_changes(struct writer *writer, const struct au_env *env, struct au_savepoint since)
{
    struct au_state_change *state_change = writer->state_changes;
    struct au_storage_change *storage_change = writer->storage_changes;
    struct au_change change;
    size_t cursor = 0;
    while (au_overlay_next_change(env->overlay, since, &cursor, &change)) {
        if (!change.is_slot) {
            *state_change++ = (struct au_state_change){
                .account = put(writer, au_names_id(env->names, change.address)),
                .before = change.account_before.balance,
                .after = change.account_after.balance,
            };
            continue;
        }
        *storage_change++ = (struct au_storage_change){
            .key = put(writer, change.key),
            .existed = change.slot_before.exists,
            .exists = change.slot_after.exists,
            .before = put(writer, change.slot_before.value),
            .after = put(writer, change.slot_after.value),
        };
    }
}

enum au_err au_result_make(const struct au_env *env, const struct au_frame_result *frame,
                           struct au_savepoint since, struct au_bytes message,
                           struct au_result *out_result)
{
    struct extent extent = measure(env, frame, since, message);
    struct au_result result = {
        .success = frame->outcome == AU_OUTCOME_SUCCESS,
        .outcome = frame->outcome,
        .outcome_class = au_outcome_class(frame->outcome),
        .detail = frame->detail,
        .revert_code = frame->revert_code,
        .message = au_outcome_text(frame->outcome),
        .gas_used = ((uint64_t)frame->steps_used + AU_STEPS_PER_GAS - 1) / AU_STEPS_PER_GAS,
        .log_count = extent.log_count,
        .event_count = extent.event_count,
        .state_change_count = extent.state_change_count,
        .storage_change_count = extent.storage_change_count,
    };
    uint8_t *block = au_mem_new(extent.size);
    if (!block) return AU_ERR_NO_MEMORY;

    struct writer writer = lay_out(&extent, block);
    put_logs(&writer, env);
    put_events(&writer, env);
    put_changes(&writer, env, since);
    result.output = put(&writer, frame->output);
    if (message.size > 0) {
        result.message = (const char *)writer.next;
        put(&writer, message);
        *writer.next++ = 0;
    }
    AU_ASSERT((size_t)(writer.next - block) <= extent.size);
    result.logs = writer.logs;
    result.events = writer.events;
    result.state_changes = writer.state_changes;
    result.storage_changes = writer.storage_changes;
    result.memory = block;
    *out_result = result;
    return AU_OK;
}

void au_result_free(struct au_result *result)
{
    au_mem_free(result->memory);
    *result = (struct au_result){0};
}
