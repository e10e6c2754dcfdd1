#include "model/probe.h"

#include <stdio.h>

#include "vm/module.h"

#define HEADER_SIZE 8u

enum section_id { TYPES = 1, IMPORTS = 2, FUNCTIONS = 3, GLOBALS = 6, EXPORTS = 7, CODE = 10 };

struct probe {
    struct au_bytes sections[16]; /* content by id; size 0 = absent */
    uint8_t types[AU_PROBES_MAX]; /* of the globals */
    uint32_t global_count;        /* that get a function */
};

static uint32_t read_u32(const uint8_t **pos)
{
    uint64_t value = 0;
    unsigned shift = 0;
    while (**pos >= 0x80 && shift < 28) {
        value |= (uint64_t)(*(*pos)++ & 0x7f) << shift;
        shift += 7;
    }
    value |= (uint64_t) * (*pos)++ << shift;
    return (uint32_t)value;
}

static void put_u32(struct au_buf *out, uint32_t value)
{
    for (; value >= 0x80; value >>= 7)
        au_buf_put_u8(out, (uint8_t)(value | 0x80));
    au_buf_put_u8(out, (uint8_t)value);
}

static uint32_t count_of(const struct probe *probe, enum section_id id)
{
    const uint8_t *pos = probe->sections[id].data;
    return probe->sections[id].size > 0 ? read_u32(&pos) : 0;
}

/* Skips a constant expression: one constant and its end. */
static void skip_constant(const uint8_t **pos)
{
    uint8_t code = *(*pos)++;
    if (code == 0x43) *pos += 4;
    if (code == 0x44) *pos += 8;
    if (code == 0x41 || code == 0x42) {
        while (*(*pos)++ >= 0x80)
            continue;
    }
    (*pos)++;
}

static void find_globals(struct probe *probe)
{
    uint32_t count = count_of(probe, GLOBALS);
    const uint8_t *pos = probe->sections[GLOBALS].data;
    if (count > AU_PROBES_MAX) count = AU_PROBES_MAX;
    if (count > 0) (void)read_u32(&pos);
    for (uint32_t i = 0; i < count; i++) {
        probe->types[i] = *pos;
        pos += 2;
        skip_constant(&pos);
    }
    probe->global_count = count;
}

static void find_sections(struct probe *probe, struct au_bytes code)
{
    const uint8_t *end = code.data + code.size;
    for (const uint8_t *pos = code.data + HEADER_SIZE; pos < end;) {
        uint8_t id = *pos++;
        uint32_t size = read_u32(&pos);
        if (id < AU_COUNT_OF(probe->sections)) probe->sections[id] = (struct au_bytes){pos, size};
        pos += size;
    }
}

static void put_items(const struct probe *probe, enum section_id id, struct au_buf *out)
{
    uint32_t type_count = count_of(probe, TYPES);
    uint32_t function_count = count_of(probe, IMPORTS) + count_of(probe, FUNCTIONS);
    char name[16];
    for (uint32_t i = 0; i < probe->global_count; i++) {
        switch (id) {
        case TYPES: au_buf_put(out, (const uint8_t[]){0x60, 0, 1, probe->types[i]}, 4); break;
        case FUNCTIONS: put_u32(out, type_count + i); break;
        case EXPORTS:
            au_probe_name(i, name);
            put_u32(out, (uint32_t)strlen(name));
            au_buf_put_text(out, name);
            au_buf_put_u8(out, 0);
            put_u32(out, function_count + i);
            break;
        case CODE: /* size, no locals, global.get, end */
            au_buf_put(out, (const uint8_t[]){5, 0, 0x23, (uint8_t)(0x80 | i), 0, 0x0b}, 6);
            break;
        case IMPORTS:
        case GLOBALS: break;
        }
    }
}

static bool is_extended(uint8_t id)
{
    return id == TYPES || id == FUNCTIONS || id == EXPORTS || id == CODE;
}

static void put_section(const struct probe *probe, uint8_t id, struct au_bytes content,
                        struct au_buf *out)
{
    struct au_buf section;
    au_buf_init(&section, out->size_max);
    if (is_extended(id)) {
        const uint8_t *pos = content.data;
        uint32_t count = read_u32(&pos);
        put_u32(&section, count + probe->global_count);
        au_buf_put(&section, pos, content.size - (size_t)(pos - content.data));
        put_items(probe, id, &section);
    } else {
        au_buf_put_bytes(&section, content);
    }
    au_buf_put_u8(out, id);
    put_u32(out, (uint32_t)section.size);
    au_buf_put_bytes(out, au_buf_bytes(&section));
    au_buf_done(&section);
}

uint32_t au_probe_globals(struct au_bytes code, struct au_buf *out)
{
    struct probe probe = {0};
    find_sections(&probe, code);
    find_globals(&probe);
    if (probe.sections[TYPES].size == 0 || probe.sections[FUNCTIONS].size == 0 ||
        probe.sections[EXPORTS].size == 0 || probe.sections[CODE].size == 0) {
        return 0;
    }
    if (probe.global_count == 0) return 0;
    au_buf_put(out, code.data, HEADER_SIZE);
    const uint8_t *end = code.data + code.size;
    for (const uint8_t *pos = code.data + HEADER_SIZE; pos < end;) {
        uint8_t id = *pos++;
        uint32_t size = read_u32(&pos);
        put_section(&probe, id, (struct au_bytes){pos, size}, out);
        pos += size;
    }
    return probe.global_count;
}

void au_probe_name(uint32_t index, char out_name[16])
{
    (void)snprintf(out_name, 16, "global %u", (unsigned)(index % 1000));
}
