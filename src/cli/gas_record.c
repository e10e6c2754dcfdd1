#include "cli/gas_record.h"

#include "base/json_in.h"
#include "base/text.h"

enum au_err au_gas_record_parse(struct au_gas_record *record, struct au_bytes text)
{
    record->root = NULL;
    AU_TRY(au_json_in_parse(text, NULL, &record->root));
    const struct au_json_in *files = NULL;
    if (au_json_in_type(record->root) == AU_JSON_IN_OBJECT) {
        files = au_json_in_get(record->root, "files");
    }
    bool is_right = files != NULL && au_json_in_type(files) == AU_JSON_IN_OBJECT;
    return is_right ? AU_OK : AU_ERR_MALFORMED;
}

void au_gas_record_done(struct au_gas_record *record)
{
    au_json_in_free(record->root);
    record->root = NULL;
}

bool au_gas_record_find(const struct au_gas_record *record, const char *file, size_t index,
                        struct au_bytes step, uint64_t *out_gas)
{
    if (record->root == NULL) return false;
    const struct au_json_in *steps = au_json_in_get(au_json_in_get(record->root, "files"), file);
    if (steps == NULL || au_json_in_type(steps) != AU_JSON_IN_ARRAY) return false;
    if (index >= au_json_in_count(steps)) return false;
    const struct au_json_in *item = au_json_in_item(steps, index);
    if (au_json_in_type(item) != AU_JSON_IN_OBJECT) return false;
    return au_bytes_is_equal(au_json_in_text(item, "step"), step) &&
           au_text_parse_u64(au_json_in_text(item, "gas"), out_gas) == AU_OK;
}
