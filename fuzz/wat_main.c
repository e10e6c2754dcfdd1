/* Turns WebAssembly text into a binary: wat TEXT_FILE BINARY_FILE. tools/fuzz uses it for seeds. */
#include <stdio.h>

#include "aureon.h"

#define TEXT_SIZE_MAX 65536u /* bytes */

int main(int argc, char **argv)
{
    static uint8_t text[TEXT_SIZE_MAX];
    char message[256] = "cannot read it";
    struct au_bytes code = {0};
    FILE *from = argc == 3 ? fopen(argv[1], "rb") : NULL;
    size_t size = from != NULL ? fread(text, 1, sizeof(text), from) : 0;
    if (from == NULL || fclose(from) != 0 || size == sizeof(text) ||
        au_wat_to_wasm((struct au_bytes){text, size}, &code, message, sizeof(message)) != AU_OK) {
        fprintf(stderr, "%s: %s\n", argc > 1 ? argv[1] : "wat TEXT_FILE BINARY_FILE", message);
        return 1;
    }
    FILE *to = fopen(argv[2], "wb");
    bool is_written = to != NULL && fwrite(code.data, 1, code.size, to) == code.size;
    if (to != NULL) is_written = fclose(to) == 0 && is_written;
    au_free(code.data);
    return is_written ? 0 : 1;
}
