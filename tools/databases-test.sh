#!/bin/sh
# Throw-away databases for the tests of connections: a PostgreSQL and a MariaDB that listen on
# loopback, ask for passwords and speak TLS.
#
#   eval "$(tools/databases-test.sh start)"    sets BINDERY_TEST_DATABASES, a folder
#   go test ./internal/service/glue/connection/...
#   tools/databases-test.sh stop
#
# The folder (BINDERY_DATABASES_DIR, by default under TMPDIR) then holds ca.pem, and of each
# server its port in postgres/port and mariadb/port. The user is ada, the password
# s3cret-ada, the database shop; PostgreSQL's user tess gets in over TLS only. Root's
# password is nobody's business. What is missing is installed by apt-get when we are root.
set -eu

dir=${BINDERY_DATABASES_DIR:-${TMPDIR:-/tmp}/bindery-databases}

fail() {
	echo "databases-test: $*" >&2
	exit 1
}

install() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "$* missing, and only root with apt-get could install them"
	{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } >&2
}

# as USER COMMAND… runs a command as a user of the system when we are root, else as us.
as() {
	user=$1
	shift
	if [ "$(id -u)" = 0 ]; then
		runuser -u "$user" -- "$@"
	else
		"$@"
	fi
}

postgres_bin() {
	for found in "$(command -v pg_config >/dev/null && pg_config --bindir)" $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n -r); do
		[ -x "$found/initdb" ] && echo "$found" && return
	done
	return 1
}

# free_port prints a TCP port on loopback that nobody uses.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# certificates makes an authority, and a certificate for localhost and 127.0.0.1.
certificates() {
	cd "$dir"
	openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=bindery-test -keyout ca.key -out ca.pem 2>/dev/null
	openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout server.key -out server.csr 2>/dev/null
	printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >server.ext
	openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -extfile server.ext -out server.pem 2>/dev/null
}

# place NAME USER makes a server's folder with its certificate.
place() {
	mkdir -p "$dir/$1"
	cp "$dir/server.key" "$dir/server.pem" "$dir/$1/"
	[ "$(id -u)" != 0 ] || chown -R "$2" "$dir/$1"
	chmod 700 "$dir/$1"
	chmod 600 "$dir/$1/server.key"
}

start_postgres() {
	bin=$(postgres_bin) || { install postgresql && bin=$(postgres_bin); } || fail "PostgreSQL was not found"
	place postgres postgres
	port=$(free_port)
	cd "$dir/postgres"
	as postgres "$bin/initdb" -D data -U bindery -A trust -E UTF8 --locale=C >&2
	printf 'local all bindery trust\nhostssl all tess 127.0.0.1/32 scram-sha-256\nhost all ada 127.0.0.1/32 scram-sha-256\n' >hba
	as postgres cp hba data/pg_hba.conf
	as postgres "$bin/pg_ctl" -D data -l log -w -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$dir/postgres' -c ssl=on \
		-c ssl_cert_file='$dir/postgres/server.pem' -c ssl_key_file='$dir/postgres/server.key'" start >&2
	as postgres "$bin/psql" -q -h "$dir/postgres" -p "$port" -U bindery -d postgres -c "CREATE ROLE ada LOGIN PASSWORD 's3cret-ada'" \
		-c "CREATE ROLE tess LOGIN PASSWORD 's3cret-ada'" -c 'CREATE DATABASE shop OWNER ada' >&2
	echo "$port" >"$dir/port.postgres"
}

start_mariadb() {
	command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null || install mariadb-server
	place mariadb mysql
	port=$(free_port)
	cd "$dir/mariadb"
	as mysql mariadb-install-db --no-defaults --datadir="$dir/mariadb/data" --auth-root-authentication-method=normal --skip-test-db >&2
	cat >"$dir/mariadb/init.sql" <<-SQL
		CREATE DATABASE shop;
		CREATE USER ada@'%' IDENTIFIED BY 's3cret-ada';
		GRANT ALL ON shop.* TO ada@'%';
		CREATE USER tess@'%' IDENTIFIED BY 's3cret-ada' REQUIRE SSL;
	SQL
	[ "$(id -u)" != 0 ] || chown mysql "$dir/mariadb/init.sql"
	# Redirected by exec: a shell that redirects a function keeps its own output open beside, and
	# whoever reads that would wait for the end of MariaDB.
	(
		exec </dev/null >/dev/null 2>&1
		as mysql mariadbd --no-defaults --datadir="$dir/mariadb/data" --socket="$dir/mariadb/socket" --pid-file="$dir/mariadb/pid" --port="$port" \
			--bind-address=127.0.0.1 --ssl-cert="$dir/mariadb/server.pem" --ssl-key="$dir/mariadb/server.key" --skip-name-resolve \
			--init-file="$dir/mariadb/init.sql" --log-error="$dir/mariadb/log"
	) &
	for _ in $(seq 100); do
		[ ! -S "$dir/mariadb/socket" ] || break
		sleep 0.1
	done
	[ -S "$dir/mariadb/socket" ] || fail "MariaDB did not start; see $dir/mariadb/log"
	echo "$port" >"$dir/port.mariadb"
}

start() {
	command -v openssl >/dev/null || install openssl
	if [ ! -f "$dir/port.mariadb" ]; then
		mkdir -p "$dir"
		chmod 711 "$dir"
		certificates
		start_postgres
		start_mariadb
	fi
	echo "export BINDERY_TEST_DATABASES='$dir'"
}

stop() {
	[ -d "$dir" ] || return 0
	if [ -f "$dir/mariadb/pid" ]; then
		kill "$(cat "$dir/mariadb/pid")"
	fi
	if bin=$(postgres_bin) && [ -d "$dir/postgres/data" ]; then
		cd "$dir/postgres"
		as postgres "$bin/pg_ctl" -D data -m immediate -w stop >&2 || fail "PostgreSQL did not stop"
	fi
	rm -rf "$dir"
}

case ${1:-} in
start) start ;;
stop) stop ;;
*) fail "say start or stop" ;;
esac
