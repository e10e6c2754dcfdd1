#include "cli/mend.h"

#include <string.h>

const char *const au_compiler_names[AU_COMPILER_COUNT] = {"clang", "rustc", "asc"};

#define FEATURE(name) "-C target-feature=-" name
#define NO_REFERENCES \
    "-mno-reference-types", FEATURE("reference-types"), "without --enable reference-types"

/* Told by the first words of the message, of which the validator's tests know each. */
static const struct {
    const char *rule;
    const char *words;
    struct au_mend mend;
} rows[] = {
    {"feature", "SIMD", {{"-mno-simd128", FEATURE("simd128"), "without --enable simd"}}},
    {"feature",
     "threads",
     {{"-mno-atomics without -pthread -Wl,--shared-memory", FEATURE("atomics"),
       "without --enable threads"}}},
    /* clang 14 and 16 do not take from -mcpu=bleeding-edge what -mno-tail-call says. */
    {"feature", "tail calls", {{"-mcpu=mvp -mno-tail-call", FEATURE("tail-call"), NULL}}},
    {"feature", "reference types", {{NO_REFERENCES}}},
    {"feature", "table instructions", {{NO_REFERENCES}}},
    {"feature", "passive and declarative element", {{NO_REFERENCES}}},
    {"feature", "more than one table", {{NO_REFERENCES}}},
    {"feature", "more than one memory", {{"-mno-multimemory", FEATURE("multimemory"), NULL}}},
    {"feature", "exceptions", {{"-fno-exceptions", "-C panic=abort", NULL}}},
    {"feature", "GC", {{NULL, FEATURE("gc"), "without --enable gc"}}},
    {"feature", "memory64", {{"--target=wasm32", "--target wasm32-unknown-unknown", NULL}}},
    {"feature",
     "extended constant expressions",
     {{"-mno-extended-const", FEATURE("extended-const"), NULL}}},
    {"feature", "wide arithmetic", {{"-mno-wide-arithmetic", FEATURE("wide-arithmetic"), NULL}}},
    {"import",
     "imported memory",
     {{"without -Wl,--import-memory -Wl,-shared", "without -C link-arg=--import-memory",
       "without --importMemory"}}},
    {"import",
     "imported table",
     {{"without -Wl,--import-table -Wl,-pie", "without -C link-arg=--import-table",
       "without --importTable"}}},
    {"import",
     "imported global",
     {{"-fno-PIC without -Wl,--unresolved-symbols=import-dynamic", "-C relocation-model=static",
       NULL}}},
    {"import",
     "unknown import wasi_",
     {{"--target=wasm32 -nostdlib", "--target wasm32-unknown-unknown", NULL}}},
    {"import",
     "unknown import env.__wasm_longjmp",
     {{"without -mllvm -wasm-enable-sjlj", NULL, NULL}}},
    {"import", "unknown import env.", {{"without -Wl,--allow-undefined", NULL, NULL}}},
    {"limit",
     "memory too large",
     {{"-Wl,-z,stack-size=8192 -Wl,--initial-memory=65536",
       "-C link-arg=-zstack-size=8192 -C link-arg=--initial-memory=65536", "--initialMemory 1"}}},
    {"limit",
     "code too large",
     {{"-Os -Wl,--strip-all", "-C opt-level=s -C strip=symbols", "--shrinkLevel 2"}}},
    {"limit", "body too large", {{"-Os", "-C opt-level=s", "--shrinkLevel 2"}}},
};

const struct au_mend *au_mend_find(const struct au_reject *reject)
{
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        if (strcmp(reject->rule, rows[i].rule) != 0) continue;
        if (strncmp(reject->message, rows[i].words, strlen(rows[i].words)) == 0) {
            return &rows[i].mend;
        }
    }
    return NULL;
}
