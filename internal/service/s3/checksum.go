package s3

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/bindery-project/bindery/internal/blob"
)

// digest is what a request says about its body: an MD5, and a checksum that
// comes in a header, or behind the body in a trailer.
type digest struct {
	md5       []byte
	algorithm blob.Algorithm // "": none
	value     string         // base64; "" when it comes in the trailer
}

func checksumHeader(a blob.Algorithm) string {
	return http.CanonicalHeaderKey("x-amz-checksum-" + strings.ToLower(string(a)))
}

func checksumHeaders(h http.Header, c blob.Checksum) {
	if c.Algorithm != "" && c.Value != "" {
		h.Set(checksumHeader(c.Algorithm), c.Value)
		h.Set("X-Amz-Checksum-Type", c.Type)
	}
}

// digest reads what the request says about its body.
func (q *request) digest() (d digest, err error) {
	if text := q.header("Content-Md5"); len(q.r.Header.Values("Content-Md5")) > 0 {
		if d.md5, err = base64.StdEncoding.DecodeString(text); err != nil || len(d.md5) != md5.Size {
			return d, invalid("InvalidDigest", "The Content-MD5 you specified was invalid.")
		}
	}
	trailer := strings.ToLower(q.header("X-Amz-Trailer"))
	for _, a := range blob.Algorithms() {
		name := checksumHeader(a)
		value, behind := q.header(name), strings.EqualFold(trailer, name)
		if value == "" && !behind {
			continue
		}
		if d.algorithm != "" || (value != "" && behind) {
			return d, invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		if value != "" && !validChecksum(a, value) {
			return d, invalidRequest("Value for " + strings.ToLower(name) + " header is invalid.")
		}
		d.algorithm, d.value = a, value
	}
	if trailer != "" && d.algorithm == "" {
		return d, invalidRequest("The value specified in the x-amz-trailer header is not supported")
	}
	return d, q.checkSDKAlgorithm(d)
}

func validChecksum(a blob.Algorithm, value string) bool {
	raw, err := base64.StdEncoding.DecodeString(value)
	return err == nil && len(raw) == a.Size()
}

// checkSDKAlgorithm refuses a request that announces a checksum and has none,
// or another one.
func (q *request) checkSDKAlgorithm(d digest) error {
	announced := blob.Algorithm(strings.ToUpper(q.header("X-Amz-Sdk-Checksum-Algorithm")))
	if announced == "" || announced == d.algorithm {
		return nil
	}
	if !slices.Contains(blob.Algorithms(), announced) {
		return invalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
	}
	return invalidRequest("x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.")
}

// trailers is a body with checked trailers.
type trailers interface{ Trailers() http.Header }

// expected is the checksum that the body must have, known once it was read.
func (d *digest) expected(r *http.Request) (string, error) {
	if d.value != "" || d.algorithm == "" {
		return d.value, nil
	}
	if body, ok := r.Body.(trailers); ok {
		d.value = body.Trailers().Get(checksumHeader(d.algorithm))
	}
	if !validChecksum(d.algorithm, d.value) {
		return "", invalidRequest("Value for " + strings.ToLower(checksumHeader(d.algorithm)) + " trailing header is invalid.")
	}
	return d.value, nil
}

// check compares a staged body with what the request said about it.
func (d *digest) check(r *http.Request, g *blob.Staged) error {
	if d.md5 != nil && !bytes.Equal(d.md5, g.MD5) {
		return errBadMD5()
	}
	want, err := d.expected(r)
	if err != nil {
		return err
	}
	if want != "" && want != g.Sums[d.algorithm] {
		return errBadChecksum(d.algorithm)
	}
	return nil
}

func errBadMD5() *Error {
	return invalid("BadDigest", "The Content-MD5 you specified did not match what we received.")
}

func errBadChecksum(a blob.Algorithm) *Error {
	return invalid("BadDigest", "The "+string(a)+" you specified did not match the calculated checksum.")
}

// checkDigests is check for a document that was read whole.
func (q *request) checkDigests(body []byte) error {
	d, err := q.digest()
	if err != nil {
		return err
	}
	if sum := md5.Sum(body); d.md5 != nil && !bytes.Equal(d.md5, sum[:]) {
		return errBadMD5()
	}
	want, err := d.expected(q.r)
	if err != nil || want == "" {
		return err
	}
	h := d.algorithm.New()
	_, _ = h.Write(body)
	if base64.StdEncoding.EncodeToString(h.Sum(nil)) != want {
		return errBadChecksum(d.algorithm)
	}
	return nil
}

// hasDigest tells whether the request says anything about its body.
func (q *request) hasDigest() bool {
	d, err := q.digest()
	return err != nil || d.md5 != nil || d.algorithm != ""
}
