// Package sigv4 decides whether a request was signed by the holder of a secret key, by the rules of AWS Signature Version 4.
//
// A server uses it in three steps:
//
//	p, err := sigv4.Parse(r)          // what the request claims; ErrMissing if it claims nothing
//	key := cache.Get(..., secret)     // the caller's secret, turned into a key for day, region and service
//	err = p.Verify(r, key, hash, o)   // nil only if claim, clock, scope, body and signature all hold
//
// A body in aws-chunked coding is read through [ChunkReader], which checks each chunk before handing it out. [Sign] and [Presign]
// make the same signatures, for tests and for requests to a private back end.
//
// What it promises: nothing that can take effect escapes the signature. An x-amz-* header outside SignedHeaders, a second
// credential in the same request, a scope for another service, region or day, a body that is not the signed one, and every form
// that is not understood are refused. The package knows no service, keeps no state besides [KeyCache], and reads no clock.
//
// Rules: the vendor's "Signature Version 4 signing process"; vectors in test/vectors/sigv4.
package sigv4

import "time"

// Names and fixed values that travel in requests.
const (
	algorithm  = "AWS4-HMAC-SHA256"
	terminator = "aws4_request"

	// timeFormat is ISO 8601 basic form in UTC, to the second: 20150830T123600Z.
	timeFormat = "20060102T150405Z"
	// dateFormat is the day of a credential scope: 20150830.
	dateFormat = "20060102"

	// UnsignedPayload stands in for the body's hash where the body is not covered by the signature.
	UnsignedPayload = "UNSIGNED-PAYLOAD"
	// EmptyPayload is the hex SHA-256 of a body of no bytes.
	EmptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

	// MaxExpires is the longest life of a presigned request.
	MaxExpires = 604800 * time.Second
)

// Values of x-amz-content-sha256 that announce an aws-chunked body.
const (
	StreamingSigned          = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	StreamingSignedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	StreamingUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// Form says where a request carries its signature.
type Form int

// The two places of a signature.
const (
	Header Form = iota // Authorization header
	Query              // X-Amz-* query parameters: a presigned URL
)

// Mode says how the body is coded, as x-amz-content-sha256 announces it.
type Mode int

// The codings of a body.
const (
	None            Mode = iota // the bytes as they are
	Signed                      // aws-chunked, each chunk signed
	SignedTrailer               // aws-chunked, each chunk and the trailer signed
	UnsignedTrailer             // aws-chunked, neither chunks nor trailer signed
)

// Credential is what a request says about its signer. Nothing in it is true before Verify says so.
type Credential struct {
	AccessKeyID string
	Date        string // yyyymmdd of the scope
	Region      string
	Service     string
	Token       string // session token; empty for permanent keys
}

// scope is the part of a credential that a signature is bound to: yyyymmdd/region/service/aws4_request.
func (c Credential) scope() string {
	return c.Date + "/" + c.Region + "/" + c.Service + "/" + terminator
}

// Parsed is a well-formed claim: every part is there, once, and every header that must be signed is listed as signed.
type Parsed struct {
	Credential
	Form          Form
	SignedHeaders []string      // lower case, ascending, without repeats
	Signature     string        // 64 lower-case hex digits
	Time          time.Time     // when the request says it was signed
	Expires       time.Duration // life of a presigned request; 0 in the header form
	ContentSHA256 string        // x-amz-content-sha256 as given; empty if absent
	Streaming     Mode
	DecodedLength int64    // bytes of the body after decoding aws-chunked; 0 if Streaming is None
	TrailerNames  []string // lower-case names that x-amz-trailer announces

	query []param // canonical query parameters, the signature left out
}

// Amz-date of the claim as it enters the string to sign.
func (p *Parsed) amzDate() string { return p.Time.Format(timeFormat) }
