#!/usr/bin/env bash
# Goal: the tries are the Merkle Patricia tries that others know, with SHA-256 for Keccak-256.
# Method: tests/node/trie.mjs gives random batches to the program trie_lines and to the npm package
# @ethereumjs/mpt, and compares roots and proofs; published vectors come from ethereum-tests.
# Writes TAP. AUREON_TRIE_SEED gives a run's seed again.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

node=$(tools/node) && modules=$(tools/node --modules) || {
    [ -z "${CI:-}" ] || exit 1
    echo "1..1"
    echo "ok 1 - tries # SKIP no npm packages: tools/bootstrap test installs them"
    exit 0
}
exec "$node/node" tests/node/trie.mjs "${AUREON_BUILD_DIR:-build}/tests/trie_lines" "$modules"
