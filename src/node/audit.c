#include "node/audit.h"

#include <inttypes.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/lock.h"
#include "base/mem.h"
#include "state/verify.h"

#define MESSAGE_SIZE  4096u /* bytes */
#define LOWEST        19    /* what Linux calls the least priority */
#define NS_PER_SECOND 1e9

struct au_audit {
    struct au_audit_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct au_read read;    /* if is_due: what is to be proved; changed under the lock */
    bool is_due;            /* under the lock, from the block to the end of its proof */
    atomic_bool is_stopped; /* changed under the lock */
};

static void tell(const struct au_audit *audit, void (*call)(void *context, const char *text),
                 struct au_buf *text)
{
    au_buf_put_u8(text, 0);
    call(audit->options.context,
         text->err == AU_OK ? (const char *)text->data : au_err_text(text->err));
}

static void tell_damage(const struct au_audit *audit, struct au_bytes found, struct au_buf *text)
{
    const struct au_header *head = &audit->read.head;
    au_buf_printf(text, "the state at height %" PRIu64 " is damaged: expected the root ",
                  head->height);
    au_hex_put(text, (struct au_bytes){head->state_root.bytes, AU_HASH_SIZE});
    au_buf_put_text(text, ": ");
    au_buf_put_bytes(text, found);
    tell(audit, audit->options.on_damage, text);
}

static void prove(const struct au_audit *audit, struct au_buf *message, struct au_buf *text)
{
    const struct au_read *read = &audit->read;
    const struct au_state_moment moment = {.kv = audit->options.kv,
                                           .snapshot = &read->snapshot,
                                           .root = read->head.state_root,
                                           .is_stopped = &audit->is_stopped};
    struct au_verified verified;
    uint64_t start = au_clock_ns();
    enum au_err err = au_state_prove(&moment, message, &verified);
    double seconds = (double)(au_clock_ns() - start) / NS_PER_SECOND;
    if (err == AU_OK) {
        au_buf_printf(text,
                      "the state at height %" PRIu64 " is whole: %" PRIu64 " accounts, %" PRIu64
                      " slots, %.1f s",
                      read->head.height, verified.account_count, verified.slot_count, seconds);
        tell(audit, audit->options.on_note, text);
    } else if (err == AU_ERR_MALFORMED && message->size > 0) {
        tell_damage(audit, au_buf_bytes(message), text);
    } else if (err != AU_ERR_UNSUPPORTED) {
        au_buf_printf(text, "the state at height %" PRIu64 " could not be proved: %s",
                      read->head.height, au_err_text(err));
        tell(audit, audit->options.on_note, text);
    }
}

static void *run(void *context)
{
    struct au_audit *audit = context;
    struct au_buf message, text;
    au_buf_init(&message, MESSAGE_SIZE);
    au_buf_init(&text, 2 * MESSAGE_SIZE);
    /* Of this thread alone. Where it is not permitted it goes on as it is. */
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), LOWEST);
    au_lock(&audit->lock);
    while (!atomic_load(&audit->is_stopped)) {
        if (!audit->is_due) {
            AU_ASSERT(pthread_cond_wait(&audit->news, &audit->lock) == 0);
            continue;
        }
        au_unlock(&audit->lock);
        au_buf_clear(&message);
        au_buf_clear(&text);
        prove(audit, &message, &text);
        au_read_close(&audit->read);
        au_lock(&audit->lock);
        audit->is_due = false;
    }
    au_unlock(&audit->lock);
    au_buf_done(&text);
    au_buf_done(&message);
    return NULL;
}

enum au_err au_audit_new(const struct au_audit_options *options, struct au_audit **out_audit)
{
    struct au_audit *audit = au_mem_new(sizeof(*audit));
    if (!audit) return AU_ERR_NO_MEMORY;
    AU_ASSERT(options->every > 0);
    audit->options = *options;
    AU_ASSERT(pthread_mutex_init(&audit->lock, NULL) == 0);
    AU_ASSERT(pthread_cond_init(&audit->news, NULL) == 0);
    if (pthread_create(&audit->thread, NULL, run, audit) != 0) {
        AU_ASSERT(pthread_cond_destroy(&audit->news) == 0);
        AU_ASSERT(pthread_mutex_destroy(&audit->lock) == 0);
        au_mem_free(audit);
        return AU_ERR_NO_MEMORY;
    }
    *out_audit = audit;
    return AU_OK;
}

void au_audit_free(struct au_audit *audit)
{
    if (!audit) return;
    au_lock(&audit->lock);
    atomic_store(&audit->is_stopped, true);
    AU_ASSERT(pthread_cond_signal(&audit->news) == 0);
    au_unlock(&audit->lock);
    AU_ASSERT(pthread_join(audit->thread, NULL) == 0);
    if (audit->is_due) au_read_close(&audit->read);
    AU_ASSERT(pthread_cond_destroy(&audit->news) == 0);
    AU_ASSERT(pthread_mutex_destroy(&audit->lock) == 0);
    au_mem_free(audit);
}

void au_audit_on_block(struct au_audit *audit, uint64_t height)
{
    if (height % audit->options.every != 0) return;
    au_lock(&audit->lock);
    if (!audit->is_due && au_read_open(audit->options.ledger, &audit->read) == AU_OK) {
        audit->is_due = true;
        AU_ASSERT(pthread_cond_signal(&audit->news) == 0);
    }
    au_unlock(&audit->lock);
}
