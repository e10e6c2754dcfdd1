/* Fuzzes what a contract says of itself: the input is read as the text of an ABI, and as a module
 * with one inside.
 *
 * What is read is written as JSON, whose bytes depend on the facts alone: the lines in the other
 * order give the same, but for the hash of the text, and so do the lines that are written. What is
 * refused has a line of the text and a sentence. */
#include "abi/json.h"
#include "abi/line.h"
#include "abi/section.h"
#include "fuzz.h"

#define JSON_SIZE_MAX (8u << 20)

static size_t count_lines(struct au_bytes text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == '\n';
    return count;
}

static void reverse_lines(struct au_bytes text, struct au_buf *reversed)
{
    size_t end = text.size;
    for (size_t i = text.size; i-- > 0;) {
        if (text.data[i] != '\n') continue;
        au_buf_put(reversed, text.data + i + 1, end - i - 1);
        au_buf_put_u8(reversed, '\n');
        end = i;
    }
    if (text.size > 0) au_buf_put(reversed, text.data, end);
}

/* lines: NULL, or written too */
static enum au_err parse(struct au_bytes text, struct au_buf *json, struct au_buf *lines)
{
    struct au_arena arena;
    struct au_abi abi;
    struct au_abi_error error = {0};
    struct au_json_write write;
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    enum au_err err = au_abi_parse(text, &arena, &abi, &error);
    AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED);
    if (err == AU_OK) {
        AU_ASSERT(abi.record_count <= AU_ABI_RECORDS_MAX);
        abi.hash = (struct au_hash){{0}};
        if (lines != NULL) au_abi_format(lines, &abi);
        au_json_write_init(&write, json, AU_JSON_WRITE_COMPACT);
        au_abi_write_json(&write, &abi);
        au_json_write_finish(&write);
        AU_ASSERT(json->err == AU_OK);
    } else {
        AU_ASSERT(error.line >= 1 && error.line <= count_lines(text));
        AU_ASSERT(strlen(error.message) > 0);
    }
    au_arena_done(&arena);
    return err;
}

static void check_same(struct au_bytes text, const struct au_buf *json)
{
    struct au_buf again;
    au_buf_init(&again, JSON_SIZE_MAX);
    AU_ASSERT(parse(text, &again, NULL) == AU_OK);
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(json), au_buf_bytes(&again)));
    au_buf_done(&again);
}

static void check_text(struct au_bytes text)
{
    struct au_buf json;
    struct au_buf lines;
    struct au_buf reversed;
    au_buf_init(&json, JSON_SIZE_MAX);
    au_buf_init(&lines, JSON_SIZE_MAX);
    au_buf_init(&reversed, text.size + 1);
    if (parse(text, &json, &lines) == AU_OK) {
        AU_ASSERT(lines.err == AU_OK);
        if (lines.size <= AU_ABI_TEXT_SIZE_MAX) check_same(au_buf_bytes(&lines), &json);
        reverse_lines(text, &reversed);
        if (reversed.size <= AU_ABI_TEXT_SIZE_MAX) check_same(au_buf_bytes(&reversed), &json);
    }
    au_buf_done(&json);
    au_buf_done(&lines);
    au_buf_done(&reversed);
}

/* What a module has inside is read as the text alone is. */
static void check_load(struct au_bytes code, enum au_err section_err, struct au_bytes text)
{
    struct au_arena arena;
    struct au_abi abi;
    struct au_abi_error error = {0};
    enum au_err expected = section_err;
    au_arena_init(&arena, 2 * AU_ABI_ARENA_SIZE_MAX);
    if (expected == AU_OK) expected = au_abi_parse(text, &arena, &abi, &error);
    AU_ASSERT(au_abi_load(code, &arena, &abi, &error) == expected);
    au_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct au_bytes input = {data, size};
    struct au_buf text;
    au_buf_init(&text, AU_ABI_TEXT_SIZE_MAX + 1);
    check_text(input);
    enum au_err err = au_abi_section_read(input, &text);
    check_load(input, err, au_buf_bytes(&text));
    if (err == AU_OK) {
        AU_ASSERT(text.size < size);
        check_text(au_buf_bytes(&text));
    }
    au_buf_done(&text);
    return 0;
}
