/* What a transaction has changed: storage by the contracts' ABIs, balances, code. */
#include "cli/show.h"
#include "cli/trace_internal.h"

static void begin_change(const struct trace *trace, const struct au_json_in *change,
                         const char *whose, struct au_buf *text)
{
    au_buf_printf(text, "%14s", "");
    au_known_put(&trace->known, au_json_in_text(change, whose), text);
    au_buf_put_u8(text, ' ');
}

static void put_bytes(const struct au_json_in *object, const char *name, struct au_buf *text)
{
    struct au_bytes bytes = au_json_in_text(object, name);
    if (bytes.size > 0) {
        au_show_told(text, bytes);
    } else {
        au_buf_put_text(text, "none");
    }
}

static void put_slot(const struct trace *trace, const struct au_json_in *change,
                     struct au_buf *text)
{
    const struct au_json_in *entry = au_json_in_get(change, "entry");
    begin_change(trace, change, "contract", text);
    if (entry != NULL && au_json_in_type(entry) == AU_JSON_IN_OBJECT) {
        trace_put_entry(trace, entry, text);
        au_buf_put_text(text, ": ");
        trace_put_member(trace, entry, "before", text);
        au_buf_put_text(text, " -> ");
        trace_put_member(trace, entry, "after", text);
    } else {
        put_bytes(change, "key", text);
        au_buf_put_text(text, ": ");
        put_bytes(change, "before", text);
        au_buf_put_text(text, " -> ");
        put_bytes(change, "after", text);
    }
    au_buf_put_u8(text, '\n');
}

static void put_balance(const struct trace *trace, const struct au_json_in *change,
                        struct au_buf *text)
{
    begin_change(trace, change, "address", text);
    au_show_text(text, au_json_in_text(change, "before"));
    au_buf_put_text(text, " -> ");
    au_show_text(text, au_json_in_text(change, "after"));
    au_buf_put_text(text, " base units\n");
}

static void put_contract(const struct trace *trace, const struct au_json_in *change,
                         struct au_buf *text)
{
    static const struct {
        const char *what, *before, *after;
    } rows[] = {{"code", "code_hash_before", "code_hash"}, {"admin", "admin_before", "admin"}};
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        struct au_bytes before = au_json_in_text(change, rows[i].before);
        struct au_bytes after = au_json_in_text(change, rows[i].after);
        if (au_bytes_is_equal(before, after)) continue;
        begin_change(trace, change, "contract", text);
        au_buf_printf(text, "%s: ", rows[i].what);
        put_bytes(change, rows[i].before, text);
        au_buf_put_text(text, " -> ");
        put_bytes(change, rows[i].after, text);
        au_buf_put_u8(text, '\n');
    }
}

void trace_put_changes(const struct trace *trace, const struct au_answer *answer,
                       struct au_buf *text)
{
    static const struct {
        const char *name;
        void (*put)(const struct trace *trace, const struct au_json_in *change,
                    struct au_buf *text);
    } rows[] = {{"storage_changes", put_slot},
                {"balance_changes", put_balance},
                {"contract_changes", put_contract}};
    bool has_any = false;
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        const struct au_json_in *list = au_json_in_get(answer->json, rows[i].name);
        bool is_list = list != NULL && au_json_in_type(list) == AU_JSON_IN_ARRAY;
        for (size_t j = 0; is_list && j < au_json_in_count(list); j++) {
            const struct au_json_in *change = au_json_in_item(list, j);
            if (au_json_in_type(change) != AU_JSON_IN_OBJECT) continue;
            if (!has_any) au_buf_put_text(text, "     changes\n");
            has_any = true;
            rows[i].put(trace, change, text);
        }
    }
}
