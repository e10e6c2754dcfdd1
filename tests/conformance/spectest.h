/* What the specification's scripts import from the module "spectest", as far as contracts can
 * import it: its functions, which do nothing. */
#ifndef AUREON_TESTS_SPECTEST_H
#define AUREON_TESTS_SPECTEST_H

#include "vm/host_table.h"

static enum au_host_next spectest_print(struct au_instance *instance, union au_value *args)
{
    (void)instance;
    (void)args;
    return AU_HOST_CONTINUE;
}

static const struct au_host_entry spectest_entries[] = {
    {.name = "print", .number = 1, .params = "", .results = "", .run = spectest_print},
    {.name = "print_i32", .number = 2, .params = "i", .results = "", .run = spectest_print},
    {.name = "print_i64", .number = 3, .params = "I", .results = "", .run = spectest_print},
    {.name = "print_f32", .number = 4, .params = "f", .results = "", .run = spectest_print},
    {.name = "print_f64", .number = 5, .params = "F", .results = "", .run = spectest_print},
    {.name = "print_i32_f32", .number = 6, .params = "if", .results = "", .run = spectest_print},
    {.name = "print_f64_f64", .number = 7, .params = "FF", .results = "", .run = spectest_print},
};
static const struct au_host_table spectest_host = {"spectest", spectest_entries,
                                                   AU_COUNT_OF(spectest_entries)};

#endif
