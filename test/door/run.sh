#!/usr/bin/env bash
# Black-box tests of the one port: bad input, bad signatures, what listens.
# Arguments go to pytest. BINDERY_BIN names another program to test.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -n "${BINDERY_BIN:-}" ] || make --no-print-directory build
exec "$(test/python.sh)" -m pytest -c test/pytest.ini test/door "$@"
