#!/usr/bin/env bats
# The example contracts, compiled by every clang on the PATH (clang-14, clang-16, ...): the same
# sources, ABI and behaviour.

load helper.sh

setup() {
    enter_temp
}

# flags: those of `aureon build`.
flags() {
    sed -n 's/^AU_CLANG("\([^"]*\)").*/\1/p' "$AUREON_SOURCE_DIR/abi/clang.def"
}

@test "every clang compiles the contracts to the same behaviour" {
    local clang source name count=0 flags
    mapfile -t flags < <(flags)
    [ "${#flags[@]}" -ge 12 ]
    for clang in $(compgen -c clang- | grep -xE 'clang-[0-9]+' | sort -u); do
        command -v "wasm-ld-${clang#clang-}" || command -v wasm-ld
        mkdir "$clang"
        for source in "$AUREON_SOURCE_DIR"/contracts/*/*.c; do
            name=$(basename "$source" .c)
            [[ $name == *_test ]] && continue
            "$clang" "${flags[@]}" -I"$AUREON_SOURCE_DIR/sdk/c" -o "$clang/$name.wasm" "$source"
            "$AUREON" check "$clang/$name.wasm"
            diff <("$AUREON" abi "$AUREON_CONTRACTS_DIR/$name.wasm" 2>/dev/null) \
                <("$AUREON" abi "$clang/$name.wasm" 2>/dev/null)
        done
        mkdir "$clang/scenarios"
        cp "$AUREON_SOURCE_DIR"/contracts/*/*.scen.json "$clang/scenarios"
        ln -s .. "$clang/scenarios/build" # where they look for modules
        "$AUREON" test "$clang/scenarios"
        AUREON_CONTRACTS_DIR=$PWD/$clang bats --tap "$AUREON_SOURCE_DIR/tests/e2e/contracts.bats"
        count=$((count + 1))
    done
    [ "$count" -ge 1 ]
}
