/* Modules as large as one likes, made of what compilers write: for what depends on size. */
#ifndef AUREON_BENCH_MODULE_H
#define AUREON_BENCH_MODULE_H

#include "bench.h"

#include <string.h>

#include "contract/host.h"
#include "vm/engine.h"
#include "vm/limits.h"

#define BENCH_LOCALS 12

static inline uint32_t bench_next_random(uint32_t *random)
{
    *random = *random * 1664525 + 1013904223;
    return *random >> 8;
}

static inline void bench_put_leb(struct au_buf *out, uint32_t value)
{
    for (; value >= 0x80; value >>= 7) {
        au_buf_put_u8(out, (uint8_t)(value | 0x80));
    }
    au_buf_put_u8(out, (uint8_t)value);
}

static inline void bench_put_section(struct au_buf *out, uint8_t id, const struct au_buf *content)
{
    au_buf_put_u8(out, id);
    bench_put_leb(out, (uint32_t)content->size);
    au_buf_put_bytes(out, au_buf_bytes(content));
}

static inline void bench_put_local(struct au_buf *out, uint8_t op, uint32_t *random)
{
    au_buf_put_u8(out, op);
    au_buf_put_u8(out, (uint8_t)(bench_next_random(random) % BENCH_LOCALS));
}

/* One statement over i32 locals, as compilers write them: arithmetic, memory, a branch, a call. */
static inline void bench_put_statement(struct au_buf *out, uint32_t *random, uint32_t count)
{
    static const uint8_t ops[] = {0x6a, 0x6b, 0x6c, 0x71, 0x72, 0x73, 0x74, 0x76, 0x49, 0x4b};
    bench_put_local(out, 0x20, random); /* local.get */
    switch (bench_next_random(random) % 8) {
    case 0: /* i32.load */ au_buf_put(out, "\x41\xff\xff\x03\x71\x28\x02\x08", 8); break;
    case 1: /* i32.store, then another value */
        au_buf_put(out, "\x41\xff\xff\x03\x71", 5);
        bench_put_local(out, 0x20, random);
        au_buf_put(out, "\x36\x02\x10", 3);
        bench_put_local(out, 0x20, random);
        break;
    case 2: /* if */
        au_buf_put(out, "\x04\x40", 2);
        bench_put_local(out, 0x20, random);
        bench_put_local(out, 0x21, random);
        au_buf_put_u8(out, 0x0b);
        bench_put_local(out, 0x20, random);
        break;
    case 3: /* block and br_if */
        au_buf_put(out, "\x02\x40", 2);
        bench_put_local(out, 0x20, random);
        au_buf_put(out, "\x0d\x00", 2);
        bench_put_local(out, 0x20, random);
        bench_put_local(out, 0x21, random);
        au_buf_put_u8(out, 0x0b);
        break;
    case 4: /* call */
        au_buf_put_u8(out, 0x10);
        bench_put_leb(out, bench_next_random(random) % count);
        break;
    default:
        bench_put_local(out, 0x20, random);
        au_buf_put_u8(out, ops[bench_next_random(random) % sizeof ops]);
        break;
    }
    bench_put_local(out, 0x21, random); /* local.set */
}

static inline void bench_put_body(struct au_buf *out, uint32_t *random, uint32_t count)
{
    struct au_buf body;
    au_buf_init(&body, AU_BODY_SIZE_MAX);
    au_buf_put(&body, "\x01\x0b\x7f", 3); /* 11 locals besides the parameter */
    while (body.size < 1000) {
        bench_put_statement(&body, random, count);
    }
    bench_put_local(&body, 0x20, random);
    au_buf_put_u8(&body, 0x0b);
    bench_put_leb(out, (uint32_t)body.size);
    au_buf_put_bytes(out, au_buf_bytes(&body));
    au_buf_done(&body);
}

/* Appends a module of so many functions of 1 kB, one of them exported as "run". The same for the
 * same seed. */
static inline void bench_make_module(struct au_buf *out, uint32_t count, uint32_t seed)
{
    struct au_buf functions;
    struct au_buf code;
    au_buf_init(&functions, 1 << 12);
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    bench_put_leb(&functions, count);
    bench_put_leb(&code, count);
    for (uint32_t i = 0; i < count; i++) {
        au_buf_put_u8(&functions, 0);
        bench_put_body(&code, &seed, count);
    }
    au_buf_put(out, "\0asm\x01\0\0\0", 8);
    au_buf_put(out, "\x01\x06\x01\x60\x01\x7f\x01\x7f", 8); /* type (i32) -> i32 */
    bench_put_section(out, 3, &functions);
    au_buf_put(out, "\x05\x04\x01\x01\x04\x04", 6); /* memory 4 4 */
    au_buf_put(out, "\x07\x07\x01\x03run\x00\x00", 9);
    bench_put_section(out, 10, &code);
    AU_ASSERT(functions.err == AU_OK && code.err == AU_OK && out->err == AU_OK);
    au_buf_done(&code);
    au_buf_done(&functions);
}

/* Nanoseconds of compiling a module in this process, on one thread. */
static inline double bench_compile_ns(struct au_bytes code)
{
    struct au_engine_options options = {.instances_max = 1};
    struct au_engine *engine = NULL;
    struct au_loaded *loaded = NULL;
    struct au_reject reject;
    AU_ASSERT(au_engine_new(&options, &au_host_env, &engine) == AU_OK);
    double start = bench_now_ns();
    AU_ASSERT(au_engine_load(engine, code, &loaded, &reject) == AU_OK);
    double time = bench_now_ns() - start;
    au_loaded_release(loaded);
    au_engine_free(engine);
    return time;
}

/* Appends a module that is given as it is or as text; false, and a message: the text is not one. */
static inline bool bench_put_code(struct au_buf *out, struct au_bytes code, char message[256])
{
    if (code.size < 4 || memcmp(code.data, "\0asm", 4) != 0) {
        return au_engine_wat_to_wasm(code, out, message, 256) == AU_OK;
    }
    au_buf_put_bytes(out, code);
    return out->err == AU_OK;
}

#endif
