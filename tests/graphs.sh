#!/usr/bin/env bash
# Goal: contracts that call one another do what the protocol says, frame by frame.
# Method: 5,000 random transactions, judged by the model in Python; the fast code of the engine does
# to the byte what its plain code does. make torture goes on to 200,000, on several builds.
set -euo pipefail
cd "$(dirname "$0")/.."
exec python3 tests/model/graphs.py --count 5
