#include "cli/account.h"

#include "base/hex.h"
#include "cli/show.h"

static bool has_hex_prefix(struct au_bytes text)
{
    return text.size >= 2 && text.data[0] == '0' && text.data[1] == 'x';
}

enum au_err au_account_parse(struct au_bytes text, struct au_arena *arena, struct au_bytes *out_id)
{
    struct au_bytes id = text;
    if (has_hex_prefix(text)) AU_TRY(au_hex_read(arena, text, &id));
    if (id.size == 0 || id.size > AU_ID_SIZE_MAX) return AU_ERR_MALFORMED;
    *out_id = id;
    return AU_OK;
}

void au_account_format(struct au_buf *buf, struct au_bytes id)
{
    if (au_show_is_text(id) && !has_hex_prefix(id)) {
        au_buf_put_bytes(buf, id);
    } else {
        au_hex_put(buf, id);
    }
}
