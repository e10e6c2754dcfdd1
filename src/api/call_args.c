#include "api/call_args.h"

#include <stdio.h>

#include "abi/interface.h"
#include "abi/section.h"
#include "abi/type.h"
#include "core/arg.h"
#include "core/limits.h"

#define EXPECTED_LIST "a list of " AU_ARG_EXPECTED
#define NAMES_SIZE    512u /* bytes of the names that a function knows, with the end */

/* One call by name and type. */
struct naming {
    struct au_input *input;
    const struct au_call_target *target;
    const struct au_json_in *values; /* an object */
    struct au_bytes *args;
    size_t count;
};

/* ---- what is refused ---- */

static void fail(struct au_input *input, const struct au_problem *problem)
{
    input->has_failed = true;
    au_response_put_problem(input->response, problem);
}

/* The types of the arguments are not known: a list needs none. */
static void fail_untyped(struct au_input *input, const char *why)
{
    struct au_problem problem;
    au_problem_init(&problem, AU_PROBLEM_BAD_VALUE);
    au_problem_set(&problem, "detail", "arguments have no types here: %s", why);
    au_problem_set(&problem, "member", "args");
    au_problem_set(&problem, "expected", "%s", EXPECTED_LIST);
    au_problem_set(&problem, "got", "an object");
    fail(input, &problem);
}

static void fail_value(struct au_input *input, const struct au_abi_value_error *error)
{
    struct au_problem problem;
    au_problem_init(&problem, AU_PROBLEM_BAD_VALUE);
    au_problem_set(&problem, "detail", "%s", error->message);
    au_problem_set(&problem, "member", "%s", error->path);
    if (error->expected[0] != '\0') {
        au_problem_set(&problem, "expected", "%s", error->expected);
        au_problem_set(&problem, "got", "%s", error->got);
    }
    fail(input, &problem);
}

static void fail_unknown(struct au_input *input, const struct au_abi_record *fn,
                         struct au_bytes name)
{
    struct au_problem problem;
    char names[NAMES_SIZE] = "";
    size_t used = 0;
    for (size_t i = 0; i < fn->field_count && used < sizeof(names); i++) {
        struct au_bytes known = fn->fields[i].name;
        int size = snprintf(names + used, sizeof(names) - used, "%s%.*s", i == 0 ? "" : ", ",
                            (int)known.size, (const char *)known.data);
        used += (size_t)size;
    }
    int size = (int)(name.size < AU_ABI_NAME_SIZE_MAX ? name.size : AU_ABI_NAME_SIZE_MAX);
    au_problem_init(&problem, AU_PROBLEM_UNKNOWN_MEMBER);
    au_problem_set(&problem, "detail", "`%.*s` takes no argument `%.*s`", (int)fn->name.size,
                   (const char *)fn->name.data, size, (const char *)name.data);
    au_problem_set(&problem, "member", "args.%.*s", size, (const char *)name.data);
    au_problem_set(&problem, "expected", "%s", fn->field_count == 0 ? "none" : names);
    fail(input, &problem);
}

static void fail_missing(struct au_input *input, const struct au_abi_field *field)
{
    char name[AU_ABI_NAME_SIZE_MAX + sizeof("args.")];
    struct au_buf type;
    snprintf(name, sizeof(name), "args.%.*s", (int)field->name.size,
             (const char *)field->name.data);
    au_buf_init(&type, AU_ABI_TEXT_SIZE_MAX);
    au_abi_type_format(&type, &field->type);
    au_buf_put_u8(&type, 0);
    au_input_need(input, name, type.err == AU_OK ? (const char *)type.data : "a value");
    au_buf_done(&type);
}

/* ---- by name ---- */

/* Only a development chain has accounts whose names all know. */
static bool find_name(void *context, struct au_bytes name, struct au_address *out_address)
{
    const struct au_api *api = context;
    size_t index;
    if (!api->options.is_dev || !au_dev_account_find(name, &index)) return false;
    *out_address = api->dev_addresses[index];
    return true;
}

static void read_value(struct naming *naming, const struct au_abi_call *call, size_t index,
                       const struct au_json_in *value)
{
    struct au_input *input = naming->input;
    struct au_abi_value_error error = {0};
    struct au_buf text;
    au_buf_init(&text, AU_JSON_IN_SIZE_MAX);
    au_json_in_put(value, &text);
    enum au_err err = text.err;
    if (err == AU_OK) {
        err = au_abi_call_value(call, index, au_buf_bytes(&text), &input->arena,
                                &naming->args[index], &error);
    }
    au_buf_done(&text);
    if (err == AU_ERR_MALFORMED) {
        fail_value(input, &error);
    } else if (err == AU_ERR_TOO_LARGE) {
        au_input_fail(input, "args", "at most 262144 bytes of all arguments together",
                      au_bytes_of("more"));
    } else if (err != AU_OK) {
        au_input_fail_err(input, err);
    }
}

static void read_named(struct naming *naming, const struct au_abi_call *call)
{
    const struct au_abi_record *fn = call->fn;
    struct au_json_in_member member = {0};
    bool is_given[AU_ABI_FIELDS_MAX] = {false};
    while (!naming->input->has_failed && au_json_in_next(naming->values, &member)) {
        size_t index = au_abi_find_field(fn->fields, fn->field_count, member.key);
        if (index == fn->field_count) {
            fail_unknown(naming->input, fn, member.key);
            return;
        }
        is_given[index] = true;
        read_value(naming, call, index, member.value);
    }
    for (size_t i = 0; i < fn->field_count; i++) {
        if (!is_given[i]) fail_missing(naming->input, &fn->fields[i]);
    }
    naming->count = fn->field_count;
}

static void read_by_code(struct naming *naming, struct au_bytes code)
{
    struct au_input *input = naming->input;
    const struct au_abi_names names = {.find = find_name, .context = input->api};
    struct au_abi_call call = {.names = &names, .form = AU_ABI_JSON};
    struct au_interface interface;
    struct au_reject reject = {0};
    enum au_err err = au_interface_load(code, &interface, &reject);
    if (err == AU_ERR_INVALID_MODULE) {
        fail_untyped(input, reject.message);
    } else if (err != AU_OK) {
        au_input_fail_err(input, err);
    } else if (!interface.has_abi) {
        fail_untyped(input, "the contract has no section " AU_ABI_SECTION);
    } else if (!au_interface_find(&interface, naming->target->function, &call)) {
        fail_untyped(input, "the contract's ABI does not list this function");
    } else {
        read_named(naming, &call);
    }
    au_interface_done(&interface);
}

static void read_by_contract(struct naming *naming)
{
    struct au_input *input = naming->input;
    const struct au_call_target *target = naming->target;
    struct au_ledger *ledger = input->api->options.ledger;
    struct au_account account;
    struct au_bytes code = {0};
    struct au_read read;
    enum au_err err = target->is_past ? au_read_open_at(ledger, target->height, &read)
                                      : au_read_open(ledger, &read);
    if (err != AU_OK) {
        au_input_fail_height(input, target->height, err);
        return;
    }
    err = au_flat_account(&read.flat, target->contract, &account);
    bool is_contract = err == AU_OK && account.has_code;
    if (is_contract) err = au_flat_code(&read.flat, &account.code_hash, &code);
    if (err != AU_OK) {
        au_input_fail_err(input, err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err);
    } else if (!is_contract) {
        au_input_fail_contract(input);
    } else {
        read_by_code(naming, code);
    }
    au_read_close(&read);
}

static void read_object(struct naming *naming)
{
    if (naming->target->contract == NULL) {
        read_by_code(naming, naming->target->code);
    } else {
        read_by_contract(naming);
    }
}

/* ---- where they stand ---- */

/* The object as a parameter of the query. */
static void read_query(struct naming *naming, struct au_bytes text)
{
    struct au_input *input = naming->input;
    struct au_json_in *root = NULL;
    struct au_bytes list;
    enum au_err err = au_json_in_parse(text, NULL, &root);
    bool is_object = err == AU_OK && au_json_in_type(root) == AU_JSON_IN_OBJECT;
    if (err != AU_OK && err != AU_ERR_MALFORMED) {
        au_input_fail_err(input, err);
    } else if (!is_object) {
        au_input_fail(input, "args", "a JSON object, the arguments by name", text);
    } else if (au_request_query(input->request, "arg", &list)) {
        au_input_fail(input, "args", "either `args`, by name, or a list of `arg`",
                      au_bytes_of("both"));
    } else {
        naming->values = root;
        read_object(naming);
    }
    au_json_in_free(root);
}

bool au_call_args_read(struct au_input *input, const struct au_call_target *target,
                       struct au_bytes out_args[AU_ARG_COUNT_MAX], size_t *out_count)
{
    struct naming naming = {.input = input, .target = target, .args = out_args};
    struct au_bytes text;
    *out_count = 0;
    if (input->has_failed) return false;
    if (input->json != NULL) {
        const struct au_json_in *args = au_json_in_get(input->json, "args");
        if (args == NULL || au_json_in_type(args) != AU_JSON_IN_OBJECT)
            return au_input_args(input, out_args, out_count);
        naming.values = args;
        read_object(&naming);
    } else if (au_request_query(input->request, "args", &text)) {
        read_query(&naming, text);
    } else {
        return au_input_args(input, out_args, out_count);
    }
    *out_count = naming.count;
    return au_input_check_args(input, out_args, naming.count);
}
