/* Room that is left free on the disk of a store, so that the store never meets its end: RocksDB
 * needs some to write what it has in memory and to compact tables, and the operator to clean up.
 *
 * The disk is full once less than the reserve is free, and no longer once an eighth more than the
 * reserve is: a node at the edge does not go back and forth.
 *
 * A store that had no room to write all the same writes nothing until it is opened again: the disk
 * stays full for as long as this lives.
 *
 * Threading: any threads, after the start. */
#ifndef AUREON_NODE_RESERVE_H
#define AUREON_NODE_RESERVE_H

#include <stdatomic.h>
#include <stdint.h>

#include "api/api.h"

#define AU_RESERVE_LEAST (UINT64_C(32) << 20) /* bytes that a store wants free that had no room */

struct au_reserve {
    const char *folder; /* on the disk; outlives this */
    uint64_t size;      /* bytes to be left free; 0: none */
    atomic_bool is_full;
    atomic_bool has_ended; /* the store had no room */
    void *context;
    void (*on_note)(void *context, const char *text); /* it became full, or has room again */
};

/* au_reserve_look measures what is free for users who are not root. A disk that cannot be measured
 * has room: whoever writes to it learns more. Cost: a system call, about 1 us. */
struct au_api_room au_reserve_look(struct au_reserve *reserve);

/* au_reserve_end says that the store had no room to write. au_reserve_is_back tells whether what is
 * wanted is free again, AU_RESERVE_LEAST at least. */
void au_reserve_end(struct au_reserve *reserve);
bool au_reserve_is_back(struct au_reserve *reserve);

#endif
