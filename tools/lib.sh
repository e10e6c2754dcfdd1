# Shared by the scripts of this folder, sourced, never run. Sets root and cache.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Slow products (the engine, test tools) live outside the tree, so that a clean checkout reuses them.
cache=${AUREON_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aureon}

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "$(basename "$0"): $*"
    exit 1
}

has() {
    command -v "$1" >/dev/null 2>&1
}

# version_at_least HAVE WANT: is dotted version HAVE at least WANT?
version_at_least() {
    [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}
