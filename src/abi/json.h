/* The canonical form of an ABI: the same facts give the same bytes, in whatever order the lines
 * stand. */
#ifndef AUREON_ABI_JSON_H
#define AUREON_ABI_JSON_H

#include "abi/abi.h"
#include "base/json_write.h"

/* au_abi_write_json writes the value
 *
 *     abi, abi_hash, meta {key: value},
 *     functions  [{name, mode, payable, params [{name, type}], result, text}]
 *     events     [{name, fields [{name, type, topic}], text}]
 *     errors     [{code, name, fields [{name, type}], text}]
 *     types      [{name, fields [{name, type}], text}]
 *     enums      [{name, variants [{name, fields [{name, type}]}], text}]
 *     storage    [{name, type, key, text}]
 *     unknown    [line]
 *
 * All members are there, but for result and text that a record does not have. Types are texts as
 * in the section, without spaces; lists are sorted by name, errors by code; fields and variants
 * keep their order. */
void au_abi_write_json(struct au_json_write *json, const struct au_abi *abi);

#endif
