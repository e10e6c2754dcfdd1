# Shared by the tests of the command line: load it from a .bats file.
#
# AUREON, AUREON_SOURCE_DIR, AUREON_BUILD_DIR and AUREON_CONTRACTS_DIR come from the build. Without
# them (bats tests/e2e/cli.bats by hand) they are those of build/.

bats_require_minimum_version 1.5.0

AUREON_SOURCE_DIR=${AUREON_SOURCE_DIR:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}
AUREON_BUILD_DIR=${AUREON_BUILD_DIR:-$AUREON_SOURCE_DIR/build}
AUREON=${AUREON:-$AUREON_BUILD_DIR/aureon}
AUREON_CONTRACTS_DIR=${AUREON_CONTRACTS_DIR:-$AUREON_BUILD_DIR/contracts}

counter_wat=$AUREON_SOURCE_DIR/contracts/counter/counter.wat
counter_c=$AUREON_CONTRACTS_DIR/counter.wasm
purse_c=$AUREON_CONTRACTS_DIR/purse.wasm
failures=$AUREON_SOURCE_DIR/tests/contracts/e_failures.wat

# Every test works in a folder of its own, which bats removes.
enter_temp() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

# aureon ARGUMENT...: runs the program; $status, $output (stdout) and $stderr are set.
aureon() {
    run --separate-stderr "$AUREON" "$@"
}

# expect STATUS: the last run ended so. Shows what it said if not.
expect() {
    if [ "$status" -ne "$1" ]; then
        printf 'expected exit code %s, got %s\nstdout: %s\nstderr: %s\n' \
            "$1" "$status" "$output" "$stderr" >&2
        return 1
    fi
}

# expect_refused STATUS TEXT: exit code, nothing on stdout, one line on stderr that contains TEXT.
expect_refused() {
    expect "$1"
    if [ -n "$output" ] || [ "${#stderr_lines[@]}" -ne 1 ] || [[ $stderr != *"$2"* ]]; then
        printf 'expected one line with: %s\nstdout: %s\nstderr: %s\n' "$2" "$output" "$stderr" >&2
        return 1
    fi
}

# json FILTER: the last output is exactly one JSON document; prints what the filter gives.
json() {
    [ "$(jq --slurp length <<<"$output")" = 1 ] || return 1
    jq --raw-output --exit-status "$1" <<<"$output"
}

# expect_json FILTER VALUE
expect_json() {
    local got
    got=$(json "$1") || true
    if [ "$got" != "$2" ]; then
        printf 'expected %s to be %s, got %s in %s\n' "$1" "$2" "$got" "$output" >&2
        return 1
    fi
}
