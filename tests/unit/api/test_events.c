/* What the API finds of events, page by page and as a stream. */
#include "unit/api/api_world.h"

#include "api/api_internal.h"

/* sell(u64) emits "sold", whose topic begins with the number, pay(u64) "paid" twice, and fill(u64)
 * 16 events as large as can be. */
static const char emitter[] =
    "(module"
    " (import \"env\" \"emit\" (func $emit (param i32 i32 i32 i32 i32 i32)))"
    " (memory 1 1) (data (i32.const 0) \"soldpaidred\")"
    " (func $say (param i32) (call $emit (local.get 0) (i32.const 4) (i32.const 64) (i32.const 1)"
    "   (i32.const 8) (i32.const 3)))"
    " (func (export \"sell\") (param i64) (i64.store (i32.const 64) (local.get 0))"
    "   (call $say (i32.const 0)))"
    " (func (export \"pay\") (param i64) (i64.store (i32.const 64) (local.get 0))"
    "   (call $say (i32.const 4)) (call $say (i32.const 4)))"
    " (func (export \"fill\") (param i64) (local $i i32)"
    "   (loop $more (call $emit (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 0)"
    "     (i32.const 0) (i32.const 16384))"
    "     (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))"
    "       (i32.const 16))))))";

static char contracts[2][ADDRESS_SIZE];

static void mine_one(void)
{
    struct answer answer = post(200, "/v1/dev/mine", "{\"count\":1}");
    answer_done(&answer);
}

/* Deploys the emitter twice, in block 1. */
static void deploy(void)
{
    static const char *const from[] = {"alice", "bob"};
    struct au_buf code;
    char message[200], target[200];
    au_buf_init(&code, 1 << 20);
    assert_ok(au_engine_wat_to_wasm(au_bytes_of(emitter), &code, message, sizeof(message)));
    for (size_t i = 0; i < AU_COUNT_OF(from); i++) {
        snprintf(target, sizeof(target), "/contract/deploy?from=%s&gas=auto&wait=none", from[i]);
        struct answer answer = post_bytes(202, target, WASM_HEADER, au_buf_bytes(&code));
        answer_done(&answer);
    }
    au_buf_done(&code);
    mine_one();
    struct answer block = get(200, "/v1/block/1");
    for (size_t i = 0; i < AU_COUNT_OF(from); i++) {
        char path[40];
        snprintf(path, sizeof(path), "txs.%zu", i);
        snprintf(target, sizeof(target), "/v1/tx/%s/receipt", text_at(&block, path));
        struct answer receipt = get(200, target);
        snprintf(contracts[i], ADDRESS_SIZE, "%s", text_at(&receipt, "created"));
        answer_done(&receipt);
    }
    answer_done(&block);
}

static void call(const char *from, size_t contract, const char *function, unsigned number)
{
    char body[400];
    snprintf(body, sizeof(body),
             "{\"from\":\"%s\",\"contract\":\"%s\",\"function\":\"%s\",\"gas_limit\":\"500000\","
             "\"args\":[\"u64:%u\"]}",
             from, contracts[contract], function, number);
    struct answer answer = post(202, "/v1/contract/call?wait=none", body);
    answer_done(&answer);
}

/* Blocks 2 to 5. The pool orders transactions of one price by when they came. */
static void make_events(void)
{
    deploy();
    call("alice", 0, "sell", 1);
    call("bob", 1, "pay", 1);
    mine_one();
    call("alice", 0, "pay", 2);
    mine_one();
    mine_one();
    call("carol", 1, "sell", 2);
    call("carol", 1, "sell", 1);
    mine_one();
}

#define TOPIC(digit) "0x0" digit "00000000000000000000000000000000000000000000000000000000000000"

/* Follows pages of a limit to the end, and writes the places of what they have. */
static void walk(const char *query, unsigned limit, char *out_places, size_t size)
{
    char cursor[64] = "";
    *out_places = 0;
    for (unsigned page = 0; page < 20; page++) {
        char target[600];
        snprintf(target, sizeof(target), "/v1/events?limit=%u%s%s%s", limit, query,
                 *cursor ? "&cursor=" : "", cursor);
        struct answer answer = get(200, target);
        size_t count = count_at(&answer, "items");
        assert_true(count <= limit);
        for (size_t i = 0; i < count; i++) {
            char path[40];
            snprintf(path, sizeof(path), "items.%zu.cursor", i);
            size_t used = strlen(out_places);
            snprintf(out_places + used, size - used, "%s ", text_at(&answer, path));
        }
        bool is_last = !has(&answer, "next");
        if (!is_last) snprintf(cursor, sizeof(cursor), "%s", text_at(&answer, "next"));
        answer_done(&answer);
        if (is_last) return;
    }
    fail_msg("pages without end");
}

static void test_pages(void **state)
{
    (void)state;
    static const struct {
        int contract; /* -1: any */
        const char *query, *expected;
    } cases[] = {
        {-1, "&order=asc", "2-0-0 2-1-0 2-1-1 3-0-0 3-0-1 5-0-0 5-1-0 "},
        {-1, "", "5-1-0 5-0-0 3-0-1 3-0-0 2-1-1 2-1-0 2-0-0 "},
        {0, "", "3-0-1 3-0-0 2-0-0 "},
        {1, "&name=sold", "5-1-0 5-0-0 "},
        {-1, "&name=sold", "5-1-0 5-0-0 2-0-0 "},
        {-1, "&topic=" TOPIC("2"), "5-0-0 3-0-1 3-0-0 "},
        {0, "&topic=" TOPIC("2"), "3-0-1 3-0-0 "},
        {1, "&order=asc&name=sold&topic=" TOPIC("1"), "5-1-0 "},
        {-1, "&topic=" TOPIC("3"), ""},
        {-1, "&name=sol", ""},
        {-1, "&order=asc&from_height=3", "3-0-0 3-0-1 5-0-0 5-1-0 "},
        {-1, "&order=asc&from_height=3&to_height=4", "3-0-0 3-0-1 "},
        {-1, "&to_height=2", "2-1-1 2-1-0 2-0-0 "},
        {-1, "&from_height=6", ""},
        {-1, "&account=carol", "5-1-0 5-0-0 "},
        {-1, "&account=alice&order=asc", "2-0-0 3-0-0 3-0-1 "},
        {0, "&account=alice&topic=" TOPIC("2"), "3-0-1 3-0-0 "},
        {1, "&account=alice", ""},
        {-1, "&account=bob&name=sold", ""},
        {-1, "&account=dave", ""},
    };
    make_events();
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        char query[400], places[400];
        bool is_any = cases[i].contract < 0;
        snprintf(query, sizeof(query), "%s%s%s",
                 is_any ? "" : "&contract=", is_any ? "" : contracts[cases[i].contract],
                 cases[i].query);
        for (unsigned limit = 1; limit <= 8; limit++) {
            walk(query, limit, places, sizeof(places));
            assert_string_equal(places, cases[i].expected);
        }
    }
}

static void test_item(void **state)
{
    (void)state;
    make_events();
    struct answer block = get(200, "/v1/block/2");
    struct answer answer = get(200, "/v1/events?cursor=3-0-0&limit=1");
    expect_text(&answer, "items.0.cursor", "2-1-1");
    expect_text(&answer, "next", "2-1-1");
    expect_text(&answer, "items.0.height", "2");
    assert_int_equal(number_at(&answer, "items.0.index"), 1);
    assert_int_equal(number_at(&answer, "items.0.number"), 1);
    expect_text(&answer, "items.0.hash", text_at(&block, "txs.1"));
    expect_text(&answer, "items.0.contract", contracts[1]);
    expect_text(&answer, "items.0.name", "paid");
    assert_int_equal(count_at(&answer, "items.0.topics"), 1);
    expect_text(&answer, "items.0.topics.0", TOPIC("1"));
    expect_text(&answer, "items.0.data", "0x726564");
    answer_done(&answer);
    answer_done(&block);
}

/* One who polls upwards sees each event once, whenever blocks come. */
static void test_polling(void **state)
{
    (void)state;
    char places[400];
    make_events();
    walk("&order=asc&cursor=5-1-0", 1, places, sizeof(places));
    assert_string_equal(places, "");
    call("bob", 0, "pay", 9);
    mine_one();
    struct answer answer = get(200, "/v1/events?order=asc&cursor=5-1-0");
    assert_int_equal(count_at(&answer, "items"), 2);
    expect_text(&answer, "items.0.cursor", "6-0-0");
    assert_false(has(&answer, "next"));
    answer_done(&answer);
}

static void test_problems(void **state)
{
    (void)state;
    static const struct {
        const char *query, *code, *member;
    } cases[] = {
        {"contract=aur1x", "bad-value", "contract"},
        {"name=", "bad-value", "name"},
        {"name=%ff", "bad-value", "name"},
        {"name=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bad-value",
         "name"},
        {"topic=0x00", "bad-value", "topic"},
        {"cursor=5-1", "bad-value", "cursor"},
        {"cursor=", "bad-value", "cursor"},
        {"cursor=5-1-0-0", "bad-value", "cursor"},
        {"cursor=5-1-4294967296", "bad-value", "cursor"},
        {"limit=0", "bad-value", "limit"},
        {"limit=101", "bad-value", "limit"},
        {"order=up", "bad-value", "order"},
        {"from_height=-1", "bad-value", "from_height"},
        {"from_height=5&to_height=4", "bad-value", "to_height"},
        {"account=aur1x", "bad-value", "account"},
        {"sender=alice", "unknown-member", "sender"},
    };
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        char target[200];
        snprintf(target, sizeof(target), "/v1/events?%s", cases[i].query);
        struct answer answer = get(400, target);
        expect_text(&answer, "code", cases[i].code);
        expect_text(&answer, "member", cases[i].member);
        answer_done(&answer);
    }
}

/* ---- the stream ---- */

/* Reads byte by byte, so that what comes behind stays, until text has come so many times. */
static void read_past(int fd, const char *end, size_t count, char *out_text, size_t size)
{
    const size_t end_size = strlen(end);
    for (size_t used = 0; count > 0; used++) {
        assert_true(used + 1 < size);
        assert_int_equal(http_receive(fd, out_text + used, 1), 1);
        out_text[used + 1] = 0;
        bool is_end = used + 1 >= end_size && strcmp(out_text + used + 1 - end_size, end) == 0;
        if (is_end) count--;
    }
}

static int open_stream(const char *query, const char *header)
{
    char target[400], text[4096];
    snprintf(target, sizeof(target), "/v1/events/stream%s", query);
    int fd = send_request("GET", target, header, (struct au_bytes){0});
    read_past(fd, "\r\n\r\n", 1, text, sizeof(text));
    assert_non_null(strstr(text, "text/event-stream"));
    return fd;
}

/* Reads as many events as there are ids, and compares theirs. */
static void expect_ids(int fd, size_t count, const char *ids)
{
    char text[16384], found[200] = "";
    read_past(fd, "\n\n", count, text, sizeof(text));
    for (const char *at = text; (at = strstr(at, "id: ")) != NULL; at++) {
        char id[40], expected[120];
        size_t used = strlen(found);
        assert_int_equal(sscanf(at, "id: %39s", id), 1);
        snprintf(expected, sizeof(expected), "id: %s\nevent: event\ndata: {\"cursor\":\"%s\",", id,
                 id);
        assert_ptr_equal(strstr(at, expected), at);
        snprintf(found + used, sizeof(found) - used, "%s ", id);
    }
    assert_string_equal(found, ids);
}

/* Nothing comes but the end of a chunk. */
static void expect_silence(int fd)
{
    char byte;
    while (!is_silent(fd, 20)) {
        assert_int_equal(http_receive(fd, &byte, 1), 1);
        assert_true(byte == '\r' || byte == '\n');
    }
}

/* Old events come from where the client was, new ones behind them, and only those that it wants. */
static void test_stream(void **state)
{
    (void)state;
    char query[200];
    make_events();
    int all = open_stream("?from_height=0", "");
    int next = open_stream("", "");
    int after = open_stream("?cursor=2-0-0", "Last-Event-ID: 3-0-0\r\n");
    snprintf(query, sizeof(query), "?name=sold&contract=%s&cursor=0-0-0", contracts[1]);
    int sold = open_stream(query, "");
    int topic = open_stream("?from_height=3&topic=" TOPIC("1"), "");
    int future = open_stream("?cursor=6-0-0", "");
    expect_ids(all, 7, "2-0-0 2-1-0 2-1-1 3-0-0 3-0-1 5-0-0 5-1-0 ");
    expect_ids(after, 3, "3-0-1 5-0-0 5-1-0 ");
    expect_ids(sold, 2, "5-0-0 5-1-0 ");
    expect_ids(topic, 1, "5-1-0 ");
    assert_true(is_silent(next, 50));
    call("bob", 0, "pay", 1);
    call("carol", 1, "sell", 7);
    mine_one();
    mine_one();
    expect_ids(all, 3, "6-0-0 6-0-1 6-1-0 ");
    expect_ids(next, 3, "6-0-0 6-0-1 6-1-0 ");
    expect_ids(after, 3, "6-0-0 6-0-1 6-1-0 ");
    expect_ids(sold, 1, "6-1-0 ");
    expect_ids(topic, 2, "6-0-0 6-0-1 ");
    expect_ids(future, 2, "6-0-1 6-1-0 ");
    const int fds[] = {all, next, after, sold, topic, future};
    for (size_t i = 0; i < AU_COUNT_OF(fds); i++) {
        expect_silence(fds[i]);
        close(fds[i]);
    }
}

#define FILLS 40u

/* Takes the ids that are whole off text, none of which was left out or came twice. */
static size_t take_ids(char *text, size_t size, char out_id[64], unsigned *count)
{
    for (char *id; (id = strstr(text, "id: ")) != NULL && strchr(id, '\n') != NULL;) {
        unsigned long height, index, number;
        assert_int_equal(sscanf(id, "id: %lu-%lu-%lu\n", &height, &index, &number), 3);
        assert_int_equal((height - 2) * 16 + number, (*count)++);
        snprintf(out_id, 64, "%lu-%lu-%lu", height, index, number);
        size -= (size_t)(id + 4 - text);
        memmove(text, id + 4, size + 1);
    }
    return size;
}

/* Reads a chunk of the answer's body and gives its size. */
static size_t read_chunk(int fd, char *out, size_t size)
{
    char line[32];
    unsigned long chunk_size;
    read_past(fd, "\r\n", 1, line, sizeof(line));
    assert_int_equal(sscanf(line, "%lx", &chunk_size), 1);
    assert_true(chunk_size > 0 && chunk_size <= size);
    for (size_t used = 0; used < chunk_size;) {
        size_t got = http_receive(fd, out + used, chunk_size - used);
        assert_true(got > 0);
        used += got;
    }
    read_past(fd, "\r\n", 1, line, sizeof(line));
    return chunk_size;
}

/* Reads a stream until all has come or it ends, and tells whether it has lagged. */
static bool read_rest(int fd, char out_id[64], unsigned *count)
{
    static char text[1u << 20];
    size_t used = 0;
    while (*count < FILLS * 16) {
        used += read_chunk(fd, text + used, sizeof(text) - used - 1);
        text[used] = 0;
        used = take_ids(text, used, out_id, count);
        if (strstr(text, "event: lagged") != NULL) return true;
        size_t kept = used < 64 ? used : 64;
        memmove(text, text + used - kept, kept + 1);
        used = kept;
    }
    return false;
}

/* A client that sleeps is told so and let go; with the last id that it saw it misses nothing. */
static void test_slow_client(void **state)
{
    (void)state;
    char id[64] = "", header[100] = "";
    unsigned count = 0, lags = 0;
    deploy();
    for (unsigned i = 0; i < FILLS; i++) {
        call("alice", 0, "fill", 0);
        mine_one();
    }
    for (bool is_lagged = true; is_lagged; lags += is_lagged) {
        int fd = open_stream("?from_height=0", header);
        for (unsigned i = 0; i < 1000 && lags == 0; i++) {
            if (au_event_watch_count(&world.api->event_watch) == 0) break;
            http_sleep_ms(10);
        }
        is_lagged = read_rest(fd, id, &count);
        snprintf(header, sizeof(header), "Last-Event-ID: %s\r\n", id);
        close(fd);
    }
    assert_int_equal(count, FILLS * 16);
    assert_true(lags > 0);
}

static void test_stream_problems(void **state)
{
    (void)state;
    struct answer answer;
    read_answer(
        send_request("GET", "/v1/events/stream", "Last-Event-ID: 5\r\n", (struct au_bytes){0}),
        &answer);
    expect_status(&answer, 400);
    expect_text(&answer, "member", "Last-Event-ID");
    answer_done(&answer);
    answer = get(400, "/v1/events/stream?cursor=x");
    expect_text(&answer, "member", "cursor");
    answer_done(&answer);
    answer = get(400, "/v1/events/stream?order=asc");
    expect_text(&answer, "code", "unknown-member");
    answer_done(&answer);
}

#define MANUAL(test) cmocka_unit_test_setup_teardown(test, open_manual, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MANUAL(test_pages),           MANUAL(test_item),   MANUAL(test_polling),
        MANUAL(test_problems),        MANUAL(test_stream), MANUAL(test_slow_client),
        MANUAL(test_stream_problems),
    };
    return cmocka_run_group_tests_name("api events", tests, NULL, NULL);
}
