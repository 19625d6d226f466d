#!/usr/bin/env bash
# Adds up lines "N passed, N failed, N skipped" from standard input, prints their
# sum, and fails when a test failed, a line is no count, or a suite ran nothing.
set -euo pipefail
awk '
	!/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ { print "not a count: " $0; bad = 1; next }
	{ passed += $1; failed += $3; skipped += $5; lines++ }
	$1 + $3 == 0 { print "a suite ran nothing"; bad = 1 }
	END {
		if (!lines) print "no suite was counted"
		printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
		exit (bad || failed || !lines)
	}'
