/* What the steps of scenarios cost when they last passed, kept in .aureon/gas.json beside them:
 *
 *     {"format": 1,
 *      "files": {"counter.scen.json": [{"step": "call counter increment", "gas": "98"}]}}
 *
 * A step is the same one if it stands at the same place and does the same.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_GAS_RECORD_H
#define AUREON_CLI_GAS_RECORD_H

#include "base/bytes.h"
#include "base/err.h"

#define AU_GAS_RECORD_SIZE_MAX (16u << 20) /* bytes */

struct au_json_in;

struct au_gas_record {
    struct au_json_in *root; /* NULL: nothing is known */
};

/* au_gas_record_parse reads a record. OK, MALFORMED, NO_MEMORY; au_gas_record_done it whatever the
 * result. */
AU_MUST_USE enum au_err au_gas_record_parse(struct au_gas_record *record, struct au_bytes text);
void au_gas_record_done(struct au_gas_record *record);

/* au_gas_record_find gives what a step cost; false: it is not known. */
bool au_gas_record_find(const struct au_gas_record *record, const char *file, size_t index,
                        struct au_bytes step, uint64_t *out_gas);

#endif
