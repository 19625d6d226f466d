#!/usr/bin/env bash
# The load harness with everything beside it: a bare net/http server, moto_server, and
# bindery on PostgreSQL. Arguments go to tools/load (-only TEXT, -for 4s, …).
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.cache/load
list=tools/load/requirements.txt
if ! cmp -s "$list" "$venv/requirements.txt"; then
	tools/need.sh python3
	rm -rf "$venv"
	python3 -m venv "$venv"
	"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$list"
	cp "$list" "$venv/requirements.txt"
fi
go build -o .cache/bin/load ./tools/load

BINDERY_POSTGRES_DIR=$(mktemp -d)
export BINDERY_POSTGRES_DIR
chmod 711 "$BINDERY_POSTGRES_DIR" # the owner of PostgreSQL is another user when we are root
stop() {
	tools/postgres-test.sh stop >/dev/null 2>&1 || echo "load: PostgreSQL did not stop" >&2
	rm -rf "$BINDERY_POSTGRES_DIR"
}
trap stop EXIT
eval "$(tools/postgres-test.sh start)"
.cache/bin/load -bindery bin/bindery -moto "$venv/bin/moto_server" -postgres "$BINDERY_TEST_POSTGRES" "$@"
