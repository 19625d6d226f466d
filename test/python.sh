#!/usr/bin/env bash
# Prints the Python that has the clients the suites need, and makes it first when it
# is absent or the list of clients changed. What it installs goes to .cache/venv.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
venv=$root/.cache/venv
list=$root/test/clients/requirements.txt

if ! cmp -s "$list" "$venv/requirements.txt"; then
	"$root/tools/need.sh" python3
	mkdir -p "$root/.cache"
	rm -rf "$venv"
	python3 -m venv "$venv" >&2
	"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$list" >&2
	cp "$list" "$venv/requirements.txt"
fi
echo "$venv/bin/python"
