/* The parameters of a chain (protocol.md section 7; abi/params.def).
 *
 * Threading: pure functions. */
#ifndef AUREON_CORE_PARAMS_H
#define AUREON_CORE_PARAMS_H

#include "base/buf.h"
#include "core/decode.h"

struct au_params {
#define AU_PARAM(name, preset, min, max, text) uint64_t name;
#include "abi/params.def"
#undef AU_PARAM
};

/* What is known of a parameter. */
struct au_param_info {
    const char *name;
    const char *text;
    size_t offset; /* of the uint64_t in struct au_params */
    uint64_t preset;
    uint64_t min;
    uint64_t max;
};

#define AU_PARAM_COUNT 7
extern const struct au_param_info au_param_infos[AU_PARAM_COUNT];

/* au_params_default gives the presets. */
struct au_params au_params_default(void);

/* au_params_find_bad gives the first parameter that is out of its range, NULL if none is. Besides:
 * block_bytes must hold a transaction of tx_bytes. */
const struct au_param_info *au_params_find_bad(const struct au_params *params);

/* Seven u64, in order. Decoding fails on one that is out of range. */
void au_params_encode(struct au_buf *buf, const struct au_params *params);
void au_params_decode(struct au_decode *decode, struct au_params *out_params);

#endif
