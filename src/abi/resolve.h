/* Finds what the names of types stand for. Private to the parser. */
#ifndef AUREON_ABI_RESOLVE_H
#define AUREON_ABI_RESOLVE_H

#include "abi/scan.h"

/* abi_resolve fails for a name that stands for nothing, a type that contains itself, and types
 * that nest deeper than AU_ABI_DEPTH_MAX. The records are sorted. */
bool abi_resolve(struct abi_scan *scan, struct au_abi *abi);

#endif
