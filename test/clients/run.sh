#!/usr/bin/env bash
# The suites of real, unmodified clients: AWS CLI, boto3 and aws-sdk-go-v2. They get
# an endpoint, keys and a region, and nothing else.
#
#   test/clients/run.sh            all suites
#   test/clients/run.sh -k glue    arguments go to pytest; the Go suite is left out
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
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0

suite() {
	echo "== $1"
	shift
	"$@" | tee "$scratch/output" || failed=1
	tail -n 1 "$scratch/output" >>"$scratch/counts"
}

suite "boto3 and AWS CLI" "$python" -m pytest -c test/pytest.ini test/clients/py "$@"
if [ $# = 0 ]; then
	suite "aws-sdk-go-v2" test/clients/go/run.sh
fi
test/sum.sh <"$scratch/counts" || failed=1
exit "$failed"
