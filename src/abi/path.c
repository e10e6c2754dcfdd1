#include "abi/path.h"

#include <stdarg.h>
#include <stdio.h>

#define SHOWN_SIZE_MAX 32u /* bytes of what stands there instead */

static void put(struct abi_path *path, const void *text, size_t size)
{
    if (path->size < ABI_PATH_SIZE_MAX) {
        size_t room = ABI_PATH_SIZE_MAX - path->size;
        memcpy(path->text + path->size, text, size < room ? size : room);
    }
    path->size += size;
}

void abi_path_init(struct abi_path *path, const char *name)
{
    path->size = 0;
    put(path, name, strlen(name));
}

size_t abi_path_enter_name(struct abi_path *path, struct au_bytes name)
{
    size_t before = path->size;
    if (before > 0) put(path, ".", 1);
    put(path, name.data, name.size);
    return before;
}

size_t abi_path_enter_index(struct abi_path *path, size_t index)
{
    char text[32];
    size_t before = path->size;
    int size = snprintf(text, sizeof(text), "[%zu]", index);
    AU_ASSERT(size > 0);
    put(path, text, (size_t)size);
    return before;
}

void abi_path_leave(struct abi_path *path, size_t size)
{
    path->size = size;
}

static void put_path(const struct abi_path *path, struct au_abi_value_error *error)
{
    bool is_long = path->size > ABI_PATH_SIZE_MAX;
    *error = (struct au_abi_value_error){0};
    snprintf(error->path, sizeof(error->path), "%.*s%s",
             (int)(is_long ? ABI_PATH_SIZE_MAX : path->size), path->text, is_long ? "..." : "");
}

bool abi_path_fail(const struct abi_path *path, struct au_abi_value_error *error,
                   const char *format, ...)
{
    va_list list;
    if (error == NULL) return false;
    put_path(path, error);
    char *message = error->message;
    size_t size_max = sizeof(error->message);
    int used = snprintf(message, size_max, "%s%s", error->path, path->size > 0 ? ": " : "");
    AU_ASSERT(used >= 0 && (size_t)used < size_max);
    va_start(list, format);
    vsnprintf(message + used, size_max - (size_t)used, format, list);
    va_end(list);
    return false;
}

bool abi_path_expect(const struct abi_path *path, struct au_abi_value_error *error,
                     const char *expected, struct au_bytes got)
{
    char shown[sizeof(error->got)];
    size_t size = got.size < SHOWN_SIZE_MAX ? got.size : SHOWN_SIZE_MAX;
    if (error == NULL) return false;
    while (size > 0 && size < got.size && (got.data[size] & 0xc0) == 0x80)
        size--;
    snprintf(shown, sizeof(shown), "%.*s%s", (int)size, size > 0 ? (const char *)got.data : "",
             size < got.size ? "..." : "");
    abi_path_fail(path, error, "expected %s, got \"%s\"", expected, shown);
    snprintf(error->expected, sizeof(error->expected), "%s", expected);
    memcpy(error->got, shown, sizeof(shown));
    return false;
}
