/* The code registry of aureon.h: accepted contract code by its SHA-256.
 *
 * Invariants:
 *   1. What is in it was accepted by au_module_prepare and hashes to its key.
 *   2. Code is never removed nor moved: borrowed code lives as long as the registry.
 *
 * Threading: any threads at once; a lock guards the table, and validation runs outside it. The
 * functions are declared in aureon.h. */
#ifndef AUREON_CONTRACT_REGISTRY_H
#define AUREON_CONTRACT_REGISTRY_H

#include "aureon.h"

#endif
