#!/usr/bin/env bash
# Runs every fuzz target for FUZZTIME (default 10s) and counts them.
set -euo pipefail
cd "$(dirname "$0")/.."

time=${FUZZTIME:-10s}
ran=0
while IFS=: read -r file target; do
	package=./$(dirname "$file")
	echo "== $package $target"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$package"
	ran=$((ran + 1))
done < <(grep -rnoE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' internal | sed -E 's/^([^:]+):[0-9]+:func (.*)/\1:\2/' | sort)
[ "$ran" -gt 0 ] || { echo "no fuzz target was found" >&2; exit 1; }
echo "$ran passed, 0 failed"
