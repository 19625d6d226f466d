package mfa

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bindery-project/bindery/internal/api/iamapi"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
)

// ErrCode says that a code is not the device's, was used before, or that the
// device is not the user's.
var ErrCode = errors.New("mfa: not a valid code of a device of this user")

// Prove checks a code of a user's device. When spend is set the code is used up:
// of two calls with the same code at most one succeeds. The error is ErrCode.
func (d *Devices) Prove(ctx context.Context, p op.Principal, serial, code string, spend bool) error {
	run := d.Read
	if spend {
		run = d.Write
	}
	now := op.CallFrom(ctx).Now
	if !d.tries.open(serial, now) {
		return ErrCode
	}
	err := run(ctx, func(ctx context.Context, tx *db.Tx) error {
		seed := new(Seed)
		owner, err := d.ReadSecret(ctx, tx, seedOf(p.Account, serial, ""), seed)
		if errors.Is(err, directory.ErrNoEntity) || (err == nil && (owner == "" || owner != p.UserID)) {
			return ErrCode
		}
		if err != nil {
			return err
		}
		ok, err := seed.take(code, now)
		if err != nil {
			return err
		}
		if !ok {
			return ErrCode
		}
		if !spend {
			return nil
		}
		return d.WriteSecret(ctx, tx, seedOf(p.Account, serial, owner), seed)
	})
	if errors.Is(err, ErrCode) {
		d.tries.failed(serial, now)
	}
	return err
}

// trying runs a change that is proved by codes, unless too many were wrong.
func (d *Devices) trying(ctx context.Context, serial string, fn db.Func) error {
	now := op.CallFrom(ctx).Now
	if !d.tries.open(serial, now) {
		return wrongCode()
	}
	err := d.Write(ctx, fn)
	if wrong := (*iamapi.InvalidAuthenticationCodeException)(nil); errors.As(err, &wrong) {
		d.tries.failed(serial, now)
	}
	return err
}

// Guessing: a million codes, three of which are right at a time. Ten wrong ones
// close a device for the rest of five minutes, so that a guess takes years.
const (
	maxTries = 10
	tryTime  = 5 * time.Minute
	maxKnown = 10_000 // devices that are watched at once
)

// tries counts wrong codes by device on this node.
type tries struct {
	mu    sync.Mutex
	known map[string]*failures
}

type failures struct {
	since time.Time
	n     int
}

func (t *tries) open(serial string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.known[serial]
	return f == nil || f.n < maxTries || now.Sub(f.since) >= tryTime
}

func (t *tries) failed(serial string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil || len(t.known) >= maxKnown {
		t.known = map[string]*failures{}
	}
	f := t.known[serial]
	if f == nil || now.Sub(f.since) >= tryTime {
		f = &failures{since: now}
		t.known[serial] = f
	}
	f.n++
}
