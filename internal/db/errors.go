package db

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
)

// The errors that callers compare with errors.Is. Everything a database reports is
// translated to them in this file, by code and never by text.
var (
	ErrNotFound = errors.New("db: not found")                             // QueryRow found no row
	ErrExists   = errors.New("db: exists already")                        // a unique key is taken
	ErrConflict = errors.New("db: conflicting transaction")               // not serializable, retries used up
	ErrBusy     = errors.New("db: too many writes waiting")               // try again later
	ErrFull     = errors.New("db: disk full")                             // refused; reads go on; heals when space is back
	ErrReadOnly = errors.New("db: writes are stopped after an I/O error") // until the process restarts
	ErrUnknown  = errors.New("db: outcome of the commit is unknown")      // the connection broke during commit
	ErrClosed   = errors.New("db: closed")
	ErrNewer    = errors.New("db: written by a newer program")
)

// errIO marks an error of the storage device. Inside a write it ends all writes.
var errIO = errors.New("db: input/output error")

// translate wraps a driver's error with the sentinel that fits, if any.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var lite sqlite3.Error
	var pg *pgconn.PgError
	var kind error
	switch {
	case errors.As(err, &lite):
		kind = sqliteKind(lite)
	case errors.As(err, &pg):
		kind = postgresKinds[pg.Code]
	case errors.Is(err, sql.ErrNoRows):
		kind = ErrNotFound
	}
	if kind == nil || errors.Is(err, kind) {
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

func sqliteKind(err sqlite3.Error) error {
	switch err.ExtendedCode {
	case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey, sqlite3.ErrConstraintRowID:
		return ErrExists
	case sqlite3.ErrIoErrFsync, sqlite3.ErrIoErrDirFsync:
		return errIO // even when the cause is a full disk: what was written before is in doubt
	}
	switch err.Code {
	case sqlite3.ErrFull:
		return ErrFull
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return ErrBusy
	case sqlite3.ErrIoErr:
		if err.SystemErrno == syscall.ENOSPC || err.SystemErrno == syscall.EDQUOT {
			return ErrFull
		}
		return errIO
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return errIO
	}
	return nil
}

// postgresKinds maps SQLSTATE codes (PostgreSQL manual, appendix A).
var postgresKinds = map[string]error{
	"23505": ErrExists,   // unique_violation
	"40001": ErrConflict, // serialization_failure
	"40P01": ErrConflict, // deadlock_detected
	"53100": ErrFull,     // disk_full
	"53300": ErrBusy,     // too_many_connections
	"25006": ErrReadOnly, // read_only_sql_transaction: a standby
	"58030": errIO,       // io_error
}

// isServerError reports whether Postgres itself answered with an error, except when it
// says that it is going away in the middle of things (class 57P and 08).
func isServerError(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && !strings.HasPrefix(pg.Code, "57P") && !strings.HasPrefix(pg.Code, "08")
}
