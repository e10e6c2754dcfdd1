/* What is checked of every document that people write: types, members, and how it is said what is
 * wrong: where, what was expected, what was got.
 *
 * `where` is the path of a value, "steps[2].args[0]"; empty for the document itself. All but
 * au_field_put_quoted give MALFORMED for what is wrong, after a sentence in message.
 *
 * Threading: pure functions. */
#ifndef AUREON_CLI_FIELD_H
#define AUREON_CLI_FIELD_H

#include "base/buf.h"
#include "base/json_in.h"

/* au_field_fail writes a sentence as printf does, and gives MALFORMED. */
AU_PRINTF(2, 3) enum au_err au_field_fail(struct au_buf *message, const char *format, ...);

/* au_field_fail_text says that a text is not what was expected. */
enum au_err au_field_fail_text(struct au_buf *message, const char *where, const char *expected,
                               struct au_bytes got);

/* au_field_put_quoted writes a text of the document, or its first 64 bytes, between quotes. */
void au_field_put_quoted(struct au_buf *message, struct au_bytes text);

/* au_field_type checks the type of a value. OK, MALFORMED */
AU_MUST_USE enum au_err au_field_type(struct au_buf *message, const char *where,
                                      const struct au_json_in *value, enum au_json_in_type type);

/* au_field_members refuses members that are not among the names, which end in NULL. */
AU_MUST_USE enum au_err au_field_members(struct au_buf *message, const char *where,
                                         const struct au_json_in *object, const char *const *names);

#endif
