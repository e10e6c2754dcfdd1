#include "vm/parcel.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "crypto/sha256.h"

#define MAGIC       UINT32_C(0x31504141) /* "AAP1" */
#define SEAL_OFFSET (AU_PARCEL_HEAD_SIZE - AU_HASH_SIZE)
#define READ_SIZE   (UINT32_C(1) << 18) /* bytes taken at a time: what is announced may not come */
#define NS_PER_MS   UINT64_C(1000000)

#define TAG "aureon/parcel"

static struct au_hash seal_of(const uint8_t *head, struct au_bytes body)
{
    uint8_t tag_size = sizeof(TAG) - 1;
    struct au_bytes parts[] = {{&tag_size, 1}, au_bytes_of(TAG), {head, SEAL_OFFSET}, body};
    return au_sha256_parts(parts, AU_COUNT_OF(parts));
}

static void put_u32(uint8_t *to, uint32_t value)
{
    memcpy(to, &value, sizeof(value));
}

static uint32_t get_u32(const uint8_t *from)
{
    uint32_t value;
    memcpy(&value, from, sizeof(value));
    return value;
}

void au_parcel_seal(const struct au_parcel *parcel, uint8_t out_head[AU_PARCEL_HEAD_SIZE])
{
    AU_ASSERT(parcel->body.size <= AU_PARCEL_SIZE_MAX);
    put_u32(out_head, MAGIC);
    put_u32(out_head + 4, (uint32_t)parcel->kind);
    put_u32(out_head + 8, (uint32_t)parcel->body.size);
    memcpy(out_head + 12, parcel->subject.bytes, AU_HASH_SIZE);
    struct au_hash seal = seal_of(out_head, parcel->body);
    memcpy(out_head + SEAL_OFFSET, seal.bytes, AU_HASH_SIZE);
}

/* What can be said before there is a body. */
static enum au_err open_head(const uint8_t *head, struct au_parcel *out_parcel, size_t *out_size)
{
    uint32_t kind = get_u32(head + 4);
    *out_size = get_u32(head + 8);
    if (get_u32(head) != MAGIC || *out_size > AU_PARCEL_SIZE_MAX) return AU_ERR_MALFORMED;
    if (kind < AU_PARCEL_HELLO || kind > AU_PARCEL_COMPILE_TRACED) return AU_ERR_MALFORMED;
    out_parcel->kind = (enum au_parcel_kind)kind;
    memcpy(out_parcel->subject.bytes, head + 12, AU_HASH_SIZE);
    return AU_OK;
}

static enum au_err check_seal(const uint8_t *head, struct au_bytes body)
{
    struct au_hash seal = seal_of(head, body);
    bool holds = memcmp(head + SEAL_OFFSET, seal.bytes, AU_HASH_SIZE) == 0;
    return holds ? AU_OK : AU_ERR_MALFORMED;
}

enum au_err au_parcel_open(struct au_bytes bytes, struct au_parcel *out_parcel)
{
    struct au_parcel parcel;
    size_t size;
    if (bytes.size < AU_PARCEL_HEAD_SIZE) return AU_ERR_MALFORMED;
    AU_TRY(open_head(bytes.data, &parcel, &size));
    if (size != bytes.size - AU_PARCEL_HEAD_SIZE) return AU_ERR_MALFORMED;
    parcel.body = (struct au_bytes){bytes.data + AU_PARCEL_HEAD_SIZE, size};
    AU_TRY(check_seal(bytes.data, parcel.body));
    *out_parcel = parcel;
    return AU_OK;
}

/* ---- streams ---- */

static enum au_err wait_for(int fd, short events, uint64_t until_ns)
{
    for (;;) {
        int wait_ms = -1;
        if (until_ns != UINT64_MAX) {
            uint64_t now_ns = au_clock_ns();
            if (now_ns >= until_ns) return AU_ERR_IO;
            uint64_t left_ms = (until_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
            wait_ms = left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
        }
        struct pollfd wanted = {.fd = fd, .events = events};
        int ready = poll(&wanted, 1, wait_ms);
        if (ready > 0) return AU_OK;
        if (ready < 0 && errno != EINTR) return AU_ERR_IO;
    }
}

static enum au_err send_all(int fd, uint64_t until_ns, struct au_bytes bytes)
{
    while (bytes.size > 0) {
        AU_TRY(wait_for(fd, POLLOUT, until_ns));
        ssize_t count = send(fd, bytes.data, bytes.size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count < 0) return errno == EPIPE || errno == ECONNRESET ? AU_ERR_NOT_FOUND : AU_ERR_IO;
        bytes.data += count;
        bytes.size -= (size_t)count;
    }
    return AU_OK;
}

/* MALFORMED if the stream ends, NOT_FOUND if it ends before the first byte. */
static enum au_err receive_all(int fd, uint64_t until_ns, uint8_t *to, size_t size)
{
    size_t done = 0;
    while (done < size) {
        AU_TRY(wait_for(fd, POLLIN, until_ns));
        ssize_t count = recv(fd, to + done, size - done, MSG_DONTWAIT);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count < 0 && errno != ECONNRESET) return AU_ERR_IO;
        if (count <= 0) return done == 0 ? AU_ERR_NOT_FOUND : AU_ERR_MALFORMED;
        done += (size_t)count;
    }
    return AU_OK;
}

enum au_err au_parcel_send(int fd, uint64_t until_ns, const struct au_parcel *parcel)
{
    uint8_t head[AU_PARCEL_HEAD_SIZE];
    au_parcel_seal(parcel, head);
    AU_TRY(send_all(fd, until_ns, (struct au_bytes){head, sizeof(head)}));
    return send_all(fd, until_ns, parcel->body);
}

enum au_err au_parcel_receive(int fd, uint64_t until_ns, struct au_buf *body,
                              struct au_parcel *out_parcel)
{
    uint8_t head[AU_PARCEL_HEAD_SIZE];
    struct au_parcel parcel;
    size_t size;
    AU_TRY(receive_all(fd, until_ns, head, sizeof(head)));
    AU_TRY(open_head(head, &parcel, &size));
    au_buf_clear(body);
    if (size > body->size_max) return AU_ERR_MALFORMED;
    while (body->size < size) {
        size_t left = size - body->size;
        size_t part = left < READ_SIZE ? left : READ_SIZE;
        uint8_t *to = au_buf_reserve(body, part);
        if (!to) return body->err;
        enum au_err err = receive_all(fd, until_ns, to, part);
        if (err != AU_OK) return err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err;
        body->size += part;
    }
    parcel.body = au_buf_bytes(body);
    AU_TRY(check_seal(head, parcel.body));
    *out_parcel = parcel;
    return AU_OK;
}
