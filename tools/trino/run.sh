#!/usr/bin/env bash
# Starts a Trino on the loopback for TestAgainstTrino and TestTPCH, in the
# foreground. The first start downloads some 100 MB of Maven artifacts.
#
#   tools/trino/run.sh 18080 &
#   BINDERY_TRINO=http://127.0.0.1:18080 go test ./internal/engine/translate -run 'Trino|TPCH'
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
port=${1:-18080}
"$here/../need.sh" mvn java javac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mvn -q -f "$here/pom.xml" dependency:build-classpath -Dmdep.outputFile="$work/classpath"
javac -cp "$(cat "$work/classpath")" -d "$work" "$here/Trino.java"
java -Xmx2G -Duser.timezone=UTC -cp "$(cat "$work/classpath"):$work" Trino "$port"
