#!/bin/sh
# A throw-away PostgreSQL for the store tests.
#
#   eval "$(tools/postgres-test.sh start)"     sets BINDERY_TEST_POSTGRES
#   go test ./internal/db/...
#   tools/postgres-test.sh stop
#
# It lives in one folder (BINDERY_POSTGRES_DIR, by default under TMPDIR), listens on a Unix
# socket there and on no network port, and runs as a user that is not root. When
# PostgreSQL is missing and we are root, apt-get installs it. fsync stays on: the tests
# are about durability. Starting twice answers the running server.
set -eu

dir=${BINDERY_POSTGRES_DIR:-${TMPDIR:-/tmp}/bindery-postgres}
user=bindery

fail() {
	echo "postgres-test: $*" >&2
	exit 1
}

# bin prints the folder of the newest installed server.
bin() {
	if command -v pg_config >/dev/null && [ -x "$(pg_config --bindir)/initdb" ]; then
		pg_config --bindir
		return
	fi
	for found in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n -r); do
		[ -x "$found/initdb" ] && echo "$found" && return
	done
	return 1
}

install() {
	[ "$(id -u)" = 0 ] || fail "PostgreSQL is not installed, and only root could install it"
	command -v apt-get >/dev/null || fail "PostgreSQL is not installed, and apt-get is missing"
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } >&2
}

# as_owner runs a command as the user who owns the server: us, or "postgres" when we are root.
as_owner() {
	if [ "$(id -u)" = 0 ]; then
		runuser -u postgres -- "$@"
	else
		"$@"
	fi
}

running() {
	[ -f "$dir/data/postmaster.pid" ] && as_owner "$(bin)/pg_ctl" -D "$dir/data" status >/dev/null
}

start() {
	bin >/dev/null || install
	bin >/dev/null || fail "PostgreSQL was installed, but its server was not found"
	if ! running; then
		mkdir -p "$dir"
		[ "$(id -u)" = 0 ] && chown postgres "$dir"
		chmod 700 "$dir"
		cd "$dir" # so that the owner can come back to where it started
		[ -d "$dir/data" ] || as_owner "$(bin)/initdb" -D "$dir/data" -U "$user" -A trust -E UTF8 --locale=C >&2
		as_owner "$(bin)/pg_ctl" -D "$dir/data" -l "$dir/log" -w \
			-o "-c listen_addresses='' -c unix_socket_directories='$dir' -c max_connections=200" start >&2 ||
			fail "it did not start; see $dir/log"
	fi
	[ "$(id -u)" = 0 ] && chmod 711 "$dir"
	echo "export BINDERY_TEST_POSTGRES='postgres:///postgres?host=$dir&user=$user'"
}

stop() {
	running || return 0
	cd "$dir"
	as_owner "$(bin)/pg_ctl" -D "$dir/data" -m fast -w stop >&2
}

case ${1:-} in
start) start ;;
stop) stop ;;
*) fail "say start or stop" ;;
esac
