#!/usr/bin/env bash
# A short run of every fuzz target (TAP), from a seed that is printed: see tools/fuzz.
exec "$(dirname "$0")/../tools/fuzz" smoke
