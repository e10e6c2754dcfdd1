/* The numbers behind vm/engine_config.def and the checks of vm/engine*.c. Private to these. */
#ifndef AUREON_VM_ENGINE_CONFIG_H
#define AUREON_VM_ENGINE_CONFIG_H

#include "aureon.h"
#include "vm/limits.h"

#define ENGINE_TARGET "x86_64-unknown-linux-gnu"

#define INSTANCES_MAX      1000u
#define MEMORY_SIZE_MAX    ((size_t)AU_PAGES_MAX * AU_PAGE_SIZE)
#define MEMORY_RESERVATION (UINT64_C(4) << 30)
#define MEMORY_GUARD       (UINT64_C(32) << 20)
#define WASM_STACK         (2u << 20)
#define WAT_SIZE_MAX       (8u << 20)
#define IDENTITY_SIZE_MAX  8192u

/* The engine's record of an instance at the widest module: a function reference per function
 * (imports, their wrappers, two helpers), a slot per global (two are ours), and a header. */
#define FUNCTION_RECORD 64u
#define GLOBAL_RECORD   16u
#define INSTANCE_SIZE_MAX                                            \
    (FUNCTION_RECORD * (AU_FUNCTIONS_MAX + 3 * AU_IMPORTS_MAX + 2) + \
     GLOBAL_RECORD * (AU_GLOBALS_MAX + 2) + 8192u)

/* Time for an attempt of the helper: of code that somebody offers, of code that is on the chain. */
#define COMPILE_NS      (UINT64_C(6) * 1000000000)
#define COMPILE_KEPT_NS (UINT64_C(120) * 1000000000)

/* What is not a contract memory: tables, records, the guard before the first memory. */
#define POOL_REST (UINT64_C(1) << 30)

/* Mappings that the pool splits an instance's slots into, and those of compiled code and of the
 * rest of the process. */
#define MAPS_PER_INSTANCE 4u
#define MAPS_REST         16384u

/* A caller with a few frames of its own above its thread's AU_THREAD_STACK_SIZE is fine: what must
 * fit are the engine's stack and a handler on top of it. */
#define STACK_SIZE_MIN (AU_THREAD_STACK_SIZE - (512u << 10))
_Static_assert(STACK_SIZE_MIN >= WASM_STACK + (1u << 20), "a handler has at least 1 MiB");

/* What a frame inside another has on the deep stack besides the engine's: the handler that opened
 * it, with its arguments. */
#define DEEP_HANDLER_STACK (256u << 10)

/* Compiled code of one module is not all that it costs: allocation granularity and the engine's
 * tables, so that a bound on bytes also bounds the number of modules and of their mappings. */
#define LOADED_OVERHEAD (16u << 10)

/* Bytes of compiled code in the traced form that are kept for modules that nobody holds. */
#define TRACED_CACHE_SIZE (UINT64_C(32) << 20)

/* Prices add up without overflow: 32 sizes of 32 bits at less than 2^20 steps are below 2^57. */
#define BASE_STEPS_MAX (INT64_C(1) << 60)
#define BYTE_STEPS_MAX (INT64_C(1) << 20)

#endif
