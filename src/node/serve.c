#include "node/serve.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MESSAGE_SIZE 2048u /* bytes */
#define URL_SIZE     128u  /* bytes */

static sigset_t stop_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

/* A fault ends the program as an interrupt does, but for the exit code. */
struct fault {
    FILE *err;
    bool has_happened;
};

static void on_fault(void *context, const char *cause)
{
    struct fault *fault = context;
    fprintf(fault->err, "aureon: the node stops: %s\n", cause);
    fault->has_happened = true;
    (void)kill(getpid(), SIGTERM); /* blocked in all threads: serve takes it */
}

static void on_note(void *context, const char *text)
{
    struct fault *fault = context;
    fprintf(fault->err, "aureon: %s\n", text);
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
    enum au_exit code = result == AU_NODE_BAD_ADDRESS ? AU_EXIT_USAGE : AU_EXIT_INTERNAL;
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

/* Serves until a signal comes. greet tells people about the node. */
enum au_exit au_serve(const struct au_invocation *invocation, struct au_node_options *options,
                      void (*greet)(const struct au_invocation *invocation, const char *url))
{
    struct fault fault = {.err = invocation->streams->err};
    struct au_buf message;
    struct au_node *node;
    char url[URL_SIZE];
    sigset_t signals = stop_signals();
    /* Blocked before any thread is started, so that all of them leave the signals to sigwait. */
    AU_ASSERT(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0);
    raise_descriptors();
    options->context = &fault;
    options->on_fault = on_fault;
    options->on_note = on_note;
    au_buf_init(&message, MESSAGE_SIZE);
    enum au_node_result result = au_node_start(options, &message, &node);
    if (result != AU_NODE_STARTED) {
        enum au_exit code = fail_start(invocation, result, options, &message);
        au_buf_done(&message);
        return code;
    }
    au_buf_done(&message);
    bool is_ipv6 = strchr(options->address, ':') != NULL;
    snprintf(url, sizeof(url), is_ipv6 ? "http://[%s]:%u" : "http://%s:%u", options->address,
             au_node_port(node));
    enum au_exit code = write_ready(invocation, url);
    if (code == AU_EXIT_DONE) {
        int number;
        greet(invocation, url);
        AU_ASSERT(sigwait(&signals, &number) == 0);
        fprintf(invocation->streams->err, "aureon: stopping\n");
    }
    au_node_stop(node);
    return fault.has_happened ? AU_EXIT_INTERNAL : code;
}
