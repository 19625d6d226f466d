// Package audit keeps the record of every call: who asked for what, from where, and
// what was decided.
//
// Records arrive on two ways. A mutation's record is a row that package db commits with
// the change itself, so that neither exists without the other; Ship moves these rows
// here. Reads and denials come through Append, which never waits: a flood of refused
// calls must not slow the writes of others. It fills a bounded queue; what does not fit
// is counted, and a gap entry says how many are missing and when.
//
// Both end in segments: files of JSON lines under the audit folder, written and synced
// in groups by one goroutine, oldest deleted first when they exceed Config.MaxBytes.
//
//	{"chain":{"node":"n1","seq":12,"prev":"<sha-256 of line 11>"},"record":{…}}
//	{"chain":{"node":"n1","seq":13,"prev":"<sha-256 of line 12>"},"gap":{"dropped":40,…}}
//
// Each line carries the hash of the one before, across segments: Verify finds a changed,
// removed or reordered line. Lines cut off at the very end are found by comparing its
// result with a Head kept elsewhere. Find answers "iam why".
package audit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
)

// Config says where the segments are and how much there may be of everything.
type Config struct {
	Dir    string
	Node   string // names this node's chain: letters, digits, "-"
	Store  Store  // where the records of mutations wait; may be nil
	Clock  clock.Clock
	Logger *slog.Logger

	SegmentBytes int64         // a new segment begins beyond; 0 = 64 MiB
	MaxBytes     int64         // of all segments of this node; 0 = 4 GiB
	QueueBytes   int64         // that may wait for the disk; 0 = 16 MiB
	FlushEvery   time.Duration // records wait this long for company; 0 = 200 ms
}

// Store is what the audit needs of the database; *db.DB is one.
type Store interface {
	PendingAudit(ctx context.Context, limit int, each func(seq int64, record []byte) error) error
	FindAudit(ctx context.Context, requestID string, each func(seq int64, record []byte) error) error
	DropAudit(ctx context.Context, seqs []int64) error
}

// Log is an open audit log. It is safe for concurrent use.
type Log struct {
	cfg     Config
	chain   *chain // used by the writing goroutine only, after Open
	records chan []byte
	flushes chan chan error
	ships   chan shipment
	queued  atomic.Int64 // bytes in records
	gap     gap
	closing chan struct{}
	closed  sync.Once
	ended   chan struct{}
}

// shipment is a batch whose sender waits for the disk.
type shipment struct {
	records [][]byte
	done    chan error
}

// ErrClosed is returned after Close.
var ErrClosed = errors.New("audit: closed")

const (
	defaultSegment = 64 << 20
	defaultMax     = 4 << 30
	defaultQueue   = 16 << 20
	defaultFlush   = 200 * time.Millisecond

	queueLength = 16384
	shipBatch   = 500
)

// Open opens the log and continues this node's chain where it ended. A line that a crash
// cut short is removed: it was never reported as kept.
func Open(cfg Config) (*Log, error) {
	cfg = cfg.withDefaults()
	c, err := openChain(cfg)
	if err != nil {
		return nil, err
	}
	l := &Log{
		cfg: cfg, chain: c,
		records: make(chan []byte, queueLength),
		flushes: make(chan chan error),
		ships:   make(chan shipment),
		closing: make(chan struct{}),
		ended:   make(chan struct{}),
	}
	go l.loop()
	return l, nil
}

func (c Config) withDefaults() Config {
	if c.Clock == nil {
		c.Clock = clock.System()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.SegmentBytes = orDefault(c.SegmentBytes, defaultSegment)
	c.MaxBytes = orDefault(c.MaxBytes, defaultMax)
	c.QueueBytes = orDefault(c.QueueBytes, defaultQueue)
	c.FlushEvery = time.Duration(orDefault(int64(c.FlushEvery), int64(defaultFlush)))
	return c
}

func orDefault(value, otherwise int64) int64 {
	if value == 0 {
		return otherwise
	}
	return value
}

// Append hands a record (one JSON value, see Record.JSON) to the log and returns at
// once. It reports whether the record was taken; a dropped one is counted in a gap entry.
func (l *Log) Append(record []byte) bool {
	size := int64(len(record))
	select {
	case <-l.closing:
		return false
	default:
	}
	if l.queued.Add(size) <= l.cfg.QueueBytes {
		select {
		case l.records <- record:
			return true
		default:
		}
	}
	l.queued.Add(-size)
	l.gap.count(1, l.cfg.Clock.Now())
	return false
}

// Flush waits until everything appended before is on disk.
func (l *Log) Flush() error {
	done := make(chan error, 1)
	select {
	case l.flushes <- done:
		return <-done
	case <-l.ended:
		return ErrClosed
	}
}

// Dropped returns how many records have been dropped since Open.
func (l *Log) Dropped() int64 { return l.gap.total() }

// Close writes what waits and closes the log.
func (l *Log) Close() error {
	l.closed.Do(func() { close(l.closing) })
	<-l.ended
	return l.chain.close()
}

// Ship moves up to one batch of mutation records from the store into the segments, and
// returns how many. Rows leave the store once they are on disk here; a crash in between
// ships them again, and readers tell by the event id. One node at a time ships.
func (l *Log) Ship(ctx context.Context) (int, error) {
	if l.cfg.Store == nil {
		return 0, nil
	}
	var seqs []int64
	var batch [][]byte
	err := l.cfg.Store.PendingAudit(ctx, shipBatch, func(seq int64, record []byte) error {
		seqs, batch = append(seqs, seq), append(batch, record)
		return nil
	})
	if err != nil || len(seqs) == 0 {
		return 0, err
	}
	if err := l.keep(ctx, batch); err != nil {
		return 0, err
	}
	return len(seqs), l.cfg.Store.DropAudit(ctx, seqs)
}

// keep returns when the records are on disk.
func (l *Log) keep(ctx context.Context, records [][]byte) error {
	s := shipment{records: records, done: make(chan error, 1)}
	select {
	case l.ships <- s:
		return <-s.done
	case <-ctx.Done():
		return ctx.Err()
	case <-l.ended:
		return ErrClosed
	}
}
