// Package webidentity checks the tokens of OpenID Connect providers: who issued
// one, for whom, until when, and that the issuer's published keys signed it. The
// keys are found by discovery, kept for ten minutes and asked for again when a
// token names one that is not known, within a budget: whoever sends tokens is
// unknown, and must not make this server busy with asking.
package webidentity

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/bindery-project/bindery/internal/clock"
)

// Errors of Verify. STS words them as AWS does.
var (
	ErrMalformed   = errors.New("webidentity: not a token")
	ErrAudience    = errors.New("webidentity: the token is for somebody else")
	ErrUnreachable = errors.New("webidentity: the provider's keys could not be read")
)

// ExpiredError says that a token is of the past, or of the future.
type ExpiredError struct{ Expiry time.Time }

// Error implements error.
func (e *ExpiredError) Error() string { return "webidentity: the token has expired" }

// Provider is who may vouch for callers.
type Provider struct {
	Issuer      string // "https://token.example.com/path"
	Clients     []string
	Thumbprints []string
}

// Claims are what a verified token says.
type Claims struct {
	Subject  string
	Audience string   // the client that it was issued to: azp, or the one audience
	Original []string // the audiences as they are
	Party    string   // azp, "" when absent
	Methods  []string // amr
	Expiry   time.Time

	SourceIdentity string
	Tags           map[string][]string // session tags
	Transitive     []string
}

// Verifier checks tokens.
type Verifier struct {
	Client func(thumbprints []string) *http.Client
	Clock  clock.Clock

	mu    sync.Mutex
	known map[string]*source
}

// algorithms are the signatures that AWS takes. Anything else is refused before
// a key is looked for: "none", and HMAC under a public key.
var algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.ES256, oidc.ES384, oidc.ES512}

const (
	maxToken  = 20_000 // bytes, as the model says
	skew      = 5 * time.Minute
	keepKeys  = 10 * time.Minute
	budget    = 20 // requests to a provider in a minute, two of them for a discovery
	maxKnown  = 1000
	maxIssued = 24 * time.Hour // how old a token may be that says when it was issued
)

// Issuer reads who claims to have issued a token, which nobody has verified yet.
func Issuer(token string) (string, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 || len(token) > maxToken {
		return "", ErrMalformed
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return "", ErrMalformed
	}
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err := json.Unmarshal(payload, &claims); err != nil || claims.Issuer == "" {
		return "", ErrMalformed
	}
	return claims.Issuer, nil
}

// Verify checks a token of a provider. Errors are ErrMalformed, ErrAudience,
// ErrUnreachable and *ExpiredError.
func (v *Verifier) Verify(ctx context.Context, p Provider, token string) (*Claims, error) {
	if len(token) > maxToken {
		return nil, ErrMalformed
	}
	src := v.source(p)
	verifier, err := src.verifier(ctx, p.Issuer, v.Clock)
	if err != nil {
		return nil, errors.Join(ErrUnreachable, err)
	}
	checked, err := verifier.Verify(oidc.ClientContext(ctx, src.client), token)
	if err != nil {
		if src.refused() {
			return nil, errors.Join(ErrUnreachable, err)
		}
		return nil, errors.Join(ErrMalformed, err)
	}
	return v.claims(p, checked)
}

// body are the claims beside those that every token has.
type body struct {
	Party          string   `json:"azp"`
	Methods        []string `json:"amr"`
	NotBefore      *float64 `json:"nbf"`
	SourceIdentity string   `json:"https://aws.amazon.com/source_identity"`
	Tags           struct {
		Principal  map[string][]string `json:"principal_tags"`
		Transitive []string            `json:"transitive_tag_keys"`
	} `json:"https://aws.amazon.com/tags"`
}

// claims checks times and audience, which the library leaves to its user.
func (v *Verifier) claims(p Provider, t *oidc.IDToken) (*Claims, error) {
	var more body
	if err := t.Claims(&more); err != nil {
		return nil, errors.Join(ErrMalformed, err)
	}
	now := v.Clock.Now()
	early := more.NotBefore != nil && now.Add(skew).Unix() < int64(*more.NotBefore)
	switch {
	case t.Subject == "" || len(t.Audience) == 0 || t.Expiry.IsZero():
		return nil, ErrMalformed
	case !now.Before(t.Expiry), early, t.IssuedAt.After(now.Add(skew)), !t.IssuedAt.IsZero() && now.Sub(t.IssuedAt) > maxIssued:
		return nil, &ExpiredError{t.Expiry}
	}
	c := &Claims{
		Subject: t.Subject, Original: t.Audience, Party: more.Party, Methods: more.Methods, Expiry: t.Expiry,
		SourceIdentity: more.SourceIdentity, Tags: more.Tags.Principal, Transitive: more.Tags.Transitive,
	}
	c.Audience = audience(p.Clients, t.Audience, more.Party)
	if c.Audience == "" {
		return nil, ErrAudience
	}
	return c, nil
}

// audience is the client of the provider that a token is for. The authorized
// party goes first; a token for several audiences without one is for nobody.
func audience(clients, audiences []string, party string) string {
	switch {
	case party != "" && slices.Contains(clients, party):
		return party
	case party == "" && len(audiences) == 1 && slices.Contains(clients, audiences[0]):
		return audiences[0]
	}
	return ""
}

// source is what is known of one provider with its thumbprints.
type source struct {
	client *http.Client

	mu      sync.Mutex
	found   *oidc.IDTokenVerifier
	until   time.Time
	allowed *allowance
}

func (v *Verifier) source(p Provider) *source {
	v.mu.Lock()
	defer v.mu.Unlock()
	name := p.Issuer + " " + strings.Join(p.Thumbprints, " ")
	if s := v.known[name]; s != nil {
		return s
	}
	if v.known == nil || len(v.known) >= maxKnown {
		v.known = map[string]*source{}
	}
	client := v.Client(p.Thumbprints)
	s := &source{allowed: &allowance{next: client.Transport, clock: v.Clock}}
	own := *client
	own.Transport = s.allowed
	s.client = &own
	v.known[name] = s
	return s
}

// verifier discovers the provider, at most every ten minutes when that works.
func (s *source) verifier(ctx context.Context, issuer string, c clock.Clock) (*oidc.IDTokenVerifier, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.found != nil && c.Now().Before(s.until) {
		return s.found, nil
	}
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, s.client), issuer)
	if err != nil {
		return nil, err
	}
	s.found = provider.VerifierContext(oidc.ClientContext(context.WithoutCancel(ctx), s.client), &oidc.Config{
		SkipClientIDCheck: true, SkipExpiryCheck: true, SupportedSigningAlgs: algorithms, Now: c.Now,
	})
	s.until = c.Now().Add(keepKeys)
	return s.found, nil
}

// refused reports whether the last request to the provider failed.
func (s *source) refused() bool {
	s.allowed.mu.Lock()
	defer s.allowed.mu.Unlock()
	return s.allowed.failed
}

// allowance lets through so many requests in a minute.
type allowance struct {
	next  http.RoundTripper
	clock clock.Clock

	mu     sync.Mutex
	since  time.Time
	n      int
	failed bool
}

var errBudget = errors.New("webidentity: the provider was asked too often")

// RoundTrip implements http.RoundTripper.
func (a *allowance) RoundTrip(r *http.Request) (*http.Response, error) {
	if !a.spend() {
		return nil, errBudget
	}
	res, err := a.next.RoundTrip(r)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = err != nil || res.StatusCode != http.StatusOK
	return res, err
}

func (a *allowance) spend() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.clock.Now(); a.since.IsZero() || now.Sub(a.since) >= time.Minute {
		a.since, a.n = now, 0
	}
	a.n++
	return a.n <= budget
}
