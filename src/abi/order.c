/* The order of values: two walks side by side, which go on only while they are equal. */
#include "abi/number.h"
#include "abi/type.h"
#include "abi/value.h"

struct pair {
    const uint8_t *a;
    const uint8_t *b;
};

static int compare_type(struct pair *pair, const struct au_abi_type *type);

static uint32_t next_u32(const uint8_t **pos)
{
    const uint8_t *at = *pos;
    *pos += 4;
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static int compare_fixed(struct pair *pair, const struct au_abi_type *type)
{
    size_t size = au_abi_words[type->kind].size;
    bool is_number = type->kind == AU_ABI_BOOL || au_abi_type_is_integer(type);
    int order = is_number
                    ? au_abi_number_compare(pair->a, pair->b, au_abi_type_is_signed(type), size)
                    : memcmp(pair->a, pair->b, size);
    pair->a += size;
    pair->b += size;
    return order;
}

static int compare_bytes(struct pair *pair, const struct au_abi_type *type)
{
    (void)type;
    struct au_bytes a = {.size = next_u32(&pair->a)};
    struct au_bytes b = {.size = next_u32(&pair->b)};
    a.data = pair->a;
    b.data = pair->b;
    pair->a += a.size;
    pair->b += b.size;
    return au_bytes_compare(a, b);
}

/* Items of items[0] and, in a map, items[1] by turns. */
static int compare_lists(struct pair *pair, const struct au_abi_type *type)
{
    uint32_t a_count = next_u32(&pair->a);
    uint32_t b_count = next_u32(&pair->b);
    for (uint32_t i = 0; i < a_count && i < b_count; i++) {
        for (size_t k = 0; k < type->item_count; k++) {
            int order = compare_type(pair, &type->items[k]);
            if (order != 0) return order;
        }
    }
    return (a_count > b_count) - (a_count < b_count);
}

static int compare_tuples(struct pair *pair, const struct au_abi_type *type)
{
    int order = 0;
    for (size_t i = 0; i < type->item_count && order == 0; i++) {
        order = compare_type(pair, &type->items[i]);
    }
    return order;
}

static int compare_fields(struct pair *pair, const struct au_abi_field *fields, size_t count)
{
    int order = 0;
    for (size_t i = 0; i < count && order == 0; i++) {
        order = compare_type(pair, &fields[i].type);
    }
    return order;
}

/* The bytes that say which of a few things follows; out_choice if they are equal. */
static int compare_choices(struct pair *pair, uint8_t *out_choice)
{
    *out_choice = *pair->a++;
    uint8_t other = *pair->b++;
    return (*out_choice > other) - (*out_choice < other);
}

static int compare_options(struct pair *pair, const struct au_abi_type *type)
{
    uint8_t choice;
    int order = compare_choices(pair, &choice);
    return order != 0 || choice == 0 ? order : compare_type(pair, &type->items[0]);
}

static int compare_named(struct pair *pair, const struct au_abi_type *type)
{
    const struct au_abi_record *record = type->named;
    uint8_t choice;
    if (record->kind == AU_ABI_STRUCT) {
        return compare_fields(pair, record->fields, record->field_count);
    }
    int order = compare_choices(pair, &choice);
    if (order != 0) return order;
    return compare_fields(pair, record->variants[choice].fields,
                          record->variants[choice].field_count);
}

static int compare_type(struct pair *pair, const struct au_abi_type *type)
{
    static int (*const compares[])(struct pair * pair, const struct au_abi_type *type) = {
        [AU_ABI_BYTES] = compare_bytes,    [AU_ABI_STRING] = compare_bytes,
        [AU_ABI_OPTION] = compare_options, [AU_ABI_VEC] = compare_lists,
        [AU_ABI_MAP] = compare_lists,      [AU_ABI_TUPLE] = compare_tuples,
        [AU_ABI_NAMED] = compare_named,
    };
    return (compares[type->kind] == NULL ? compare_fixed : compares[type->kind])(pair, type);
}

int au_abi_value_compare(const struct au_abi_type *type, struct au_bytes a, struct au_bytes b)
{
    struct pair pair = {a.data, b.data};
    return compare_type(&pair, type);
}
