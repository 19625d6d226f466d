package connection

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/bindery-project/bindery/internal/api/glueapi"
	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/glue/connection/probe"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// Trials tests connections.
type Trials struct {
	prober  probe.Prober
	objects Objects
	log     *slog.Logger
	slots   chan struct{}
}

// Objects is the object store as the caller may use it.
type Objects interface {
	// Read reads an object of at most limit bytes. A refusal is an *op.Denied, what is not
	// there or is longer is [ErrNoObject].
	Read(ctx context.Context, bucket, key string, limit int64) ([]byte, error)
}

// ErrNoObject says that there is no such object, or none of the size that was expected.
var ErrNoObject = errors.New("connection: no such object")

// atOnce is how many tests run at the same time: each holds a request and a socket open.
const atOnce = 8

// logGroup is where Glue logs tests.
const logGroup = "/aws-glue/testconnection"

// NewTrials tests connections by what the dialer lets through.
func NewTrials(dialer probe.Dialer, objects Objects, clock clock.Clock, log *slog.Logger) *Trials {
	return &Trials{
		prober:  probe.Prober{Dialer: dialer, Clock: clock, Limits: probe.DefaultLimits()},
		objects: objects, log: log, slots: make(chan struct{}, atOnce),
	}
}

// TestConnection tries whether one gets in with a stored connection, or with the definition
// of one. The answer to success is empty; a failure names its stage, and the stages before it.
func (c *Connections) TestConnection(ctx context.Context, in *glueapi.TestConnectionInput) (*glueapi.TestConnectionOutput, error) {
	account, err := terms.Account(op.CallFrom(ctx), in.CatalogId)
	if err != nil {
		return nil, err
	}
	switch {
	case (in.ConnectionName == nil) == (in.TestConnectionInput == nil):
		return nil, terms.Invalid("Exactly one of ConnectionName and TestConnectionInput must be given.")
	case c.Trials == nil:
		return nil, op.Unsupported("glue", "TestConnection")
	case in.TestConnectionInput != nil:
		return &glueapi.TestConnectionOutput{}, c.testDefinition(ctx, in.TestConnectionInput)
	}
	return &glueapi.TestConnectionOutput{}, c.testStored(ctx, account, *in.ConnectionName)
}

// testDefinition tests what is not stored. Nothing of it is kept.
func (c *Connections) testDefinition(ctx context.Context, in *glueapi.TestConnectionTarget) error {
	d := &glueapi.ConnectionInput{
		ConnectionType: in.ConnectionType, ConnectionProperties: in.ConnectionProperties, AuthenticationConfiguration: in.AuthenticationConfiguration,
	}
	if err := checkProperties("TestConnection", d); err != nil {
		return err
	}
	if a := in.AuthenticationConfiguration; a != nil {
		if err := checkAuthentication(a); err != nil {
			return err
		}
	}
	outcome, err := c.Trials.try(ctx, "", &definition{in.ConnectionType, in.ConnectionProperties, in.AuthenticationConfiguration})
	if err != nil {
		return err
	}
	return worded(outcome)
}

// testStored tests a connection and keeps the outcome with it.
func (c *Connections) testStored(ctx context.Context, account, name string) error {
	var r *row
	err := c.Store.Read(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		r, err = find(ctx, tx, c.Keys, account, name)
		return err
	})
	if err != nil {
		return err
	}
	d := &definition{kind: *r.doc.ConnectionType, properties: r.doc.ConnectionProperties}
	if a := r.doc.AuthenticationConfiguration; a != nil {
		d.authentication = &glueapi.AuthenticationConfigurationInput{AuthenticationType: a.AuthenticationType, SecretArn: a.SecretArn}
	}
	outcome, err := c.Trials.try(ctx, name, d)
	if err != nil {
		return err
	}
	if err := c.keepOutcome(ctx, r, outcome); err != nil {
		return err
	}
	return worded(outcome)
}

// keepOutcome notes with a connection how its test ended, unless it has changed meanwhile.
func (c *Connections) keepOutcome(ctx context.Context, tested *row, outcome *outcome) error {
	return c.Store.Write(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := find(ctx, tx, c.Keys, tested.account, tested.name())
		var missing *glueapi.EntityNotFoundException
		if errors.As(err, &missing) || err == nil && *r.doc.LastUpdatedTime != *tested.doc.LastUpdatedTime {
			return nil
		}
		if err != nil {
			return err
		}
		r.doc.LastConnectionValidationTime = new(op.Millis(clock.Millis(tx.Now())))
		r.doc.Status, r.doc.StatusReason = new(glueapi.ConnectionStatusReady), nil
		if outcome.failure != nil {
			r.doc.Status, r.doc.StatusReason = new(glueapi.ConnectionStatusFailed), new(outcome.text())
		}
		return r.saveState(ctx, tx, c.Keys)
	})
}

// outcome is how a test ended.
type outcome struct {
	passed  string
	failure *probe.Failure // nil: one gets in
}

// try tests a definition. The error says why there was no test.
func (t *Trials) try(ctx context.Context, name string, d *definition) (*outcome, error) {
	target, err := t.target(ctx, d)
	if err != nil {
		return nil, err
	}
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	default:
		return nil, terms.TooMany("More than %d connection tests are running.", atOnce)
	}
	steps, failure := t.prober.Run(ctx, target)
	o := &outcome{passed: words(steps), failure: failure}
	t.log.InfoContext(ctx, "connection tested", "logGroup", logGroup, "connection", name, "type", d.kind, "outcome", o.text())
	return o, nil
}

// words tells the stages that succeeded.
func words(steps []probe.Step) string {
	if len(steps) == 0 {
		return "none"
	}
	out := make([]string, len(steps))
	for i, s := range steps {
		out[i] = string(s.Stage)
		if s.Note != "" {
			out[i] += " (" + s.Note + ")"
		}
	}
	return strings.Join(out, ", ")
}

// text tells how far a test came.
func (o *outcome) text() string {
	if o.failure == nil {
		return "Connection test succeeded. Stages passed: " + o.passed + "."
	}
	return "Connection test failed at stage " + string(o.failure.Stage) + ": " + o.failure.Reason + ". Stages passed: " + o.passed + "."
}

// worded is AWS's error for an outcome: a test that ran out of time is a timeout, every other
// failure has to do with the definition.
func worded(o *outcome) error {
	switch {
	case o.failure == nil:
		return nil
	case o.failure.Timeout:
		return &glueapi.OperationTimeoutException{Message: o.text()}
	}
	return &glueapi.InvalidInputException{Message: o.text()}
}
