/* Writes a module of tests/support/bombs.h to standard output, of at most so many bytes, else as
 * large as a block can pay for. */
#include <stdio.h>
#include <stdlib.h>

#include "support/bombs.h"
#include "vm/limits.h"

int main(int count, char **words)
{
    const struct bomb *bomb = count == 2 || count == 3 ? bomb_find(words[1]) : NULL;
    size_t size = count == 3 ? strtoul(words[2], NULL, 10) : AU_CODE_SIZE_MAX;
    if (bomb == NULL || size == 0 || size > AU_CODE_SIZE_MAX) {
        fputs("usage: bomb NAME [BYTES]\n", stderr);
        for (size_t i = 0; i < bomb_count; i++)
            (void)fprintf(stderr, "    %s\n", bombs[i].name);
        return 2;
    }
    struct au_buf code;
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    if (bomb->rule == NULL && count == 2) {
        (void)bomb_make_payable(bomb, &code);
    } else {
        bomb_make(bomb, size, &code);
    }
    bool is_written = fwrite(code.data, 1, code.size, stdout) == code.size && fflush(stdout) == 0;
    au_buf_done(&code);
    return is_written ? EXIT_SUCCESS : EXIT_FAILURE;
}
