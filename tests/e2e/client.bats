#!/usr/bin/env bats
# The client commands against a running development node.

load helper.sh
load node.sh

setup_file() {
    export XDG_DATA_HOME=$BATS_FILE_TMPDIR/data
    unset AUREON_PASSWORD_FILE
    cd "$BATS_FILE_TMPDIR" || return 1
    start_node dev
    printf 'correct horse\n' >"$BATS_FILE_TMPDIR/password"
}

teardown_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    end_nodes
}

setup() {
    enter_temp
    password=$BATS_FILE_TMPDIR/password
}

# deploy FILE: sets contract to the address of a new one.
deploy() {
    contract=$("$AUREON" deploy "$@")
    [[ $contract == aur1* ]]
}

# address NAME: that of an account.
address() {
    "$AUREON" account "$1" --json | jq --raw-output .address
}

@test "status says what the node is" {
    aureon status
    expect 0
    [[ $output == *"chain_id        aureon-dev"* ]]
    aureon status --json
    expect 0
    expect_json .mode dev
    expect_json .gas_price_min 0
}

@test "--url goes before AUREON_URL" {
    AUREON_URL=http://127.0.0.1:1 aureon status --url "$AUREON_URL/"
    expect 0
}

@test "no node: exit 3, the address and what starts one" {
    aureon balance alice --url http://127.0.0.1:1
    expect_refused 3 "no node answers at http://127.0.0.1:1"
    [[ $stderr == *"\`aureon dev\` starts one"* ]]
    AUREON_URL=http://127.0.0.1:1 aureon send bob 1
    expect_refused 3 "no node answers at http://127.0.0.1:1"
}

@test "an address that is none" {
    for url in 127.0.0.1:8080 ftp://127.0.0.1 ""; do
        aureon status --url "$url"
        expect_refused 2 "expected the node's address as http://"
    done
    aureon status --url "http://127.0.0.1:99999"
    expect_refused 2 "'http://127.0.0.1:99999/v1/status' is no URL"
}

@test "send moves an amount and prints the transaction's hash" {
    before=$("$AUREON" balance dave --json | jq --raw-output .balance)
    aureon send dave 1.5
    expect 0
    [[ $output =~ ^0x[0-9a-f]{64}$ ]]
    hash=$output
    aureon balance dave --json
    expect_json .balance "$((before + 1500000000))"
    aureon send dave 7u --from bob --json
    expect 0
    expect_json .status success
    aureon balance dave --json
    expect_json .balance "$((before + 1500000007))"

    aureon tx get "$hash" --json
    expect 0
    expect_json .tx.hash "$hash"
    expect_json .tx.kind Transfer
    expect_json .tx.amount 1500000000
    expect_json .receipt.status success
    height=$(json .receipt.height)
    aureon block get "$height" --json
    expect 0
    expect_json '.txs[0]' "$hash"
}

@test "what balance prints, send takes" {
    aureon balance erin
    expect 0
    all=$output
    aureon send frank "$all" --from erin
    expect 0
    aureon balance erin
    [ "$output" = 0 ]
    aureon send erin "$all" --from frank
    expect 0
}

@test "amounts and accounts that are none" {
    for amount in 1.0000000001 -1 1e3 "" 1AUR; do
        aureon send bob -- "$amount"
        expect_refused 2 "AMOUNT: expected an amount in AUR"
    done
    aureon send aur1qqqq 1
    expect_refused 2 "'aur1qqqq' is no address"
    aureon send nobody-here 1
    expect_refused 8 "there is no contract and no key 'nobody-here'"
    aureon send bob 1 --from nobody-here
    expect_refused 8 "there is no key 'nobody-here'"
    aureon balance "No Body"
    expect_refused 2 "is no address"
}

@test "a transaction that the node refuses: exit 4, expected, got and what mends it" {
    aureon send bob 9000000
    expect_refused 4 "tx-balance"
    [[ $stderr == *"\`aureon balance\` tells what an account has"* ]]
    aureon send bob 1 --nonce 0 --json
    expect 4
    expect_json .code tx-nonce-low
    [[ $stderr == *"leave out --nonce"* ]]
}

@test "deploy, call, view, storage and code" {
    deploy "$counter_c"
    aureon call "$contract" increment --as u64
    expect 0
    [ "$output" = 1 ]
    aureon call "$contract" increment
    [ "$output" = 0x0200000000000000 ]
    aureon view "$contract" get --as u64
    expect 0
    [ "$output" = 2 ]
    aureon contract storage "$contract"
    expect 0
    [ "$output" = $'0x636f756e746572\t0x0200000000000000\tcounter = "2"' ]
    aureon contract storage "$contract" counter
    expect 0
    [ "$output" = 0x0200000000000000 ]
    aureon contract storage "$contract" missing
    expect 7
    aureon contract show "$contract" --json
    expect 0
    expect_json .address "$contract"
    expect_json .admin "$(address alice)"
    aureon contract code "$contract" code.wasm
    expect 0
    [ -z "$output" ]
    cmp code.wasm "$counter_c"
}

@test "code without an ABI is deployed, and who deploys it is told so" {
    aureon deploy "$counter_wat" --json
    expect 0
    expect_json .status success
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ $stderr == *"the code has no ABI (custom section \`aureon_abi\`, which \`aureon build\` adds)"* ]]
    contract=$(json .created)
    aureon upgrade "$contract" "$counter_wat"
    expect 0
    [[ $stderr == *"has no ABI"* ]]
    aureon deploy "$counter_wat" --gas 1
    expect 4
    [[ $stderr != *"has no ABI"* ]]
    aureon deploy "$counter_c"
    expect 0
    [ -z "$stderr" ]
}

@test "text is deployed as the binary that it stands for" {
    deploy "$counter_wat" --admin none
    aureon contract show "$contract" --json
    [ "$(json 'has("admin")' || true)" = false ]
    aureon call "$contract" increment --as u64
    [ "$output" = 1 ]
}

@test "upgrade keeps the storage" {
    deploy "$counter_c"
    aureon call "$contract" increment --as u64
    [ "$output" = 1 ]
    aureon upgrade "$contract" "$counter_wat"
    expect 0
    [[ $output =~ ^0x[0-9a-f]{64}$ ]]
    aureon call "$contract" increment --as u64
    [ "$output" = 2 ]
    aureon upgrade "$contract" "$counter_wat" --from bob --gas 3000000
    expect 5
    [[ $stderr == *not_allowed* ]]
    aureon contract history "$contract" --json
    expect_json '.items | length' 2
    expect_json '.items[0].code_hash_before == .items[1].code_hash' true
    expect_json '.items[1] | has("code_hash_before")' false
}

@test "a call that fails is not sent, unless --gas says so" {
    deploy "$failures"
    before=$("$AUREON" account alice --json | jq --raw-output .nonce)
    aureon call "$contract" trap
    expect_refused 5 "nothing was sent: a simulation of this failed: trapped, unreachable"
    aureon account alice --json
    expect_json .nonce "$before"
    aureon call "$contract" trap --gas 100000
    expect_refused 5 "the transaction failed: trapped, unreachable"
    [[ $stderr == *"unreachable instruction, in function"*"at byte"*"gas used"* ]]
    aureon account alice --json
    expect_json .nonce "$((before + 1))"
    aureon call "$contract" trap --gas 100000 --json
    expect 5
    expect_json .reason unreachable
    aureon view "$contract" trap
    expect_refused 5 "the view failed: trapped, unreachable"
    [[ $stderr == *"unreachable instruction, in function"*"at byte"* ]]
}

@test "an output in another form" {
    deploy "$counter_c"
    aureon view "$contract" get --as i32
    expect_refused 2 "the output is no i32: it has 8 bytes"
    for command in view call; do
        aureon $command "$contract" increment --as u65
        expect_refused 2 "--as: expected abi, u64, i64, u32, i32, bytes, addr or str, got 'u65'"
    done
    aureon view "$contract" get --as u64
    [ "$output" = 0 ]
    aureon call "$contract" increment --as addr
    expect_refused 2 "the transaction is in a block, but the output is no addr"
    aureon call "$contract" increment --as abi
    expect 0
    [ "$output" = 2 ]
    deploy "$counter_wat" --from bob
    aureon call "$contract" increment --as abi
    expect_refused 2 "the transaction is in a block, but the output is not decoded: the contract has no ABI"
}

@test "simulate shows a receipt and changes nothing" {
    deploy "$counter_c"
    aureon simulate "$contract" increment
    expect 0
    [[ $output == *"status          success"* ]]
    [[ $output == *"gas_suggested"* ]]
    aureon view "$contract" get --as u64
    [ "$output" = 0 ]
}

@test "a stake that registers a validator key" {
    aureon stake 20000 --from heidi --validator ivan
    expect 0
    aureon stake 1 --from judy --validator ivan
    expect_refused 5 "the validator key is another account's"
    aureon unstake 20000 --from heidi
    expect_refused 5 "the chain would have no validator left"
    aureon stake 20000 --from judy --validator judy
    expect 0
    aureon unstake 20000 --from heidi
    expect 0
}

@test "stake and unstake" {
    aureon stake 10 --from grace
    expect 0
    aureon account grace --json
    expect_json .stake 10000000000
    aureon unstake 4 --from grace
    expect 0
    aureon account grace --json
    expect_json .stake 6000000000
}

@test "--wait none prints the hash, tx get finds it" {
    aureon send heidi 1 --from ivan --wait none
    expect 0
    hash=$output
    "$AUREON" api GET "/v1/tx/$hash?wait=committed" >/dev/null
    aureon tx get "$hash" --json
    expect 0
    expect_json .receipt.status success
    aureon send heidi 1 --wait forever
    expect_refused 2 "--wait: expected committed, accepted or none"
}

@test "--dry-run prints curl lines that do what the command would" {
    before=$("$AUREON" balance judy --json | jq --raw-output .balance)
    aureon send heidi 1.25 --from carol --dry-run
    expect 0
    [ "$(grep -c '^curl -sS' <<<"$output")" -eq 3 ]
    script=$output
    heidi=$("$AUREON" balance heidi --json | jq --raw-output .balance)
    bash -euc "$script" >answers
    aureon balance heidi --json
    expect_json .balance "$((heidi + 1250000000))"
    aureon view "$("$AUREON" account alice --json | jq --raw-output .address)" get --dry-run
    expect 0
    [[ $output == "curl -sS -X POST"* ]]
}

@test "a transaction is made here, signed there and sent from anywhere" {
    genesis=$("$AUREON" status --json | jq --raw-output .genesis_hash)
    aureon send heidi 1 --from carol --unsigned
    expect 0
    printf '%s\n' "$output" >unsigned
    aureon tx send @unsigned
    expect_refused 4 "tx-signature"
    aureon tx sign @unsigned --from carol --genesis "$genesis" --url http://127.0.0.1:1
    expect 0
    printf '%s\n' "$output" >signed
    aureon tx sign @unsigned --from bob --genesis "$genesis"
    expect_refused 8 "another sender"
    aureon tx send @signed
    expect 0
    hash=$output
    aureon tx decode @signed --json
    expect_json .hash "$hash"
    aureon tx send @signed # again: harmless
    expect 0
    [ "$output" = "$hash" ]
}

@test "keys: made, listed, exported, imported; and a password for each use" {
    aureon keys new savings --password-file "$password"
    expect 0
    savings=$output
    [[ $savings == aur1* ]]
    file=$XDG_DATA_HOME/aureon/keys/savings.json
    [ "$(stat -c %a "$file")" = 600 ]
    aureon keys new savings --password-file "$password"
    expect_refused 8 "a key is never replaced"
    aureon keys new alice --password-file "$password"
    expect_refused 2 "account of development chains"
    aureon keys new "../savings" --password-file "$password"
    expect_refused 2 "expected a name of 1 to 64"
    aureon keys list
    [ "$output" = "savings	$savings" ]

    AUREON_PASSWORD_FILE=$password aureon keys export savings
    expect 0
    [[ $output =~ ^0x[0-9a-f]{64}$ ]]
    printf '%s\n' "$output" >seed
    aureon keys import copy seed --password-file "$password"
    expect 0
    [ "$output" = "$savings" ]
    echo wrong >wrong
    aureon keys export savings --password-file wrong
    expect_refused 8 "the password is not that of the key 'savings'"
    aureon keys export savings
    expect_refused 8 "give --password-file FILE or set AUREON_PASSWORD_FILE"

    aureon send savings 2
    expect 0
    aureon send bob 1 --from savings --password-file "$password"
    expect 0
    aureon balance @savings
    expect 0
    [ "$output" = 1 ]
    aureon send bob 1 --from "$savings"
    expect_refused 8 "an address cannot sign"
    rm "$file" "$XDG_DATA_HOME/aureon/keys/copy.json"
}

# A terminal is where the program asks: ask.py types on one.
@test "a password that is asked for: twice for a new key, not shown, and a terminal that is given back" {
    run python3 "$BATS_TEST_DIRNAME/ask.py" "$AUREON" keys new typed --type horse --type horse
    [ "$status" -eq 0 ]
    [ "$output" = "hidden, hidden, ended with 0, shown" ]
    run python3 "$BATS_TEST_DIRNAME/ask.py" "$AUREON" keys export typed --type horse
    [ "$output" = "hidden, ended with 0, shown" ]
    run python3 "$BATS_TEST_DIRNAME/ask.py" "$AUREON" keys new other --type horse --type house
    [ "$output" = "hidden, hidden, ended with 8, shown" ]
    for signal in INT QUIT TERM HUP; do
        run python3 "$BATS_TEST_DIRNAME/ask.py" "$AUREON" keys export typed --signal "$signal"
        [ "$output" = "hidden, ended by SIG$signal, shown" ]
    done
    rm "$XDG_DATA_HOME/aureon/keys/typed.json"
}

@test "a key file that somebody changed does not sign" {
    aureon keys new changed --password-file "$password"
    expect 0
    file=$XDG_DATA_HOME/aureon/keys/changed.json
    alice=$(address alice)
    sed -i "s/\"aur1[^\"]*\"/\"$alice\"/" "$file"
    aureon send bob 1 --from changed --password-file "$password"
    expect_refused 8 "damaged"
    rm "$file"
}

@test "keys list: a damaged key hides no other, and a folder that cannot be read is no empty one" {
    keys=$XDG_DATA_HOME/aureon/keys
    aureon keys new whole --password-file "$password"
    expect 0
    whole=$output
    echo '{}' >"$keys/broken.json"
    cp "$keys/whole.json" "$keys/alice.json"
    aureon keys list
    expect 8
    [ "$output" = "whole	$whole" ]
    [[ $stderr == *"the file of the key 'broken' is damaged: member 'version' is missing" ]]
    rm "$keys/broken.json" "$keys/alice.json" "$keys/whole.json"
    aureon keys list --json
    expect 0
    expect_json length 0

    mkdir -p data/aureon
    touch data/aureon/keys
    XDG_DATA_HOME=data aureon keys list
    expect_refused 8 "cannot read 'data/aureon/keys': Not a directory"
    XDG_DATA_HOME=data aureon keys new k --password-file "$password"
    expect_refused 1 "cannot write 'data/aureon/keys/k.json'"
}

@test "dev accounts are known by name" {
    aureon keys list --dev
    expect 0
    [ "${#lines[@]}" -eq 10 ]
    [ "${lines[0]}" = "alice	$(address alice)" ]
    [ "${lines[9]}" = "judy	$(address judy)" ]
}

@test "proofs of accounts, slots and transactions hold" {
    deploy "$counter_c"
    aureon call "$contract" increment --json
    expect 0
    hash=$(json .hash)
    bob=$(address bob)

    "$AUREON" api GET "/v1/account/$bob/proof" >account.json
    aureon proof verify account.json
    expect 0
    [[ $output == *"proved          account"* ]]
    aureon proof verify account.json --json
    expect_json .address "$bob"
    block=$(json .block)
    aureon proof verify account.json --block "$block"
    expect 0
    aureon block get "$block" --json
    expect_json .state_root "$(jq --raw-output .state_root account.json)"

    "$AUREON" api GET "/v1/contract/$contract/storage/0x636f756e746572/proof" >slot.json
    aureon proof verify slot.json --json
    expect 0
    expect_json .value 0x0100000000000000
    "$AUREON" api GET "/v1/contract/$contract/storage/0x00/proof" >none.json
    aureon proof verify none.json --json
    expect 0
    [ "$(json .exists || true)" = false ]

    "$AUREON" api GET "/v1/tx/$hash/proof" >tx.json
    aureon proof verify tx.json --json
    expect 0
    expect_json .id "$hash"

    "$AUREON" proof receipt "$hash" >receipt.json
    aureon proof verify receipt.json --json
    expect 0
    expect_json .id "$hash"
    expect_json .status success
    "$AUREON" proof account "$bob" "$contract" --height 0 >many.json
    aureon proof verify many.json --json
    expect 0
    expect_json .height 0
    expect_json '.accounts | map(.exists) | @json' '[true,false]'
    "$AUREON" proof storage "$contract" str:counter str:x >many.json
    aureon proof verify many.json --json
    expect 0
    expect_json '.accounts[0].slots[0].value' 0x0100000000000000
    jq '.accounts[0].slots |= reverse' many.json >reversed.json
    aureon proof verify reversed.json
    expect 0
    jq '.accounts[0].slots[1].value = "0x00"' many.json >changed.json
    aureon proof verify changed.json
    expect_refused 4 "accounts[0].slots[1].value"
    jq '.storage_root = .accounts[0].storage_root | .accounts[0].storage_root = .state_root' \
        many.json >changed.json
    aureon proof verify changed.json
    expect_refused 4 "accounts[0].storage_root"
}

@test "proofs hold for another implementation of tries" {
    tools=$AUREON_SOURCE_DIR/tools
    node=$("$tools/node") && modules=$("$tools/node" --modules) || {
        [ -z "${CI:-}" ] || return 1
        skip "no npm packages: tools/bootstrap test installs them"
    }
    deploy "$counter_c"
    deployed=$("$AUREON" status --json | jq --raw-output .height)
    "$AUREON" call "$contract" increment
    "$AUREON" send bob 5 --from carol
    "$AUREON" proof account bob >bob.json
    "$AUREON" proof storage "$contract" str:counter >slot.json
    "$AUREON" proof account alice bob "$contract" "0x$(printf '%064d' 7)" --height "$deployed" >old.json
    "$AUREON" proof storage "$contract" str:counter str:x str:y --height "$deployed" >empty.json
    "$AUREON" proof storage "$contract" str:counter str:x str:y >many.json
    run "$node/node" "$AUREON_SOURCE_DIR/tests/node/proofs.mjs" "$modules" bob.json slot.json old.json \
        empty.json many.json
    printf '%s\n' "$output"
    [ "$status" -eq 0 ]
    [ "$output" -ge 11 ]
}

@test "a proof that somebody changed does not hold" {
    "$AUREON" api GET "/v1/account/$(address bob)/proof" >account.json
    jq '.account.balance = "1"' account.json >changed.json
    aureon proof verify changed.json
    expect_refused 4 "nothing is proved: balance"
    jq '.account_proof |= reverse' account.json >changed.json
    aureon proof verify changed.json
    expect_refused 4 "nothing is proved"
    jq 'del(.account_proof[-1])' account.json >changed.json
    aureon proof verify changed.json
    expect_refused 4 "nothing is proved"
    deploy "$counter_c"
    "$AUREON" api GET "/v1/account/$contract/proof" >contract.json
    aureon proof verify contract.json
    expect 0
    other=0x$(printf '%064d' 7)
    for claim in "storage_root = \"$other\"" "code_hash = \"$other\"" "admin = \"$other\"" \
        "contract = false"; do
        jq ".account.$claim" contract.json >changed.json
        aureon proof verify changed.json
        expect_refused 4 "nothing is proved: ${claim%% *}"
    done
    jq '.account.admin = 5' contract.json >changed.json
    aureon proof verify changed.json
    expect_refused 2 "'admin' is not an address"
    aureon proof verify account.json --block "0x$(printf '%064d' 0)"
    expect_refused 4 "its hash is not that of --block"
    echo '{}' >changed.json
    aureon proof verify changed.json
    expect_refused 2 "is no proof"
    aureon proof verify missing.json
    expect_refused 7 "there is no such file"
}

@test "what is not there: exit 7" {
    aureon tx get "0x$(printf '%064d' 0)"
    expect_refused 7 "unknown-tx"
    aureon block get 99999999
    expect_refused 7 "unknown-block"
    aureon contract show "$(address alice)"
    expect_refused 7 "unknown-contract"
    aureon deploy missing.wasm
    expect_refused 7 "there is no such file"
}

@test "an operand stays in its place of the path" {
    for word in .. . ../status "a/b" "a?b"; do
        aureon block get "$word"
        expect 4
        [[ $stderr == *"expected a height"* || $stderr == *"percent escapes"* ]]
    done
    aureon block get ""
    expect_refused 2 "expected [BLOCK], got ''"
    aureon tx get ""
    expect_refused 2 "expected HASH, got ''"
}

@test "api sends what it is given" {
    aureon api GET /v1/status
    expect 0
    expect_json .mode dev
    aureon api GET /metrics
    expect 0
    [[ $output == *aureon_* ]]
    aureon api POST /v1/tx/simulate --data '{"surprise": 1}'
    expect 4
    expect_json .code unknown-member
    aureon api get /v1/status
    expect_refused 2 "a method in capitals"
    aureon api GET v1/status
    expect_refused 2 "begins with /"
}

# The examples that tests/e2e/cli.bats cannot type: they need a node and what a reader has by then.
@test "the example of every client command works" {
    ln -s "$AUREON_SOURCE_DIR/contracts" .
    mkdir bin
    ln -s "$AUREON" bin/aureon
    "$AUREON" help --markdown |
        awk '/^Example:$/ {on = 1} on && /^aureon / && !/^aureon (dev|node|state|snapshot)/ {print}
             /^## / {on = 0}' >lines
    [ "$(wc -l <lines)" -ge 24 ]
    cp "$password" password
    echo "0x$(printf '%064d' 7)" >seed
    cat - lines >script <<'END'
counter=$(aureon deploy contracts/counter/counter.wat)
hash=$(aureon send bob 1)
tx=$(aureon send alice 1 --from bob --unsigned)
signed=$(aureon tx sign "$tx" --from bob)
aureon api GET /v1/account/bob/proof >proof.json
END
    grep -v '^aureon \(run\|check\|abi\|tx decode\)' script >rest
    PATH=$PWD/bin:$PATH XDG_DATA_HOME=$PWD/data run --separate-stderr bash -euc "$(cat rest)"
    expect 0
}

@test "libcurl is loaded by a command that asks a node, and by no other" {
    mkdir lib
    echo 'extern int nothing;' | cc -shared -fPIC -o lib/libcurl.so.4 -x c -
    run env LD_LIBRARY_PATH=lib "$AUREON" --version
    [ "$status" -eq 0 ]
    run env LD_LIBRARY_PATH=lib "$AUREON" status
    [ "$status" -eq 1 ]
    [[ $output == "aureon status: "*"libcurl.so.4: undefined symbol: curl_easy_init" ]]
}
