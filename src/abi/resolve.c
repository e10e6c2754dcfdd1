#include "abi/resolve.h"

/* How deep the types of a record nest: known once it was looked into. */
enum { DEPTH_UNKNOWN = 0, DEPTH_OPEN = UINT8_MAX };

struct resolver {
    struct abi_scan *scan;
    struct au_abi *abi;
    uint32_t line; /* of the record whose types are followed */
    uint8_t depths[AU_ABI_RECORDS_MAX];
};

const struct au_abi_record *au_abi_find(const struct au_abi *abi, enum au_abi_record_kind kind,
                                        struct au_bytes name)
{
    for (size_t i = 0; i < abi->record_count; i++) {
        const struct au_abi_record *record = &abi->records[i];
        if (record->kind == kind && au_bytes_is_equal(record->name, name)) return record;
    }
    return NULL;
}

size_t au_abi_find_field(const struct au_abi_field *fields, size_t field_count,
                         struct au_bytes name)
{
    size_t index = 0;
    while (index < field_count && !au_bytes_is_equal(fields[index].name, name))
        index++;
    return index;
}

/* No matter in which record the last one is. */
static unsigned fail_depth(struct resolver *resolver)
{
    resolver->scan->line = resolver->line;
    abi_fail(resolver->scan, "types nest deeper than %u", AU_ABI_DEPTH_MAX);
    return 0;
}

/* Each gives the depth, 0 after an error. above: how many types are around this one; it bounds
 * the recursion. */
static unsigned resolve_record(struct resolver *resolver, const struct au_abi_record *record,
                               unsigned above);

static unsigned resolve_name(struct resolver *resolver, struct au_abi_type *type, unsigned above)
{
    type->named = au_abi_find(resolver->abi, AU_ABI_STRUCT, type->name);
    if (type->named == NULL) type->named = au_abi_find(resolver->abi, AU_ABI_ENUM, type->name);
    if (type->named == NULL) {
        abi_fail(resolver->scan, "unknown type `%.*s`", (int)type->name.size,
                 (const char *)type->name.data);
        return 0;
    }
    return resolve_record(resolver, type->named, above);
}

static unsigned resolve_type(struct resolver *resolver, struct au_abi_type *type, unsigned above)
{
    unsigned deepest = 0;
    if (above >= AU_ABI_DEPTH_MAX) return fail_depth(resolver);
    if (type->kind == AU_ABI_NAMED) {
        deepest = resolve_name(resolver, type, above + 1);
        if (deepest == 0) return 0;
    }
    for (size_t i = 0; i < type->item_count; i++) {
        unsigned depth = resolve_type(resolver, &type->items[i], above + 1);
        if (depth == 0) return 0;
        if (depth > deepest) deepest = depth;
    }
    return above + deepest < AU_ABI_DEPTH_MAX ? deepest + 1 : fail_depth(resolver);
}

static bool resolve_fields(struct resolver *resolver, struct au_abi_field *fields, size_t count,
                           unsigned above, unsigned *deepest)
{
    for (size_t i = 0; i < count; i++) {
        unsigned depth = resolve_type(resolver, &fields[i].type, above);
        if (depth == 0) return false;
        if (depth > *deepest) *deepest = depth;
    }
    return true;
}

static bool resolve_parts(struct resolver *resolver, const struct au_abi_record *record,
                          unsigned above, unsigned *deepest)
{
    if (!resolve_fields(resolver, record->fields, record->field_count, above, deepest)) {
        return false;
    }
    for (size_t i = 0; i < record->variant_count; i++) {
        const struct au_abi_variant *variant = &record->variants[i];
        if (!resolve_fields(resolver, variant->fields, variant->field_count, above, deepest)) {
            return false;
        }
    }
    return true;
}

static unsigned resolve_record(struct resolver *resolver, const struct au_abi_record *record,
                               unsigned above)
{
    uint8_t *known = &resolver->depths[record - resolver->abi->records];
    unsigned deepest = 1; /* an enum may have no fields at all */
    if (*known == DEPTH_OPEN) {
        abi_fail(resolver->scan, "type `%.*s` contains itself", (int)record->name.size,
                 (const char *)record->name.data);
        return 0;
    }
    if (*known != DEPTH_UNKNOWN) return *known;
    uint32_t line = resolver->scan->line;
    *known = DEPTH_OPEN;
    resolver->scan->line = record->line;
    if (!resolve_parts(resolver, record, above, &deepest)) return 0;
    resolver->scan->line = line;
    *known = (uint8_t)deepest;
    return deepest;
}

bool abi_resolve(struct abi_scan *scan, struct au_abi *abi)
{
    struct resolver resolver = {.scan = scan, .abi = abi};
    for (size_t i = 0; i < abi->record_count; i++) {
        struct au_abi_record *record = &abi->records[i];
        bool has_type = record->has_result || record->kind == AU_ABI_STORAGE;
        resolver.line = record->line;
        scan->line = record->line;
        if (resolve_record(&resolver, record, 0) == 0) return false;
        if (has_type && resolve_type(&resolver, &record->result, 0) == 0) return false;
    }
    return true;
}
