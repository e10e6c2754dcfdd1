#!/usr/bin/env bats
# aureon run: the counter in both languages, outcomes, arguments, what is printed.

load helper.sh

setup() {
    enter_temp
}

# both ARGUMENT...: runs the counter in WAT and, in C, the counter or the purse; what they report must
# not differ but for gas and for events, which WAT has none of.
both() {
    local without_gas='del(.gas_used, .storage_file, .events)' in_c=$counter_c
    case $1 in check_balance | send_funds) in_c=$purse_c ;; esac
    aureon run "$counter_wat" "$@" --json
    local wat_status=$status wat
    wat=$(json "$without_gas")
    aureon run "$in_c" "$@" --json
    if [ "$status" != "$wat_status" ] || [ "$(json "$without_gas")" != "$wat" ]; then
        printf 'in WAT: %s %s\nin C: %s %s\n' "$wat_status" "$wat" "$status" "$output" >&2
        return 1
    fi
}

@test "counter: init, increment, get" {
    both init
    expect 0
    expect_json '.storage_changes[0].after' 0x0000000000000000
    both get
    expect 0
    expect_json .output_u64 0
    both increment
    expect 0
    expect_json .output 0x0100000000000000
    expect_json '.logs[0].text' "counter = 1"
    expect_json '.storage_changes | length' 1
    expect_json '.storage_changes[0].key_text' counter
    expect_json '.storage_changes[0] | has("before")' false
    both increment u64:41
    expect_json .output_u64 41
    both increment 18446744073709551615
    expect_json '.logs[0].text' "counter = 18446744073709551615"
    both increment 10
    expect_json '.logs[0].text' "counter = 10"
}

@test "events: in the text and in JSON, gone when the call fails" {
    cat >"$BATS_TEST_TMPDIR/events.wat" <<'END'
(module (import "env" "emit" (func $emit (param i32 i32 i32 i32 i32 i32)))
  (memory 1 1) (data (i32.const 0) "sold") (data (i32.const 64) "red")
  (func (export "run") (call $emit (i32.const 0) (i32.const 4) (i32.const 32) (i32.const 1)
    (i32.const 64) (i32.const 3)))
  (func (export "fail") (call $emit (i32.const 0) (i32.const 4) (i32.const 32) (i32.const 1)
    (i32.const 64) (i32.const 3)) unreachable))
END
    run "$AUREON" run "$BATS_TEST_TMPDIR/events.wat" run
    [ "$status" -eq 0 ]
    [[ $output == *"event    sold [0x0000"*"] "*red* ]]
    run "$AUREON" run "$BATS_TEST_TMPDIR/events.wat" run --json
    [ "$(jq -r '.events | length' <<<"$output")" -eq 1 ]
    [ "$(jq -r '.events[0].name' <<<"$output")" = sold ]
    [ "$(jq -r '.events[0].contract_text' <<<"$output")" = contract ]
    [ "$(jq -r '.events[0].data_text' <<<"$output")" = red ]
    [ "$(jq -r '.events[0].topics[0]' <<<"$output")" = "0x$(printf '0%.0s' {1..64})" ]
    run "$AUREON" run "$BATS_TEST_TMPDIR/events.wat" fail --json
    [ "$(jq -r .outcome <<<"$output")" = trapped ]
    [ "$(jq -r '.events | length' <<<"$output")" -eq 0 ]
}

@test "counter in C: an event tells who added how much" {
    aureon run "$counter_c" increment u64:41 --caller "0x$(printf 'ab%.0s' {1..32})" --json
    expect 0
    expect_json '.events | length' 1
    expect_json '.events[0].name' Incremented
    expect_json '.events[0].topics | join(" ")' "0x$(printf 'ab%.0s' {1..32})"
    expect_json '.events[0].data' 0x29000000000000002900000000000000
}

@test "counter: arguments that do not fit revert" {
    for arguments in "u32:1" "u64:1 u64:2" "str:" "text"; do
        # shellcheck disable=SC2086
        aureon run "$counter_wat" increment $arguments --json
        expect 5
        expect_json .outcome reverted
        expect_json .revert_code 3
        expect_json .output_text "increment takes nothing or one u64"
    done
    for arguments in "u32:1" "u64:1 u64:2" "raw:0x" "raw:0x00"; do
        # shellcheck disable=SC2086
        aureon run "$counter_c" increment $arguments --json
        expect 5
        expect_json .outcome reverted
        expect_json .revert_code 2147418113
    done
    long=$(printf 'x%.0s' {1..65})
    for arguments in "" "Bob" "Bob u32:1" "Bob 1 Alice 1" "str:$long 1" "Bob 1 $long"; do
        # shellcheck disable=SC2086
        both send_funds $arguments
        expect 5
        expect_json .revert_code 3
        expect_json .output_text "send_funds takes to, amount u64, and maybe from"
    done
}

@test "counter: balances and transfers" {
    accounts=(--self Alice --balance Alice=1000 --balance Bob=500)
    both check_balance Alice "${accounts[@]}"
    expect_json .output_u64 1000
    both check_balance Carol "${accounts[@]}"
    expect_json .output_u64 0

    both send_funds Bob 100 "${accounts[@]}"
    expect 0
    expect_json .output_u32 0
    expect_json '.balance_changes | length' 2
    expect_json '.balance_changes | map(.account + " " + .before + " " + .after) | sort | join(", ")' \
        "Alice 1000 900, Bob 500 600"

    both send_funds Alice 100 Bob "${accounts[@]}"
    expect 0
    expect_json .output_u32 2
    expect_json '.balance_changes | length' 0
    both send_funds Bob 1001 "${accounts[@]}"
    expect_json .output_u32 1
    both send_funds Bob 1000 "${accounts[@]}"
    expect_json .output_u32 0
}

@test "value moves from the caller first" {
    aureon run "$failures" value --value 7 --caller Bob --balance Bob=10 --json
    expect 0
    expect_json .output_u64 7
    expect_json '.balance_changes | map(.account + " " + .before + " " + .after) | sort | join(", ")' \
        "Bob 10 3, contract 0 7"
    aureon run "$failures" value --value 11 --caller Bob --balance Bob=10 --json
    expect 5
    expect_json .outcome insufficient_balance
}

@test "height and time are given" {
    aureon run "$failures" height --height 12 --json
    expect_json .output_u64 12
    aureon run "$failures" time --time 1700000000000 --json
    expect_json .output_u64 1700000000000
}

@test "gas: the limit decides, exactly" {
    aureon run "$counter_wat" increment --json
    need=$(json .gas_used)
    aureon run "$counter_wat" increment --gas "$need" --json
    expect 0
    expect_json .gas_used "$need"
    aureon run "$counter_wat" increment --gas $((need - 1)) --json
    expect 5
    expect_json .outcome out_of_gas
    expect_json .class out_of_gas
    expect_json .gas_used $((need - 1))
    expect_json '.storage_changes | length' 0
    aureon run "$failures" spin --gas 1000
    expect 5
    [[ $output == *out_of_gas* ]]
    [[ $output == *"1000 of 1000"* ]]
    aureon run "$counter_wat" increment --gas 0 --json
    expect 5
    expect_json .outcome out_of_gas
}

@test "each failure has its outcome and exit code 5" {
    while read -r function outcome detail; do
        aureon run "$failures" "$function" --json
        expect 5
        expect_json .outcome "$outcome"
        expect_json .detail "$detail"
        expect_json .class execution_error
        expect_json .success false
        expect_json '.storage_changes | length' 0
        [ -n "$(json .message)" ]
        aureon run "$failures" "$function"
        expect 5
        [[ $output == *"$outcome"* ]]
        [ -z "$stderr" ]
    done <<-END
	trap trapped 1
	divide trapped 2
	revert reverted 0
	reject host_rejected 258
	recurse stack_limit 0
	nowhere no_function 0
	number bad_arguments 0
	__hidden not_allowed 0
	END
}

@test "a failure names function, instruction and callers" {
    cat >chain.wat <<-END
	(module
	  (import "env" "log" (func \$log (param i32 i32))) (memory 1 1)
	  (func \$divide (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))
	  (func \$half (result i32) (call \$divide (i32.const 0)))
	  (func (export "trap") (drop (call \$half)))
	  (func (export "spin") (loop \$again (br \$again)))
	  (func (export "reject") (call \$log (i32.const -1) (i32.const 1)))
	  (func \$deep (export "deep") (call \$deep)))
	END
    while IFS='|' read -r function message; do
        aureon run chain.wat "$function" --gas 1000
        expect 5
        [[ $output == *"message  $message"* ]]
    done <<-END
	trap|the contract trapped: integer division by zero, in function 1 \`divide\` at byte 98, called by 2 \`half\`, 3 \`trap\`
	spin|the gas limit of 1000 was reached, in function 4 \`spin\` in the block at byte 117
	reject|log was refused: a pointer is outside the memory, in function 5 \`reject\` at byte 127
	deep|the metered stack ran out, in function 6 \`deep\` in the block at byte 132, called by 6 \`deep\`
	END
}

@test "a revert keeps its code, data and log" {
    aureon run "$failures" revert --json
    expect 5
    expect_json .revert_code 77
    expect_json .output_text "no way"
    expect_json '.logs[0].text' key
    aureon run "$failures" revert
    [[ $output == *77* ]]
    [[ $output == *"no way"* ]]
}

@test "a view may not write" {
    aureon run "$failures" write --view --json
    expect 5
    expect_json .outcome not_allowed
    aureon run "$counter_wat" get --view
    expect 0
}

@test "logs cannot steer the terminal" {
    aureon run "$failures" shout
    expect 0
    [[ $output != *$'\033'* ]]
    [[ $output == *'\x1b[2Jred\x1b[31m'* ]]
    aureon run "$failures" shout --json
    expect_json '.logs[0].data' 0x1b5b324a7265641b5b33316dff0a0000
    # U+FFFD stands for the byte that is no UTF-8
    [ "$(json '.logs[0].text | explode | .[12]')" = 65533 ]
}

@test "every form of argument" {
    printf '\001\002' >data.bin
    while read -r argument bytes; do
        aureon run "$failures" echo --json -- "$argument"
        expect 0
        expect_json .output "$bytes"
    done <<-END
	u64:5 0x0500000000000000
	5 0x0500000000000000
	18446744073709551615 0xffffffffffffffff
	i64:-5 0xfbffffffffffffff
	i64:-9223372036854775808 0x0000000000000080
	u32:7 0x07000000
	u32:4294967295 0xffffffff
	i32:-1 0xffffffff
	i32:2147483647 0xffffff7f
	bytes:0x00fF 0x00ff
	0x00ff 0x00ff
	0x 0x
	bytes:0x 0x
	str:5 0x35
	str: 0x
	str:u64:5 0x7536343a35
	hi 0x6869
	-hi 0x2d6869
	@data.bin 0x0102
	é 0xc3a9
	END
}

@test "an argument that is wrong or ambiguous is refused with its mend" {
    hash=$(printf '3e%.0s' {1..32})
    while IFS='|' read -r argument text; do
        aureon run "$failures" echo "$argument"
        expect_refused 2 "$text"
    done <<-END
	u64:|u64: expected a decimal number from 0 to 18446744073709551615, got ''
	u64:-1|u64: expected
	u64:18446744073709551616|u64: expected
	u64:0x5|u64: expected
	i64:9223372036854775808|i64: expected
	u32:4294967296|u32: expected
	i32:2147483648|i32: expected
	i32:-2147483649|i32: expected
	bytes:00|bytes: expected 0x and an even number of hex digits, got '00'
	bytes:0x0|bytes: expected
	0x0g|bytes: expected
	0x123|bytes: expected
	-5|write i64:-5 or i32:-5
	5x|for text write str:5x
	05|for text write str:05
	1.5|for text write str:1.5
	+5|for text write str:+5
	18446744073709551616|for text write str:18446744073709551616
	u46:5|'u46:' is no known prefix
	|for an empty text write str:
	$hash|for bytes write 0x$hash, for text str:$hash
	END
    aureon run "$failures" echo -- -5
    expect_refused 2 "write i64:-5 (8 bytes) or i32:-5 (4 bytes)"
    aureon run "$failures" echo @nowhere
    expect_refused 7 "for text write str:@nowhere"
    head -c 262145 /dev/zero >large.bin
    aureon run "$failures" echo @large.bin
    expect_refused 2 "larger than 262144 bytes"
}

@test "too many arguments, too much of them" {
    # shellcheck disable=SC2046
    aureon run "$counter_wat" get $(printf 'a %.0s' {1..64})
    expect 0
    # shellcheck disable=SC2046
    aureon run "$counter_wat" get $(printf 'a %.0s' {1..65})
    expect_refused 2 "at most 64"
    head -c 262144 /dev/zero >full.bin
    aureon run "$counter_wat" get @full.bin
    expect 0
    aureon run "$counter_wat" get @full.bin 0x00
    expect_refused 2 "262144 bytes"
}

@test "accounts: names, hex, and what is neither" {
    key=0x$(printf 'ab%.0s' {1..32})
    both check_balance "$key" --balance "$key=9"
    expect_json .output_u64 9
    both send_funds "$key" 1 --self "$key" --balance "$key=9"
    expect_json .output_u32 0
    both send_funds Bob 4 --self "$key" --balance "$key=9"
    expect_json '.balance_changes[0].account' "$key"
    long=$(printf 'x%.0s' {1..65})
    for name in "" "$long" 0x 0x1 0xzz; do
        aureon run "$counter_wat" get --self "$name"
        expect_refused 2 "--self: expected a name of 1 to 64 bytes"
        aureon run "$counter_wat" get --balance "$name=1"
        expect_refused 2 "--balance: expected"
    done
    for balance in Alice Alice= Alice=x Alice=-1 Alice=9223372036854775808; do
        aureon run "$counter_wat" get --balance "$balance"
        expect_refused 2 "--balance: expected"
    done
    aureon run "$counter_wat" get --balance Alice=1 --balance Alice=2
    expect_refused 2 "account 'Alice' is given twice"
    aureon run "$counter_wat" get --balance A=9223372036854775807 --balance B=1
    expect_refused 2 "together"
}

@test "a name may contain an equals sign" {
    both check_balance str:a=b --balance a=b=5
    expect_json .output_u64 5
}

@test "one account by name and by hash is refused" {
    hash=$({ printf '\013aureon/name'; printf Alice; } | sha256sum | cut -d' ' -f1)
    aureon run "$counter_wat" get --balance Alice=1 --balance "0x$hash=1"
    expect_refused 2 "account"
}

@test "for people: aligned lines" {
    aureon run "$counter_wat" increment
    expect 0
    [ "${lines[0]}" = "outcome  success" ]
    [[ ${lines[1]} =~ ^gas\ {6}[0-9]+\ of\ 1000000$ ]]
    [ "${lines[2]}" = "output   0x0100000000000000  u64 1" ]
    [ "${lines[3]}" = "log      counter = 1" ]
    [ "${lines[4]}" = "storage  counter: absent -> 0x0100000000000000  u64 1" ]
    aureon run "$counter_wat" send_funds Bob 100 --self Alice --balance Alice=1000
    [[ $output == *"balance  Alice: 1000 -> 900"* ]]
    [[ $output == *"balance  Bob: 0 -> 100"* ]]
}

@test "a module that is not there" {
    aureon run nowhere.wat get
    expect_refused 7 "there is no such file"
}

@test "the same run gives the same bytes" {
    aureon run "$counter_c" increment 5 --json
    first=$output
    aureon run "$counter_c" increment 5 --json
    [ "$output" = "$first" ]
}
