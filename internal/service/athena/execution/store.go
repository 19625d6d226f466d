package execution

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"time"

	"github.com/bindery-project/bindery/internal/api/athenaapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
)

// record is a row: a query execution and what is kept beside its document.
type record struct {
	Account string
	ID      string
	Doc     athenaapi.QueryExecution
	Result  *summary // nil until rows were stored
}

// summary describes a stored result.
type summary struct {
	Columns []athenaapi.ColumnInfo
	Rows    int64
	Bytes   int64
	Files   int64
	Scanned int64
}

// caller is who started a query and from where: what policies can ask about.
type caller struct {
	RequestID string
	Region    string
	Principal op.Principal
	SourceIP  netip.Addr
	TLS       bool
	UserAgent string
	Referer   string
}

func callerOf(c *op.Call) caller {
	return caller{c.RequestID, c.Region, c.Principal, c.SourceIP, c.TLS, c.UserAgent, c.Referer}
}

// call is the start's call again, for the work in the background.
func (c *caller) call() *op.Call {
	return &op.Call{
		RequestID: c.RequestID, Service: "athena", Operation: "StartQueryExecution", Region: c.Region,
		Account: c.Principal.Account, Principal: c.Principal, SourceIP: c.SourceIP, TLS: c.TLS,
		UserAgent: c.UserAgent, Referer: c.Referer,
	}
}

const table = "athena_execution"

func docPlace(account, id string) db.Place    { return db.At(table, account, id) }
func callerPlace(account, id string) db.Place { return db.At(table, account, id) }

// Stored tells fsck where the package keeps documents.
func Stored() []db.StoredTable {
	return []db.StoredTable{{Name: table, KeyColumns: []string{"account", "id"}, Documents: []string{"doc", "caller", "result"}}}
}

// get reads a row. The error is db.ErrNotFound when there is none.
func get(ctx context.Context, tx *db.Tx, account, id string) (*record, error) {
	e := &record{Account: account, ID: id}
	var doc, result []byte
	err := tx.QueryRow(ctx, `SELECT doc, result FROM athena_execution WHERE account = ? AND id = ?`, account, id).Scan(&doc, &result)
	if err != nil {
		return nil, err
	}
	if err := db.Decode(docPlace(account, id), doc, &e.Doc); err != nil || result == nil {
		return e, err
	}
	e.Result = &summary{}
	return e, db.Decode(docPlace(account, id), result, e.Result)
}

// put stores the changed document and result of a row.
func put(ctx context.Context, tx *db.Tx, e *record) error {
	at := docPlace(e.Account, e.ID)
	doc, err := db.Encode(at, &e.Doc)
	if err != nil {
		return err
	}
	var result []byte
	if e.Result != nil {
		if result, err = db.Encode(at, e.Result); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `UPDATE athena_execution SET doc = ?, result = ? WHERE account = ? AND id = ?`, doc, result, e.Account, e.ID)
	return err
}

// insertion is a new row.
type insertion struct {
	record
	caller  caller
	token   *string // ClientRequestToken
	request []byte  // hash of the parameters
}

func (x *Executions) insert(ctx context.Context, tx *db.Tx, n *insertion) error {
	doc, err := db.Encode(docPlace(n.Account, n.ID), &n.Doc)
	if err != nil {
		return err
	}
	who, err := db.EncodeSealed(callerPlace(n.Account, n.ID), n.caller, x.Sealer)
	if err != nil {
		return err
	}
	var token any
	if n.token != nil {
		token = *n.token
	}
	_, err = tx.Exec(ctx, `INSERT INTO athena_execution (account, id, workgroup, submitted, token, request, doc, caller)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		n.Account, n.ID, *n.Doc.WorkGroup, tx.Now(), token, n.request, doc, who)
	return err
}

// callerOf reads who started a query.
func (x *Executions) callerOf(ctx context.Context, tx *db.Tx, account, id string) (*caller, error) {
	var sealed []byte
	if err := tx.QueryRow(ctx, `SELECT caller FROM athena_execution WHERE account = ? AND id = ?`, account, id).Scan(&sealed); err != nil {
		return nil, err
	}
	c := &caller{}
	return c, db.DecodeSealed(callerPlace(account, id), sealed, c, x.Sealer)
}

// byToken finds the query that was started with a token, "" when there is none.
func byToken(ctx context.Context, tx *db.Tx, account, token string) (id string, request []byte, err error) {
	err = tx.QueryRow(ctx, `SELECT id, request FROM athena_execution WHERE account = ? AND token = ?`, account, token).Scan(&id, &request)
	if errors.Is(err, db.ErrNotFound) {
		return "", nil, nil
	}
	return id, request, err
}

// list reads a page of ids, the newest first. A position is the time and id of the last one.
func (x *Executions) list(ctx context.Context, account, group string, after []byte, size int) (ids []string, next []byte, err error) {
	before, last := int64(1<<62), []byte{}
	if len(after) >= 8 {
		before, last = int64(binary.BigEndian.Uint64(after)), after[8:]
	}
	ids = []string{}
	err = x.DB.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := tx.Query(ctx, `SELECT id, submitted FROM athena_execution
			WHERE account = ? AND workgroup = ? AND (submitted < ? OR (submitted = ? AND id < ?))
			ORDER BY submitted DESC, id DESC LIMIT ?`, account, group, before, before, last, size+1)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // rows.Err tells
		ids, next = ids[:0], nil
		var position []byte
		for rows.Next() {
			var id string
			var at int64
			if err := rows.Scan(&id, &at); err != nil {
				return err
			}
			if len(ids) == size {
				next = position
				continue
			}
			ids = append(ids, id)
			position = append(binary.BigEndian.AppendUint64(nil, uint64(at)), id...)
		}
		return rows.Err()
	})
	return ids, next, err
}

const (
	history    = 45 * 24 * time.Hour // how long executions are kept
	purgeBatch = 20                  // old rows removed with each new one
)

// purge removes some of the rows that are older than the history.
func purge(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM athena_execution WHERE (account, id) IN
		(SELECT account, id FROM athena_execution WHERE submitted < ? ORDER BY submitted LIMIT ?)`,
		tx.Now().Add(-history), purgeBatch)
	return err
}

// begin makes a queued execution running.
func (e *record) begin(now time.Time) {
	e.Doc.Status.State = new(running)
	e.statistics().QueryQueueTimeInMillis = new(max(0, clock.Millis(now)-int64(*e.Doc.Status.SubmissionDateTime)))
}

// end stores a final state.
func (e *record) end(now time.Time, state, reason string) {
	s := e.Doc.Status
	s.State, s.CompletionDateTime = &state, new(op.Millis(clock.Millis(now)))
	if reason != "" {
		s.StateChangeReason = &reason
	}
	e.statistics().TotalExecutionTimeInMillis = new(max(1, clock.Millis(now)-int64(*s.SubmissionDateTime)))
}

// ended reports whether the state is final.
func (e *record) ended() bool {
	switch *e.Doc.Status.State {
	case queued, running:
		return false
	}
	return true
}

func (e *record) statistics() *athenaapi.QueryExecutionStatistics {
	if e.Doc.Statistics == nil {
		e.Doc.Statistics = &athenaapi.QueryExecutionStatistics{}
	}
	return e.Doc.Statistics
}
