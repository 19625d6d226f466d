package sigv4

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The published suite has this many cases; a glob that finds fewer would test less than it claims.
const (
	vectorCases          = 38
	vectorForms          = 2
	vectorsRefusedByRule = 2 // a token added after signing, header and query form: see SOURCE.md
)

type vector struct {
	name, form  string
	request     *http.Request
	body        string
	canonical   string
	toSign      string
	signature   string
	secret      string
	normalize   bool
	tokenOpen   bool // the token is in the request but not covered by the signature
	requestTime time.Time
}

func TestPublishedVectors(t *testing.T) {
	vectors := readVectors(t)
	if len(vectors) != vectorCases*vectorForms {
		t.Fatalf("found %d vectors, want %d", len(vectors), vectorCases*vectorForms)
	}
	accepted, refused := 0, 0
	for _, v := range vectors {
		t.Run(v.name+"/"+v.form, func(t *testing.T) {
			v.checkSteps(t)
			err := v.verify()
			if !v.tokenOpen {
				accepted++
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			refused++
			want := map[string]Reason{"header": UnsignedHeader, "query": SignatureMismatch}[v.form]
			if !errors.Is(err, &Error{Code: want}) {
				t.Errorf("token outside the signature: got %v, want %v", err, want)
			}
		})
	}
	if refused != vectorsRefusedByRule || accepted != len(vectors)-vectorsRefusedByRule {
		t.Errorf("%d accepted, %d refused by rule; want %d refused", accepted, refused, vectorsRefusedByRule)
	}
	t.Logf("%d vectors: every step equal; %d accepted, %d refused by rule", len(vectors), accepted, refused)
}

// checkSteps compares canonical request, string to sign and signature, which show where a difference begins.
func (v vector) checkSteps(t *testing.T) {
	t.Helper()
	p := v.claim(t)
	c := canonical{request: v.request, query: p.query, signed: p.SignedHeaders, payload: HashPayload([]byte(v.body)), double: v.normalize}
	text := string(c.appendTo(nil))
	if text != v.canonical {
		t.Fatalf("canonical request\n got %q\nwant %q", text, v.canonical)
	}
	toSign := string(stringToSign(algorithm, p.amzDate(), p.scope(), HashPayload([]byte(text))))
	if toSign != v.toSign {
		t.Fatalf("string to sign\n got %q\nwant %q", toSign, v.toSign)
	}
	key := DeriveKey(v.secret, p.Date, p.Region, p.Service)
	if got := c.signature(key, p.amzDate(), p.scope()); got != v.signature || got != p.Signature {
		t.Errorf("signature %s, want %s, request carries %s", got, v.signature, p.Signature)
	}
}

// claim reads the credentials; where the suite leaves the token open, the token is taken out first.
func (v vector) claim(t *testing.T) *Parsed {
	t.Helper()
	r := v.request.Clone(t.Context())
	if v.tokenOpen {
		r.Header.Del(headerToken)
	}
	p, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if v.tokenOpen {
		p.query = slices.DeleteFunc(p.query, func(q param) bool { return q.name == paramToken })
	}
	return p
}

func (v vector) verify() error {
	p, err := Parse(v.request)
	if err != nil {
		return err
	}
	key := DeriveKey(v.secret, p.Date, p.Region, p.Service)
	return p.Verify(v.request, key, HashPayload([]byte(v.body)), Options{
		Now: v.requestTime, Skew: time.Minute, Regions: []string{"us-east-1"}, Services: []string{"service"}, DoubleEncodePath: v.normalize,
	})
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	files, err := filepath.Glob("../../test/vectors/sigv4/*/context.json")
	if err != nil {
		t.Fatal(err)
	}
	var out []vector
	for _, file := range files {
		for _, form := range []string{"header", "query"} {
			out = append(out, readVector(t, filepath.Dir(file), form))
		}
	}
	return out
}

func readVector(t testing.TB, dir, form string) vector {
	t.Helper()
	var context struct {
		Credentials struct {
			Secret string `json:"secret_access_key"`
			Token  string `json:"token"`
		} `json:"credentials"`
		Normalize bool      `json:"normalize"`
		OmitToken bool      `json:"omit_session_token"`
		Timestamp time.Time `json:"timestamp"`
	}
	if err := json.Unmarshal([]byte(readText(t, dir, "context.json")), &context); err != nil {
		t.Fatal(err)
	}
	v := vector{
		name: filepath.Base(dir), form: form, secret: context.Credentials.Secret, normalize: context.Normalize,
		tokenOpen: context.OmitToken && context.Credentials.Token != "", requestTime: context.Timestamp,
		canonical: readText(t, dir, form+"-canonical-request.txt"),
		toSign:    readText(t, dir, form+"-string-to-sign.txt"),
		signature: readText(t, dir, form+"-signature.txt"),
	}
	v.request, v.body = readRequest(t, readText(t, dir, form+"-signed-request.txt"))
	return v
}

func readText(t testing.TB, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// readRequest reads a request as it would stand on the wire. The request line is split here, since some hold a bare space.
func readRequest(t testing.TB, text string) (*http.Request, string) {
	t.Helper()
	line, rest, _ := strings.Cut(text, "\n")
	verb, target, _ := strings.Cut(line, " ")
	target = strings.TrimSuffix(target, " HTTP/1.1")
	head, body, _ := strings.Cut(rest, "\n\n")
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(verb + " / HTTP/1.1\n" + head + "\n\n" + body)))
	if err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	path, query, _ := strings.Cut(target, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil {
		t.Fatal(err)
	}
	r.URL = &url.URL{Path: decoded, RawPath: path, RawQuery: query}
	got, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, string(got)
}
