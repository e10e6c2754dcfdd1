#include "cli/alias.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/json_write.h"
#include "cli/nearest.h"
#include "core/dev_account.h"

#define FOLDER        ".aureon"
#define FOLDER_MODE   0755
#define FILE_SIZE_MAX (1u << 20) /* bytes */
#define CHAINS_MAX    64u
#define HASH_TEXT     128u /* bytes: room for a hash or an address as text */

/* ---- the file ---- */

static const struct au_json_in *chains_of(const struct au_json_in *root)
{
    if (root == NULL || au_json_in_type(root) != AU_JSON_IN_OBJECT) return NULL;
    const struct au_json_in *chains = au_json_in_get(root, "chains");
    return chains != NULL && au_json_in_type(chains) == AU_JSON_IN_OBJECT ? chains : NULL;
}

static bool is_whole(const struct au_json_in *root)
{
    const struct au_json_in *chains = chains_of(root);
    struct au_json_in_member chain = {0};
    if (chains == NULL) return false;
    while (au_json_in_next(chains, &chain)) {
        struct au_json_in_member name = {0};
        if (au_json_in_type(chain.value) != AU_JSON_IN_OBJECT) return false;
        while (au_json_in_next(chain.value, &name)) {
            struct au_address address;
            if (au_json_in_type(name.value) != AU_JSON_IN_STRING) return false;
            if (au_address_parse(au_json_in_string(name.value), &address) != NULL) return false;
        }
    }
    return true;
}

/* No file is no names: OK, and NULL. */
static enum au_err load(struct au_json_in **out_root)
{
    struct au_buf text;
    struct au_json_in *root = NULL;
    au_buf_init(&text, FILE_SIZE_MAX);
    enum au_err err = au_file_read(AU_ALIAS_FILE, &text);
    bool is_there = err == AU_OK;
    if (is_there) err = au_json_in_parse(au_buf_bytes(&text), NULL, &root);
    au_buf_done(&text);
    if (err == AU_ERR_NO_MEMORY || err == AU_ERR_IO) return err;
    if (err == AU_ERR_NOT_FOUND || (err == AU_OK && is_whole(root))) {
        *out_root = root;
        return AU_OK;
    }
    au_json_in_free(root);
    return AU_ERR_MALFORMED;
}

static enum au_exit read_file(const struct au_invocation *invocation, struct au_json_in **out_root)
{
    enum au_err err = load(out_root);
    if (err == AU_OK) return AU_EXIT_DONE;
    if (err != AU_ERR_MALFORMED) {
        return au_invocation_fail_file(invocation, err, "read", AU_ALIAS_FILE);
    }
    return au_invocation_fail(invocation, AU_EXIT_USAGE,
                              "'" AU_ALIAS_FILE "' is not what `aureon deploy --as` left there: "
                              "take it away, or mend it");
}

enum au_exit au_alias_check(const struct au_invocation *invocation)
{
    struct au_json_in *root = NULL;
    enum au_exit code = read_file(invocation, &root);
    au_json_in_free(root);
    return code;
}

static void put_hash(const struct au_hash *hash, struct au_buf *text)
{
    au_buf_init(text, HASH_TEXT);
    au_hex_put(text, (struct au_bytes){hash->bytes, AU_HASH_SIZE});
    au_buf_put_u8(text, 0);
}

/* ---- finding ---- */

static bool is_known(const struct au_json_in *root, const char *name)
{
    const struct au_json_in *chains = chains_of(root);
    struct au_json_in_member chain = {0};
    while (chains != NULL && au_json_in_next(chains, &chain)) {
        if (au_json_in_get(chain.value, name) != NULL) return true;
    }
    return false;
}

static const char *name_in(const char *word)
{
    return word[0] == '@' ? word + 1 : word;
}

enum au_exit au_alias_is_known(const struct au_invocation *invocation, const char *word,
                               bool *out_is_known)
{
    struct au_json_in *root = NULL;
    *out_is_known = false;
    if (strpbrk(word, "./") != NULL) return AU_EXIT_DONE; /* no name has these, most files do */
    enum au_exit code = read_file(invocation, &root);
    *out_is_known = code == AU_EXIT_DONE && is_known(root, name_in(word));
    au_json_in_free(root);
    return code;
}

const struct au_json_in *au_alias_of_chain(struct au_bytes genesis_hash,
                                           struct au_json_in **out_root)
{
    struct au_json_in *root = NULL;
    struct au_json_in_member chain = {0};
    if (load(&root) != AU_OK) return NULL;
    const struct au_json_in *chains = chains_of(root);
    while (chains != NULL && au_json_in_next(chains, &chain)) {
        if (!au_bytes_is_equal(chain.key, genesis_hash)) continue;
        *out_root = root;
        return chain.value;
    }
    au_json_in_free(root);
    return NULL;
}

static bool find_name(const struct au_json_in *root, const struct au_hash *genesis_hash,
                      const char *name, struct au_who *out_who)
{
    struct au_buf hash;
    struct au_who who = {.kind = AU_WHO_ADDRESS};
    put_hash(genesis_hash, &hash);
    const struct au_json_in *chain = NULL;
    if (hash.err == AU_OK) chain = au_json_in_get(chains_of(root), (const char *)hash.data);
    au_buf_done(&hash);
    struct au_bytes text = {0};
    if (chain != NULL) text = au_json_in_text(chain, name);
    if (text.size == 0 || au_address_parse(text, &who.address) != NULL) return false;
    *out_who = who;
    return true;
}

static enum au_exit ask_chain(struct au_invocation *invocation, struct au_chain_status *out_status)
{
    struct au_client client;
    enum au_exit code = au_client_init(&client, invocation);
    return code == AU_EXIT_DONE ? au_client_status(&client, out_status) : code;
}

/* A word that names nobody on this chain. */
static enum au_exit fail_unknown(struct au_invocation *invocation, const struct au_json_in *root,
                                 const char *name)
{
    if (is_known(root, name)) {
        return au_invocation_fail(invocation, AU_EXIT_NOT_FOUND,
                                  "'%s' is a contract of another chain than this node's (one in "
                                  "memory is new after each start); `aureon deploy FILE --as %s` "
                                  "puts it on this one",
                                  name, name);
    }
    struct au_nearest nearest;
    const struct au_json_in *chains = chains_of(root);
    struct au_json_in_member chain = {0};
    au_nearest_init(&nearest, name);
    while (chains != NULL && au_json_in_next(chains, &chain)) {
        struct au_json_in_member known = {0};
        while (au_json_in_next(chain.value, &known)) {
            char *text = au_arena_zero(&invocation->arena, known.key.size + 1);
            if (text == NULL) continue;
            memcpy(text, known.key.data, known.key.size);
            au_nearest_offer(&nearest, text);
        }
    }
    if (nearest.best != NULL) {
        return au_invocation_fail(invocation, AU_EXIT_KEY,
                                  "there is no contract and no key '%s'; did you mean '%s'?", name,
                                  nearest.best);
    }
    return au_invocation_fail(invocation, AU_EXIT_KEY,
                              "there is no contract and no key '%s'; `aureon deploy --as` names "
                              "contracts, for the folder that it is typed in, and `aureon keys "
                              "list` shows keys",
                              name);
}

/* An address, a development account or a key; what is wrong with a word that is none is said by
 * whoever knows best. */
static enum au_exit find_other(struct au_invocation *invocation, const struct au_json_in *root,
                               const char *word, bool is_dev, struct au_who *out_who)
{
    const char **keys;
    size_t count;
    size_t index;
    struct au_address address;
    const char *name = name_in(word);
    bool is_other = au_address_parse(au_bytes_of(word), &address) == NULL ||
                    au_dev_account_find(au_bytes_of(name), &index) || !au_wallet_is_name(name);
    if (is_other) return au_wallet_find(invocation, word, is_dev, out_who);
    enum au_exit code = au_wallet_names(invocation, &keys, &count);
    if (code != AU_EXIT_DONE) return code;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i], name) == 0) return au_wallet_find(invocation, word, is_dev, out_who);
    }
    return fail_unknown(invocation, root, name);
}

enum au_exit au_alias_find(struct au_invocation *invocation, const struct au_chain_status *status,
                           const char *word, struct au_who *out_who)
{
    struct au_json_in *root = NULL;
    struct au_chain_status asked = {0};
    struct au_address address;
    size_t index;
    enum au_exit code = AU_EXIT_DONE;
    const char *name = name_in(word);
    if (au_address_parse(au_bytes_of(word), &address) != NULL) {
        bool is_dev_name = au_dev_account_find(au_bytes_of(name), &index);
        if (!is_dev_name) code = read_file(invocation, &root);
        bool is_asked =
            code == AU_EXIT_DONE && status == NULL && (is_dev_name || is_known(root, name));
        if (is_asked) code = ask_chain(invocation, &asked);
        if (is_asked) status = &asked;
    }
    bool is_found = code == AU_EXIT_DONE && root != NULL && status != NULL &&
                    find_name(root, &status->genesis_hash, name, out_who);
    if (code == AU_EXIT_DONE && !is_found) {
        code = find_other(invocation, root, word, status != NULL && status->is_dev, out_who);
    }
    au_json_in_free(root);
    return code;
}

/* ---- saving ---- */

static void put_entry(struct au_json_write *json, const char *name,
                      const struct au_address *address)
{
    struct au_buf text;
    au_buf_init(&text, HASH_TEXT);
    au_address_format(&text, address);
    au_json_put_bytes(json, name, au_buf_bytes(&text));
    au_buf_done(&text);
}

static void put_names(struct au_json_write *json, const struct au_json_in *chain, const char *but)
{
    struct au_json_in_member name = {0};
    while (au_json_in_next(chain, &name)) {
        if (au_bytes_is_equal(name.key, au_bytes_of(but))) continue;
        au_json_write_key_bytes(json, name.key);
        au_json_write_bytes(json, au_json_in_string(name.value));
    }
}

/* The chain that is named now comes last, so that the first is the one to forget. */
static void put_file(struct au_buf *text, const struct au_json_in *chains, const char *hash,
                     const char *name, const struct au_address *address)
{
    struct au_json_write json;
    struct au_json_in_member chain = {0};
    size_t count = chains == NULL ? 0 : au_json_in_count(chains);
    au_json_write_init(&json, text, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&json);
    au_json_put_u32(&json, "format", 1);
    au_json_write_key(&json, "chains");
    au_json_write_begin_object(&json);
    for (size_t i = 0; chains != NULL && au_json_in_next(chains, &chain); i++) {
        bool is_this = au_bytes_is_equal(chain.key, au_bytes_of(hash));
        if (is_this || i + CHAINS_MAX <= count) continue;
        au_json_write_key_bytes(&json, chain.key);
        au_json_write_begin_object(&json);
        put_names(&json, chain.value, "");
        au_json_write_end_object(&json);
    }
    au_json_write_key(&json, hash);
    au_json_write_begin_object(&json);
    const struct au_json_in *known = chains == NULL ? NULL : au_json_in_get(chains, hash);
    if (known != NULL) put_names(&json, known, name);
    put_entry(&json, name, address);
    au_json_write_end_object(&json);
    au_json_write_end_object(&json);
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
}

/* Whoever meant to upgrade it still finds it. */
static void tell_of_former(const struct au_invocation *invocation, const struct au_json_in *root,
                           const struct au_hash *genesis_hash, const char *name)
{
    struct au_who former;
    struct au_buf text;
    if (root == NULL || !find_name(root, genesis_hash, name, &former)) return;
    au_buf_init(&text, HASH_TEXT);
    au_address_format(&text, &former.address);
    au_invocation_note(invocation,
                       "`%s` was %.*s until now; --upgrade %s would have replaced its code", name,
                       (int)text.size, text.size > 0 ? (const char *)text.data : "", name);
    au_buf_done(&text);
}

enum au_exit au_alias_save(struct au_invocation *invocation, const struct au_hash *genesis_hash,
                           const char *name, const struct au_address *address)
{
    struct au_buf text;
    struct au_buf hash;
    struct au_json_in *root = NULL;
    enum au_exit code = read_file(invocation, &root);
    if (code != AU_EXIT_DONE) return code;
    if (au_file_make_folder(FOLDER, FOLDER_MODE) != AU_OK) {
        au_json_in_free(root);
        return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "cannot make the folder '%s': %s",
                                  FOLDER, strerror(errno));
    }
    au_buf_init(&text, FILE_SIZE_MAX);
    put_hash(genesis_hash, &hash);
    AU_ASSERT(hash.err == AU_OK || hash.err == AU_ERR_NO_MEMORY);
    if (hash.err == AU_OK) {
        put_file(&text, chains_of(root), (const char *)hash.data, name, address);
    }
    enum au_err err = hash.err == AU_OK ? text.err : hash.err;
    code = err == AU_OK ? au_invocation_save(invocation, AU_ALIAS_FILE, au_buf_bytes(&text))
                        : au_invocation_fail_file(invocation, err, "write", AU_ALIAS_FILE);
    if (code == AU_EXIT_DONE) tell_of_former(invocation, root, genesis_hash, name);
    au_buf_done(&hash);
    au_buf_done(&text);
    au_json_in_free(root);
    return code;
}
