#include "cli/scenario_run.h"

#include <inttypes.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/amount.h"
#include "cli/code.h"
#include "cli/scenario_internal.h"
#include "cli/show.h"
#include "core/limits.h"
#include "core/tx.h"

#define BALANCE          (UINT64_C(1000000) * 1000000000) /* base units of each account */
#define BLOCK_MS         1000u
#define MESSAGE_SIZE_MAX (1u << 20) /* bytes */
#define CHAIN_MESSAGE    256u
#define PATH_SIZE_MAX    8192u
#define MS_PER_SECOND    1000u
#define ARENA_SIZE_MAX   ((size_t)256 << 20) /* bytes of the values of a step */

/* ---- the chain ---- */

static enum au_err open_chain(struct au_stage *stage)
{
    struct au_chain_account accounts[AU_DEV_ACCOUNT_COUNT];
    char cause[CHAIN_MESSAGE];
    for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++) {
        stage->keys[i] = au_dev_account_key(i);
        memcpy(accounts[i].address, stage->keys[i].public_key, AU_ADDRESS_SIZE);
        accounts[i].balance = BALANCE;
    }
    struct au_chain_options options = {
        .chain_id = "aureon-scenario",
        .time_ms = AU_SCENARIO_TIME_MS,
        .accounts = accounts,
        .account_count = AU_DEV_ACCOUNT_COUNT,
    };
    memcpy(options.proposer, accounts[0].address, AU_ADDRESS_SIZE);
    stage->time_ms = AU_SCENARIO_TIME_MS;
    enum au_err err =
        au_chain_open(stage->run->runtime, &options, cause, sizeof(cause), &stage->chain);
    if (err != AU_OK) au_buf_put_text(stage->cause, cause);
    return err;
}

/* ---- names ---- */

/* NULL: there is none that a step has named so. */
static const struct au_stage_contract *find_contract(const struct au_stage *stage,
                                                     struct au_bytes name)
{
    const struct au_scenario *scenario = stage->scenario;
    for (size_t i = 0; i < scenario->name_count; i++) {
        if (au_bytes_is_equal(scenario->names[i], name)) return stage->named[i];
    }
    return NULL;
}

/* Development accounts, and the contracts that steps named. */
static bool find_name(void *context, struct au_bytes name, struct au_address *out_address)
{
    size_t index;
    const struct au_stage *stage = context;
    if (au_dev_account_find(name, &index)) {
        memcpy(out_address->bytes, stage->keys[index].public_key, AU_ADDRESS_SIZE);
        return true;
    }
    const struct au_stage_contract *contract = find_contract(stage, name);
    if (contract != NULL) *out_address = contract->address;
    return contract != NULL;
}

static bool find_code(void *context, struct au_bytes name, struct au_hash *out_hash)
{
    const struct au_stage *stage = context;
    const struct au_stage_contract *contract = find_contract(stage, name);
    if (contract != NULL) *out_hash = contract->code_hash;
    return contract != NULL;
}

struct au_scenario_reader au_stage_reader(struct au_stage *stage,
                                          const struct au_interface *interface)
{
    return (struct au_scenario_reader){
        .abi = interface != NULL && interface->has_abi ? &interface->abi : NULL,
        .names = &stage->names,
        .find_code = find_code,
        .arena = &stage->arena,
        .message = &stage->text,
    };
}

/* ---- transactions ---- */

/* What a step does its work with. */
struct work {
    struct au_bytes code;                 /* of a deployment or upgrade */
    struct au_bytes function;             /* that is called; empty: none */
    const struct au_interface *interface; /* of the contract that is called; NULL: unknown */
    struct au_bytes *args;
    size_t arg_count;
};

static enum au_err put_args(const struct work *work, struct au_buf *args)
{
    for (size_t i = 0; i < work->arg_count; i++) {
        au_buf_put_u32(args, (uint32_t)work->args[i].size);
        au_buf_put_bytes(args, work->args[i]);
    }
    return args->err;
}

static enum au_err sign(struct au_stage *stage, size_t key, struct au_tx *tx, struct au_buf *bytes)
{
    struct au_hash genesis = au_chain_genesis_hash(stage->chain);
    struct au_buf message;
    au_buf_init(&message, (size_t)2 * AU_TX_SIZE_MAX);
    au_tx_encode_body(bytes, tx);
    au_tx_put_signed_message(&message, &genesis, au_buf_bytes(bytes));
    enum au_err err = bytes->err != AU_OK ? bytes->err : message.err;
    if (err == AU_OK) au_sign(&stage->keys[key], au_buf_bytes(&message), tx->signature);
    au_buf_done(&message);
    au_buf_clear(bytes);
    au_tx_encode(bytes, tx);
    return err != AU_OK ? err : bytes->err;
}

static enum au_tx_kind tx_kind(enum au_step_kind kind)
{
    if (kind == AU_STEP_DEPLOY) return AU_TX_DEPLOY;
    if (kind == AU_STEP_UPGRADE) return AU_TX_UPGRADE;
    return kind == AU_STEP_CALL ? AU_TX_CALL : AU_TX_TRANSFER;
}

static enum au_err apply(struct au_stage *stage, const struct au_step *step,
                         const struct work *work, struct au_block_result *out_result)
{
    struct au_account_state sender;
    struct au_buf args;
    struct au_buf bytes;
    struct au_tx tx = {
        .version = AU_TX_VERSION,
        .from = au_stage_address(stage, &step->from),
        .kind = tx_kind(step->kind),
        .code = work->code,
        .function = step->function,
        .arg_count = (uint32_t)work->arg_count,
    };
    AU_TRY(au_chain_get_account(stage->chain, tx.from.bytes, &sender));
    tx.nonce = sender.nonce;
    if (step->kind != AU_STEP_DEPLOY) tx.to = au_stage_address(stage, &step->to);
    if (step->kind != AU_STEP_TRANSFER) tx.gas_limit = step->gas;
    if (step->kind == AU_STEP_TRANSFER) {
        tx.amount = step->amount;
    } else {
        tx.value = step->amount;
    }
    if (step->kind == AU_STEP_DEPLOY && step->has_admin) {
        tx.has_admin = true;
        tx.admin = au_stage_address(stage, &step->admin);
    }
    au_buf_init(&args, (size_t)2 * AU_ARGS_SIZE_MAX);
    au_buf_init(&bytes, AU_CODE_FILE_SIZE_MAX + (size_t)AU_TX_SIZE_MAX);
    enum au_err err = put_args(work, &args);
    tx.args = au_buf_bytes(&args);
    if (err == AU_OK) err = sign(stage, step->from.index, &tx, &bytes);
    if (err == AU_OK) {
        uint64_t time_ms = stage->time_ms + BLOCK_MS;
        err = au_apply_transaction(stage->chain, au_buf_bytes(&bytes), time_ms, out_result);
        if (err == AU_OK && out_result->txs[0].invalid == 0) stage->time_ms = time_ms;
    }
    au_buf_done(&bytes);
    au_buf_done(&args);
    return err;
}

static enum au_err view(struct au_stage *stage, const struct au_step *step, const struct work *work,
                        struct au_block_result *out_result)
{
    struct au_address contract = au_stage_address(stage, &step->to);
    struct au_address caller = au_stage_address(stage, &step->from);
    struct au_chain_view asked = {
        .function = step->function,
        .args = work->args,
        .arg_count = work->arg_count,
        .gas_limit = step->gas,
    };
    memcpy(asked.contract, contract.bytes, AU_ADDRESS_SIZE);
    memcpy(asked.caller, caller.bytes, AU_ADDRESS_SIZE);
    return au_chain_view(stage->chain, &asked, stage->time_ms + BLOCK_MS, out_result);
}

static enum au_err advance(struct au_stage *stage, const struct au_step *step)
{
    stage->time_ms += step->seconds * MS_PER_SECOND;
    for (uint64_t i = 0; i < step->blocks; i++) {
        struct au_block_result result;
        stage->time_ms += BLOCK_MS;
        AU_TRY(au_apply_block(stage->chain, NULL, 0, stage->time_ms, &result));
        au_block_result_free(&result);
    }
    return AU_OK;
}

/* ---- code ---- */

/* A file that cannot be read fails the step: false. */
static bool load_code(struct au_stage *stage, const struct au_step *step, struct au_bytes *out_code)
{
    struct au_buf path;
    struct au_reject reject;
    au_buf_init(&path, PATH_SIZE_MAX);
    if (step->code.data[0] != '/') au_buf_printf(&path, "%s/", stage->run->folder);
    au_buf_put_bytes(&path, step->code);
    au_buf_put_u8(&path, 0);
    enum au_err err = path.err;
    if (err == AU_OK) err = au_code_load((const char *)path.data, out_code, &reject);
    if (err == AU_ERR_INVALID_MODULE) {
        au_buf_printf(&stage->text, "'%s' is refused (%s): %s", (const char *)path.data,
                      reject.rule, reject.message);
    } else if (err == AU_ERR_NOT_FOUND) {
        au_buf_printf(&stage->text, "there is no file '%s'; `aureon build` makes those of build/",
                      (const char *)path.data);
    } else if (err != AU_OK) {
        au_buf_printf(&stage->text, "cannot read '%s': %s", (const char *)path.data,
                      au_file_err_text(err));
    }
    au_buf_done(&path);
    return err == AU_OK;
}

/* ---- steps ---- */

/* A contract that was expected not to come about cannot be used later. */
static bool has_all(struct au_stage *stage, const struct au_step *step)
{
    bool is_known = step->to.kind != AU_PARTY_CONTRACT || stage->named[step->to.index] != NULL;
    if (!is_known) au_buf_put_text(&stage->text, "the step that makes the contract failed");
    return is_known;
}

/* A deployment calls init, an upgrade migrate, if the code has it. */
static struct au_bytes function_of(const struct au_step *step)
{
    if (step->kind == AU_STEP_DEPLOY) return au_bytes_of("init");
    return step->kind == AU_STEP_UPGRADE ? au_bytes_of("migrate") : step->function;
}

/* Without args none are sent, whatever the ABI says: a function may do without. A step whose
 * arguments are wrong fails; stage->text says why. */
static enum au_err read_args(struct au_stage *stage, const struct au_step *step, struct work *work)
{
    struct au_abi_call call = {0};
    const struct au_scenario_reader reader = au_stage_reader(stage, work->interface);
    if (!step->has_args) return AU_OK;
    bool is_typed =
        work->interface != NULL && au_interface_find(work->interface, work->function, &call);
    enum au_err err = au_scenario_read_args(&reader, is_typed ? &call : NULL, &step->args,
                                            &work->args, &work->arg_count);
    return err == AU_ERR_MALFORMED ? AU_OK : err;
}

/* What the step came to, against what it expects. */
static enum au_err judge(struct au_stage *stage, const struct au_step *step,
                         const struct work *work, const struct au_tx_result *tx)
{
    size_t made_count = 0;
    if (step->kind != AU_STEP_VIEW) {
        AU_TRY(au_stage_follow(stage, step, work->code, tx, &made_count));
    }
    AU_TRY(au_stage_check_tx(stage, step, work->interface, work->function, tx));
    if (step->has_created && stage->text.size == 0 && step->created_count != made_count) {
        au_buf_printf(&stage->text, "creates: expected %zu, got %zu", step->created_count,
                      made_count);
    }
    return au_stage_refresh(stage);
}

static enum au_err execute(struct au_stage *stage, const struct au_step *step, struct work *work,
                           struct au_block_result *out_block)
{
    struct au_interface brought = {0};
    struct au_reject reject;
    bool has_code = step->code.size > 0;
    enum au_err err = has_code ? au_interface_load(work->code, &brought, &reject) : AU_OK;
    struct au_address to = au_stage_address(stage, &step->to);
    work->function = function_of(step);
    work->interface = has_code ? &brought : au_stage_interface(stage, to.bytes);
    if (err == AU_ERR_INVALID_MODULE) err = AU_OK; /* the chain says so too, or does not mind */
    if (err == AU_OK) err = read_args(stage, step, work);
    if (err == AU_OK && stage->text.size == 0) {
        err = step->kind == AU_STEP_VIEW ? view(stage, step, work, out_block)
                                         : apply(stage, step, work, out_block);
        if (err == AU_OK) err = judge(stage, step, work, &out_block->txs[0]);
    }
    au_interface_done(&brought);
    return err;
}

static enum au_err load_and_execute(struct au_stage *stage, const struct au_step *step,
                                    struct au_block_result *out_block)
{
    struct work work = {0};
    if (step->code.size > 0 && !load_code(stage, step, &work.code)) return AU_OK;
    enum au_err err = execute(stage, step, &work, out_block);
    au_free(work.code.data);
    return err;
}

static enum au_err run_step(struct au_stage *stage, const struct au_step *step, bool *out_goes_on)
{
    struct au_block_result block = {0};
    enum au_err err = AU_OK;
    au_buf_clear(&stage->text);
    au_arena_reset(&stage->arena);
    bool is_run = step->kind != AU_STEP_ADVANCE && step->kind != AU_STEP_EXPECT;
    if (step->kind == AU_STEP_ADVANCE) {
        err = advance(stage, step);
    } else if (is_run && has_all(stage, step)) {
        err = load_and_execute(stage, step, &block);
    }
    if (err == AU_OK && stage->text.size == 0) err = au_stage_check_state(stage, &step->expect);
    if (err == AU_OK) err = stage->text.err;
    if (err == AU_OK) {
        bool has_gas = block.tx_count > 0 && block.txs[0].invalid == 0;
        struct au_step_result result = {
            .is_passed = stage->text.size == 0,
            .has_gas = has_gas,
            .gas_used = has_gas ? block.txs[0].gas_used : 0,
            .message = au_buf_bytes(&stage->text),
        };
        *out_goes_on = result.is_passed;
        stage->run->on_step(stage->run->context, step, &result);
    }
    au_block_result_free(&block);
    return err;
}

static enum au_err run_steps(struct au_stage *stage)
{
    bool goes_on = true;
    enum au_err err = open_chain(stage);
    for (size_t i = 0; err == AU_OK && goes_on && i < stage->scenario->step_count; i++) {
        err = run_step(stage, &stage->scenario->steps[i], &goes_on);
    }
    return err;
}

enum au_err au_scenario_run(const struct au_scenario *scenario, const struct au_scenario_run *run,
                            struct au_buf *message)
{
    struct au_stage stage = {.scenario = scenario, .run = run, .cause = message};
    stage.names = (struct au_abi_names){.find = find_name, .context = &stage};
    stage.named = au_mem_new((scenario->name_count + 1) * sizeof(struct au_stage_contract *));
    stage.codes = au_mem_new((scenario->step_count + 1) * sizeof(*stage.codes));
    au_arena_init(&stage.arena, ARENA_SIZE_MAX);
    au_buf_init(&stage.text, MESSAGE_SIZE_MAX);
    enum au_err err = stage.named == NULL || stage.codes == NULL ? AU_ERR_NO_MEMORY : AU_OK;
    if (err == AU_OK) err = run_steps(&stage);
    if (err != AU_OK && message->size == 0) au_buf_put_text(message, au_err_text(err));
    au_chain_close(stage.chain);
    au_stage_forget(&stage);
    au_arena_done(&stage.arena);
    au_buf_done(&stage.text);
    au_mem_free(stage.codes);
    au_mem_free(stage.named);
    return err;
}
