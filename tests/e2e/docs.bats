#!/usr/bin/env bats
# The pages: every command in them is typed, every output compared, every table is that of the
# sources. docs.py has the rules for blocks.

load helper.sh

setup() {
    enter_temp
}

# page NAME: types the page in this test's folder, which is a checkout then.
page() {
    run python3 "$BATS_TEST_DIRNAME/docs.py" "$AUREON_SOURCE_DIR/$1" "$AUREON_BUILD_DIR"
    printf '%s\n' "$output"
    [ "$status" -eq 0 ]
}

# Pages with a test of their own below; the last of these tests types all others.
named="README.md docs/contracts.md docs/gas.md docs/outcomes.md docs/embedding.md docs/sandbox.md
    docs/transactions.md docs/proofs.md docs/operation.md docs/api.md"

@test "README.md" {
    page README.md
}

@test "docs/contracts.md" {
    page docs/contracts.md
}

@test "docs/gas.md" {
    page docs/gas.md
}

@test "docs/outcomes.md" {
    page docs/outcomes.md
}

@test "docs/embedding.md" {
    page docs/embedding.md
}

@test "docs/sandbox.md" {
    page docs/sandbox.md
}

@test "docs/transactions.md" {
    page docs/transactions.md
}

@test "docs/proofs.md" {
    page docs/proofs.md
}

@test "docs/operation.md" {
    page docs/operation.md
}

@test "docs/api.md" {
    page docs/api.md
}

@test "every other page" {
    mkdir all
    count=0
    while read -r name; do
        [[ " ${named//$'\n'/ } " != *" $name "* ]] || continue
        mkdir "all/$((count += 1))"
        cd "all/$count"
        page "$name"
        cd ../..
    done < <(python3 "$BATS_TEST_DIRNAME/docs.py" --list)
    [ "$count" -ge 3 ] # cli.md, ARCHITECTURE.md, the counter's
}

@test "pages that have a test exist" {
    for name in $named; do
        [ -f "$AUREON_SOURCE_DIR/$name" ]
    done
}

@test "tables are those of the sources" {
    run "$AUREON_SOURCE_DIR/tools/doc-tables"
    printf '%s\n' "$output"
    [ "$status" -eq 0 ]
}

# copy_sources: into tree, what the tables are made of.
copy_sources() {
    rm -rf tree
    mkdir -p tree/src/vm tree/src/core tree/src/cli tree/src/api tree/tools tree/sdk/c
    cp -r "$AUREON_SOURCE_DIR/abi" "$AUREON_SOURCE_DIR/docs" tree/
    for file in src/vm/limits.h src/core/limits.h src/cli/exit.def src/api/routes.c tools/tidy \
        sdk/c/aureon_host.h; do
        cp "$AUREON_SOURCE_DIR/$file" "tree/$file"
    done
}

@test "a changed price, number, limit or name is seen in the tables" {
    for change in \
        "abi/host.def s/storage_write,  \"iiii\",   \"i\", 30/storage_write, \"iiii\", \"i\", 31/" \
        "abi/host.def s/sha256,         \"iii\"/sha256,         \"iiii\"/" \
        "abi/host.def s/TRANSFER_CREATE,     50000/TRANSFER_CREATE,     60000/" \
        "abi/host_words.def s/(log, size, \"its bytes/(log, size, \"their number/" \
        "sdk/c/aureon_host.h s/Adds a line to the log/Adds to the log/" \
        "abi/gas.def s/AU_GAS(CALL,              8/AU_GAS(CALL,              9/" \
        "abi/gas.def s/AU_GAS_FREE_PAGES 4/AU_GAS_FREE_PAGES 5/" \
        "abi/outcome.def s/(12, NOT_ALLOWED/(13, NOT_ALLOWED/" \
        "abi/detail.def s/unreachable instruction/unreachable code/" \
        "abi/err.def s/\"not found\"/\"not there\"/" \
        "abi/invalid.def s/(15, NOT_COMPILED/(16, NOT_COMPILED/" \
        "abi/problem.def s/404, \"Unknown key\"/410, \"Unknown key\"/" \
        "abi/drop.def s/the pool was emptied/the pool was cleared/" \
        "abi/params.def s/100,            1,       1000/100,            1,       2000/" \
        "src/api/routes.c s/\"\\/v1\\/status\", PLAIN/\"\\/v1\\/status\", ALIAS/" \
        "src/api/routes.c s/{\"txs\", NULL}/{\"tx\", NULL}/" \
        "tools/tidy s/\"store\": \"base\"/\"store\": \"base crypto\"/" \
        "src/cli/exit.def s/\"done\"/\"well done\"/" \
        "src/vm/limits.h s/AU_IMPORTS_MAX        128u/AU_IMPORTS_MAX        129u/" \
        "src/core/limits.h s/AU_ARG_COUNT_MAX     64u/AU_ARG_COUNT_MAX     65u/"; do
        copy_sources
        sed -i "${change#* }" "tree/${change%% *}"
        run "$AUREON_SOURCE_DIR/tools/doc-tables" tree
        if [ "$status" -eq 0 ]; then
            echo "not seen: $change" >&2
            return 1
        fi
    done
}

@test "what was measured at another price than the one in force is seen" {
    for change in \
        "abi/gas.def s/AU_GAS(DIVISION,          8/AU_GAS(DIVISION,          9/" \
        "abi/host.def s/get_balance,    \"ii\",     \"I\", 20/get_balance, \"ii\", \"I\", 21/"; do
        copy_sources
        sed -i "${change#* }" "tree/${change%% *}"
        run "$AUREON_SOURCE_DIR/tools/doc-tables" --write tree
        printf '%s\n' "$output"
        [ "$status" -eq 1 ]
        [[ $output == *"is not measured at this price"* ]]
    done
}

@test "a host function without its words, a parameter or a result is seen" {
    while IFS='|' read -r source change what; do
        copy_sources
        sed -i "$change" "tree/$source"
        run "$AUREON_SOURCE_DIR/tools/doc-tables" --write tree
        if [ "$status" -eq 0 ] || [[ $output != *"$what"* ]]; then
            printf 'expected a failure with: %s\ngot %s: %s\n' "$what" "$status" "$output" >&2
            return 1
        fi
    done <<-'END'
	abi/host_words.def|s/WORDS(arg_count,/WORDS(argument_count,/|arg_count has no AU_HOST_WORDS
	abi/host_words.def|/PARAM(log, size/d|log has 2 parameters and 1 AU_HOST_PARAM
	abi/host_words.def|/RESULT(arg_count/d|arg_count has 1 results and 0 AU_HOST_RESULT
	abi/host_words.def|s/(log, line/(log, text/|log has the parameter line in AU_HOST_ARG and text in
	sdk/c/aureon_host.h|s/(const void \*line,/(const void *text,/|log has the parameters text, size, expected
	END
}

# wrong TEXT: a page with the text that comes on standard input fails, and says TEXT.
wrong() {
    cat >"$BATS_TEST_TMPDIR/wrong.md"
    rm -rf checkout
    mkdir checkout
    cd checkout
    run python3 "$BATS_TEST_DIRNAME/docs.py" "$BATS_TEST_TMPDIR/wrong.md" "$AUREON_BUILD_DIR"
    cd ..
    if [ "$status" -eq 0 ] || [[ $output != *"$1"* ]]; then
        printf 'expected a failure with: %s\ngot %s: %s\n' "$1" "$status" "$output" >&2
        return 1
    fi
}

@test "a page that is wrong fails" {
    printf '```sh\naureon version\n```\n```text\naureon 0.0.0\n```\n' | wrong "but printed"
    printf '```sh\nfalse\ntrue\n```\n' | wrong "status 1, expected 0"
    printf '```sh exit=5\ntrue\n```\n' | wrong "status 0, expected 5"
    printf '```sh\nexit\n```\n' | wrong "the shell ended"
    printf '```bash\ntrue\n```\n' | wrong '```bash is no command'
    printf '```sh\ntrue\n```\nand then\n```text\n```\n' | wrong '```text is no command'
    printf '```c\nint a;\n```\n' | wrong '```c is no command'
    printf '[gone](gone.md)\n' | wrong "there is no gone.md"
    printf '# A b\n[c](#a-c)\n' | wrong "there is no #a-c"
    printf '```sh\nmake coffee\n```\n' | wrong "make coffee"
    printf '```sh\naureon dev --port seven\n```\n' | wrong "status 2, expected 0"
    printf '```sh\naureon dev\naureon balance bob\n```\n```text\n1\n```\n' | wrong "1000000"
}

@test "a page that is right passes" {
    cat >right.md <<-'END'
	```wat file=a/one.wat
	(module (func (export "one") (result i32) (i32.const 1)))
	```
	```sh
	cd a
	```
	```sh exit=5
	aureon run one.wat two
	```
	```text
	outcome  no_function
	...
	gas      0 of 1000000
	```
	```sh
	aureon dev
	curl -s http://127.0.0.1:8080/health
	```
	```text
	Aureon 0.1.0, development chain, on http://127.0.0.1:8080
	...
	{"status":"ok","height":"0"}
	```
	END
    mkdir checkout
    cd checkout
    run python3 "$BATS_TEST_DIRNAME/docs.py" ../right.md "$AUREON_BUILD_DIR"
    printf '%s\n' "$output"
    [ "$status" -eq 0 ]
}
