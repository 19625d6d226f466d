package webidentity_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/dial"
	"github.com/bindery-project/bindery/internal/service/sts/webidentity"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// issuer is an OpenID Connect provider on this machine.
type issuer struct {
	*httptest.Server
	mu     sync.Mutex
	keys   map[string]crypto.Signer
	asked  int
	answer func(w http.ResponseWriter, r *http.Request) bool // true: it answered
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{keys: map[string]crypto.Signer{}}
	i.Server = httptest.NewTLSServer(i)
	t.Cleanup(i.Close)
	i.rotate(t, "one")
	return i
}

// rotate makes a new key the only one.
func (i *issuer) rotate(t *testing.T, id string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = map[string]crypto.Signer{id: key}
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	if i.answer != nil && i.answer(w, r) {
		return
	}
	i.serve(w, r)
}

// serve answers as a provider should.
func (i *issuer) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys"})
		return
	}
	var set jose.JSONWebKeySet
	for id, key := range i.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: id, Use: "sig"})
	}
	_ = json.NewEncoder(w).Encode(set)
}

// claims are those of a good token, with changes.
func (i *issuer) claims(changes map[string]any) map[string]any {
	c := map[string]any{
		"iss": i.URL, "sub": "repo:x", "aud": "client", "iat": noon.Unix(), "exp": noon.Add(time.Hour).Unix(),
	}
	for k, v := range changes {
		if v == nil {
			delete(c, k)
			continue
		}
		c[k] = v
	}
	return c
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, id string, claims map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", id))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := s.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	out, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (i *issuer) token(t *testing.T, id string, changes map[string]any) string {
	t.Helper()
	i.mu.Lock()
	key := i.keys[id]
	i.mu.Unlock()
	return sign(t, jose.ES256, key, id, i.claims(changes))
}

func (i *issuer) provider() webidentity.Provider {
	return webidentity.Provider{Issuer: i.URL, Clients: []string{"client", "party"}}
}

// verifier trusts the issuer's certificate and may dial this machine.
func (i *issuer) verifier(c clock.Clock) *webidentity.Verifier {
	roots := x509.NewCertPool()
	roots.AddCert(i.Certificate())
	guard := &dial.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	return &webidentity.Verifier{Clock: c, Client: func(thumbprints []string) *http.Client { return webidentity.NewClient(guard, roots, thumbprints) }}
}

func TestTokens(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier(clock.NewManual(noon))
	for _, c := range []struct {
		what    string
		changes map[string]any
		want    string
		aud     string
	}{
		{"good", nil, "", "client"},
		{"authorized party", map[string]any{"azp": "party", "aud": []string{"a", "b"}}, "", "party"},
		{"party that is no client", map[string]any{"azp": "evil"}, "audience", ""},
		{"other audience", map[string]any{"aud": "evil"}, "audience", ""},
		{"several audiences", map[string]any{"aud": []string{"client", "evil"}}, "audience", ""},
		{"no audience", map[string]any{"aud": nil}, "malformed", ""},
		{"no subject", map[string]any{"sub": nil}, "malformed", ""},
		{"no expiry", map[string]any{"exp": nil}, "malformed", ""},
		{"other issuer", map[string]any{"iss": "https://evil.example"}, "malformed", ""},
		{"expired", map[string]any{"exp": noon.Unix()}, "expired", ""},
		{"of the future", map[string]any{"nbf": noon.Add(6 * time.Minute).Unix()}, "expired", ""},
		{"a clock a little ahead", map[string]any{"nbf": noon.Add(4 * time.Minute).Unix(), "iat": noon.Add(4 * time.Minute).Unix()}, "", "client"},
		{"issued in the future", map[string]any{"iat": noon.Add(6 * time.Minute).Unix()}, "expired", ""},
		{"issued long ago", map[string]any{"iat": noon.Add(-25 * time.Hour).Unix()}, "expired", ""},
	} {
		got, err := v.Verify(context.Background(), i.provider(), i.token(t, "one", c.changes))
		if kind(err) != c.want || (err == nil && (got.Audience != c.aud || got.Subject != "repo:x")) {
			t.Errorf("%s: %+v, %v", c.what, got, err)
		}
	}
}

// kind names an error of Verify.
func kind(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.As(err, new(*webidentity.ExpiredError)):
		return "expired"
	case errors.Is(err, webidentity.ErrAudience):
		return "audience"
	case errors.Is(err, webidentity.ErrMalformed):
		return "malformed"
	}
	return err.Error()
}

// TestForgedTokens: none of the ways to do without the issuer's key works.
func TestForgedTokens(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier(clock.NewManual(noon))
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(i.keys["one"].Public())
	if err != nil {
		t.Fatal(err)
	}
	good := strings.Split(i.token(t, "one", nil), ".")
	part := func(v any) string {
		text, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	changed := part(i.claims(map[string]any{"sub": "admin"}))
	for what, token := range map[string]string{
		"another key":                    sign(t, jose.ES256, stranger, "one", i.claims(nil)),
		"another kind of key":            sign(t, jose.RS256, other, "one", i.claims(nil)),
		"HMAC under the public key":      sign(t, jose.HS256, public, "one", i.claims(nil)),
		"no signature, alg none":         part(map[string]string{"alg": "none"}) + "." + changed + ".",
		"alg None with a signature":      part(map[string]string{"alg": "None", "kid": "one"}) + "." + changed + "." + good[2],
		"changed claims":                 good[0] + "." + changed + "." + good[2],
		"key in the header":              part(map[string]any{"alg": "ES256", "jwk": jose.JSONWebKey{Key: stranger.Public()}}) + "." + changed + "." + good[2],
		"no signature":                   good[0] + "." + good[1] + ".",
		"two parts":                      good[0] + "." + good[1],
		"more bytes than a token may be": good[0] + "." + strings.Repeat("A", 20_001) + "." + good[2],
	} {
		if got, err := v.Verify(context.Background(), i.provider(), token); !errors.Is(err, webidentity.ErrMalformed) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

func TestKeysRotate(t *testing.T) {
	i := newIssuer(t)
	c := clock.NewManual(noon)
	v := i.verifier(c)
	check := func(token string) error {
		_, err := v.Verify(context.Background(), i.provider(), token)
		return err
	}
	old := i.token(t, "one", nil)
	if err := check(old); err != nil {
		t.Fatal(err)
	}
	i.rotate(t, "two")
	c.Advance(11 * time.Minute)
	if err := check(old); err == nil {
		t.Error("the old key is taken long after it was withdrawn")
	}
	i.rotate(t, "three")
	if err := check(i.token(t, "three", nil)); err != nil {
		t.Errorf("a token of a new key: %v", err)
	}
}

// TestStrangersCannotMakeUsAsk: an unknown key is looked for within a budget.
func TestStrangersCannotMakeUsAsk(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier(clock.NewManual(noon))
	key := i.keys["one"]
	for n := range 100 {
		if _, err := v.Verify(context.Background(), i.provider(), sign(t, jose.ES256, key, fmt.Sprint("unknown", n), i.claims(nil))); err == nil {
			t.Fatal("a token of an unknown key id was taken")
		}
	}
	if i.asked > 20 {
		t.Errorf("the provider was asked %d times", i.asked)
	}
	if _, err := v.Verify(context.Background(), i.provider(), i.token(t, "one", nil)); err != nil {
		t.Errorf("a good token while strangers knock: %v", err)
	}
}

func TestProvidersThatMisbehave(t *testing.T) {
	var honest *issuer // what it would answer, elsewhere
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { honest.serve(w, r) }))
	t.Cleanup(plain.Close)
	for what, answer := range map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"redirects to itself": func(w http.ResponseWriter, r *http.Request) bool {
			if strings.HasPrefix(r.URL.Path, "/moved/") {
				return false
			}
			http.Redirect(w, r, "/moved"+r.URL.Path, http.StatusFound)
			return true
		},
		"fails": func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusInternalServerError)
			return true
		},
		"goes on and on": func(w http.ResponseWriter, r *http.Request) bool {
			_, _ = w.Write([]byte(strings.Repeat(" ", 300<<10)))
			return false
		},
		"says keys are elsewhere in clear": func(w http.ResponseWriter, r *http.Request) bool {
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": "https://" + r.Host, "jwks_uri": plain.URL + "/keys"})
			return true
		},
		"says keys are in the cloud's metadata": func(w http.ResponseWriter, r *http.Request) bool {
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": "https://" + r.Host, "jwks_uri": "https://169.254.169.254/keys"})
			return true
		},
		"is another issuer": func(w http.ResponseWriter, _ *http.Request) bool {
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": "https://evil.example", "jwks_uri": "https://evil.example/keys"})
			return true
		},
	} {
		i := newIssuer(t)
		honest, i.answer = i, answer
		_, err := i.verifier(clock.NewManual(noon)).Verify(context.Background(), i.provider(), i.token(t, "one", nil))
		if !errors.Is(err, webidentity.ErrUnreachable) {
			t.Errorf("a provider that %s: %v", what, err)
		}
	}
}

// TestThumbprintsPinACertificate that no root vouches for.
func TestThumbprintsPinACertificate(t *testing.T) {
	i := newIssuer(t)
	sum := sha1.Sum(i.Certificate().Raw)
	guard := &dial.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	v := &webidentity.Verifier{Clock: clock.NewManual(noon), Client: func(thumbprints []string) *http.Client {
		return webidentity.NewClient(guard, x509.NewCertPool(), thumbprints)
	}}
	p := i.provider()
	for _, c := range []struct {
		thumbprints []string
		want        error
	}{
		{nil, webidentity.ErrUnreachable},
		{[]string{strings.Repeat("0", 40)}, webidentity.ErrUnreachable},
		{[]string{hex.EncodeToString(sum[:])}, nil},
	} {
		p.Thumbprints = c.thumbprints
		if _, err := v.Verify(context.Background(), p, i.token(t, "one", nil)); !errors.Is(err, c.want) {
			t.Errorf("thumbprints %q: %v", c.thumbprints, err)
		}
	}
}

// TestPrivateAddressesAreClosed until the operator opens them.
func TestPrivateAddressesAreClosed(t *testing.T) {
	i := newIssuer(t)
	v := &webidentity.Verifier{Clock: clock.NewManual(noon), Client: func(thumbprints []string) *http.Client {
		return webidentity.NewClient(&dial.Guard{}, nil, thumbprints)
	}}
	_, err := v.Verify(context.Background(), i.provider(), i.token(t, "one", nil))
	if refused := (*dial.RefusedError)(nil); !errors.As(err, &refused) || !errors.Is(err, webidentity.ErrUnreachable) || i.asked != 0 {
		t.Errorf("asked %d times: %v", i.asked, err)
	}
}
