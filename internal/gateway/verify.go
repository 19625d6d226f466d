package gateway

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bindery-project/bindery/internal/op"
	"github.com/bindery-project/bindery/internal/sigv4"
)

// Errors of Identities.
var (
	ErrUnknownKey   = errors.New("gateway: unknown or inactive access key")
	ErrBadToken     = errors.New("gateway: session token is not valid for this access key")
	ErrExpiredToken = errors.New("gateway: session token has expired")
)

// Clock differences that AWS accepts.
const (
	skewDefault = 5 * time.Minute
	skewObjects = 15 * time.Minute
)

// verify finds the caller, reads a buffered body, and checks the signature
// over all of it. Cheap checks come first, so that a stranger cannot make the
// server read or hash much.
func (g *Gateway) verify(ctx context.Context, x *exchange) error {
	if x.family() == objectStore && versionTwo(x.r) {
		return g.verifyOldURL(ctx, x)
	}
	proof, err := sigv4.Parse(x.r)
	if errors.Is(err, sigv4.ErrMissing) {
		return g.verifyAnonymous(x)
	}
	if err != nil {
		return err
	}
	o := g.options(x, proof)
	if err := proof.Check(o); err != nil {
		return err
	}
	id, err := g.Identities.Identify(ctx, proof.AccessKeyID, proof.Token)
	if err != nil {
		return err
	}
	x.proof = proof
	x.key = g.keys.Get(keyID(proof.Credential), id.Secret)
	if x.route.service == nil && x.route.unserved == "" {
		err = x.verifyStreamed(o)
	} else {
		err = g.verifyBuffered(x, o)
	}
	if err != nil {
		return err
	}
	x.call.Principal, x.call.Account = id.Principal, id.Principal.Account
	return nil
}

// verifyBuffered reads the body and checks it against the signature.
func (g *Gateway) verifyBuffered(x *exchange, o sigv4.Options) error {
	if err := x.readBody(); err != nil {
		return err
	}
	sum := sha256.Sum256(x.body)
	if err := x.proof.Verify(x.r, x.key, hex.EncodeToString(sum[:]), o); err != nil {
		return err
	}
	return g.readAction(x)
}

// verifyStreamed checks the headers and leaves a body that verifies itself.
func (x *exchange) verifyStreamed(o sigv4.Options) error {
	if err := x.proof.Verify(x.r, x.key, "", o); err != nil {
		return err
	}
	x.goOn()
	r := *x.r // net/http must still find its own body in its request: it decides by it what to do with an unread one
	x.r = &r
	verifyingBody(x.r, x.proof, x.key)
	return nil
}

// goOn answers 100 to a client that waits for it with nothing to send.
// net/http does so when a body is read, and an empty one is not; some versions
// of botocore then wait on the connection's next request.
func (x *exchange) goOn() {
	if x.r.ContentLength == 0 && strings.EqualFold(x.r.Header.Get("Expect"), "100-continue") {
		if w, ok := x.w.(*responseWriter); ok {
			w.ResponseWriter.WriteHeader(http.StatusContinue)
		}
	}
}

// options are the rules for this route's signature.
func (g *Gateway) options(x *exchange, proof *sigv4.Parsed) sigv4.Options {
	o := sigv4.Options{Now: g.Clock.Now(), Skew: skewDefault, Regions: []string{g.Region}, DoubleEncodePath: true}
	switch s := x.route.service; {
	case s != nil:
		o.Services = []string{s.Model.SigningName}
		if s.Model.ID == "sts" || s.Model.ID == "iam" {
			// The SDK for Java signs with aws-global when it was told a global
			// region and an endpoint.
			o.Regions = []string{g.Region, "us-east-1", "aws-global"}
		}
	case x.route.unserved != "":
		o.Services = []string{proof.Service}
		o.Regions = []string{g.Region, proof.Region}
	default:
		o.Services = []string{g.Objects.SigningName()}
		o.Skew, o.DoubleEncodePath = skewObjects, false
		o.AllowUnsignedPayload, o.AllowStreaming, o.DeferPayloadHash = true, true, true
	}
	return o
}

// verifyAnonymous lets an unsigned request on only where AWS serves it so:
// some STS operations and, by bucket policy, the object store.
func (g *Gateway) verifyAnonymous(x *exchange) error {
	x.call.Principal = op.Principal{Type: op.Anonymous}
	switch {
	case x.route.service == nil && x.route.unserved == "" && !x.route.unsigned:
		if strings.HasPrefix(x.r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
			return sigv4.ErrMissing // nobody decodes its chunks: they would become the object
		}
		return nil // a bucket policy may let everyone in
	case x.route.unsigned:
		if err := x.readBody(); err != nil {
			return err
		}
		if err := g.readAction(x); err != nil {
			return err
		}
		if x.route.target != nil && x.route.target.Auth.Anonymous {
			return nil
		}
	}
	return sigv4.ErrMissing
}

// readAction completes the route of a query request, whose operation is named
// in the form. A request that is signed for a service we do not serve keeps its
// route: what its form says must not lead it to a service of ours.
func (g *Gateway) readAction(x *exchange) error {
	if x.route.protocol != op.Query || x.route.target != nil || x.route.unserved != "" {
		return nil
	}
	q := x.r.URL.Query()
	if isForm(x.r) {
		form, err := url.ParseQuery(string(x.body))
		if err != nil {
			return &op.Fault{Code: "MalformedQueryString", Message: "The query string contains a syntax error."}
		}
		q = form
	}
	g.routes.action(&x.route, q.Get("Action"), q.Get("Version"))
	if x.route.service == nil {
		return sigv4.ErrMissing
	}
	x.call.Service = x.route.service.Model.ID
	return nil
}

// bodyTime is how long a buffered body may take to arrive.
const bodyTime = time.Minute

// readBody buffers the body, at most MaxBody bytes.
func (x *exchange) readBody() error {
	timer := http.NewResponseController(x.w)
	if timer.SetReadDeadline(x.began.Add(bodyTime)) == nil { // a connection without deadlines is a test's
		defer timer.SetReadDeadline(time.Time{}) //nolint:errcheck // it was set before
	}
	if x.r.ContentLength > MaxBody {
		x.w.Header().Set("Connection", "close")
		return errTooLarge()
	}
	if x.r.Body == nil || x.r.Body == http.NoBody {
		return nil
	}
	body, err := readAll(io.LimitReader(x.r.Body, MaxBody+1), x.r.ContentLength)
	if err != nil {
		return &op.Fault{Code: "RequestTimeout", Message: "The request body could not be read.", Status: http.StatusBadRequest}
	}
	if len(body) > MaxBody {
		x.w.Header().Set("Connection", "close")
		return errTooLarge()
	}
	x.body = body
	return nil
}

// readAll reads to the end. A small declared length costs one allocation; a
// large one is only believed as the bytes arrive: the buffer doubles up to it, so
// that reading wastes at most as much as was sent.
func readAll(r io.Reader, declared int64) ([]byte, error) {
	limit := int64(MaxBody + 2) // one more than is ever read, to see the end
	if declared >= 0 {
		limit = min(limit, declared+1)
	}
	buf := make([]byte, 0, min(limit, 64<<10))
	for {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if errors.Is(err, io.EOF) {
			return buf, nil
		}
		if err != nil {
			return nil, err
		}
		if len(buf) == cap(buf) {
			buf = grown(buf, limit)
		}
	}
}

// grown doubles a full buffer, and stops once at the limit.
func grown(full []byte, limit int64) []byte {
	size := 2*int64(cap(full)) + 1
	if int64(cap(full)) < limit {
		size = min(size, limit)
	}
	larger := make([]byte, len(full), size)
	copy(larger, full)
	return larger
}

func errTooLarge() error {
	return &op.Fault{
		Code: "RequestEntityTooLargeException", Message: "Request body is too large: at most 16777216 bytes are accepted.",
		Status: http.StatusRequestEntityTooLarge,
	}
}

// signed reports whether the request carries credentials in either form.
func signed(r *http.Request) bool {
	return r.Header.Get("Authorization") != "" || strings.Contains(r.URL.RawQuery, "X-Amz-Signature")
}

// scopeService reads the service from the credential scope, before anything
// is verified: it only chooses whose rules apply.
func scopeService(r *http.Request) string {
	cred := r.URL.Query().Get("X-Amz-Credential")
	if _, rest, ok := strings.Cut(r.Header.Get("Authorization"), "Credential="); ok {
		cred, _, _ = strings.Cut(rest, ",")
	}
	parts := strings.Split(strings.TrimSpace(cred), "/")
	if len(parts) < 5 {
		return ""
	}
	return parts[len(parts)-2]
}

// keyID names the signing key of a credential. An access key id never gets a
// second secret, so the id alone is its version.
func keyID(c sigv4.Credential) sigv4.KeyID {
	return sigv4.KeyID{AccessKeyID: c.AccessKeyID, Date: c.Date, Region: c.Region, Service: c.Service}
}
