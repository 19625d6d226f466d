package statisticstask

import (
	"context"
	"errors"
	"math"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
)

// Stored lists the tables of this package, for fsck.
func Stored() []db.StoredTable {
	return []db.StoredTable{
		{Name: "glue_statistics_run", KeyColumns: []string{"account", "id"}, Documents: []string{"doc"}},
		{Name: "glue_statistics_settings", KeyColumns: []string{"table_id"}, Documents: []string{"doc"}},
	}
}

// run is a run as it is stored.
type run struct {
	glueapi.ColumnStatisticsTaskRun

	Table    int64 // id of the table that it was started for
	RoleARN  string
	Stopping bool // it has been asked to stop
}

// ID is the run's id.
func (r *run) ID() string { return *r.ColumnStatisticsTaskRunId }

func (r *run) position() position { return position{created: int64(*r.CreationTime), id: r.ID()} }

// active reports whether a run has not ended. nil is none.
func (r *run) active() bool {
	return r != nil && (*r.Status == glueapi.ColumnStatisticsStateStarting || *r.Status == glueapi.ColumnStatisticsStateRunning)
}

// begin marks the run as running; another attempt begins where the first did.
func (r *run) begin(now op.Millis) {
	r.Status, r.LastUpdated = new(glueapi.ColumnStatisticsStateRunning), &now
	if r.StartTime == nil {
		r.StartTime = &now
	}
}

// end gives the run its final state. What it cost is the time that it ran.
func (r *run) end(now op.Millis, state, message string) {
	r.Status, r.LastUpdated, r.EndTime, r.ErrorMessage = &state, &now, &now, optional(message)
	if r.StartTime != nil {
		r.DPUSeconds = new(float64(max(0, now-*r.StartTime)) / 1000 * workers)
	}
}

func (r *run) put(ctx context.Context, tx *db.Tx) error {
	account := *r.CustomerId
	doc, err := db.Encode(db.At("glue_statistics_run", account, r.ID()), r)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO glue_statistics_run (account, id, database_name, table_name, created, doc) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (account, id) DO UPDATE SET doc = excluded.doc`, account, r.ID(), *r.DatabaseName, *r.TableName, int64(*r.CreationTime), doc)
	return err
}

// get reads a run. The error is db.ErrNotFound.
func get(ctx context.Context, tx *db.Tx, account, id string) (*run, error) {
	var doc []byte
	if err := tx.QueryRow(ctx, `SELECT doc FROM glue_statistics_run WHERE account = ? AND id = ?`, account, id).Scan(&doc); err != nil {
		return nil, err
	}
	r := &run{}
	return r, db.Decode(db.At("glue_statistics_run", account, id), doc, r)
}

// newestOfAll is before the newest run of a list.
var newestOfAll = position{created: math.MaxInt64}

// newest reads a table's newest run, nil when it has none.
func newest(ctx context.Context, tx *db.Tx, s subject) (*run, error) {
	found, err := list(ctx, tx, s.account, &s, newestOfAll, 1)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0], nil
}

// list reads runs from the newest to the oldest, those that come behind a position: a table's, or with nil all of the account.
func list(ctx context.Context, tx *db.Tx, account string, s *subject, before position, limit int) ([]*run, error) {
	query, args := `SELECT id, doc FROM glue_statistics_run WHERE account = ?`, []any{account}
	if s != nil {
		query, args = query+` AND database_name = ? AND table_name = ?`, append(args, s.database, s.table)
	}
	query += ` AND (created < ? OR (created = ? AND id < ?)) ORDER BY created DESC, id DESC LIMIT ?`
	rows, err := tx.Query(ctx, query, append(args, before.created, before.created, before.id, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	var all []*run
	for rows.Next() {
		var id string
		var doc []byte
		if err := rows.Scan(&id, &doc); err != nil {
			return nil, err
		}
		r := &run{}
		if err := db.Decode(db.At("glue_statistics_run", account, id), doc, r); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// history is how long runs are kept, in ms: a year, as those of crawlers.
const history = 365 * 24 * 3600 * 1000

// forget deletes the account's runs that are older than the history.
func forget(ctx context.Context, tx *db.Tx, account string) error {
	_, err := tx.Exec(ctx, `DELETE FROM glue_statistics_run WHERE account = ? AND created < ?`, account, clock.Millis(tx.Now())-history)
	return err
}

// settings are a table's settings as they are stored.
type settings struct {
	glueapi.ColumnStatisticsTaskSettings

	Table   int64
	Account string
	RoleARN string
	Timer   string // id of the armed timer; empty when none is
}

// findSettings reads the settings of a table, by its id. The error is db.ErrNotFound.
func findSettings(ctx context.Context, tx *db.Tx, table int64) (*settings, error) {
	var doc []byte
	if err := tx.QueryRow(ctx, `SELECT doc FROM glue_statistics_settings WHERE table_id = ?`, table).Scan(&doc); err != nil {
		return nil, err
	}
	s := &settings{}
	return s, db.Decode(db.At("glue_statistics_settings", table), doc, s)
}

func (s *settings) put(ctx context.Context, tx *db.Tx) error {
	doc, err := db.Encode(db.At("glue_statistics_settings", s.Table), s)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO glue_statistics_settings (table_id, doc) VALUES (?, ?)
		ON CONFLICT (table_id) DO UPDATE SET doc = excluded.doc`, s.Table, doc)
	return err
}

// PurgeTable removes the settings of a deleted table. Its runs stay in the account's history; a timer that is still armed finds no settings.
func PurgeTable(ctx context.Context, tx *db.Tx, id int64) (done bool, err error) {
	_, err = tx.Exec(ctx, `DELETE FROM glue_statistics_settings WHERE table_id = ?`, id)
	return err == nil, err
}

func isMissing(err error) bool {
	var none *glueapi.EntityNotFoundException
	return errors.As(err, &none)
}
