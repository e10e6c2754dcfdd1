#include "torture/bad_helper.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "contract/host.h"
#include "vm/helper.h"
#include "vm/limits.h"
#include "vm/parcel.h"

#define PIECE_SIZE (1u << 20)

struct relay {
    int parent;
    int helper; /* the other end of the real one's standard input */
    struct au_buf code;
    struct au_buf artifact;
    struct au_parcel question;
    struct au_parcel answer;
};

static uint32_t random_below(uint32_t end)
{
    uint32_t value;
    if (getrandom(&value, sizeof(value), 0) != (ssize_t)sizeof(value)) _exit(1);
    return value % end;
}

/* Until the parent loses its patience. */
static void hang(void)
{
    for (;;) {
        struct timespec pause = {.tv_sec = 1};
        (void)nanosleep(&pause, NULL);
    }
}

/* ---- what it may do ---- */

/* The real helper's answer to the question that the parent asked. */
static void ask(struct relay *relay)
{
    au_buf_clear(&relay->artifact);
    if (au_parcel_send(relay->helper, UINT64_MAX, &relay->question) != AU_OK) _exit(1);
    if (au_parcel_receive(relay->helper, UINT64_MAX, &relay->artifact, &relay->answer) != AU_OK) {
        _exit(1);
    }
}

static void say(const struct relay *relay, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    while (size > 0) {
        ssize_t sent = send(relay->parent, from, size, MSG_NOSIGNAL);
        if (sent <= 0) _exit(1);
        from += sent;
        size -= (size_t)sent;
    }
}

static void say_answer(const struct relay *relay)
{
    if (au_parcel_send(relay->parent, UINT64_MAX, &relay->answer) != AU_OK) _exit(1);
}

/* The answer with `more` bytes added to its size and bit `flipped` of its body the other way round,
 * as far as `size` bytes of its body. */
static void say_damaged(struct relay *relay, int more, size_t flipped, size_t size)
{
    uint8_t head[AU_PARCEL_HEAD_SIZE];
    au_parcel_seal(&relay->answer, head);
    head[8] = (uint8_t)(head[8] + more);
    if (flipped < 8 * relay->artifact.size) {
        relay->artifact.data[flipped / 8] ^= (uint8_t)(1u << flipped % 8);
    }
    say(relay, head, sizeof(head));
    say(relay, relay->artifact.data, size);
}

static void be_honest(struct relay *relay)
{
    ask(relay);
    say_answer(relay);
}

static void end_before(struct relay *relay)
{
    (void)relay;
    _exit(0);
}

static void say_half(struct relay *relay)
{
    ask(relay);
    say_damaged(relay, 0, SIZE_MAX, random_below((uint32_t)relay->artifact.size));
    _exit(0);
}

static void say_garbage(struct relay *relay)
{
    uint8_t garbage[AU_PARCEL_HEAD_SIZE];
    if (getrandom(garbage, sizeof(garbage), 0) != (ssize_t)sizeof(garbage)) _exit(1);
    say(relay, garbage, sizeof(garbage));
}

static void answer_another(struct relay *relay)
{
    ask(relay);
    relay->answer.subject.bytes[random_below(AU_HASH_SIZE)] ^= 1;
    say_answer(relay);
}

static void say_short(struct relay *relay)
{
    ask(relay);
    say_damaged(relay, -1, SIZE_MAX, relay->artifact.size);
}

static void flip_bit(struct relay *relay)
{
    ask(relay);
    say_damaged(relay, 0, random_below((uint32_t)relay->artifact.size * 8), relay->artifact.size);
}

static void say_more(struct relay *relay)
{
    be_honest(relay);
    say(relay, "more", 4);
}

/* The rest is up to the limit that the real helper has set. */
static void take_all_memory(struct relay *relay)
{
    while (mmap(NULL, PIECE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
    }
    be_honest(relay);
}

/* Silent, after a part, or with a size that never comes. */
static void be_slow(struct relay *relay)
{
    uint32_t kind = random_below(3);
    if (kind > 0) ask(relay);
    if (kind == 1) say_damaged(relay, 0, SIZE_MAX, relay->artifact.size / 2);
    if (kind == 2) say_damaged(relay, 1, SIZE_MAX, relay->artifact.size);
    hang();
}

static const struct {
    uint32_t share; /* of a thousand */
    void (*act)(struct relay *relay);
} acts[] = {
    {60, end_before}, {60, say_half}, {50, say_garbage},     {30, answer_another}, {30, say_short},
    {30, flip_bit},   {20, say_more}, {20, take_all_memory}, {3, be_slow},
};

static void act(struct relay *relay)
{
    uint32_t chosen = random_below(1000);
    for (size_t i = 0; i < AU_COUNT_OF(acts); i++) {
        if (chosen < acts[i].share) {
            acts[i].act(relay);
            return;
        }
        chosen -= acts[i].share;
    }
    be_honest(relay);
}

/* ---- between both ---- */

static void *run(void *argument)
{
    struct relay *relay = argument;
    if (au_parcel_receive(relay->helper, UINT64_MAX, &relay->artifact, &relay->answer) != AU_OK) {
        _exit(1);
    }
    say_answer(relay); /* its greeting */
    while (au_parcel_receive(relay->parent, UINT64_MAX, &relay->code, &relay->question) == AU_OK) {
        act(relay);
    }
    _exit(0);
}

int bad_helper_main(const char *const *arguments)
{
    static struct relay relay;
    pthread_t thread;
    int inner[2];
    relay.parent = dup(STDIN_FILENO);
    if (relay.parent < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, inner) != 0) return 1;
    if (dup2(inner[0], STDIN_FILENO) < 0 || close(inner[0]) != 0) return 1;
    relay.helper = inner[1];
    au_buf_init(&relay.code, AU_CODE_SIZE_MAX);
    au_buf_init(&relay.artifact, AU_PARCEL_SIZE_MAX);
    if (pthread_create(&thread, NULL, run, &relay) != 0) return 1;
    return au_helper_main(arguments, &au_host_env);
}
