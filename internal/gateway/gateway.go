// Package gateway is the one path that every request takes, whatever the
// service: route, verify, identify, decode, authorize, handle, encode, record.
//
// Start with [Gateway.serve] in pipeline.go, the server's table of contents.
// The gateway imports no service: app hands it a list of them. Differences
// between services are columns of their generated tables, never a branch here.
package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/policy"
	"github.com/bindery-project/bindery/internal/sigv4"
)

// MaxBody is the largest buffered request body, in bytes (16 MiB). Streamed
// services are not buffered.
const MaxBody = 16 << 20

// Identities finds who an access key belongs to.
type Identities interface {
	// Identify returns the key's secret and its principal. The token is the
	// session token of the request, "" when it has none. Errors are
	// ErrUnknownKey, ErrBadToken and ErrExpiredToken.
	Identify(ctx context.Context, accessKeyID, token string) (Identity, error)
}

// Identity is an access key's secret and owner.
type Identity struct {
	Secret    string
	Principal op.Principal
}

// Grants finds the policies that apply to a principal.
type Grants interface {
	// Layers returns the principal's identity policies, boundary and session
	// policies. The result is shared and never changed.
	Layers(ctx context.Context, p *op.Principal) (*policy.Layers, error)
}

// Recorder keeps the audit trail.
type Recorder interface {
	// Begin prepares the context of a request, so that a transaction made in it
	// can keep the request's record together with its change.
	Begin(ctx context.Context, call *op.Call) context.Context
	// Record keeps a finished request.
	Record(ctx context.Context, e *Event)
}

// Event is one finished request: who, what, and how it ended.
type Event struct {
	Call      *op.Call
	ReadOnly  bool
	ErrorCode string // "" when it succeeded
	ErrorText string
	Decision  *policy.Explanation // set when an access was refused
	Elapsed   time.Duration
}

// Config is what a gateway is made of. All fields are required.
type Config struct {
	Region     string
	Services   []*op.Service
	Objects    op.Streamer
	Identities Identities
	Grants     Grants
	Recorder   Recorder
	Clock      clock.Clock
	NewID      func() string // a new request id, a UUID
	Ready      func() error  // nil when requests can be served
	Log        *slog.Logger
}

// Gateway serves every AWS service on one port.
type Gateway struct {
	Config
	routes *routes
	keys   *sigv4.KeyCache
	facts  map[string]op.Facts // by the service in an ARN
}

// New builds a gateway. It fails when two services claim the same name or an
// operation's authorization row names something its input does not have.
func New(c Config) (*Gateway, error) {
	g := &Gateway{Config: c, keys: sigv4.NewKeyCache(keyCacheSize), facts: factsOf(c.Services)}
	var err error
	if g.routes, err = newRoutes(c.Services); err != nil {
		return nil, err
	}
	return g, nil
}

// keyCacheSize bounds the cached signing keys: one per key, day, region and service.
const keyCacheSize = 4096

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/livez", "/readyz":
		if !signed(r) {
			g.probe(w, r)
			return
		}
	}
	g.handle(w, r)
}

// probe answers the liveness and readiness checks.
func (g *Gateway) probe(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/readyz" {
		if err := g.Ready(); err != nil {
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}
