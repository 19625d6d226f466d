package sigv4

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestCanonicalPath(t *testing.T) {
	for _, c := range []struct{ target, s3, others string }{
		{"/", "/", "/"},
		{"/a%20b", "/a%20b", "/a%2520b"},
		{"/a+b", "/a%2Bb", "/a%2Bb"},
		{"/a%2Bb", "/a%2Bb", "/a%252Bb"},
		{"/a%2fb", "/a%2Fb", "/a%252fb"},
		{"/a%2Fb", "/a%2Fb", "/a%252Fb"},
		{"/a/./b//c/../d/", "/a/./b//c/../d/", "/a/b/d/"},
		{"/..", "/..", "/"},
		{"/a/..", "/a/..", "/"},
		{"/a/b/..", "/a/b/..", "/a"},
		{"/a/.", "/a/.", "/a"},
		{"/%2e%2e/a", "/../a", "/%252e%252e/a"},
		{"/\u1234", "/%E1%88%B4", "/%E1%88%B4"},
		{"/%E1%88%B4", "/%E1%88%B4", "/%25E1%2588%25B4"},
		{"/a=b,c:d@e!(f)*'", "/a%3Db%2Cc%3Ad%40e%21%28f%29%2A%27", "/a%3Db%2Cc%3Ad%40e%21%28f%29%2A%27"},
		{"/~-._", "/~-._", "/~-._"},
	} {
		u, err := url.ParseRequestURI(c.target)
		if err != nil {
			t.Fatal(err)
		}
		if got := canonicalPath(u, false); got != c.s3 {
			t.Errorf("%s on S3: %s, want %s", c.target, got, c.s3)
		}
		if got := canonicalPath(u, true); got != c.others {
			t.Errorf("%s elsewhere: %s, want %s", c.target, got, c.others)
		}
	}
}

// TestRawPathMustBelongToPath: a RawPath that no longer decodes to Path would let one path be signed and another be served.
func TestRawPathMustBelongToPath(t *testing.T) {
	u := &url.URL{Path: "/secret", RawPath: "/public"}
	if got := canonicalPath(u, true); got != "/secret" {
		t.Errorf("signed %s", got)
	}
	if got := canonicalPath(&url.URL{}, true); got != "/" {
		t.Errorf("empty path signed as %s", got)
	}
}

func TestCanonicalQuery(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"", ""},
		{"acl", "acl="},
		{"acl=", "acl="},
		{"b=2&a=1", "a=1&b=2"},
		{"a=2&a=1", "a=1&a=2"},
		{"a-b=1&a=2", "a=2&a-b=1"},
		{"a=b+c", "a=b%20c"},
		{"a=b%2Bc", "a=b%2Bc"},
		{"a=b%2bc", "a=b%2Bc"},
		{"a=%7E%41", "a=~A"},
		{"a=b=c", "a=b%3Dc"},
		{"=x", "=x"},
		{"&&a=1&", "a=1"},
		{"A=1&a=2", "A=1&a=2"},
		{"\u1234=1&z=2", "%E1%88%B4=1&z=2"},
		{"a=1;b=2", "a=1%3Bb%3D2"},
	} {
		params, err := parseQuery(c.raw)
		if err != nil {
			t.Fatal(err)
		}
		sortParams(params)
		if got := string(appendQuery(nil, params)); got != c.want {
			t.Errorf("%s: %s, want %s", c.raw, got, c.want)
		}
	}
}

func TestCanonicalHeaderValues(t *testing.T) {
	r := httptest.NewRequest("PUT", "http://h/", strings.NewReader("abc"))
	r.Header["X-Amz-Two"] = []string{"  a   b ", "\tc\t d"}
	r.Header["X-Amz-Empty"] = []string{"   "}
	r.TransferEncoding = []string{"chunked"}
	for name, want := range map[string]string{
		"x-amz-two": "a b,c d", "x-amz-empty": "", "host": "h", "content-length": "3", "transfer-encoding": "chunked",
	} {
		values := headerValues(r, name)
		if got := string(appendValues([]byte("x "), values)); got != "x "+want || values == nil {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if headerValues(r, "range") != nil {
		t.Error("an absent header has a value")
	}
	if got := headerValues(&http.Request{URL: &url.URL{Host: "there"}}, "host"); len(got) != 1 || got[0] != "there" {
		t.Errorf("host of a request to be sent: %q", got)
	}
	if headerValues(&http.Request{URL: &url.URL{}}, "host") != nil {
		t.Error("no host, but a value")
	}
}

// TestThroughNetHTTP signs a request, sends it over a socket and verifies what the server's net/http makes of it.
func TestThroughNetHTTP(t *testing.T) {
	s := NewSigner(testKeyID, testSecret, "token", "us-east-1", "glue", testNow)
	verdict := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = check(r, s, string(body), glueRules())
		}
		verdict <- err
	}))
	defer server.Close()
	for _, target := range []string{"/", "/a%2Fb//c%20d/?x=a+b&y=%2B", "/a/../b?", "/%E1%88%B4?%E1%88%B4=1"} {
		for _, sign := range []func(*http.Request, Signer){signNow, presignNow} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+target, strings.NewReader(tableBody))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Length", fmt.Sprint(len(tableBody)))
			r.Header.Set("X-Amz-Target", "AWSGlue.GetTable")
			sign(r, s)
			response, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := response.Body.Close(); err != nil {
				t.Fatal(err)
			}
			if err := <-verdict; err != nil {
				t.Errorf("%s: %v", target, err)
			}
		}
	}
}

func TestPayloadReader(t *testing.T) {
	good := PayloadReader(iotest.OneByteReader(strings.NewReader(tableBody)), HashPayload([]byte(tableBody)))
	if got, err := io.ReadAll(good); err != nil || string(got) != tableBody {
		t.Errorf("got %q, %v", got, err)
	}
	bad := PayloadReader(iotest.DataErrReader(strings.NewReader(tableBody)), EmptyPayload)
	for range 2 { // the refusal must stay
		if _, err := io.ReadAll(bad); !errors.Is(err, &Error{Code: BadPayloadHash}) {
			t.Errorf("got %v", err)
		}
	}
	if _, err := io.ReadAll(PayloadReader(strings.NewReader(""), EmptyPayload)); err != nil {
		t.Errorf("empty body: %v", err)
	}
}

func TestDeferredPayloadHash(t *testing.T) {
	store := NewSigner(testKeyID, testSecret, "", "us-east-1", "s3", testNow)
	r := jsonRequest()
	r.Header.Set("X-Amz-Content-Sha256", HashPayload([]byte(tableBody)))
	signNow(r, store)
	p, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	o := s3Rules()
	if err := p.Verify(r, store.Key, "", o); err != nil {
		t.Errorf("deferred: %v", err)
	}
	o.DeferPayloadHash = false
	if err := p.Verify(r, store.Key, "", o); !errors.Is(err, &Error{Code: BadPayloadHash}) {
		t.Errorf("not deferred: %v", err)
	}
}

func TestSigningKeyStaysHidden(t *testing.T) {
	key := DeriveKey(testSecret, "20150830", "us-east-1", "iam")
	nested := struct{ key SigningKey }{key}
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%s", "%d"} {
		for _, text := range []string{fmt.Sprintf(verb, key), fmt.Sprintf(verb, nested), fmt.Sprintf(verb, []any{&key})} {
			if strings.Contains(text, fmt.Sprintf("%x", key.Bytes())) || strings.Contains(text, strings.Trim(fmt.Sprintf("%d", key.Bytes()[:4]), "[]")) {
				t.Errorf("%s shows the key: %s", verb, text)
			}
		}
	}
	// The vendor's published example of the key chain.
	if got := fmt.Sprintf("%x", key.Bytes()); got != "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9" {
		t.Errorf("derived %s", got)
	}
	if (SigningKey{}).Bytes() != nil {
		t.Error("the zero key has bytes")
	}
}

func TestZeroKeyVerifiesNothing(t *testing.T) {
	r := jsonRequest()
	s := Signer{Credential: testSigner().Credential, DoubleEncodePath: true}
	signNow(r, s)
	if err := check(r, s, tableBody, glueRules()); err == nil {
		t.Error("a request signed with no key was accepted")
	}
	if sameSignature("", "") {
		t.Error("no signature is the same as no signature")
	}
}

func TestKeyCache(t *testing.T) {
	cache := NewKeyCache(2)
	id := func(key, version, date string) KeyID {
		return KeyID{AccessKeyID: key, Version: version, Date: date, Region: "us-east-1", Service: "glue"}
	}
	want := DeriveKey("s1", "20150830", "us-east-1", "glue").Bytes()
	for _, secret := range []string{"s1", "not asked for again"} {
		if got := cache.Get(id("A", "1", "20150830"), secret); !bytes.Equal(got.Bytes(), want) {
			t.Error("another key came back")
		}
	}
	if got := cache.Get(id("A", "2", "20150830"), "s2"); bytes.Equal(got.Bytes(), want) {
		t.Error("a new secret got the old key")
	}
	cache.Get(id("A", "1", "20150830"), "not asked for again") // now the most recent
	cache.Get(id("A", "1", "20150831"), "s1")
	if cache.Len() != 2 {
		t.Errorf("%d keys held", cache.Len())
	}
	if got := cache.Get(id("A", "1", "20150830"), "not asked for again"); !bytes.Equal(got.Bytes(), want) {
		t.Error("the most recent key was dropped")
	}
	if got := cache.Get(id("A", "2", "20150830"), "s3"); bytes.Equal(got.Bytes(), DeriveKey("s2", "20150830", "us-east-1", "glue").Bytes()) {
		t.Error("the oldest key was kept")
	}
	if empty := NewKeyCache(0); !bytes.Equal(empty.Get(id("A", "1", "20150830"), "s1").Bytes(), want) || empty.Len() != 1 {
		t.Error("a cache of size 0 does not work as one of size 1")
	}
}

func TestReasonNames(t *testing.T) {
	seen := map[string]bool{}
	for r := MissingToken; r <= IncompleteBody; r++ {
		if name := r.String(); name == "" || seen[name] {
			t.Errorf("reason %d is called %q", r, name)
		} else {
			seen[name] = true
		}
	}
	for _, r := range []Reason{0, -1, IncompleteBody + 1} {
		if !strings.HasPrefix(r.String(), "Reason(") {
			t.Errorf("reason %d is called %q", int(r), r)
		}
	}
}

func TestSignRefusesUnreadableQueries(t *testing.T) {
	for _, sign := range []func(*http.Request) error{
		func(r *http.Request) error { _, err := Sign(r, testSigner(), testNow, EmptyPayload); return err },
		func(r *http.Request) error {
			_, err := Presign(r, testSigner(), testNow, EmptyPayload, time.Minute)
			return err
		},
	} {
		r := jsonRequest()
		r.URL.RawQuery = "a=%zz"
		if err := sign(r); err == nil {
			t.Error("signed a query that cannot be decoded")
		}
	}
}
