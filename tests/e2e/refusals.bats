#!/usr/bin/env bats
# What a node answers to requests and transactions that are wrong or hostile: a problem document,
# whole, with its code; and it goes on.

load helper.sh
load node.sh

setup_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    start_node dev
    genesis=$(curl --silent "$AUREON_URL/v1/status" | jq --raw-output .genesis_hash)
    contract=$("$AUREON" deploy "$failures")
    export genesis contract node_pid
}

teardown_file() {
    cd "$BATS_FILE_TMPDIR" || return 1
    stop_node
}

setup() {
    enter_temp
    head_before=$(head_of_chain)
}

# Whatever a test did, the node is there.
teardown() {
    request GET /health
    expect 200
}

head_of_chain() {
    curl --silent "$AUREON_URL/v1/status" | jq --raw-output .height
}

# is_unchanged: no block was made since the test began.
is_unchanged() {
    [ "$(head_of_chain)" = "$head_before" ]
}

# nonce_of NAME: its next.
nonce_of() {
    "$AUREON" account "$1" --json | jq --raw-output .next_nonce
}

# submit HEX: as JSON.
submit() {
    request POST "/v1/tx" "{\"tx\": \"$1\"}"
}

# expect_rows STATUS [PATH]: rows of CODE|BODY on stdin, or of CODE|PATH if no path is given. Each
# is a request of its own and is answered with that problem document.
expect_rows() {
    local code text name count=0
    rm -f row.* answer.* config wanted
    while IFS='|' read -r code text; do
        count=$((count + 1))
        printf -v name '%03d' "$count"
        printf '%s application/problem+json %s %s\n' "$1" "$1" "$code" >>wanted
        [ "$count" = 1 ] || echo next >>config
        if [ $# -ge 2 ]; then
            printf '%s' "$text" >"row.$name"
            printf 'data-binary = "@row.%s"\nheader = "Content-Type: application/json"\n' \
                "$name" >>config
            text=$2
        fi
        printf 'url = "%s"\noutput = "answer.%s"\n' "$AUREON_URL$text" "$name" >>config
        printf 'write-out = "%%{http_code} %%{content_type}\\n"\n' >>config
    done
    [ "$count" -gt 0 ]
    curl --silent --show-error --max-time 60 --config config >heads
    jq --raw-output 'select(.title != "" and .detail != "" and .type == "/docs/errors/" + .code) |
        "\(.status) \(.code)"' answer.* >codes
    paste -d ' ' heads codes | diff -y -W 120 wanted - >&2
}

@test "bodies that are no JSON document" {
    expect_rows 400 /v1/tx <<-'END'
	malformed-json|
	malformed-json|{"from": "alice"
	malformed-json|{} {}
	malformed-json|{'from': 'alice'}
	malformed-json|{"from": "alice",}
	malformed-json|{"from": "alice", "from": "bob"}
	malformed-json|{"amount": 01}
	malformed-json|{"amount": NaN}
	malformed-json|{"from": "\ud800"}
	END
    printf '{"from": "\377"}' >row
    request POST /v1/tx @row
    expect_problem 400 malformed-json
    python3 -c 'print("[" * 100000 + "]" * 100000)' >row
    request POST /v1/tx @row
    expect_problem 400 malformed-json
    is_unchanged
}

@test "members that are missing, unknown or of another form" {
    expect_rows 400 /v1/tx <<-'END'
	missing-value|{}
	missing-value|{"from": "alice"}
	missing-value|{"from": "alice", "kind": "transfer", "to": "bob"}
	missing-value|{"from": "alice", "kind": "transfer", "amount": "1"}
	unknown-member|{"from": "alice", "kind": "transfer", "to": "bob", "amount": "1", "fee": "1"}
	unknown-member|{"From": "alice", "kind": "transfer", "to": "bob", "amount": "1"}
	bad-value|{"from": "mallory", "kind": "transfer", "to": "bob", "amount": "1"}
	bad-value|{"from": 5, "kind": "transfer", "to": "bob", "amount": "1"}
	bad-value|{"from": "alice", "kind": "burn", "amount": "1"}
	bad-value|{"from": "alice", "kind": "stake", "to": "bob", "amount": "1"}
	bad-value|{"from": "alice", "kind": "transfer", "to": "bob", "amount": "-1"}
	bad-value|{"from": "alice", "kind": "transfer", "to": "bob", "amount": "1.5"}
	bad-value|{"from": "alice", "kind": "transfer", "to": "bob", "amount": ""}
	bad-value|{"from": "alice", "kind": "transfer", "to": "bob", "amount": "0x1"}
	bad-value|{"from": "alice", "kind": "transfer", "to": "bob", "amount": "18446744073709551616"}
	bad-value|{"from": "alice", "kind": "transfer", "to": "bob", "amount": 9007199254740992}
	bad-value|{"from": "alice", "kind": "transfer", "to": "bob", "amount": -1}
	bad-value|{"from": "alice", "kind": "transfer", "to": "bob", "amount": 1.5}
	bad-value|{"from": "alice", "kind": "transfer", "to": "bob", "amount": true}
	bad-value|{"from": "alice", "kind": "transfer", "to": "bob", "amount": ["1"]}
	bad-value|{"from": "alice", "kind": "transfer", "to": "nobody", "amount": "1"}
	bad-value|{"from": "alice", "kind": "transfer", "to": 5, "amount": "1"}
	bad-value|{"from": "alice", "kind": "transfer", "to": "0x00", "amount": "1"}
	bad-value|{"from": "alice", "kind": "transfer", "to": "0xzz", "amount": "1"}
	bad-value|{"from": "alice", "kind": "transfer", "to": "aur1", "amount": "1"}
	bad-value|{"tx": "0xzz"}
	bad-value|{"tx": "0x0"}
	bad-value|{"tx": "00"}
	bad-value|{"tx": 5}
	tx-encoding|{"tx": "0x"}
	tx-encoding|{"tx": "0x01"}
	tx-encoding|{"tx": "0x01ff"}
	END
    # one letter of the checksum, of the prefix, one in capitals
    bob=$("$AUREON" account bob --json | jq --raw-output .address)
    for to in "${bob%?}q" "bur1${bob#aur1}" "Aur1${bob#aur1}"; do
        request POST /v1/tx \
            "{\"from\": \"alice\", \"kind\": \"transfer\", \"to\": \"$to\", \"amount\": \"1\"}"
        expect_problem 400 bad-value .member to .got "$to"
    done
    expect_rows 400 /v1/contract/call <<-'END'
	missing-value|{"from": "alice", "function": "f"}
	missing-value|{"from": "alice", "contract": "bob"}
	bad-value|{"from": "alice", "contract": "bob", "function": ""}
	bad-value|{"from": "alice", "contract": "bob", "function": "a b"}
	bad-value|{"from": "alice", "contract": "bob", "function": "f", "args": "u64:1"}
	bad-value|{"from": "alice", "contract": "bob", "function": "f", "args": [1]}
	bad-value|{"from": "alice", "contract": "bob", "function": "f", "args": ["u64:-1"]}
	bad-value|{"from": "alice", "contract": "bob", "function": "f", "args": ["u32:4294967296"]}
	bad-value|{"from": "alice", "contract": "bob", "function": "f", "args": ["i32:2147483648"]}
	bad-value|{"from": "alice", "contract": "bob", "function": "f", "args": ["addr:bob1"]}
	bad-value|{"from": "alice", "contract": "bob", "function": "f", "args": ["0x0"]}
	bad-value|{"from": "alice", "contract": "bob", "function": "f", "gas_limit": "much"}
	END
    is_unchanged
}

@test "a problem names the member, what was expected and what came" {
    request POST /v1/tx '{"from": "alice", "kind": "transfer", "to": "bob", "amount": "much"}'
    expect_problem 400 bad-value .member amount .got much
    [ -n "$(json .expected)" ]
    request GET "/v1/block/latest?txs=some"
    expect_problem 400 bad-value .member txs .got some
    request GET "/v1/block/latest?tx=full"
    expect_problem 400 unknown-member
    request GET "/v1/blocks?limit=0"
    expect_problem 400 bad-value .member limit
}

@test "bodies that are too large or of another type" {
    head -c 2252801 /dev/zero | tr '\0' ' ' >large
    request POST /v1/tx @large
    expect_problem 413 body-too-large
    head -c 1048577 /dev/zero >large
    request POST /v1/tx @large application/octet-stream
    expect_problem 413 tx-size
    request POST /v1/tx '{}' text/plain
    expect_problem 415 unsupported-media-type
    is_unchanged
}

@test "requests whose head is too large, or no HTTP" {
    request GET "/v1/block/$(head -c 12000 /dev/zero | tr '\0' 1)"
    expect_problem 431 headers-too-large
    python3 - "${AUREON_URL##*:}" <<'END'
import socket, sys

# What is no request may be met with silence, and the connection kept for a while: more might come.
SILENCE_S = 0.5
requests = {b"\x16\x03\x01\x02\x00\x01\xfc\x03\x03" + bytes(40) + b"\r\n\r\n": (b"", b"400"),
            b"GET\r\n\r\n": (b"", b"400"),
            b"\r\n" * 50: (b"",),
            b"GET /health": (b"",),
            b"GET / HTTP/9.9\r\n\r\n": (b"505",),
            b"POST /v1/tx HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n": (b"400",),
            b"POST /v1/tx HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n": (b"400",)}
for request, answers in requests.items():
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
        connection.settimeout(SILENCE_S if b"" in answers else 15)
        connection.sendall(request)
        try:
            answer = connection.recv(65536)
        except TimeoutError:
            answer = b""
    if answer[9:12] not in answers:
        sys.exit(f"{request!r} was answered {answer!r}")
END
    is_unchanged
}

@test "routes that are none, and methods that they do not take" {
    request GET /v1/statsu
    expect_problem 404 no-route .got /v1/statsu .nearest /v1/status
    request GET /v1/
    expect_problem 404 no-route
    request GET /v1/../etc/passwd
    expect_problem 404 no-route
    request GET /v1/blocks
    expect 200
    request POST /v1/blocks '{}'
    expect_problem 405 method-not-allowed
    grep -qi '^allow:.*GET' headers
    request DELETE /v1/tx
    expect_problem 405 method-not-allowed
    grep -qi '^allow:.*POST' headers
}

@test "things that are not on the chain" {
    none=0x$(printf '%064d' 0)
    expect_rows 404 <<-END
	unknown-tx|/v1/tx/$none
	unknown-tx|/v1/tx/$none/receipt
	unknown-tx|/v1/tx/$none/proof
	unknown-tx|/v1/tx/$none/receipt/proof
	unknown-block|/v1/block/99999999
	unknown-block|/v1/block/$none
	unknown-contract|/v1/contract/bob
	unknown-contract|/v1/contract/bob/code
	unknown-contract|/v1/contract/$none/storage
	unknown-key|/v1/contract/$contract/storage/0x00
	unknown-function|/v1/contract/$contract/view/missing
	no-abi|/v1/contract/$contract/abi
	END
    expect_rows 400 <<-END
	bad-value|/v1/block/tomorrow
	bad-value|/v1/tx/0x12
	bad-value|/v1/account/aur1
	bad-value|/v1/contract/$contract/storage/counter
	END
}

@test "another machine's name in the Host header is refused where it matters" {
    status=$(curl --silent --header 'Host: example.com' --header 'Content-Type: application/json' \
        --data '{}' --dump-header headers --output body --write-out '%{http_code}' \
        "$AUREON_URL/v1/dev/mine")
    output=$(cat body)
    expect_problem 403 bad-host
    is_unchanged
}

@test "signatures that are forged, missing, or made for another chain" {
    unsigned=$("$AUREON" send bob 1 --unsigned)
    signed=$("$AUREON" tx sign "$unsigned")
    submit "$unsigned"
    expect_problem 422 tx-signature '.invalid + 0' 5
    other=$("$AUREON" tx sign "$("$AUREON" send bob 2 --unsigned)")
    submit "${signed:0:-128}${other: -128}"
    expect_problem 422 tx-signature
    submit "$("$AUREON" tx sign "$unsigned" --genesis "0x$(printf '%064d' 1)")"
    expect_problem 422 tx-signature
    # the neutral element, which verifies anything in a careless implementation
    submit "0x01$(printf '01%062d' 0)${signed:68}"
    expect_problem 422 tx-bad-from '.invalid + 0' 4
    submit "0x02${signed:4}"
    expect_problem 400 tx-version '.invalid + 0' 3
    submit "${signed}00"
    expect_problem 400 tx-encoding '.invalid + 0' 2
    submit "${signed:0:-2}"
    expect_problem 400 tx-encoding
    is_unchanged
    submit "$signed"
    expect 200
}

@test "a transaction is executed once, however often it comes" {
    before=$("$AUREON" balance carol --json | jq --raw-output .balance)
    signed=$("$AUREON" tx sign "$("$AUREON" send carol 5u --from dave --unsigned)" --from dave)
    submit "$signed"
    expect 200
    cp body first
    for _ in 1 2 3; do
        submit "$signed"
        expect 200
        cmp body first
    done
    aureon balance carol --json
    expect_json .balance "$((before + 5))"
}

@test "nonces that are used or too far ahead" {
    nonce=$(nonce_of erin)
    "$AUREON" send bob 1u --from erin
    before=$(head_of_chain)
    sign() {
        "$AUREON" tx sign --from erin \
            "$("$AUREON" send bob 2u --from erin --nonce "$1" --unsigned)"
    }
    submit "$(sign "$nonce")"
    expect_problem 409 tx-nonce-low .expected "$((nonce + 1))" .got "$nonce"
    submit "$(sign $((nonce + 1000)))"
    expect_problem 409 tx-nonce-high .got "$((nonce + 1000))"
    submit "$(sign 18446744073709551615)"
    expect_problem 409 tx-nonce-high
    [ "$(head_of_chain)" = "$before" ]

    # What comes too early waits for the one before it.
    request POST '/v1/tx?wait=accepted' "{\"tx\": \"$(sign $((nonce + 2)))\"}"
    expect 202
    [ "$(head_of_chain)" = "$before" ]
    submit "$(sign $((nonce + 1)))"
    expect 200
    for _ in $(seq 100); do
        [ "$(nonce_of erin)" = "$((nonce + 3))" ] && break
        sleep 0.05
    done
    aureon account erin --json
    expect_json .nonce "$((nonce + 3))"
}

@test "what the sender cannot pay, and limits that cannot be" {
    sign() { "$AUREON" tx sign "$("$AUREON" "$@" --from frank --unsigned)" --from frank; }
    submit "$(sign send bob 9000000)"
    expect_problem 422 tx-balance '.invalid + 0' 13 .expected 9000000000000000
    submit "$(sign send bob 1u --gas-price 9223372036854775807)"
    expect_problem 422 tx-overflow '.invalid + 0' 12
    submit "$(sign call "$contract" spin --gas 1)"
    expect_problem 422 tx-gas-low .got 1
    submit "$(sign call "$contract" spin --gas 4000001)"
    expect_problem 422 tx-gas-high .got 4000001 .expected 4000000
    submit "$(sign send bob 1u --valid-until 1)"
    expect_problem 422 tx-expired .got 1
    is_unchanged
}

@test "a batch tells for each of its items" {
    signed=$("$AUREON" tx sign "$("$AUREON" send bob 1u --from grace --unsigned)" --from grace)
    request POST /v1/txs "{\"txs\": [\"0x\", \"0xzz\", 5, \"$signed\", \"${signed}00\"]}"
    expect 200
    expect_json '[.items[] | .code // "-"] | join(" ")' \
        "tx-encoding tx-encoding tx-encoding - tx-encoding"
    expect_json .accepted 1
    python3 -c 'print("{\"txs\": [" + ", ".join(["\"0x\""] * 1001) + "]}")' >many
    request POST /v1/txs @many
    expect_problem 400 bad-value
    printf '\377\377\377\377' >many
    request POST /v1/txs @many application/octet-stream
    expect_problem 400 bad-value
    hash=$("$AUREON" tx decode "$signed" --json | jq --raw-output .hash)
    request GET "/v1/tx/$hash?wait=committed"
    expect 200
    request POST /v1/txs "{\"txs\": [\"$signed\", \"$signed\"]}"
    expect_json '[.items[] | .hash + " " + .status] | unique | join(" ")' "$hash known"
}

@test "modules that are hostile: a receipt that says so, and the node goes on" {
    deploy() {
        request POST "/v1/contract/deploy?from=heidi&gas=${2:-3000000}" "@$1" application/wasm
        expect 200
        expect_json 'has("address")' "$3"
        expect_json .receipt.status "$4"
    }
    printf 'no module' >bad.wasm
    deploy bad.wasm 3000000 false invalid_module
    head -c 100 "$counter_c" >bad.wasm
    deploy bad.wasm 3000000 false invalid_module
    # 4,294,967,295 locals of a function; a memory of 4 GiB; a table of 4,294,967,295 entries
    printf '\0asm\1\0\0\0\1\4\1\140\0\0\3\2\1\0\12\12\1\10\1\377\377\377\377\17\177\13' >bad.wasm
    deploy bad.wasm 3000000 false invalid_module
    printf '\0asm\1\0\0\0\5\5\1\0\200\200\4' >bad.wasm
    deploy bad.wasm 3000000 false invalid_module
    printf '\0asm\1\0\0\0\4\10\1\160\0\377\377\377\377\17' >bad.wasm
    deploy bad.wasm 3000000 false invalid_module
    # bytes that claim to be a module and are noise
    python3 -c 'import random, sys
sys.stdout.buffer.write(b"\0asm\1\0\0\0" + random.Random(1).randbytes(100000))' >bad.wasm
    deploy bad.wasm 3000000 false invalid_module

    for row in "spin out_of_gas" "recurse stack_limit" "trap trapped" "divide trapped" \
        "revert reverted" "reject host_rejected" "missing no_function"; do
        request POST /v1/contract/call "{\"from\": \"heidi\", \"contract\": \"$contract\",
            \"function\": \"${row% *}\", \"gas_limit\": \"200000\"}"
        expect 200
        expect_json .receipt.status "${row#* }"
        expect_json '.receipt.storage_changes | length' 0
    done
    "$AUREON" send bob 1u --from heidi
}

@test "every code that the node may answer with is explained" {
    sed -n 's/^AU_PROBLEM([A-Z_]*, *"\([a-z-]*\)".*/\1/p' \
        "$AUREON_SOURCE_DIR/abi/problem.def" >codes
    [ "$(wc -l <codes)" -ge 40 ]
    curl --silent --show-error --output "page.#1" --write-out '%{http_code} %{content_type}\n' \
        "$AUREON_URL/docs/errors/{$(paste -sd, codes)}" >heads
    [ "$(sort -u heads)" = "200 text/markdown; charset=utf-8" ]
    [ "$(find . -name 'page.*' -size +20c | wc -l)" -eq "$(wc -l <codes)" ]
    request GET /docs/errors/no-such-code
    expect 404
}
