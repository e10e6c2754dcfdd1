/* Fields of events as topics: 32 bytes to look for.
 *
 * A value whose type gives all values the same size, of at most 32 bytes, stands at the end with
 * zeros before it; of any other the topic is the SHA-256.
 *
 * Threading: pure functions. */
#ifndef AUREON_ABI_TOPIC_H
#define AUREON_ABI_TOPIC_H

#include "abi/abi.h"

/* au_abi_topic_size gives the bytes that a type's values have in a topic; 0: a topic is a hash, and
 * does not tell its value. */
size_t au_abi_topic_size(const struct au_abi_type *type);

/* au_abi_topic_of gives the topic of a value that au_abi_value_check allows. */
struct au_hash au_abi_topic_of(const struct au_abi_type *type, struct au_bytes value);

#endif
