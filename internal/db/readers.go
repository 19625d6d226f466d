package db

import (
	"context"
	"sync"
)

// readers are the idle read connections. The one that was given back last is taken
// first: its page cache holds what was read last, and with few readers at a time the
// caches of the others stay empty.
type readers struct {
	free chan struct{} // one token per idle connection; closed with the store
	mu   sync.Mutex
	idle []*session
}

func newReaders(most int) *readers { return &readers{free: make(chan struct{}, most)} }

// take waits for an idle connection.
func (r *readers) take(ctx context.Context) (*session, error) {
	select {
	case _, open := <-r.free:
		if !open {
			return nil, ErrClosed
		}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.idle) - 1
	on := r.idle[last]
	r.idle = r.idle[:last]
	return on, nil
}

func (r *readers) give(on *session) {
	r.mu.Lock()
	r.idle = append(r.idle, on)
	r.mu.Unlock()
	r.free <- struct{}{}
}
