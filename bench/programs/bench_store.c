/* 32 KiB of words, each increased: as many stores as the processor takes. */
typedef unsigned long long u64;

static u64 words[4096];

__attribute__((export_name("run"))) u64 run(u64 rounds)
{
    for (u64 round = 0; round < rounds; round++) {
        for (int i = 0; i < 4096; i++)
            words[i] += round + 1;
    }
    u64 sum = 0;
    for (int i = 0; i < 4096; i++) {
        sum += words[i];
        words[i] = 0;
    }
    return sum;
}
