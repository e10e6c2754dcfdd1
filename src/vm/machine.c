#include "vm/machine.h"

#include <cpuid.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

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

bool au_machine_has_stack(size_t size)
{
    /* Asking parses /proc/self/maps on the main thread: once per thread is enough. */
    static _Thread_local struct stack_range range;
    if (range.high == 0) range = ask_stack_range();

    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    return here >= range.low && here < range.high && here - range.low >= size;
}
