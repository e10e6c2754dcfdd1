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

python3 tests/torture/kill.py --kills 1 --spoil --dir "$folder" >"$folder/spoiled"
blind=$?
python3 tests/torture/kill.py --kills "$kills" --block-min "$block_min" --dir "$folder" \
    >"$folder/run"
failed=$?

# The plan of the run, and one case more in front of it.
echo "1..$((kills + 3))"
if [ "$blind" = 1 ] && grep -qE '^# (the height is|state verify: )' "$folder/spoiled"; then
    echo "ok - a log that lost its end is noticed"
else
    echo "not ok - a log that lost its end is noticed"
    sed 's/^/# /' "$folder/spoiled"
    failed=1
fi
grep -v '^1\.\.' "$folder/run" | sed -E 's/^((not )?ok) [0-9]+/\1/'
exit $failed
