#include "node/reserve.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/statvfs.h>

#define MARGIN_SHARE 8u /* of the reserve, that has to be free besides it after the disk was full */
#define MIB          (UINT64_C(1) << 20)

static void tell(const struct au_reserve *reserve, const struct au_api_room *room)
{
    char text[256];
    if (room->is_full) {
        snprintf(text, sizeof(text),
                 "the disk of the store is full: %" PRIu64 " MiB are free, less than --min-free; "
                 "no blocks are made until %" PRIu64 " MiB are",
                 room->free / MIB, (room->wanted + MIB - 1) / MIB);
    } else {
        snprintf(text, sizeof(text),
                 "the disk of the store has %" PRIu64 " MiB free: blocks are made again",
                 room->free / MIB);
    }
    reserve->on_note(reserve->context, text);
}

struct au_api_room au_reserve_look(struct au_reserve *reserve)
{
    struct statvfs disk;
    struct au_api_room room = {.wanted = reserve->size};
    bool has_ended = atomic_load(&reserve->has_ended);
    uint64_t wanted_again = reserve->size + reserve->size / MARGIN_SHARE;
    if (has_ended) {
        room.is_full = true;
        room.wanted = wanted_again > AU_RESERVE_LEAST ? wanted_again : AU_RESERVE_LEAST;
    }
    if ((reserve->size == 0 && !has_ended) || statvfs(reserve->folder, &disk) != 0) return room;
    room.free = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (has_ended) return room;
    bool was_full = atomic_load(&reserve->is_full);
    room.is_full = room.free < (was_full ? wanted_again : reserve->size);
    if (room.is_full) room.wanted = wanted_again;
    /* Of threads that see a change at the same time one tells. */
    if (room.is_full != was_full &&
        atomic_compare_exchange_strong(&reserve->is_full, &was_full, room.is_full)) {
        tell(reserve, &room);
    }
    return room;
}

void au_reserve_end(struct au_reserve *reserve)
{
    atomic_store(&reserve->has_ended, true);
}

bool au_reserve_is_back(struct au_reserve *reserve)
{
    struct au_api_room room = au_reserve_look(reserve);
    return room.free >= room.wanted;
}
