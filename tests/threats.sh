#!/usr/bin/env bash
# Every test that docs/threats.md names exists, every case names one or says why it has none, and a
# name that is wrong would be seen.
set -euo pipefail

exec python3 - <<'END'
import pathlib
import re
import sys

PLACES = {  # where a test of that kind is, and how a case of it is written there
    "unit": ("tests/unit/{folder}/test_{name}.c", r"\btest_{case}\b"),
    "conformance": ("tests/conformance/{name}.c", None),
    "e2e": ("tests/e2e/{name}.bats", None),
    "fuzz": ("fuzz/fuzz_{name}.c", None),
    "bench": ("bench/bench_{name}.c", None),
    "script": ("tests/{name}.sh", None),
}


def problems_of(text):
    rows = re.findall(r"^\| (\d+) \|.*\| ([^|]+) \|$", text, re.M)
    numbers = [int(number) for number, _ in rows]
    if len(rows) < 40 or numbers != list(range(1, len(rows) + 1)):
        yield f"the cases are not numbered 1 to {len(rows)}: {numbers}"
    for number, shown in rows:
        names = re.findall(r"`([^`]+)`", shown)
        if not names and not re.match(r"(none|not by a test): ", shown):
            yield f"case {number} names no test"
    for name in re.findall(r"`((?:%s)/[^`]+)`" % "|".join(PLACES), text):
        path, _, cases = name.partition(": ")
        kind, *folder, last = path.split("/")
        place, pattern = PLACES[kind]
        file = pathlib.Path(place.format(folder="/".join(folder), name=last))
        if not file.is_file():
            yield f"{name}: there is no {file}"
            continue
        for case in cases.split(", ") if cases else ():
            if not re.search(pattern.format(case=re.escape(case)), file.read_text()):
                yield f"{name}: no test_{case} in {file}"


page = pathlib.Path("docs/threats.md").read_text()
problems = list(problems_of(page))
wrong = [page.replace("module_limits: limits", "module_limits: limit"), page.replace("| 7 |", "| 8 |"),
         page.replace("`conformance/spec`", "the scripts"), page.replace("`e2e/bombs`", "`e2e/bomb`")]
problems += [f"change {i} of the page goes unseen" for i, text in enumerate(wrong)
             if text == page or not list(problems_of(text))]
sys.exit("\n".join(problems) or None)
END
