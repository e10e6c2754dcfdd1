#include "cli/wallet.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/password.h"
#include "core/dev_key.h"
#include "crypto/keyfile.h"

#define NAME_SIZE_MAX     64u
#define PATH_SIZE_MAX     4096u /* bytes */
#define ADDRESS_TEXT_SIZE 128u  /* bytes: room for an address as text */
#define MESSAGE_SIZE_MAX  1024u /* bytes */

static const char suffix[] = ".json";

bool au_wallet_is_name(const char *text)
{
    size_t size = strlen(text);
    return size > 0 && size <= NAME_SIZE_MAX && strncmp(text, "0x", 2) != 0 &&
           strncmp(text, AU_ADDRESS_PREFIX "1", sizeof(AU_ADDRESS_PREFIX "1") - 1) != 0 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_") == size;
}

/* ---- files ---- */

/* Writes the folder of the keys, or a file in it; the text ends in 0. */
static enum au_exit put_path(const struct au_invocation *invocation, const char *name,
                             struct au_buf *path)
{
    const char *data = au_invocation_variable(invocation, "XDG_DATA_HOME");
    const char *home = au_invocation_variable(invocation, "HOME");
    if (data == NULL && home == NULL) {
        return au_invocation_fail(invocation, AU_EXIT_KEY,
                                  "neither XDG_DATA_HOME nor HOME says where the keys are");
    }
    au_buf_put_text(path, data != NULL ? data : home);
    au_buf_put_text(path, data != NULL ? "/aureon/keys" : "/.local/share/aureon/keys");
    if (name != NULL) au_buf_printf(path, "/%s%s", name, suffix);
    au_buf_put_u8(path, 0);
    if (path->err == AU_OK) return AU_EXIT_DONE;
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "the path of the keys: %s",
                              au_err_text(path->err));
}

static enum au_exit read_keyfile(const struct au_invocation *invocation, const char *name,
                                 struct au_buf *content)
{
    struct au_buf path;
    au_buf_init(&path, PATH_SIZE_MAX);
    enum au_exit code = put_path(invocation, name, &path);
    enum au_err err = AU_OK;
    if (code == AU_EXIT_DONE) err = au_file_read((const char *)path.data, content);
    if (err == AU_ERR_NOT_FOUND) {
        code = au_invocation_fail(invocation, AU_EXIT_KEY,
                                  "there is no key '%s'; `aureon keys list` shows them, `aureon "
                                  "keys new %s` makes it",
                                  name, name);
    } else if (err != AU_OK) {
        code = au_invocation_fail(invocation, AU_EXIT_KEY, "cannot read '%s': %s",
                                  (const char *)path.data, au_file_err_text(err));
    }
    au_buf_done(&path);
    return code;
}

static enum au_exit parse_keyfile(const struct au_invocation *invocation, const char *name,
                                  struct au_bytes text, struct au_keyfile *out_keyfile)
{
    struct au_buf message;
    au_buf_init(&message, MESSAGE_SIZE_MAX);
    enum au_exit code = AU_EXIT_DONE;
    enum au_err err = au_keyfile_parse(text, &message, out_keyfile);
    au_buf_put_u8(&message, 0);
    if (err == AU_ERR_MALFORMED) {
        code =
            au_invocation_fail(invocation, AU_EXIT_KEY, "the file of the key '%s' is damaged: %s",
                               name, message.err == AU_OK ? (const char *)message.data : "");
    } else if (err != AU_OK) {
        code = au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
    }
    au_buf_done(&message);
    return code;
}

/* The address stands in the file in clear; opening it checks that it is the key's. */
static enum au_exit read_address(const struct au_invocation *invocation, const char *name,
                                 struct au_address *out_address)
{
    struct au_buf content;
    au_buf_init(&content, AU_KEYFILE_SIZE_MAX);
    enum au_exit code = read_keyfile(invocation, name, &content);
    struct au_keyfile keyfile;
    if (code == AU_EXIT_DONE) {
        code = parse_keyfile(invocation, name, au_buf_bytes(&content), &keyfile);
    }
    if (code == AU_EXIT_DONE) {
        struct au_bytes text = {keyfile.address, keyfile.address_size};
        const char *problem = au_address_parse(text, out_address);
        if (problem != NULL) {
            code = au_invocation_fail(invocation, AU_EXIT_KEY,
                                      "the file of the key '%s' is damaged: its address: %s", name,
                                      problem);
        }
    }
    au_buf_done(&content);
    return code;
}

/* ---- finding ---- */

enum au_exit au_wallet_find(struct au_invocation *invocation, const char *word, bool is_dev,
                            struct au_who *out_who)
{
    struct au_who who = {.kind = AU_WHO_ADDRESS};
    const char *problem = au_address_parse(au_bytes_of(word), &who.address);
    const char *name = word[0] == '@' ? word + 1 : word;
    if (problem == NULL) {
        *out_who = who;
        return AU_EXIT_DONE;
    }
    if (!au_wallet_is_name(name)) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "'%s' is no address (%s) and no name of a key", word, problem);
    }
    who.name = name;
    enum au_exit code = AU_EXIT_DONE;
    if (au_dev_account_find(au_bytes_of(name), &who.dev_index)) {
        if (!is_dev) {
            return au_invocation_fail(invocation, AU_EXIT_KEY,
                                      "'%s' is an account of development chains, and this is none: "
                                      "everybody has its key",
                                      name);
        }
        who.address = au_dev_account_address(who.dev_index);
        who.kind = AU_WHO_DEV;
    } else {
        who.kind = AU_WHO_KEY;
        code = read_address(invocation, name, &who.address);
    }
    if (code == AU_EXIT_DONE) *out_who = who;
    return code;
}

/* ---- opening and saving ---- */

static enum au_exit open_keyfile(struct au_invocation *invocation, const struct au_who *who,
                                 struct au_bytes text, struct au_sign_key *out_key)
{
    struct au_password password;
    enum au_exit code = au_password_read(invocation, who->name, /* is_new = */ false, &password);
    if (code == AU_EXIT_DONE) {
        struct au_bytes secret = {password.bytes, password.size};
        enum au_err err = au_keyfile_open(text, secret, out_key, NULL);
        if (err == AU_ERR_INVALID_ARG || err == AU_ERR_MALFORMED) {
            code = au_invocation_fail(invocation, AU_EXIT_KEY,
                                      "the password is not that of the key '%s', or its file is "
                                      "damaged",
                                      who->name);
        } else if (err != AU_OK) {
            code = au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
        } else if (memcmp(out_key->public_key, who->address.bytes, AU_ADDRESS_SIZE) != 0) {
            au_sign_key_wipe(out_key);
            code = au_invocation_fail(invocation, AU_EXIT_KEY,
                                      "the file of the key '%s' has the address of another key",
                                      who->name);
        }
    }
    au_password_wipe(&password);
    return code;
}

enum au_exit au_wallet_open(struct au_invocation *invocation, const struct au_who *who,
                            struct au_sign_key *out_key)
{
    if (who->kind == AU_WHO_DEV) {
        *out_key = au_dev_account_key(who->dev_index);
        return AU_EXIT_DONE;
    }
    if (who->kind == AU_WHO_ADDRESS) {
        return au_invocation_fail(invocation, AU_EXIT_KEY,
                                  "an address cannot sign: --from takes the name of a key; `aureon "
                                  "keys list` shows them");
    }
    struct au_buf content;
    au_buf_init(&content, AU_KEYFILE_SIZE_MAX);
    enum au_exit code = read_keyfile(invocation, who->name, &content);
    if (code == AU_EXIT_DONE) {
        code = open_keyfile(invocation, who, au_buf_bytes(&content), out_key);
    }
    au_buf_done(&content);
    return code;
}

enum au_exit au_wallet_check_name(const struct au_invocation *invocation, const char *name)
{
    size_t index;
    if (!au_wallet_is_name(name)) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "expected " AU_WALLET_NAME_EXPECTED ", got '%s'", name);
    }
    if (au_dev_account_find(au_bytes_of(name), &index)) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "'%s' is the name of an account of development chains", name);
    }
    return AU_EXIT_DONE;
}

static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        bool is_made = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!is_made) return false;
    }
    return true;
}

static enum au_exit write_keyfile(const struct au_invocation *invocation, const char *name,
                                  struct au_bytes content)
{
    struct au_buf path;
    au_buf_init(&path, PATH_SIZE_MAX);
    enum au_exit code = put_path(invocation, name, &path);
    if (code == AU_EXIT_DONE) {
        char *text = (char *)path.data;
        enum au_err err = make_folders(text) ? au_file_create(text, content) : AU_ERR_IO;
        if (err == AU_ERR_IO && errno == EEXIST) {
            code = au_invocation_fail(invocation, AU_EXIT_KEY,
                                      "there is a key '%s' already; a key is never replaced", name);
        } else if (err != AU_OK) {
            code = au_invocation_fail(invocation, AU_EXIT_INTERNAL, "cannot write '%s': %s", text,
                                      au_file_err_text(err));
        }
    }
    au_buf_done(&path);
    return code;
}

enum au_exit au_wallet_save(struct au_invocation *invocation, const char *name,
                            const struct au_sign_key *key)
{
    struct au_password password;
    struct au_buf address_text;
    struct au_buf content;
    struct au_address address;
    memcpy(address.bytes, key->public_key, AU_ADDRESS_SIZE);
    au_buf_init(&address_text, ADDRESS_TEXT_SIZE);
    au_buf_init(&content, AU_KEYFILE_SIZE_MAX);
    au_address_format(&address_text, &address);
    enum au_exit code = au_password_read(invocation, name, /* is_new = */ true, &password);
    if (code == AU_EXIT_DONE) {
        struct au_bytes secret = {password.bytes, password.size};
        enum au_err err = au_keyfile_seal(key, secret, au_buf_bytes(&address_text), &content);
        code = err == AU_OK ? write_keyfile(invocation, name, au_buf_bytes(&content))
                            : au_invocation_fail(invocation, AU_EXIT_INTERNAL,
                                                 "cannot seal the key: %s", au_err_text(err));
    }
    au_password_wipe(&password);
    au_buf_done(&content);
    au_buf_done(&address_text);
    return code;
}

/* ---- listing ---- */

static int compare(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;
    return strcmp(*left, *right);
}

/* The name of a key, in the arena, if an entry of the folder is one; else NULL. */
static enum au_err take_name(struct au_arena *arena, const char *entry, const char **out_name)
{
    size_t size = strlen(entry);
    size_t suffix_size = sizeof(suffix) - 1;
    *out_name = NULL;
    if (size <= suffix_size || strcmp(entry + size - suffix_size, suffix) != 0) return AU_OK;
    char *name = au_arena_zero(arena, size - suffix_size + 1);
    if (name == NULL) return AU_ERR_NO_MEMORY;
    memcpy(name, entry, size - suffix_size);
    size_t index;
    if (au_wallet_is_name(name) && !au_dev_account_find(au_bytes_of(name), &index))
        *out_name = name;
    return AU_OK;
}

static enum au_err read_names(struct au_arena *arena, DIR *folder, struct au_buf *names)
{
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        const char *name;
        AU_TRY(take_name(arena, entry->d_name, &name));
        if (name != NULL) au_buf_put(names, &name, sizeof(name));
    }
    return names->err;
}

enum au_exit au_wallet_names(struct au_invocation *invocation, const char ***out_names,
                             size_t *out_count)
{
    struct au_buf path;
    struct au_buf names;
    au_buf_init(&path, PATH_SIZE_MAX);
    au_buf_init(&names, 1u << 20);
    enum au_exit code = put_path(invocation, NULL, &path);
    DIR *folder = code == AU_EXIT_DONE ? opendir((const char *)path.data) : NULL;
    enum au_err err = AU_OK;
    if (folder != NULL) {
        err = read_names(&invocation->arena, folder, &names);
        closedir(folder);
    } else if (code == AU_EXIT_DONE && errno != ENOENT) {
        code = au_invocation_fail(invocation, AU_EXIT_KEY, "cannot read '%s': %s",
                                  (const char *)path.data, strerror(errno));
    }
    const char **list = au_arena_get(&invocation->arena, names.size);
    if (err == AU_OK && list == NULL) err = AU_ERR_NO_MEMORY;
    if (err != AU_OK) {
        code = au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
    } else if (code == AU_EXIT_DONE) {
        size_t count = names.size / sizeof(*list);
        if (count > 0) memcpy(list, names.data, names.size);
        if (count > 0) qsort(list, count, sizeof(*list), compare);
        *out_names = list;
        *out_count = count;
    }
    au_buf_done(&names);
    au_buf_done(&path);
    return code;
}
