package app

import (
	"context"
	"time"

	"github.com/bindery-project/bindery/internal/gateway"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/installation"
	"github.com/bindery-project/bindery/internal/traffic"
)

// watcher records what was allowed beside the audit trail: what rows ask for when a request
// ends, what handlers ask for when they do.
type watcher struct {
	*recorder
	log *traffic.Log
}

// Record implements gateway.Recorder. A request that was refused did nothing; one that failed
// for another reason was allowed to try.
func (w *watcher) Record(ctx context.Context, e *gateway.Event) {
	w.recorder.Record(ctx, e)
	if e.Decision == nil {
		w.add(e.Call, e.Call.Accesses)
	}
}

func (w *watcher) add(call *op.Call, accesses []op.Access) {
	who := call.Principal.RoleARN
	if who == "" {
		who = call.Principal.ARN
	}
	switch call.Principal.Type {
	case op.User, op.AssumedRole, op.FederatedUser:
	case op.Root, op.Anonymous, op.ServiceRole, op.Federated: // nobody writes policies for them
		return
	}
	for i := range accesses {
		a := &accesses[i]
		d := traffic.Deed{Account: call.Account, Principal: who, Action: a.Action, Resource: a.Resource.ARN}
		if passed := a.Context["iam:passedtoservice"]; len(passed) > 0 {
			d.Passed = passed[0]
		}
		w.log.Add(d, call.Now)
	}
}

// watchedAuthorizer records what handlers ask for: roles that are passed, items of batches and
// lists.
type watchedAuthorizer struct {
	op.Authorizer
	watcher *watcher
}

// Check implements op.Authorizer.
func (a watchedAuthorizer) Check(ctx context.Context, accesses ...op.Access) error {
	err := a.Authorizer.Check(ctx, accesses...)
	if err == nil {
		a.watcher.add(op.CallFrom(ctx), accesses)
	}
	return err
}

// Allowed implements op.Authorizer.
func (a watchedAuthorizer) Allowed(ctx context.Context, access op.Access) bool {
	ok := a.Authorizer.Allowed(ctx, access)
	if ok {
		a.watcher.add(op.CallFrom(ctx), []op.Access{access})
	}
	return ok
}

// flushEvery is how often traffic moves to the store.
const flushEvery = 5 * time.Second

// startTraffic moves traffic to the store until Close, which waits until the rest is moved.
func (a *App) startTraffic(ctx context.Context, log *traffic.Log) {
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.moveTraffic(ctx, log) }()
	a.closers = append(a.closers, func() error {
		stop()
		return <-ended
	})
}

func (a *App) moveTraffic(ctx context.Context, log *traffic.Log) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return log.Flush(context.WithoutCancel(ctx))
		case <-tick.C:
			if err := log.Flush(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("traffic could not be stored", "error", err)
			}
		}
	}
}

// deeds shows the installation's API the traffic.
type deeds struct{ log *traffic.Log }

// List implements installation.Traffic.
func (d deeds) List(ctx context.Context, account, principal string, since time.Time) ([]installation.Deed, error) {
	lines, err := d.log.List(ctx, account, principal, since)
	out := make([]installation.Deed, 0, len(lines))
	for _, x := range lines {
		out = append(out, installation.Deed{Action: x.Action, Resource: x.Resource, Passed: x.Passed, Count: x.Calls, First: x.First, Last: x.Last})
	}
	return out, err
}
