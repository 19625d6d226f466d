package sigv4

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// FuzzParse: whatever comes in, a claim that Parse lets through covers host and every x-amz-* header, and the zero Options
// and a key that did not sign refuse it.
func FuzzParse(f *testing.F) {
	for _, v := range readVectors(f) {
		f.Add(v.request.URL.RequestURI(), v.request.Header.Get(headerAuth), v.request.Header.Get(headerDate), "X-Amz-Target", "x")
	}
	f.Fuzz(func(t *testing.T, target, authorization, date, name, value string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: "POST", URL: u, Host: "localhost", Header: http.Header{}}
		for header, v := range map[string]string{headerAuth: authorization, headerDate: date, name: value} {
			if v != "" {
				r.Header.Set(header, v)
			}
		}
		p, err := Parse(r)
		if err != nil {
			if refused := (*Error)(nil); !errors.As(err, &refused) || refused.Message == "" || p != nil {
				t.Fatalf("refused with %v, %v", p, err)
			}
			return
		}
		for header := range r.Header {
			if lower := strings.ToLower(header); strings.HasPrefix(lower, "x-amz-") && !slices.Contains(p.SignedHeaders, lower) {
				t.Fatalf("%s is not signed in %q", header, authorization)
			}
		}
		if !slices.Contains(p.SignedHeaders, "host") || !slices.IsSorted(p.SignedHeaders) {
			t.Fatalf("signed headers %q", p.SignedHeaders)
		}
		if p.Verify(r, SigningKey{}, EmptyPayload, Options{}) == nil {
			t.Fatal("zero options accept a request")
		}
		o := Options{Now: p.Time, Regions: []string{p.Region}, Services: []string{p.Service}, AllowUnsignedPayload: true, AllowStreaming: true}
		for _, key := range []SigningKey{{}, DeriveKey("", "", "", "")} {
			if p.Verify(r, key, p.ContentSHA256, o) == nil {
				t.Fatal("another key accepts a request")
			}
		}
	})
}

// FuzzQuery: the canonical query is a query with the same meaning, and its own canonical form.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"", "a=b&a=a", "a-b=1&a=2", "a+b=%20&c", "%E1%88%B4=bar", "=x&&y=", "a=b;c=d", "a=%2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		params, err := parseQuery(raw)
		if err != nil {
			return
		}
		sortParams(params)
		text := string(appendQuery(nil, params))
		again, err := parseQuery(text)
		if err != nil {
			t.Fatalf("canonical form %q: %v", text, err)
		}
		sortParams(again)
		if !slices.Equal(params, again) {
			t.Fatalf("%q became %q, read back as %v", raw, text, again)
		}
		if strings.Contains(raw, ";") {
			return // url.ParseQuery drops these
		}
		want, parseErr := url.ParseQuery(raw)
		if parseErr != nil {
			t.Fatalf("accepted %q, which handlers cannot read: %v", raw, parseErr)
		}
		count := 0
		for _, values := range want {
			count += len(values)
		}
		for _, p := range params {
			if !slices.Contains(want[p.name], p.value) {
				t.Fatalf("%q: handlers do not see %q=%q", raw, p.name, p.value)
			}
		}
		if count != len(params) {
			t.Fatalf("%q: %d parameters signed, handlers see %d", raw, len(params), count)
		}
	})
}

// FuzzPath: a canonical path is clean and stable; on S3 it is its own canonical form and decodes to the path that handlers see.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/", "//a//", "/a/../..", "/a%2Fb", "/\u1234", "/.", "/..", "/a/.", "/a b", "/%2e%2e/"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Opaque != "" {
			return
		}
		once := canonicalPath(u, false)
		if decoded, err := url.PathUnescape(once); err != nil || decoded != orSlash(u.Path) {
			t.Fatalf("%q: S3 path %q decodes to %q", target, once, decoded)
		}
		if again := reencode(once); again != once {
			t.Fatalf("%q: S3 path %q became %q", target, once, again)
		}
		if clean := normalize(wirePath(u)); normalize(clean) != clean {
			t.Fatalf("%q: %q is not stable", target, clean)
		}
		twice := canonicalPath(u, true)
		if decoded, err := url.PathUnescape(twice); err != nil || decoded != normalize(wirePath(u)) {
			t.Fatalf("%q: path %q decodes to %q", target, twice, decoded)
		}
		if strings.Contains(twice, "//") || strings.Contains(twice+"/", "/../") || strings.Contains(twice+"/", "/./") {
			t.Fatalf("%q: path %q is not clean", target, twice)
		}
	})
}

// FuzzChunks edits a good body: of a signed one nothing but a prefix of the signed data is ever delivered, and all of it only
// without an error; of an unsigned one never more than was announced.
func FuzzChunks(f *testing.F) {
	data := strings.Repeat("0123456789abcdef", 520) // a full chunk and a small one
	uploads := []upload{
		newUpload(f, Signed, data, 8192), newUpload(f, SignedTrailer, data, 8192, crc), newUpload(f, UnsignedTrailer, data, 8192, crc),
	}
	for which := range uploads {
		for _, at := range []uint16{0, 4, 20, 87, 8280, 8283, 8300, 8500} {
			f.Add(uint8(which), at, uint16(1), []byte("0"))
			f.Add(uint8(which), at, uint16(0), []byte("\r\n"))
			f.Add(uint8(which), at, uint16(65535), []byte{})
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, at, remove uint16, insert []byte) {
		u := uploads[int(which)%len(uploads)]
		start := min(int(at), len(u.body))
		end := min(start+int(remove), len(u.body))
		chunks := ChunkReader(strings.NewReader(u.body[:start]+string(insert)+u.body[end:]), u.p, u.key)
		got, err := io.ReadAll(chunks)
		if u.p.Streaming != UnsignedTrailer && !strings.HasPrefix(data, string(got)) {
			t.Fatalf("delivered %q", got)
		}
		if len(got) > len(data) || err == nil && len(got) != len(data) {
			t.Fatalf("delivered %d bytes, %v", len(got), err)
		}
		if (chunks.Trailers() != nil) != (err == nil && u.p.Streaming != Signed) {
			t.Fatalf("trailers %v after %v", chunks.Trailers(), err)
		}
	})
}
