#!/usr/bin/env bash
# Statement coverage of each package; internal/policy must have all of it, and with
# "policy" only that is looked at.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" != policy ]; then
	go test -cover ./internal/... | grep -E 'coverage:|FAIL' | grep -v 'no test files' || { echo "no package was measured" >&2; exit 1; }
fi
policy=$(go test -cover ./internal/policy | grep -oE '[0-9.]+% of statements')
if [ "$policy" != "100.0% of statements" ]; then
	echo "internal/policy has $policy covered, and must have 100.0%" >&2
	exit 1
fi
