/* 32 KiB of words, each read, mixed into a running digest and written back. */
typedef unsigned long long u64;

static u64 words[4096];

__attribute__((export_name("run"))) u64 run(u64 rounds)
{
    u64 digest = 1;
    for (u64 round = 0; round < rounds; round++) {
        for (int i = 0; i < 4096; i++) {
            digest = (digest ^ words[i]) * 0x9e3779b97f4a7c15u;
            words[i] = digest;
        }
    }
    for (int i = 0; i < 4096; i++)
        words[i] = 0;
    return digest;
}
