/* RFC 9457 problem documents: what every answer with status 400 or more carries.
 *
 *     struct au_problem problem;
 *     au_problem_init(&problem, AU_PROBLEM_BAD_VALUE);
 *     au_problem_set(&problem, "detail", "limit is %s", text);
 *     au_problem_set(&problem, "expected", "a number from 1 to 100");
 *     au_response_put_problem(response, &problem);
 *
 * abi/problem.def has the codes. A problem needs no heap: making one cannot fail.
 *
 * Invariants:
 *   1. The document has type, title, status, code, then what was set, in that order, then instance.
 *   2. Members hold text or a number. Text that does not fit into AU_PROBLEM_TEXT_SIZE is cut
 *      off, bytes of it that are not valid UTF-8 become U+FFFD; the document is valid JSON whatever
 *      was set.
 *
 * Threading: a problem belongs to one thread; the table is constant. */
#ifndef AUREON_API_PROBLEM_H
#define AUREON_API_PROBLEM_H

#include "base/buf.h"

#define AU_PROBLEM_MEMBERS_MAX 8
#define AU_PROBLEM_TEXT_SIZE   1024 /* bytes of all members, with their ends */
#define AU_PROBLEM_MEDIA_TYPE  "application/problem+json" /* RFC 9457, section 3 */

enum au_problem_code {
#define AU_PROBLEM(NAME, code, status, title, text) AU_PROBLEM_##NAME,
#include "abi/problem.def"
#undef AU_PROBLEM
    AU_PROBLEM_CODE_COUNT,
};

/* A row of the table: what the routes /docs/errors/<code> and `aureon help errors` show. */
struct au_problem_kind {
    const char *code; /* "bad-value" */
    int status;
    const char *title;
    const char *text; /* a sentence: what the code means for every route */
};

struct au_problem_member {
    const char *key;
    bool is_number;
    uint32_t number;
    size_t offset; /* of its text */
};

struct au_problem {
    enum au_problem_code code;
    size_t member_count;
    size_t text_size;
    struct au_problem_member members[AU_PROBLEM_MEMBERS_MAX];
    char text[AU_PROBLEM_TEXT_SIZE];
};

/* au_problem_kind gives the row of a code. Never NULL. */
const struct au_problem_kind *au_problem_kind(enum au_problem_code code);

/* au_problem_find gives the code with this word; AU_PROBLEM_CODE_COUNT: there is none. */
enum au_problem_code au_problem_find(struct au_bytes word);

/* au_problem_init begins a problem. Its detail is the table's sentence until one is set. */
void au_problem_init(struct au_problem *problem, enum au_problem_code code);

/* au_problem_set adds a member: "detail", "expected", "got", "nearest" and the like. The caller
 * gives no key twice and at most AU_PROBLEM_MEMBERS_MAX.
 *
 * key   borrowed for the problem's life: a literal */
AU_PRINTF(3, 4)
void au_problem_set(struct au_problem *problem, const char *key, const char *format, ...);

/* au_problem_set_number is au_problem_set for a member that is a JSON number. */
void au_problem_set_number(struct au_problem *problem, const char *key, uint32_t number);

/* au_problem_write puts the document at the end of buf.
 *
 * instance   which request had it, the Request-Id; NULL: the document does not say */
void au_problem_write(const struct au_problem *problem, const char *instance, struct au_buf *buf);

#endif
