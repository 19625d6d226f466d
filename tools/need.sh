#!/usr/bin/env bash
# Says which of the named programs are missing and how to get them.
set -euo pipefail

hint() {
	case "$1" in
	go) echo "Go 1.26 or newer: https://go.dev/dl" ;;
	make) echo "apt-get install make" ;;
	cc) echo "a C compiler: apt-get install gcc g++" ;;
	node | npm) echo "Node.js 20 or newer: https://nodejs.org" ;;
	java | javac) echo "a JDK of 17 or newer: apt-get install openjdk-17-jdk-headless" ;;
	mvn) echo "apt-get install maven" ;;
	python3) echo "apt-get install python3 python3-venv" ;;
	*) echo "apt-get install $1" ;;
	esac
}

missing=0
for program in "$@"; do
	if ! command -v "$program" >/dev/null 2>&1; then
		echo "missing: $program ($(hint "$program"))" >&2
		missing=1
	fi
done
exit "$missing"
