#include "abi/type.h"

const struct au_abi_word au_abi_words[AU_ABI_WORD_COUNT] = {
    [AU_ABI_BOOL] = {"bool", 0, 1},
    [AU_ABI_U8] = {"u8", 0, 1},
    [AU_ABI_U16] = {"u16", 0, 2},
    [AU_ABI_U32] = {"u32", 0, 4},
    [AU_ABI_U64] = {"u64", 0, 8},
    [AU_ABI_U128] = {"u128", 0, 16},
    [AU_ABI_I8] = {"i8", 0, 1},
    [AU_ABI_I16] = {"i16", 0, 2},
    [AU_ABI_I32] = {"i32", 0, 4},
    [AU_ABI_I64] = {"i64", 0, 8},
    [AU_ABI_I128] = {"i128", 0, 16},
    [AU_ABI_BYTES] = {"bytes", 0, 0},
    [AU_ABI_BYTES32] = {"bytes32", 0, 32},
    [AU_ABI_STRING] = {"string", 0, 0},
    [AU_ABI_ADDRESS] = {"address", 0, 32},
    [AU_ABI_OPTION] = {"option", 1, 0},
    [AU_ABI_VEC] = {"vec", 1, 0},
    [AU_ABI_MAP] = {"map", 2, 0},
};

enum au_abi_type_kind au_abi_word_find(struct au_bytes word)
{
    for (size_t i = 0; i < AU_ABI_WORD_COUNT; i++) {
        if (au_bytes_is_equal(word, au_bytes_of(au_abi_words[i].word))) {
            return (enum au_abi_type_kind)i;
        }
    }
    return AU_ABI_NAMED;
}

bool au_abi_type_is_number(const struct au_abi_type *type)
{
    if (type->kind >= AU_ABI_WORD_COUNT) return false;
    size_t size = au_abi_words[type->kind].size;
    return size >= 1 && size <= 8;
}

bool au_abi_type_is_integer(const struct au_abi_type *type)
{
    return type->kind >= AU_ABI_U8 && type->kind <= AU_ABI_I128;
}

bool au_abi_type_is_signed(const struct au_abi_type *type)
{
    return type->kind >= AU_ABI_I8 && type->kind <= AU_ABI_I128;
}

static void format_items(struct au_buf *buf, const struct au_abi_type *type)
{
    for (size_t i = 0; i < type->item_count; i++) {
        if (i > 0) au_buf_put_u8(buf, ',');
        au_abi_type_format(buf, &type->items[i]);
    }
}

void au_abi_type_format(struct au_buf *buf, const struct au_abi_type *type)
{
    if (type->kind == AU_ABI_NAMED) {
        au_buf_put_bytes(buf, type->name);
    } else if (type->kind == AU_ABI_TUPLE) {
        au_buf_put_u8(buf, '(');
        format_items(buf, type);
        au_buf_put_u8(buf, ')');
    } else {
        au_buf_put_text(buf, au_abi_words[type->kind].word);
        if (type->item_count == 0) return;
        au_buf_put_u8(buf, '<');
        format_items(buf, type);
        au_buf_put_u8(buf, '>');
    }
}
