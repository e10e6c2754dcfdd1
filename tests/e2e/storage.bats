#!/usr/bin/env bats
# aureon run --storage: runs that go on from each other, and files that are not as they must be.

load helper.sh

setup() {
    enter_temp
}

@test "runs count on, in both languages over one file" {
    for expected in 1 2 3 4 5 6; do
        counter=$counter_wat
        if [ $((expected % 2)) = 0 ]; then counter=$counter_c; fi
        aureon run "$counter" increment --storage counter.json --json
        expect 0
        expect_json .output_u64 "$expected"
        expect_json .storage_file.path counter.json
        expect_json .storage_file.saved true
    done
    [ "$(jq -r '.storage[0].value' counter.json)" = 0x0600000000000000 ]
    aureon run "$counter_c" get --storage counter.json --json
    expect_json .output_u64 6
}

@test "the file is as documented, to the byte" {
    aureon run "$counter_wat" increment --storage counter.json --self Alice \
        --balance Bob=600 --balance Alice=900
    expect 0
    cat >expected.json <<'END'
{
  "format": 1,
  "contract": "Alice",
  "storage": [
    {
      "key": "0x636f756e746572",
      "key_text": "counter",
      "value": "0x0100000000000000"
    }
  ],
  "balances": {
    "Alice": "900",
    "Bob": "600"
  }
}
END
    diff -u expected.json counter.json
}

@test "balances are kept once they were given" {
    aureon run "$purse_c" send_funds Bob 100 --storage w.json --self Alice \
        --balance Alice=1000 --balance Bob=500
    expect 0
    [ "$(jq -c .balances w.json)" = '{"Alice":"900","Bob":"600"}' ]
    aureon run "$purse_c" send_funds Carol 1 --storage w.json --json
    expect 0
    [ "$(jq -c .balances w.json)" = '{"Alice":"899","Bob":"600","Carol":"1"}' ]
    aureon run "$purse_c" check_balance Alice --balance Alice=5 --storage w.json --json
    expect_json .output_u64 5
    [ "$(jq -c .balances w.json)" = '{"Alice":"5","Bob":"600","Carol":"1"}' ]
    aureon run "$purse_c" check_balance Alice --storage new.json
    expect 0
    [ "$(jq 'has("balances")' new.json)" = false ]
}

@test "a run that fails leaves the file as it was" {
    aureon run "$failures" write --storage f.json
    expect 0
    cp f.json before.json
    for function in revert trap spin reject recurse nowhere; do
        aureon run "$failures" "$function" --storage f.json --balance Alice=1 --json
        expect 5
        expect_json .storage_file.saved false
        cmp f.json before.json
    done
    aureon run "$failures" trap --storage never.json
    expect 5
    [ ! -e never.json ]
}

@test "an entry that is deleted leaves the file" {
    aureon run "$failures" write --storage f.json
    aureon run "$failures" delete --storage f.json --json
    expect 0
    expect_json '.storage_changes[0].before_text' key
    expect_json '.storage_changes[0] | has("after")' false
    [ "$(jq -c .storage f.json)" = '[]' ]
}

@test "many entries come out in order of their keys" {
    echo '{"storage": [{"key": "0x62", "value": "0x"}, {"key": "0x61ff", "value": "0x01"},
        {"key_text": "a", "value_text": "é"}, {"key": "0x00", "value": "0x02"}]}' >f.json
    aureon run "$failures" write --storage f.json
    expect 0
    [ "$(jq -r '.storage | map(.key) | join(" ")' f.json)" = "0x00 0x61 0x61ff 0x62 0x6b6579" ]
    [ "$(jq -r '.storage[1].value_text' f.json)" = é ]
}

@test "another contract's file is refused" {
    aureon run "$counter_wat" increment --storage f.json --self Alice
    expect 0
    aureon run "$counter_wat" increment --storage f.json --self Bob
    expect_refused 2 "'f.json' belongs to contract 'Alice', not to 'Bob'"
    aureon run "$counter_wat" increment --storage f.json
    expect 0
}

@test "a counter that is malformed or full reverts" {
    echo '{"storage": [{"key_text": "counter", "value": "0x01"}]}' >f.json
    aureon run "$counter_wat" increment --storage f.json --json
    expect 5
    expect_json .revert_code 2
    expect_json .output_text "the stored counter is not 8 bytes"
    aureon run "$counter_c" increment --storage f.json --json
    expect 5
    expect_json .revert_code 2147418117
    echo '{"storage": [{"key_text": "counter", "value": "0xffffffffffffffff"}]}' >f.json
    aureon run "$counter_wat" increment --storage f.json --json
    expect 5
    expect_json .revert_code 1
    expect_json .output_text "the counter would exceed 64 bits"
    aureon run "$counter_c" increment u64:2 --storage f.json --json
    expect 5
    expect_json .revert_code 1
    expect_json .output 0xffffffffffffffff0200000000000000
}

@test "a file that is wrong: what, where, expected, got" {
    while IFS='|' read -r text expected; do
        printf '%s' "$text" >f.json
        aureon run "$counter_wat" increment --storage f.json
        expect_refused 2 "'f.json': $expected"
        [ "$(cat f.json)" = "$text" ]
    done <<-'END'
	|
	{"storage": [}|line 1
	[]|expected an object, got an array
	{}|storage is missing
	{"storage": {}}|storage: expected an array, got an object
	{"storage": [], "storage": []}|line 1
	{"storage": [], "extra": 1}|unknown member 'extra'
	{"storage": [], "format": 2}|format: expected 1, got 2
	{"storage": [], "format": "1"}|format: expected 1, got a string
	{"storage": [], "contract": 5}|contract: expected a string, got an integer
	{"storage": [], "contract": ""}|contract: expected a name of 1 to 64 bytes
	{"storage": [5]}|storage[0]: expected an object, got an integer
	{"storage": [{}]}|storage[0]: key is missing
	{"storage": [{"key": "0x61"}]}|storage[0]: value is missing
	{"storage": [{"key": "0x61", "value": "0x", "note": ""}]}|storage[0]: unknown member 'note'
	{"storage": [{"key": 61, "value": "0x"}]}|storage[0].key: expected a string, got an integer
	{"storage": [{"key": "61", "value": "0x"}]}|storage[0].key: expected 0x and an even number of hex digits, got '61'
	{"storage": [{"key": "0x6", "value": "0x"}]}|storage[0].key: expected 0x and
	{"storage": [{"key": "0x61", "value": "0xxx"}]}|storage[0].value: expected 0x and
	{"storage": [{"key": "0x", "value": "0x"}]}|storage[0].key: expected 1 to 256 bytes, got 0
	{"storage": [{"key": "0x61", "key_text": "b", "value": "0x"}]}|storage[0].key_text: 'b' is not the text of key 0x61
	{"storage": [{"key": "0x61", "value": "0x"}, {"key_text": "a", "value": "0x"}]}|storage: key 0x61 is there twice
	{"storage": [], "balances": []}|balances: expected an object, got an array
	{"storage": [], "balances": {"Alice": true}}|balances.Alice: expected a decimal string
	{"storage": [], "balances": {"Alice": "-1"}}|balances.Alice: expected a decimal string
	{"storage": [], "balances": {"Alice": "9223372036854775808"}}|balances.Alice: expected a decimal string
	{"storage": [], "balances": {"": "1"}}|balances: expected a name of 1 to 64 bytes
	{"storage": [], "balances": {"Alice": "1", "0x416c696365": "1"}}|balances: account 'Alice' is there twice
	{"storage": [], "balances": {"A": "9223372036854775807", "B": "1"}}|balances: together
	END
}

@test "a key or value at its limit, and one past it" {
    key=$(printf '61%.0s' {1..256})
    value=$(head -c 65536 /dev/zero | od -An -v -tx1 | tr -d ' \n')
    echo "{\"storage\": [{\"key\": \"0x$key\", \"value\": \"0x$value\"}]}" >f.json
    aureon run "$counter_wat" get --storage f.json
    expect 0
    echo "{\"storage\": [{\"key\": \"0x61$key\", \"value\": \"0x\"}]}" >f.json
    aureon run "$counter_wat" get --storage f.json
    expect_refused 2 "storage[0].key: expected 1 to 256 bytes, got 257"
    echo "{\"storage\": [{\"key\": \"0x61\", \"value\": \"0x00$value\"}]}" >f.json
    aureon run "$counter_wat" get --storage f.json
    expect_refused 2 "storage[0].value: expected at most 65536 bytes, got 65537"
}

@test "a file that cannot be written is an error, and nothing was done" {
    aureon run "$counter_wat" increment --storage nowhere/f.json
    expect_refused 7 "'nowhere/f.json': there is no such folder"
    mkdir folder
    aureon run "$counter_wat" increment --storage folder
    expect_refused 1 "folder"
    [ -z "$(ls -A folder)" ]
}

@test "nothing is left beside the file" {
    mkdir alone
    cd alone
    aureon run "$counter_wat" increment --storage f.json
    aureon run "$counter_wat" increment --storage f.json
    [ "$(ls -A)" = f.json ]
}
