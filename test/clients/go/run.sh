#!/usr/bin/env bash
# The suite of the AWS SDK for Go. BINDERY_BIN names the program to test.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../../.. && pwd)
go -C "$root" build -o "$root/.cache/bin/count" ./tools/count
go test -count=1 -json "$@" ./... | "$root/.cache/bin/count"
