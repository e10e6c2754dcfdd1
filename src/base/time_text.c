#include "base/time_text.h"

#include <time.h>

#define MS_PER_SECOND 1000u
#define TEXT_SIZE     24u

void au_time_put(struct au_buf *buf, uint64_t time_ms)
{
    if (time_ms > AU_TIME_MS_MAX) time_ms = AU_TIME_MS_MAX;
    time_t seconds = (time_t)(time_ms / MS_PER_SECOND);
    struct tm tm;
    AU_ASSERT(gmtime_r(&seconds, &tm) != NULL);
    au_buf_printf(buf, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ", tm.tm_year + 1900, tm.tm_mon + 1,
                  tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                  (unsigned)(time_ms % MS_PER_SECOND));
}

/* Days from 1970-01-01 to a day of the Gregorian calendar. */
static uint64_t days_to(uint64_t year, uint64_t month, uint64_t day)
{
    /* Years begin in March, so that the leap day is a year's last. */
    uint64_t y = month <= 2 ? year - 1 : year;
    uint64_t days_before_month = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;
    return 365 * y + y / 4 - y / 100 + y / 400 + days_before_month + day - 1 - 719468;
}

static uint64_t number_at(const uint8_t *digits, size_t count)
{
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        value = value * 10 + (uint64_t)(digits[i] - '0');
    }
    return value;
}

/* Numbers that are out of range give another text than the one that was read. */
enum au_err au_time_parse(struct au_bytes text, uint64_t *out_time_ms)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    const uint8_t *at = text.data;
    if (text.size != TEXT_SIZE) return AU_ERR_MALFORMED;
    for (size_t i = 0; i < TEXT_SIZE; i++) {
        bool fits = shape[i] == 'd' ? at[i] >= '0' && at[i] <= '9' : at[i] == (uint8_t)shape[i];
        if (!fits) return AU_ERR_MALFORMED;
    }
    uint64_t year = number_at(at, 4);
    uint64_t month = number_at(at + 5, 2);
    if (year < 1970 || month < 1 || month > 12) return AU_ERR_MALFORMED;
    uint64_t seconds = days_to(year, month, number_at(at + 8, 2)) * 86400 +
                       number_at(at + 11, 2) * 3600 + number_at(at + 14, 2) * 60 +
                       number_at(at + 17, 2);
    uint64_t time_ms = seconds * MS_PER_SECOND + number_at(at + 20, 3);

    struct au_buf again;
    au_buf_init(&again, TEXT_SIZE);
    au_time_put(&again, time_ms);
    enum au_err err = again.err;
    if (err == AU_OK && !au_bytes_is_equal(au_buf_bytes(&again), text)) err = AU_ERR_MALFORMED;
    au_buf_done(&again);
    if (err == AU_OK) *out_time_ms = time_ms;
    return err;
}
