// Package probe tries whether one gets in somewhere: it resolves the name, connects, encrypts,
// authenticates and asks one query, and says how far it came. Start with [Prober.Run]. What
// differs between PostgreSQL, MySQL and Kafka is behind [session].
//
// What is at the other end is not trusted: every stage has a time limit, what is read in all
// is bounded, and no byte of it comes into an error. Reasons are this package's own words, at
// most with an error code of the protocol.
package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/dial"
)

// Stage is a part of getting in.
type Stage string

// The stages, in order.
const (
	DNS            Stage = "DNS"
	TCP            Stage = "TCP"
	TLS            Stage = "TLS"
	Authentication Stage = "AUTHENTICATION"
	Query          Stage = "QUERY"
)

// Step is a stage that was tried.
type Step struct {
	Stage Stage
	Took  time.Duration
	Note  string // what else there is to say: "not encrypted"
}

// Failure says at which stage it ended, and why.
type Failure struct {
	Stage   Stage
	Reason  string // fit for the caller
	Timeout bool
}

// Error implements error.
func (f *Failure) Error() string { return string(f.Stage) + ": " + f.Reason }

// Dialer opens connections to places that this server may reach. *dial.Guard is one.
type Dialer interface {
	Resolve(ctx context.Context, host string) ([]netip.Addr, error)
	Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error)
}

// Protocol is what is spoken.
type Protocol string

// The protocols. Plain is TCP and nothing in it.
const (
	PostgreSQL Protocol = "postgresql"
	MySQL      Protocol = "mysql"
	Kafka      Protocol = "kafka"
	Plain      Protocol = "tcp"
)

// Target is where to get in, and as whom.
type Target struct {
	Protocol  Protocol
	Endpoints []Endpoint // tried in order until one can be connected to
	User      string
	Password  string
	Database  string // empty: the server's choice
	Mechanism Mechanism
	TLS       Encryption
}

// Endpoint is a host, by name or address, and a port.
type Endpoint struct {
	Host string
	Port uint16
}

// Mechanism is how one authenticates with Kafka.
type Mechanism string

// The mechanisms.
const (
	NoSASL      Mechanism = ""
	SASLPlain   Mechanism = "PLAIN"
	ScramSHA512 Mechanism = "SCRAM-SHA-512"
)

// Mode says whether the connection is to be encrypted.
type Mode int

// The modes.
const (
	Off    Mode = iota
	Prefer      // when the server offers it
	Demand
)

// Encryption says how the connection is to be encrypted.
type Encryption struct {
	Mode    Mode
	Verify  bool           // the server's certificate must be good, and for Name
	Name    string         // that the certificate must be for; empty: the endpoint's host
	Roots   *x509.CertPool // nil: the system's
	AnyName bool           // the certificate must be good, and may be for any name
}

// Limits bound a run.
type Limits struct {
	Whole, Resolve, Connect, Encrypt, Login, Query time.Duration
	Bytes                                          int64 // read in all
}

// DefaultLimits are meant for databases on the other side of the world, and for an API call
// that somebody waits for.
func DefaultLimits() Limits {
	return Limits{
		Whole: 30 * time.Second, Resolve: 5 * time.Second, Connect: 5 * time.Second, Encrypt: 5 * time.Second,
		Login: 10 * time.Second, Query: 5 * time.Second, Bytes: 1 << 20,
	}
}

// Prober runs probes.
type Prober struct {
	Dialer Dialer
	Clock  clock.Clock
	Limits Limits
}

// run is one probe.
type run struct {
	*Prober
	target *Target
	steps  []Step
}

// Run tries a target. steps are those that succeeded; failure is nil when all did.
func (p *Prober) Run(ctx context.Context, t *Target) (steps []Step, failure *Failure) {
	ctx, cancel := context.WithTimeout(ctx, p.Limits.Whole)
	defer cancel()
	r := &run{Prober: p, target: t}
	conn, host, failure := r.connect(ctx)
	if failure != nil {
		return r.steps, failure
	}
	defer conn.Close() //nolint:errcheck // nothing was promised to the other end
	if t.Protocol == Plain {
		return r.steps, nil
	}
	failure = r.enter(ctx, conn, host)
	return r.steps, failure
}

// connect finds an endpoint that can be connected to. The failure is that of the last one.
func (r *run) connect(ctx context.Context) (net.Conn, string, *Failure) {
	last := &Failure{Stage: DNS, Reason: "there is no host to connect to"}
	for _, e := range r.target.Endpoints {
		r.steps = nil
		conn, failure := r.reach(ctx, e)
		if failure == nil {
			return conn, e.Host, nil
		}
		last = failure
	}
	return nil, "", last
}

// reach resolves one endpoint and connects to the first of its addresses that answers.
func (r *run) reach(ctx context.Context, e Endpoint) (net.Conn, *Failure) {
	var found []netip.Addr
	failure := r.stage(ctx, DNS, r.Limits.Resolve, func(ctx context.Context) (note string, err error) {
		found, err = r.Dialer.Resolve(ctx, e.Host)
		return strconv.Itoa(len(found)) + " addresses", err
	})
	if failure != nil {
		return nil, failure
	}
	var conn net.Conn
	failure = r.stage(ctx, TCP, r.Limits.Connect, func(ctx context.Context) (string, error) {
		var err error
		for _, addr := range found {
			if conn, err = r.Dialer.Dial(ctx, netip.AddrPortFrom(addr, e.Port)); err == nil {
				return "", nil
			}
		}
		return "", err
	})
	return conn, failure
}

// session speaks one protocol on a connection.
type session interface {
	// encrypt agrees on encryption and carries it out. It reports whether the connection is encrypted now.
	encrypt(ctx context.Context, t *Target, config *tls.Config) (bool, error)
	// login authenticates.
	login(ctx context.Context, t *Target) error
	// query asks for something that every server has.
	query(ctx context.Context) error
}

func (r *run) session(conn net.Conn) session {
	bounded := &boundedConn{Conn: conn, left: r.Limits.Bytes}
	switch r.target.Protocol {
	case PostgreSQL:
		return &postgres{conn: bounded}
	case MySQL:
		return &mysql{conn: bounded}
	case Kafka:
		return &kafka{conn: bounded, again: func(ctx context.Context) (net.Conn, error) { return r.again(ctx, conn) }}
	case Plain:
	}
	return nil
}

// again connects once more to where a connection leads.
func (r *run) again(ctx context.Context, conn net.Conn) (net.Conn, error) {
	to, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return nil, err
	}
	next, err := r.Dialer.Dial(ctx, to)
	if err != nil {
		return nil, err
	}
	return &boundedConn{Conn: next, left: r.Limits.Bytes}, nil
}

// enter does what comes after the connection: encrypt, log in, ask.
func (r *run) enter(ctx context.Context, conn net.Conn, host string) *Failure {
	s := r.session(conn)
	for _, step := range []struct {
		stage Stage
		limit time.Duration
		do    func(ctx context.Context) (string, error)
	}{
		{TLS, r.Limits.Encrypt, func(ctx context.Context) (string, error) {
			encrypted, err := s.encrypt(ctx, r.target, r.target.TLS.config(host))
			return map[bool]string{true: "encrypted", false: "not encrypted"}[encrypted], err
		}},
		{Authentication, r.Limits.Login, func(ctx context.Context) (string, error) { return "", s.login(ctx, r.target) }},
		{Query, r.Limits.Query, func(ctx context.Context) (string, error) { return "", s.query(ctx) }},
	} {
		failure := r.stage(ctx, step.stage, step.limit, func(ctx context.Context) (string, error) {
			defer interrupt(ctx, conn)()
			return step.do(ctx)
		})
		if failure != nil {
			return failure
		}
	}
	return nil
}

// stage runs one stage within its limit and notes it.
func (r *run) stage(ctx context.Context, stage Stage, limit time.Duration, do func(context.Context) (string, error)) *Failure {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := r.Clock.Now()
	note, err := do(ctx)
	if err == nil {
		r.steps = append(r.steps, Step{Stage: stage, Took: r.Clock.Now().Sub(began), Note: note})
		return nil
	}
	if ctx.Err() != nil || isTimeout(err) {
		return &Failure{Stage: stage, Reason: "no answer in time", Timeout: true}
	}
	return explain(stage, err)
}

// explain words why a stage failed.
func explain(stage Stage, err error) *Failure {
	var known *Failure
	if errors.As(err, &known) {
		return known
	}
	var refused *dial.RefusedError
	if errors.As(err, &refused) {
		return &Failure{Stage: stage, Reason: refused.Error()}
	}
	return &Failure{Stage: stage, Reason: reason(stage, err)}
}
