/* Types nest AU_ABI_DEPTH_MAX deep at most, which bounds the recursion. */
#include "abi/topic.h"

#include "abi/type.h"
#include "crypto/sha256.h"

#define TOO_LARGE (AU_HASH_SIZE + 1u) /* or of no fixed size: it is no use to go on adding */

static size_t fixed_size(const struct au_abi_type *type);

static size_t sum(size_t size, const struct au_abi_type *type)
{
    size_t more = size < TOO_LARGE ? fixed_size(type) : TOO_LARGE;
    return more < TOO_LARGE - size ? size + more : TOO_LARGE;
}

static size_t fixed_size(const struct au_abi_type *type)
{
    size_t size = 0;
    if (type->kind < AU_ABI_WORD_COUNT) {
        size_t word_size = au_abi_words[type->kind].size;
        return word_size == 0 ? TOO_LARGE : word_size;
    }
    if (type->kind == AU_ABI_TUPLE) {
        for (size_t i = 0; i < type->item_count; i++)
            size = sum(size, &type->items[i]);
        return size;
    }
    if (type->named->kind != AU_ABI_STRUCT) return TOO_LARGE;
    for (size_t i = 0; i < type->named->field_count; i++)
        size = sum(size, &type->named->fields[i].type);
    return size;
}

size_t au_abi_topic_size(const struct au_abi_type *type)
{
    size_t size = fixed_size(type);
    return size < TOO_LARGE ? size : 0;
}

struct au_hash au_abi_topic_of(const struct au_abi_type *type, struct au_bytes value)
{
    struct au_hash topic = {{0}};
    if (au_abi_topic_size(type) == 0) return au_sha256(value);
    memcpy(topic.bytes + AU_HASH_SIZE - value.size, value.data, value.size);
    return topic;
}
