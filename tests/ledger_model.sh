#!/usr/bin/env bash
# Goal: the ledger and a second implementation of the protocol agree on random blocks, bit for bit.
# Method: tests/ledger_log makes the blocks, from fixed seeds, and prints what the ledger claims of
# them; tests/model/ledger.py, which shares no code with it, judges. What never came to pass was not
# compared: each outcome and each reason to refuse a transaction must have been met often enough.
# Writes TAP.
#
#     tests/ledger_model.sh [FIRST_SEED [SEED_COUNT]]
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

program=${AUREON_BUILD_DIR:-build}/tests/ledger_log
first=${1:-1}
seed_count=${2:-40}
jobs=2
tx_count=500        # of each seed
invalid_min=100     # of each reason, over all seeds
outcome_min=3       # of each outcome of each payload
export program tx_count

# All that the protocol knows but reason 15, which is the node's own; outcomes 5 and 11 are in no
# receipt.
invalids=("invalid "{1..14})
outcomes=(
    "outcome transfer "{0,12}
    "outcome deploy "{0,1,2,3,4,6,7,10,12}
    "outcome call "{0,1,2,3,4,6,8,9,10,12}
    "outcome stake "{0,12}
    "outcome unstake "{0,12}
    "outcome upgrade "{0,1,2,3,4,6,7,8,10,12}
)

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export folder

judge() {
    set -o pipefail
    "$program" "$1" "$tx_count" 2>"$folder/$1.err" |
        python3 tests/model/ledger.py --count >"$folder/$1.out" 2>&1
    echo $? >"$folder/$1.status"
}
export -f judge

case_number=0
failed=0

# report STATUS NAME [FILE...]: one case, with the first lines of the files if it failed.
report() {
    local status=$1 name=$2
    shift 2
    case_number=$((case_number + 1))
    if [ "$status" = 0 ]; then
        echo "ok $case_number - $name"
        return
    fi
    failed=1
    echo "not ok $case_number - $name"
    head -qn 60 -- "$@" | cut -c1-2000 | sed 's/^/# /'
}

# too_rare MIN WHAT...: those that came to pass less than MIN times.
too_rare() {
    local min=$1 what
    shift
    for what in "$@"; do
        [ "${counts[$what]:-0}" -ge "$min" ] || echo "$what: ${counts[$what]:-0} times, not $min"
    done
}

echo "1..$((seed_count + 4))"

{ python3 tests/model/test_ledger.py && python3 tests/model/test_frames.py; } >"$folder/unit" 2>&1
report $? "the model's own tests" "$folder/unit"

seeds=$(seq "$first" $((first + seed_count - 1)))
xargs -P "$jobs" -n 1 bash -c 'judge "$1"' _ <<<"$seeds"
for seed in $seeds; do
    report "$(cat "$folder/$seed.status")" "seed $seed: $(head -n 1 "$folder/$seed.out")" \
        "$folder/$seed.out" "$folder/$seed.err"
done

"$program" "$first" 20 2>/dev/null | sed '$s/"hash":"/&x/' |
    python3 tests/model/ledger.py >"$folder/false"
grep -q 'hash differs' "$folder/false"
report $? "a claim that is not true is found" "$folder/false"

declare -A counts
while IFS=$'\t' read -r what number; do
    counts[$what]=$((${counts[$what]:-0} + number))
done < <(sed -nE 's/^((invalid|outcome) .*) ([0-9]+)$/\1\t\3/p' "$folder"/*.out)

too_rare "$invalid_min" "${invalids[@]}" >"$folder/rare"
[ ! -s "$folder/rare" ]
report $? "each reason for which a block may not have a transaction was met" "$folder/rare"

too_rare "$outcome_min" "${outcomes[@]}" >"$folder/rare"
[ ! -s "$folder/rare" ]
report $? "each payload had each of its outcomes" "$folder/rare"

for what in "${!counts[@]}"; do
    echo "# $what: ${counts[$what]}"
done | sort -V
exit $failed
