#include "state_store.h"

#include "store/rocks.h"
#include "text.h"

void state_check(enum au_err err, const char *what)
{
    if (err == AU_OK) return;
    bench_fail("bench_state: %s: %s", what ? what : "", au_err_text(err));
}

struct au_address state_address(uint32_t number)
{
    struct au_address address = {0};
    for (size_t i = 0; i < sizeof(number); i++) {
        address.bytes[i] = (uint8_t)(number >> (8 * i));
    }
    return address;
}

struct au_kv state_store_open(const char *folder, bool is_small)
{
    struct au_rocks_options options = au_rocks_options_default();
    char message[AU_KV_MESSAGE_SIZE];
    struct au_kv kv;
    if (is_small) options.cache_size = options.write_buffer_size = (size_t)16 << 20;
    state_check(au_rocks_open(folder, &options, message, &kv), message);
    return kv;
}

double state_cpu_ms(void)
{
    struct timespec now;
    AU_ASSERT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

double state_leaf_size(const struct au_trie_cache *tries)
{
    struct au_trie_count count = au_trie_cache_count(tries);
    return (double)count.size / (double)count.leaves;
}

void state_outcome_finish(struct state_outcome *outcome, double *commits, uint32_t count)
{
    double *means[] = {&outcome->read_ms, &outcome->trie_ms,  &outcome->write_ms,
                       &outcome->sync_ms, &outcome->flush_ms, &outcome->cpu_ms};
    AU_ASSERT(count > 0);
    for (size_t i = 0; i < AU_COUNT_OF(means); i++) {
        *means[i] /= count;
    }
    qsort(commits, count, sizeof(*commits), bench_compare);
    outcome->block_count = count;
    outcome->commit_p50_ms = commits[count / 2];
    outcome->commit_p99_ms = commits[(size_t)count * 99 / 100];
    outcome->commit_max_ms = commits[count - 1];
    outcome->resident_mb = bench_resident_mb("/proc/self");
}
