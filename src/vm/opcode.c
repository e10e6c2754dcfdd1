#include "vm/opcode.h"

#include "vm/module.h"

#define I32 AU_TYPE_I32
#define I64 AU_TYPE_I64
#define F32 AU_TYPE_F32
#define F64 AU_TYPE_F64
#define NO  0

/* operands: how many, and which */
#define T0()        .pop_count = 0
#define T1(a)       .pop_count = 1, .pops = {a}
#define T2(a, b)    .pop_count = 2, .pops = {a, b}
#define T3(a, b, c) .pop_count = 3, .pops = {a, b, c}

#define ROW(index, text, kind_, cost_, operands, push_, align_) \
    [index] = {.name = (text),                                  \
               .kind = AU_KIND_##kind_,                         \
               .cost = AU_COST_##cost_,                         \
               operands,                                        \
               .push = (push_),                                 \
               .align = (align_)},

const struct au_op au_ops[256] = {
#define AU_OP ROW
#include "vm/opcode.def"
#undef AU_OP
};

const struct au_op au_ops_fc[AU_OP_FC_COUNT] = {
#define AU_OP_FC ROW
#include "vm/opcode.def"
#undef AU_OP_FC
};

struct refused {
    uint32_t first;
    uint32_t last;
    const char *feature;
};

static const struct refused refused_bytes[] = {
#define AU_REFUSED(first, last, feature) {first, last, feature},
#include "vm/opcode.def"
#undef AU_REFUSED
};

static const struct refused refused_fc[] = {
#define AU_REFUSED_FC(first, last, feature) {first, last, feature},
#include "vm/opcode.def"
#undef AU_REFUSED_FC
};

static const char *feature_of(const struct refused *rows, size_t count, uint32_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (number >= rows[i].first && number <= rows[i].last) return rows[i].feature;
    }
    return NULL;
}

const char *au_op_feature(uint8_t byte)
{
    return feature_of(refused_bytes, AU_COUNT_OF(refused_bytes), byte);
}

const char *au_op_fc_feature(uint32_t number)
{
    return feature_of(refused_fc, AU_COUNT_OF(refused_fc), number);
}
