#include "unit/unit.h"

#include <errno.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "vm/parcel.h"

#define BODY "what a compiler made"

static const struct au_hash subject = {{1, 2, 3}};

/* A sealed parcel, whole. */
static void put_parcel(struct au_buf *out, enum au_parcel_kind kind, struct au_bytes body)
{
    struct au_parcel parcel = {kind, subject, body};
    uint8_t head[AU_PARCEL_HEAD_SIZE];
    au_parcel_seal(&parcel, head);
    au_buf_init(out, AU_PARCEL_HEAD_SIZE + AU_PARCEL_SIZE_MAX);
    au_buf_put(out, head, sizeof(head));
    au_buf_put_bytes(out, body);
    assert_ok(out->err);
}

static void test_open_gives_what_was_sealed(void **state)
{
    (void)state;
    static const char *const bodies[] = {"", "x", BODY};
    for (size_t i = 0; i < AU_COUNT_OF(bodies); i++) {
        struct au_buf bytes;
        struct au_parcel parcel;
        put_parcel(&bytes, AU_PARCEL_STORED, au_bytes_of(bodies[i]));
        assert_int_equal(bytes.size, AU_PARCEL_HEAD_SIZE + strlen(bodies[i]));
        assert_ok(au_parcel_open(au_buf_bytes(&bytes), &parcel));
        assert_int_equal(parcel.kind, AU_PARCEL_STORED);
        assert_true(au_hash_is_equal(&parcel.subject, &subject));
        assert_bytes(parcel.body, bodies[i]);
        au_buf_done(&bytes);
    }
}

static void test_every_bit_counts(void **state)
{
    (void)state;
    struct au_buf bytes;
    struct au_parcel parcel;
    put_parcel(&bytes, AU_PARCEL_COMPILED, au_bytes_of(BODY));
    for (size_t i = 0; i < bytes.size * 8; i++) {
        bytes.data[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_err(au_parcel_open(au_buf_bytes(&bytes), &parcel), AU_ERR_MALFORMED);
        bytes.data[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_ok(au_parcel_open(au_buf_bytes(&bytes), &parcel));
    au_buf_done(&bytes);
}

static void test_every_size_but_one_is_wrong(void **state)
{
    (void)state;
    struct au_buf bytes;
    struct au_parcel parcel;
    put_parcel(&bytes, AU_PARCEL_COMPILED, au_bytes_of(BODY));
    size_t size = bytes.size;
    for (size_t cut = 0; cut < size; cut++) {
        struct au_bytes part = {bytes.data, cut};
        assert_err(au_parcel_open(part, &parcel), AU_ERR_MALFORMED);
    }
    au_buf_put_u8(&bytes, 0);
    assert_err(au_parcel_open(au_buf_bytes(&bytes), &parcel), AU_ERR_MALFORMED);
    au_buf_done(&bytes);
}

/* ---- streams ---- */

struct pair {
    int fds[2];
    struct au_buf body;
};

static struct pair open_pair(size_t body_size_max)
{
    struct pair pair;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair.fds), 0);
    au_buf_init(&pair.body, body_size_max);
    return pair;
}

static void close_pair(struct pair *pair)
{
    (void)close(pair->fds[0]);
    (void)close(pair->fds[1]);
    au_buf_done(&pair->body);
}

/* What the other end makes of these bytes, and the end of the stream behind them. */
static enum au_err receive(struct au_bytes bytes, size_t body_size_max)
{
    struct pair pair = open_pair(body_size_max);
    struct au_parcel parcel;
    if (bytes.size > 0) {
        assert_int_equal(send(pair.fds[0], bytes.data, bytes.size, 0), (ssize_t)bytes.size);
    }
    assert_int_equal(shutdown(pair.fds[0], SHUT_WR), 0);
    enum au_err err = au_parcel_receive(pair.fds[1], UINT64_MAX, &pair.body, &parcel);
    close_pair(&pair);
    return err;
}

static void test_streams_carry_parcels(void **state)
{
    (void)state;
    struct pair pair = open_pair(sizeof(BODY));
    for (unsigned i = 0; i < 3; i++) {
        struct au_parcel sent = {AU_PARCEL_REFUSED, subject, {(const uint8_t *)BODY, 7 * i}};
        struct au_parcel received;
        assert_ok(au_parcel_send(pair.fds[0], UINT64_MAX, &sent));
        assert_ok(au_parcel_receive(pair.fds[1], UINT64_MAX, &pair.body, &received));
        assert_int_equal(received.kind, AU_PARCEL_REFUSED);
        assert_true(au_bytes_is_equal(received.body, sent.body));
    }
    close_pair(&pair);
}

static void test_half_a_parcel(void **state)
{
    (void)state;
    struct au_buf bytes;
    put_parcel(&bytes, AU_PARCEL_COMPILE, au_bytes_of(BODY));
    assert_ok(receive(au_buf_bytes(&bytes), sizeof(BODY)));
    assert_err(receive((struct au_bytes){0}, sizeof(BODY)), AU_ERR_NOT_FOUND);
    for (size_t cut = 1; cut < bytes.size; cut++) {
        assert_err(receive((struct au_bytes){bytes.data, cut}, sizeof(BODY)), AU_ERR_MALFORMED);
    }
    au_buf_done(&bytes);
}

static void test_wrong_sizes_on_a_stream(void **state)
{
    (void)state;
    struct au_buf bytes;
    put_parcel(&bytes, AU_PARCEL_COMPILE, au_bytes_of(BODY));
    assert_err(receive(au_buf_bytes(&bytes), sizeof(BODY) - 2), AU_ERR_MALFORMED);
    bytes.data[8]--; /* of the size */
    assert_err(receive(au_buf_bytes(&bytes), sizeof(BODY)), AU_ERR_MALFORMED);
    bytes.data[8] += 2;
    assert_err(receive(au_buf_bytes(&bytes), 2 * sizeof(BODY)), AU_ERR_MALFORMED);
    memset(bytes.data + 8, 0xff, 4);
    assert_err(receive(au_buf_bytes(&bytes), SIZE_MAX), AU_ERR_MALFORMED);
    au_buf_done(&bytes);
}

static void test_streams_that_stand_still(void **state)
{
    (void)state;
    struct pair pair = open_pair(sizeof(BODY));
    struct au_parcel parcel;
    uint8_t *large = calloc(1, AU_PARCEL_SIZE_MAX);
    assert_non_null(large);
    assert_err(au_parcel_receive(pair.fds[1], au_clock_ns() + 1000, &pair.body, &parcel),
               AU_ERR_IO);
    struct au_parcel sent = {AU_PARCEL_COMPILE, subject, {large, AU_PARCEL_SIZE_MAX}};
    assert_err(au_parcel_send(pair.fds[0], au_clock_ns() + 1000000, &sent), AU_ERR_IO);
    free(large);
    close_pair(&pair);
}

static void test_sending_to_nobody(void **state)
{
    (void)state;
    struct pair pair = open_pair(0);
    struct au_parcel sent = {AU_PARCEL_HELLO, subject, {0}};
    assert_int_equal(shutdown(pair.fds[1], SHUT_RDWR), 0);
    assert_err(au_parcel_send(pair.fds[0], UINT64_MAX, &sent), AU_ERR_NOT_FOUND);
    close_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_gives_what_was_sealed),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_every_size_but_one_is_wrong),
        cmocka_unit_test(test_streams_carry_parcels),
        cmocka_unit_test(test_half_a_parcel),
        cmocka_unit_test(test_wrong_sizes_on_a_stream),
        cmocka_unit_test(test_streams_that_stand_still),
        cmocka_unit_test(test_sending_to_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
