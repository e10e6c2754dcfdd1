#include "cli/project.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/embedded.h"

#define NAME_SIZE_MAX   64u
#define PATH_SIZE_MAX   512u
#define FOLDER_MODE     0755
#define TEMPLATE_PRESET "counter"

static bool is_of(const struct au_embedded_file *file, const char *folder)
{
    return strcmp(file->folder, folder) == 0;
}

static bool is_template(const char *name)
{
    bool is_found = false;
    for (size_t i = 0; i < au_embedded_count && strcmp(name, AU_EMBEDDED_KIT) != 0; i++) {
        is_found |= is_of(&au_embedded[i], name);
    }
    return is_found;
}

/* The files are by folder, so that each folder's first one tells of it. */
static void put_templates(struct au_buf *text)
{
    const char *last = AU_EMBEDDED_KIT;
    for (size_t i = 0; i < au_embedded_count; i++) {
        const char *folder = au_embedded[i].folder;
        if (strcmp(folder, last) == 0 || is_of(&au_embedded[i], AU_EMBEDDED_KIT)) continue;
        au_buf_printf(text, "%s%s", text->size > 0 ? ", " : "", folder);
        last = folder;
    }
    au_buf_put_u8(text, 0);
}

static enum au_exit check_operands(const struct au_invocation *invocation, const char *name,
                                   const char *template_name)
{
    size_t size = strlen(name);
    if (size == 0 || size > NAME_SIZE_MAX || name[0] == '-' ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != size) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "expected a name, 1 to %u of a-z 0-9 - _, got '%s'",
                                  NAME_SIZE_MAX, name);
    }
    if (is_template(template_name)) return AU_EXIT_DONE;
    struct au_buf templates;
    au_buf_init(&templates, 4096);
    put_templates(&templates);
    enum au_exit code = au_invocation_fail(
        invocation, AU_EXIT_USAGE, "--template: expected one of %s, got '%s'",
        templates.err == AU_OK ? (const char *)templates.data : "", template_name);
    au_buf_done(&templates);
    return code;
}

enum au_exit au_new_command(struct au_invocation *invocation)
{
    const char *name = invocation->operands[0];
    const char *template_name = au_invocation_text(invocation, "template", TEMPLATE_PRESET);
    struct au_buf text;
    enum au_exit code = check_operands(invocation, name, template_name);
    if (code != AU_EXIT_DONE) return code;
    if (mkdir(name, FOLDER_MODE) != 0) {
        return au_invocation_fail(invocation, errno == EEXIST ? AU_EXIT_USAGE : AU_EXIT_INTERNAL,
                                  "cannot make the folder '%s': %s", name, strerror(errno));
    }
    au_buf_init(&text, 65536);
    for (size_t i = 0; code == AU_EXIT_DONE && i < au_embedded_count; i++) {
        char path[PATH_SIZE_MAX];
        if (!is_of(&au_embedded[i], template_name)) continue;
        snprintf(path, sizeof(path), "%s/%s", name, au_embedded[i].name);
        code = au_invocation_save(invocation, path, au_embedded[i].content);
        au_buf_printf(&text, "%s\n", path);
    }
    if (code == AU_EXIT_DONE) code = au_invocation_write(invocation, &text);
    if (code == AU_EXIT_DONE) {
        au_invocation_note(invocation, "next: cd %s && aureon build && aureon test", name);
    }
    au_buf_done(&text);
    return code;
}
