package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"
)

// sqlite is the embedded backend: one connection that writes (see writer), several that
// only read, and one that moves the write-ahead log into the database (see checkpoint.go).
type sqlite struct {
	db      *DB
	writer  *writer
	readers *readers
	all     []*session // every read connection, to be closed
}

// Why no automatic checkpoint: SQLite ignores the errors of its own, and an ignored
// fsync error there loses acknowledged writes. Why no mmap: an I/O error would be SIGBUS.
const (
	commonParams = "_busy_timeout=5000&_foreign_keys=0&_synchronous=FULL&_stmt_cache_size=256"
	writerParams = commonParams + "&_journal_mode=WAL&_txlock=immediate&_cache_size=-16384"
	readerParams = commonParams + "&_query_only=1&_cache_size=-16384"
)

func openSQLite(ctx context.Context, cfg Config, d *DB) (*sqlite, error) {
	if err := createFile(ctx, cfg.Path); err != nil {
		return nil, err
	}
	if err := migrateSQLite(ctx, cfg.Path); err != nil {
		return nil, err
	}
	writing, err := openSession(ctx, cfg.Path, writerParams,
		"PRAGMA wal_autocheckpoint=0", "PRAGMA journal_size_limit=1048576", "PRAGMA temp_store=MEMORY")
	if err != nil {
		return nil, err
	}
	writing.writes = true
	s := &sqlite{db: d, readers: newReaders(cfg.Readers)}
	s.writer = newWriter(d, writing, cfg) //nolint:contextcheck // it lives until Close, not until Open returns
	for range cfg.Readers {
		reading, err := openSession(ctx, cfg.Path, readerParams, "PRAGMA temp_store=MEMORY")
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.all = append(s.all, reading)
		s.readers.give(reading)
	}
	return s, nil
}

// pageSize is a page of a new database, in bytes. Tables without rowids keep whole rows in
// the inner pages of their trees: with SQLite's 4 KiB and rows of 600 bytes, a look-up
// among a million partitions would go through eight pages.
const pageSize = 16384

// createFile makes an empty database file that only its owner can read. SQLite gives its
// log and index files the same mode.
func createFile(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	if err := setPageSize(ctx, path); err != nil {
		return fmt.Errorf("create the database: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

// setPageSize has to come before the first page is written, which is what changing to
// the write-ahead log does. A file left without it by a crash works, with smaller pages.
func setPageSize(ctx context.Context, path string) error {
	s, err := openSession(ctx, path, commonParams, fmt.Sprintf("PRAGMA page_size=%d", pageSize), "PRAGMA journal_mode=WAL")
	if err != nil {
		return err
	}
	return s.close()
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

func migrateSQLite(ctx context.Context, path string) error {
	pool, err := sql.Open("sqlite3", dsn(path, writerParams))
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer pool.Close() //nolint:errcheck // migrate has committed, or failed
	files, err := fs.Sub(migrations, "migrations/sqlite")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return migrate(ctx, pool, goose.DialectSQLite3, files)
}

// dsn builds the driver's address of a file, whatever characters its path contains.
func dsn(path, params string) string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: params}).String()
}

func (s *sqlite) write(ctx context.Context, fn Func) error { return s.writer.write(ctx, fn) }

// read runs fn between BEGIN and COMMIT on an idle read connection: its snapshot is
// that of its first statement.
func (s *sqlite) read(ctx context.Context, fn Func) error {
	on, err := s.readers.take(ctx)
	if err != nil {
		return err
	}
	defer s.readers.give(on)
	if err := on.command("BEGIN"); err != nil { //nolint:contextcheck // commands are not cut short
		return translate(err)
	}
	defer on.command("COMMIT") //nolint:errcheck,contextcheck // ends a snapshot, whatever ctx says; there is nothing to lose
	tx := newTx(s.db, on, true)
	defer tx.end()
	return fn(context.WithValue(ctx, txKey{}, tx), tx)
}

func (s *sqlite) queued() int { return len(s.writer.queue) }

func (s *sqlite) close() error {
	var errs []error
	for range s.all {
		<-s.readers.free // waits for running reads
	}
	for _, on := range s.all {
		errs = append(errs, on.close())
	}
	close(s.readers.free)
	errs = append(errs, s.writer.close())
	return errors.Join(errs...)
}

// session is one SQLite connection with its prepared statements, which the driver
// caches by their text. One goroutine uses it at a time.
type session struct {
	pool     *sql.DB
	conn     *sql.Conn
	commands map[string]*sql.Stmt // of command
	writes   bool
}

func openSession(ctx context.Context, path, params string, pragmas ...string) (*session, error) {
	pool, err := sql.Open("sqlite3", dsn(path, params))
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, translate(err)), pool.Close())
	}
	s := &session{pool: pool, conn: conn, commands: map[string]*sql.Stmt{}}
	for _, pragma := range pragmas {
		if err := s.command(pragma); err != nil { //nolint:contextcheck // commands are not cut short
			return nil, errors.Join(fmt.Errorf("%s: %w", pragma, err), s.close())
		}
	}
	return s, nil
}

// exec never passes a context that can end: an interrupted change would make SQLite
// roll back the whole group it is part of.
func (s *session) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	return s.conn.ExecContext(context.WithoutCancel(ctx), query, args...)
}

func (s *session) query(ctx context.Context, query string, args []any, kind scanKind) (*sql.Rows, error) {
	if kind == point || s.writes {
		ctx = context.WithoutCancel(ctx) // also spares a goroutine per query
	}
	return s.conn.QueryContext(ctx, query, args...)
}

// command runs a statement without parameters or results. There are few of them, so each
// stays prepared: BEGIN and COMMIT are a good part of a short read. None takes a context:
// each ends by itself, and half a command would leave the transaction in doubt.
func (s *session) command(query string) error {
	stmt := s.commands[query]
	if stmt == nil {
		var err error
		if stmt, err = s.conn.PrepareContext(context.Background(), query); err != nil {
			return err
		}
		s.commands[query] = stmt
	}
	_, err := stmt.ExecContext(context.Background())
	return err
}

// inTransaction reports whether SQLite still holds the transaction: some errors (disk
// full, I/O) make it roll back everything by itself.
func (s *session) inTransaction() bool {
	inside := false
	err := s.conn.Raw(func(driverConn any) error {
		inside = !driverConn.(*sqlite3.SQLiteConn).AutoCommit()
		return nil
	})
	return err == nil && inside
}

func (s *session) close() error {
	var errs []error
	for _, stmt := range s.commands {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, s.conn.Close(), s.pool.Close())...)
}
