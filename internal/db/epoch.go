package db

import (
	"context"
	"sync"
)

// An epoch is a named counter that says "what you cached under this name is stale".
// Whoever changes such data bumps it in the same transaction; every node's watchers
// are called: on this node before Write returns, on others within about a second
// (Postgres: NOTIFY, and a poll in case one is lost).

// Bump advances the epoch of a name. Use few names for rare changes (policies, keys): on
// Postgres two transactions that bump one name cannot commit side by side.
func (tx *Tx) Bump(ctx context.Context, name string) error {
	var value int64
	err := tx.QueryRow(ctx, `INSERT INTO epoch (name, value) VALUES (?, 1)
		ON CONFLICT (name) DO UPDATE SET value = epoch.value + 1 RETURNING value`, name).Scan(&value)
	if err != nil {
		return err
	}
	tx.OnCommit(func() { tx.db.epochs.advance(name, value) })
	if n, ok := tx.run.(notifier); ok {
		return tx.fail(n.notify(ctx, name))
	}
	return nil
}

// notifier is implemented by the runner of a backend that several nodes share.
type notifier interface {
	notify(ctx context.Context, name string) error
}

// Watch has fn called after each advance of the epoch, by this node or another. Calls
// may come from several goroutines and may be merged. It returns a function that ends
// the watch.
func (d *DB) Watch(name string, fn func()) (unwatch func()) { return d.epochs.watch(name, fn) }

// epochs knows the watchers and the newest value of each name seen here.
type epochs struct {
	mu       sync.Mutex
	seen     map[string]int64
	watchers map[string]map[*func()]struct{}
}

func newEpochs() *epochs {
	return &epochs{seen: map[string]int64{}, watchers: map[string]map[*func()]struct{}{}}
}

func (e *epochs) watch(name string, fn func()) func() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.watchers[name] == nil {
		e.watchers[name] = map[*func()]struct{}{}
	}
	key := &fn
	e.watchers[name][key] = struct{}{}
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.watchers[name], key)
	}
}

// advance calls the watchers of name unless value is known already.
func (e *epochs) advance(name string, value int64) {
	for _, fn := range e.due(name, value) {
		(*fn)()
	}
}

func (e *epochs) due(name string, value int64) []*func() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.seen[name] >= value {
		return nil
	}
	e.seen[name] = value
	var due []*func()
	for fn := range e.watchers[name] {
		due = append(due, fn)
	}
	return due
}
