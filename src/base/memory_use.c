#include "base/memory_use.h"

#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define STATM_SIZE_MAX 4096u

/* The first two numbers of statm, in pages. */
enum au_err au_memory_use_read(struct au_memory_use *out_use)
{
    struct au_buf text;
    uint64_t pages[2];
    size_t at = 0;
    au_buf_init(&text, STATM_SIZE_MAX);
    enum au_err err = au_file_read("/proc/self/statm", &text);
    for (size_t i = 0; err == AU_OK && i < AU_COUNT_OF(pages); i++) {
        struct au_bytes number = {text.data + at, 0};
        while (at + number.size < text.size && text.data[at + number.size] != ' ')
            number.size++;
        if (au_text_parse_u64(number, &pages[i]) != AU_OK) err = AU_ERR_IO;
        at += number.size + (at + number.size < text.size);
    }
    au_buf_done(&text);
    AU_TRY(err);
    uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    *out_use = (struct au_memory_use){pages[0] * page_size, pages[1] * page_size};
    return AU_OK;
}
