package db

import "sync/atomic"

// Stats counts since Open, for metrics.
type Stats struct {
	Writes  int64 // transactions that were committed
	Commits int64 // commits that made them durable; on SQLite one serves a whole group
	Waiting int   // writes in the queue now
}

// Stats returns the current figures.
func (d *DB) Stats() Stats {
	return Stats{
		Writes:  d.counts.writes.Load(),
		Commits: d.counts.commits.Load(),
		Waiting: d.backend.queued(),
	}
}

type counts struct{ writes, commits atomic.Int64 }

func (c *counts) committed(writes int) {
	c.writes.Add(int64(writes))
	c.commits.Add(1)
}
