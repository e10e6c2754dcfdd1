#include "api/problem.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/json_write.h"

static const struct au_problem_kind kinds[AU_PROBLEM_CODE_COUNT] = {
#define AU_PROBLEM(NAME, code, status, title, text) {code, status, title, text},
#include "abi/problem.def"
#undef AU_PROBLEM
};

const struct au_problem_kind *au_problem_kind(enum au_problem_code code)
{
    AU_ASSERT((unsigned)code < AU_PROBLEM_CODE_COUNT);
    return &kinds[code];
}

enum au_problem_code au_problem_find(struct au_bytes word)
{
    unsigned code = 0;
    while (code < AU_PROBLEM_CODE_COUNT && !au_bytes_is_equal(au_bytes_of(kinds[code].code), word))
        code++;
    return (enum au_problem_code)code;
}

void au_problem_init(struct au_problem *problem, enum au_problem_code code)
{
    AU_ASSERT((unsigned)code < AU_PROBLEM_CODE_COUNT);
    problem->code = code;
    problem->member_count = 0;
    problem->text_size = 0;
}

static bool is_set(const struct au_problem *problem, const char *key)
{
    for (size_t i = 0; i < problem->member_count; i++) {
        if (strcmp(problem->members[i].key, key) == 0) return true;
    }
    return false;
}

static struct au_problem_member *add_member(struct au_problem *problem, const char *key)
{
    AU_ASSERT(problem->member_count < AU_PROBLEM_MEMBERS_MAX);
    AU_ASSERT(!is_set(problem, key));
    struct au_problem_member *member = &problem->members[problem->member_count++];
    *member = (struct au_problem_member){.key = key, .offset = problem->text_size};
    return member;
}

void au_problem_set_number(struct au_problem *problem, const char *key, uint32_t number)
{
    struct au_problem_member *member = add_member(problem, key);
    member->is_number = true;
    member->number = number;
}

void au_problem_set(struct au_problem *problem, const char *key, const char *format, ...)
{
    char *text = problem->text + add_member(problem, key)->offset;
    /* Every later member needs the byte of its end, so a long one may not take them. */
    size_t kept = AU_PROBLEM_MEMBERS_MAX - problem->member_count;
    size_t room = AU_PROBLEM_TEXT_SIZE - problem->text_size - kept;

    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(text, room, format, arguments);
    va_end(arguments);
    AU_ASSERT(written >= 0);

    size_t size = (size_t)written < room ? (size_t)written : room - 1;
    problem->text_size += size + 1;
}

static void write_member(struct au_json_write *json, const char *key, const char *text)
{
    au_json_write_key(json, key);
    au_json_write_text(json, text);
}

void au_problem_write(const struct au_problem *problem, const char *instance, struct au_buf *buf)
{
    const struct au_problem_kind *kind = au_problem_kind(problem->code);
    char type[96];
    snprintf(type, sizeof(type), "/docs/errors/%s", kind->code);

    struct au_json_write json;
    au_json_write_init(&json, buf, AU_JSON_WRITE_COMPACT);
    au_json_write_begin_object(&json);
    write_member(&json, "type", type);
    write_member(&json, "title", kind->title);
    au_json_put_u32(&json, "status", (uint32_t)kind->status);
    write_member(&json, "code", kind->code);
    if (!is_set(problem, "detail")) write_member(&json, "detail", kind->text);
    for (size_t i = 0; i < problem->member_count; i++) {
        const struct au_problem_member *member = &problem->members[i];
        if (member->is_number) {
            au_json_write_key(&json, member->key);
            au_json_write_u32(&json, member->number);
        } else {
            write_member(&json, member->key, problem->text + member->offset);
        }
    }
    if (instance) write_member(&json, "instance", instance);
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
}
