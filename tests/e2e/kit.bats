#!/usr/bin/env bats
# What the C kit does inside a contract.

load helper.sh

wide=$AUREON_CONTRACTS_DIR/wide.wasm

setup() {
    enter_temp
}

# u128 EXPRESSION: its 16 bytes, in hex.
u128() {
    python3 -c "print('raw:0x' + ($1).to_bytes(16, 'little').hex())"
}

# output EXPRESSION: likewise, as outputs are written.
output() {
    u128 "$1" | sed 's/^raw://'
}

@test "kit: products, quotients and rests of 128 bits" {
    local pair a b
    for pair in "2**64-1 2**64-1" "2**127+12345 3" "0x123456789abcdef0fedcba9876543210 0xfedcba98" \
        "2**128-1 2**128-2" "7 2**100" "0 5" "2**128-1 1" "0xffffffff00000001 2**32+1"; do
        read -r a b <<<"$pair"
        aureon run "$wide" mul "$(u128 "$a")" "$(u128 "$b")" --json
        expect_json .output "$(output "(($a) * ($b)) % 2**128")"
        aureon run "$wide" div "$(u128 "$a")" "$(u128 "$b")" --json
        expect_json .output "$(output "($a) // ($b)")"
        aureon run "$wide" mod "$(u128 "$a")" "$(u128 "$b")" --json
        expect_json .output "$(output "($a) % ($b)")"
    done
    local sign
    for sign in "1 1" "-1 1" "1 -1" "-1 -1"; do
        read -r a b <<<"$sign"
        aureon run "$wide" signed_div "$(u128 "$a * (2**90 + 7) % 2**128")" \
            "$(u128 "$b * (2**70 + 1) % 2**128")" --json
        expect_json .output "$(output "$a * $b * ((2**90 + 7) // (2**70 + 1)) % 2**128")"
        aureon run "$wide" signed_mod "$(u128 "$a * (2**90 + 7) % 2**128")" \
            "$(u128 "$b * (2**70 + 1) % 2**128")" --json
        expect_json .output "$(output "$a * ((2**90 + 7) % (2**70 + 1)) % 2**128")"
    done
    aureon run "$wide" div "$(u128 1)" "$(u128 0)" --json
    expect_json .outcome trapped
}

@test "kit: shifts of 128 bits" {
    local by a=0xfedcba9876543210123456789abcdef1
    for by in 0 1 63 64 65 127; do
        aureon run "$wide" left "$(u128 $a)" "$by" --json
        expect_json .output "$(output "($a << $by) % 2**128")"
        aureon run "$wide" right "$(u128 $a)" "$by" --json
        expect_json .output "$(output "$a >> $by")"
        aureon run "$wide" signed_right "$(u128 $a)" "$by" --json
        expect_json .output "$(output "(($a - 2**128) >> $by) % 2**128")"
    done
}

@test "kit: comparisons and copies" {
    local low high
    low=0x$(printf '01%.0s' {1..31})02
    high=0x$(printf '01%.0s' {1..31})fe
    aureon run "$wide" compare "$low" "$high" --json
    expect_json .output 0xffffffff
    aureon run "$wide" compare "$high" "$low" --json
    expect_json .output 0x01000000
    aureon run "$wide" compare "$low" "$low" --json
    expect_json .output 0x00000000
    aureon run "$wide" shift raw:0x03000000616263 --json
    expect_json .output 0x0400000061616263
}

@test "kit: a difference below zero, a full heap and a full scratch buffer end the call" {
    aureon run "$wide" difference u64:5 u64:3 --json
    expect_json .output_u64 2
    aureon run "$wide" difference u64:3 u64:5 --json
    expect_json .revert_code 2147418114
    aureon run "$wide" fill u32:4096 u32:4 --json
    expect_json .outcome success
    aureon run "$wide" fill u32:4096 u32:5 --json
    expect_json .revert_code 2147418116
    aureon run "$wide" fill u32:4294967295 u32:1 --json
    expect_json .revert_code 2147418116
    aureon run "$wide" fill u32:1 u32:1025 --json
    expect_json .revert_code 2147418116
    head -c 16385 /dev/zero >long.bin
    aureon run "$wide" shift "raw:0x$(od -An -v -tx1 long.bin | tr -d ' \n')" --json
    expect_json .revert_code 2147418116
    aureon run "$wide" shift raw:0x0400000061 --json
    expect_json .revert_code 2147418113
}

@test "kit: a line of parts, and texts that are UTF-8" {
    local who
    who=0x$(printf 'ab%.0s' {1..32})
    aureon run "$wide" tell i64:-9223372036854775808 ü "$who" --json
    expect_json '.logs[0].text' "got -9223372036854775808 ü ${who#0x}"
    for text in 02000000c0af 03000000eda080 04000000f4908080 01000000c3 0100000080; do
        aureon run "$wide" tell i64:1 "raw:0x$text" "$who" --json
        expect_json .revert_code 2147418113
    done
}

@test "kit: sixteen fields and arguments, and texts with quotes, backslashes and several lines" {
    local fields
    fields=$(printf '%s:u8, ' {a..p})
    aureon abi "$wide"
    expect 0
    [[ $output == *"type Sixteen{${fields%, }}"* ]]
    [[ $output == *"fn last(${fields%, })->u8 view"* ]]
    [[ $output == *'view "Says \"first\" and \\,\nand turns the ends of sixteen fields"'* ]]
    aureon run "$wide" ends "raw:0x$(printf '%02x' {1..16})" --json
    expect_json .output "0x10$(printf '%02x' {2..15})01"
    aureon run "$wide" last $(printf 'raw:0x%02x ' {1..16}) --json
    expect_json .output 0x10
}

lists=$AUREON_CONTRACTS_DIR/lists.wasm

@test "kit: options, lists and maps by their types, as text and as JSON" {
    aureon run "$lists" halve number=6 --json
    expect_json .output 0x010300000000000000
    aureon run "$lists" halve none --json
    expect_json .output 0x00
    local items=02000000010000004201000000000000000000000000010000004101020000000000000000000000
    aureon run "$lists" priced 'items=[{name: A, price: 2, tags: []}, {name: C, price: none, tags: [1]}, {name: B, price: 0, tags: []}]' --json
    expect_json .output 0x$items
    aureon run "$lists" priced '[{"name": "A", "price": "2", "tags": []}, {"name": "B", "price": "0", "tags": []}]' --json
    expect_json .output 0x$items
    aureon run "$lists" same 'counts={b: 2, a: 1}' --json
    expect_json .output 0x020000000100000061010000000000000001000000620200000000000000
    aureon run "$lists" all '[1, 2]' --json
    expect_json .output 0x010200000001000000000000000200000000000000
    aureon run "$lists" truths '[[-1, [true, true]], [5, [true, false]]]' --json
    expect_json .output_u64 3
    aureon run "$lists" halve number=x
    expect_refused 2 "args.number: expected u64"
    aureon run "$lists" same 'counts={a: 1, a: 2}'
    expect 2
}

@test "kit: options, lists and maps that are no such encoding" {
    local wrong
    for wrong in halve:02 halve:01 halve:0000 priced:ffffffff priced:0100000000000000 \
        same:020000000100000062010000000000000001000000610200000000000000 \
        same:020000000100000061010000000000000001000000610200000000000000; do
        aureon run "$lists" "${wrong%:*}" "raw:0x${wrong#*:}" --json
        expect_json .revert_code 2147418113
    done
    aureon run "$lists" unsorted --json
    expect_json .revert_code 2147418117
}

@test "kit: lists that are stored, emitted and told of in an error" {
    local a b
    a=0x$(printf '11%.0s' {1..32})
    b=0x$(printf '22%.0s' {1..32})
    aureon run "$lists" keep "[$a, $b]" 7 '{x: 1}' none --storage kept.json --json
    expect_json .output_u64 3
    aureon run "$lists" owner place=1 --storage kept.json --json
    expect_json .output "$b"
    aureon run "$lists" see '[1, 2]' hi --json
    expect_json '.events[0].data' 0x01020000006869
    expect_json '.events | length' 2
    aureon run "$lists" see '[2, 2]' none
    expect 5
    [[ $output == *'with code 1'* ]]
}
