#!/usr/bin/env bats
# What an installed Aureon is to another program: header, library, pkg-config.

load helper.sh

setup_file() {
    export prefix=$BATS_FILE_TMPDIR/usr
    cmake --install "${AUREON_BUILD_DIR:-$BATS_TEST_DIRNAME/../../build}" --prefix "$prefix" \
        >"$BATS_FILE_TMPDIR/install.log"
}

# What the build folder was configured with: cached NAME.
cached() {
    sed -n "s/^$1:[A-Z]*=//p" "$AUREON_BUILD_DIR/CMakeCache.txt"
}

setup() {
    enter_temp
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
    cc=cc cxx=g++ flags=()
    # A sanitized library needs its compiler's runtime, which pkg-config cannot know about.
    sanitize=$(cached AUREON_SANITIZE)
    if [ -n "$sanitize" ]; then
        cc=clang cxx=clang++ flags=("-fsanitize=$sanitize")
    fi
}

# build COMPILER... : compiles the example as somebody who only has the prefix would.
build() {
    # shellcheck disable=SC2046
    "$@" "${flags[@]}" -Wall -Wextra -Werror "$AUREON_SOURCE_DIR/examples/embed.c" \
        $(pkg-config --cflags --libs --static aureon) -o embed
}

expect_example() {
    run ./embed
    [ "$status" -eq 0 ]
    [ "${#lines[@]}" -eq 3 ]
    [[ ${lines[0]} == success,*"n = 1" ]]
    [[ ${lines[1]} == success,*"n = 2" ]]
    [ "${lines[2]}" = "out_of_gas, 20 gas" ]
}

@test "the example builds and runs as C" {
    build "$cc" -std=c17 -pedantic
    expect_example
}

@test "the example builds and runs as C++" {
    build "$cxx" -x c++ -std=c++17 -pedantic
    expect_example
}

@test "the example builds and runs from a prefix that was moved" {
    cp -r "$prefix" moved
    export PKG_CONFIG_PATH=$PWD/moved/lib/pkgconfig
    build "$cc" -std=c17
    expect_example
}

@test "pkg-config tells the version of the program" {
    [ "aureon $(pkg-config --modversion aureon)" = "$("$prefix/bin/aureon" version)" ]
}

@test "the verifier compiles alone, by C and C++ rules" {
    local compiler
    for compiler in gcc clang; do
        "$compiler" -std=c99 -Wall -Wextra -Werror -pedantic -Wconversion -I"$prefix/share/aureon/verify" \
            "$AUREON_SOURCE_DIR/examples/verify.c" "$prefix/share/aureon/verify/aureon_verify.c" -o verify
        run ./verify
        [ "$status" -eq 1 ]
        [ "$output" = "nothing is proved: 6 or 7 arguments are expected" ]
    done
    echo '#include "aureon_verify.h"' >header.cc
    g++ -Wall -Wextra -Werror -pedantic -I"$prefix/share/aureon/verify" -fsyntax-only header.cc
}

@test "the installed program runs" {
    run "$prefix/bin/aureon" check "$counter_wat"
    [ "$status" -eq 0 ]
}
