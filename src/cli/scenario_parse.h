/* Reading scenarios: what the files of cli/scenario.h share.
 *
 * Every function gives OK, NO_MEMORY, or MALFORMED after a sentence in parser->message; `where` is
 * the path of the value in the document. */
#ifndef AUREON_CLI_SCENARIO_PARSE_H
#define AUREON_CLI_SCENARIO_PARSE_H

#include "abi/abi.h"
#include "cli/field.h"
#include "cli/scenario.h"

struct au_scenario_parser {
    struct au_scenario *scenario;
    struct au_buf *message;
    size_t index; /* of the step that is read */
};

/* The path of a member, and of an item; they live as long as the scenario. */
const char *au_scenario_member(struct au_scenario_parser *parser, const char *where,
                               struct au_bytes name);
const char *au_scenario_item(struct au_scenario_parser *parser, const char *where, size_t index);

AU_MUST_USE enum au_err au_scenario_text(struct au_scenario_parser *parser, const char *where,
                                         const struct au_json_in *value, struct au_bytes *out_text);
AU_MUST_USE enum au_err au_scenario_number(struct au_scenario_parser *parser, const char *where,
                                           const struct au_json_in *value, uint64_t max,
                                           uint64_t *out_number);
AU_MUST_USE enum au_err au_scenario_amount(struct au_scenario_parser *parser, const char *where,
                                           const struct au_json_in *value, uint64_t *out_amount);
AU_MUST_USE enum au_err au_scenario_party(struct au_scenario_parser *parser, const char *where,
                                          struct au_bytes name, struct au_party *out_party);
AU_MUST_USE enum au_err au_scenario_contract(struct au_scenario_parser *parser, const char *where,
                                             struct au_bytes name, struct au_party *out_party);

/* au_scenario_add_name gives a contract a name that no other has. */
AU_MUST_USE enum au_err au_scenario_add_name(struct au_scenario_parser *parser, const char *where,
                                             struct au_bytes name);

/* au_scenario_value keeps any value; what it means depends on its type. */
AU_MUST_USE enum au_err au_scenario_value(struct au_scenario_parser *parser,
                                          const struct au_json_in *value,
                                          struct au_scenario_value *out_value);

/* au_scenario_list makes room for the items of an array, au_json_in_count of it. */
AU_MUST_USE enum au_err au_scenario_list(struct au_scenario_parser *parser, const char *where,
                                         const struct au_json_in *array, size_t count_max,
                                         size_t item_size, void **out_items);

/* au_scenario_values reads an array of values. */
AU_MUST_USE enum au_err au_scenario_values(struct au_scenario_parser *parser, const char *where,
                                           const struct au_json_in *array, size_t count_max,
                                           struct au_scenario_value **out_values);

/* au_scenario_named reads an object whose members have the names of arguments or fields. */
AU_MUST_USE enum au_err au_scenario_named(struct au_scenario_parser *parser, const char *where,
                                          const struct au_json_in *object, size_t count_max,
                                          struct au_scenario_fields *out_fields);

/* au_scenario_expectation reads what a step of a kind expects. */
AU_MUST_USE enum au_err au_scenario_expectation(struct au_scenario_parser *parser,
                                                const char *where, const struct au_json_in *value,
                                                enum au_step_kind kind,
                                                struct au_expectation *out_expect);

#endif
