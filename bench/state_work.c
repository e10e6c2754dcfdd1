#include "state_work.h"

#include <math.h>

#include "base/mem.h"

#define ZIPF_EXPONENT 1.2
#define SEED          UINT64_C(0x9e3779b97f4a7c15)

/* Numbers that come again: xorshift64*. */
static uint32_t random_below(struct state_stream *stream, uint32_t bound)
{
    uint64_t *state = &stream->random;
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    uint64_t high = (*state * UINT64_C(0x2545f4914f6cdd1d)) >> 32;
    return (uint32_t)((high * bound) >> 32);
}

static void make_create(struct state_stream *stream, struct state_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ops[i] = (struct state_op){.account = stream->next++};
    }
}

static void make_update(struct state_stream *stream, struct state_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ops[i] = (struct state_op){.account = random_below(stream, stream->size)};
    }
}

static void make_tenkrandom(struct state_stream *stream, struct state_op *ops, size_t count)
{
    size_t quarter = count / 4;
    for (size_t i = 0; i < quarter; i++) {
        ops[i] = (struct state_op){.account = stream->oldest++, .is_del = true};
    }
    make_create(stream, ops + quarter, quarter);
    for (size_t i = 2 * quarter; i < count; i++) {
        uint32_t between = stream->next - (uint32_t)quarter - stream->oldest;
        ops[i] = (struct state_op){.account = stream->oldest + random_below(stream, between)};
    }
}

static void make_weights(struct state_stream *stream)
{
    double sum = 0;
    stream->weights = au_mem_new(stream->size * sizeof(*stream->weights));
    AU_ASSERT(stream->weights);
    for (uint32_t i = 0; i < stream->size; i++) {
        sum += pow((double)i + 1, -ZIPF_EXPONENT);
        stream->weights[i] = sum;
    }
}

static void make_zipf(struct state_stream *stream, struct state_op *ops, size_t count)
{
    double all = stream->weights[stream->size - 1];
    for (size_t i = 0; i < count; i++) {
        double weight = all * random_below(stream, UINT32_MAX) / (double)UINT32_MAX;
        uint32_t low = 0, high = stream->size - 1;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (stream->weights[middle] > weight) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        ops[i] = (struct state_op){.account = low};
    }
}

static void make_single(struct state_stream *stream, struct state_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ops[i] = (struct state_op){.account = stream->size / 2};
    }
}

static void make_transfer(struct state_stream *stream, struct state_op *ops, size_t count)
{
    make_update(stream, ops, count);
    for (size_t i = 1; i < count; i += 2) {
        if (random_below(stream, 10) == 0) ops[i].account = stream->next++;
    }
}

static void make_transfer_pareto(struct state_stream *stream, struct state_op *ops, size_t count)
{
    make_transfer(stream, ops, count);
    for (size_t i = 0; i < count; i++) {
        bool is_new = ops[i].account >= stream->size;
        if (!is_new && random_below(stream, 5) > 0) ops[i].account /= 5;
    }
}

static struct state_op slot_at(const struct state_stream *stream, uint32_t number)
{
    uint32_t slot_count = stream->size / STATE_CONTRACTS;
    return (struct state_op){.account = number / slot_count, .slot_count = 1 + number % slot_count};
}

static void make_fill_slots(struct state_stream *stream, struct state_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ops[i] = slot_at(stream, stream->next++);
    }
}

static void make_storage(struct state_stream *stream, struct state_op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool is_busy = random_below(stream, 5) > 0;
        uint32_t bound = is_busy ? stream->size / 100 : stream->size;
        ops[i] = slot_at(stream, random_below(stream, bound));
    }
}

const struct state_work state_works[STATE_WORK_COUNT] = {
    [STATE_CREATE] = {"create", make_create, .is_skewed = false},
    [STATE_UPDATE] = {"update", make_update, .is_skewed = false},
    [STATE_TENKRANDOM] = {"tenkrandom", make_tenkrandom, .is_skewed = false},
    [STATE_ZIPF] = {"zipf", make_zipf, .is_skewed = true},
    [STATE_SINGLE] = {"single", make_single, .is_skewed = false},
    [STATE_TRANSFER] = {"transfer", make_transfer, .is_skewed = false},
    [STATE_TRANSFER_PARETO] = {"transfer_pareto", make_transfer_pareto, .is_skewed = false},
    [STATE_FILL_SLOTS] = {"fill_slots", make_fill_slots, .is_skewed = false},
    [STATE_STORAGE] = {"storage", make_storage, .is_skewed = false},
};

void state_stream_init(struct state_stream *stream, enum state_work_kind kind, uint32_t size)
{
    const struct state_work *work = &state_works[kind];
    *stream = (struct state_stream){.work = work, .random = SEED, .size = size, .next = size};
    if (work->is_skewed) make_weights(stream);
}

void state_stream_done(struct state_stream *stream)
{
    au_mem_free(stream->weights);
}

void state_stream_next(struct state_stream *stream, struct state_op *ops, size_t count)
{
    stream->work->make(stream, ops, count);
}
