#include "contract/tracer.h"

#include "contract/host.h"

#define ARENA_MAX ((size_t)16 << 20) /* bytes */

/* ---- what parameters mean ---- */

enum form {
    FORM_NUMBER,
    FORM_BYTES,
    FORM_HASHES,
    FORM_FIXED,
    FORM_GIVES,
    FORM_GIVES_HIGH,
    FORM_GIVES_LOW,
    FORM_GIVES_FIXED
};

enum host_number {
#define AU_HOST(number, name, params, results, gas, byte_steps, byte_args, mode) \
    NUMBER_##name = (number),
#include "abi/host.def"
#undef AU_HOST
};

struct host_arg {
    uint32_t function; /* its number */
    const char *name;
    enum form form;
    uint32_t value;
    uint32_t size;
};

static const struct host_arg host_args[] = {
#define AU_HOST_ARG(function, name, form, value, size) \
    {NUMBER_##function, #name, FORM_##form, (value), (size)},
#include "abi/host.def"
#undef AU_HOST_ARG
};

/* ---- what is kept ---- */

void au_tracer_reset(struct au_tracer *tracer)
{
    au_arena_reset(&tracer->arena);
    au_profiler_reset(&tracer->profiler);
    tracer->first = tracer->last = tracer->open = NULL;
    tracer->entry_count = 0;
    tracer->bytes_left = AU_TRACER_BYTES_MAX;
    tracer->skipped = 0;
    tracer->is_truncated = false;
}

void au_tracer_done(struct au_tracer *tracer)
{
    au_profiler_done(&tracer->profiler);
    au_arena_done(&tracer->arena);
}

/* Keeps bytes, or none of them where there is no more room. */
static struct au_bytes keep(struct au_tracer *tracer, struct au_bytes bytes)
{
    struct au_bytes copy = {0};
    if (bytes.size > tracer->bytes_left || au_arena_copy(&tracer->arena, bytes, &copy) != AU_OK) {
        tracer->is_truncated = true;
        return (struct au_bytes){0};
    }
    tracer->bytes_left -= bytes.size;
    return copy;
}

/* Begins an entry; NULL: it is not kept, nor is anything after it. */
static struct au_traced *begin(struct au_tracer *tracer)
{
    struct au_traced *traced = NULL;
    if (!tracer->is_truncated && tracer->entry_count < AU_TRACER_ENTRIES_MAX) {
        traced = au_arena_zero(&tracer->arena, sizeof(*traced));
    }
    if (traced == NULL) {
        tracer->is_truncated = true;
        tracer->skipped++;
        return NULL;
    }
    traced->outer = tracer->open;
    traced->depth = tracer->open ? tracer->open->depth + 1 : 0;
    if (tracer->last) {
        tracer->last->next = traced;
    } else {
        tracer->first = traced;
    }
    tracer->last = tracer->open = traced;
    tracer->entry_count++;
    return traced;
}

/* Ends the innermost entry; NULL: it was not kept. */
static struct au_traced *end(struct au_tracer *tracer)
{
    if (tracer->skipped > 0) {
        tracer->skipped--;
        return NULL;
    }
    struct au_traced *traced = tracer->open;
    AU_ASSERT(traced != NULL);
    tracer->open = traced->outer;
    return traced;
}

/* ---- frames ---- */

void au_tracer_enter(struct au_tracer *tracer, const struct au_call *call,
                     const struct au_hash *code_hash, const struct au_module_info *info)
{
    struct au_traced *traced = begin(tracer);
    if (traced == NULL) {
        au_profiler_begin(&tracer->profiler, NULL, info);
        return;
    }
    traced->is_frame = true;
    traced->frame = (struct au_traced_frame){
        .contract = call->self,
        .code_hash = *code_hash,
        .caller = call->caller,
        .value = call->value,
        .function = keep(tracer, call->function),
        .steps_limit = call->steps_limit,
        .is_view = call->is_view,
    };
    au_profiler_begin(&tracer->profiler, &traced->frame.profile, info);
    traced->frame.args = au_arena_zero(&tracer->arena, call->arg_count * sizeof(struct au_bytes));
    if (traced->frame.args == NULL) {
        tracer->is_truncated = true;
        return;
    }
    traced->frame.arg_count = call->arg_count;
    for (size_t i = 0; i < call->arg_count; i++) {
        traced->frame.args[i] = keep(tracer, call->args[i]);
    }
}

void au_tracer_leave(struct au_tracer *tracer, const struct au_frame_result *result)
{
    struct au_traced *traced = end(tracer);
    int64_t limit = traced ? traced->frame.steps_limit : 0;
    au_profiler_end(&tracer->profiler, limit - result->steps_used);
    if (traced == NULL) return;
    AU_ASSERT(traced->is_frame);
    traced->steps = result->steps_used;
    traced->frame.outcome = result->outcome;
    traced->frame.detail = result->detail;
    traced->frame.revert_code = result->revert_code;
    traced->frame.output = keep(tracer, result->output);
}

/* ---- host calls ---- */

/* Bytes of memory, none if they are not inside. */
static struct au_bytes look(const struct au_instance *instance, uint32_t pointer, uint32_t size)
{
    if (size == 0 || !au_instance_has_range(instance, pointer, size)) return (struct au_bytes){0};
    return (struct au_bytes){instance->memory + pointer, size};
}

static uint64_t number_of(const struct au_host_entry *entry, const union au_value *args, uint32_t i)
{
    return entry->params[i] == 'I' ? args[i].u64 : args[i].u32;
}

/* A count that makes more bytes than there are addresses names none. */
static struct au_bytes look_hashes(const struct au_instance *instance, uint32_t pointer,
                                   uint32_t count)
{
    bool is_possible = count <= UINT32_MAX / AU_HASH_SIZE;
    return look(instance, pointer, is_possible ? count * AU_HASH_SIZE : UINT32_MAX);
}

/* What the function is given; where it will write is noted and read when it has. */
static struct au_traced_value take(struct au_tracer *tracer, const struct au_instance *instance,
                                   const struct au_host_entry *entry, const struct host_arg *arg,
                                   const union au_value *args)
{
    struct au_traced_value value = {.name = arg->name};
    switch (arg->form) {
    case FORM_NUMBER:
        value.is_number = true;
        value.number = number_of(entry, args, arg->value);
        break;
    case FORM_BYTES:
        value.bytes = keep(tracer, look(instance, args[arg->value].u32, args[arg->size].u32));
        break;
    case FORM_HASHES:
        value.bytes =
            keep(tracer, look_hashes(instance, args[arg->value].u32, args[arg->size].u32));
        break;
    case FORM_FIXED:
        value.bytes = keep(tracer, look(instance, args[arg->value].u32, arg->size));
        break;
    case FORM_GIVES:
    case FORM_GIVES_HIGH:
    case FORM_GIVES_LOW:
        value.number = args[arg->value].u32;
        value.bytes.size = args[arg->size].u32;
        break;
    case FORM_GIVES_FIXED:
        value.number = args[arg->value].u32;
        value.bytes.size = arg->size;
        break;
    }
    return value;
}

static void host_begins(void *context, const struct au_instance *instance,
                        const struct au_host_entry *entry, const union au_value *args,
                        int64_t steps_left)
{
    struct au_tracer *tracer = context;
    const struct au_profile_node *within = au_profiler_pause(&tracer->profiler, steps_left);
    struct au_traced *traced = begin(tracer);
    if (traced == NULL) return;
    struct au_traced_value values[AU_COUNT_OF(host_args)];
    size_t count = 0;
    for (size_t i = 0; i < AU_COUNT_OF(host_args); i++) {
        if (host_args[i].function != entry->number) continue;
        values[count++] = take(tracer, instance, entry, &host_args[i], args);
    }
    traced->steps = steps_left > 0 ? steps_left : 0; /* until it is known what is left */
    traced->host = (struct au_traced_host){.entry = entry, .within = within};
    traced->host.values = au_arena_get(&tracer->arena, count * sizeof(values[0]));
    if (traced->host.values == NULL) {
        tracer->is_truncated = true;
        return;
    }
    memcpy(traced->host.values, values, count * sizeof(values[0]));
    traced->host.value_count = count;
}

/* How many bytes a result says that a parameter got, of at most size. */
static uint32_t told_size(enum form form, uint64_t result, uint32_t size)
{
    uint32_t told = size;
    switch (form) {
    case FORM_GIVES: told = (int32_t)(uint32_t)result < 0 ? 0 : (uint32_t)result; break;
    case FORM_GIVES_HIGH: told = result == UINT64_MAX ? 0 : (uint32_t)(result >> 32); break;
    case FORM_GIVES_LOW: told = result == UINT64_MAX ? 0 : (uint32_t)result; break;
    case FORM_NUMBER:
    case FORM_BYTES:
    case FORM_HASHES:
    case FORM_FIXED:
    case FORM_GIVES_FIXED: break;
    }
    return told < size ? told : size;
}

/* What the function has written, now that its result says how much. */
static void take_given(struct au_tracer *tracer, const struct au_instance *instance,
                       struct au_traced_host *host)
{
    size_t next = 0;
    for (size_t i = 0; i < AU_COUNT_OF(host_args) && next < host->value_count; i++) {
        if (host_args[i].function != host->entry->number) continue;
        struct au_traced_value *value = &host->values[next++];
        if (host_args[i].form < FORM_GIVES) continue;
        uint32_t size = told_size(host_args[i].form, host->result, (uint32_t)value->bytes.size);
        if (!host->has_returned) size = 0;
        value->bytes = keep(tracer, look(instance, (uint32_t)value->number, size));
        value->number = 0;
    }
}

static void host_ends(void *context, const struct au_instance *instance,
                      const union au_value *results)
{
    struct au_tracer *tracer = context;
    au_profiler_resume(&tracer->profiler, instance->steps_left);
    struct au_traced *traced = end(tracer);
    if (traced == NULL) return;
    AU_ASSERT(!traced->is_frame);
    struct au_traced_host *host = &traced->host;
    traced->steps -= traced->steps < instance->steps_left ? traced->steps : instance->steps_left;
    host->has_returned = results != NULL;
    if (results != NULL && host->entry->results[0] == 'I') host->result = results[0].u64;
    if (results != NULL && host->entry->results[0] == 'i') host->result = results[0].u32;
    take_given(tracer, instance, host);
}

/* ---- functions ---- */

static bool function_enters(void *context, uint32_t function, int64_t steps_left)
{
    struct au_tracer *tracer = context;
    return au_profiler_enter(&tracer->profiler, function, steps_left);
}

static bool function_returns(void *context, int64_t steps_left)
{
    struct au_tracer *tracer = context;
    return au_profiler_return(&tracer->profiler, steps_left);
}

void au_tracer_init(struct au_tracer *tracer)
{
    *tracer = (struct au_tracer){
        .watch = {tracer, host_begins, host_ends, function_enters, function_returns}};
    au_arena_init(&tracer->arena, ARENA_MAX);
    au_profiler_init(&tracer->profiler, &tracer->arena);
    au_tracer_reset(tracer);
}
