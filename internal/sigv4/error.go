package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
)

// Reason says why a request was refused. Each protocol has its own error code for a reason; the caller maps them.
type Reason int

// The reasons for refusing a request.
const (
	MissingToken           Reason = iota + 1 // no credentials at all
	IncompleteSignature                      // a part of the credentials is missing or malformed
	DuplicateCredentials                     // more than one credential in one request
	UnsupportedAlgorithm                     // another signature algorithm or authorization scheme
	UnsignedHeader                           // host or an x-amz-* header is not covered by the signature
	MissingSignedHeader                      // a header listed as signed is not in the request
	SignatureMismatch                        // the signature is not the one expected
	Expired                                  // signed too long ago
	NotYetCurrent                            // signed too far in the future
	PresignExpired                           // the life of a presigned request is over
	InvalidExpires                           // X-Amz-Expires is no number in 1..604800
	WrongRegion                              // scope of a region not served here
	WrongService                             // scope of another service
	WrongDate                                // scope date differs from the request's date
	WrongTerminator                          // scope does not end in aws4_request
	BadPayloadHash                           // the body is not the one that was signed
	MalformedPayloadHash                     // x-amz-content-sha256 is neither a hash nor a known word
	MissingPayloadHash                       // no body hash to verify, and none was given to sign
	UnsignedPayloadRefused                   // UNSIGNED-PAYLOAD where bodies must be signed
	StreamingRefused                         // aws-chunked where it is not taken
	MissingDecodedLength                     // aws-chunked without x-amz-decoded-content-length
	MalformedTrailer                         // trailer not announced, repeated or malformed
	MalformedChunk                           // bytes that are not aws-chunked coding
	InvalidChunkSize                         // chunk too large, or a small one that is not the last
	IncompleteBody                           // body shorter or longer than announced
)

var reasonNames = [...]string{
	MissingToken: "MissingToken", IncompleteSignature: "IncompleteSignature", DuplicateCredentials: "DuplicateCredentials",
	UnsupportedAlgorithm: "UnsupportedAlgorithm", UnsignedHeader: "UnsignedHeader", MissingSignedHeader: "MissingSignedHeader",
	SignatureMismatch: "SignatureMismatch", Expired: "Expired", NotYetCurrent: "NotYetCurrent", PresignExpired: "PresignExpired",
	InvalidExpires: "InvalidExpires", WrongRegion: "WrongRegion", WrongService: "WrongService", WrongDate: "WrongDate",
	WrongTerminator: "WrongTerminator", BadPayloadHash: "BadPayloadHash", MalformedPayloadHash: "MalformedPayloadHash",
	MissingPayloadHash: "MissingPayloadHash", UnsignedPayloadRefused: "UnsignedPayloadRefused", StreamingRefused: "StreamingRefused",
	MissingDecodedLength: "MissingDecodedLength", MalformedTrailer: "MalformedTrailer", MalformedChunk: "MalformedChunk",
	InvalidChunkSize: "InvalidChunkSize", IncompleteBody: "IncompleteBody",
}

// String returns the reason's name, for logs.
func (r Reason) String() string {
	if r < MissingToken || int(r) >= len(reasonNames) {
		return fmt.Sprintf("Reason(%d)", int(r))
	}
	return reasonNames[r]
}

// Error is a refusal. Message is meant for the caller and worded as AWS words it; it never holds a secret or a full signature.
type Error struct {
	Code    Reason
	Message string
	Header  string // lower-case name of the header at fault, if one is
}

// Error returns the message for the caller.
func (e *Error) Error() string { return e.Message }

// Is reports whether target is a refusal for the same reason, so that errors.Is(err, &Error{Code: Expired}) works.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// ErrMissing is returned by Parse for a request without any credentials.
var ErrMissing = &Error{Code: MissingToken, Message: "Missing Authentication Token"}

func refuse(code Reason, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

func mismatch() *Error {
	return refuse(SignatureMismatch, "The request signature we calculated does not match the signature you provided. "+
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
}

func duplicate(what string) *Error {
	return refuse(DuplicateCredentials, "Only one auth mechanism allowed; %s", what)
}

func unsigned(header string) *Error {
	e := refuse(UnsignedHeader, "There were headers present in the request which were not signed")
	e.Header = header
	return e
}

// digest names an Authorization header in a message without repeating it: clients' logs should not collect signatures.
func digest(authorization string) string {
	sum := sha256.Sum256([]byte(authorization))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func missingParts(authorization string, parts []string) *Error {
	var b strings.Builder
	for _, part := range parts {
		fmt.Fprintf(&b, "Authorization header requires '%s' parameter. ", part)
	}
	return refuse(IncompleteSignature, "%s(Hashed with SHA-256 and encoded with Base64) Authorization=%s", b.String(), digest(authorization))
}

func missingParams(names []string) *Error {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "AWS query-string parameters must include '%s'. ", name)
	}
	return refuse(IncompleteSignature, "%sRe-examine the query-string parameters.", b.String())
}

func expired(signed, now time.Time, skew time.Duration) *Error {
	return refuse(Expired, "Signature expired: %s is now earlier than %s (%s - %d min.)",
		signed.Format(timeFormat), now.Add(-skew).Format(timeFormat), now.Format(timeFormat), int(skew.Minutes()))
}

func notYetCurrent(signed, now time.Time, skew time.Duration) *Error {
	return refuse(NotYetCurrent, "Signature not yet current: %s is still later than %s (%s + %d min.)",
		signed.Format(timeFormat), now.Add(skew).Format(timeFormat), now.Format(timeFormat), int(skew.Minutes()))
}
