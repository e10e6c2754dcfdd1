#include "api/wait.h"

#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"

enum au_err au_waits_init(struct au_waits *waits, size_t waiters_max)
{
    *waits = (struct au_waits){0};
    waits->slots = au_mem_new(waiters_max * sizeof(waits->slots[0]));
    if (waits->slots == NULL) return AU_ERR_NO_MEMORY;
    AU_ASSERT(pthread_mutex_init(&waits->lock, NULL) == 0);
    for (size_t i = waiters_max; i > 0; i--) {
        waits->slots[i - 1].next = waits->free;
        waits->free = &waits->slots[i - 1];
    }
    return AU_OK;
}

void au_waits_done(struct au_waits *waits)
{
    if (waits->slots == NULL) return;
    for (size_t i = 0; i < AU_WAIT_BUCKETS; i++) {
        for (struct au_wait *wait = waits->buckets[i]; wait != NULL; wait = wait->next) {
            if (wait->pending != NULL) au_pending_finish(wait->pending);
        }
    }
    au_mem_free(waits->slots);
    AU_ASSERT(pthread_mutex_destroy(&waits->lock) == 0);
    waits->slots = NULL;
}

static struct au_wait **bucket_of(struct au_waits *waits, const struct au_hash *id)
{
    return &waits->buckets[id->bytes[0]];
}

/* Takes the waiter that link points to out of its bucket. */
static struct au_wait *unlink_at(struct au_waits *waits, struct au_wait **link)
{
    struct au_wait *wait = *link;
    *link = wait->next;
    waits->count--;
    return wait;
}

static void put_free(struct au_waits *waits, struct au_wait *wait)
{
    *wait = (struct au_wait){.next = waits->free};
    waits->free = wait;
}

static void remove_wait(struct au_waits *waits, struct au_wait *wait)
{
    struct au_wait **link = bucket_of(waits, &wait->form.id);
    while (*link != wait)
        link = &(*link)->next;
    put_free(waits, unlink_at(waits, link));
}

/* The server has answered these, or is about to. */
static void drop_late(struct au_waits *waits)
{
    uint64_t now_ns = au_clock_ns();
    for (size_t i = 0; i < AU_WAIT_BUCKETS; i++) {
        struct au_wait **link = &waits->buckets[i];
        while (*link != NULL) {
            if ((*link)->pending == NULL || (*link)->deadline_ns > now_ns) {
                link = &(*link)->next;
                continue;
            }
            struct au_wait *wait = unlink_at(waits, link);
            au_pending_finish(wait->pending);
            put_free(waits, wait);
        }
    }
}

struct au_wait *au_waits_open(struct au_waits *waits, const struct au_wait_form *form)
{
    au_lock(&waits->lock);
    if (waits->free == NULL) drop_late(waits);
    struct au_wait *wait = waits->free;
    if (wait != NULL) {
        struct au_wait **bucket = bucket_of(waits, &form->id);
        waits->free = wait->next;
        *wait = (struct au_wait){.form = *form, .next = *bucket};
        *bucket = wait;
        waits->count++;
    }
    au_unlock(&waits->lock);
    return wait;
}

void au_waits_close(struct au_waits *waits, struct au_wait *wait)
{
    if (wait == NULL) return;
    au_lock(&waits->lock);
    AU_ASSERT(wait->pending == NULL);
    remove_wait(waits, wait);
    au_unlock(&waits->lock);
}

bool au_waits_attach(struct au_waits *waits, struct au_wait *wait, struct au_pending *pending,
                     uint64_t deadline_ns, struct au_wait *out_wait)
{
    au_lock(&waits->lock);
    bool is_over = wait->is_over;
    if (is_over) {
        *out_wait = *wait;
        remove_wait(waits, wait);
    } else {
        wait->pending = pending;
        wait->deadline_ns = deadline_ns;
    }
    au_unlock(&waits->lock);
    return !is_over;
}

struct au_wait *au_waits_take(struct au_waits *waits, const struct au_hash *id, bool is_dropped,
                              enum au_drop reason)
{
    struct au_wait *list = NULL;
    au_lock(&waits->lock);
    struct au_wait **link = bucket_of(waits, id);
    while (*link != NULL) {
        struct au_wait *wait = *link;
        if (!au_hash_is_equal(&wait->form.id, id)) {
            link = &wait->next;
            continue;
        }
        wait->is_over = true;
        wait->is_dropped = is_dropped;
        wait->reason = reason;
        if (wait->pending == NULL) {
            link = &wait->next;
            continue;
        }
        unlink_at(waits, link);
        wait->next = list;
        list = wait;
    }
    au_unlock(&waits->lock);
    return list;
}

void au_waits_give_back(struct au_waits *waits, struct au_wait *list)
{
    if (list == NULL) return;
    au_lock(&waits->lock);
    while (list != NULL) {
        struct au_wait *next = list->next;
        put_free(waits, list);
        list = next;
    }
    au_unlock(&waits->lock);
}

size_t au_waits_ids(struct au_waits *waits, struct au_hash *out_ids, size_t room)
{
    size_t count = 0;
    au_lock(&waits->lock);
    drop_late(waits);
    for (size_t i = 0; i < AU_WAIT_BUCKETS && waits->count > 0; i++) {
        for (struct au_wait *wait = waits->buckets[i]; wait != NULL; wait = wait->next) {
            if (count < room) out_ids[count++] = wait->form.id;
        }
    }
    au_unlock(&waits->lock);
    return count;
}

size_t au_waits_count(struct au_waits *waits)
{
    au_lock(&waits->lock);
    size_t count = waits->count;
    au_unlock(&waits->lock);
    return count;
}
