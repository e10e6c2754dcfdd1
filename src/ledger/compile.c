#include "ledger/compile.h"

#include "contract/host.h"
#include "core/limits.h"
#include "crypto/sha256.h"
#include "ledger/ledger_internal.h"

enum au_err au_ledger_must_compile(struct au_ledger *ledger, const struct au_checked *checked,
                                   bool *out_must_compile)
{
    const struct au_tx *tx = &checked->tx;
    *out_must_compile = false;
    if (tx->kind != AU_TX_DEPLOY && tx->kind != AU_TX_UPGRADE) return AU_OK;

    struct au_hash hash = au_sha256(tx->code);
    struct au_loaded *loaded;
    if (au_engine_find(ledger->engine, &hash, &loaded)) {
        au_loaded_release(loaded);
        return AU_OK;
    }
    struct au_module_info *info;
    struct au_reject reject;
    enum au_err err = au_module_prepare(tx->code, &au_host_env, NULL, &info, &reject);
    if (err == AU_ERR_INVALID_MODULE) return AU_OK;
    AU_TRY(err);
    uint64_t steps_left = checked->gas_limit * AU_STEPS_PER_GAS - checked->intrinsic_steps;
    *out_must_compile = info->compile_steps <= steps_left;
    au_module_info_free(info);
    return AU_OK;
}

enum au_err au_ledger_compile(struct au_ledger *ledger, struct au_bytes code)
{
    struct au_loaded *loaded;
    struct au_reject reject;
    AU_TRY(au_engine_load(ledger->engine, code, &loaded, &reject));
    au_loaded_release(loaded);
    return AU_OK;
}

void au_ledger_compile_tend(struct au_ledger *ledger)
{
    au_engine_tend(ledger->engine);
}

void au_ledger_compile_stop(struct au_ledger *ledger)
{
    au_engine_stop_compiling(ledger->engine);
}

static enum au_err compile_kept(struct au_ledger *ledger, struct au_bytes code)
{
    struct au_loaded *loaded;
    struct au_reject reject;
    AU_TRY(au_engine_load_kept(ledger->engine, code, &loaded, &reject));
    au_loaded_release(loaded);
    return AU_OK;
}

enum au_err au_ledger_compile_all(struct au_ledger *ledger)
{
    struct au_kv_range all = {.cf = AU_CF_COD, .is_scan = true};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    AU_TRY(au_kv_iter_open(&ledger->kv, NULL, &all, &iter));
    enum au_err err = au_kv_iter_next(&iter, &entry);
    while (err == AU_OK) {
        err = compile_kept(ledger, entry.value);
        if (err == AU_OK) err = au_kv_iter_next(&iter, &entry);
    }
    au_kv_iter_close(&iter);
    if (err == AU_ERR_INVALID_MODULE) return AU_ERR_MALFORMED;
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}
