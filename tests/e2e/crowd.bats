#!/usr/bin/env bats
# A node among 1,000 idle and 100 hostile connections (tests/e2e/crowd.py) does its work.

load helper.sh
load node.sh

setup() {
    enter_temp
    ulimit -S -n 4096 # the crowd has a descriptor for each connection, and so has the node
}

teardown() {
    if [ -n "${crowd_pid:-}" ]; then kill -KILL "$crowd_pid" 2>/dev/null || true; fi
    end_nodes
}

# gather: the crowd stands, and stays until disperse.
gather() {
    python3 "$BATS_TEST_DIRNAME/crowd.py" "${AUREON_URL##*:}" 1000 100 crowd.ready \
        >crowd.out 2>crowd.err 3>&- &
    crowd_pid=$!
    for _ in $(seq 600); do
        if [ -s crowd.ready ] || ! kill -0 "$crowd_pid" 2>/dev/null; then break; fi
        sleep 0.05
    done
    [ -s crowd.ready ] || { cat crowd.err >&2 && return 1; }
}

disperse() {
    kill -TERM "$crowd_pid"
    wait "$crowd_pid"
    crowd_pid=
}

@test "a deploy and a call among 1,000 idle and 100 hostile connections" {
    start_node dev
    gather
    aureon deploy "$counter_c" --from alice --json
    expect 0
    expect_json .status success
    contract=$(json .created)
    aureon call "$contract" increment --from alice --json
    expect 0
    expect_json .status success
    request GET /health
    expect 200
    disperse
    read -r _ idle _ ended <crowd.out
    # Garbage ends a connection; of the idle ones, a few made room for those that the node served.
    echo "$idle idle connections are open, hostile ones were ended $ended times"
    [ "$ended" -ge 25 ]
    [ "$idle" -ge 900 ]
    kill -0 "$node_pid"
    stop_node
}
