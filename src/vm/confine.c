#include "vm/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/memory_use.h"

/* System calls that are left: for open descriptors, memory, locks, traps, time, and what a thread
 * that is being started does first. Everything else fails with EPERM: a library that tries
 * something harmless goes on without it. */
static const uint32_t calls[] = {
    SYS_recvfrom,
    SYS_sendto,
    SYS_poll,
    SYS_write,
    SYS_mmap,
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_brk,
    SYS_futex,
    SYS_sched_yield,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
    SYS_rt_sigreturn,
    SYS_sigaltstack,
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_getrandom,
    SYS_gettid,
    SYS_getpid,
    SYS_set_robust_list,
    SYS_rseq,
    SYS_sched_getaffinity,
    SYS_exit,
    SYS_exit_group,
};

static enum au_err limit(__rlimit_resource_t resource, uint64_t value)
{
    struct rlimit wanted = {value, value};
    struct rlimit present;
    if (getrlimit(resource, &present) != 0) return AU_ERR_IO;
    if (present.rlim_max < value) wanted.rlim_cur = wanted.rlim_max = present.rlim_max;
    return setrlimit(resource, &wanted) == 0 ? AU_OK : AU_ERR_IO;
}

/* A kernel without filters leaves the limits alone to hold: no error. */
static void filter_calls(void)
{
    struct sock_filter rules[2 * AU_COUNT_OF(calls) + 4];
    unsigned short count = 0;
    rules[count++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
    rules[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 0,
                                                  2 * AU_COUNT_OF(calls) + 1);
    rules[count++] =
        (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (size_t i = 0; i < AU_COUNT_OF(calls); i++) {
        rules[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1);
        rules[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    rules[count++] =
        (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (EPERM & 0xffff));
    AU_ASSERT(count == AU_COUNT_OF(rules));
    struct sock_fprog program = {.len = count, .filter = rules};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return;
    (void)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program);
}

enum au_err au_confine(uint64_t memory_size, uint64_t cpu_s)
{
    struct au_memory_use used;
    AU_TRY(au_memory_use_read(&used));
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return AU_ERR_IO;
    AU_TRY(limit(RLIMIT_CORE, 0));
    AU_TRY(limit(RLIMIT_FSIZE, 0));
    AU_TRY(limit(RLIMIT_NOFILE, 1)); /* standard input; poll counts by this limit too */
    AU_TRY(limit(RLIMIT_CPU, cpu_s));
    AU_TRY(limit(RLIMIT_AS, used.mapped + memory_size));
    filter_calls();
    return AU_OK;
}
