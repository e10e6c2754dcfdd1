#!/usr/bin/env bats
# Metrics of a live node, read by Prometheus' own checker.

load helper.sh
load node.sh

setup_file() {
    bats_require_minimum_version 1.5.0
    promtool=$("$AUREON_SOURCE_DIR/tools/promtool")
    export promtool
}

setup() {
    enter_temp
}

teardown() {
    end_nodes
}

@test "the checker finds what is wrong" {
    printf '# HELP a_count x\n# TYPE a_count counter\na_count 1\n' >metrics
    run "$promtool" check metrics <metrics
    [ "$status" -ne 0 ]
    [[ $output == *'counter metrics should have "_total" suffix'* ]]
}

@test "metrics are what Prometheus takes, after requests of every kind" {
    start_node dev
    request POST '/v1/contract/deploy?from=alice' "@$counter_c" application/wasm
    expect 200
    request GET /v1/status
    request GET /balance/bob
    request GET /nowhere
    request PUT /v1/tx
    request POST /v1/tx '{}'
    request POST /v1/txs '{"txs": []}'
    request GET /metrics
    expect 200
    grep -q '^aureon_http_requests_total{route="/v1/contract/deploy",code="200"} 1$' body
    grep -q '^aureon_http_requests_total{route="/v1/balance/{address}",code="200"} 1$' body
    grep -q '^aureon_http_requests_total{route="/v1/tx",code="400"} 1$' body
    grep -q '^aureon_http_requests_total{route="none",code="404"} 1$' body
    grep -q '^aureon_http_requests_total{route="none",code="405"} 1$' body
    run "$promtool" check metrics <body
    expect 0
    [ -z "$output" ]
    stop_node
}
