#include "vm/machine.h"

#include <cpuid.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

#include "vm/engine_config.h"

bool au_machine_has_processor(void)
{
    static const uint32_t wanted = 0
#define AU_CPU_FLAG(name, bit) | UINT32_C(1) << (bit)
#include "vm/engine_config.def"
#undef AU_CPU_FLAG
        ;
    unsigned int eax = 0;
    unsigned int ebx = 0;
    unsigned int ecx = 0;
    unsigned int edx = 0;
    return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & wanted) == wanted;
}

bool au_machine_has_maps(uint64_t count)
{
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    if (file == NULL) return true;

    uint64_t limit = 0;
    int digit = fgetc(file);
    bool has_limit = digit >= '0' && digit <= '9';
    for (; digit >= '0' && digit <= '9' && limit < UINT32_MAX; digit = fgetc(file)) {
        limit = limit * 10 + (uint64_t)(digit - '0');
    }
    (void)fclose(file);
    return !has_limit || limit >= count;
}

bool au_machine_has_address_space(size_t size)
{
    void *space = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) return false;
    (void)munmap(space, size);
    return true;
}

struct stack_range {
    uintptr_t low;
    uintptr_t high; /* 0 = not asked yet */
};

static struct stack_range ask_stack_range(void)
{
    /* A range that no address lies in, for a thread whose stack is unknown. */
    struct stack_range range = {.low = UINTPTR_MAX, .high = UINTPTR_MAX};
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return range;

    void *low = NULL;
    size_t size = 0;
    if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
        range.low = (uintptr_t)low;
        range.high = range.low + size;
    }
    (void)pthread_attr_destroy(&attributes);
    return range;
}

/* ---- the deep stack ---- */

#define GUARD_SIZE 65536u /* bytes below it that nobody may touch */

/* Each frame inside another has the engine's stack, and a handler's on top of it. */
_Static_assert(AU_DEEP_STACK_SIZE >= (AU_DEPTH_MAX - 1) * (WASM_STACK + DEEP_HANDLER_STACK) +
                                         STACK_SIZE_MIN - WASM_STACK,
               "frames fit at the greatest depth");

struct deep_stack {
    uint8_t *map; /* the guard, then the stack */
    bool is_running;
};

static _Thread_local struct deep_stack deep;
static pthread_key_t deep_key;
static pthread_once_t deep_once = PTHREAD_ONCE_INIT;
static bool has_deep_key;

static void unmap_deep(void *map)
{
    (void)munmap(map, GUARD_SIZE + AU_DEEP_STACK_SIZE);
    deep.map = NULL;
}

static void make_deep_key(void)
{
    has_deep_key = pthread_key_create(&deep_key, unmap_deep) == 0;
}

/* Taken for the thread's life: mapping one anew would cost more than a frame. */
static enum au_err map_deep(void)
{
    (void)pthread_once(&deep_once, make_deep_key);
    if (!has_deep_key) return AU_ERR_NO_MEMORY;
    uint8_t *map = mmap(NULL, GUARD_SIZE + AU_DEEP_STACK_SIZE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (map == MAP_FAILED) return AU_ERR_NO_MEMORY;
    if (mprotect(map, GUARD_SIZE, PROT_NONE) != 0 || pthread_setspecific(deep_key, map) != 0) {
        (void)munmap(map, GUARD_SIZE + AU_DEEP_STACK_SIZE);
        return AU_ERR_NO_MEMORY;
    }
    deep.map = map;
    return AU_OK;
}

/* machine_call_on calls run(context) with the stack that ends at top, a multiple of 16, and comes
 * back to the caller's. A call and no switch of contexts: nothing but the stack pointer is another,
 * so that there is no mask of signals to save, and debuggers and sanitizers see one stack. */
void machine_call_on(void *top, void (*run)(void *context), void *context);

__asm__(".pushsection .text\n"
        ".hidden machine_call_on\n"
        ".globl machine_call_on\n"
        ".type machine_call_on, @function\n"
        "machine_call_on:\n"
        ".cfi_startproc\n"
        "pushq %rbp\n"
        ".cfi_def_cfa_offset 16\n"
        ".cfi_offset %rbp, -16\n"
        "movq %rsp, %rbp\n"
        ".cfi_def_cfa_register %rbp\n"
        "movq %rdi, %rsp\n"
        "movq %rdx, %rdi\n"
        "callq *%rsi\n"
        "leave\n"
        ".cfi_def_cfa %rsp, 8\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size machine_call_on, .-machine_call_on\n"
        ".popsection\n");

enum au_err au_machine_run_deep(void (*run)(void *context), void *context)
{
    if (deep.is_running) {
        run(context);
        return AU_OK;
    }
    if (!deep.map) AU_TRY(map_deep());
    deep.is_running = true;
    machine_call_on(deep.map + GUARD_SIZE + AU_DEEP_STACK_SIZE, run, context);
    deep.is_running = false;
    return AU_OK;
}

static bool has_deep_stack(uintptr_t here, size_t size)
{
    uintptr_t low = (uintptr_t)deep.map + GUARD_SIZE;
    return here >= low && here < low + AU_DEEP_STACK_SIZE && here - low >= size;
}

bool au_machine_has_stack(size_t size)
{
    /* Asking parses /proc/self/maps on the main thread: once per thread is enough. */
    static _Thread_local struct stack_range range;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (deep.is_running) return has_deep_stack(here, size);
    if (range.high == 0) range = ask_stack_range();
    return here >= range.low && here < range.high && here - range.low >= size;
}
