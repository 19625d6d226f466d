#!/usr/bin/env bash
# Figures of the program itself: its size, the time from start to ready on an empty
# folder, and its memory when idle. The disk's own fsync stands beside them, because a
# first start is mostly waiting for it.
set -euo pipefail
cd "$(dirname "$0")/.."
export BINDERY_BIN=${BINDERY_BIN:-$PWD/bin/bindery}
[ -x "$BINDERY_BIN" ] || make --no-print-directory build
PYTHONPATH=test/harness exec "$(test/python.sh)" test/harness/figures.py "$@"
