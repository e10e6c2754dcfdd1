#include "api/cursor.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

void au_cursor_format_tx(const struct au_chain_place *place, char out_text[AU_CURSOR_SIZE])
{
    snprintf(out_text, AU_CURSOR_SIZE, "%" PRIu64 "-%" PRIu32, place->height, place->index);
}

void au_cursor_format_event(const struct au_event_place *place, char out_text[AU_CURSOR_SIZE])
{
    snprintf(out_text, AU_CURSOR_SIZE, "%" PRIu64 "-%" PRIu32 "-%" PRIu32, place->tx.height,
             place->tx.index, place->number);
}

/* Splits text at its last dash. */
static bool split(struct au_bytes text, struct au_bytes *out_head, struct au_bytes *out_tail)
{
    const uint8_t *dash = text.size > 0 ? memrchr(text.data, '-', text.size) : NULL;
    if (!dash) return false;
    *out_head = (struct au_bytes){text.data, (size_t)(dash - text.data)};
    *out_tail = (struct au_bytes){dash + 1, text.size - out_head->size - 1};
    return true;
}

bool au_cursor_parse_tx(struct au_bytes text, struct au_chain_place *out_place)
{
    struct au_bytes height, index;
    return split(text, &height, &index) && au_text_parse_u64(height, &out_place->height) == AU_OK &&
           au_text_parse_u32(index, &out_place->index) == AU_OK;
}

bool au_cursor_parse_event(struct au_bytes text, struct au_event_place *out_place)
{
    struct au_bytes tx, number;
    return split(text, &tx, &number) && au_cursor_parse_tx(tx, &out_place->tx) &&
           au_text_parse_u32(number, &out_place->number) == AU_OK;
}
