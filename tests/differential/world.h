/* The world that contracts of differential runs see: a few accounts, a few stored values, three
 * arguments. It is always the same; the second implementation of the host functions gets it as
 * text (world_describe).
 *
 * Threading: one thread at a time. */
#ifndef AUREON_TESTS_DIFFERENTIAL_WORLD_H
#define AUREON_TESTS_DIFFERENTIAL_WORLD_H

#include "base/json_write.h"
#include "contract/frame.h"
#include "contract/host.h"

extern const struct au_address world_self;
extern const struct au_address world_caller;
extern const struct au_address world_origin;
extern const struct au_address world_other;  /* has a balance */
extern const struct au_address world_nobody; /* is no account */

#define WORLD_SLOT_KEYS                             \
    "slot one" /* all storage keys, 8 bytes each */ \
    "slot two"                                      \
    "slot 3.."                                      \
    "slot four"

struct world {
    struct au_overlay overlay;
    struct au_arena arena;
    struct au_buf logs;
    struct au_buf events;
    struct au_env env;
    struct au_call call;
    struct au_frame frame; /* the context of instances */
    struct au_savepoint before;
};

/* world_init prepares in the caller's storage; world_done frees what it holds. */
void world_init(struct world *world);
void world_done(struct world *world);

/* world_begin goes back to the beginning. */
void world_begin(struct world *world, bool is_view);

/* world_describe writes the world at its beginning, as an object. */
void world_describe(struct au_json_write *json);

#endif
