package db

import (
	"context"
	"os"
)

// checkpointer moves committed pages from the write-ahead log into the database file,
// so that the log stays short. It works on its own connection beside the writer; when
// the log has grown large all the same, the writer does it between two groups, with
// nobody adding to the log meanwhile.
//
// It exists because SQLite's automatic checkpoint discards errors. A failed fsync must
// stop the writes before the log is overwritten.
type checkpointer struct {
	writer  *writer
	path    string
	on      *session // opened when first needed
	wake    chan struct{}
	stop    chan struct{}
	stopped chan struct{}
}

const (
	checkpointBytes = 4 << 20  // size of the log at which the checkpointer wakes
	checkpointLarge = 64 << 20 // size at which the writer helps
)

func newCheckpointer(w *writer, path string) *checkpointer {
	c := &checkpointer{
		writer: w, path: path,
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
	}
	go c.loop()
	return c
}

// committed is called by the writer after each commit.
func (c *checkpointer) committed() {
	size := c.logSize()
	switch {
	case size >= checkpointLarge:
		c.run(c.writer.on, "PRAGMA wal_checkpoint(TRUNCATE)")
	case size >= checkpointBytes:
		select {
		case c.wake <- struct{}{}:
		default: // it is at work
		}
	}
}

func (c *checkpointer) logSize() int64 {
	info, err := os.Stat(c.path + "-wal")
	if err != nil {
		return 0 // no log yet
	}
	return info.Size()
}

func (c *checkpointer) loop() {
	defer close(c.stopped)
	for {
		select {
		case <-c.wake:
			c.background()
		case <-c.stop:
			return
		}
	}
}

func (c *checkpointer) background() {
	if c.on == nil {
		on, err := openSession(context.Background(), c.path, commonParams, "PRAGMA wal_autocheckpoint=0")
		if err != nil {
			c.writer.log.Warn("open a connection for checkpoints", "error", err)
			return
		}
		c.on = on
	}
	c.run(c.on, "PRAGMA wal_checkpoint(PASSIVE)")
}

// run makes one checkpoint. A full disk or a busy reader only postpones it.
func (c *checkpointer) run(on *session, pragma string) {
	var busy, pages, moved int64
	row := on.conn.QueryRowContext(context.Background(), pragma)
	if err := c.writer.check(row.Scan(&busy, &pages, &moved)); err != nil {
		c.writer.log.Warn("checkpoint of the write-ahead log", "error", err)
	}
}

func (c *checkpointer) close() {
	close(c.stop)
	<-c.stopped
	if c.on != nil {
		if err := c.on.close(); err != nil {
			c.writer.log.Warn("close the checkpoint connection", "error", err)
		}
	}
}
