/* The keys of development accounts (core/dev_account.h), which everybody has: no secrets.
 *
 * Only the program links this file; libaureon verifies and needs no libsodium.
 *
 * Threading: pure functions. */
#ifndef AUREON_CORE_DEV_KEY_H
#define AUREON_CORE_DEV_KEY_H

#include "core/address.h"
#include "core/dev_account.h"
#include "crypto/sign.h"

/* au_dev_account_key gives an account's key, au_dev_account_address its address.
 * index < AU_DEV_ACCOUNT_COUNT. Cost: that of au_sign_key_from_seed */
struct au_sign_key au_dev_account_key(size_t index);
struct au_address au_dev_account_address(size_t index);

#endif
