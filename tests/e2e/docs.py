#!/usr/bin/env python3
"""Types what a page says and compares: docs.py PAGE BUILD_DIR, in an empty folder; docs.py --list

The folder becomes a checkout: links to the tree's files and, as build, to the build folder. In it
one shell runs all ```sh blocks of the page in their order.

    ```sh            commands; each must end with status 0
    ```sh exit=5     the same, but the last one must end with status 5
    ```text          right after a ```sh block: what it prints. A line `...` stands for any lines;
    ```json          moments, times, ports and process numbers are masked, as is make demo's folder
    ```c file=NAME   a file that the reader saves under NAME; also ```wat, ```cpp, ```json
    ```              anything else, never a command or an output

A node in the foreground (`aureon dev`, `aureon node start`) goes on in the background on a free
port, and ends the one before it; the block prints what it said until it was ready. Whatever the page
asks of http://127.0.0.1:8080 afterwards is asked of it.

Every other kind of block, an output without its command, and a link to a file or a heading that is
not there are failures. Pages besides the README of the tree find aureon on PATH, as that one leaves it.
--write instead of failing puts the real output into the page. --list prints the pages.
"""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FENCE = re.compile(r"^```(\w*)[ \t]*([^\n]*)\n(.*?)^```[ \t]*$", re.S | re.M)
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)]*))?\)")
HEADING = re.compile(r"^#+ +(.*)$", re.M)
OUTPUTS = {"text", "json"}
FILES = {"c", "cpp", "wat", "json"}
MASKS = [
    (re.compile(r"\d+(\.\d+)? ms\b"), "N ms"),
    (re.compile(r"\S*/aureon-demo\.\w+"), "/tmp/aureon-demo.XXXXXX"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), "YYYY-MM-DDThh:mm:ss.000Z"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:8080"),
    (re.compile(r"\bkill -9 \d+"), "kill -9 N"),
]

# What cannot be typed as it stands. The tests run inside a build: make builds nothing here, and
# what would build or test everything must at least be a target. Sanitized libraries need the
# sanitizer's compiler, which no reader has to know about.
PRELUDE = r"""
make() {
    case "$*" in
    "") [ -x build/aureon ] ;;
    demo) tools/demo ;;
    "install PREFIX="*) cmake --install build --prefix "${2#PREFIX=}" >install.log ;;
    test | check | bench | fuzz | fuzz-report | clean) grep -q "^$1:" Makefile ;;
    *) echo "no test knows how to run: make $*" && return 99 ;;
    esac
}
aureon() {
    case "$*" in
    *--help* | *--ready-file*) ;;
    dev | dev\ * | node\ start\ *)
        start_node "$@"
        return
        ;;
    esac
    [ "$BASH_SUBSHELL" -eq 0 ] || exec "$(type -P aureon)" "$@" # so that $! is its number
    command aureon "$@"
}
start_node() {
    end_nodes
    rm -f "$records/ready"
    : >"$records/node.log"
    command aureon "$@" --port 0 --ready-file "$records/ready" >"$records/node.log" 2>&1 &
    node=$!
    for ((tries = 0; tries < 600; tries++)); do
        grep -qE '^Ready|, chain in .* on http' "$records/node.log" && break
        kill -0 "$node" 2>/dev/null || break
        sleep 0.05
    done
    cat "$records/node.log"
    if [ -s "$records/ready" ]; then
        export AUREON_URL=$(cat "$records/ready")
    else
        wait "$node"
    fi
}
end_nodes() {
    for job in $(jobs -p); do
        kill "$job" 2>/dev/null && wait "$job"
    done
    return 0
}
curl() {
    command curl --noproxy "*" "${@//http:\/\/127.0.0.1:8080/$AUREON_URL}"
}
sanitize=$(sed -n 's/^AUREON_SANITIZE:[A-Z]*=//p' build/CMakeCache.txt)
if [ -n "$sanitize" ]; then
    cc() { clang -fsanitize="$sanitize" "$@"; }
    c++() { clang++ -fsanitize="$sanitize" "$@"; }
fi
trap 'failed=${failed:-$?}' ERR
trap end_nodes EXIT
exec </dev/null
"""


class Block:
    def __init__(self, match, text):
        self.kind, self.info, self.body = match.groups()
        self.line = text.count("\n", 0, match.start()) + 1
        self.start, self.end = match.span(3)
        self.attributes = dict(word.split("=", 1) for word in self.info.split())
        self.output = None  # the block with what this one prints

    @property
    def status(self):
        return int(self.attributes.get("exit", 0))


def read_blocks(text, problems):
    """The blocks that do something; each command knows its output."""
    blocks, command, end = [], None, 0
    for match in FENCE.finditer(text):
        block = Block(match, text)
        follows = command is not None and not text[end:match.start()].strip()
        if block.kind == "sh":
            blocks.append(block)
        elif block.kind in FILES and "file" in block.attributes:
            blocks.append(block)
        elif block.kind in OUTPUTS and follows:
            command.output = block
        elif block.kind:
            problems.append(f"line {block.line}: ```{block.kind} is no command, output or file"
                            " here")
        command = block if block.kind == "sh" else None
        end = match.end()
    return blocks


def anchors(text):
    """What a link may name behind #: headings, as the usual viewers call them."""
    headings = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check_links(page, text, problems):
    for target, anchor in LINK.findall(FENCE.sub("", text)):
        other = page.parent / target if target else page
        if "://" in target:
            continue
        if not other.exists():
            problems.append(f"there is no {target}")
        elif anchor and anchor not in anchors(other.read_text()):
            problems.append(f"there is no {target}#{anchor}")


def lay_out(build_dir):
    for entry in ROOT.iterdir():
        if entry.name not in (".git", "build"):
            os.symlink(entry, entry.name)
    os.symlink(build_dir, "build")


def script_of(blocks):
    lines = [PRELUDE]
    for number, block in enumerate(blocks):
        if block.kind == "sh":
            lines.append(f"unset failed\n{{\n{block.body}}} >\"$records/{number}.out\" 2>&1\n"
                         f"echo \"$? ${{failed:-0}}\" >\"$records/{number}.status\"")
        else:
            name = shlex.quote(block.attributes["file"])
            lines.append(f"mkdir -p \"$(dirname {name})\"\ncat >{name} <<'AUREON_FILE'\n"
                         f"{block.body}AUREON_FILE")
    return "\n".join(lines) + "\n"


def masked(text):
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text


def is_like(wanted, got):
    parts = re.split(r"^[ \t]*\.\.\.\n", masked(wanted), flags=re.M)
    pattern = r"(?:.*\n)*".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, masked(got)) is not None


def judge(block, number, records, problems):
    """Adds what is wrong with a command; returns what it printed."""
    status_file = records / f"{number}.status"
    got = (records / f"{number}.out").read_text(errors="replace") if status_file.exists() else ""
    if got and not got.endswith("\n"):
        got += "\n"  # as curl leaves it
    if not status_file.exists():
        problems.append(f"line {block.line}: the shell ended before this block did")
        return got
    last, first_failed = (int(word) for word in status_file.read_text().split())
    if last != block.status or first_failed != block.status:
        problems.append(f"line {block.line}: status {first_failed or last}, expected {block.status}"
                        f"\n{got}")
    elif block.output and not is_like(block.output.body, got):
        problems.append(f"line {block.output.line}: shown\n{block.output.body}but printed\n{got}")
    return got


def run_page(page, build_dir, records, write):
    text, problems = page.read_text(), []
    blocks = read_blocks(text, problems)
    check_links(page, text, problems)
    lay_out(build_dir)
    home = records / "home"
    home.mkdir()
    environment = dict(os.environ, records=str(records), HOME=str(home))
    for name in ("AUREON", "AUREON_URL", "AUREON_PASSWORD_FILE", "XDG_DATA_HOME"):
        environment.pop(name, None)  # tools/demo takes build/aureon, as for a reader
    if page != ROOT / "README.md":
        environment["PATH"] = f"{os.getcwd()}/build:{environment['PATH']}"
    shell = subprocess.run(["bash", "-c", script_of(blocks)], env=environment, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if shell.stdout:
        problems.append(shell.stdout)
    for number, block in reversed(list(enumerate(blocks))):
        if block.kind == "sh":
            got = judge(block, number, records, problems)
            if write and block.output and not is_like(block.output.body, got):
                text = text[:block.output.start] + got + text[block.output.end:]
    if write:
        page.write_text(text)
    for problem in problems:
        print(f"{page.name}: {problem}")
    return 1 if problems else 0


def main():
    words = [word for word in sys.argv[1:] if word != "--write"]
    if words == ["--list"]:
        pages = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")),
                 *sorted(ROOT.glob("contracts/*/README.md"))]
        print(*[page.relative_to(ROOT) for page in pages], sep="\n")
        return 0
    if len(words) != 2:
        sys.exit(__doc__)
    page, build_dir = pathlib.Path(words[0]).resolve(), pathlib.Path(words[1]).resolve()
    with tempfile.TemporaryDirectory() as records:
        return run_page(page, build_dir, pathlib.Path(records), "--write" in sys.argv)


sys.exit(main())
