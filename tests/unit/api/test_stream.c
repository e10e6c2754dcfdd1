/* The queue of a stream against a model, its bound, and when its reader sleeps and wakes. */
#include "unit/unit.h"

#include "api/stream.h"

#define QUEUE_SIZE_MAX 1000u
#define LAGGED         "event: lagged\ndata: {\"code\":\"lagged\"}\n\n"

struct reader {
    unsigned sleep_count;
    unsigned wake_count;
};

static void fall_asleep(void *context)
{
    struct reader *reader = context;
    assert_int_equal(reader->sleep_count, reader->wake_count);
    reader->sleep_count++;
}

static void wake_up(void *context)
{
    struct reader *reader = context;
    reader->wake_count++;
    assert_int_equal(reader->sleep_count, reader->wake_count);
}

static struct au_stream *open_stream(struct reader *reader)
{
    *reader = (struct reader){0};
    struct au_stream_reader calls = {fall_asleep, wake_up, reader};
    struct au_stream *stream = au_stream_new(calls, QUEUE_SIZE_MAX);
    assert_non_null(stream);
    return stream;
}

static uint32_t next_number(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Bytes are numbered, so what comes out in another order or twice is seen. */
static void test_order(void **state)
{
    (void)state;
    struct reader reader;
    struct au_stream *stream = open_stream(&reader);
    uint32_t seed = 1;
    size_t put_size = 0;
    size_t read_size = 0;
    for (unsigned i = 0; i < 200000; i++) {
        uint8_t bytes[256];
        size_t size = next_number(&seed) % sizeof(bytes);
        if (next_number(&seed) % 2) {
            if (put_size - read_size + size > QUEUE_SIZE_MAX) continue;
            for (size_t j = 0; j < size; j++)
                bytes[j] = (uint8_t)((put_size + j) % 251);
            assert_true(au_stream_put(stream, (struct au_bytes){bytes, size}));
            put_size += size;
        } else if (reader.sleep_count == reader.wake_count && size > 0) {
            ptrdiff_t got = au_stream_read(stream, bytes, size);
            size_t wanted = put_size - read_size < size ? put_size - read_size : size;
            assert_int_equal(got, wanted);
            for (size_t j = 0; j < wanted; j++)
                assert_int_equal(bytes[j], (read_size + j) % 251);
            read_size += wanted;
        }
    }
    assert_true(read_size > 1000000);
    assert_true(reader.sleep_count > 100);
    au_stream_end(stream);
    au_stream_close(stream);
}

static void test_overflow(void **state)
{
    (void)state;
    struct reader reader;
    struct au_stream *stream = open_stream(&reader);
    uint8_t bytes[QUEUE_SIZE_MAX + sizeof(LAGGED)] = {0};
    assert_true(au_stream_put(stream, (struct au_bytes){bytes, QUEUE_SIZE_MAX - 1}));
    assert_int_equal(au_stream_read(stream, bytes, 10), 10);
    assert_true(au_stream_put(stream, (struct au_bytes){bytes, 11}));
    assert_false(au_stream_has_ended(stream));
    assert_false(au_stream_put(stream, (struct au_bytes){bytes, 1}));
    assert_true(au_stream_has_ended(stream));
    assert_false(au_stream_put(stream, au_bytes_of("")));
    assert_int_equal(au_stream_read(stream, bytes, sizeof(bytes)),
                     QUEUE_SIZE_MAX + sizeof(LAGGED) - 1);
    assert_memory_equal(bytes + QUEUE_SIZE_MAX, LAGGED, sizeof(LAGGED) - 1);
    assert_int_equal(au_stream_read(stream, bytes, sizeof(bytes)), -1);
    au_stream_close(stream);
    au_stream_end(stream);
}

static void test_beat_and_stop(void **state)
{
    (void)state;
    struct reader reader;
    uint8_t bytes[64];
    struct au_stream *stream = open_stream(&reader);
    assert_int_equal(au_stream_read(stream, bytes, sizeof(bytes)), 0);
    assert_int_equal(reader.sleep_count, 1);
    au_stream_beat(stream);
    assert_int_equal(reader.wake_count, 1);
    au_stream_beat(stream); /* one is enough for who does not read */
    assert_int_equal(au_stream_read(stream, bytes, sizeof(bytes)), 3);
    assert_memory_equal(bytes, ":\n\n", 3);
    assert_int_equal(au_stream_read(stream, bytes, sizeof(bytes)), 0);
    au_stream_stop(stream);
    assert_int_equal(reader.wake_count, 2);
    assert_false(au_stream_put(stream, au_bytes_of("x")));
    assert_int_equal(au_stream_read(stream, bytes, sizeof(bytes)), -1);
    au_stream_end(stream);
    au_stream_close(stream);

    /* A reader that is gone is not woken. */
    stream = open_stream(&reader);
    assert_int_equal(au_stream_read(stream, bytes, sizeof(bytes)), 0);
    au_stream_close(stream);
    assert_false(au_stream_put(stream, au_bytes_of("x")));
    assert_int_equal(reader.wake_count, 0);
    au_stream_end(stream);
    au_stream_end(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_overflow),
        cmocka_unit_test(test_beat_and_stop),
    };
    return cmocka_run_group_tests_name("api/stream", tests, NULL, NULL);
}
