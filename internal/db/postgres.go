package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// postgres is the backend that several nodes share. Transactions are SERIALIZABLE and
// run again when Postgres finds a conflict.
type postgres struct {
	db      *DB
	pool    *pgxpool.Pool
	sql     *sql.DB
	waiting chan struct{} // one token per write that runs or waits
	lane    sync.RWMutex  // locked by a write that runs alone, read-locked by the others
	hooks   sync.Mutex    // hooks run one at a time
	listen  *listener
}

const (
	maxAttempts = 12
	baseDelay   = 2 * time.Millisecond
	maxDelay    = 100 * time.Millisecond
)

func openPostgres(ctx context.Context, cfg Config, d *DB) (*postgres, error) {
	options, err := pgxpool.ParseConfig(cfg.PostgresDSN)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	if !strings.Contains(cfg.PostgresDSN, "pool_max_conns") {
		options.MaxConns = int32(max(cfg.Readers*2, runtime.NumCPU()))
	}
	pool, err := pgxpool.NewWithConfig(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	p := &postgres{db: d, pool: pool, sql: stdlib.OpenDBFromPool(pool), waiting: make(chan struct{}, cfg.Queue)}
	if err := p.migrate(ctx); err != nil {
		return nil, errors.Join(err, p.close())
	}
	p.listen = startListener(ctx, d, p, options.ConnConfig)
	return p, nil
}

func (p *postgres) migrate(ctx context.Context) error {
	files, err := fs.Sub(migrations, "migrations/postgres")
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return migrate(ctx, p.sql, goose.DialectPostgres, files)
}

// maxTaken is how often a transaction runs again after a unique key was taken.
// Postgres reports the loser of a race so, too ("serialization failures" in its
// guide): run again, it sees the winner's row. A key that is really taken is
// taken again.
const maxTaken = 3

func (p *postgres) write(ctx context.Context, fn Func) error {
	select {
	case p.waiting <- struct{}{}:
		defer func() { <-p.waiting }()
	default:
		return ErrBusy
	}
	for attempt := 0; ; attempt++ {
		run := p.attemptBeside
		if attempt >= crowded {
			run = p.attemptAlone
		}
		again, err := run(ctx, fn)
		if !again || attempt == maxAttempts || errors.Is(err, ErrExists) && attempt == maxTaken {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// pause waits between two attempts: twice as long each time, with a random part, so
// that two transactions in conflict do not meet again.
func pause(ctx context.Context, attempt int) error {
	delay := min(baseDelay<<attempt, maxDelay)
	timer := time.NewTimer(delay/2 + rand.N(delay)) //nolint:gosec // to spread attempts, not to hide anything
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// crowded is after how many attempts a transaction no longer runs beside others that
// had conflicts: many writers of one row would keep failing each other.
const crowded = 2

// attemptBeside is attempt while no write of this node runs alone.
func (p *postgres) attemptBeside(ctx context.Context, fn Func) (again bool, err error) {
	p.lane.RLock()
	defer p.lane.RUnlock()
	return p.attempt(ctx, fn)
}

// attemptAlone is attempt while no other write of this node runs, and no other node
// does the same.
func (p *postgres) attemptAlone(ctx context.Context, fn Func) (again bool, err error) {
	p.lane.Lock()
	defer p.lane.Unlock()
	conn, err := p.sql.Conn(ctx)
	if err != nil {
		return false, fmt.Errorf("connect: %w", translate(err))
	}
	defer conn.Close() //nolint:errcheck // goes back to the pool
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock("+laneLock+")"); err != nil {
		return false, fmt.Errorf("wait for other writers: %w", translate(err))
	}
	defer func() {
		_, unlockErr := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock("+laneLock+")")
		if unlockErr != nil {
			p.db.log.Warn("the lock of crowded writers was not given back; it ends with its connection", "error", unlockErr)
		}
	}()
	return p.attempt(ctx, fn)
}

// laneLock is the key of the lock, one per store.
const laneLock = "hashtextextended('bindery crowded writers ' || current_schema(), 0)"

// attempt runs fn once. again says that Postgres found a conflict.
func (p *postgres) attempt(ctx context.Context, fn Func) (again bool, err error) {
	inner, err := p.sql.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelSerializable})
	if err != nil {
		return false, fmt.Errorf("begin: %w", translate(err))
	}
	defer inner.Rollback() //nolint:errcheck // after a commit it does nothing
	tx := newTx(p.db, &pgRunner{inner}, false)
	if err := tx.call(ctx, fn); err != nil {
		return errors.Is(tx.failed, ErrConflict) || errors.Is(tx.failed, ErrExists), err
	}
	if err := translate(inner.Commit()); err != nil {
		return errors.Is(err, ErrConflict), commitError(err)
	}
	p.db.counts.committed(1)
	p.hooks.Lock()
	defer p.hooks.Unlock()
	for _, hook := range tx.hooks {
		hook()
	}
	return false, nil
}

// commitError marks a commit whose answer did not arrive: it may have happened.
func commitError(err error) error {
	for _, known := range []error{ErrConflict, ErrExists, ErrFull, ErrReadOnly} {
		if errors.Is(err, known) {
			return err
		}
	}
	if isServerError(err) {
		return err // Postgres answered: rolled back
	}
	return fmt.Errorf("%w: %w", ErrUnknown, err)
}

func (p *postgres) read(ctx context.Context, fn Func) error {
	inner, err := p.sql.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("begin: %w", translate(err))
	}
	defer inner.Rollback() //nolint:errcheck // ends a snapshot; there is nothing to lose
	tx := newTx(p.db, &pgRunner{inner}, true)
	defer tx.end()
	return fn(context.WithValue(ctx, txKey{}, tx), tx)
}

func (p *postgres) queued() int { return len(p.waiting) }

func (p *postgres) close() error {
	if p.listen != nil {
		p.listen.close()
	}
	err := p.sql.Close()
	p.pool.Close()
	return err
}

// pgRunner runs statements in a Postgres transaction. pgx keeps them prepared per connection.
type pgRunner struct{ tx *sql.Tx }

func (r *pgRunner) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	return r.tx.ExecContext(ctx, rebind(query), args...)
}

func (r *pgRunner) query(ctx context.Context, query string, args []any, _ scanKind) (*sql.Rows, error) {
	return r.tx.QueryContext(ctx, rebind(query), args...)
}

// notify tells the other nodes; Postgres sends it when the transaction commits.
func (r *pgRunner) notify(ctx context.Context, name string) error {
	_, err := r.tx.ExecContext(ctx, "SELECT pg_notify($1, $2)", epochChannel, name)
	return err
}

// rebound caches rebind's results. Programs have few distinct statements.
var rebound sync.Map

// rebind replaces the placeholders ? by $1, $2, … outside of quotes and comments.
func rebind(query string) string {
	if known, ok := rebound.Load(query); ok {
		return known.(string)
	}
	var out strings.Builder
	n := 0
	for i := 0; i < len(query); {
		if width := literal(query[i:]); width > 0 {
			out.WriteString(query[i : i+width])
			i += width
			continue
		}
		if query[i] == '?' {
			n++
			out.WriteString("$" + strconv.Itoa(n))
		} else {
			out.WriteByte(query[i])
		}
		i++
	}
	rebound.Store(query, out.String())
	return out.String()
}

// literal returns the length of the quoted text or comment that query starts with, or 0.
func literal(query string) int {
	for open, end := range map[string]string{"'": "'", `"`: `"`, "--": "\n", "/*": "*/"} {
		if !strings.HasPrefix(query, open) {
			continue
		}
		if at := strings.Index(query[len(open):], end); at >= 0 {
			return len(open) + at + len(end)
		}
		return len(query)
	}
	return 0
}

// epochChannel is the NOTIFY channel of epochs. Stores in different schemas of one
// database hear each other; the value read after a notification decides.
const epochChannel = "bindery_epoch"

// listener hears of epochs that other nodes bump.
type listener struct {
	db      *DB
	from    *postgres
	config  *pgx.ConnConfig
	cancel  context.CancelFunc
	stopped chan struct{}
}

const pollInterval = time.Second

// startListener starts a listener that close ends; ctx lends it values only.
func startListener(ctx context.Context, d *DB, from *postgres, config *pgx.ConnConfig) *listener {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l := &listener{db: d, from: from, config: config.Copy(), cancel: cancel, stopped: make(chan struct{})}
	go l.loop(ctx)
	return l
}

// loop reads the epochs on each notification, at least every pollInterval, and
// reconnects when the connection is lost: the poll goes on meanwhile.
func (l *listener) loop(ctx context.Context) {
	defer close(l.stopped)
	var conn *pgx.Conn
	for ctx.Err() == nil {
		if conn == nil {
			conn = l.connect(ctx)
		}
		l.refresh(ctx)
		if !waitNotified(ctx, conn) {
			conn = nil
		}
	}
	if conn != nil {
		conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing depends on it
	}
}

func (l *listener) connect(ctx context.Context) *pgx.Conn {
	conn, err := pgx.ConnectConfig(ctx, l.config)
	if err == nil {
		_, err = conn.Exec(ctx, "LISTEN "+epochChannel)
	}
	if err != nil {
		if ctx.Err() == nil {
			l.db.log.Warn("listen for epochs of other nodes; polling goes on", "error", err)
		}
		return nil
	}
	return conn
}

// waitNotified waits for a notification or the next poll. It reports whether conn lives.
func waitNotified(ctx context.Context, conn *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, pollInterval)
	defer cancel()
	if conn == nil {
		<-ctx.Done()
		return false
	}
	_, err := conn.WaitForNotification(ctx)
	return err == nil || (ctx.Err() != nil && !conn.IsClosed())
}

func (l *listener) refresh(ctx context.Context) {
	err := l.from.read(ctx, func(ctx context.Context, tx *Tx) error {
		rows, err := tx.Query(ctx, `SELECT name, value FROM epoch`)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // rows.Err tells
		for rows.Next() {
			var name string
			var value int64
			if err := rows.Scan(&name, &value); err != nil {
				return err
			}
			l.db.epochs.advance(name, value)
		}
		return rows.Err()
	})
	if err != nil && ctx.Err() == nil {
		l.db.log.Warn("read the epochs of other nodes", "error", err)
	}
}

func (l *listener) close() {
	l.cancel()
	<-l.stopped
}
