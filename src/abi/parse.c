#include <stdlib.h>

#include "abi/resolve.h"
#include "abi/scan.h"
#include "abi/type.h"
#include "base/text.h"
#include "base/utf8.h"
#include "core/limits.h"
#include "crypto/sha256.h"

struct parser {
    struct abi_scan scan;
    struct au_abi *abi;
    bool has_version;
};

static bool read_type(struct abi_scan *scan, struct au_abi_type *out_type, unsigned depth);

/* ---- types ---- */

static bool read_tuple(struct abi_scan *scan, struct au_abi_type *type, unsigned depth)
{
    struct au_abi_type items[AU_ABI_TUPLE_MAX];
    size_t count = 0;
    do {
        if (count == AU_ABI_TUPLE_MAX) {
            return abi_fail(scan, "a tuple of more than %u types", AU_ABI_TUPLE_MAX);
        }
        if (!read_type(scan, &items[count++], depth + 1)) return false;
    } while (abi_at(scan, ","));
    if (!abi_need(scan, ")")) return false;
    if (count < 2) return abi_fail(scan, "a tuple of one type, expected at least 2");
    type->kind = AU_ABI_TUPLE;
    type->item_count = count;
    return abi_copy(scan, items, count * sizeof *items, &type->items);
}

static bool read_items(struct abi_scan *scan, struct au_abi_type *type, unsigned depth)
{
    type->item_count = au_abi_words[type->kind].item_count;
    if (type->item_count == 0) return true;
    type->items = abi_take(scan, type->item_count * sizeof *type->items);
    if (type->items == NULL || !abi_need(scan, "<")) return false;
    for (size_t i = 0; i < type->item_count; i++) {
        if (i > 0 && !abi_need(scan, ",")) return false;
        if (!read_type(scan, &type->items[i], depth + 1)) return false;
    }
    return abi_need(scan, ">");
}

static bool read_type(struct abi_scan *scan, struct au_abi_type *out_type, unsigned depth)
{
    struct au_bytes word;
    *out_type = (struct au_abi_type){0};
    if (depth == AU_ABI_DEPTH_MAX) {
        return abi_fail(scan, "types nest deeper than %u", AU_ABI_DEPTH_MAX);
    }
    if (abi_at(scan, "(")) return read_tuple(scan, out_type, depth);
    if (!abi_name(scan, "a type", &word)) return false;
    out_type->kind = au_abi_word_find(word);
    if (out_type->kind != AU_ABI_NAMED) return read_items(scan, out_type, depth);
    out_type->name = word;
    return true;
}

/* ---- fields ---- */

static bool has_name(struct abi_scan *scan, const struct au_abi_field *fields, size_t count)
{
    struct au_bytes name = fields[count].name;
    for (size_t i = 0; i < count; i++) {
        if (!au_bytes_is_equal(fields[i].name, name)) continue;
        abi_fail(scan, "two fields are named `%.*s`", (int)name.size, (const char *)name.data);
        return true;
    }
    return false;
}

static bool read_field(struct abi_scan *scan, bool is_event, struct au_abi_field *field)
{
    *field = (struct au_abi_field){0};
    if (!abi_name(scan, "a field's name", &field->name)) return false;
    bool has_colon = abi_at(scan, ":"); /* `topic:u64` is a field of that name */
    field->is_topic =
        is_event && !has_colon && au_bytes_is_equal(field->name, au_bytes_of("topic"));
    if (field->is_topic) {
        if (!abi_name(scan, "a field's name", &field->name)) return false;
        has_colon = abi_at(scan, ":");
    }
    if (!has_colon) return abi_expected(scan, "`:`");
    return read_type(scan, &field->type, 0);
}

/* What stands between brackets, of which the first has been read. */
static bool read_fields(struct abi_scan *scan, const char *close, bool is_event,
                        struct au_abi_field **out_fields, size_t *out_count)
{
    struct au_abi_field fields[AU_ABI_FIELDS_MAX];
    size_t count = 0;
    size_t topics = 0;
    if (!abi_at(scan, close)) {
        do {
            if (count == AU_ABI_FIELDS_MAX) {
                return abi_fail(scan, "more than %u fields", AU_ABI_FIELDS_MAX);
            }
            if (!read_field(scan, is_event, &fields[count])) return false;
            if (has_name(scan, fields, count)) return false;
            topics += fields[count++].is_topic;
        } while (abi_at(scan, ","));
        if (!abi_need(scan, close)) return false;
    }
    if (topics > AU_ABI_TOPICS_MAX) {
        return abi_fail(scan, "%zu topic fields, expected at most %u", topics, AU_ABI_TOPICS_MAX);
    }
    *out_count = count;
    return abi_copy(scan, fields, count * sizeof *fields, out_fields);
}

/* Fields in parentheses, which may be missing. */
static bool read_maybe_fields(struct abi_scan *scan, struct au_abi_record *record)
{
    if (!abi_at(scan, "(")) return true;
    return read_fields(scan, ")", record->kind == AU_ABI_EVENT, &record->fields,
                       &record->field_count);
}

static bool read_text(struct abi_scan *scan, struct au_abi_record *record)
{
    if (!abi_is_end(scan) && !abi_string(scan, false, &record->text)) return false;
    return abi_is_end(scan) || abi_expected(scan, "the end of the line");
}

/* ---- records ---- */

static bool read_mode(struct abi_scan *scan, struct au_abi_record *record)
{
    static const char *const modes[] = {"mut", "view", "init", "migrate"};
    record->is_payable = abi_at(scan, "payable");
    if (record->is_payable) {
        record->mode = abi_at(scan, "init") ? AU_ABI_INIT : AU_ABI_MUT;
        return record->mode == AU_ABI_INIT || abi_at(scan, "mut") ||
               abi_expected(scan, "mut or init");
    }
    for (size_t i = 0; i < AU_COUNT_OF(modes); i++) {
        record->mode = (enum au_abi_mode)i;
        if (abi_at(scan, modes[i])) return true;
    }
    return abi_expected(scan, "mut, view, init, migrate, payable mut or payable init");
}

/* A node calls `init` and `migrate` by these names, and nobody else may. */
static bool check_mode(struct abi_scan *scan, const struct au_abi_record *record)
{
    bool is_init = au_bytes_is_equal(record->name, au_bytes_of("init"));
    bool is_migrate = au_bytes_is_equal(record->name, au_bytes_of("migrate"));
    if (is_init != (record->mode == AU_ABI_INIT)) {
        return abi_fail(scan, "mode init is of the function `init`, and of no other");
    }
    if (is_migrate != (record->mode == AU_ABI_MIGRATE)) {
        return abi_fail(scan, "mode migrate is of the function `migrate`, and of no other");
    }
    return true;
}

static bool read_fn(struct abi_scan *scan, struct au_abi_record *record)
{
    if (!abi_name(scan, "a function's name", &record->name) || !abi_need(scan, "(")) return false;
    if (!read_fields(scan, ")", false, &record->fields, &record->field_count)) return false;
    record->has_result = abi_at(scan, "->");
    if (record->has_result && !read_type(scan, &record->result, 0)) return false;
    return read_mode(scan, record) && check_mode(scan, record) && read_text(scan, record);
}

static bool read_event(struct abi_scan *scan, struct au_abi_record *record)
{
    return abi_name(scan, "an event's name", &record->name) && read_maybe_fields(scan, record) &&
           read_text(scan, record);
}

static bool read_error(struct abi_scan *scan, struct au_abi_record *record)
{
    struct au_bytes word = abi_word(scan);
    if (au_text_parse_u32(word, &record->code) != AU_OK) {
        scan->pos = word.data;
        return abi_expected(scan, "an error's code, a u32");
    }
    return abi_name(scan, "an error's name", &record->name) && read_maybe_fields(scan, record) &&
           read_text(scan, record);
}

static bool read_type_name(struct abi_scan *scan, struct au_abi_record *record)
{
    if (!abi_name(scan, "a type's name", &record->name)) return false;
    if (au_abi_word_find(record->name) == AU_ABI_NAMED) return true;
    return abi_fail(scan, "`%.*s` is a type already", (int)record->name.size,
                    (const char *)record->name.data);
}

/* A type that takes no bytes would let four bytes stand for billions of items. */
static bool read_struct(struct abi_scan *scan, struct au_abi_record *record)
{
    if (!read_type_name(scan, record) || !abi_need(scan, "{")) return false;
    if (!read_fields(scan, "}", false, &record->fields, &record->field_count)) return false;
    if (record->field_count == 0) return abi_fail(scan, "a type without fields");
    return read_text(scan, record);
}

static bool read_variants(struct abi_scan *scan, struct au_abi_record *record)
{
    struct au_abi_variant variants[AU_ABI_VARIANTS_MAX];
    size_t count = 0;
    do {
        if (count == AU_ABI_VARIANTS_MAX) {
            return abi_fail(scan, "more than %u variants", AU_ABI_VARIANTS_MAX);
        }
        struct au_abi_variant *variant = &variants[count];
        *variant = (struct au_abi_variant){0};
        if (!abi_name(scan, "a variant's name", &variant->name)) return false;
        if (abi_at(scan, "(") &&
            !read_fields(scan, ")", false, &variant->fields, &variant->field_count)) {
            return false;
        }
        for (size_t i = 0; i < count; i++) {
            if (!au_bytes_is_equal(variants[i].name, variant->name)) continue;
            return abi_fail(scan, "two variants are named `%.*s`", (int)variant->name.size,
                            (const char *)variant->name.data);
        }
        count++;
    } while (abi_at(scan, ","));
    record->variant_count = count;
    return abi_copy(scan, variants, count * sizeof *variants, &record->variants);
}

static bool read_enum(struct abi_scan *scan, struct au_abi_record *record)
{
    return read_type_name(scan, record) && abi_need(scan, "{") && read_variants(scan, record) &&
           abi_need(scan, "}") && read_text(scan, record);
}

static bool read_storage(struct abi_scan *scan, struct au_abi_record *record)
{
    if (!abi_name(scan, "a name of storage", &record->name) || !abi_need(scan, ":")) return false;
    if (!read_type(scan, &record->result, 0) || !abi_need(scan, "@")) return false;
    if (!abi_string(scan, true, &record->key)) return false;
    if (record->key.size == 0 || record->key.size > AU_KEY_SIZE_MAX) {
        return abi_fail(scan, "a key of %zu bytes, expected 1 to %u", record->key.size,
                        AU_KEY_SIZE_MAX);
    }
    return read_text(scan, record);
}

static const struct {
    const char *word;
    bool (*read)(struct abi_scan *scan, struct au_abi_record *record);
} readers[] = {
    [AU_ABI_FN] = {"fn", read_fn},          [AU_ABI_EVENT] = {"event", read_event},
    [AU_ABI_ERROR] = {"error", read_error}, [AU_ABI_STRUCT] = {"type", read_struct},
    [AU_ABI_ENUM] = {"enum", read_enum},    [AU_ABI_STORAGE] = {"storage", read_storage},
};

/* ---- lines ---- */

static bool read_version(struct parser *parser)
{
    if (!abi_need(&parser->scan, "1")) return false;
    parser->has_version = true;
    return abi_is_end(&parser->scan) || abi_expected(&parser->scan, "the end of the line");
}

/* Every source of a contract may say the same; none may say something else. */
static bool add_meta(struct parser *parser, struct au_abi_meta entry)
{
    struct au_abi *abi = parser->abi;
    for (size_t i = 0; i < abi->meta_count; i++) {
        if (!au_bytes_is_equal(abi->meta[i].key, entry.key)) continue;
        if (au_bytes_is_equal(abi->meta[i].value, entry.value)) return true;
        return abi_fail(&parser->scan, "meta `%.*s` has two values", (int)entry.key.size,
                        (const char *)entry.key.data);
    }
    if (abi->meta_count == AU_ABI_META_MAX) {
        return abi_fail(&parser->scan, "more than %u meta keys", AU_ABI_META_MAX);
    }
    abi->meta[abi->meta_count++] = entry;
    return true;
}

static bool read_meta(struct parser *parser)
{
    while (!abi_is_end(&parser->scan)) {
        struct au_abi_meta entry;
        if (!abi_name(&parser->scan, "a key", &entry.key)) return false;
        if (!abi_need(&parser->scan, "=")) return false;
        entry.value = abi_word(&parser->scan);
        if (entry.value.size == 0 || entry.value.size > AU_ABI_STRING_SIZE_MAX) {
            return abi_fail(&parser->scan, "a value of %zu bytes, expected 1 to %u",
                            entry.value.size, AU_ABI_STRING_SIZE_MAX);
        }
        if (!add_meta(parser, entry)) return false;
    }
    return true;
}

static bool read_record(struct parser *parser)
{
    struct abi_scan *scan = &parser->scan;
    struct au_abi *abi = parser->abi;
    if (abi->record_count == AU_ABI_RECORDS_MAX) {
        return abi_fail(scan, "more than %u records", AU_ABI_RECORDS_MAX);
    }
    struct au_abi_record *record = &abi->records[abi->record_count++];
    const uint8_t *start = scan->pos;
    record->line = scan->line;
    for (size_t kind = 0; kind < AU_COUNT_OF(readers); kind++) {
        record->kind = (enum au_abi_record_kind)kind;
        if (abi_at(scan, readers[kind].word)) return readers[kind].read(scan, record);
    }
    record->kind = AU_ABI_UNKNOWN;
    record->text = (struct au_bytes){start, (size_t)(scan->end - start)};
    return abi_name(scan, "a record's word", &record->name);
}

static bool read_line(struct parser *parser)
{
    if (abi_is_end(&parser->scan)) return true;
    if (abi_at(&parser->scan, "abi")) return read_version(parser);
    if (abi_at(&parser->scan, "meta")) return read_meta(parser);
    return read_record(parser);
}

static bool check_line(struct abi_scan *scan)
{
    struct au_bytes line = {scan->pos, (size_t)(scan->end - scan->pos)};
    if (!au_utf8_is_valid(line)) return abi_fail(scan, "the line is not UTF-8");
    for (size_t i = 0; i < line.size; i++) {
        if (line.data[i] == '\t' || (line.data[i] >= ' ' && line.data[i] != 0x7f)) continue;
        return abi_fail(scan, "a control character, 0x%02x", (unsigned)line.data[i]);
    }
    return true;
}

static bool read_lines(struct parser *parser, struct au_bytes text)
{
    struct abi_scan *scan = &parser->scan;
    const uint8_t *next = text.data;
    const uint8_t *end = text.data + text.size;
    while (next < end) {
        const uint8_t *line_end = memchr(next, '\n', (size_t)(end - next));
        if (line_end == NULL) line_end = end;
        scan->line++;
        scan->pos = next;
        next = line_end == end ? end : line_end + 1;
        scan->end = line_end > scan->pos && line_end[-1] == '\r' ? line_end - 1 : line_end;
        if (!check_line(scan) || !read_line(parser)) return false;
    }
    if (parser->has_version) return true;
    if (scan->line == 0) scan->line = 1;
    return abi_fail(scan, "expected a line `abi 1` (AUREON_CONTRACT writes it), got none");
}

/* ---- the whole ---- */

static int compare_records(const void *left, const void *right)
{
    const struct au_abi_record *a = left;
    const struct au_abi_record *b = right;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    if (a->code != b->code) return a->code < b->code ? -1 : 1;
    int order = au_bytes_compare(a->name, b->name);
    return order != 0 ? order : au_bytes_compare(a->text, b->text); /* of UNKNOWN only */
}

static int compare_meta(const void *left, const void *right)
{
    const struct au_abi_meta *a = left;
    const struct au_abi_meta *b = right;
    return au_bytes_compare(a->key, b->key);
}

static bool is_type(const struct au_abi_record *record)
{
    return record->kind == AU_ABI_STRUCT || record->kind == AU_ABI_ENUM;
}

/* What two records may not share; NULL if they get along. */
static const char *find_clash(const struct au_abi_record *a, const struct au_abi_record *b)
{
    if (a->kind == AU_ABI_UNKNOWN || b->kind == AU_ABI_UNKNOWN) return NULL;
    if (a->kind != b->kind && !(is_type(a) && is_type(b))) return NULL;
    if (au_bytes_is_equal(a->name, b->name)) return "name";
    if (a->kind == AU_ABI_ERROR && a->code == b->code) return "code";
    if (a->kind == AU_ABI_STORAGE && au_bytes_is_equal(a->key, b->key)) return "key";
    return NULL;
}

static bool check_clashes(struct parser *parser)
{
    const struct au_abi *abi = parser->abi;
    for (size_t i = 0; i < abi->record_count; i++) {
        for (size_t k = 0; k < i; k++) {
            const struct au_abi_record *one = &abi->records[k];
            const struct au_abi_record *two = &abi->records[i];
            const char *what = find_clash(one, two);
            if (what == NULL) continue;
            parser->scan.line = two->line;
            return abi_fail(&parser->scan, "`%.*s` has the same %s as line %u", (int)two->name.size,
                            (const char *)two->name.data, what, (unsigned)one->line);
        }
    }
    return true;
}

enum au_err au_abi_parse(struct au_bytes text, struct au_arena *arena, struct au_abi *out_abi,
                         struct au_abi_error *out_error)
{
    struct au_abi abi = {.hash = au_sha256(text)};
    struct au_abi_error error = {0};
    struct parser parser = {.scan = {.arena = arena, .error = &error}, .abi = &abi};
    struct abi_scan *scan = &parser.scan;
    abi.records = abi_take(scan, AU_ABI_RECORDS_MAX * sizeof *abi.records);
    abi.meta = abi_take(scan, AU_ABI_META_MAX * sizeof *abi.meta);
    if (abi.records == NULL || abi.meta == NULL) return AU_ERR_NO_MEMORY;

    bool is_ok = true;
    if (text.size > AU_ABI_TEXT_SIZE_MAX) {
        scan->line = 1;
        is_ok = abi_fail(scan, "the text has %zu bytes, expected at most %u", text.size,
                         AU_ABI_TEXT_SIZE_MAX);
    }
    is_ok = is_ok && read_lines(&parser, text) && check_clashes(&parser);
    if (is_ok) {
        qsort(abi.records, abi.record_count, sizeof *abi.records, compare_records);
        qsort(abi.meta, abi.meta_count, sizeof *abi.meta, compare_meta);
        is_ok = abi_resolve(scan, &abi);
    }
    if (scan->err == AU_ERR_MALFORMED) *out_error = error;
    if (!is_ok) return scan->err;
    *out_abi = abi;
    return AU_OK;
}
