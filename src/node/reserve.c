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
    if (reserve->size == 0 || statvfs(reserve->folder, &disk) != 0) return room;
    bool was_full = atomic_load(&reserve->is_full);
    uint64_t wanted_again = reserve->size + reserve->size / MARGIN_SHARE;
    room.free = (uint64_t)disk.f_bavail * disk.f_frsize;
    room.is_full = room.free < (was_full ? wanted_again : reserve->size);
    if (room.is_full) room.wanted = wanted_again;
    /* Of threads that see a change at the same time one tells. */
    if (room.is_full != was_full &&
        atomic_compare_exchange_strong(&reserve->is_full, &was_full, room.is_full)) {
        tell(reserve, &room);
    }
    return room;
}
