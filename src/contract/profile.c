#include "contract/profile.h"

void au_profiler_init(struct au_profiler *profiler, struct au_arena *arena)
{
    *profiler = (struct au_profiler){.arena = arena};
}

void au_profiler_reset(struct au_profiler *profiler)
{
    au_table_clear(&profiler->nodes);
    profiler->node_count = profiler->number_count = 0;
    profiler->frame_count = profiler->event_count = 0;
}

void au_profiler_done(struct au_profiler *profiler)
{
    au_table_done(&profiler->nodes);
}

/* ---- nodes ---- */

/* No two pairs have the same: each step can be undone. */
static uint64_t hash_of(uint32_t outer_number, uint32_t function)
{
    uint64_t hash = ((uint64_t)outer_number << 32 | function) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

static struct au_bytes name_of(const struct au_module_info *info, uint32_t function)
{
    struct au_bytes name = info->names[function - info->import_count];
    if (name.size > AU_PROFILE_NAME_SIZE_MAX) name.size = AU_PROFILE_NAME_SIZE_MAX;
    return name;
}

/* NULL: there are as many as are kept. */
static struct au_profile_node *add_node(struct au_profiler *profiler,
                                        struct au_profile_frame *frame,
                                        struct au_profile_node *outer, uint32_t function,
                                        uint64_t hash)
{
    struct au_profile *profile = frame->profile;
    struct au_bytes name;
    if (profiler->node_count == AU_PROFILE_NODES_MAX) return NULL;
    struct au_profile_node *node = au_arena_zero(profiler->arena, sizeof(*node));
    if (!node) return NULL;
    enum au_err err = au_arena_copy(profiler->arena, name_of(frame->info, function), &name);
    if (err == AU_OK) err = au_table_add(&profiler->nodes, hash, node);
    if (err != AU_OK) return NULL;
    *node = (struct au_profile_node){
        .outer = outer,
        .place = profile->count++,
        .number = ++profiler->number_count,
        .function = function,
        .name = name,
    };
    *(profile->last ? &profile->last->next : &profile->first) = node;
    profile->last = node;
    profiler->node_count++;
    return node;
}

static struct au_profile_node *find_node(struct au_profiler *profiler,
                                         struct au_profile_frame *frame,
                                         struct au_profile_node *outer, uint32_t function)
{
    uint64_t hash = hash_of(outer ? outer->number : frame->profile->number, function);
    const struct au_table_cell *cell = au_table_find(&profiler->nodes, hash);
    return cell ? cell->entry : add_node(profiler, frame, outer, function, hash);
}

/* ---- what is told ---- */

/* NULL: it has no profile. */
static struct au_profile_frame *innermost(struct au_profiler *profiler)
{
    AU_ASSERT(profiler->frame_count > 0);
    struct au_profile_frame *frame = &profiler->frames[profiler->frame_count - 1];
    return frame->profile ? frame : NULL;
}

static struct au_profile_node *open_node(const struct au_profile_frame *frame)
{
    return frame->depth > 0 ? frame->open[frame->depth - 1].node : NULL;
}

/* What was used since the last time is the innermost node's own. */
static void account(struct au_profile_frame *frame, int64_t steps_left)
{
    struct au_profile_node *node = open_node(frame);
    if (steps_left < 0) steps_left = 0;
    if (node) node->own_steps += frame->seen - steps_left;
    frame->seen = steps_left;
}

static void close_node(struct au_profile_frame *frame)
{
    AU_ASSERT(frame->depth > 0);
    frame->depth--;
    frame->open[frame->depth].node->steps += frame->open[frame->depth].steps_left - frame->seen;
}

static void close_all(struct au_profile_frame *frame, int64_t steps_left)
{
    account(frame, steps_left);
    while (frame->depth > 0)
        close_node(frame);
}

void au_profiler_begin(struct au_profiler *profiler, struct au_profile *profile,
                       const struct au_module_info *info)
{
    AU_ASSERT(profiler->frame_count < AU_DEPTH_MAX);
    struct au_profile_frame *frame = &profiler->frames[profiler->frame_count++];
    frame->profile = info ? profile : NULL;
    frame->info = info;
    frame->depth = 0;
    frame->beyond = 0;
    frame->seen = 0;
    if (!frame->profile) return;
    profile->is_there = true;
    profile->number = ++profiler->number_count;
}

void au_profiler_end(struct au_profiler *profiler, int64_t steps_left)
{
    struct au_profile_frame *frame = innermost(profiler);
    if (frame) close_all(frame, steps_left);
    profiler->frame_count--;
}

/* Whether the frame goes on; NULL: it has no profile. */
static bool take_event(struct au_profiler *profiler, struct au_profile_frame *frame,
                       int64_t steps_left)
{
    if (!frame) return false;
    if (profiler->event_count < AU_PROFILE_EVENTS_MAX) {
        profiler->event_count++;
        account(frame, steps_left);
        return true;
    }
    close_all(frame, steps_left);
    frame->profile->is_cut = true;
    frame->profile = NULL;
    return false;
}

bool au_profiler_enter(struct au_profiler *profiler, uint32_t function, int64_t steps_left)
{
    struct au_profile_frame *frame = innermost(profiler);
    struct au_profile_node *node = NULL;
    if (!take_event(profiler, frame, steps_left)) return false;
    if (frame->beyond == 0 && frame->depth < AU_PROFILE_DEPTH_MAX) {
        node = find_node(profiler, frame, open_node(frame), function);
    }
    if (!node) {
        frame->profile->is_cut = true;
        frame->beyond++;
        return true;
    }
    node->call_count++;
    frame->open[frame->depth].node = node;
    frame->open[frame->depth].steps_left = frame->seen;
    frame->depth++;
    return true;
}

bool au_profiler_return(struct au_profiler *profiler, int64_t steps_left)
{
    struct au_profile_frame *frame = innermost(profiler);
    if (!take_event(profiler, frame, steps_left)) return false;
    if (frame->beyond > 0) {
        frame->beyond--;
    } else {
        close_node(frame);
    }
    return true;
}

const struct au_profile_node *au_profiler_pause(struct au_profiler *profiler, int64_t steps_left)
{
    struct au_profile_frame *frame = innermost(profiler);
    if (!frame) return NULL;
    account(frame, steps_left);
    return open_node(frame);
}

void au_profiler_resume(struct au_profiler *profiler, int64_t steps_left)
{
    struct au_profile_frame *frame = innermost(profiler);
    if (frame) frame->seen = steps_left;
}
