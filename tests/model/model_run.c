/* Interprets a module instruction by instruction and takes every price where it is due. */
#include "base/mem.h"
#include "model/model_internal.h"
#include "vm/engine.h"
#include "vm/gas.h"
#include "vm/limits.h"

/* Bounds that the metered stack gives: a function with a call reserves 8 units and more, each
 * of its values one unit, each construct at least three bytes of body; one function without
 * calls may be on top. */
#define FRAMES_MAX (AU_STACK_UNITS / AU_STACK_CALL_UNITS + 1)
#define VALUES_MAX (AU_STACK_UNITS + AU_BODY_SIZE_MAX + AU_LOCALS_MAX + 2 * AU_PARAMS_MAX)
#define LABELS_MAX (AU_STACK_UNITS * 4 / 3 + AU_NESTING_MAX)

struct label {
    uint32_t op;     /* that opened it */
    uint32_t height; /* values below its own */
};

struct frame {
    const struct model_function *function;
    uint32_t pc;
    uint32_t locals_at; /* first parameter, in values */
    uint32_t labels_at; /* first label */
};

struct model_scratch {
    uint64_t values[VALUES_MAX];
    struct label labels[LABELS_MAX];
    struct frame frames[FRAMES_MAX];
    bool is_used;
};

struct au_model_instance {
    const struct au_model *model;
    struct au_instance view; /* what host functions see; holds the gas counter */
    struct au_model_end end;
    uint64_t *values;
    struct label *labels;
    struct frame *frames;
    uint64_t *globals;
    bool *is_dropped; /* data segments */
    uint8_t *memory;
    uint32_t value_count;
    uint32_t label_count;
    uint32_t frame_count;
    int64_t stack_left;
};

/* ---- Ends ----------------------------------------------------------------------------------- */

static bool end_with(struct au_model_instance *instance, enum au_outcome outcome, uint32_t detail)
{
    instance->end = (struct au_model_end){outcome, detail, instance->view.steps_left};
    if (outcome == AU_OUTCOME_OUT_OF_GAS) instance->end.steps_left = 0;
    return false;
}

static bool trap(struct au_model_instance *instance, uint32_t detail)
{
    return end_with(instance, AU_OUTCOME_TRAPPED, detail);
}

static bool charge(struct au_model_instance *instance, int64_t steps)
{
    if (steps > instance->view.steps_left) return end_with(instance, AU_OUTCOME_OUT_OF_GAS, 0);
    instance->view.steps_left -= steps;
    return true;
}

/* ---- Values --------------------------------------------------------------------------------- */

static void push(struct au_model_instance *instance, uint64_t value)
{
    AU_ASSERT(instance->value_count < VALUES_MAX);
    instance->values[instance->value_count++] = value;
}

static uint64_t pop(struct au_model_instance *instance)
{
    AU_ASSERT(instance->value_count > 0);
    return instance->values[--instance->value_count];
}

/* Keeps the topmost count values and drops what lies between height and them. */
static void slide(struct au_model_instance *instance, uint32_t height, uint32_t count)
{
    AU_ASSERT(height + count <= instance->value_count);
    const uint64_t *from = &instance->values[instance->value_count - count];
    memmove(&instance->values[height], from, count * sizeof(*from));
    instance->value_count = height + count;
}

/* ---- Calls ---------------------------------------------------------------------------------- */

static bool is_wide(char letter)
{
    return letter == 'I' || letter == 'F';
}

static bool call_host(struct au_model_instance *instance, const struct au_host_entry *entry)
{
    union au_value args[AU_PARAMS_MAX];
    memset(args, 0, sizeof(args));
    uint32_t param_count = (uint32_t)strlen(entry->params);
    int64_t price = entry->base_steps;
    for (uint32_t i = param_count; i-- > 0;) {
        args[i].u64 = pop(instance);
        if (entry->byte_args >> i & 1) price += entry->byte_steps * (int64_t)args[i].u32;
    }
    if (!charge(instance, price)) return false;
    instance->view.entry = entry;
    if (entry->run(&instance->view, args) == AU_HOST_STOP) {
        return end_with(instance, instance->view.end_outcome, instance->view.end_detail);
    }
    uint32_t result_count = (uint32_t)strlen(entry->results);
    for (uint32_t i = 0; i < result_count; i++) {
        push(instance, is_wide(entry->results[i]) ? args[i].u64 : args[i].u32);
    }
    return true;
}

/* "At entry the first block's gas is taken first, then the stack." */
static bool enter(struct au_model_instance *instance, uint32_t index)
{
    const struct au_model *model = instance->model;
    if (index < model->import_count) return call_host(instance, model->imports[index]);
    const struct model_function *function = &model->functions[index - model->import_count];
    if (!charge(instance, function->ops[0].block_cost)) return false;
    instance->stack_left -= function->stack_units;
    if (instance->stack_left < 0) return end_with(instance, AU_OUTCOME_STACK_LIMIT, 0);

    AU_ASSERT(instance->frame_count < FRAMES_MAX);
    instance->frames[instance->frame_count++] = (struct frame){
        .function = function,
        .locals_at = instance->value_count - model->types[function->type].param_count,
        .labels_at = instance->label_count,
    };
    for (uint32_t i = 0; i < function->local_count; i++)
        push(instance, 0);
    return true;
}

static void leave(struct au_model_instance *instance)
{
    const struct frame *frame = &instance->frames[--instance->frame_count];
    instance->label_count = frame->labels_at;
    instance->stack_left += frame->function->stack_units;
    slide(instance, frame->locals_at, instance->model->types[frame->function->type].result_count);
}

static bool is_same_type(const struct model_type *a, const struct model_type *b)
{
    return a->param_count == b->param_count && a->result_count == b->result_count &&
           memcmp(a->params, b->params, a->param_count) == 0 &&
           memcmp(a->results, b->results, a->result_count) == 0;
}

static bool call_indirect(struct au_model_instance *instance, const struct model_op *op)
{
    const struct au_model *model = instance->model;
    uint64_t entry = pop(instance);
    if (entry >= model->table_size) return trap(instance, AU_TRAP_TABLE_BOUNDS);
    uint32_t index = model->table[entry];
    if (index == UINT32_MAX) return trap(instance, AU_TRAP_NULL_INDIRECT_CALL);
    if (!is_same_type(model_function_type(model, index), &model->types[op->index])) {
        return trap(instance, AU_TRAP_SIGNATURE_MISMATCH);
    }
    return enter(instance, index);
}

/* ---- Memory --------------------------------------------------------------------------------- */

static bool has_range(const struct au_model_instance *instance, uint64_t at, uint64_t size)
{
    return at + size <= instance->view.memory_size;
}

static bool access_memory(struct au_model_instance *instance, const struct model_op *op)
{
    static const struct {
        uint8_t size;
        uint8_t sign_to; /* extended by sign to that many bits; 0 = by zeros */
    } kinds[] = {
        {4, 0},  {8, 0}, {4, 0},  {8, 0},                  /* i32, i64, f32, f64 load */
        {1, 32}, {1, 0}, {2, 32}, {2, 0},                  /* i32.load8_s to 16_u */
        {1, 64}, {1, 0}, {2, 64}, {2, 0}, {4, 64}, {4, 0}, /* i64.load8_s to 32_u */
        {4, 0},  {8, 0}, {4, 0},  {8, 0}, {1, 0},  {2, 0}, {1, 0}, {2, 0}, {4, 0}, /* stores */
    };
    uint32_t size = kinds[op->code - OP_LOAD_FIRST].size;
    uint32_t sign_to = kinds[op->code - OP_LOAD_FIRST].sign_to;
    bool is_store = op->code >= OP_STORE_FIRST;
    uint64_t value = is_store ? pop(instance) : 0;
    uint64_t at = pop(instance) + op->value;
    if (!has_range(instance, at, size)) return trap(instance, AU_TRAP_MEMORY_BOUNDS);
    for (uint32_t i = 0; i < size; i++) {
        if (is_store) {
            instance->memory[at + i] = (uint8_t)(value >> (8 * i));
        } else {
            value |= (uint64_t)instance->memory[at + i] << (8 * i);
        }
    }
    if (is_store) return true;
    if (sign_to != 0 && value >> (8 * size - 1) & 1) value |= UINT64_MAX << (8 * size);
    push(instance, sign_to == 32 ? (uint32_t)value : value);
    return true;
}

static void resize_memory(struct au_model_instance *instance, size_t size)
{
    size_t old_size = instance->view.memory_size;
    uint8_t *memory = au_mem_resize(instance->memory, size);
    AU_ASSERT(memory != NULL);
    memset(memory + old_size, 0, size - old_size);
    instance->memory = memory;
    instance->view.memory = memory;
    instance->view.memory_size = size;
}

/* "memory.grow 40 gas per page (past the limit: -1 for its base cost)" */
static bool grow_memory(struct au_model_instance *instance)
{
    uint64_t pages = pop(instance);
    uint64_t old_pages = instance->view.memory_size / AU_PAGE_SIZE;
    if (old_pages + pages > instance->model->pages_max) {
        push(instance, UINT32_MAX);
        return true;
    }
    if (!charge(instance, AU_GAS_GROW_PAGE * (int64_t)pages)) return false;
    if (pages > 0) resize_memory(instance, (size_t)(old_pages + pages) * AU_PAGE_SIZE);
    push(instance, old_pages);
    return true;
}

/* "tested at the instruction before any bounds check: bulk ceil(n/8) steps" */
static bool move_memory(struct au_model_instance *instance, const struct model_op *op)
{
    uint64_t size = pop(instance);
    uint64_t source = pop(instance);
    uint64_t target = pop(instance);
    if (!charge(instance, AU_GAS_BULK + AU_GAS_BULK_8_BYTES * (int64_t)((size + 7) / 8)))
        return false;
    uint64_t source_size = instance->view.memory_size;
    if (op->code == OP_MEMORY_INIT) {
        bool is_empty = instance->is_dropped[op->index];
        source_size = is_empty ? 0 : instance->model->data[op->index].bytes.size;
    }
    if (!has_range(instance, target, size)) return trap(instance, AU_TRAP_MEMORY_BOUNDS);
    if (op->code != OP_MEMORY_FILL && source + size > source_size) {
        return trap(instance, AU_TRAP_MEMORY_BOUNDS);
    }
    if (size == 0) return true;
    if (op->code == OP_MEMORY_FILL) {
        memset(instance->memory + target, (uint8_t)source, size);
    } else if (op->code == OP_MEMORY_COPY) {
        memmove(instance->memory + target, instance->memory + source, size);
    } else {
        const uint8_t *from = instance->model->data[op->index].bytes.data;
        memcpy(instance->memory + target, from + source, size);
    }
    return true;
}

/* ---- Control -------------------------------------------------------------------------------- */

static void branch(struct au_model_instance *instance, struct frame *frame, uint32_t depth)
{
    uint32_t open_count = instance->label_count - frame->labels_at;
    if (depth == open_count) {
        leave(instance);
        return;
    }
    AU_ASSERT(depth < open_count);
    uint32_t index = instance->label_count - 1 - depth;
    const struct label *label = &instance->labels[index];
    const struct model_op *op = &frame->function->ops[label->op];
    bool is_loop = op->code == OP_LOOP;
    slide(instance, label->height, is_loop ? op->params : op->results);
    frame->pc = is_loop ? label->op + 1 : op->end_at + 1;
    instance->label_count = is_loop ? index + 1 : index;
}

static void open_label(struct au_model_instance *instance, struct frame *frame,
                       const struct model_op *op)
{
    AU_ASSERT(instance->label_count < LABELS_MAX);
    instance->labels[instance->label_count++] = (struct label){
        .op = (uint32_t)(op - frame->function->ops),
        .height = instance->value_count - op->params,
    };
}

/* pc already stands behind op. */
static void step_control(struct au_model_instance *instance, struct frame *frame,
                         const struct model_op *op)
{
    uint64_t value;
    switch (op->code) {
    case OP_BLOCK:
    case OP_LOOP: open_label(instance, frame, op); break;
    case OP_IF:
        value = pop(instance);
        open_label(instance, frame, op);
        if (value == 0) frame->pc = op->else_at != 0 ? op->else_at + 1 : op->end_at;
        break;
    case OP_ELSE: /* the arm before it is done: on to the end */
        frame->pc = frame->function->ops[op->opener].end_at;
        break;
    case OP_END:
        if (op->opener == UINT32_MAX) {
            leave(instance);
        } else {
            instance->label_count--;
        }
        break;
    case OP_BR: branch(instance, frame, op->index); break;
    case OP_BR_IF:
        if (pop(instance) != 0) branch(instance, frame, op->index);
        break;
    case OP_BR_TABLE:
        value = pop(instance);
        if (value >= op->count) value = op->count - 1;
        branch(instance, frame, instance->model->labels[op->index + value]);
        break;
    default: /* return */ leave(instance); break;
    }
}

static void step_variable(struct au_model_instance *instance, const struct frame *frame,
                          const struct model_op *op)
{
    bool is_global = op->code == OP_GLOBAL_GET || op->code == OP_GLOBAL_SET;
    uint64_t *variable =
        is_global ? &instance->globals[op->index] : &instance->values[frame->locals_at + op->index];
    switch (op->code) {
    case OP_LOCAL_GET:
    case OP_GLOBAL_GET: push(instance, *variable); break;
    case OP_LOCAL_TEE: *variable = instance->values[instance->value_count - 1]; break;
    default: *variable = pop(instance); break;
    }
}

static bool step_numeric(struct au_model_instance *instance, const struct model_op *op)
{
    uint64_t b = model_numeric_operands(op->code) == 2 ? pop(instance) : 0;
    uint64_t a = pop(instance);
    uint64_t result = 0;
    uint32_t detail = model_numeric(op->code, a, b, &result);
    if (detail != 0) return trap(instance, detail);
    push(instance, result);
    return true;
}

static void step_select(struct au_model_instance *instance)
{
    uint64_t condition = pop(instance);
    uint64_t second = pop(instance);
    uint64_t first = pop(instance);
    push(instance, condition != 0 ? first : second);
}

/* Runs one instruction; false when the run has ended. */
static bool step(struct au_model_instance *instance)
{
    struct frame *frame = &instance->frames[instance->frame_count - 1];
    AU_ASSERT(frame->pc < frame->function->op_count);
    const struct model_op *op = &frame->function->ops[frame->pc++];
    /* The block at the function's start was paid at entry. */
    if (op->starts_block && op != frame->function->ops && !charge(instance, op->block_cost)) {
        return false;
    }
    if (model_is_access(op->code)) return access_memory(instance, op);
    switch (op->code) {
    case OP_UNREACHABLE: return trap(instance, AU_TRAP_UNREACHABLE);
    case OP_NOP: return true;
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF:
    case OP_ELSE:
    case OP_END:
    case OP_BR:
    case OP_BR_IF:
    case OP_BR_TABLE:
    case OP_RETURN: step_control(instance, frame, op); return true;
    case OP_CALL: return enter(instance, op->index);
    case OP_CALL_INDIRECT: return call_indirect(instance, op);
    case OP_DROP: (void)pop(instance); return true;
    case OP_SELECT: step_select(instance); return true;
    case OP_LOCAL_GET:
    case OP_LOCAL_SET:
    case OP_LOCAL_TEE:
    case OP_GLOBAL_GET:
    case OP_GLOBAL_SET: step_variable(instance, frame, op); return true;
    case OP_MEMORY_SIZE: push(instance, instance->view.memory_size / AU_PAGE_SIZE); return true;
    case OP_MEMORY_GROW: return grow_memory(instance);
    case OP_I32_CONST:
    case OP_I64_CONST:
    case OP_F32_CONST:
    case OP_F64_CONST: push(instance, op->value); return true;
    case OP_DATA_DROP: instance->is_dropped[op->index] = true; return true;
    case OP_MEMORY_INIT:
    case OP_MEMORY_COPY:
    case OP_MEMORY_FILL: return move_memory(instance, op);
    default: return step_numeric(instance, op);
    }
}

/* ---- Instances ------------------------------------------------------------------------------ */

int64_t au_model_entry_steps(const struct au_model *model)
{
    uint64_t data_size = 0;
    for (uint32_t i = 0; i < model->data_count; i++) {
        if (model->data[i].is_active) data_size += model->data[i].bytes.size;
    }
    uint32_t paid_pages =
        model->pages_min > AU_GAS_FREE_PAGES ? model->pages_min - AU_GAS_FREE_PAGES : 0;
    return (int64_t)((model->code.size + 1023) / 1024) * AU_GAS_ENTRY_CODE_KIB +
           (int64_t)((data_size + 7) / 8) * AU_GAS_ENTRY_DATA_8 +
           (int64_t)model->table_size * AU_GAS_ENTRY_TABLE +
           (int64_t)paid_pages * AU_GAS_ENTRY_PAGE;
}

uint32_t au_model_block_count(const struct au_model *model)
{
    return model->block_count;
}

int64_t au_model_stack_units(const struct au_model *model, uint32_t index)
{
    AU_ASSERT(index < model->function_count);
    return model->functions[index].stack_units;
}

struct model_scratch *model_scratch_new(struct au_model *model)
{
    struct model_scratch *scratch = au_arena_get(&model->arena, sizeof(*scratch));
    if (scratch != NULL) scratch->is_used = false;
    return scratch;
}

struct au_model_instance *au_model_instance_open(const struct au_model *model, int64_t steps,
                                                 void *context)
{
    struct au_model_instance *instance = au_mem_new(sizeof(*instance));
    if (instance == NULL) return NULL;
    instance->model = model;
    AU_ASSERT(!model->scratch->is_used);
    model->scratch->is_used = true;
    instance->values = model->scratch->values;
    instance->labels = model->scratch->labels;
    instance->frames = model->scratch->frames;
    instance->globals = au_mem_new(model->global_count * sizeof(*instance->globals));
    instance->is_dropped = au_mem_new(model->data_count * sizeof(*instance->is_dropped));
    instance->memory = au_mem_new((size_t)model->pages_min * AU_PAGE_SIZE);
    if (instance->globals == NULL || instance->is_dropped == NULL || instance->memory == NULL) {
        au_model_instance_close(instance);
        return NULL;
    }
    instance->stack_left = AU_STACK_UNITS;
    instance->view.context = context;
    instance->view.steps_left = steps;
    instance->view.memory = model->has_memory ? instance->memory : NULL;
    instance->view.memory_size = (size_t)model->pages_min * AU_PAGE_SIZE;
    for (uint32_t i = 0; i < model->global_count; i++) {
        instance->globals[i] = model->globals[i].initial;
    }
    for (uint32_t i = 0; i < model->data_count; i++) {
        const struct model_data *data = &model->data[i];
        if (!data->is_active) continue;
        AU_ASSERT(has_range(instance, data->offset, data->bytes.size));
        if (data->bytes.size > 0) {
            memcpy(instance->memory + data->offset, data->bytes.data, data->bytes.size);
        }
        instance->is_dropped[i] = true;
    }
    return instance;
}

void au_model_instance_close(struct au_model_instance *instance)
{
    if (instance == NULL) return;
    instance->model->scratch->is_used = false;
    au_mem_free(instance->globals);
    au_mem_free(instance->is_dropped);
    au_mem_free(instance->memory);
    au_mem_free(instance);
}

/* Runs a function whose parameters are pushed; its results are the only values afterwards. */
static struct au_model_end run(struct au_model_instance *instance, uint32_t index)
{
    bool goes_on = enter(instance, index);
    while (goes_on && instance->frame_count > 0)
        goes_on = step(instance);
    if (goes_on) (void)end_with(instance, AU_OUTCOME_SUCCESS, 0);
    return instance->end;
}

struct au_model_end au_model_start(struct au_model_instance *instance)
{
    if (instance->model->has_start) return run(instance, instance->model->start);
    return (struct au_model_end){AU_OUTCOME_SUCCESS, 0, instance->view.steps_left};
}

static uint32_t find_export(const struct au_model *model, struct au_bytes name)
{
    uint32_t i = 0;
    while (i < model->export_count && !au_bytes_is_equal(model->exports[i].name, name))
        i++;
    AU_ASSERT(i < model->export_count);
    return model->export_functions[i];
}

static bool is_wide_type(uint8_t type)
{
    return type == AU_TYPE_I64 || type == AU_TYPE_F64;
}

struct au_model_end au_model_call(struct au_model_instance *instance, struct au_bytes name,
                                  union au_value *values)
{
    uint32_t index = find_export(instance->model, name);
    const struct model_type *type = model_function_type(instance->model, index);
    for (uint32_t i = 0; i < type->param_count; i++) {
        push(instance, is_wide_type(type->params[i]) ? values[i].u64 : values[i].u32);
    }
    struct au_model_end end = run(instance, index);
    if (end.outcome != AU_OUTCOME_SUCCESS) return end;
    for (uint32_t i = type->result_count; i-- > 0;)
        values[i].u64 = pop(instance);
    AU_ASSERT(instance->value_count == 0);
    AU_ASSERT(instance->stack_left == AU_STACK_UNITS);
    return end;
}

struct au_bytes au_model_memory(const struct au_model_instance *instance)
{
    return (struct au_bytes){instance->view.memory, instance->view.memory_size};
}

uint64_t au_model_global(const struct au_model_instance *instance, uint32_t index)
{
    AU_ASSERT(index < instance->model->global_count);
    return instance->globals[index];
}

uint8_t au_model_global_type(const struct au_model_instance *instance, uint32_t index)
{
    AU_ASSERT(index < instance->model->global_count);
    return instance->model->globals[index].type;
}
