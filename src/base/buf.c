#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

#define CAPACITY_MIN     64
#define DECIMAL_SIZE_MAX 20 /* digits of a 64-bit number */

void au_buf_init(struct au_buf *buf, size_t size_max)
{
    *buf = (struct au_buf){.size_max = size_max};
}

void au_buf_done(struct au_buf *buf)
{
    au_mem_free(buf->data);
    au_buf_init(buf, buf->size_max);
}

void au_buf_clear(struct au_buf *buf)
{
    buf->size = 0;
    buf->err = AU_OK;
}

static size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* One byte more than capacity is allocated, for the 0 that vsnprintf puts after what it writes. */
static bool grow(struct au_buf *buf, size_t capacity_needed)
{
    size_t doubled = buf->capacity <= buf->size_max / 2 ? 2 * buf->capacity : buf->size_max;
    size_t capacity = capacity_needed > doubled ? capacity_needed : doubled;
    if (capacity < CAPACITY_MIN) capacity = size_min(CAPACITY_MIN, buf->size_max);
    uint8_t *data = capacity < SIZE_MAX ? au_mem_resize(buf->data, capacity + 1) : NULL;
    if (data == NULL) {
        buf->err = AU_ERR_NO_MEMORY;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void au_buf_cut(struct au_buf *buf, size_t size)
{
    AU_ASSERT(size <= buf->size);
    buf->size = size;
}

uint8_t *au_buf_reserve(struct au_buf *buf, size_t size)
{
    AU_ASSERT(buf->size <= buf->size_max);
    AU_ASSERT(buf->size <= buf->capacity);

    if (buf->err != AU_OK) return NULL;
    if (size > buf->size_max - buf->size) {
        buf->err = AU_ERR_TOO_LARGE;
        return NULL;
    }
    bool is_roomy = buf->data != NULL && size <= buf->capacity - buf->size;
    if (!is_roomy && !grow(buf, buf->size + size)) return NULL;
    return buf->data + buf->size;
}

void au_buf_put(struct au_buf *buf, const void *data, size_t size)
{
    uint8_t *to = au_buf_reserve(buf, size);
    if (to == NULL || size == 0) return;
    memcpy(to, data, size);
    buf->size += size;
}

void au_buf_put_bytes(struct au_buf *buf, struct au_bytes bytes)
{
    au_buf_put(buf, bytes.data, bytes.size);
}

void au_buf_put_u8(struct au_buf *buf, uint8_t value)
{
    au_buf_put(buf, &value, sizeof(value));
}

/* base.h asserts that memory is little-endian. */
void au_buf_put_u32(struct au_buf *buf, uint32_t value)
{
    au_buf_put(buf, &value, sizeof(value));
}

void au_buf_put_u64(struct au_buf *buf, uint64_t value)
{
    au_buf_put(buf, &value, sizeof(value));
}

void au_buf_put_text(struct au_buf *buf, const char *text)
{
    au_buf_put_bytes(buf, au_bytes_of(text));
}

void au_buf_put_decimal(struct au_buf *buf, uint64_t value)
{
    uint8_t digits[DECIMAL_SIZE_MAX];
    size_t start = sizeof(digits);
    do {
        digits[--start] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    au_buf_put(buf, digits + start, sizeof(digits) - start);
}

void au_buf_printf(struct au_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int count = vsnprintf(NULL, 0, format, args);
    va_end(args);
    AU_ASSERT(count >= 0); /* only a bad format or a text of 2 GiB fails */
    size_t size = (size_t)count;
    uint8_t *to = au_buf_reserve(buf, size);
    if (to == NULL) return;

    va_start(args, format);
    vsnprintf((char *)to, size + 1, format, args);
    va_end(args);
    buf->size += size;
}
