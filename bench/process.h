/* Programs that are measured from outside: one runs at a time, in a folder that goes with the
 * benchmark. None outlives the one who measures it.
 *
 * Threading: one thread. Whatever goes wrong ends the program. */
#ifndef AUREON_BENCH_PROCESS_H
#define AUREON_BENCH_PROCESS_H

#include "bench.h"

#define BENCH_PATH_SIZE 512u

/* Makes the folder of this benchmark in another. It is removed at exit. */
void bench_folder_make(const char *parent);
const char *bench_folder(void);

/* Starts a program, args[0]; the list ends with NULL. What it says on stderr goes to a file. */
void bench_process_start(const char *const *args);

/* Ends the benchmark if the program has ended, or has not become ready for half a minute;
 * otherwise waits a moment. start_ns is when it was started. */
void bench_process_await_ready(double start_ns);

/* Waits for an end by itself, with exit code 0. */
void bench_process_await_end(void);

/* Asks it to end, which it must with exit code 0. */
void bench_process_stop(void);

/* Processor time that it has used so far. */
double bench_process_cpu_ns(void);

/* Megabytes that it has in memory. */
double bench_process_resident(void);

#endif
