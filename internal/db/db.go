// Package db is bindery's store: SQL on SQLite (the default) or PostgreSQL, behind
// one small transaction type. Start at Open, then DB.Write and DB.Read.
//
//	err := d.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
//		if _, err := tx.Exec(ctx, `INSERT INTO glue_database (account, name, doc) VALUES (?, ?, ?)`, account, name, doc); err != nil {
//			return err
//		}
//		return tx.Record(ctx, db.Change{Account: account, Kind: "glue:database", Key: key, After: doc})
//	})
//
// What it promises:
//
//   - When Write returns nil the change is on disk (fsync) and outlives kill -9.
//     When it returns an error other than ErrUnknown nothing of it was kept.
//   - Read sees one snapshot. Inside a Write it sees the transaction's own rows.
//   - Values are bytes or 64-bit integers. A string is bound as its bytes, a bool as 0 or
//     1, a time as milliseconds (clock.Millis). Columns are therefore BLOB/BYTEA and
//     INTEGER/BIGINT only; letter case counts, and order is bytewise on both databases.
//     Literals in SQL text would be TEXT: pass them as parameters.
//   - Errors are the sentinels of errors.go on both databases.
//
// What it asks of callers: a function given to Write may run more than once, so it
// changes nothing outside the transaction; effects go through Tx.Outbox, and what
// must follow a durable commit (dropping a cached entry) through Tx.OnCommit.
package db

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/bindery-project/bindery/internal/clock"
)

// Config says where the store is. Exactly one of Path and PostgresDSN is set.
type Config struct {
	Path        string // SQLite file; created (0600) when absent
	PostgresDSN string // pgx connection string or URL
	Clock       clock.Clock
	Logger      *slog.Logger // nil discards

	Readers int // concurrent read transactions; 0 = 8
	Queue   int // writes that may wait before ErrBusy; 0 = 1024
}

const (
	defaultReaders = 8
	defaultQueue   = 1024
)

// DB is an open store. It is safe for concurrent use.
type DB struct {
	backend backend
	clock   clock.Clock
	log     *slog.Logger
	epochs  *epochs
	counts  counts
}

// backend is one of the two databases. Its methods run fn inside a transaction of
// theirs and hand it the Tx; DB has dealt with joining before it calls them.
type backend interface {
	write(ctx context.Context, fn Func) error
	read(ctx context.Context, fn Func) error
	queued() int
	close() error
}

// Func is the work of one transaction. The ctx it gets carries tx: a Write or Read
// that is given this ctx joins.
type Func func(ctx context.Context, tx *Tx) error

// Open opens the store, creating it when absent, and brings its tables up to this
// program's migrations. A store written by a newer program is refused with ErrNewer.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if (cfg.Path == "") == (cfg.PostgresDSN == "") {
		return nil, errors.New("db: set either Path or PostgresDSN")
	}
	cfg = cfg.withDefaults()
	d := &DB{clock: cfg.Clock, log: cfg.Logger, epochs: newEpochs()}
	var err error
	if cfg.Path != "" {
		d.backend, err = openSQLite(ctx, cfg, d)
	} else {
		d.backend, err = openPostgres(ctx, cfg, d)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

func (c Config) withDefaults() Config {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Readers == 0 {
		c.Readers = defaultReaders
	}
	if c.Queue == 0 {
		c.Queue = defaultQueue
	}
	return c
}

// Close waits for running transactions and closes the store. Writes that wait in the
// queue are refused with ErrClosed.
func (d *DB) Close() error { return d.backend.close() }

// Write runs fn in a transaction and returns once its changes are durable. It runs on
// the caller's goroutine.
//
// On SQLite all other writes wait while fn runs: it calls nothing outside the store. Inside
// fn use the ctx it is given: a Write with another ctx would wait for itself.
//
// A Write whose ctx comes from another Write of this DB joins it inside a savepoint: an
// error undoes what the inner function did, and the outer one may go on. This is also
// the way to survive a failed statement (see Tx).
//
// Errors: fn's own; ErrBusy (queue full), ErrFull (disk), ErrReadOnly (an earlier I/O
// error stopped all writes), ErrConflict (retries used up, Postgres), ErrUnknown (the
// connection broke, or ctx ended, during commit; Postgres). A ctx that ends before fn
// starts gives ctx.Err(). On SQLite Write then waits for the outcome, whatever ctx does.
func (d *DB) Write(ctx context.Context, fn Func) error {
	if outer := d.txFrom(ctx); outer != nil {
		return outer.nested(ctx, fn)
	}
	return d.backend.write(ctx, fn)
}

// Read runs fn on one snapshot. Inside a Write or Read of this DB it joins that one.
func (d *DB) Read(ctx context.Context, fn Func) error {
	if outer := d.txFrom(ctx); outer != nil {
		if outer.done {
			return errTxDone
		}
		return fn(ctx, outer)
	}
	return d.backend.read(ctx, fn)
}

type txKey struct{}

// txFrom returns the transaction of this DB that ctx carries, or nil.
func (d *DB) txFrom(ctx context.Context) *Tx {
	if tx, ok := ctx.Value(txKey{}).(*Tx); ok && tx.db == d {
		return tx
	}
	return nil
}

// errTxDone shows a bug: a ctx was kept beyond the transaction it belongs to.
var errTxDone = fmt.Errorf("db: the transaction of this context has ended")
