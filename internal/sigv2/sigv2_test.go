package sigv2_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/sigv2"
)

const (
	secret  = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
	key     = "AKIAIOSFODNN7EXAMPLE"
	example = "/awsexamplebucket1/photos/puppy.jpg?AWSAccessKeyId=" + key + "&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620"
)

var inTime = time.Unix(1175139620-60, 0)

func verify(r *http.Request, now time.Time) error {
	c, err := sigv2.Parse(r)
	if err != nil {
		return err
	}
	return c.Verify(secret, now)
}

func reason(err error) sigv2.Reason {
	var e *sigv2.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

// botocore's own, made by `generate_presigned_url` of botocore 1.44 with this
// key: a GET of a key with a space and a response header, and one with a token.
var published = []string{
	"/bucket/a%20b/k.txt?response-content-type=text%2Fplain&AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=FQnMHRUmhCJVkoAbz3Jks7f0x%2B4%3D&Expires=1900000000",
	"/bucket/k?versionId=abc&AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=uIHgH7H%2F17hMYVtkg7TQaPqLU2E%3D&x-amz-security-token=token%2Fwith%2Bodd%3Dchars&Expires=1900000000",
}

func TestPublishedURLs(t *testing.T) {
	for _, target := range published {
		r := httptest.NewRequest(http.MethodGet, target, nil)
		if !sigv2.Present(r) {
			t.Errorf("%s is not seen", target)
		}
		if err := verify(r, time.Unix(1900000000-60, 0)); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
}

func TestChangesAreRefused(t *testing.T) {
	for name, change := range map[string]func(r *http.Request){
		"method":       func(r *http.Request) { r.Method = http.MethodPut },
		"path":         func(r *http.Request) { r.URL.Path, r.URL.RawPath = "/b/other", "" },
		"amz header":   func(r *http.Request) { r.Header.Set("X-Amz-Copy-Source", "/b/secret") },
		"body hash":    func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD") },
		"content type": func(r *http.Request) { r.Header.Set("Content-Type", "text/html") },
		"expires": func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Expires=1900000000", "Expires=1900000001", 1)
		},
		"subresource":   func(r *http.Request) { r.URL.RawQuery += "&acl" },
		"version":       func(r *http.Request) { r.URL.RawQuery += "&versionId=1" },
		"uncovered":     func(r *http.Request) { r.URL.RawQuery += "&prefix=x" },
		"repeated":      func(r *http.Request) { r.URL.RawQuery += "&Expires=1900000000" },
		"authorization": func(r *http.Request) { r.Header.Set("Authorization", "AWS x:y") },
		"access key": func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "Signature=", "Signature=A", 1)
		},
	} {
		r := httptest.NewRequest(http.MethodGet, published[0], nil)
		change(r)
		if err := verify(r, time.Unix(1900000000-60, 0)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestLife(t *testing.T) {
	for name, c := range map[string]struct {
		now  int64
		want sigv2.Reason
	}{
		"in time":  {1900000000 - 1, 0},
		"over":     {1900000000, sigv2.Expired},
		"too long": {1900000000 - 8*24*3600, sigv2.Malformed},
	} {
		err := verify(httptest.NewRequest(http.MethodGet, published[0], nil), time.Unix(c.now, 0))
		if reason(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStripLeavesTheRequest(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, published[0], nil)
	sigv2.Strip(r.URL)
	if got := r.URL.Query(); len(got) != 1 || got.Get("response-content-type") != "text/plain" {
		t.Errorf("left: %v", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("/b/k", example)
	f.Fuzz(func(t *testing.T, path, query string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		if err := verify(r, inTime); err == nil {
			t.Errorf("a made-up URL was accepted: %q %q", path, query)
		}
	})
}
