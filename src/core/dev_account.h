/* The accounts of a development chain: alice, bob, carol, dave, erin, frank, grace, heidi, ivan and
 * judy. Their keys are public knowledge: the seed is SHA-256("aureon/dev/" || name). Whatever such
 * an account has on any other chain is anyone's.
 *
 * Threading: pure functions. */
#ifndef AUREON_CORE_DEV_ACCOUNT_H
#define AUREON_CORE_DEV_ACCOUNT_H

#include "base/bytes.h"
#include "base/hash.h"

#define AU_DEV_ACCOUNT_COUNT 10u

/* au_dev_account_name gives the name of an account, a C string. index < AU_DEV_ACCOUNT_COUNT */
const char *au_dev_account_name(size_t index);

/* au_dev_account_find gives the index of a name; false: no such account. */
AU_MUST_USE bool au_dev_account_find(struct au_bytes name, size_t *out_index);

/* au_dev_account_seed gives the seed of an account's Ed25519 key. index < AU_DEV_ACCOUNT_COUNT */
struct au_hash au_dev_account_seed(size_t index);

#endif
