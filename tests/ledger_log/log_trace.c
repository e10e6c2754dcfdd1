#include <inttypes.h>

#include "contract/host.h"
#include "contract/tracer.h"
#include "ledger_log/log_internal.h"

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

static void put_host(struct au_buf *buf, const struct au_traced_host *host)
{
    au_buf_printf(buf, ",\"host\":\"%s\",\"values\":[", host->entry->name);
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

void log_put_trace(struct au_buf *buf, const struct au_tracer *tracer)
{
    au_buf_put_u8(buf, '[');
    for (const struct au_traced *traced = tracer->first; traced; traced = traced->next) {
        if (traced != tracer->first) au_buf_put_u8(buf, ',');
        au_buf_printf(buf, "{\"depth\":%" PRIu32 ",\"steps\":%" PRId64, traced->depth,
                      traced->steps);
        if (traced->is_frame)
            put_frame(buf, &traced->frame);
        else
            put_host(buf, &traced->host);
        au_buf_put_u8(buf, '}');
    }
    au_buf_put_u8(buf, ']');
}
