package sigv4

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"time"
)

// Options are the rules of the place where a request arrived. The zero value accepts nothing.
type Options struct {
	Now  time.Time
	Skew time.Duration // how far the request's clock may be off: 5 min for JSON and query services, 15 min for S3

	Regions  []string // accepted in the scope; the first one is ours
	Services []string // accepted in the scope; the first one is named in the refusal

	// DoubleEncodePath is true everywhere but on S3.
	DoubleEncodePath bool
	// AllowUnsignedPayload lets UNSIGNED-PAYLOAD pass, and lets presigned requests leave the body open; S3 only.
	AllowUnsignedPayload bool
	// AllowStreaming lets aws-chunked bodies pass; S3 only.
	AllowStreaming bool
	// DeferPayloadHash lets a body hash that the request declares stand for a body not read yet; S3 only. The body must then
	// be read through PayloadReader.
	DeferPayloadHash bool
}

// Verify reports whether r, the request that p was parsed from, was signed with key and may be acted on under o. bodySHA256 is
// the lower-case hex SHA-256 of the whole body; it may be empty only where o lets the body be open, streaming or deferred.
//
// Everything is an *Error; nil means the claim is true. The comparison takes the same time whatever the signature.
func (p *Parsed) Verify(r *http.Request, key SigningKey, bodySHA256 string, o Options) error {
	if err := p.Check(o); err != nil {
		return err
	}
	payload, err := p.payload(bodySHA256, o)
	if err != nil {
		return err
	}
	c := canonical{request: r, query: p.query, signed: p.SignedHeaders, payload: payload, double: o.DoubleEncodePath}
	want := c.signature(key, p.amzDate(), p.scope())
	if !sameSignature(want, p.Signature) {
		return mismatch()
	}
	return nil
}

// sameSignature compares in a time that does not depend on where the two differ. What the zero key signed is never the same.
func sameSignature(want, got string) bool {
	return want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(got)) == 1
}

// Check holds scope, clock and body coding against o; it needs no key. Verify includes it. Call it before deriving a key, so
// that strangers cannot fill the key cache with scopes that would be refused anyway.
func (p *Parsed) Check(o Options) error {
	if err := p.checkScope(o); err != nil {
		return err
	}
	if err := p.checkTime(o); err != nil {
		return err
	}
	return p.checkCoding(o)
}

func (p *Parsed) checkScope(o Options) error {
	if !slices.Contains(o.Services, p.Service) {
		return refuse(WrongService, "Credential should be scoped to correct service: '%s'.", first(o.Services))
	}
	if !slices.Contains(o.Regions, p.Region) {
		return refuse(WrongRegion, "Credential should be scoped to a valid Region, not '%s'.", shown(p.Region))
	}
	if day := p.Time.Format(dateFormat); p.Date != day {
		return refuse(WrongDate, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "+
			"'%s' != '%s', from '%s'.", shown(p.Date), day, p.amzDate())
	}
	return nil
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

// checkTime compares clocks. A presigned request counts from its date to date+Expires; both forms may run ahead by the skew.
func (p *Parsed) checkTime(o Options) error {
	now := o.Now.UTC()
	if p.Time.After(now.Add(o.Skew)) {
		return notYetCurrent(p.Time, now, o.Skew)
	}
	if p.Form == Query {
		if now.After(p.Time.Add(p.Expires)) {
			return refuse(PresignExpired, "Request has expired")
		}
		return nil
	}
	if p.Time.Before(now.Add(-o.Skew)) {
		return expired(p.Time, now, o.Skew)
	}
	return nil
}

// checkCoding refuses bodies that are not covered by the signature where they must be.
func (p *Parsed) checkCoding(o Options) error {
	if p.Streaming != None && !o.AllowStreaming {
		return refuse(StreamingRefused, "The value of x-amz-content-sha256 is not supported: %s", p.ContentSHA256)
	}
	if p.ContentSHA256 == UnsignedPayload && !o.AllowUnsignedPayload {
		return refuse(UnsignedPayloadRefused, "The value of x-amz-content-sha256 is not supported: %s", p.ContentSHA256)
	}
	return nil
}

// payload returns the last line of the canonical request, after holding the declared hash against the body's.
func (p *Parsed) payload(bodySHA256 string, o Options) (string, error) {
	declared := p.ContentSHA256
	switch {
	case p.Streaming != None || declared == UnsignedPayload:
		return declared, nil // Check has allowed it
	case declared == "" && p.Form == Query && o.AllowUnsignedPayload:
		return UnsignedPayload, nil
	case declared == "" && bodySHA256 != "":
		return bodySHA256, nil
	case declared == "":
		return "", refuse(MissingPayloadHash, "Missing required header for this request: x-amz-content-sha256")
	case bodySHA256 == "" && o.DeferPayloadHash:
		return declared, nil
	case bodySHA256 != declared:
		return "", badPayloadHash()
	}
	return declared, nil
}
