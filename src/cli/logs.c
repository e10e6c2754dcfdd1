#include "cli/logs.h"

#include <time.h>

#include "cli/client.h"
#include "cli/http.h"
#include "cli/query.h"
#include "cli/show.h"

#define PATH_SIZE_MAX   8192u       /* bytes */
#define RESULT_SIZE_MAX (64u << 20) /* bytes of a page */
#define CURSOR_SIZE_MAX 64u         /* bytes */
#define PAUSE_MS        250         /* between two questions of one who follows */

/* ---- the query ---- */

static enum au_exit put_filter(struct au_invocation *invocation, struct au_buf *path)
{
    static const struct {
        const char *option, *name;
    } rows[] = {
        {"name", "name"},
        {"topic", "topic"},
        {"from-height", "from_height"},
        {"to-height", "to_height"},
    };
    au_buf_put_text(path, "/v1/events?order=asc&limit=100");
    const struct {
        const char *name, *word; /* NULL: not given */
    } accounts[] = {
        {"contract", invocation->operand_count > 0 ? invocation->operands[0] : NULL},
        {"account", au_invocation_text(invocation, "account", NULL)},
    };
    for (size_t i = 0; i < AU_COUNT_OF(accounts); i++) {
        if (accounts[i].word == NULL) continue;
        au_buf_printf(path, "&%s=", accounts[i].name);
        enum au_exit code = au_query_put_account(invocation, accounts[i].word, path);
        if (code != AU_EXIT_DONE) return code;
    }
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        const char *text = au_invocation_text(invocation, rows[i].option, NULL);
        if (text == NULL) continue;
        au_buf_printf(path, "&%s=", rows[i].name);
        au_http_put_query(path, au_bytes_of(text));
    }
    return AU_EXIT_DONE;
}

/* ---- lines ---- */

static void put_line(struct au_buf *lines, const struct au_json_in *item)
{
    static const char *const names[] = {"cursor", "contract", "name"};
    for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
        au_buf_put_text(lines, i == 0 ? "" : " ");
        au_show_text(lines, au_json_in_text(item, names[i]));
    }
    au_show_fields(lines, au_json_in_get(item, "fields"));
    const struct au_json_in *topics = au_json_in_get(item, "topics");
    bool is_list = topics != NULL && au_json_in_type(topics) == AU_JSON_IN_ARRAY;
    size_t count = is_list ? au_json_in_count(topics) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct au_json_in *topic = au_json_in_item(topics, i);
        if (au_json_in_type(topic) != AU_JSON_IN_STRING) continue;
        au_buf_put_text(lines, i == 0 ? " [" : ", ");
        au_show_told(lines, au_json_in_string(topic));
    }
    au_buf_put_text(lines, count > 0 ? "] " : " ");
    au_show_told(lines, au_json_in_text(item, "data"));
    au_buf_put_u8(lines, '\n');
}

static void put_document(struct au_buf *lines, const struct au_json_in *item)
{
    struct au_buf document;
    au_buf_init(&document, RESULT_SIZE_MAX);
    au_json_in_put(item, &document);
    au_show_json(lines, au_buf_bytes(&document));
    if (document.err != AU_OK) lines->err = document.err;
    au_buf_done(&document);
}

static enum au_exit print_page(const struct au_client *client, const struct au_answer *answer)
{
    struct au_invocation *invocation = client->invocation;
    const struct au_json_in *items = au_json_in_get(answer->json, "items");
    bool is_list = items != NULL && au_json_in_type(items) == AU_JSON_IN_ARRAY;
    struct au_buf lines;
    au_buf_init(&lines, RESULT_SIZE_MAX);
    for (size_t i = 0; is_list && i < au_json_in_count(items); i++) {
        const struct au_json_in *item = au_json_in_item(items, i);
        is_list = au_json_in_type(item) == AU_JSON_IN_OBJECT;
        if (!is_list) break;
        if (au_invocation_has(invocation, "json")) {
            put_document(&lines, item);
        } else {
            put_line(&lines, item);
        }
    }
    enum au_exit code = is_list ? au_invocation_write(invocation, &lines)
                                : au_client_fail_member(client, "items", "a list of events");
    au_buf_done(&lines);
    return code;
}

/* ---- pages ---- */

/* How far the events have been printed. */
struct progress {
    struct au_buf cursor; /* of the next page; empty: from the beginning */
    bool has_more;        /* at once */
};

/* Without a next page it goes on behind the last event. */
static void note_progress(struct progress *progress, const struct au_answer *answer)
{
    struct au_bytes cursor = au_answer_text(answer, "next");
    const struct au_json_in *items = au_json_in_get(answer->json, "items");
    size_t count = au_json_in_count(items);
    progress->has_more = cursor.size > 0;
    if (cursor.size == 0 && count > 0) {
        cursor = au_json_in_text(au_json_in_item(items, count - 1), "cursor");
    }
    if (cursor.size == 0) return;
    au_buf_clear(&progress->cursor);
    au_buf_put_bytes(&progress->cursor, cursor);
}

/* Asks for the next page and prints it. */
static enum au_exit walk_page(struct au_client *client, struct au_bytes filter,
                              struct progress *progress)
{
    struct au_answer answer = {0};
    struct au_buf path;
    au_buf_init(&path, PATH_SIZE_MAX);
    au_buf_put_bytes(&path, filter);
    if (progress->cursor.size > 0) au_buf_put_text(&path, "&cursor=");
    au_http_put_query(&path, au_buf_bytes(&progress->cursor));
    au_buf_put_u8(&path, 0);
    enum au_exit code = AU_EXIT_DONE;
    if (path.err == AU_OK) {
        const struct au_request request = {
            .method = "GET", .path = (const char *)path.data, .is_last = true};
        code = au_client_ask(client, &request, &answer);
    } else {
        code = au_invocation_fail(client->invocation, AU_EXIT_USAGE, "an operand is too long");
    }
    if (code == AU_EXIT_DONE && answer.status != 0) {
        code = print_page(client, &answer);
        if (code == AU_EXIT_DONE) note_progress(progress, &answer);
    }
    if (code == AU_EXIT_DONE && progress->cursor.err != AU_OK) {
        code = au_client_fail_member(client, "next", "a cursor");
    }
    au_answer_done(&answer);
    au_buf_done(&path);
    return code;
}

/* Prints what there is and, with --follow, what comes. */
static enum au_exit walk(struct au_client *client, struct au_bytes filter,
                         struct progress *progress)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    bool follows = au_invocation_has(client->invocation, "follow") && !client->is_dry;
    for (;;) {
        enum au_exit code = walk_page(client, filter, progress);
        if (code != AU_EXIT_DONE && follows && progress->cursor.size > 0) {
            au_invocation_note(client->invocation, "to go on: --cursor %.*s",
                               (int)progress->cursor.size, (const char *)progress->cursor.data);
        }
        if (code != AU_EXIT_DONE) return code;
        if (progress->has_more) continue;
        if (!follows) return AU_EXIT_DONE;
        nanosleep(&pause, NULL);
    }
}

enum au_exit au_logs_command(struct au_invocation *invocation)
{
    struct au_client client;
    struct progress progress = {0};
    struct au_buf filter;
    if (au_invocation_has(invocation, "follow") && au_invocation_has(invocation, "to-height")) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "--follow has no end, --to-height sets one");
    }
    au_buf_init(&filter, PATH_SIZE_MAX);
    au_buf_init(&progress.cursor, CURSOR_SIZE_MAX);
    enum au_exit code = au_client_init(&client, invocation);
    if (code == AU_EXIT_DONE) code = put_filter(invocation, &filter);
    au_buf_put_text(&progress.cursor, au_invocation_text(invocation, "cursor", ""));
    if (code == AU_EXIT_DONE && (filter.err != AU_OK || progress.cursor.err != AU_OK)) {
        code = au_invocation_fail(invocation, AU_EXIT_USAGE, "an operand is too long");
    }
    if (code == AU_EXIT_DONE) code = walk(&client, au_buf_bytes(&filter), &progress);
    au_buf_done(&filter);
    au_buf_done(&progress.cursor);
    return code;
}
