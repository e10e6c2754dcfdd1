#include "consensus/solo.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"
#include "consensus/compiler.h"

#define STACK_SIZE   (16u << 20) /* bytes: contracts run on it */
#define WAIT_NS      UINT64_C(1000000000)
#define NS_PER_MS    UINT64_C(1000000)
#define NS_PER_S     UINT64_C(1000000000)
#define PAUSE_NS     (20 * NS_PER_MS) /* at most, between looks at what others want */
#define RETRY_NS     (2 * NS_PER_MS)  /* while all that waits is being compiled */
#define REFUSALS_MAX 64u /* transactions that a block has no room for, before it is closed */

struct au_solo {
    struct au_solo_options options;
    struct au_compiler *compiler;
    struct au_block *block;
    struct au_mempool_included *included; /* of the block being made; the thread's own */
    size_t included_count;
    size_t included_capacity;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t mined;
    pthread_cond_t compiled;
    uint64_t wanted;   /* blocks that au_solo_mine asked for, in all */
    uint64_t made;     /* of these */
    uint64_t refusals; /* of may_commit, while blocks were asked for */
    bool has_compiled; /* since the last block was begun */
    bool stops;
    bool has_stopped;
};

/* ---- building a block ---- */

static enum au_err note_included(struct au_solo *solo, const struct au_checked *checked)
{
    if (solo->included_count == solo->included_capacity) {
        size_t capacity = solo->included_capacity * 2 + 64;
        void *grown = au_mem_resize(solo->included, capacity * sizeof(*solo->included));
        if (!grown) return AU_ERR_NO_MEMORY;
        solo->included = grown;
        solo->included_capacity = capacity;
    }
    solo->included[solo->included_count++] =
        (struct au_mempool_included){checked->id, checked->tx.from};
    return AU_OK;
}

/* What becomes of a transaction at its turn. */
enum turn { TURN_DONE, TURN_LATER, TURN_NO_ROOM, TURN_DROP_INVALID, TURN_DROP_FAULT };

/* Faults that may be the transaction's doing, and are not the store's. */
static bool is_local_fault(enum au_err err)
{
    return err == AU_ERR_NO_MEMORY || err == AU_ERR_ENGINE || err == AU_ERR_UNSUPPORTED;
}

static enum au_err take_turn(struct au_solo *solo, const struct au_checked *checked,
                             enum turn *out_turn)
{
    enum au_compile_state compile;
    struct au_applied applied;
    AU_TRY(au_compiler_ask(solo->compiler, checked, &compile));
    *out_turn = compile == AU_COMPILE_BARRED ? TURN_DROP_FAULT : TURN_LATER;
    if (compile != AU_COMPILE_READY) return AU_OK;
    AU_TRY(au_block_apply(solo->block, checked, &applied));
    *out_turn = TURN_DROP_INVALID;
    if (applied.invalid == AU_INVALID_BLOCK_FULL) *out_turn = TURN_NO_ROOM;
    if (applied.invalid != AU_INVALID_NONE) return AU_OK;
    *out_turn = TURN_DONE;
    return note_included(solo, checked);
}

/* Fills the open block. out_is_spoiled: a fault has dropped a transaction; build again. */
static enum au_err fill(struct au_solo *solo, struct au_mempool_walk *walk, bool *out_is_spoiled)
{
    const struct au_checked *checked;
    size_t refusals = 0;
    *out_is_spoiled = false;
    while (refusals < REFUSALS_MAX && (checked = au_mempool_walk_next(walk)) != NULL) {
        enum turn turn;
        enum au_err err = take_turn(solo, checked, &turn);
        if (is_local_fault(err)) {
            au_mempool_walk_drop(walk, AU_DROP_FAILED);
            *out_is_spoiled = true;
            return AU_OK;
        }
        AU_TRY(err);
        switch (turn) {
        case TURN_DONE: break;
        case TURN_NO_ROOM: refusals++; /* fall through */
        case TURN_LATER: au_mempool_walk_skip_sender(walk); break;
        case TURN_DROP_INVALID:
        case TURN_DROP_FAULT: au_mempool_walk_drop(walk, AU_DROP_FAILED); break;
        }
    }
    return AU_OK;
}

static enum au_err build(struct au_solo *solo)
{
    bool is_spoiled = true;
    while (is_spoiled) {
        struct au_mempool_walk *walk;
        au_block_abort(solo->block);
        solo->included_count = 0;
        AU_TRY(au_block_begin(solo->block, au_clock_unix_ms()));
        AU_TRY(au_mempool_walk_begin(solo->options.mempool, &walk));
        enum au_err err = fill(solo, walk, &is_spoiled);
        au_mempool_walk_end(walk);
        AU_TRY(err);
    }
    return AU_OK;
}

/* What the thread is at, for those who look at it from outside (/proc/PID/task/TID/comm). */
static void show_phase(const char *name)
{
    AU_ASSERT(pthread_setname_np(pthread_self(), name) == 0);
}

static enum au_err produce(struct au_solo *solo, bool may_be_empty, bool *out_is_made)
{
    *out_is_made = false;
    AU_TRY(build(solo));
    if (solo->included_count == 0 && !may_be_empty) {
        au_block_abort(solo->block);
        return AU_OK;
    }
    AU_TRY(au_block_seal(solo->block));
    struct au_header header = *au_block_header(solo->block);
    AU_TRY(au_block_commit(solo->block));
    AU_TRY(au_mempool_block_done(solo->options.mempool, header.height, solo->included,
                                 solo->included_count));
    solo->options.on_block(solo->options.context, &header);
    *out_is_made = true;
    return AU_OK;
}

/* ---- the thread ---- */

static bool is_mining(struct au_solo *solo, bool *out_stops)
{
    au_lock(&solo->lock);
    solo->has_compiled = false;
    bool is_asked = solo->made < solo->wanted;
    *out_stops = solo->stops;
    au_unlock(&solo->lock);
    return is_asked;
}

static void note_mined(struct au_solo *solo)
{
    au_lock(&solo->lock);
    solo->made++;
    AU_ASSERT(pthread_cond_broadcast(&solo->mined) == 0);
    au_unlock(&solo->lock);
}

static void nap(uint64_t time_ns)
{
    struct timespec pause = {.tv_nsec = (long)time_ns};
    (void)nanosleep(&pause, NULL);
}

/* Waits while all that could be executed is being compiled; not for long: more may have come. */
static void wait_for_compiler(struct au_solo *solo)
{
    uint64_t end_ns = au_clock_ns() + RETRY_NS;
    struct timespec until = {(time_t)(end_ns / NS_PER_S), (long)(end_ns % NS_PER_S)};
    int failed = 0;
    au_lock(&solo->lock);
    while (!solo->has_compiled && !failed) {
        failed = pthread_cond_timedwait(&solo->compiled, &solo->lock, &until);
    }
    AU_ASSERT(failed == 0 || failed == ETIMEDOUT);
    au_unlock(&solo->lock);
}

/* Waits for something to do. true: try to make a block. */
static bool wait_for_work(struct au_solo *solo, uint64_t last_ns)
{
    uint64_t interval_ns = solo->options.interval_ms * NS_PER_MS;
    uint64_t age_ns = au_clock_ns() - last_ns;
    if (age_ns < interval_ns || solo->options.is_manual) {
        uint64_t left_ns = solo->options.is_manual ? PAUSE_NS : interval_ns - age_ns;
        nap(left_ns < PAUSE_NS ? left_ns : PAUSE_NS);
        return false;
    }
    return au_mempool_wait(solo->options.mempool, WAIT_NS);
}

static bool may_commit(const struct au_solo *solo)
{
    const struct au_solo_options *options = &solo->options;
    return !options->may_commit || options->may_commit(options->context);
}

/* Gives up what au_solo_mine asked for. */
static void refuse_mining(struct au_solo *solo)
{
    au_lock(&solo->lock);
    if (solo->made < solo->wanted) solo->refusals++;
    solo->wanted = solo->made;
    AU_ASSERT(pthread_cond_broadcast(&solo->mined) == 0);
    au_unlock(&solo->lock);
}

static enum au_err run(struct au_solo *solo)
{
    uint64_t last_ns = 0;
    bool stops = false;
    show_phase("producer: idle");
    for (;;) {
        bool is_made;
        bool is_asked = is_mining(solo, &stops);
        if (stops) return AU_OK;
        if (!is_asked && !wait_for_work(solo, last_ns)) continue;
        if (!may_commit(solo)) {
            refuse_mining(solo);
            nap(PAUSE_NS);
            continue;
        }
        show_phase("producer: block");
        AU_TRY(produce(solo, is_asked, &is_made));
        show_phase("producer: idle");
        if (is_made) last_ns = au_clock_ns();
        if (is_asked) note_mined(solo);
        if (!is_asked && !is_made) wait_for_compiler(solo);
    }
}

static void *run_thread(void *argument)
{
    struct au_solo *solo = argument;
    enum au_err err = run(solo);
    au_block_abort(solo->block);
    /* Before those who wait for a block hear of it, so that whom they ask next knows why. */
    if (err != AU_OK) solo->options.on_fault(solo->options.context, err, "making a block");
    au_lock(&solo->lock);
    solo->has_stopped = true;
    AU_ASSERT(pthread_cond_broadcast(&solo->mined) == 0);
    au_unlock(&solo->lock);
    return NULL;
}

static void on_compiled(void *context)
{
    struct au_solo *solo = context;
    au_lock(&solo->lock);
    solo->has_compiled = true;
    AU_ASSERT(pthread_cond_signal(&solo->compiled) == 0);
    au_unlock(&solo->lock);
}

bool au_solo_mine(struct au_solo *solo, uint32_t count)
{
    au_lock(&solo->lock);
    solo->wanted += count;
    uint64_t goal = solo->wanted;
    uint64_t refusals = solo->refusals;
    au_unlock(&solo->lock);
    au_mempool_wake(solo->options.mempool);
    au_lock(&solo->lock);
    while (solo->made < goal && solo->refusals == refusals && !solo->has_stopped) {
        AU_ASSERT(pthread_cond_wait(&solo->mined, &solo->lock) == 0);
    }
    bool is_made = solo->made >= goal;
    au_unlock(&solo->lock);
    return is_made;
}

enum au_err au_solo_compile(struct au_solo *solo, const struct au_checked *checked,
                            enum au_compile_state *out_state)
{
    return au_compiler_await(solo->compiler, checked, out_state);
}

/* ---- life ---- */

static enum au_err start(struct au_solo *solo)
{
    pthread_attr_t attr;
    AU_TRY(au_block_new(solo->options.ledger, &solo->block));
    AU_TRY(au_compiler_new(solo->options.ledger, on_compiled, solo, &solo->compiler));
    if (pthread_attr_init(&attr) != 0) return AU_ERR_NO_MEMORY;
    AU_ASSERT(pthread_attr_setstacksize(&attr, STACK_SIZE) == 0);
    int failed = pthread_create(&solo->thread, &attr, run_thread, solo);
    AU_ASSERT(pthread_attr_destroy(&attr) == 0);
    return failed ? AU_ERR_NO_MEMORY : AU_OK;
}

static void init_conditions(struct au_solo *solo)
{
    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);
    if (!failed) failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (!failed) failed = pthread_cond_init(&solo->compiled, &attributes);
    if (!failed) failed = pthread_cond_init(&solo->mined, NULL);
    AU_ASSERT(!failed);
    AU_ASSERT(pthread_condattr_destroy(&attributes) == 0);
}

static void free_solo(struct au_solo *solo)
{
    au_compiler_free(solo->compiler);
    au_block_free(solo->block);
    AU_ASSERT(pthread_cond_destroy(&solo->compiled) == 0);
    AU_ASSERT(pthread_cond_destroy(&solo->mined) == 0);
    AU_ASSERT(pthread_mutex_destroy(&solo->lock) == 0);
    au_mem_free(solo->included);
    au_mem_free(solo);
}

enum au_err au_solo_new(const struct au_solo_options *options, struct au_solo **out_solo)
{
    struct au_solo *solo = au_mem_new(sizeof(*solo));
    if (!solo) return AU_ERR_NO_MEMORY;
    solo->options = *options;
    AU_ASSERT(pthread_mutex_init(&solo->lock, NULL) == 0);
    init_conditions(solo);
    enum au_err err = start(solo);
    if (err != AU_OK) {
        free_solo(solo);
        return err;
    }
    *out_solo = solo;
    return AU_OK;
}

void au_solo_free(struct au_solo *solo)
{
    if (!solo) return;
    au_lock(&solo->lock);
    solo->stops = true;
    au_unlock(&solo->lock);
    au_mempool_wake(solo->options.mempool);
    AU_ASSERT(pthread_join(solo->thread, NULL) == 0);
    free_solo(solo);
}
