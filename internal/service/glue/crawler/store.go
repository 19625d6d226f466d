package crawler

import (
	"context"
	"errors"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// record is a crawler as it is stored.
type record struct {
	Account string
	Crawl   string // id of the crawl that is queued or running, else empty
	Started int64  // ms; when that crawl was ordered
	Doc     glueapi.Crawler
	stored  []byte
}

func (r *record) name() string { return *r.Doc.Name }

// crawlRecord is one crawl as it is stored.
type crawlRecord struct {
	glueapi.CrawlerHistory
	Progress Progress
}

// Progress is how far a crawl has come.
type Progress struct {
	Phase     string    // what it does at the moment, for people
	Objects   int64     // objects to inspect, known once all are listed
	Inspected int64     // of them
	Listed    bool      // whether Objects is the whole number
	Since     op.Millis // when inspecting began

	TablesCreated, TablesUpdated, TablesDeleted             int32
	PartitionsCreated, PartitionsUpdated, PartitionsDeleted int32
}

// logLine is one line that a crawl wrote for people.
type logLine struct {
	At    op.Millis
	Level string // INFO, WARN, ERROR
	Text  string
}

// Stored lists the tables that hold documents, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{
		{Name: "glue_crawler", KeyColumns: []string{"account", "name"}, Documents: []string{"doc"}},
		{Name: "glue_crawl", KeyColumns: []string{"account", "crawler", "started", "id"}, Documents: []string{"doc"}},
		{Name: "glue_crawl_log", KeyColumns: []string{"account", "crawler", "id"}, Documents: []string{"doc"}},
		{Name: "glue_crawl_shape", KeyColumns: []string{"account", "crawler", "shape"}, Documents: []string{"doc"}},
	}
}

// find reads a crawler. The error is an EntityNotFoundException.
func find(ctx context.Context, tx *db.Tx, account, name string) (*record, error) {
	r := &record{Account: account}
	err := tx.QueryRow(ctx, `SELECT crawl, started, doc FROM glue_crawler WHERE account = ? AND name = ?`, account, name).
		Scan(&r.Crawl, &r.Started, &r.stored)
	if errors.Is(err, db.ErrNotFound) {
		return nil, notFound(name)
	}
	if err != nil {
		return nil, err
	}
	return r, db.Decode(db.At("glue_crawler", account, name), r.stored, &r.Doc)
}

// Exists reports whether an account has a crawler of that name.
func Exists(ctx context.Context, tx *db.Tx, account, name string) (bool, error) {
	_, err := find(ctx, tx, account, name)
	if isNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

func notFound(name string) error { return terms.NotFound("Crawler %s not found.", name) }

// list reads crawlers in the order of their names, beginning behind after.
func list(ctx context.Context, tx *db.Tx, account, after string, limit int) ([]*record, error) {
	rows, err := tx.Query(ctx, `SELECT name, crawl, started, doc FROM glue_crawler WHERE account = ? AND name > ? ORDER BY name LIMIT ?`, account, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var all []*record
	for rows.Next() {
		r, name := &record{Account: account}, ""
		if err := rows.Scan(&name, &r.Crawl, &r.Started, &r.stored); err != nil {
			return nil, err
		}
		if err := db.Decode(db.At("glue_crawler", account, name), r.stored, &r.Doc); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// create stores a new crawler. The error is db.ErrExists.
func (r *record) create(ctx context.Context, tx *db.Tx) error {
	doc, err := r.encode()
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `INSERT INTO glue_crawler (account, name, crawl, started, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (account, name) DO NOTHING`, r.Account, r.name(), r.Crawl, r.Started, doc)
	if err == nil && n == 0 {
		err = db.ErrExists
	}
	if err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: r.Account, Kind: "glue:crawler", Key: []byte(r.name()), After: doc})
}

// save stores a crawler that was read before, as changed by its owner.
func (r *record) save(ctx context.Context, tx *db.Tx) error {
	before := r.stored
	if err := r.saveState(ctx, tx); err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: r.Account, Kind: "glue:crawler", Key: []byte(r.name()), Before: before, After: r.stored})
}

// saveState stores a crawler of which only what it does has changed: no change of the catalog, nothing for the journal.
func (r *record) saveState(ctx context.Context, tx *db.Tx) error {
	doc, err := r.encode()
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE glue_crawler SET crawl = ?, started = ?, doc = ? WHERE account = ? AND name = ?`,
		r.Crawl, r.Started, doc, r.Account, r.name())
	r.stored = doc
	return err
}

func (r *record) encode() ([]byte, error) {
	return db.Encode(db.At("glue_crawler", r.Account, r.name()), &r.Doc)
}

// remove deletes a crawler with its history and what it remembers.
func (r *record) remove(ctx context.Context, tx *db.Tx) error {
	for _, table := range []string{"glue_crawl", "glue_crawl_log", "glue_crawl_folder", "glue_crawl_shape"} {
		if _, err := tx.Exec(ctx, `DELETE FROM `+table+` WHERE account = ? AND crawler = ?`, r.Account, r.name()); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM glue_crawler WHERE account = ? AND name = ?`, r.Account, r.name()); err != nil {
		return err
	}
	return tx.Record(ctx, db.Change{Account: r.Account, Kind: "glue:crawler", Key: []byte(r.name()), Before: r.stored})
}

// putCrawl stores a crawl, new or changed.
func putCrawl(ctx context.Context, tx *db.Tx, account, crawler string, c *crawlRecord) error {
	doc, err := db.Encode(db.At("glue_crawl", account, crawler, int64(*c.StartTime), *c.CrawlId), c)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO glue_crawl (account, crawler, started, id, doc) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (account, crawler, started, id) DO UPDATE SET doc = excluded.doc`, account, crawler, int64(*c.StartTime), *c.CrawlId, doc)
	return err
}

// crawls calls each with the crawls of a crawler, newest first, beginning before (started, id), until each returns false.
func crawls(ctx context.Context, tx *db.Tx, account, crawler string, before position, each func(*crawlRecord) bool) error {
	rows, err := tx.Query(ctx, `SELECT started, id, doc FROM glue_crawl WHERE account = ? AND crawler = ?
		AND (started < ? OR (started = ? AND id < ?)) ORDER BY started DESC, id DESC`, account, crawler, before.Started, before.Started, before.ID)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var started int64
		var id string
		var doc []byte
		if err := rows.Scan(&started, &id, &doc); err != nil {
			return err
		}
		c := &crawlRecord{}
		if err := db.Decode(db.At("glue_crawl", account, crawler, started, id), doc, c); err != nil {
			return err
		}
		if !each(c) {
			return nil
		}
	}
	return rows.Err()
}

// latest reads a crawler's newest crawl: the one that runs, if one does. It is nil when there was none.
func latest(ctx context.Context, tx *db.Tx, r *record) (*crawlRecord, error) {
	var found *crawlRecord
	err := crawls(ctx, tx, r.Account, r.name(), newest, func(c *crawlRecord) bool {
		found = c
		return false
	})
	return found, err
}

// history is how long crawls are kept: Glue lists those of twelve months.
const history = 365 * 24 // hours

// forget deletes crawls that are older than the history.
func forget(ctx context.Context, tx *db.Tx, account, crawler string) error {
	oldest := clock.Millis(tx.Now()) - history*3600*1000
	if _, err := tx.Exec(ctx, `DELETE FROM glue_crawl_log WHERE account = ? AND crawler = ? AND id IN
		(SELECT id FROM glue_crawl WHERE account = ? AND crawler = ? AND started < ?)`, account, crawler, account, crawler, oldest); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM glue_crawl WHERE account = ? AND crawler = ? AND started < ?`, account, crawler, oldest)
	return err
}

// putLog stores what a crawl wrote for people.
func putLog(ctx context.Context, tx *db.Tx, account, crawler, id string, lines []logLine) error {
	doc, err := db.Encode(db.At("glue_crawl_log", account, crawler, id), lines)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO glue_crawl_log (account, crawler, id, doc) VALUES (?, ?, ?, ?)
		ON CONFLICT (account, crawler, id) DO UPDATE SET doc = excluded.doc`, account, crawler, id, doc)
	return err
}
