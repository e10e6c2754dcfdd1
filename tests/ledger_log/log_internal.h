/* How the log's JSON is written. Only tests/ledger_log/log*.c may include this. */
#ifndef AUREON_TESTS_LEDGER_LOG_LOG_INTERNAL_H
#define AUREON_TESTS_LEDGER_LOG_LOG_INTERNAL_H

#include "base/buf.h"
#include "ledger_log/log.h"

void log_put_hex(struct au_buf *buf, const void *data, size_t size);
void log_put_hex_bytes(struct au_buf *buf, struct au_bytes bytes);

/* log_put_comma separates an item from the one before, if there is one since start. */
void log_put_comma(struct au_buf *buf, size_t start);

/* log_trace_init makes an empty trace, which does not move; log_trace_done frees what it holds. */
void log_trace_init(struct log_trace *trace);
void log_trace_done(struct log_trace *trace);

/* log_put_trace puts the array of its entries; none is missing. */
void log_put_trace(struct au_buf *buf, const struct log_trace *trace);

#endif
