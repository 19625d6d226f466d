package gateway

import (
	"context"

	"github.com/bindery-project/bindery/internal/op"
)

// record writes the request to the audit trail: who, what, and how it ended.
func (g *Gateway) record(ctx context.Context, x *exchange, fault op.Error) {
	e := &Event{Call: x.call, ReadOnly: x.readOnly, Decision: x.denial, Elapsed: g.Clock.Now().Sub(x.began)}
	if x.call.Service == "" && x.route.service != nil {
		x.call.Service = x.route.service.Model.ID
	}
	if x.call.Service == "" {
		x.call.Service = "s3"
	}
	if fault != nil {
		e.ErrorCode, e.ErrorText = fault.ErrorCode(), fault.ErrorMessage()
	}
	g.Recorder.Record(ctx, e)
}
