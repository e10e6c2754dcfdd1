/* Texts that benchmarks read. Whatever is not as expected ends the program. */
#ifndef AUREON_BENCH_TEXT_H
#define AUREON_BENCH_TEXT_H

#include "bench.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"

AU_PRINTF(1, 2) static inline _Noreturn void bench_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(1);
}

/* What follows a label in a text; NULL if the label is not there. */
static inline struct au_bytes bench_text_after(struct au_bytes text, const char *label)
{
    size_t size = strlen(label);
    const uint8_t *found = text.size > 0 ? memmem(text.data, text.size, label, size) : NULL;
    if (found == NULL) return (struct au_bytes){0};
    found += size;
    return (struct au_bytes){found, text.size - (size_t)(found - text.data)};
}

static inline bool bench_has_text(struct au_bytes text, const char *part)
{
    return text.size > 0 && memmem(text.data, text.size, part, strlen(part)) != NULL;
}

/* The number that follows a label and blanks. */
static inline uint64_t bench_number_after(struct au_bytes text, const char *label)
{
    struct au_bytes rest = bench_text_after(text, label);
    uint64_t value = 0;
    while (rest.size > 0 && (rest.data[0] == ' ' || rest.data[0] == '\t')) {
        rest = (struct au_bytes){rest.data + 1, rest.size - 1};
    }
    struct au_bytes digits = {rest.data, 0};
    while (digits.size < rest.size && rest.data[digits.size] >= '0' &&
           rest.data[digits.size] <= '9') {
        digits.size++;
    }
    if (digits.size == 0 || au_text_parse_u64(digits, &value) != AU_OK) {
        bench_fail("no number after '%s' in: %.*s", label, (int)text.size, (const char *)text.data);
    }
    return value;
}

/* A size that a process' folder in /proc tells under a label, in megabytes. */
static inline double bench_status_mb(const char *folder, const char *label)
{
    struct au_buf text;
    au_buf_init(&text, 1u << 16);
    bench_read_file(folder, "status", &text);
    double size = (double)bench_number_after(au_buf_bytes(&text), label) / 1024;
    au_buf_done(&text);
    return size;
}

/* What a process has in memory. */
static inline double bench_resident_mb(const char *folder)
{
    return bench_status_mb(folder, "VmRSS:");
}

#endif
