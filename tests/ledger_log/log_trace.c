#include <inttypes.h>

#include "contract/host.h"
#include "core/decode.h"
#include "ledger_log/log_internal.h"
#include "ledger_log/world.h"

/* ---- what is noted ---- */

static void begins(void *context, const struct au_instance *instance,
                   const struct au_host_entry *entry, const union au_value *args,
                   int64_t steps_left)
{
    struct log_trace *trace = context;
    au_buf_put_u64(&trace->steps_left, (uint64_t)steps_left);
    trace->keeps.begins(trace->keeps.context, instance, entry, args, steps_left);
}

static void ends(void *context, const struct au_instance *instance, const union au_value *results)
{
    const struct log_trace *trace = context;
    trace->keeps.ends(trace->keeps.context, instance, results);
}

static bool enters(void *context, uint32_t function, int64_t steps_left)
{
    const struct log_trace *trace = context;
    return trace->keeps.enters(trace->keeps.context, function, steps_left);
}

static bool returns(void *context, int64_t steps_left)
{
    const struct log_trace *trace = context;
    return trace->keeps.returns(trace->keeps.context, steps_left);
}

void log_trace_init(struct log_trace *trace)
{
    au_tracer_init(&trace->tracer);
    au_buf_init(&trace->steps_left, SIZE_MAX);
    trace->keeps = trace->tracer.watch;
    trace->tracer.watch = (struct au_host_watch){trace, begins, ends, enters, returns};
}

void log_trace_done(struct log_trace *trace)
{
    au_tracer_done(&trace->tracer);
    au_buf_done(&trace->steps_left);
}

void log_trace_reset(struct log_trace *trace)
{
    au_tracer_reset(&trace->tracer);
    au_buf_clear(&trace->steps_left);
}

/* ---- how it is written ---- */

/* `,"name":"hex"` */
static void put_bytes(struct au_buf *buf, const char *name, struct au_bytes bytes)
{
    au_buf_printf(buf, ",\"%s\":", name);
    log_put_hex_bytes(buf, bytes);
}

static void put_frame(struct au_buf *buf, const struct au_traced_frame *frame)
{
    put_bytes(buf, "contract", (struct au_bytes){frame->contract.bytes, AU_ADDRESS_SIZE});
    put_bytes(buf, "caller", (struct au_bytes){frame->caller.bytes, AU_ADDRESS_SIZE});
    put_bytes(buf, "function", frame->function);
    put_bytes(buf, "output", frame->output);
    au_buf_printf(buf,
                  ",\"value\":%" PRIu64 ",\"limit\":%" PRId64 ",\"view\":%s,\"outcome\":%d"
                  ",\"detail\":%" PRIu32 ",\"revert_code\":%" PRIu32 ",\"args\":[",
                  frame->value, frame->steps_limit, frame->is_view ? "true" : "false",
                  (int)frame->outcome, frame->detail, frame->revert_code);
    for (size_t i = 0; i < frame->arg_count; i++) {
        if (i > 0) au_buf_put_u8(buf, ',');
        log_put_hex_bytes(buf, frame->args[i]);
    }
    au_buf_put_u8(buf, ']');
}

static void put_host(struct au_buf *buf, const struct au_traced_host *host, uint64_t steps_left)
{
    au_buf_printf(buf, ",\"host\":\"%s\",\"left\":%" PRId64 ",\"values\":[", host->entry->name,
                  (int64_t)steps_left);
    for (size_t i = 0; i < host->value_count; i++) {
        const struct au_traced_value *value = &host->values[i];
        if (i > 0) au_buf_put_u8(buf, ',');
        if (value->is_number)
            au_buf_printf(buf, "%" PRIu64, value->number);
        else
            log_put_hex_bytes(buf, value->bytes);
    }
    au_buf_put_u8(buf, ']');
    if (host->has_returned) au_buf_printf(buf, ",\"result\":%" PRIu64, host->result);
}

void log_put_trace(struct au_buf *buf, const struct log_trace *trace)
{
    struct au_decode lefts;
    const struct au_traced *first = trace->tracer.first;
    world_must(trace->steps_left.err);
    au_decode_init(&lefts, au_buf_bytes(&trace->steps_left));
    au_buf_put_u8(buf, '[');
    for (const struct au_traced *traced = first; traced; traced = traced->next) {
        if (traced != first) au_buf_put_u8(buf, ',');
        au_buf_printf(buf, "{\"depth\":%" PRIu32 ",\"steps\":%" PRId64, traced->depth,
                      traced->steps);
        if (traced->is_frame)
            put_frame(buf, &traced->frame);
        else
            put_host(buf, &traced->host, au_decode_u64(&lefts));
        au_buf_put_u8(buf, '}');
    }
    au_buf_put_u8(buf, ']');
    world_must(au_decode_is_done(&lefts) ? AU_OK : AU_ERR_MALFORMED);
}
