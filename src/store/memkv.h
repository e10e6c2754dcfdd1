/* A key-value store in memory, for tests and for nodes that keep nothing.
 *
 * Each family is a sorted array that never changes once readers can see it: a batch makes new ones.
 *
 * Cost: a read is a binary search; a snapshot or an iterator is opened in constant time; a batch
 * costs its changes times their logarithm and a walk over every family it touches. Keys and values
 * are shared between versions. No bound on what it holds but the heap.
 *
 * Threading: that of store/kv.h. */
#ifndef AUREON_STORE_MEMKV_H
#define AUREON_STORE_MEMKV_H

#include "store/kv.h"

/* au_memkv_open makes an empty store. OK, NO_MEMORY. Its functions fail with NO_MEMORY alone, so
 * au_kv_message is always "". */
AU_MUST_USE enum au_err au_memkv_open(struct au_kv *out_kv);

#endif
