#!/usr/bin/env bash
# Everything a change must pass, on a new machine: linters and generated files, all Go
# tests (the store's on PostgreSQL too), the suites of real clients and of other projects, the
# door, the faults. Its last line counts what ran; a suite that ran nothing fails.
#
# It installs what it needs when it may (root and apt-get), else it says what is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

scratch=$(mktemp -d)
chmod 711 "$scratch" # the owner of PostgreSQL is another user when we are root
counts=$scratch/counts
touch "$counts"
export BINDERY_POSTGRES_DIR=$scratch/postgres # ours alone: the end of this run stops it
export BINDERY_DATABASES_DIR=$scratch/databases
failed=()

stop() {
	# Quietly: the count is the last line of a run.
	tools/postgres-test.sh stop >/dev/null 2>&1 || echo "ci: PostgreSQL did not stop" >&2
	tools/databases-test.sh stop >/dev/null 2>&1 || echo "ci: the databases did not stop" >&2
	rm -rf "$scratch"
}
trap stop EXIT

need() {
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >/dev/null
	else
		echo "ci: missing: $*; install them with your package manager" >&2
		exit 1
	fi
}

# python3 may be there without what makes a virtual environment.
prepare() {
	command -v cc >/dev/null && command -v make >/dev/null || need make gcc g++ libc6-dev
	command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null || need python3 python3-venv
	tools/need.sh go make cc python3
	eval "$(tools/postgres-test.sh start)"
	export BINDERY_TEST_POSTGRES
	eval "$(tools/databases-test.sh start)"
	export BINDERY_TEST_DATABASES
	test/python.sh >/dev/null
}

# step NAME COMMAND… runs a part whose last line is a count.
step() {
	local name=$1 began=$SECONDS
	shift
	echo "=== $name"
	if ! "$@" 2>&1 | tee "$scratch/output"; then
		failed+=("$name")
	fi
	# A part that printed no count leaves an empty line, which the sum refuses.
	# Colours that a tool left behind are no part of it.
	sed -E 's/\x1b\[[0-9;]*m//g' "$scratch/output" | sed -nE '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/h; ${x;p}' >>"$counts"
	echo "=== $name took $((SECONDS - began)) s"
}

# check has no count of its own: it is one gate, passed or failed.
check() {
	if make --no-print-directory check; then
		echo "1 passed, 0 failed, 0 skipped"
	else
		echo "0 passed, 1 failed, 0 skipped"
		return 1
	fi
}

prepare
step check check
step test make --no-print-directory test
step clients make --no-print-directory clients
step suites make --no-print-directory suites
step java timeout --foreground 1200 make --no-print-directory java
step door test/door/run.sh
step faults test/faults/run.sh

if [ ${#failed[@]} -gt 0 ]; then
	printf 'failed: %s\n' "${failed[@]}"
fi
test/sum.sh <"$counts" || exit 1
[ ${#failed[@]} = 0 ]
