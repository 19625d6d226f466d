// Package clock is the only door through which time enters bindery.
//
// Code that needs the time takes a Clock and calls Now; nothing but this package
// calls time.Now. A transaction reads its Clock once (db.Tx.Now), so that all rows
// of one change carry one instant.
//
// Stored times are integers: milliseconds since 1970-01-01 UTC. Millis and
// FromMillis are the only conversions, so that a time survives a round trip
// through the store unchanged.
package clock

import (
	"sync"
	"time"
)

// Clock tells the time. It is safe for concurrent use.
type Clock interface {
	Now() time.Time
}

// System returns the clock of the machine, in UTC.
func System() Clock { return system{} }

type system struct{}

func (system) Now() time.Time { return time.Now().UTC() }

// Millis returns t as milliseconds since 1970-01-01 UTC, cutting off what is finer.
func Millis(t time.Time) int64 { return t.UnixMilli() }

// FromMillis is the inverse of Millis. The result is in UTC.
func FromMillis(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// Manual is a clock that stands still until it is told otherwise. Tests drive it.
type Manual struct {
	mu  sync.Mutex
	now time.Time
}

// NewManual returns a Manual that shows now.
func NewManual(now time.Time) *Manual { return &Manual{now: now.UTC()} }

// Now returns the time that was set last.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Advance moves the clock by d, which may be negative: clocks of real machines jump back too.
func (m *Manual) Advance(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = m.now.Add(d)
}

// Set makes the clock show now.
func (m *Manual) Set(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now = now.UTC()
}
