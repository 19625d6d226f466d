package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/sigv4"
	"github.com/bindery-project/bindery/internal/wire"
)

// exchange is one request on its way through the pipeline.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	call  *op.Call
	route route
	proof *sigv4.Parsed // nil for unsigned requests
	key   sigv4.SigningKey
	body  []byte // buffered services
	in    any

	readOnly bool
	denial   *policy.Explanation
	began    time.Time
}

// handle runs the pipeline and answers its error, if any.
func (g *Gateway) handle(w http.ResponseWriter, r *http.Request) {
	x := &exchange{w: &responseWriter{ResponseWriter: w}, r: r, began: g.Clock.Now()}
	x.call = g.newCall(r)
	w.Header().Set("X-Amzn-Requestid", x.call.RequestID)
	ctx := g.Recorder.Begin(withDecisions(op.WithCall(r.Context(), x.call), x), x.call)
	fault := g.translate(x, g.guarded(ctx, x))
	g.record(ctx, x, fault)
	if fault != nil {
		g.refuse(x, fault)
	}
}

// guarded makes a panic the internal failure of its one request, so that it is
// answered, logged with its stack and recorded like any other.
func (g *Gateway) guarded(ctx context.Context, x *exchange) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler:
			panic(p)
		default:
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return g.serve(ctx, x)
}

// serve is the server's table of contents.
func (g *Gateway) serve(ctx context.Context, x *exchange) error {
	x.route = g.routes.find(x.r)
	if err := g.verify(ctx, x); err != nil {
		return err
	}
	if x.route.service == nil {
		return g.serveObjects(ctx, x)
	}
	if err := x.route.known(); err != nil {
		return err
	}
	if err := x.decode(); err != nil {
		return err
	}
	if err := g.authorize(ctx, x.route.target, x.in); err != nil {
		return err
	}
	out, err := x.route.target.Call(ctx, x.in)
	if err != nil {
		return err
	}
	return x.encode(out)
}

// serveObjects is the same path for the streamed service.
func (g *Gateway) serveObjects(ctx context.Context, x *exchange) error {
	if x.route.unserved != "" {
		return unserved(x.route.unserved)
	}
	plan, err := g.Objects.Plan(ctx, x.r)
	if err != nil && x.proof == nil {
		return sigv4.ErrMissing // a stranger does not learn what is unsupported or absent
	}
	if err != nil {
		return err
	}
	x.call.Operation, x.readOnly = plan.Operation, plan.ReadOnly
	x.call.Accesses = plan.Accesses
	if !plan.PerItem || len(plan.Accesses) > 0 {
		if err := g.Check(ctx, plan.Accesses...); err != nil {
			return err
		}
	}
	return plan.Serve(ctx, x.w, x.r)
}

// decode turns the body into the operation's input and checks the model's constraints.
func (x *exchange) decode() error {
	o := x.route.target
	x.call.Operation, x.readOnly = o.Name, o.ReadOnly
	in, err := x.route.codec.Decode(o.Model, o.Operation, &wire.Request{
		Method: x.r.Method, URL: x.r.URL, Header: x.r.Header, Body: x.body, Labels: x.route.labels,
	})
	if in == nil && o.NewInput != nil { // an operation whose input has no shape
		in = o.NewInput()
	}
	x.in = in
	return err
}

// encode answers with the operation's output.
func (x *exchange) encode(out any) error {
	o := x.route.target
	body := takeBody()
	defer body.give()
	res := wire.Response{Header: x.w.Header(), Status: http.StatusOK, RequestID: x.call.RequestID, Body: body.bytes}
	err := x.route.codec.EncodeOutput(&res, o.Model, o.Operation, out)
	body.bytes = res.Body
	if err != nil {
		return err
	}
	write(x.w, &res)
	return nil
}

// Invoke implements op.Invoker: one service calls another's operation with
// the caller's rights, through the same checks. The via service is appended
// to aws:CalledVia.
func (g *Gateway) Invoke(ctx context.Context, via, service, operation string, in any) (any, error) {
	target := g.routes.byName(service, operation)
	if target == nil {
		return nil, errors.New("gateway: no operation " + service + ":" + operation)
	}
	ctx, x := g.onBehalf(ctx, via, service, operation)
	x.readOnly = target.ReadOnly
	x.route = route{service: target.service, target: target, protocol: target.Model.Protocol}
	out, err := g.invoke(ctx, target, in)
	g.record(ctx, x, g.translate(x, err))
	return out, err
}

// onBehalf begins an exchange of its own for what a service does for the caller.
func (g *Gateway) onBehalf(ctx context.Context, via, service, operation string) (context.Context, *exchange) {
	call := *op.CallFrom(ctx)
	call.RequestID, call.Service, call.Operation = g.NewID(), service, operation
	call.Via = append(append([]string(nil), call.Via...), via)
	call.ViaAWS = true
	x := &exchange{call: &call, began: g.Clock.Now()}
	return g.Recorder.Begin(withDecisions(op.WithCall(ctx, &call), x), &call), x
}

// Act is [Gateway.Invoke] for the object store, whose operations have no input to decode: f
// does the work in a call of its own, on the caller's behalf, and authorizes it. What f
// answers is recorded and returned.
func (g *Gateway) Act(ctx context.Context, via, operation string, readOnly bool, f func(context.Context) error) error {
	ctx, x := g.onBehalf(ctx, via, "s3", operation)
	x.readOnly = readOnly
	err := f(ctx)
	g.record(ctx, x, g.translate(x, err))
	return err
}

func (g *Gateway) invoke(ctx context.Context, target *target, in any) (any, error) {
	if err := wire.FoldNames(target.Model, target.Input, in); err != nil { // as decoding does: what is authorized is what is stored
		return nil, err
	}
	if problems := wire.Validate(target.Model, target.Input, in); len(problems) > 0 {
		return nil, op.Validation(problems)
	}
	if err := g.authorize(ctx, target, in); err != nil {
		return nil, err
	}
	return target.Call(ctx, in)
}
