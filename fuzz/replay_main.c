/* Runs a fuzz target over files without libFuzzer, so that every build replays the corpora.
 *
 * Arguments: files and folders of inputs. Writes TAP with one case per argument. The empty input is
 * replayed first in each case. A target reports a finding by stopping the process. */
#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define PATH_SIZE_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool replay_file(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    struct stat status;
    if (!file || fstat(fileno(file), &status) != 0) {
        if (file) fclose(file);
        return false;
    }
    /* A block of exactly this size lets AddressSanitizer see a read past the end. */
    size_t size = (size_t)status.st_size;
    uint8_t *data = malloc(size > 0 ? size : 1);
    bool is_read = data && fread(data, 1, size, file) == size;
    if (is_read) {
        LLVMFuzzerTestOneInput(data, size);
        (*count)++;
    }
    free(data);
    fclose(file);
    return is_read;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool replay_folder(const char *path, size_t *count)
{
    struct dirent **entries;
    int entry_count = scandir(path, &entries, is_visible, alphasort);
    if (entry_count < 0) return false;

    bool is_ok = true;
    for (int i = 0; i < entry_count; i++) {
        char name[PATH_SIZE_MAX];
        int size = snprintf(name, sizeof(name), "%s/%s", path, entries[i]->d_name);
        is_ok = size > 0 && (size_t)size < sizeof(name) && replay_file(name, count) && is_ok;
        free(entries[i]);
    }
    free(entries);
    return is_ok;
}

int main(int argc, char **argv)
{
    bool all_ok = argc > 1;
    printf("1..%d\n", argc - 1);
    for (int i = 1; i < argc; i++) {
        fflush(stdout); /* a finding must not take the plan with it */
        size_t count = 0;
        struct stat status;
        bool is_ok = stat(argv[i], &status) == 0;
        LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
        if (is_ok) {
            is_ok = S_ISDIR(status.st_mode) ? replay_folder(argv[i], &count)
                                            : replay_file(argv[i], &count);
        }
        printf("%s %d - %s, inputs: %zu\n", is_ok ? "ok" : "not ok", i, argv[i], count);
        all_ok = all_ok && is_ok;
    }
    return all_ok ? 0 : 1;
}
