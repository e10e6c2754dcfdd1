#!/usr/bin/env bash
# Goal: what a node has acknowledged outlives its sudden end.
# Method: tests/torture/kill.py, which kills a loaded node, in its short form; tests/torture/run is
# the long one. First it must notice a store that has lost the end of its log. Writes TAP.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

kills=6
block_min=3

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

kill_node() {
    python3 tests/torture/kill.py --dir "$folder" "$@"
}

kill_node --kills 1 --spoil >"$folder/spoiled"
blind=$?
kill_node --kills 2 --block-min 0 --record "$folder/record" >"$folder/run"
failed=$?
kill_node --kills "$kills" --block-min "$block_min" --record "$folder/record" >>"$folder/run" ||
    failed=1

# Each of the two runs ends with a case of its own, and here are two more in front.
echo "1..$((kills + 4))"
check() { # NAME COMMAND...
    if "${@:2}"; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        sed 's/^/# /' "$folder/spoiled"
        failed=1
    fi
}
is_noticed() {
    [ "$blind" = 1 ] && grep -qE '^# (the height is|state verify: )' "$folder/spoiled"
}
check 'a log that lost its end is noticed' is_noticed
check 'a run goes on from the kills of another' grep -qx '# 2 kills before' "$folder/run"
grep -v '^1\.\.' "$folder/run"
exit $failed
