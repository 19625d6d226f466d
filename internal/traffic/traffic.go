// Package traffic keeps what principals did and were allowed to: how often, when first and when
// last, per principal, action and resource. Policies with the least rights are written from it.
//
// Start at [Log.Add], which requests call, and [Log.Flush], which moves what was added to the
// store every few seconds. Adding is an update of a map in memory; what was added since the
// last flush is lost when the process is killed, which costs a count and, for what was done
// once in these seconds, a line of a suggestion. Nothing else depends on it.
//
// The number of lines is bounded: a principal that touches very many objects of a bucket with
// one action is kept by folders.
package traffic

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/bindery-project/bindery/internal/db"
)

// Deed is one thing that a principal did. The principal is a user's or a role's ARN.
type Deed struct {
	Account, Principal, Action, Resource string
	Passed                               string // iam:PassedToService
}

// Line is a deed with its count.
type Line struct {
	Deed
	Calls       int64
	First, Last time.Time
}

// Bounds of what is kept between two flushes.
const (
	maxLines   = 50_000 // then what is new is dropped until the next flush
	maxObjects = 1_000  // resources of one principal and action, then objects count by folder
)

// Log collects deeds. It is safe for concurrent use.
type Log struct {
	store *db.DB

	mu      sync.Mutex
	lines   map[Deed]*count
	objects map[Deed]int // resources by principal and action (Resource is empty)
	dropped int64
}

type count struct {
	calls       int64
	first, last int64 // ms
}

// New returns a log on the store.
func New(store *db.DB) *Log {
	l := &Log{store: store}
	l.empty()
	return l
}

func (l *Log) empty() (before map[Deed]*count) {
	before, l.lines, l.objects = l.lines, map[Deed]*count{}, map[Deed]int{}
	return before
}

// Add counts a deed.
func (l *Log) Add(d Deed, now time.Time) {
	ms := now.UnixMilli()
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.lines[d]; c != nil {
		c.calls, c.last = c.calls+1, max(c.last, ms)
		return
	}
	l.addNew(d, ms)
}

func (l *Log) addNew(d Deed, ms int64) {
	group := d
	group.Resource = ""
	if l.objects[group] >= maxObjects {
		d.Resource = folder(d.Resource)
		if c := l.lines[d]; c != nil {
			c.calls, c.last = c.calls+1, max(c.last, ms)
			return
		}
	}
	if len(l.lines) >= maxLines {
		l.dropped++
		return
	}
	l.objects[group]++
	l.lines[d] = &count{calls: 1, first: ms, last: ms}
}

// folder is the pattern of what lies beside an object. Other resources stay as they are.
func folder(resource string) string {
	if !strings.HasPrefix(resource, "arn:aws:s3:::") {
		return resource
	}
	i := strings.LastIndexByte(resource, '/')
	if i < 0 {
		return resource
	}
	return resource[:i+1] + "*"
}

// Flush moves what was added to the store. When the store does not take it, it is kept for the
// next flush.
func (l *Log) Flush(ctx context.Context) error {
	l.mu.Lock()
	lines := l.empty()
	l.mu.Unlock()
	if len(lines) == 0 {
		return nil
	}
	err := l.store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		for d, c := range lines {
			if err := put(ctx, tx, d, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		for d, c := range lines {
			if have := l.lines[d]; have != nil {
				c.calls, c.last = c.calls+have.calls, max(c.last, have.last)
			}
			l.lines[d] = c
		}
	}
	return err
}

func put(ctx context.Context, tx *db.Tx, d Deed, c *count) error {
	_, err := tx.Exec(ctx, `INSERT INTO traffic (principal, action, resource, passed, account, calls, first, last)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (principal, action, resource, passed) DO UPDATE SET calls = traffic.calls + excluded.calls, last = excluded.last`,
		d.Principal, d.Action, d.Resource, d.Passed, d.Account, c.calls, c.first, c.last)
	return err
}

// List answers what a principal of the account did since a time, by action and resource.
func (l *Log) List(ctx context.Context, account, principal string, since time.Time) ([]Line, error) {
	if err := l.Flush(ctx); err != nil {
		return nil, err
	}
	var out []Line
	err := l.store.Read(ctx, func(ctx context.Context, tx *db.Tx) error {
		out = nil
		rows, err := tx.Query(ctx, `SELECT action, resource, passed, calls, first, last FROM traffic
			WHERE principal = ? AND account = ? AND last >= ? ORDER BY action, resource, passed`, principal, account, since.UnixMilli())
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // rows.Err tells
		for rows.Next() {
			x := Line{Deed: Deed{Account: account, Principal: principal}}
			var first, last int64
			if err := rows.Scan(&x.Action, &x.Resource, &x.Passed, &x.Calls, &first, &last); err != nil {
				return err
			}
			x.First, x.Last = time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC()
			out = append(out, x)
		}
		return rows.Err()
	})
	return out, err
}
