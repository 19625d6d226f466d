package op

import (
	"context"
	"net/netip"
	"time"
)

// Call is who asks for what, from where and when. The gateway makes one per
// request; it travels in the context and is written to the audit record.
type Call struct {
	RequestID string // also the decision id of an AccessDenied
	Service   string // Model.ID
	Operation string
	Region    string // the server's region
	Account   string // the caller's account, 12 digits; "" when anonymous
	Principal Principal
	Now       time.Time
	SourceIP  netip.Addr
	TLS       bool
	UserAgent string
	Referer   string
	Via       []string // services that call on the principal's behalf, oldest first: "athena.amazonaws.com"
	ViaAWS    bool
	// OldSignature says that the request was a presigned URL of Signature
	// Version 2, for policies that ask (s3:signatureversion).
	OldSignature bool

	// Resources are those the authorization resolved, in rule order, so that
	// a handler can use the internal ids that the decision was about.
	Resources []Resource
	// Accesses are all that the authorization asked for, for the record.
	Accesses []Access
}

// PrincipalType is the value of aws:PrincipalType.
type PrincipalType string

// Principal types, in the words of the condition key.
const (
	Root          PrincipalType = "Account"
	User          PrincipalType = "User"
	AssumedRole   PrincipalType = "AssumedRole"
	FederatedUser PrincipalType = "FederatedUser"
	ServiceRole   PrincipalType = "Service"
	Anonymous     PrincipalType = "Anonymous"
	Federated     PrincipalType = "Federated" // an identity provider that vouches for the caller of AssumeRoleWithWebIdentity
)

// Principal is an authenticated caller.
type Principal struct {
	Type        PrincipalType
	ARN         string // the session ARN for sessions
	RoleARN     string // sessions of a role
	Account     string
	UserID      string // AIDA…, AROA…:session, account id for root
	UserName    string // IAM users only
	AccessKeyID string
	Session     *Session // temporary credentials only
	Tags        map[string]string
}

// Session is what a session token carries beside the principal.
type Session struct {
	Name           string
	Issued         time.Time
	Expires        time.Time
	Policies       []string // session policy texts
	PolicyARNs     []string // managed session policies: a token has no room for their texts
	HasPolicy      bool     // a session policy was passed
	MFA            bool
	MFAAt          time.Time
	SourceIdentity string
	Owner          string // federated users: the unique id of who asked for the session, an account id for root
	Provider       string // federated provider
	TransitiveTags []string
}

type callKey struct{}

// WithCall returns a context that carries the call.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// CallFrom returns the call in the context. It panics when there is none:
// code that needs a call must never run without one.
func CallFrom(ctx context.Context) *Call {
	c, ok := ctx.Value(callKey{}).(*Call)
	if !ok {
		panic("op: no call in context")
	}
	return c
}

// HasCall reports whether the context carries a call.
func HasCall(ctx context.Context) bool {
	_, ok := ctx.Value(callKey{}).(*Call)
	return ok
}
