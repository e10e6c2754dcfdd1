#include "model/native_stack.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "aureon.h"

/* The engine asks for AU_THREAD_STACK_SIZE; the rest is for the thread itself. */
#define STACK_SIZE ((size_t)AU_THREAD_STACK_SIZE + (1u << 20))
#define PATTERN    0xa5

struct task {
    void (*run)(void *argument);
    void *argument;
};

static void *run_task(void *data)
{
    const struct task *task = data;
    task->run(task->argument);
    return NULL;
}

static int run_on(uint8_t *stack, struct task *task)
{
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0) return -1;
    int result = pthread_attr_setstack(&attributes, stack, STACK_SIZE);
    if (result == 0) result = pthread_create(&thread, &attributes, run_task, task);
    (void)pthread_attr_destroy(&attributes);
    return result == 0 ? pthread_join(thread, NULL) : result;
}

size_t au_native_stack_used(void (*run)(void *argument), void *argument)
{
    struct task task = {run, argument};
    size_t untouched = 0;
    uint8_t *stack =
        mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) return 0;
    memset(stack, PATTERN, STACK_SIZE);
    int result = run_on(stack, &task);
    while (untouched < STACK_SIZE && stack[untouched] == PATTERN)
        untouched++;
    (void)munmap(stack, STACK_SIZE);
    return result == 0 ? STACK_SIZE - untouched : 0;
}
