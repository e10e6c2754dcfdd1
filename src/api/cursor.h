/* Where a list goes on: the place of a transaction or of an event, as clients are given it and
 * bring it back, "height-index" and "height-index-number". Each place has one text.
 *
 * Threading: pure functions. */
#ifndef AUREON_API_CURSOR_H
#define AUREON_API_CURSOR_H

#include "chain/events.h"

#define AU_CURSOR_SIZE 43u /* bytes, with the end */

void au_cursor_format_tx(const struct au_chain_place *place, char out_text[AU_CURSOR_SIZE]);
void au_cursor_format_event(const struct au_event_place *place, char out_text[AU_CURSOR_SIZE]);

/* au_cursor_parse_tx and au_cursor_parse_event read a place back. false: the text is none. */
AU_MUST_USE bool au_cursor_parse_tx(struct au_bytes text, struct au_chain_place *out_place);
AU_MUST_USE bool au_cursor_parse_event(struct au_bytes text, struct au_event_place *out_place);

#endif
