#!/usr/bin/env bats
# Contracts compiled for this machine, on the mock of the C kit.

load helper.sh

setup() {
    enter_temp
    kit=$AUREON_SOURCE_DIR/sdk/c
    tests=$AUREON_SOURCE_DIR/tests/kit
    contracts=$AUREON_SOURCE_DIR/contracts
    on_the_mock=("$tests"/{native,maker,walker}.c "$contracts/counter/counter.c"
        "$contracts/token/token.c" "$contracts/caller/caller.c" "$contracts/escrow/escrow.c"
        "$AUREON_SOURCE_DIR"/tests/contracts/{wide,lists}.c)
}

# build COMPILER OPTION... FILE...: the program is ./program.
build() {
    "$@" -std=c17 -g -O1 -Wall -Wextra -Werror -I"$kit" -o program \
        "$kit"/aureon_mock*.c
}

@test "native: the mock does what a chain does, built by gcc and by clang, under sanitizers" {
    for compiler in gcc clang; do
        build "$compiler" -fsanitize=address,undefined -fno-sanitize-recover=all \
            "${on_the_mock[@]}"
        run ./program
        [ "$output" = ok ]
    done
}

@test "native: every example contract compiles, and version 2 of the counter follows on version 1" {
    local source
    for source in "$contracts"/*/*.c; do
        gcc -std=c17 -Wall -Wextra -Werror -I"$kit" -c -o contract.o "$source"
    done
    cat >upgrade.c <<'END'
#include "aureon_mock.h"
int main(void)
{
    aureon_address alice = aureon_mock_account("alice"), counter;
    aureon_mock_deploy("counter_v1", alice, 0, NULL, &counter);
    aureon_mock_call(counter, "increment", alice, 0, NULL);
    if (aureon_mock_upgrade(counter, "counter_v2", alice, NULL).outcome != AUREON_SUCCESS) return 1;
    if (aureon_mock_view(counter, "get", NULL).data.data[0] != 1) return 2;
    struct aureon_mock_result again = aureon_mock_upgrade(counter, "counter_v2", alice, NULL);
    return again.revert_code == AUREON_ERROR_ASSERTION ? 0 : 3;
}
END
    build gcc -fsanitize=address,undefined upgrade.c "$contracts"/upgradeable/*.c
    ./program
}

@test "native: AddressSanitizer shows a write behind a block of the contract's heap" {
    build clang -fsanitize=address "$tests/leaky_test.c" "$tests/leaky.c"
    run ./program
    [ "$status" -ne 0 ]
    [[ $output == *heap-buffer-overflow*leaky.c:10* ]]
    build clang "$tests/leaky_test.c" "$tests/leaky.c"
    ./program
}

@test "native: libFuzzer finds calls that break a claim, and none that break the token" {
    build clang -fsanitize=fuzzer,address "$tests/token_fuzz.c" "$contracts/token/token.c"
    ./program -runs=5000 -seed=1 -max_len=64 -verbosity=0
    build clang -fsanitize=fuzzer,address -DTOKEN_LIMIT=10 "$tests/token_fuzz.c" \
        "$contracts/token/token.c"
    run ./program -runs=200000 -seed=1 -max_len=64 -verbosity=0
    [ "$status" -ne 0 ]
    [[ $output == *"deadly signal"* ]]
    ls crash-*
}

@test "native: libFuzzer finds no argument that the readers of lists take wrongly" {
    build clang -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
        "$tests/lists_fuzz.c" "$AUREON_SOURCE_DIR/tests/contracts/lists.c"
    ./program -runs=20000 -seed=1 -max_len=96 -verbosity=0
}

@test "native: gcov tells which lines of a contract a test reached" {
    build gcc --coverage "${on_the_mock[@]}"
    ./program
    run gcov -t program-counter.gcda
    [ "$status" -eq 0 ]
    grep -q "^ *[1-9][0-9]*\**:.*counter_set(sum);" <<<"$output"
}

@test "aureon test: a native test that passes, one that fails a claim, one that AddressSanitizer ends" {
    aureon new hello
    cd hello
    aureon test counter_test.c
    expect 0
    [ "$output" = $'counter_test.c\n  ok    native\n1 passed, 0 failed' ]
    [ -z "$stderr" ]

    sed -i 's/NULL)) == 1);/NULL)) == 2);/' counter_test.c
    aureon test counter_test.c
    expect 1
    [[ $output == *$'  FAIL  native\n        exit status 1\n        '*'counter_test.c:'*': number('*'== 2'*'0 passed, 1 failed' ]]
    aureon test counter_test.c --json
    expect 1
    expect_json '.natives[0].file' counter_test.c
    expect_json '.natives[0].passed | not' true

    cp "$tests/leaky.c" "$tests/leaky_test.c" .
    aureon test leaky_test.c
    expect 1
    [[ $output == *"heap-buffer-overflow"*"leaky.c:10"* ]]
    [[ $output != *"Shadow bytes"* ]]
    aureon build # tests are no contracts
    expect 0
    [ ! -e build/leaky_test.wasm ]
}

@test "aureon test: a native test that does not end is ended, whatever it says" {
    for body in "" "puts(\"again\");"; do
        printf '#include <stdio.h>\nint main(void) { for (;;) { %s } }\n' "$body" >loop_test.c
        aureon test --timeout 1 loop_test.c
        expect 1
        [[ $output == *$'FAIL  native\n        not done after 1 s, and ended: --timeout gives it more'* ]]
    done
    aureon test --timeout 3601 loop_test.c
    expect 2
}

@test "aureon test: what does not compile is passed on; without sanitizers it goes on" {
    aureon new hello
    cd hello
    echo 'int main(void) { return nothing; }' >wrong_test.c
    aureon test wrong_test.c
    expect 9
    [[ $stderr == *"wrong_test.c:1:25: error: use of undeclared identifier 'nothing'"* ]]
    [[ $stderr == *"aureon test: './wrong_test.c' does not compile natively with the folder's contracts" ]]

    clang=$(command -v clang)
    printf '#!/bin/sh\ncase "$*" in *-fsanitize*) exit 1;; esac\nexec %s "$@"\n' "$clang" >clang
    chmod +x clang
    run --separate-stderr env AUREON_CLANG="$PWD/clang" PATH="$PATH:${clang%/*}" "$AUREON" test counter_test.c
    expect 0
    [[ $stderr == *"native tests run without sanitizers"*"libclang-rt-dev" ]]

    run --separate-stderr env PATH=/nowhere "$AUREON" test counter_test.c
    expect 9
    [[ $stderr == *"'clang' is not on the PATH"* ]]
}
