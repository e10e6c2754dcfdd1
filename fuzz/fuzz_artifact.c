/* Fuzzes the folder of compiled modules: the input is a program that puts, keeps, drops and reads
 * modules, opens the folder again, and writes bytes of its own into the files.
 *
 * What comes out was put under that key and no other; whatever else a file has counts as nothing.
 * What was put and not damaged comes out, as far as the folder has room. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "vm/artifact.h"
#include "vm/parcel.h"

#define KEYS       3u
#define PATH_SIZE  256u
#define BODY_MAX   255u
#define SMALL_SIZE 9000u /* bytes: room for two files */
#define LARGE_SIZE (1u << 20)

static const char *const parts[] = {"chain", "other"};

static char root[] = "/dev/shm/aureon-fuzz-XXXXXX";
static struct au_hash identity = {{0x5a}};

/* What a key's files must be: bodies that were put, by part; has_ false: nothing that may come. */
struct file {
    bool has_body;
    size_t size;
    uint8_t body[BODY_MAX];
};

struct model {
    struct au_artifacts *artifacts;
    bool is_small; /* others may go */
    struct file files[KEYS][AU_COUNT_OF(parts)];
};

static struct au_hash key_of(size_t number)
{
    return (struct au_hash){{(uint8_t)number, 0xee}};
}

static void path_of(size_t part, size_t number, char out_path[PATH_SIZE])
{
    struct au_hash key = key_of(number);
    int size = snprintf(out_path, PATH_SIZE, "%s/%s/", root, parts[part]);
    for (int i = 0; i < 8; i++)
        size += snprintf(out_path + size, PATH_SIZE - (size_t)size, "%02x", identity.bytes[i]);
    out_path[size++] = '-';
    for (int i = 0; i < AU_HASH_SIZE; i++)
        size += snprintf(out_path + size, PATH_SIZE - (size_t)size, "%02x", key.bytes[i]);
}

static void remove_files(void)
{
    char path[PATH_SIZE];
    for (size_t part = 0; part < AU_COUNT_OF(parts); part++) {
        for (size_t i = 0; i < KEYS; i++) {
            path_of(part, i, path);
            (void)unlink(path);
        }
    }
}

static void remove_folder(void)
{
    char path[PATH_SIZE];
    remove_files();
    for (size_t part = 0; part < AU_COUNT_OF(parts); part++) {
        snprintf(path, sizeof(path), "%s/%s", root, parts[part]);
        (void)rmdir(path);
    }
    (void)rmdir(root);
}

static void make_folder(void)
{
    static bool is_made;
    if (is_made) return;
    AU_ASSERT(mkdtemp(root) != NULL);
    AU_ASSERT(atexit(remove_folder) == 0);
    is_made = true;
}

static void open_again(struct model *model, bool is_small)
{
    au_artifacts_close(model->artifacts);
    model->is_small |= is_small;
    AU_ASSERT(au_artifacts_open(root, is_small ? SMALL_SIZE : LARGE_SIZE, &identity,
                                &model->artifacts) == AU_OK);
}

static void put(struct model *model, size_t number, struct au_bytes body)
{
    struct au_hash key = key_of(number);
    struct file *file = &model->files[number][1];
    au_artifacts_put(model->artifacts, &key, body);
    file->has_body = true;
    file->size = body.size;
    if (body.size > 0) memcpy(file->body, body.data, body.size);
}

static void get(struct model *model, size_t number)
{
    struct au_hash key = key_of(number);
    struct file *file = &model->files[number][0];
    struct au_bytes artifact;
    struct au_buf buf;
    au_buf_init(&buf, AU_PARCEL_HEAD_SIZE + AU_PARCEL_SIZE_MAX);
    enum au_err err = au_artifacts_get(model->artifacts, &key, &buf, &artifact);
    bool may_miss = !file->has_body && model->is_small;
    if (!file->has_body) file = &model->files[number][1];
    AU_ASSERT(err == AU_OK || err == AU_ERR_NOT_FOUND);
    AU_ASSERT(err == AU_OK || !file->has_body || may_miss);
    if (err == AU_OK) {
        AU_ASSERT(file->has_body);
        AU_ASSERT(au_bytes_is_equal(artifact, (struct au_bytes){file->body, file->size}));
    }
    au_buf_done(&buf);
}

static void keep(struct model *model, size_t number)
{
    char path[PATH_SIZE];
    struct au_hash key = key_of(number);
    path_of(1, number, path);
    bool is_there = access(path, F_OK) == 0;
    au_artifacts_keep(model->artifacts, &key);
    if (!is_there) return;
    model->files[number][0] = model->files[number][1];
    model->files[number][1].has_body = false;
}

static void drop(struct model *model, size_t number)
{
    struct au_hash key = key_of(number);
    au_artifacts_drop(model->artifacts, &key);
    memset(model->files[number], 0, sizeof(model->files[number]));
}

/* Writes a file's content over. Bytes that are a parcel of the right kind and key count as put. */
static void overwrite(struct model *model, size_t part, size_t number, struct au_bytes bytes)
{
    char path[PATH_SIZE];
    struct au_parcel parcel;
    struct au_hash key = key_of(number);
    struct file *file = &model->files[number][part];
    path_of(part, number, path);
    FILE *stream = fopen(path, "wb");
    AU_ASSERT(stream != NULL);
    if (bytes.size > 0) AU_ASSERT(fwrite(bytes.data, 1, bytes.size, stream) == bytes.size);
    AU_ASSERT(fclose(stream) == 0);
    file->has_body = au_parcel_open(bytes, &parcel) == AU_OK && parcel.kind == AU_PARCEL_STORED &&
                     au_hash_is_equal(&parcel.subject, &key);
    if (!file->has_body) return;
    file->size = parcel.body.size;
    if (parcel.body.size > 0) memcpy(file->body, parcel.body.data, parcel.body.size);
}

/* The same with a file that is right but for its kind, its key or a byte. */
static void overwrite_sealed(struct model *model, size_t number, struct fuzz_input *input)
{
    uint8_t bytes[AU_PARCEL_HEAD_SIZE + 16] = {0};
    uint8_t choice = fuzz_u8(input);
    struct au_parcel parcel = {
        .kind = choice & 1 ? AU_PARCEL_STORED : AU_PARCEL_COMPILED,
        .subject = key_of(choice & 2 ? number : KEYS),
        .body = {bytes + AU_PARCEL_HEAD_SIZE, 16},
    };
    au_parcel_seal(&parcel, bytes);
    bytes[fuzz_u8(input) % sizeof(bytes)] ^= fuzz_u8(input);
    overwrite(model, choice >> 2 & 1, number, (struct au_bytes){bytes, sizeof(bytes)});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, data + size};
    struct model model = {0};
    make_folder();
    remove_files();
    open_again(&model, /* is_small */ false);
    while (fuzz_left(&input) > 0) {
        uint8_t step = fuzz_u8(&input);
        size_t number = step / 8 % KEYS;
        switch (step % 8) {
        case 0: put(&model, number, fuzz_take(&input, fuzz_u8(&input))); break;
        case 1: keep(&model, number); break;
        case 2: drop(&model, number); break;
        case 3: open_again(&model, step & 0x80); break;
        case 4: overwrite(&model, step >> 7, number, fuzz_take(&input, fuzz_u8(&input))); break;
        case 5: overwrite_sealed(&model, number, &input); break;
        default: get(&model, number); break;
        }
    }
    for (size_t i = 0; i < KEYS; i++)
        get(&model, i);
    au_artifacts_close(model.artifacts);
    return 0;
}
