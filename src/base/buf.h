/* A growing run of bytes with a bound, given at init. Writing past the bound or past the heap is
 * sticky: later writes do nothing and au_buf_err tells, so that a writer checks once at its end.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_BASE_BUF_H
#define AUREON_BASE_BUF_H

#include "base/bytes.h"
#include "base/err.h"

struct au_buf {
    uint8_t *data;
    size_t size;     /* bytes written */
    size_t capacity; /* bytes allocated */
    size_t size_max; /* bound on size */
    enum au_err err; /* AU_OK, TOO_LARGE, NO_MEMORY or what a writer of it met; sticky */
};

/* au_buf_init prepares an empty buffer in the caller's storage; nothing is allocated yet. */
void au_buf_init(struct au_buf *buf, size_t size_max);

/* au_buf_done frees what the buffer holds and leaves it empty, with the same bound. */
void au_buf_done(struct au_buf *buf);

/* au_buf_clear forgets content and error but keeps the allocation. */
void au_buf_clear(struct au_buf *buf);

/* au_buf_cut forgets what was written after the first size bytes. */
void au_buf_cut(struct au_buf *buf, size_t size);

/* au_buf_reserve makes room for size more bytes and gives the address to write them at; the caller
 * adds what it wrote to buf->size. NULL after a sticky error. */
uint8_t *au_buf_reserve(struct au_buf *buf, size_t size);

void au_buf_put(struct au_buf *buf, const void *data, size_t size);
void au_buf_put_bytes(struct au_buf *buf, struct au_bytes bytes);
void au_buf_put_u8(struct au_buf *buf, uint8_t value);
void au_buf_put_u32(struct au_buf *buf, uint32_t value); /* little-endian */
void au_buf_put_u64(struct au_buf *buf, uint64_t value); /* little-endian */
void au_buf_put_text(struct au_buf *buf, const char *text);
void au_buf_put_decimal(struct au_buf *buf, uint64_t value);
AU_PRINTF(2, 3) void au_buf_printf(struct au_buf *buf, const char *format, ...);

/* au_buf_bytes borrows the content until the next write. */
static inline struct au_bytes au_buf_bytes(const struct au_buf *buf)
{
    return (struct au_bytes){buf->data, buf->size};
}

#endif
