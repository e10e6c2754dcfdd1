/* Random bytes of the operating system, for keys and what seals them.
 *
 * Only the program links this file; libaureon makes no secrets and needs no libsodium. Nothing that
 * nodes must agree on may depend on it.
 *
 * Threading: any number of threads. */
#ifndef AUREON_CRYPTO_RANDOM_H
#define AUREON_CRYPTO_RANDOM_H

#include "base/base.h"

/* au_random_bytes fills size bytes that nobody can predict. It cannot fail: where the system has no
 * randomness the process aborts. At the start of a machine it may wait for it. */
void au_random_bytes(void *out_bytes, size_t size);

#endif
