#!/usr/bin/env bash
# Runs the benchmarks and prints benchstat's summary. COUNT is how often (default 5).
# Keep the output of two commits and compare them with: benchstat old.txt new.txt
set -euo pipefail
cd "$(dirname "$0")/.."

out=.cache/bench.txt
mkdir -p .cache
go test -run '^$' -bench . -benchmem -count "${COUNT:-5}" ./internal/... | tee "$out.all" | grep -E '^(Benchmark|goos|goarch|pkg|cpu)' >"$out"
grep -q '^Benchmark' "$out" || { echo "no benchmark ran" >&2; exit 1; }
.cache/bin/benchstat "$out"
