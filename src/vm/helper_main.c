/* The helper's side. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "vm/confine.h"
#include "vm/engine_internal.h"
#include "vm/helper.h"
#include "vm/limits.h"
#include "vm/parcel.h"

#define MEMORY_SIZE  (UINT64_C(512) << 20) /* bytes that compiling may take */
#define CPU_S        300u       /* of one helper's life; its parent's clock ends single modules */
#define THREADS_MAX  4l         /* that compile functions of one module side by side */
#define THREAD_STACK (8u << 20) /* bytes: compilers recurse */

/* The smallest module with a function. Compiling it starts the engine's threads: after au_confine
 * there can be no more. */
static const uint8_t first_module[] = {0,    'a',  's',  'm',  0x01, 0x00, 0x00, 0x00,
                                       0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02,
                                       0x01, 0x00, 0x0a, 0x04, 0x01, 0x02, 0x00, 0x0b};

/* The engine's threads are made by libraries that are told by the environment alone. */
static bool set_threads(void)
{
    char number[24];
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    if (count < 1) count = 1;
    (void)snprintf(number, sizeof(number), "%ld", count < THREADS_MAX ? count : THREADS_MAX);
    if (setenv("RAYON_NUM_THREADS", number, 1) != 0) return false;
    (void)snprintf(number, sizeof(number), "%u", THREAD_STACK);
    return setenv("RUST_MIN_STACK", number, 1) == 0;
}

static enum au_err answer(struct au_engine *engine, const struct au_parcel *question,
                          struct au_buf *artifact)
{
    struct au_reject reject = {0};
    struct au_parcel reply = {.kind = AU_PARCEL_COMPILED, .subject = question->subject};
    bool is_traced = question->kind == AU_PARCEL_COMPILE_TRACED;
    if (!is_traced && question->kind != AU_PARCEL_COMPILE) return AU_ERR_MALFORMED;
    au_buf_clear(artifact);
    enum au_err err = au_engine_compile(engine, question->body, is_traced, artifact, &reject);
    reply.body = au_buf_bytes(artifact);
    if (err == AU_ERR_ENGINE || err == AU_ERR_INVALID_MODULE) {
        reply.kind = AU_PARCEL_REFUSED;
        reply.body = au_bytes_of(reject.message);
    } else {
        AU_TRY(err);
    }
    return au_parcel_send(STDIN_FILENO, UINT64_MAX, &reply);
}

/* Ends when the parent has closed, or with what went wrong. */
static enum au_err serve(struct au_engine *engine)
{
    struct au_buf code;
    struct au_buf artifact;
    struct au_parcel parcel = {.kind = AU_PARCEL_HELLO, .subject = au_engine_identity(engine)};
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    au_buf_init(&artifact, AU_PARCEL_SIZE_MAX);
    enum au_err err = au_parcel_send(STDIN_FILENO, UINT64_MAX, &parcel);
    while (err == AU_OK) {
        err = au_parcel_receive(STDIN_FILENO, UINT64_MAX, &code, &parcel);
        if (err == AU_OK) err = answer(engine, &parcel, &artifact);
    }
    au_buf_done(&code);
    au_buf_done(&artifact);
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

static enum au_err open_and_serve(const struct au_engine_options *options,
                                  const struct au_host_table *host)
{
    struct au_engine *engine;
    struct au_buf artifact;
    struct au_reject reject;
    struct au_bytes first = {first_module, sizeof(first_module)};
    AU_TRY(au_engine_new(options, host, &engine));
    au_buf_init(&artifact, AU_PARCEL_SIZE_MAX);
    enum au_err err = au_engine_compile(engine, first, false, &artifact, &reject);
    au_buf_done(&artifact);
    if (err == AU_OK) err = au_confine(MEMORY_SIZE, CPU_S);
    if (err == AU_OK) err = serve(engine);
    au_engine_free(engine);
    return err;
}

int au_helper_main(const char *const *arguments, const struct au_host_table *host)
{
    struct au_engine_options options = {
        .instances_max = 1,
        .optimize_none = arguments[0] && strcmp(arguments[0], "none") == 0,
        .compile_parallel = true,
    };
    /* A parent that is gone already shows as the end of the socket. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || !set_threads()) return EXIT_FAILURE;
    return open_and_serve(&options, host) == AU_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
