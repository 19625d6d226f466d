package search

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
)

// Index keeps the index up to date. The store notes which tables changed in the transaction that
// changes them (triggers of migration 0026); the index works the notes off a few at a time, so
// that writers of tables pay for one small row and never wait long. Notes survive a restart, and
// working one off twice does no harm: several nodes may do it at once.
type Index struct {
	Store  *db.DB
	Tables Tables
	Log    *slog.Logger

	piece sync.Mutex // one piece at a time on this node
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// Tables reads tables by id. The raw form is nil when the table, or its database, is gone.
type Tables interface {
	ByID(ctx context.Context, tx *db.Tx, id int64) (op.Raw, *glueapi.Table, error)
}

const (
	// followEvery is how often the notes are looked at; a search looks, too.
	followEvery = time.Second
	// pieceSize is how many notes one transaction works off: a few milliseconds of other writers' time.
	pieceSize = 20
)

// Start begins to follow.
func (x *Index) Start() {
	ctx, stop := context.WithCancel(context.Background())
	x.stop = stop
	x.done.Go(func() { x.follow(ctx) })
}

// Close waits for the piece at hand.
func (x *Index) Close() error {
	if x.stop != nil {
		x.stop()
	}
	x.done.Wait()
	return nil
}

func (x *Index) follow(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		if err := x.CatchUp(ctx); err != nil && ctx.Err() == nil {
			x.Log.WarnContext(ctx, "the search index could not be brought up to date", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// CatchUp works off all notes, or as many as it can until ctx ends.
func (x *Index) CatchUp(ctx context.Context) error {
	ctx = db.WithActor(ctx, nil) // the index is nobody's change
	for more := true; more && ctx.Err() == nil; {
		var err error
		if more, err = x.work(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// work does one piece, and reports whether there may be more.
func (x *Index) work(ctx context.Context) (more bool, err error) {
	x.piece.Lock()
	defer x.piece.Unlock()
	err = x.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		notes, err := due(ctx, tx, 1)
		more = len(notes) > 0
		return err
	})
	if err != nil || !more {
		return false, err
	}
	err = x.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		notes, err := due(ctx, tx, pieceSize)
		if err != nil {
			return err
		}
		more = len(notes) == pieceSize
		return x.workOff(ctx, tx, notes)
	})
	return more, err
}

// note says that a table has changed.
type note struct{ seq, table int64 }

func due(ctx context.Context, tx *db.Tx, limit int) ([]note, error) {
	rows, err := tx.Query(ctx, `SELECT seq, table_id FROM glue_search_due ORDER BY seq LIMIT ?`, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var notes []note
	for rows.Next() {
		var n note
		if err := rows.Scan(&n.seq, &n.table); err != nil {
			return nil, err
		}
		notes = append(notes, n)
	}
	return notes, rows.Err()
}

func (x *Index) workOff(ctx context.Context, tx *db.Tx, notes []note) error {
	fresh := map[int64]bool{}
	for _, n := range notes {
		if !fresh[n.table] {
			if err := x.refresh(ctx, tx, n.table); err != nil {
				return err
			}
			fresh[n.table] = true
		}
		if _, err := tx.Exec(ctx, `DELETE FROM glue_search_due WHERE seq = ?`, n.seq); err != nil {
			return err
		}
	}
	return nil
}

// refresh makes the index say of a table what the table says now.
func (x *Index) refresh(ctx context.Context, tx *db.Tx, id int64) error {
	_, doc, err := x.Tables.ByID(ctx, tx, id)
	if err != nil {
		// A document that cannot be read is not found, and holds up no other. When it was the
		// store that failed, the next statement fails as well.
		x.Log.WarnContext(ctx, "a table could not be read for the search index", "table", id, "error", err)
		doc = nil
	}
	old, err := entryOf(ctx, tx, id)
	if err != nil {
		return err
	}
	if doc == nil {
		return old.remove(ctx, tx)
	}
	next := &entry{table: id, terms: termsOf(*doc.CatalogId, doc)}
	if err := next.locate(ctx, tx, doc); err != nil {
		return err
	}
	if err := next.drop(ctx, tx, difference(old.terms, next.terms)); err != nil {
		return err
	}
	return next.add(ctx, tx, difference(next.terms, old.terms))
}

// entry is what is indexed of a table.
type entry struct {
	table  int64
	number int64 // 0: nothing is indexed of it
	terms  []int64
}

func entryOf(ctx context.Context, tx *db.Tx, id int64) (*entry, error) {
	e := &entry{table: id}
	var packed []byte
	err := tx.QueryRow(ctx, `SELECT number, terms FROM glue_search_table WHERE table_id = ?`, id).Scan(&e.number, &packed)
	if errors.Is(err, db.ErrNotFound) {
		return e, nil
	}
	e.terms = unpackTerms(packed)
	return e, err
}

func (e *entry) remove(ctx context.Context, tx *db.Tx) error {
	if err := e.drop(ctx, tx, e.terms); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM glue_search_table WHERE table_id = ?`, e.table)
	return err
}

// locate stores where the table is, and learns its number.
func (e *entry) locate(ctx context.Context, tx *db.Tx, doc *glueapi.Table) error {
	return tx.QueryRow(ctx, `INSERT INTO glue_search_table (table_id, account, database, name, created, updated, terms) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (table_id) DO UPDATE SET account = excluded.account, database = excluded.database, name = excluded.name,
			created = excluded.created, updated = excluded.updated, terms = excluded.terms RETURNING number`,
		e.table, *doc.CatalogId, *doc.DatabaseName, doc.Name, millis(doc.CreateTime), millis(doc.UpdateTime), packTerms(e.terms)).Scan(&e.number)
}

func millis(t *op.Millis) int64 {
	if t == nil {
		return 0
	}
	return int64(*t)
}

func (e *entry) drop(ctx context.Context, tx *db.Tx, list []int64) error {
	for _, t := range list {
		if _, err := tx.Exec(ctx, `DELETE FROM glue_search_term WHERE term = ? AND number = ?`, t, e.number); err != nil {
			return err
		}
	}
	return nil
}

// add adds many terms with few statements, of few lengths: the store keeps statements.
func (e *entry) add(ctx context.Context, tx *db.Tx, list []int64) error {
	for _, at := range []int{64, 8, 1} {
		for len(list) >= at {
			args := make([]any, 0, 2*at)
			for _, t := range list[:at] {
				args = append(args, t, e.number)
			}
			_, err := tx.Exec(ctx, `INSERT INTO glue_search_term (term, number) VALUES (?, ?)`+strings.Repeat(`, (?, ?)`, at-1)+` ON CONFLICT DO NOTHING`, args...)
			if err != nil {
				return err
			}
			list = list[at:]
		}
	}
	return nil
}
