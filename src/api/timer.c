#include <errno.h>
#include <sys/socket.h>
#include <time.h>

#include "api/refusal.h"
#include "api/server_internal.h"
#include "base/clock.h"
#include "base/lock.h"

#define SWEEP_MS      100u   /* between looks at all connections */
#define BARE_SIZE_MAX 16384u /* a problem document with its head */

bool au_connection_move_on(struct au_connection *connection, enum phase from, enum phase to)
{
    int expected = (int)from;
    return atomic_compare_exchange_strong(&connection->phase, &expected, (int)to);
}

bool au_pending_take_over(struct au_pending *pending, enum pending_state state)
{
    int expected = PENDING_WAITING;
    return atomic_compare_exchange_strong(&pending->state, &expected, (int)state);
}

void au_connection_send_bare(struct au_connection *connection, enum au_problem_code code)
{
    struct au_problem problem;
    struct au_buf answer;
    au_problem_init(&problem, code);
    au_buf_init(&answer, BARE_SIZE_MAX);
    au_put_bare(&answer, &problem, connection->request.id);
    if (answer.err == AU_OK) {
        ssize_t sent = send(connection->fd, answer.data, answer.size, MSG_DONTWAIT | MSG_NOSIGNAL);
        /* A client that does not even take this is not waiting for it. */
        (void)sent;
    }
    au_buf_done(&answer);
    au_server_note(connection->server, NULL, au_problem_kind(code)->status,
                   au_clock_ns() - connection->start_ns);
}

void au_connection_shut_down(struct au_connection *connection)
{
    shutdown(connection->fd, SHUT_RDWR);
}

/* The longest idle one, or else the one whose request has been arriving for the longest. */
static struct au_connection *find_evictable(const struct au_server *server, enum phase *out_phase)
{
    struct au_connection *oldest = NULL;
    enum phase oldest_phase = PHASE_BODY;
    uint64_t oldest_ns = AU_SERVER_NO_DEADLINE;
    for (struct au_connection *each = server->connections; each; each = each->next) {
        enum phase phase = (enum phase)atomic_load(&each->phase);
        uint64_t deadline_ns = atomic_load(&each->deadline_ns);
        if (phase > PHASE_BODY) continue;
        bool is_idle = phase == PHASE_IDLE;
        bool is_other = oldest && is_idle != (oldest_phase == PHASE_IDLE);
        if (is_other ? !is_idle : deadline_ns >= oldest_ns) continue;
        oldest = each;
        oldest_phase = phase;
        oldest_ns = deadline_ns;
    }
    *out_phase = oldest_phase;
    return oldest;
}

bool au_server_evict(struct au_server *server)
{
    struct au_connection *oldest;
    enum phase phase;
    /* One that has moved on since it was found is no longer the right one. */
    do {
        oldest = find_evictable(server, &phase);
        if (!oldest) return false;
    } while (!au_connection_move_on(oldest, phase, PHASE_EXPIRED));
    oldest->is_evicted = true;
    server->live_count--;
    au_connection_shut_down(oldest);
    return true;
}

/* With server->lock held. */
static void sweep_stream(struct au_connection *connection, uint64_t now_ns)
{
    const struct au_server_options *options = &connection->server->options;
    if (!connection->stream) return;
    if (au_stream_has_ended(connection->stream)) {
        /* The rest of the queue has to be taken like any response. */
        uint64_t none = AU_SERVER_NO_DEADLINE;
        atomic_compare_exchange_strong(&connection->deadline_ns, &none,
                                       au_server_after_ms(now_ns, options->request_timeout_ms));
    } else if (connection->beat_ns <= now_ns) {
        au_stream_beat(connection->stream);
        connection->beat_ns = au_server_after_ms(now_ns, options->beat_ms);
    }
}

/* Looks after one connection and tells when next to. With server->lock held. */
static uint64_t sweep_connection(struct au_connection *connection, uint64_t now_ns)
{
    enum phase phase = (enum phase)atomic_load(&connection->phase);
    struct au_pending *pending = connection->pending;
    if (pending && pending->deadline_ns > now_ns) return pending->deadline_ns;
    if (pending && au_pending_take_over(pending, PENDING_GIVEN)) au_connection_give(connection);
    if (phase == PHASE_STREAMING) sweep_stream(connection, now_ns);
    if (phase == PHASE_HANDLING || phase == PHASE_EXPIRED) return AU_SERVER_NO_DEADLINE;
    if (atomic_load(&connection->deadline_ns) > now_ns) return AU_SERVER_NO_DEADLINE;
    if (!au_connection_move_on(connection, phase, PHASE_EXPIRED)) return AU_SERVER_NO_DEADLINE;
    if (phase == PHASE_HEAD || phase == PHASE_BODY)
        au_connection_send_bare(connection, AU_PROBLEM_TIMEOUT);
    au_connection_shut_down(connection);
    return AU_SERVER_NO_DEADLINE;
}

void au_server_wait(struct au_server *server, uint64_t wake_ns)
{
    struct timespec until = {
        .tv_sec = (time_t)(wake_ns / 1000000000u),
        .tv_nsec = (long)(wake_ns % 1000000000u),
    };
    int result = pthread_cond_timedwait(&server->changed, &server->lock, &until);
    AU_ASSERT(result == 0 || result == ETIMEDOUT);
}

void *au_server_run_timer(void *context)
{
    struct au_server *server = context;
    au_lock(&server->lock);
    while (!server->is_done) {
        uint64_t now_ns = au_clock_ns();
        server->wake_ns = au_server_after_ms(now_ns, SWEEP_MS);
        for (struct au_connection *each = server->connections; each; each = each->next) {
            uint64_t next_ns = sweep_connection(each, now_ns);
            if (next_ns < server->wake_ns) server->wake_ns = next_ns;
        }
        au_server_wait(server, server->wake_ns);
    }
    au_unlock(&server->lock);
    return NULL;
}
