/* Values as text: what people type and what JSON says are read by one grammar, of which JSON is a
 * part. Types nest AU_ABI_DEPTH_MAX deep at most, which bounds the recursion. */
#include <stdio.h>
#include <stdlib.h>

#include "abi/number.h"
#include "abi/path.h"
#include "abi/type.h"
#include "abi/value.h"
#include "base/hex.h"
#include "base/text.h"
#include "base/utf8.h"

#define SAFE_DIGITS_MAX 16u /* of 2^53-1 */
#define SAFE_MAX        ((1ull << 53) - 1)

struct reader {
    const uint8_t *pos;
    const uint8_t *end;
    const struct au_abi_reading *how;
    struct au_buf *out;
    struct au_buf scratch; /* the last word that was in quotes */
    bool is_whole;         /* no value is around this one */
    struct abi_path path;
    struct au_abi_value_error *error;
};

struct word {
    struct au_bytes text; /* until the next word is read */
    bool is_quoted;
};

static bool read_type(struct reader *reader, const struct au_abi_type *type);

/* ---- words ---- */

static void skip_blanks(struct reader *reader)
{
    while (reader->pos < reader->end && memchr(" \t\r\n", *reader->pos, 4) != NULL)
        reader->pos++;
}

static bool fail(struct reader *reader, const char *expected, struct au_bytes got)
{
    return abi_path_expect(&reader->path, reader->error, expected, got);
}

static bool expected(struct reader *reader, const char *what)
{
    skip_blanks(reader);
    if (reader->pos < reader->end) {
        return fail(reader, what,
                    (struct au_bytes){reader->pos, (size_t)(reader->end - reader->pos)});
    }
    return abi_path_fail(&reader->path, reader->error, "expected %s, got nothing", what);
}

static bool fail_type(struct reader *reader, const struct au_abi_type *type, struct au_bytes got)
{
    return fail(reader, au_abi_words[type->kind].word, got);
}

static bool at(struct reader *reader, char c)
{
    skip_blanks(reader);
    if (reader->pos == reader->end || *reader->pos != (uint8_t)c) return false;
    reader->pos++;
    return true;
}

static bool need(struct reader *reader, char c)
{
    const char what[] = {'`', c, '`', 0};
    return at(reader, c) || expected(reader, what);
}

static bool read_unit(struct reader *reader, uint32_t *out_unit)
{
    uint8_t bytes[2];
    if (reader->end - reader->pos < 4) return false;
    const uint8_t text[6] = {'0',           'x', reader->pos[0], reader->pos[1], reader->pos[2],
                             reader->pos[3]};
    if (au_hex_parse((struct au_bytes){text, sizeof(text)}, bytes, 2) != AU_OK) return false;
    reader->pos += 4;
    *out_unit = (uint32_t)bytes[0] << 8 | bytes[1];
    return true;
}

/* A character behind \u, maybe of two units. */
static bool read_unicode(struct reader *reader)
{
    uint32_t unit;
    uint32_t low = 0;
    uint8_t utf16[4];
    if (!read_unit(reader, &unit) || (unit >= 0xdc00 && unit < 0xe000)) return false;
    bool is_pair = unit >= 0xd800 && unit < 0xdc00;
    if (is_pair) {
        if (reader->end - reader->pos < 2 || memcmp(reader->pos, "\\u", 2) != 0) return false;
        reader->pos += 2;
        if (!read_unit(reader, &low) || low < 0xdc00 || low >= 0xe000) return false;
    }
    utf16[0] = (uint8_t)unit;
    utf16[1] = (uint8_t)(unit >> 8);
    utf16[2] = (uint8_t)low;
    utf16[3] = (uint8_t)(low >> 8);
    au_utf8_put_utf16le(&reader->scratch, (struct au_bytes){utf16, is_pair ? 4 : 2});
    return true;
}

static bool read_escape(struct reader *reader)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    if (reader->pos == reader->end) return false;
    uint8_t letter = *reader->pos++;
    const char *found = memchr(letters, letter, sizeof(letters) - 1);
    if (found != NULL) au_buf_put_u8(&reader->scratch, (uint8_t)meant[found - letters]);
    return found != NULL || (letter == 'u' && read_unicode(reader));
}

static bool read_quoted(struct reader *reader, struct au_bytes *out_text)
{
    au_buf_clear(&reader->scratch);
    for (;;) {
        if (reader->pos == reader->end) return expected(reader, "the end of a text in quotes");
        uint8_t byte = *reader->pos++;
        if (byte == '"') break;
        if (byte == '\\') {
            if (!read_escape(reader)) return expected(reader, "an escape of JSON");
        } else {
            au_buf_put_u8(&reader->scratch, byte);
        }
    }
    *out_text = au_buf_bytes(&reader->scratch);
    return true;
}

static bool is_mark(uint8_t byte)
{
    return memchr(" \t\r\n,:=[]{}()\"", byte, 14) != NULL;
}

static struct au_bytes look_at_word(struct reader *reader)
{
    skip_blanks(reader);
    const uint8_t *pos = reader->pos;
    while (pos < reader->end && !is_mark(*pos))
        pos++;
    return (struct au_bytes){reader->pos, (size_t)(pos - reader->pos)};
}

static bool read_word(struct reader *reader, const char *what, struct word *out_word)
{
    const uint8_t *start = reader->pos;
    out_word->is_quoted = at(reader, '"');
    if (out_word->is_quoted) return read_quoted(reader, &out_word->text);
    if (reader->is_whole && reader->how->form == AU_ABI_TYPED) {
        out_word->text = (struct au_bytes){start, (size_t)(reader->end - start)};
        reader->pos = reader->end;
        return true;
    }
    out_word->text = look_at_word(reader);
    if (out_word->text.size == 0) return expected(reader, what);
    reader->pos += out_word->text.size;
    return true;
}

/* ---- values of one word ---- */

static bool is_unsafe(const struct reader *reader, const struct word *word)
{
    uint64_t number;
    struct au_bytes digits = word->text;
    if (reader->how->form == AU_ABI_TYPED || word->is_quoted) return false;
    if (digits.data[0] == '-') digits = (struct au_bytes){digits.data + 1, digits.size - 1};
    return digits.size > SAFE_DIGITS_MAX || au_text_parse_u64(digits, &number) != AU_OK ||
           number > SAFE_MAX;
}

static bool put_number(struct reader *reader, const struct au_abi_type *type,
                       const struct word *word)
{
    uint8_t number[AU_ABI_NUMBER_SIZE_MAX];
    char what[64];
    size_t size = au_abi_words[type->kind].size;
    enum au_abi_number result =
        au_abi_number_parse(word->text, au_abi_type_is_signed(type), number, size);
    if (result == AU_ABI_NUMBER_MALFORMED) return fail_type(reader, type, word->text);
    if (result == AU_ABI_NUMBER_OUT_OF_RANGE) {
        snprintf(what, sizeof(what), "%s (%zu bits)", au_abi_words[type->kind].word, size * 8);
        return fail(reader, what, word->text);
    }
    if (is_unsafe(reader, word)) {
        snprintf(what, sizeof(what), "%s above 2^53-1 as a string", au_abi_words[type->kind].word);
        return fail(reader, what, word->text);
    }
    au_buf_put(reader->out, number, size);
    return true;
}

static bool put_bool(struct reader *reader, const struct au_abi_type *type, struct au_bytes word)
{
    bool is_true = au_bytes_is_equal(word, au_bytes_of("true"));
    if (!is_true && !au_bytes_is_equal(word, au_bytes_of("false"))) {
        return fail_type(reader, type, word);
    }
    au_buf_put_u8(reader->out, is_true);
    return true;
}

static bool put_string(struct reader *reader, struct au_bytes word)
{
    if (!au_utf8_is_valid(word)) return fail(reader, "string in UTF-8", word);
    au_buf_put_u32(reader->out, (uint32_t)word.size);
    au_buf_put_bytes(reader->out, word);
    return true;
}

static bool put_hex(struct reader *reader, const struct au_abi_type *type, struct au_bytes word)
{
    bool is_fixed = type->kind == AU_ABI_BYTES32;
    size_t size = word.size / 2;
    size -= size > 0; /* the 0x */
    if (is_fixed && size != AU_HASH_SIZE) {
        return fail(reader, "bytes32, 0x and 64 hex digits", word);
    }
    if (!is_fixed) au_buf_put_u32(reader->out, (uint32_t)size);
    uint8_t *bytes = au_buf_reserve(reader->out, size);
    if (bytes == NULL) return true; /* the buffer tells */
    if (au_hex_parse(word, bytes, size) != AU_OK) {
        return fail(reader, is_fixed ? "bytes32, 0x and 64 hex digits" : "bytes, 0x and hex digits",
                    word);
    }
    reader->out->size += size;
    return true;
}

static bool put_address(struct reader *reader, struct au_bytes word)
{
    const struct au_abi_names *names = reader->how->names;
    struct au_address address;
    if (word.size > 0 && word.data[0] == '@') {
        struct au_bytes name = {word.data + 1, word.size - 1};
        if (names == NULL || !names->find(names->context, name, &address)) {
            return fail(reader, "address of a known @name", word);
        }
    } else if (au_address_parse(word, &address) != NULL) {
        return fail(reader, "address, aur1.. or 0x and 64 hex digits", word);
    }
    au_buf_put(reader->out, address.bytes, AU_ADDRESS_SIZE);
    return true;
}

static bool read_scalar(struct reader *reader, const struct au_abi_type *type)
{
    struct word word;
    if (!read_word(reader, au_abi_words[type->kind].word, &word)) return false;
    if (type->kind == AU_ABI_BOOL) return put_bool(reader, type, word.text);
    if (au_abi_type_is_integer(type)) return put_number(reader, type, &word);
    if (reader->how->form == AU_ABI_JSON && !word.is_quoted)
        return fail_type(reader, type, word.text);
    if (type->kind == AU_ABI_STRING) return put_string(reader, word.text);
    if (type->kind == AU_ABI_ADDRESS) return put_address(reader, word.text);
    return put_hex(reader, type, word.text);
}

/* ---- values with others inside ---- */

static bool is_none(struct reader *reader)
{
    struct au_bytes word = look_at_word(reader);
    if (!au_bytes_is_equal(word, au_bytes_of("null")) &&
        !(reader->how->form == AU_ABI_TYPED && au_bytes_is_equal(word, au_bytes_of("none")))) {
        return false;
    }
    if (reader->how->form == AU_ABI_TYPED && reader->is_whole &&
        word.data + word.size != reader->end)
        return false;
    reader->pos += word.size;
    return true;
}

static bool read_option(struct reader *reader, const struct au_abi_type *type)
{
    struct word word;
    if (is_none(reader)) {
        au_buf_put_u8(reader->out, 0);
        return true;
    }
    au_buf_put_u8(reader->out, 1);
    if (type->items[0].kind != AU_ABI_OPTION) return read_type(reader, &type->items[0]);
    reader->is_whole = false;
    if (!need(reader, '{') || !read_word(reader, "`some`", &word)) return false;
    if (!au_bytes_is_equal(word.text, au_bytes_of("some")))
        return fail(reader, "`some`", word.text);
    if (!at(reader, '=') && !need(reader, ':')) return false;
    return read_type(reader, &type->items[0]) && need(reader, '}');
}

/* Sets the count that stands at a place of the output. */
static void put_count(struct reader *reader, size_t place, size_t count)
{
    if (reader->out->err != AU_OK) return;
    for (size_t i = 0; i < 4; i++)
        reader->out->data[place + i] = (uint8_t)(count >> 8 * i);
}

static bool read_vec(struct reader *reader, const struct au_abi_type *type)
{
    size_t place = reader->out->size;
    size_t count = 0;
    reader->is_whole = false;
    if (!at(reader, '[')) return expected(reader, "a list in [ ]");
    au_buf_put_u32(reader->out, 0);
    if (at(reader, ']')) return true;
    do {
        size_t path = abi_path_enter_index(&reader->path, count++);
        if (!read_type(reader, &type->items[0])) return false;
        abi_path_leave(&reader->path, path);
    } while (at(reader, ',') && reader->out->err == AU_OK);
    put_count(reader, place, count);
    return reader->out->err != AU_OK || need(reader, ']');
}

static bool read_tuple(struct reader *reader, const struct au_abi_type *type)
{
    reader->is_whole = false;
    bool is_round = at(reader, '(');
    if (!is_round && !at(reader, '[')) return expected(reader, "a tuple in [ ] or ( )");
    for (size_t i = 0; i < type->item_count; i++) {
        size_t path = abi_path_enter_index(&reader->path, i);
        if (i > 0 && !need(reader, ',')) return false;
        if (!read_type(reader, &type->items[i])) return false;
        abi_path_leave(&reader->path, path);
    }
    return need(reader, is_round ? ')' : ']');
}

struct entry {
    const struct au_abi_type *key_type;
    size_t start; /* in the output */
    struct au_bytes key;
    struct au_bytes value;
};

static int compare_entries(const void *left, const void *right)
{
    const struct entry *a = left;
    const struct entry *b = right;
    return au_abi_value_compare(a->key_type, a->key, b->key);
}

static bool read_entry(struct reader *reader, const struct au_abi_type *type, bool is_object,
                       struct entry *entry)
{
    entry->key_type = &type->items[0];
    entry->start = reader->out->size;
    if (!is_object && !need(reader, '[')) return false;
    if (!read_type(reader, &type->items[0])) return false;
    entry->key.size = reader->out->size - entry->start;
    if (is_object ? !at(reader, '=') && !need(reader, ':') : !need(reader, ',')) return false;
    if (!read_type(reader, &type->items[1])) return false;
    entry->value.size = reader->out->size - entry->start - entry->key.size;
    return is_object || need(reader, ']');
}

/* Puts the entries behind place in the order of their keys. */
static bool sort_entries(struct reader *reader, size_t place, struct entry *entries, size_t count)
{
    struct au_buf copy;
    au_buf_init(&copy, reader->out->size);
    au_buf_put(&copy, reader->out->data + place, reader->out->size - place);
    bool is_good = true;
    if (copy.err == AU_OK) {
        for (size_t i = 0; i < count; i++) {
            entries[i].key.data = copy.data + (entries[i].start - place);
            entries[i].value.data = entries[i].key.data + entries[i].key.size;
        }
        qsort(entries, count, sizeof(*entries), compare_entries);
        au_buf_cut(reader->out, place);
        for (size_t i = 0; i < count && is_good; i++) {
            is_good = i == 0 || compare_entries(&entries[i - 1], &entries[i]) != 0;
            au_buf_put_bytes(reader->out, entries[i].key);
            au_buf_put_bytes(reader->out, entries[i].value);
        }
    }
    if (reader->out->err == AU_OK) reader->out->err = copy.err;
    au_buf_done(&copy);
    return is_good || abi_path_fail(&reader->path, reader->error,
                                    "expected a map whose keys differ, got one twice");
}

static bool read_entries(struct reader *reader, const struct au_abi_type *type, bool is_object,
                         struct au_buf *entries)
{
    size_t count = 0;
    if (at(reader, is_object ? '}' : ']')) return true;
    do {
        struct entry entry = {0};
        size_t path = abi_path_enter_index(&reader->path, count++);
        if (!read_entry(reader, type, is_object, &entry)) return false;
        abi_path_leave(&reader->path, path);
        au_buf_put(entries, &entry, sizeof(entry));
    } while (at(reader, ',') && reader->out->err == AU_OK);
    return reader->out->err != AU_OK || need(reader, is_object ? '}' : ']');
}

static bool read_map(struct reader *reader, const struct au_abi_type *type)
{
    struct au_buf entries;
    size_t place = reader->out->size;
    reader->is_whole = false;
    bool is_object = at(reader, '{');
    if (!is_object && !at(reader, '[')) return expected(reader, "a map in { } or [ ]");
    au_buf_put_u32(reader->out, 0);
    au_buf_init(&entries, (reader->out->size_max + 1) * sizeof(struct entry));
    bool is_good = read_entries(reader, type, is_object, &entries);
    size_t count = entries.size / sizeof(struct entry);
    put_count(reader, place, count);
    if (reader->out->err == AU_OK) reader->out->err = entries.err;
    if (is_good && count > 1 && reader->out->err == AU_OK) {
        is_good = sort_entries(reader, place + 4, (struct entry *)(void *)entries.data, count);
    }
    au_buf_done(&entries);
    return is_good;
}

/* ---- fields ---- */

/* A value, which may stand anywhere in the text, behind those before it. */
struct place {
    size_t start;
    size_t size; /* 0: none yet; no value has no bytes */
};

static bool read_field(struct reader *reader, const struct au_abi_field *fields, size_t count,
                       struct place *places)
{
    struct word word;
    if (!read_word(reader, "the name of a field", &word)) return false;
    size_t index = au_abi_find_field(fields, count, word.text);
    if (index == count) return fail(reader, "the name of a field", word.text);
    size_t path = abi_path_enter_name(&reader->path, fields[index].name);
    if (places[index].size > 0) {
        return abi_path_fail(&reader->path, reader->error, "expected once, got twice");
    }
    if (!at(reader, '=') && !need(reader, ':')) return false;
    places[index].start = reader->out->size;
    if (!read_type(reader, &fields[index].type)) return false;
    places[index].size = reader->out->size - places[index].start;
    abi_path_leave(&reader->path, path);
    return true;
}

/* Puts values that begin at start in the order of the fields. */
static void sort_fields(struct reader *reader, const struct place *places, size_t count,
                        size_t start)
{
    struct au_buf copy;
    if (reader->out->err != AU_OK) return;
    au_buf_init(&copy, reader->out->size + 1);
    au_buf_put(&copy, reader->out->data + start, reader->out->size - start);
    reader->out->err = copy.err;
    au_buf_cut(reader->out, start);
    for (size_t i = 0; i < count && copy.err == AU_OK; i++) {
        au_buf_put(reader->out, copy.data + (places[i].start - start), places[i].size);
    }
    au_buf_done(&copy);
}

static bool read_fields(struct reader *reader, const struct au_abi_field *fields, size_t count,
                        char close)
{
    struct place places[AU_ABI_FIELDS_MAX] = {0};
    size_t start = reader->out->size;
    reader->is_whole = false;
    if (!at(reader, close)) {
        do {
            if (!read_field(reader, fields, count, places)) return false;
        } while (at(reader, ',') && reader->out->err == AU_OK);
        if (reader->out->err != AU_OK) return true;
        if (!need(reader, close)) return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (places[i].size > 0) continue;
        abi_path_enter_name(&reader->path, fields[i].name);
        return abi_path_fail(&reader->path, reader->error, "expected a value, got none");
    }
    sort_fields(reader, places, count, start);
    return true;
}

static bool read_enum(struct reader *reader, const struct au_abi_record *record)
{
    struct word word;
    size_t index = 0;
    reader->is_whole = false;
    bool is_object = at(reader, '{');
    if (!read_word(reader, "the name of a variant", &word)) return false;
    while (index < record->variant_count &&
           !au_bytes_is_equal(record->variants[index].name, word.text))
        index++;
    if (index == record->variant_count) return fail(reader, "the name of a variant", word.text);
    const struct au_abi_variant *variant = &record->variants[index];
    size_t path = abi_path_enter_name(&reader->path, variant->name);
    au_buf_put_u8(reader->out, (uint8_t)index);
    if (is_object) {
        if (!need(reader, ':') || !need(reader, '{')) return false;
        if (!read_fields(reader, variant->fields, variant->field_count, '}')) return false;
        if (reader->out->err == AU_OK && !need(reader, '}')) return false;
    } else if (variant->field_count > 0) {
        if (!need(reader, '(')) return false;
        if (!read_fields(reader, variant->fields, variant->field_count, ')')) return false;
    }
    abi_path_leave(&reader->path, path);
    return true;
}

static bool read_named(struct reader *reader, const struct au_abi_type *type)
{
    const struct au_abi_record *record = type->named;
    if (record->kind == AU_ABI_ENUM) return read_enum(reader, record);
    reader->is_whole = false;
    return need(reader, '{') && read_fields(reader, record->fields, record->field_count, '}');
}

static bool read_type(struct reader *reader, const struct au_abi_type *type)
{
    static bool (*const reads[])(struct reader * reader, const struct au_abi_type *type) = {
        [AU_ABI_OPTION] = read_option, [AU_ABI_VEC] = read_vec,     [AU_ABI_MAP] = read_map,
        [AU_ABI_TUPLE] = read_tuple,   [AU_ABI_NAMED] = read_named,
    };
    return (reads[type->kind] == NULL ? read_scalar : reads[type->kind])(reader, type);
}

enum au_err au_abi_value_read(const struct au_abi_reading *how, const struct au_abi_type *type,
                              struct au_bytes text, struct au_buf *out_bytes,
                              struct au_abi_value_error *out_error)
{
    struct reader reader = {.pos = text.data,
                            .end = text.data + text.size,
                            .how = how,
                            .out = out_bytes,
                            .is_whole = true,
                            .error = out_error};
    abi_path_init(&reader.path, how->path);
    au_buf_init(&reader.scratch, text.size + 4);
    bool is_good = read_type(&reader, type);
    if (out_bytes->err == AU_OK) out_bytes->err = reader.scratch.err;
    if (is_good && out_bytes->err == AU_OK) {
        skip_blanks(&reader);
        is_good = reader.pos == reader.end || expected(&reader, "the end of the value");
    }
    au_buf_done(&reader.scratch);
    if (out_bytes->err != AU_OK) return out_bytes->err;
    return is_good ? AU_OK : AU_ERR_MALFORMED;
}
