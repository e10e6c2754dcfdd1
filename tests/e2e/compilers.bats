#!/usr/bin/env bats
# The same sources by several compilers: those that AUREON_CLANGS names ("clang-14 clang-16"), as
# make check does, or clang alone.

load helper.sh

clangs=${AUREON_CLANGS:-clang}

setup() {
    enter_temp
}

# built FOLDER: every C file of it compiles without a warning and has the ABI of the tree's module.
built() {
    aureon build "$1"
    expect 0
    [ -z "$stderr" ]
    local module
    for module in "$1"/build/*.wasm; do
        diff <("$AUREON" abi "$AUREON_CONTRACTS_DIR/${module##*/}" 2>/dev/null) \
            <("$AUREON" abi "$module" 2>/dev/null)
    done
}

@test "every template builds and passes from outside its folder, by each compiler" {
    local clang folder name
    for clang in $clangs; do
        export AUREON_CLANG=$clang
        mkdir "$clang"
        for folder in "$AUREON_SOURCE_DIR"/contracts/*/; do
            name=$(basename "$folder")
            ls "$folder"/*.scen.json "$folder/README.md"
            aureon new "my-$name" --template "$name"
            expect 0
            built "my-$name"
            aureon test "my-$name"
            expect 0
            [ -z "$stderr" ]
            [[ ${lines[-1]} == *" passed, 0 failed" ]]
            mv "my-$name" "$clang"
        done
    done
}

@test "what each compiler makes does the same on a chain" {
    local clang
    for clang in $clangs; do
        export AUREON_CLANG=$clang
        mkdir -p "$clang/src"
        cp "$AUREON_SOURCE_DIR"/contracts/*/*.c "$AUREON_SOURCE_DIR"/tests/contracts/*.c "$clang/src"
        built "$clang/src"
        if "$clang" --version | cmp - <(clang --version); then continue; fi # all other files test it
        AUREON_CONTRACTS_DIR=$PWD/$clang/src/build \
            bats --tap "$AUREON_SOURCE_DIR"/tests/e2e/{contracts,kit}.bats
    done
}

# compiles CLANG SOURCE FLAG...: out.wasm, by the flags of README.md that choose a machine.
compiles() {
    "$1" --target=wasm32 -mcpu=mvp -msign-ext -mbulk-memory -O2 -ffreestanding -nostdlib \
        -Wl,--no-entry -Wl,-z,stack-size=8192 -Wl,--max-memory=65536 "${@:3}" -o out.wasm "$2"
}

# mended MEND FLAG...: prints the flags without those that MEND leaves out, and those that it adds.
mended() {
    local mend=" $1 " flag
    shift
    local less=${mend#*without}
    [[ $mend == *without* ]] || less=
    for flag in "$@"; do
        [[ " $less " == *" $flag "* ]] || printf '%s ' "$flag"
    done
    echo "${mend%%without*}"
}

# follow CLANG SOURCE FLAG...: adds what the refusals tell to add until there is none; $seen are the
# flags told.
follow() {
    local clang=$1 source=$2 mend turn flags=("${@:3}")
    seen=
    for turn in {1..8}; do
        if ! compiles "$clang" "$source" "${flags[@]}" 2>errors; then
            # The source itself asks for what is refused: the compiler now tells where.
            [ -n "$seen" ] && grep -E "^$source:[0-9]+:[0-9]+: error: |undefined symbol: " errors
            return
        fi
        aureon check out.wasm --json
        [ "$status" -ne 0 ] || return 0
        expect 4
        mend=$(json .flags.clang)
        seen+=$mend$'\n'
        read -ra flags <<<"$(mended "$mend" "${flags[@]}")"
    done
    return 1
}

@test "a refused module of each compiler becomes one that is accepted, by the flags that are told" {
    cat >add.c <<'END'
int a[64], b[64];
__attribute__((export_name("set"))) void set(int i) { b[i & 63] = i; }
__attribute__((export_name("go"))) int go(void)
{
    for (int i = 0; i < 64; i++) a[i] += b[i];
    return a[3];
}
END
    cat >lane.c <<'END'
#include <wasm_simd128.h>
int a[4];
__attribute__((export_name("go"))) void go(void)
{
    wasm_v128_store(a, wasm_i32x4_add(wasm_v128_load(a), wasm_i32x4_splat(1)));
}
END
    cat >atomic.c <<'END'
static int n;
__attribute__((export_name("go"))) int go(void) { return __atomic_fetch_add(&n, 1, __ATOMIC_SEQ_CST); }
END
    cat >tail.c <<'END'
__attribute__((noinline)) int next(int x) { __asm__(""); return x + 1; }
__attribute__((export_name("go"))) int go(void) { return next(3); }
END
    cat >table.c <<'END'
static int one(void) { return 1; }
int (*volatile g)(void) = one;
__attribute__((export_name("go"))) int go(void)
{
    int n;
    __asm__("table.size __indirect_function_table\n\tlocal.set %0" : "=r"(n));
    return n + g();
}
END
    cat >extern.c <<'END'
__attribute__((export_name("go"))) int go(__externref_t x) { return 1; }
END
    cat >tables.c <<'END'
static __externref_t table[0];
__attribute__((export_name("go"))) int go(void) { return __builtin_wasm_table_size(table); }
END
    cat >throw.cc <<'END'
static volatile int n;
struct guard { ~guard() { n = 1; } };
static void nothing() {}
void (*volatile g)() = nothing;
extern "C" __attribute__((export_name("go"))) int go() { guard x; g(); return n; }
END
    cat >jump.c <<'END'
typedef int place[8];
int setjmp(place);
_Noreturn void longjmp(place, int);
void *malloc(unsigned long size) { static char bytes[64]; (void)size; return bytes; }
void free(void *block) { (void)block; }
static place there;
static void jump(void) { longjmp(there, 1); }
void (*volatile g)(void) = jump;
__attribute__((export_name("go"))) int go(void) { if (setjmp(there) == 0) g(); return 3; }
END
    cat >far.c <<'END'
int far(int);
__attribute__((export_name("go"))) int go(void) { return far(1); }
END
    cat >other.c <<'END'
extern int other;
__attribute__((export_name("go"))) int go(void) { return other; }
END
    local clang from source told flags
    for clang in $clangs; do
        local version
        version=$("$clang" -dumpversion)
        while IFS='|' read -r from source flags told; do
            [ "${version%%.*}" -ge "$from" ] || continue # earlier ones cannot make it
            echo "$clang $source $flags"
            follow "$clang" "$source" $flags
            [ "$seen" = "$told"$'\n' ]
        done <<-'END'
	14|add.c|-msimd128|-mno-simd128
	14|add.c|-mrelaxed-simd|-mno-simd128
	14|lane.c|-msimd128|-mno-simd128
	14|atomic.c|-matomics|-mno-atomics without -pthread -Wl,--shared-memory
	14|atomic.c|-pthread|-mno-atomics without -pthread -Wl,--shared-memory
	14|add.c|-matomics -Wl,--shared-memory|-mno-atomics without -pthread -Wl,--shared-memory
	14|tail.c|-mtail-call|-mcpu=mvp -mno-tail-call
	14|table.c|-mreference-types|-mno-reference-types
	17|extern.c|-mreference-types|-mno-reference-types
	17|tables.c|-mreference-types|-mno-reference-types
	14|throw.cc|-fwasm-exceptions|-fno-exceptions
	14|add.c|--target=wasm64|--target=wasm32
	14|add.c|-Wl,--import-memory|without -Wl,--import-memory -Wl,-shared
	14|add.c|-Wl,--import-table|without -Wl,--import-table -Wl,-pie
	19|add.c|-fPIC -Wl,-shared|without -Wl,--import-memory -Wl,-shared
	19|add.c|-fPIC -Wl,-pie|without -Wl,--import-table -Wl,-pie
	14|add.c|-Wl,--initial-memory=33554432 -Wl,--max-memory=33554432|-Wl,-z,stack-size=8192 -Wl,--initial-memory=65536
	19|other.c|-fPIC -Wl,--unresolved-symbols=import-dynamic|-fno-PIC without -Wl,--unresolved-symbols=import-dynamic
	14|jump.c|-fwasm-exceptions -mllvm -wasm-enable-sjlj|without -mllvm -wasm-enable-sjlj
	14|far.c|-Wl,--allow-undefined|without -Wl,--allow-undefined
	END
        for source in add.c atomic.c tail.c; do
            follow "$clang" "$source" -mcpu=bleeding-edge # everything that the compiler has
            [ -n "$seen" ]
        done
    done
}
