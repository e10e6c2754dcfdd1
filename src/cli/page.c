#include "cli/page.h"

#include "cli/show.h"

#define RESULT_SIZE_MAX (64u << 20) /* bytes */
#define DEPTH_MAX       16u
#define LABEL_COLUMNS   16u

static void put_indented(struct au_buf *text, struct au_bytes label, size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        au_buf_put_text(text, "  ");
    }
    au_show_text(text, label);
}

static void put_label(struct au_buf *text, struct au_bytes label, size_t depth)
{
    put_indented(text, label, depth);
    for (size_t i = depth * 2 + label.size; i < LABEL_COLUMNS - 1; i++) {
        au_buf_put_u8(text, ' ');
    }
    au_buf_put_u8(text, ' ');
}

static void put_scalar(struct au_buf *text, const struct au_json_in *value)
{
    switch (au_json_in_type(value)) {
    case AU_JSON_IN_STRING: au_show_told(text, au_json_in_string(value)); break;
    case AU_JSON_IN_INTEGER:
        au_buf_printf(text, "%lld", (long long)au_json_in_integer(value));
        break;
    case AU_JSON_IN_BOOL: au_buf_put_text(text, au_json_in_bool(value) ? "yes" : "no"); break;
    case AU_JSON_IN_OBJECT:
    case AU_JSON_IN_ARRAY:
    case AU_JSON_IN_REAL:
    case AU_JSON_IN_NULL: au_buf_put_text(text, au_json_in_type_name(au_json_in_type(value)));
    }
}

/* Where a walk over a document is: an object's next member or an array's next item. */
struct place {
    const struct au_json_in *value;
    struct au_bytes label; /* of an array's items */
    struct au_json_in_member member;
    size_t index;
    size_t depth;
};

static bool next(struct place *place, struct au_bytes *out_label,
                 const struct au_json_in **out_value)
{
    if (au_json_in_type(place->value) == AU_JSON_IN_OBJECT) {
        if (!au_json_in_next(place->value, &place->member)) return false;
        *out_label = place->member.key;
        *out_value = place->member.value;
        return true;
    }
    if (place->index == au_json_in_count(place->value)) return false;
    *out_label = place->label;
    *out_value = au_json_in_item(place->value, place->index++);
    return true;
}

static struct au_bytes singular(struct au_bytes name)
{
    bool is_plural = name.size > 1 && name.data[name.size - 1] == 's';
    return (struct au_bytes){name.data, name.size - (is_plural ? 1 : 0)};
}

void au_page_put(struct au_buf *text, const struct au_json_in *object)
{
    AU_ASSERT(au_json_in_type(object) == AU_JSON_IN_OBJECT);
    struct place places[DEPTH_MAX] = {{.value = object}};
    size_t count = 1;
    while (count > 0) {
        struct place *top = &places[count - 1];
        struct au_bytes label;
        const struct au_json_in *value;
        if (!next(top, &label, &value)) {
            count--;
            continue;
        }
        enum au_json_in_type type = au_json_in_type(value);
        if (type == AU_JSON_IN_OBJECT) {
            put_indented(text, label, top->depth);
            au_buf_put_u8(text, '\n');
        } else if (type != AU_JSON_IN_ARRAY) {
            put_label(text, label, top->depth);
            put_scalar(text, value);
            au_buf_put_u8(text, '\n');
            continue;
        }
        if (count == DEPTH_MAX) continue;
        size_t depth = top->depth + (type == AU_JSON_IN_OBJECT ? 1 : 0);
        places[count++] = (struct place){.value = value, .label = singular(label), .depth = depth};
    }
}

enum au_exit au_page_print(const struct au_invocation *invocation, const struct au_buf *document)
{
    if (document->err != AU_OK || au_invocation_has(invocation, "json")) {
        return au_invocation_write(invocation, document);
    }
    struct au_json_in *root = NULL;
    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    text.err = au_json_in_parse(au_buf_bytes(document), NULL, &root);
    AU_ASSERT(text.err == AU_OK || text.err == AU_ERR_NO_MEMORY); /* we made it */
    if (text.err == AU_OK) au_page_put(&text, root);
    enum au_exit code = au_invocation_write(invocation, &text);
    au_json_in_free(root);
    au_buf_done(&text);
    return code;
}
