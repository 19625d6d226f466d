#!/usr/bin/env bash
# Suites that other projects published, run unchanged; see suites.toml and
# docs/compatibility.md, which this writes.
#
#   test/suites/run.sh          all suites
#   test/suites/run.sh NAME…    these; no page is written
#
# BINDERY_BIN names another program to test. The last line adds up all suites.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"

export BINDERY_BIN=${BINDERY_BIN:-$root/bin/bindery}
if [ "$BINDERY_BIN" = "$root/bin/bindery" ]; then
	make build
fi
python=$(test/python.sh)
rm -rf .cache/suites/results
"$python" test/suites/run.py "$@"
if [ $# = 0 ]; then
	exec go run ./tools/scorecard
fi
exec go run ./tools/scorecard -page ""
