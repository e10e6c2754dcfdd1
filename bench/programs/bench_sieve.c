/* Sieve of Eratosthenes below 32,768: many short blocks. Gives the number of primes, times
 * rounds. */
typedef unsigned char u8;
typedef unsigned long long u64;

#define BOUND 32768

static u8 is_composite[BOUND];

__attribute__((export_name("run"))) u64 run(u64 rounds)
{
    u64 count = 0;
    for (u64 round = 0; round < rounds; round++) {
        __builtin_memset(is_composite, 0, sizeof is_composite);
        for (int i = 2; i < BOUND; i++) {
            if (is_composite[i]) continue;
            count++;
            for (int k = 2 * i; k < BOUND; k += i)
                is_composite[k] = 1;
        }
    }
    return count;
}
