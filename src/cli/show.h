/* Bytes that a contract made, for people: never able to steer a terminal or to fake a line. */
#ifndef AUREON_CLI_SHOW_H
#define AUREON_CLI_SHOW_H

#include "base/buf.h"
#include "base/json_in.h"
#include "base/json_write.h"

/* au_show_is_text tells whether bytes read well as they are: UTF-8 without control characters and
 * without characters that change the direction of text, and not empty. */
bool au_show_is_text(struct au_bytes bytes);

/* au_show_text writes text: U+FFFD where it is no UTF-8, \xNN for each byte of a character
 * that au_show_is_text refuses. A newline is one of them. */
void au_show_text(struct au_buf *buf, struct au_bytes text);

/* au_show_json writes a JSON document that somebody else made, with a line end behind it: what
 * au_show_text would escape is \u and four digits. Line ends and tabs between values stay, carriage
 * returns go. */
void au_show_json(struct au_buf *buf, struct au_bytes document);

/* au_show_number gives the number that at most 8 little-endian bytes are. */
uint64_t au_show_number(struct au_bytes bytes);

/* au_show_value writes bytes in hex, at most 64 of them, and behind it what they may mean: the
 * text, or the number if there are 4 or 8. */
void au_show_value(struct au_buf *buf, struct au_bytes bytes);

/* au_show_told writes a text that a node told: bytes in hex as au_show_value does, all else as
 * au_show_text does. */
void au_show_told(struct au_buf *buf, struct au_bytes text);

/* au_show_decoded writes a value that a node decoded, as JSON; au_show_fields the members of an
 * object of such: `(total="5", to="aur1..")`, or nothing if that is no object. NULL is legal. */
void au_show_decoded(struct au_buf *buf, const struct au_json_in *value);
void au_show_fields(struct au_buf *buf, const struct au_json_in *object);

/* au_show_put_json writes a member of bytes in hex and, where they read well, a member name_text
 * with their text. name has at most 16 letters. */
void au_show_put_json(struct au_json_write *json, const char *name, struct au_bytes bytes);

#endif
