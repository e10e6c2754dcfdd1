#include "state/rlp.h"

#define SHORT_SIZE_MAX 55u
#define STRING_BASE    0x80u
#define LIST_BASE      0xc0u
#define SIZE_SIZE_MAX  8u

/* ---- writing ---- */

static size_t put_big_endian(uint8_t *out, uint64_t value)
{
    size_t size = 0;
    for (uint64_t rest = value; rest > 0; rest >>= 8) {
        size++;
    }
    au_put_big_endian(out, value, size);
    return size;
}

size_t au_rlp_head(uint8_t out[AU_RLP_HEAD_SIZE_MAX], bool is_list, size_t size)
{
    unsigned base = is_list ? LIST_BASE : STRING_BASE;
    if (size <= SHORT_SIZE_MAX) {
        out[0] = (uint8_t)(base + size);
        return 1;
    }
    size_t size_size = put_big_endian(out + 1, size);
    out[0] = (uint8_t)(base + SHORT_SIZE_MAX + size_size);
    return 1 + size_size;
}

void au_rlp_put_bytes(struct au_buf *buf, struct au_bytes bytes)
{
    if (bytes.size != 1 || bytes.data[0] >= STRING_BASE) {
        uint8_t head[AU_RLP_HEAD_SIZE_MAX];
        au_buf_put(buf, head, au_rlp_head(head, false, bytes.size));
    }
    au_buf_put_bytes(buf, bytes);
}

void au_rlp_put_u64(struct au_buf *buf, uint64_t value)
{
    uint8_t bytes[sizeof(value)];
    au_rlp_put_bytes(buf, (struct au_bytes){bytes, put_big_endian(bytes, value)});
}

struct au_rlp_list au_rlp_begin_list(struct au_buf *buf)
{
    return (struct au_rlp_list){buf->size};
}

void au_rlp_end_list(struct au_buf *buf, struct au_rlp_list list)
{
    if (buf->err != AU_OK) return;
    AU_ASSERT(list.offset <= buf->size);
    uint8_t head[AU_RLP_HEAD_SIZE_MAX];
    size_t size = buf->size - list.offset;
    size_t head_size = au_rlp_head(head, true, size);
    /* The size of the head is known only now: make room before the payload. */
    if (!au_buf_reserve(buf, head_size)) return;
    uint8_t *payload = buf->data + list.offset;
    memmove(payload + head_size, payload, size);
    memcpy(payload, head, head_size);
    buf->size += head_size;
}

/* ---- reading ---- */

static bool read_size(struct au_bytes bytes, size_t size_size, size_t *out_size)
{
    if (size_size > SIZE_SIZE_MAX || bytes.size < size_size || bytes.data[0] == 0) return false;
    *out_size = au_get_big_endian(bytes.data, size_size);
    return *out_size > SHORT_SIZE_MAX;
}

bool au_rlp_next(struct au_bytes *rest, struct au_rlp_item *out_item)
{
    if (rest->size == 0) return false;
    uint8_t first = rest->data[0];
    bool is_list = first >= LIST_BASE;
    size_t head_size = 0, size = 1;
    if (first >= STRING_BASE) {
        size_t form = first - (is_list ? LIST_BASE : STRING_BASE);
        head_size = 1;
        size = form;
        if (form > SHORT_SIZE_MAX) {
            struct au_bytes after = {rest->data + 1, rest->size - 1};
            if (!read_size(after, form - SHORT_SIZE_MAX, &size)) return false;
            head_size += form - SHORT_SIZE_MAX;
        }
    }
    if (size > rest->size - head_size) return false;
    const uint8_t *payload = rest->data + head_size;
    bool is_own_encoding = !is_list && head_size == 1 && size == 1 && payload[0] < STRING_BASE;
    if (is_own_encoding) return false;
    *out_item = (struct au_rlp_item){
        .is_list = is_list, .payload = {payload, size}, .encoded = {rest->data, head_size + size}};
    *rest = (struct au_bytes){payload + size, rest->size - head_size - size};
    return true;
}

bool au_rlp_next_u64(struct au_bytes *rest, uint64_t *out_value)
{
    struct au_bytes after = *rest;
    struct au_rlp_item item;
    if (!au_rlp_next(&after, &item) || item.is_list) return false;
    if (item.payload.size > sizeof(*out_value)) return false;
    if (item.payload.size > 0 && item.payload.data[0] == 0) return false;
    *out_value = au_get_big_endian(item.payload.data, item.payload.size);
    *rest = after;
    return true;
}

bool au_rlp_next_list(struct au_bytes *rest, struct au_bytes *out_payload)
{
    struct au_bytes after = *rest;
    struct au_rlp_item item;
    if (!au_rlp_next(&after, &item) || !item.is_list) return false;
    *out_payload = item.payload;
    *rest = after;
    return true;
}
