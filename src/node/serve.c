#include "node/serve.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_SIZE 2048u /* bytes */
#define URL_SIZE     128u  /* bytes */
#define PAUSE_MS     250u  /* before it is looked whether there is room again */
#define PAUSE_MAX_MS 60000u
#define NS_PER_MS    1000000
#define MS_PER_S     1000u

struct serving {
    const struct au_invocation *invocation;
    struct au_node_options *options;
    struct au_node *node; /* NULL: it could not be started again */
    uint64_t start_height;
    unsigned pause_ms;      /* longer each time the disk was full again before a block was made */
    atomic_bool has_failed; /* the node cannot go on */
    atomic_bool is_damaged; /* and neither can the next one */
    atomic_bool is_full;    /* it only reads */
};

static sigset_t stop_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

/* All signals are blocked in all threads: the main one takes them. */
static void on_fault(void *context, const char *cause)
{
    struct serving *serving = context;
    /* Where a read fails, so does the block that is being made: the first tells the cause. */
    if (atomic_exchange(&serving->has_failed, true)) return;
    fprintf(serving->invocation->streams->err, "aureon: the node stops: %s\n", cause);
    (void)kill(getpid(), SIGTERM);
}

static void on_damage(void *context, const char *cause)
{
    struct serving *serving = context;
    atomic_store(&serving->is_damaged, true);
    on_fault(context, cause);
}

static void on_full(void *context, const char *cause)
{
    struct serving *serving = context;
    fprintf(serving->invocation->streams->err, "aureon: the disk of the store is full: %s\n",
            cause);
    atomic_store(&serving->is_full, true);
    (void)kill(getpid(), SIGUSR1);
}

static void on_note(void *context, const char *text)
{
    struct serving *serving = context;
    fprintf(serving->invocation->streams->err, "aureon: %s\n", text);
}

static enum au_exit write_ready(const struct au_invocation *invocation, const char *url)
{
    const struct au_given *given = au_invocation_option(invocation, "ready-file");
    struct au_buf line;
    if (!given) return AU_EXIT_DONE;
    au_buf_init(&line, URL_SIZE);
    au_buf_printf(&line, "%s\n", url);
    enum au_exit code = line.err == AU_OK
                            ? au_invocation_save(invocation, given->text, au_buf_bytes(&line))
                            : au_invocation_fail_file(invocation, line.err, "write", given->text);
    au_buf_done(&line);
    return code;
}

static enum au_exit fail_start(const struct au_invocation *invocation, enum au_node_result result,
                               const struct au_node_options *options, const struct au_buf *message)
{
    if (result == AU_NODE_PORT_TAKEN) {
        return au_invocation_fail(invocation, AU_EXIT_UNREACHABLE,
                                  "%.*s; `--port 0` picks a free one, `--port %u` is another",
                                  (int)message->size, (const char *)message->data,
                                  options->port == UINT16_MAX ? AU_NODE_PORT_PRESET
                                                              : options->port + 1u);
    }
    enum au_exit code = AU_EXIT_INTERNAL;
    if (result == AU_NODE_BAD_ADDRESS) code = AU_EXIT_USAGE;
    if (result == AU_NODE_DAMAGED) code = AU_EXIT_REJECTED;
    return au_invocation_fail(invocation, code, "%.*s", (int)message->size,
                              (const char *)message->data);
}

/* As many descriptors as the system lets us have: a connection takes one. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static enum au_exit start(struct serving *serving)
{
    struct au_buf message;
    enum au_exit code = AU_EXIT_DONE;
    au_buf_init(&message, MESSAGE_SIZE);
    enum au_node_result result = au_node_start(serving->options, &message, &serving->node);
    if (result == AU_NODE_STARTED) {
        serving->start_height = au_node_height(serving->node);
    } else {
        serving->node = NULL;
        code = fail_start(serving->invocation, result, serving->options, &message);
    }
    au_buf_done(&message);
    return code;
}

static enum au_exit announce(const struct serving *serving, au_greet *greet, void *context)
{
    char url[URL_SIZE];
    const char *address = serving->options->address;
    bool is_ipv6 = strchr(address, ':') != NULL;
    snprintf(url, sizeof(url), is_ipv6 ? "http://[%s]:%u" : "http://%s:%u", address,
             au_node_port(serving->node));
    enum au_exit code = write_ready(serving->invocation, url);
    if (code == AU_EXIT_DONE) greet(serving->invocation, url, context);
    return code;
}

/* false: a signal to stop came first. */
static bool wait_for_room(const struct serving *serving)
{
    const sigset_t signals = stop_signals();
    const struct timespec pause = {.tv_sec = serving->pause_ms / MS_PER_S,
                                   .tv_nsec = serving->pause_ms % MS_PER_S * NS_PER_MS};
    while (sigtimedwait(&signals, NULL, &pause) < 0) {
        if (au_node_has_room(serving->node)) return true;
    }
    return false;
}

/* Waits while the node serves. true: it should be started again. */
static bool wait_for_signal(struct serving *serving, const sigset_t *signals)
{
    int number = SIGUSR1;
    while (number == SIGUSR1 && !atomic_load(&serving->is_full)) {
        AU_ASSERT(sigwait(signals, &number) == 0);
    }
    if (number == SIGUSR1) {
        bool has_gone_on = au_node_height(serving->node) > serving->start_height;
        if (has_gone_on || serving->pause_ms == 0) serving->pause_ms = PAUSE_MS;
        if (wait_for_room(serving)) return true;
    }
    fprintf(serving->invocation->streams->err, "aureon: stopping\n");
    return false;
}

/* The store is closed and opened again, as by another process: that is how it is found whole. */
static enum au_exit start_again(struct serving *serving)
{
    FILE *err = serving->invocation->streams->err;
    serving->options->port = au_node_port(serving->node);
    au_node_stop(serving->node);
    atomic_store(&serving->is_full, false);
    serving->pause_ms = serving->pause_ms * 2 < PAUSE_MAX_MS ? serving->pause_ms * 2 : PAUSE_MAX_MS;
    enum au_exit code = start(serving);
    if (code == AU_EXIT_DONE)
        fprintf(err, "aureon: there is room on the disk: blocks are made again\n");
    return code;
}

enum au_exit au_serve(const struct au_invocation *invocation, struct au_node_options *options,
                      au_greet *greet, void *context)
{
    struct serving serving = {.invocation = invocation, .options = options};
    sigset_t signals = stop_signals();
    sigaddset(&signals, SIGUSR1);
    /* Blocked before any thread is started, so that all of them leave the signals to sigwait. */
    AU_ASSERT(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0);
    raise_descriptors();
    options->context = &serving;
    options->on_fault = on_fault;
    options->on_damage = on_damage;
    options->on_full = on_full;
    options->on_note = on_note;
    enum au_exit code = start(&serving);
    if (code == AU_EXIT_DONE) code = announce(&serving, greet, context);
    while (code == AU_EXIT_DONE && wait_for_signal(&serving, &signals)) {
        code = start_again(&serving);
    }
    if (serving.node) au_node_stop(serving.node);
    if (code != AU_EXIT_DONE || !atomic_load(&serving.has_failed)) return code;
    return atomic_load(&serving.is_damaged) ? AU_EXIT_REJECTED : AU_EXIT_INTERNAL;
}
