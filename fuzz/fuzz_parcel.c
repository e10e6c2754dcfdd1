/* Fuzzes what the compile helper and its parent read from each other: the input says what is on the
 * stream, sealed parcels that may be damaged, or bytes as they are.
 *
 * A parcel comes out of the stream exactly if its bytes alone are one, with the same content; after
 * the first thing that is none, nothing comes. What is read is sealed again to the same bytes. */
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "vm/parcel.h"

/* Less than a socket holds: what is written is read only afterwards. */
#define STREAM_SIZE_MAX 65536u /* bytes */
#define WRITES_MAX      64u
#define BODY_SIZE_MAX   1024u

/* What is written to a stream, and again what was. */
struct stream {
    int fd;
    struct au_buf bytes;
};

static void put_bytes(struct stream *stream, struct au_bytes bytes)
{
    au_buf_put_bytes(&stream->bytes, bytes);
    if (bytes.size == 0 || stream->bytes.err != AU_OK) return;
    AU_ASSERT(send(stream->fd, bytes.data, bytes.size, 0) == (ssize_t)bytes.size);
}

/* Puts a sealed parcel, with a few bits of it changed if the input says so. */
static void put_parcel(struct fuzz_input *input, struct stream *stream)
{
    uint8_t bytes[AU_PARCEL_HEAD_SIZE + BODY_SIZE_MAX + 1];
    struct au_parcel parcel = {.kind = (enum au_parcel_kind)(fuzz_u8(input) % 8)};
    uint8_t damage = fuzz_u8(input);
    size_t damage_at = fuzz_number(input, 2);
    size_t size = fuzz_number(input, 2) % (BODY_SIZE_MAX + 2);
    struct au_bytes subject = fuzz_take(input, AU_HASH_SIZE);
    if (subject.size > 0) memcpy(parcel.subject.bytes, subject.data, subject.size);
    parcel.body = fuzz_take(input, size);
    size = AU_PARCEL_HEAD_SIZE + parcel.body.size;
    au_parcel_seal(&parcel, bytes);
    if (parcel.body.size > 0) {
        memcpy(bytes + AU_PARCEL_HEAD_SIZE, parcel.body.data, parcel.body.size);
    }
    if (damage != 0) {
        bytes[damage_at % size] ^= damage;
        put_bytes(stream, (struct au_bytes){bytes, size});
        return;
    }
    au_buf_put(&stream->bytes, bytes, size);
    if (stream->bytes.err != AU_OK) return;
    AU_ASSERT(au_parcel_send(stream->fd, UINT64_MAX, &parcel) == AU_OK);
}

static void make_stream(struct fuzz_input *input, struct stream *stream)
{
    for (unsigned i = 0; i < WRITES_MAX && fuzz_left(input) > 0; i++) {
        if (stream->bytes.err != AU_OK) return;
        if (fuzz_u8(input) % 4 == 0) {
            put_bytes(stream, fuzz_take(input, fuzz_u8(input)));
        } else {
            put_parcel(input, stream);
        }
    }
}

/* Whether bytes begin with a parcel; whole gets its bytes. */
static bool begins_with_parcel(struct au_bytes bytes, struct au_bytes *out_whole,
                               struct au_parcel *out_parcel)
{
    uint32_t size;
    if (bytes.size < AU_PARCEL_HEAD_SIZE) return false;
    memcpy(&size, bytes.data + 8, sizeof(size));
    if (size > bytes.size - AU_PARCEL_HEAD_SIZE) return false;
    *out_whole = (struct au_bytes){bytes.data, AU_PARCEL_HEAD_SIZE + size};
    if (au_parcel_open(*out_whole, out_parcel) != AU_OK) return false;
    uint8_t head[AU_PARCEL_HEAD_SIZE];
    au_parcel_seal(out_parcel, head);
    AU_ASSERT(memcmp(head, bytes.data, sizeof(head)) == 0);
    return size <= BODY_SIZE_MAX;
}

static void check_stream(int fd, struct au_bytes left, struct au_buf *body)
{
    struct au_bytes whole;
    struct au_parcel expected;
    struct au_parcel parcel;
    while (begins_with_parcel(left, &whole, &expected)) {
        AU_ASSERT(au_parcel_receive(fd, UINT64_MAX, body, &parcel) == AU_OK);
        AU_ASSERT(parcel.kind == expected.kind);
        AU_ASSERT(au_hash_is_equal(&parcel.subject, &expected.subject));
        AU_ASSERT(au_bytes_is_equal(parcel.body, expected.body));
        left.data += whole.size;
        left.size -= whole.size;
    }
    enum au_err err = au_parcel_receive(fd, UINT64_MAX, body, &parcel);
    AU_ASSERT(err == (left.size == 0 ? AU_ERR_NOT_FOUND : AU_ERR_MALFORMED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, data + size};
    struct stream stream;
    struct au_parcel none;
    struct au_buf body;
    int fds[2];
    AU_ASSERT(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
    stream.fd = fds[0];
    au_buf_init(&stream.bytes, STREAM_SIZE_MAX);
    au_buf_init(&body, BODY_SIZE_MAX);
    AU_ASSERT(au_parcel_receive(fds[1], 0, &body, &none) == AU_ERR_IO);
    make_stream(&input, &stream);
    AU_ASSERT(close(fds[0]) == 0);
    check_stream(fds[1], au_buf_bytes(&stream.bytes), &body);
    AU_ASSERT(close(fds[1]) == 0);
    au_buf_done(&stream.bytes);
    au_buf_done(&body);
    return 0;
}
