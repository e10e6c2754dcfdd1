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

# What make check compiles contracts with.
clangs=(clang-14 clang-16 clang-19)

# The oldest Rust that compiles the engine.
rust_wanted=1.95

# find_rust: prints the folder of a toolchain that is new enough. One of rustup's on PATH may be too
# old while Debian's is new enough, and the other way round.
find_rust() {
    local dir version
    for dir in "$(dirname "$(command -v rustc || echo /usr/bin/rustc)")" /usr/bin; do
        if [ -x "$dir/rustc" ] && [ -x "$dir/cargo" ]; then
            version=$("$dir/rustc" --version 2>/dev/null | cut -d' ' -f2) || continue
            if version_at_least "${version:-0}" "$rust_wanted"; then
                echo "$dir"
                return
            fi
        fi
    done
    return 1
}
