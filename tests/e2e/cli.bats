#!/usr/bin/env bats
# The command line around the commands: words, options, help, streams, exit codes.

load helper.sh

setup() {
    enter_temp
}

@test "without a command: the overview on stderr, exit 2" {
    aureon
    expect 2
    [ -z "$output" ]
    [[ $stderr == usage:* ]]
}

@test "an unknown command names the nearest" {
    aureon rnu
    expect_refused 2 "unknown command 'rnu'; did you mean 'run'?"
    aureon chekc x
    expect_refused 2 "did you mean 'check'?"
}

@test "an unknown command without a near one points to the list" {
    aureon frobnicate
    expect_refused 2 "unknown command 'frobnicate'; \`aureon help\` lists all"
    aureon ""
    expect_refused 2 "unknown command ''"
}

@test "an unknown option names the nearest" {
    aureon run "$counter_wat" get --gsa 5
    expect_refused 2 "unknown option '--gsa'; did you mean '--gas'?"
    aureon run "$counter_wat" get --balances A=1
    expect_refused 2 "did you mean '--balance'?"
    aureon check "$counter_wat" --verbose=3
    expect_refused 2 "unknown option '--verbose'; \`aureon help check\` lists all"
    aureon run "$counter_wat" get -x
    expect_refused 2 "unknown option '-x'"
}

@test "a value that is missing, too many or out of range" {
    aureon run "$counter_wat" get --gas
    expect_refused 2 "--gas needs a value: --gas N"
    aureon run "$counter_wat" get --storage --json
    expect_refused 2 "--storage needs a value: --storage FILE"
    aureon run "$counter_wat" get --storage --gas=5
    expect_refused 2 "--storage needs a value: --storage FILE"
    aureon run "$counter_wat" get --json=yes
    expect_refused 2 "--json takes no value, got 'yes'"
    aureon run "$counter_wat" get --gas 1 --gas 2
    expect_refused 2 "--gas is given twice"
    for number in 9000000000000001 -1 +1 1e6 0x10 "" " 1" 01 18446744073709551616; do
        aureon run "$counter_wat" get --gas="$number"
        expect_refused 2 "--gas: expected a decimal number from 0 to 9000000000000000, got '$number'"
    done
}

@test "operands that are missing or too many" {
    aureon run
    expect_refused 2 "usage: aureon run FILE FUNCTION [ARGUMENT]..."
    aureon run "$counter_wat"
    expect_refused 2 "an operand is missing"
    aureon check a b
    expect_refused 2 "'b' is one operand too many; usage: aureon check FILE"
    aureon version now
    expect_refused 2 "'now' is one operand too many; usage: aureon version"
}

@test "options may stand anywhere and take either form" {
    aureon run --gas=50000 "$counter_wat" --json increment u64:3
    expect 0
    expect_json .gas_limit 50000
    expect_json .output_u64 3
    aureon run "$counter_wat" increment --gas 50000 --json u64:3
    expect 0
    expect_json .gas_limit 50000
}

@test "the version" {
    aureon version
    expect 0
    [[ $output =~ ^aureon\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
    version=${output#aureon }
    aureon --version
    expect 0
    [ "$output" = "aureon $version" ]
    aureon version --json
    expect 0
    expect_json .version "$version"
}

@test "help of every command, in every form, fits 100 columns" {
    # A name may be two words; two spaces end it.
    "$AUREON" help | awk -F '  +' '/^commands:/ {on = 1; next} /^$/ {on = 0} on {print $2}' >commands
    [ "$(wc -l <commands)" -ge 4 ]
    while read -r command; do
        # shellcheck disable=SC2086
        aureon help $command
        expect 0
        [ -z "$stderr" ]
        [[ $output == *"usage: aureon $command"* ]]
        [[ $output == *"example:"* ]]
        page=$output
        aureon $command --help
        expect 0
        [ "$output" = "$page" ]
        aureon $command --frobnicate -h
        expect 0
        [ "$output" = "$page" ]
        [ "$(wc -L <<<"$page")" -le 100 ]
    done <commands
}

@test "every topic has a page" {
    "$AUREON" --help | awk '/^topics:/ {on = 1; next} /^$/ {on = 0} on {print $1}' >topics
    [ "$(wc -l <topics)" -ge 4 ]
    while read -r topic; do
        aureon help "$topic"
        expect 0
        [[ $output == "$topic: "* ]]
        [ "$(wc -L <<<"$output")" -le 100 ]
    done <topics
    aureon help argument
    expect_refused 2 "did you mean 'arguments'?"
}

@test "the example of every command works" {
    ln -s "$AUREON_SOURCE_DIR/contracts" "$AUREON_SOURCE_DIR/examples" .
    mkdir bin
    ln -s "$AUREON" bin/aureon
    "$AUREON" help --markdown | sed -n '/^```sh$/,/^```$/ {/^```/d; p}' >lines
    [ "$(wc -l <lines)" -ge 4 ]
    PATH=$PWD/bin:$PATH run --separate-stderr bash -euc "$(cat lines)"
    expect 0
}

@test "docs/cli.md is what help prints" {
    "$AUREON" help --markdown >cli.md
    diff -u "$AUREON_SOURCE_DIR/docs/cli.md" cli.md
}

@test "no colour but on a terminal that wants it" {
    esc=$'\033'
    aureon run "$counter_wat" get
    [[ $output != *"$esc"* ]]
    tty() { script --quiet --return --command "$1" /dev/null; }
    command="'$AUREON' run '$counter_wat' get"
    NO_COLOR='' TERM=xterm run tty "$command"
    [[ $output == *"$esc"* ]]
    NO_COLOR=1 TERM=xterm run tty "$command"
    [[ $output == *success* ]]
    [[ $output != *"$esc"* ]]
    NO_COLOR='' TERM=dumb run tty "$command"
    [[ $output == *success* ]]
    [[ $output != *"$esc"* ]]
}

@test "a result that cannot be written is an error" {
    run bash -c '"$1" help >/dev/full' - "$AUREON"
    expect 1
    [[ $output == *"cannot write the result"* ]]
    run bash -c '"$1" help >&-' - "$AUREON"
    expect 1
}

@test "a reader that went away ends the program quietly" {
    run bash -c '(sleep 0.2; exec "$1" help; ) 2>err | true; echo "${PIPESTATUS[0]}"' - "$AUREON"
    [ "$output" = 1 ]
    [ ! -s err ]
}

@test "a file that is none, too large or in no folder: what it is, and the limit" {
    aureon check .
    expect_refused 1 "cannot check '.': Is a directory"
    aureon tx decode @.
    expect_refused 1 "cannot read '.': Is a directory"
    aureon run "$counter_wat" increment @.
    expect_refused 1 "cannot read '.': Is a directory"
    aureon tx decode @/dev/zero
    expect_refused 2 "'/dev/zero' is larger than 2097156 bytes"
    aureon proof verify /dev/zero
    expect_refused 2 "'/dev/zero' is larger than 16777216 bytes"
    aureon dev --port 0 --ready-file nowhere/ready
    expect_refused 7 "cannot write 'nowhere/ready': there is no such folder"
    aureon dev --port 0 --ready-file /dev/null
    expect_refused 2 "cannot write '/dev/null': it is no regular file"
    echo '[1]' >list
    aureon proof verify list
    expect_refused 2 "'list' is no proof: expected an object, got an array"
}

@test "a genesis that is none: the file and the member" {
    mkdir chain
    ln -s /dev/zero chain/genesis.json
    aureon node start chain --port 0
    expect_refused 2 "'chain/genesis.json' is larger than"
    rm chain/genesis.json
    aureon node init chain --chain-id x --proposer 0x00000000000000000000000000000000000000000000000000000000000000aa
    expect 0
    sed -i "1s/{/{\"$(printf 'm%.0s' {1..5000})\": 1,/" chain/genesis.json
    aureon node start chain --port 0
    expect_refused 2 "chain/genesis.json: 'mmm"
    [[ $stderr == *"mmm...': unknown member" ]]
}

@test "what others named cannot steer the terminal" {
    aureon $'r\033[31mun'
    expect_refused 2 'r\x1b[31mun'
    aureon run $'x\033]0;title\a' get
    expect_refused 7 'x\x1b]0;title\x07'
}

@test "a closed stderr does no harm" {
    run bash -c '"$1" run "$2" get --json 2>&-' - "$AUREON" "$counter_wat"
    expect 0
    expect_json .success true
    run bash -c '"$1" frobnicate 2>&-' - "$AUREON"
    expect 2
    [ -z "$output" ]
}
