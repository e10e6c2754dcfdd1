# Nodes for tests: load it after helper.sh. A test that starts nodes calls end_nodes in teardown.

# start_node ARGUMENT...: aureon ARGUMENT... on a free port, in the background, until it serves.
# Sets node_pid and AUREON_URL; what it says is in node.err.
start_node() {
    rm -f ready
    "$AUREON" "$@" --port 0 --ready-file ready >node.out 2>node.err 3>&- &
    node_pid=$!
    echo "$node_pid" >>nodes
    for _ in $(seq 600); do
        if [ -s ready ] || ! kill -0 "$node_pid" 2>/dev/null; then break; fi
        sleep 0.02
    done
    if [ ! -s ready ]; then
        printf 'the node does not serve: %s\n' "$(tail -n 3 node.err)" >&2
        return 1
    fi
    AUREON_URL=$(cat ready)
    export AUREON_URL
}

# stop_node [SIGNAL]: ends the node of start_node; it must end well.
stop_node() {
    local code=0
    kill "-${1:-TERM}" "$node_pid"
    wait "$node_pid" || code=$?
    if [ "$code" -ne 0 ]; then
        printf 'the node ended with %s: %s\n' "$code" "$(tail -n 3 node.err)" >&2
        return 1
    fi
}

# Ends what a test that failed has left.
end_nodes() {
    local pid
    while read -r pid; do
        kill -KILL "$pid" 2>/dev/null || true
    done < <(cat nodes 2>/dev/null)
}

# request METHOD PATH [DATA [TYPE]]: one request; DATA as curl's --data-binary takes it. Sets status
# to HTTP's, output to the body; the headers are in headers.
request() {
    local -a body=()
    if [ $# -ge 3 ]; then
        body=(--data-binary "$3" --header "Content-Type: ${4:-application/json}" --header Expect:)
    fi
    status=$(curl --silent --show-error --max-time 30 --request "$1" "${body[@]}" \
        --dump-header headers --output body --write-out '%{http_code}' "$AUREON_URL$2")
    output=$(tr -d '\0' <body)
    # shellcheck disable=SC2034 # expect and expect_json of helper.sh show it
    stderr=
}

# expect_problem STATUS CODE [FILTER VALUE]...: the answer is that problem document, whole.
expect_problem() {
    expect "$1"
    grep -qi '^content-type: application/problem+json' headers
    expect_json '"\(.status) \(.code) \(.type) \(.title != "") \(.detail != "")"' \
        "$1 $2 /docs/errors/$2 true true"
    shift 2
    while [ $# -ge 2 ]; do
        expect_json "$1" "$2"
        shift 2
    done
}
