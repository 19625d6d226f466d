#!/usr/bin/env bash
# Runs all tests and counts them. The store's tests also run on PostgreSQL when
# BINDERY_TEST_POSTGRES holds a DSN; without it they are counted as skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -z "${BINDERY_TEST_POSTGRES:-}" ]; then
	echo "no PostgreSQL: its tests will be counted as skipped (tools/postgres-test.sh start gives a server)"
fi
go test -json "$@" ./... | go run ./tools/count
