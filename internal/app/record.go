package app

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/bindery-project/bindery/internal/audit"
	"github.com/bindery-project/bindery/internal/db"
	"github.com/bindery-project/bindery/internal/gateway"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/service/iam/directory"
)

// recorder keeps the audit trail: the record of a change is written in the
// change's own transaction, everything else goes to the log's segments.
type recorder struct {
	log     *audit.Log
	slog    *slog.Logger
	newID   func() string
	sources map[string]string // service id -> "glue.amazonaws.com"
	uses    *directory.Uses
}

// actor is the call as the store knows it.
type actor struct {
	recorder *recorder
	call     *op.Call
	event    string
	written  bool // a transaction with the record was kept
}

type actorKey struct{}

// Begin implements gateway.Recorder.
func (r *recorder) Begin(ctx context.Context, call *op.Call) context.Context {
	a := &actor{recorder: r, call: call, event: r.newID()}
	return db.WithActor(context.WithValue(ctx, actorKey{}, a), a)
}

// RequestID implements db.Actor.
func (a *actor) RequestID() string { return a.call.RequestID }

// PrincipalARN implements db.Actor.
func (a *actor) PrincipalARN() string { return a.call.Principal.ARN }

// AuditRecord implements db.Actor.
func (a *actor) AuditRecord() []byte { return a.recorder.line(a.recorder.shape(a.call, a.event)) }

// Audited tells that the transaction which took the record was kept.
func (a *actor) Audited() { a.written = true }

// Record implements gateway.Recorder. A change that succeeded has its record
// already.
func (r *recorder) Record(ctx context.Context, e *gateway.Event) {
	r.uses.Note(e.Call)
	a, ok := ctx.Value(actorKey{}).(*actor)
	if !ok || (a.written && e.ErrorCode == "") {
		return
	}
	rec := r.shape(e.Call, a.event)
	if a.written {
		rec.EventID = r.newID() // a transaction was kept, and the request failed after it
	}
	rec.ReadOnly, rec.ErrorCode, rec.ErrorMessage = e.ReadOnly, e.ErrorCode, e.ErrorText
	if e.Decision != nil {
		if text, err := json.Marshal(map[string]any{"decision": e.Decision}); err == nil {
			rec.AdditionalEventData = jsontext.Value(text)
		}
	}
	r.log.Append(r.line(rec))
}

func (r *recorder) line(rec audit.Record) []byte {
	text, err := rec.JSON()
	if err != nil {
		r.slog.Error("audit record could not be written", "request", rec.RequestID, "error", err)
	}
	return text
}

// shape describes a call in CloudTrail's words.
func (r *recorder) shape(c *op.Call, event string) audit.Record {
	rec := audit.Record{
		EventVersion: "1.11", UserIdentity: identity(c), EventTime: c.Now, EventSource: r.sources[c.Service],
		EventName: c.Operation, AWSRegion: c.Region, UserAgent: c.UserAgent, RequestID: c.RequestID, EventID: event,
		EventType: "AwsApiCall", ManagementEvent: c.Service != "s3", RecipientAccountID: c.Account, TLS: c.TLS,
		EventCategory: "Management",
	}
	if !rec.ManagementEvent {
		rec.EventCategory = "Data"
	}
	if c.SourceIP.IsValid() {
		rec.SourceIPAddress = c.SourceIP.String()
	}
	if len(c.Via) > 0 {
		rec.SourceIPAddress = c.Via[len(c.Via)-1]
	}
	for _, a := range c.Accesses {
		rec.Resources = append(rec.Resources, audit.Resource{ARN: a.Resource.ARN, AccountID: a.Resource.Account})
	}
	return rec
}

// identityTypes are CloudTrail's words for principals.
var identityTypes = map[op.PrincipalType]string{
	op.Root: "Root", op.User: "IAMUser", op.AssumedRole: "AssumedRole", op.FederatedUser: "FederatedUser",
	op.ServiceRole: "AWSService", op.Anonymous: "Unknown", op.Federated: "WebIdentityUser",
}

func identity(c *op.Call) audit.Identity {
	p := &c.Principal
	id := audit.Identity{
		Type: identityTypes[p.Type], PrincipalID: p.UserID, ARN: p.ARN, AccountID: p.Account,
		AccessKeyID: p.AccessKeyID, UserName: p.UserName,
	}
	if len(c.Via) > 0 {
		id.InvokedBy = c.Via[len(c.Via)-1]
	}
	if s := p.Session; s != nil {
		mfa := "false"
		if s.MFA {
			mfa = "true"
		}
		id.SessionContext = &audit.SessionContext{Attributes: map[string]string{
			"creationDate": s.Issued.UTC().Format(time.RFC3339), "mfaAuthenticated": mfa,
		}}
		if p.RoleARN != "" {
			id.SessionContext.SessionIssuer = &audit.Identity{Type: "Role", ARN: p.RoleARN, AccountID: p.Account}
		}
	}
	return id
}
