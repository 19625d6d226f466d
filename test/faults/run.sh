#!/usr/bin/env bash
# Kills, restarts, shutdowns. ROUNDS says how many kills (default 10), SEED repeats a run.
# Arguments go to pytest. BINDERY_BIN names another program to test.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -n "${BINDERY_BIN:-}" ] || make --no-print-directory build
exec "$(test/python.sh)" -m pytest -c test/pytest.ini test/faults "$@"
