#!/usr/bin/env bash
# The suite of Java clients: the AWS SDK for Java v2, Iceberg's GlueCatalog and Hadoop's
# S3A, in the sequences of StarRocks' catalogs. BINDERY_BIN names the program to test.
#
#   test/java/run.sh                          all tests
#   test/java/run.sh -Dtest=IcebergCatalogTest   arguments go to Maven
#
# A JDK of 17 or newer and Maven are installed when apt-get and root allow it. Else the
# missing ones are named, and every test is counted as skipped.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)

present() { command -v javac >/dev/null && command -v mvn >/dev/null; }

install() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openjdk-17-jdk-headless maven; } >/dev/null
}

if ! present && ! { install && present; }; then
	if "$root/tools/need.sh" javac mvn; then
		echo "java: installed, but not found" >&2
		exit 1
	fi
	echo "0 passed, 0 failed, $(grep -rhE '^ *@(Test|ParameterizedTest|TestFactory)$' src/test/java | wc -l) skipped"
	exit 0
fi

export BINDERY_BIN=${BINDERY_BIN:-$root/bin/bindery}
if [ "$BINDERY_BIN" = "$root/bin/bindery" ]; then
	make -C "$root" build
fi
# What AWS clients find around them must not reach the suite.
for name in ${!AWS_@}; do unset "$name"; done

reports=$root/.cache/java/surefire-reports
rm -rf "$reports"
failed=0
mvn -Dstyle.color=never --quiet --batch-mode --no-transfer-progress test "$@" || failed=1
# Each class reports once, on the line that opens its suite.
cat "$reports"/TEST-*.xml 2>/dev/null | grep -oE '<testsuite [^>]*>' | awk '
	function figure(name) { match($0, " " name "=\"[0-9]+\""); return substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 4) + 0 }
	{ ran += figure("tests"); failed += figure("failures") + figure("errors"); skipped += figure("skipped") }
	END { printf "%d passed, %d failed, %d skipped\n", ran - failed - skipped, failed, skipped; exit (failed || ran == skipped) }' || failed=1
exit "$failed"
