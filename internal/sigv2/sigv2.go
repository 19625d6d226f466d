// Package sigv2 verifies presigned URLs of Signature Version 2, the form that
// AWS's CLI and SDK for Python still make by default for S3 in us-east-1.
//
// Nothing else of Version 2 is taken: no Authorization header, no other
// service. Version 2 leaves most of the query outside the signature, so a
// request is refused when it carries a parameter that is not covered. The
// package is pure.
//
// Rules: the vendor's "Signing and authenticating REST requests (Signature
// Version 2)", section "Query string request authentication alternative".
package sigv2

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Reason says why a presigned URL was refused.
type Reason int

// The reasons for refusing.
const (
	Malformed Reason = iota + 1 // a part is missing, repeated or no number
	Uncovered                   // a parameter that the signature does not cover
	Expired
	Mismatch
)

// Error is a refusal, worded as AWS words it.
type Error struct {
	Code    Reason
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Message }

// Claim is what a presigned URL says. Nothing in it is true before Verify says so.
type Claim struct {
	AccessKeyID string
	Token       string // session token, "" for long-lived keys
	Expires     time.Time
	signature   []byte
	text        string // the string that was signed
}

// MaxLife bounds how far in the future a URL may expire, as Version 4 does: a
// URL that lives longer was not meant to be given away.
const MaxLife = 7 * 24 * time.Hour

// Present reports whether a request claims to be such a URL.
func Present(r *http.Request) bool {
	q := r.URL.Query()
	return q.Has("AWSAccessKeyId") && q.Has("Signature") && q.Has("Expires")
}

// own are the parameters of the signature itself.
var own = []string{"AWSAccessKeyId", "Signature", "Expires"}

// covered are the parameters that the signature covers as subresources.
var covered = []string{
	"acl", "cors", "delete", "lifecycle", "location", "logging", "notification", "partNumber", "policy", "requestPayment",
	"response-cache-control", "response-content-disposition", "response-content-encoding", "response-content-language",
	"response-content-type", "response-expires", "tagging", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
}

// Parse reads the claim of a presigned URL. The error is an *Error.
func Parse(r *http.Request) (*Claim, error) {
	if r.Header.Get("Authorization") != "" {
		return nil, &Error{Malformed, "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified"}
	}
	if r.Header.Get("X-Amz-Content-Sha256") != "" {
		return nil, &Error{Uncovered, "A body hash is part of Signature Version 4. Please use AWS4-HMAC-SHA256."}
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &Error{Malformed, "The query string is malformed."}
	}
	if err := check(q); err != nil {
		return nil, err
	}
	c := &Claim{AccessKeyID: q.Get("AWSAccessKeyId"), Token: q.Get("x-amz-security-token")}
	seconds, err := strconv.ParseInt(q.Get("Expires"), 10, 64)
	if err != nil || seconds <= 0 {
		return nil, &Error{Malformed, "Invalid date (should be seconds since epoch): " + q.Get("Expires")}
	}
	c.Expires = time.Unix(seconds, 0)
	if c.signature, err = base64.StdEncoding.DecodeString(q.Get("Signature")); err != nil {
		return nil, mismatch()
	}
	c.text = stringToSign(r, q)
	return c, nil
}

// check refuses what the signature does not cover, and what is there twice.
func check(q url.Values) error {
	for name, values := range q {
		known := slices.Contains(own, name) || slices.Contains(covered, name) ||
			name == "content-md5" || name == "content-type" || name == "x-amz-security-token"
		if !known {
			return &Error{Uncovered, "The query parameter " + name + " is not covered by Signature Version 2. Please use AWS4-HMAC-SHA256."}
		}
		if len(values) != 1 {
			return &Error{Malformed, "The query parameter " + name + " was given more than once."}
		}
		if strings.ContainsAny(values[0], "&\n") { // signed decoded: "a=1&b=2" would be one parameter or two
			return &Error{Uncovered, "The value of the query parameter " + name + " is ambiguous in Signature Version 2. Please use AWS4-HMAC-SHA256."}
		}
	}
	return nil
}

// stringToSign puts together what the client has signed.
func stringToSign(r *http.Request, q url.Values) string {
	var b strings.Builder
	b.WriteString(r.Method + "\n" + headerOr(r, q, "content-md5") + "\n" + headerOr(r, q, "content-type") + "\n" + q.Get("Expires") + "\n")
	b.WriteString(amzHeaders(r, q))
	b.WriteString(r.URL.EscapedPath())
	b.WriteString(subresources(q))
	return b.String()
}

// headerOr is a header's value, or that of the parameter which a presigner
// puts in its place. The header wins: it is what takes effect.
func headerOr(r *http.Request, q url.Values, name string) string {
	if v := r.Header.Get(name); v != "" {
		return v
	}
	return q.Get(name)
}

// amzHeaders lists every x-amz- header, so that one which was added later
// breaks the signature.
func amzHeaders(r *http.Request, q url.Values) string {
	var lines []string
	for name, values := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") {
			lines = append(lines, lower+":"+strings.Join(values, ",")+"\n")
		}
	}
	if token := q.Get("x-amz-security-token"); token != "" {
		lines = append(lines, "x-amz-security-token:"+token+"\n")
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// subresources is the covered part of the query, sorted, with decoded values.
func subresources(q url.Values) string {
	var parts []string
	for _, name := range covered {
		if values, ok := q[name]; ok {
			part := name
			if values[0] != "" {
				part += "=" + values[0]
			}
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "?" + strings.Join(parts, "&")
}

// Verify reports whether the holder of the secret made the URL, and whether it
// still lives. The comparison takes the same time whatever the signature.
func (c *Claim) Verify(secret string, now time.Time) error {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(c.text))
	if !hmac.Equal(mac.Sum(nil), c.signature) {
		return mismatch()
	}
	if !now.Before(c.Expires) {
		return &Error{Expired, "Request has expired"}
	}
	if c.Expires.Sub(now) > MaxLife {
		return &Error{Malformed, "Expires must be less than a week (in seconds) that is 604800"}
	}
	return nil
}

func mismatch() error {
	return &Error{Mismatch, "The request signature we calculated does not match the signature you provided. Check your key and signing method."}
}

// Strip removes the signature's own parameters from a verified request's
// query, so that what is left is the request.
func Strip(u *url.URL) {
	q := u.Query()
	for _, name := range append([]string{"content-md5", "content-type", "x-amz-security-token"}, own...) {
		q.Del(name)
	}
	u.RawQuery = q.Encode()
}
