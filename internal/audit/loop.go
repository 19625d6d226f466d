package audit

import (
	"sync"
	"time"
)

// loop is the only goroutine that touches the segments. It lets records wait for
// company, so that one fsync serves many.
func (l *Log) loop() {
	defer close(l.ended)
	var pending [][]byte
	timer := time.NewTimer(l.cfg.FlushEvery)
	timer.Stop()
	for {
		select {
		case record := <-l.records:
			if len(pending) == 0 {
				timer.Reset(l.cfg.FlushEvery)
			}
			pending = append(pending, record)
		case <-timer.C:
			l.flush(&pending) //nolint:errcheck // logged and counted there; nobody waits
		case done := <-l.flushes:
			done <- l.flush(&pending)
		case s := <-l.ships:
			l.flush(&pending) //nolint:errcheck // as above; the shipment has its own outcome
			s.done <- l.write(s.records)
		case <-l.closing:
			l.flush(&pending) //nolint:errcheck // as above
			return
		}
	}
}

// flush writes what is pending and what waits in the queue. What cannot be written is
// dropped, and counted: memory is bounded, and the gap entry will tell.
func (l *Log) flush(pending *[][]byte) error {
	for len(l.records) > 0 {
		*pending = append(*pending, <-l.records)
	}
	batch := *pending
	*pending = nil
	var size int64
	for _, record := range batch {
		size += int64(len(record))
	}
	defer l.queued.Add(-size)
	err := l.write(batch)
	if err != nil {
		l.gap.count(int64(len(batch)), l.cfg.Clock.Now())
	}
	return err
}

// write appends a gap entry when one is due, then the records, and syncs.
func (l *Log) write(records [][]byte) error {
	missing := l.gap.take()
	if len(records) == 0 && missing == nil {
		return nil
	}
	err := l.chain.append(missing, records)
	if err != nil {
		l.gap.putBack(missing)
		l.cfg.Logger.Error("audit records could not be kept", "records", len(records), "error", err)
	}
	return err
}

// gap counts the records that were dropped and not yet told of.
type gap struct {
	mu  sync.Mutex
	due missing
	all int64
}

// missing is the content of a gap entry.
type missing struct {
	Dropped int64     `json:"dropped"`
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
}

func (g *gap) count(n int64, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all += n
	g.due = g.due.plus(missing{n, now, now})
}

// plus joins two gaps, of which either may be empty.
func (m missing) plus(later missing) missing {
	if m.Dropped == 0 {
		return later
	}
	if later.Dropped == 0 {
		return m
	}
	return missing{m.Dropped + later.Dropped, m.From, later.To}
}

func (g *gap) take() *missing {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.due.Dropped == 0 {
		return nil
	}
	due := g.due
	g.due = missing{}
	return &due
}

func (g *gap) putBack(m *missing) {
	if m == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.due = m.plus(g.due)
}

func (g *gap) total() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.all
}
