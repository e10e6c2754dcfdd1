#!/usr/bin/env bats
# aureon new and aureon build: from nothing to a module, and what is missing on the way.

load helper.sh

setup() {
    enter_temp
}

# build_with FOLDER: aureon build hello with this PATH alone.
build_with() {
    run --separate-stderr env PATH="$BATS_TEST_TMPDIR/$1" "$AUREON" build hello
}

@test "a new contract builds, and its scenarios pass" {
    aureon new hello
    expect 0
    [ "${lines[0]}" = hello/counter.c ]
    [[ $stderr == "next: cd hello && aureon build && aureon test" ]]
    diff hello/counter.c "$AUREON_SOURCE_DIR/contracts/counter/counter.c"
    cd hello
    aureon build
    expect 0
    [[ $output == "build/counter.wasm  ok, "*" bytes; each call "*" gas, a deployment "* ]]
    cmp build/counter.wasm "$counter_c" # as the build of the tree makes it
    diff build/kit/aureon_contract.h "$AUREON_SOURCE_DIR/sdk/c/aureon_contract.h"
    aureon test
    expect 0
    [ "${lines[-1]}" = "12 passed, 0 failed" ]
}

@test "a module keeps the names of its functions if they are wanted" {
    aureon new hello
    aureon build hello
    expect 0
    ! grep --quiet --text aureon_entry_increment hello/build/counter.wasm
    aureon build hello --names
    expect 0
    grep --quiet --text aureon_entry_increment hello/build/counter.wasm
    aureon test hello
    expect 0
}

@test "names and templates that are none" {
    aureon new Hello
    expect_refused 2 "expected a name, 1 to 64 of a-z 0-9 - _, got 'Hello'"
    aureon new ../hello
    expect_refused 2 "got '../hello'"
    aureon new hello --template count
    expect_refused 2 "--template: expected one of "
    [[ $stderr == *"counter"*", got 'count'" ]]
    aureon new hello --template c
    expect_refused 2 "got 'c'"
    [ ! -e hello ]
    mkdir hello
    aureon new hello
    expect_refused 2 "cannot make the folder 'hello': File exists"
}

@test "what the compiler finds wrong is passed on" {
    echo 'int f(void) { return nothing; }' >wrong.c
    aureon build
    expect 9
    [ -z "$output" ]
    [[ $stderr == *"wrong.c:1:22: error: use of undeclared identifier 'nothing'"* ]]
    [[ $stderr == *"aureon build: './wrong.c' does not compile" ]]
    echo 'int g(void); __attribute__((export_name("f"))) int f(void) { return g(); }' >wrong.c
    aureon build
    expect 9
    [[ $stderr == *"undefined symbol: g"* ]]
}

# expect_advice BODY TEXT: a contract with the body does not compile, and the last line ends so.
expect_advice() {
    printf '#include "aureon_contract.h"\nAUREON_CONTRACT(wrong, 1.0.0)\n%s\n' "$1" >wrong.c
    aureon build
    expect 9
    [ -z "$output" ]
    if [ "${stderr_lines[-1]}" != "aureon build: './wrong.c' does not compile${2:+ ($2)}" ]; then
        printf 'expected advice: %s\nstderr: %s\n' "$2" "$stderr" >&2
        return 1
    fi
}

@test "what beginners write in C is told in words of the kit" {
    local types='types in the macros are bool, u8 to u128, i8 to i128, address, bytes32, bytes, string, or what AUREON_STRUCT names'
    expect_advice 'AUREON_STORAGE(n, uint64_t, "n")' "$types"
    expect_advice 'AUREON_FN(f, void, mut, "", (int, a)) {}' "$types"
    expect_advice 'AUREON_FN(f, f64, view) { return 1; }' "$types"
    expect_advice 'AUREON_FN(f, u64, pure) { return 1; }' \
        'the mode of an AUREON_FN is mut, view, payable, init, payable_init or migrate'
    expect_advice '#include <stdio.h>' \
        'there is no C library: memcpy, memmove, memset and memcmp come with aureon_contract.h'
    expect_advice 'AUREON_FN(f, u64, view) { return strlen("abc"); }' \
        'there is no C library: what the kit has is in aureon_contract.h and aureon_host.h'
    expect_advice 'int g(void); AUREON_FN(f, u64, view) { return g(); }' \
        'there is no C library, and each C file of the folder is a contract of its own'
    expect_advice 'uint8_t all[60000]; AUREON_FN(f, u8, view, "", (u32, i)) { return all[i]++; }' \
        "a contract has 64 KiB for its data, 32 KiB of them the kit's, and for its stack of 8 KiB"
    expect_advice 'AUREON_FN(f, u8, view, "", (u32, i)) { volatile uint8_t all[7000]; all[i] = 1; return all[0]; }' \
        'all frames of a call share a stack of 8 KiB: large buffers are static'
    expect_advice 'AUREON_FN(f, u64, view) {}'
    [[ $stderr == *"-Wreturn-type"* ]]
}

@test "a module that no node would take is refused, with what mends it" {
    echo '__attribute__((import_module("wasi"), import_name("x"))) void x(void);
          __attribute__((export_name("f"))) void f(void) { x(); }' >wrong.c
    aureon build
    expect 4
    [[ $output == *"refused  build/wrong.wasm"*"rule     import"* ]]
}

@test "a contract without AUREON_CONTRACT is told to have one" {
    printf '#include "aureon_contract.h"\nAUREON_FN(get, u64, view) { return 1; }\n' >wrong.c
    aureon build
    expect 4
    [[ $output == *"expected a line \`abi 1\` (AUREON_CONTRACT writes it), got none"* ]]
}

@test "a forgotten export is noticed" {
    echo 'int f(void) { return 1; }' >wrong.c
    aureon build
    expect 0
    [[ $output == *"no function can be called: AUREON_EXPORT(name) in front of one"* ]]
}

@test "without a compiler the packages are named" {
    aureon new hello
    mkdir -p bin/clang # a folder is no program
    build_with bin
    expect_refused 9 "'clang' is not on the PATH: contracts in C are compiled by clang 14 or later; on Debian and Ubuntu: sudo apt-get install clang lld"
    rmdir bin/clang
    printf '#!/bin/sh\necho "clang version 11.0.1"\n' >bin/clang
    chmod +x bin/clang
    build_with bin
    expect_refused 9 "is clang 11: expected 14 or later"
    printf '#!/bin/sh\necho hello\n' >bin/clang
    build_with bin
    expect_refused 9 "is no clang"
    printf '#!/bin/sh\nexec %s "$@"\n' "$(command -v clang)" >bin/clang
    build_with bin
    expect_refused 9 "'wasm-ld' is neither beside clang nor on the PATH"
    AUREON_CLANG=/nowhere/clang aureon build hello
    expect_refused 9 "'/nowhere/clang' is no clang"
}

@test "a folder without C files, and none at all" {
    aureon build
    expect_refused 7 "there is no C file in '.'; \`aureon new\` begins a contract"
    aureon build none
    expect_refused 7 "none"
    echo 'int main(void) { return 0; }' >a_test.c
    aureon build
    expect_refused 7 "there is no C file in '.'"
    aureon build a_test.c
    expect_refused 2 "expected a folder, whose C files are all compiled, got the file 'a_test.c'"
}
