package sigv4

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
)

var mutationSeed = flag.Uint64("mutation-seed", 20150830, "seed of TestMutatedRequestsAreRefused")

// mutations is how many changed requests must be judged; changes that give no HTTP request at all do not count.
const mutations = 100_000

// sample is a signed request in the pieces that an attacker can change one by one.
type sample struct {
	method, target, host string
	header               http.Header
	body                 []byte
	signer               Signer
	options              Options
}

// TestMutatedRequestsAreRefused changes one value of a good request at a time, by a byte or a few, and wants a refusal. Some
// changes leave the meaning as it was (a dot segment, an escape written otherwise, a space more): those may pass, but only if
// the standard library's own decoders read the same request, which is judged without this package's canonicalizer.
func TestMutatedRequestsAreRefused(t *testing.T) {
	t.Logf("seed %d", *mutationSeed)
	random := rand.New(rand.NewPCG(*mutationSeed, 1))
	samples := mutationSamples(t)
	refused, same, notHTTP := map[string]int{}, map[string]int{}, 0
	for total := 0; total < mutations; {
		original := samples[random.IntN(len(samples))]
		kind := mutators[random.IntN(len(mutators))]
		changed := original.clone()
		if !kind.change(&changed, random) || reflect.DeepEqual(changed, original) {
			continue
		}
		r, ok := changed.request()
		if !ok {
			notHTTP++
			continue
		}
		total++
		switch err := original.serve(r, changed.body); {
		case err != nil:
			refused[kind.name]++
		case changed.meansTheSame(original):
			same[kind.name]++
		default:
			t.Fatalf("%s accepted:\n got %+v\nfrom %+v", kind.name, changed, original)
		}
	}
	report(t, refused, same, notHTTP)
}

// serve is a server that knows one access key. Its id is not under a header's signature: looking up its secret binds it.
func (s *sample) serve(r *http.Request, body []byte) error {
	p, err := Parse(r)
	if err != nil {
		return err
	}
	if p.AccessKeyID != s.signer.AccessKeyID {
		return errors.New("unknown access key")
	}
	return p.Verify(r, s.signer.Key, HashPayload(body), s.options)
}

func report(t *testing.T, refused, same map[string]int, notHTTP int) {
	t.Helper()
	for _, kind := range mutators {
		t.Logf("%-14s %6d refused, %5d of the same meaning accepted", kind.name, refused[kind.name], same[kind.name])
		if refused[kind.name] == 0 {
			t.Errorf("%s: nothing was refused, so nothing was tested", kind.name)
		}
	}
	t.Logf("%d more were no HTTP requests", notHTTP)
}

// mutators change one part; they return false if the sample lacks it.
var mutators = []struct {
	name   string
	change func(s *sample, random *rand.Rand) bool
}{
	{"method", func(s *sample, random *rand.Rand) bool { return mutate(&s.method, random) }},
	{"path", func(s *sample, random *rand.Rand) bool {
		p, query, has := strings.Cut(s.target, "?")
		changed := mutate(&p, random)
		s.target = p
		if has {
			s.target += "?" + query
		}
		return changed
	}},
	{"query", func(s *sample, random *rand.Rand) bool {
		p, query, has := strings.Cut(s.target, "?")
		changed := has && mutate(&query, random)
		s.target = p + "?" + query
		return changed
	}},
	{"host", func(s *sample, random *rand.Rand) bool { return mutate(&s.host, random) }},
	{"signed header", func(s *sample, random *rand.Rand) bool {
		names := s.headerNames()
		if len(names) == 0 {
			return false
		}
		name := names[random.IntN(len(names))]
		return mutate(&s.header[name][0], random)
	}},
	{"header added", func(s *sample, random *rand.Rand) bool {
		name := "X-Amz-" + string(rune('A'+random.IntN(26))) + "x"
		s.header.Add(name, "value")
		return true
	}},
	{"header removed", func(s *sample, random *rand.Rand) bool {
		names := s.headerNames()
		if len(names) == 0 {
			return false
		}
		s.header.Del(names[random.IntN(len(names))])
		return true
	}},
	{"body", func(s *sample, random *rand.Rand) bool {
		body := string(s.body)
		changed := len(body) > 0 && mutate(&body, random)
		s.body = []byte(body)
		return changed
	}},
	{"scope", authMutator("Credential=")},
	{"signed list", authMutator("SignedHeaders=")},
	{"signature", authMutator("Signature=")},
	{"authorization", func(s *sample, random *rand.Rand) bool {
		values := s.header[headerAuth]
		return len(values) > 0 && mutate(&values[0], random)
	}},
}

// authMutator changes one part of the credentials, in the header or, under its longer name, in the query.
func authMutator(part string) func(*sample, *rand.Rand) bool {
	return func(s *sample, random *rand.Rand) bool {
		where, end := &s.target, "&"
		if values := s.header[headerAuth]; len(values) > 0 {
			where, end = &values[0], ","
		}
		before, rest, ok := strings.Cut(*where, part)
		if !ok {
			return false
		}
		value, after, more := strings.Cut(rest, end)
		changed := mutate(&value, random)
		*where = before + part + value
		if more {
			*where += end + after
		}
		return changed
	}
}

// mutate flips, replaces, inserts, removes or doubles bytes of a value.
func mutate(value *string, random *rand.Rand) bool {
	b := []byte(*value)
	i := random.IntN(len(b) + 1)
	const likely = "/.%+&=; ,aA0~-_*:2F"
	switch kind := random.IntN(6); {
	case kind == 0 && i < len(b):
		b[i] ^= 1 << random.IntN(8)
	case kind == 1 && i < len(b):
		b[i] = likely[random.IntN(len(likely))]
	case kind == 2 && i < len(b):
		b = slices.Delete(b, i, i+1)
	case kind == 3:
		b = slices.Insert(b, i, likely[random.IntN(len(likely))])
	case kind == 4:
		b = slices.Insert(b, i, b[random.IntN(i+1):i]...)
	case kind == 5 && i+1 < len(b):
		b[i], b[i+1] = b[i+1], b[i]
	}
	changed := string(b) != *value
	*value = string(b)
	return changed
}

func (s *sample) clone() sample {
	out := *s
	out.header = s.header.Clone()
	out.body = bytes.Clone(s.body)
	return out
}

// headerNames lists the headers but Authorization, in a fixed order: map order would break repeatability.
func (s *sample) headerNames() []string {
	var names []string
	for name := range s.header {
		if name != headerAuth {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// request builds what a server would be given; false if no server would get that far.
func (s *sample) request() (*http.Request, bool) {
	u, err := url.ParseRequestURI(s.target)
	hasSpace := func(text string) bool {
		return strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == 0x7f })
	}
	if err != nil || u.Host != "" || s.method == "" || s.host == "" || hasSpace(s.method+s.target+s.host) {
		return nil, false
	}
	r := &http.Request{Method: s.method, URL: u, Host: s.host, Header: s.header, RequestURI: s.target, ContentLength: int64(len(s.body))}
	return r, true
}

// meansTheSame compares two requests as handlers see them, by other code than the one under test.
func (s *sample) meansTheSame(o sample) bool {
	a, okA := s.request()
	b, okB := o.request()
	return okA && okB && a.Method == b.Method && a.Host == b.Host && bytes.Equal(s.body, o.body) &&
		samePath(a.URL, b.URL, o.signer.DoubleEncodePath) && sameQuery(a.URL, b.URL) && sameHeaders(s.header, o.header)
}

func samePath(a, b *url.URL, clean bool) bool {
	if !clean {
		return a.Path == b.Path
	}
	slash := func(p string) string {
		if c := path.Clean("/" + p); c == "/" || !strings.HasSuffix(p, "/") && !strings.HasSuffix(p, "/.") && !strings.HasSuffix(p, "/..") {
			return c
		}
		return path.Clean("/"+p) + "/"
	}
	return slash(a.Path) == slash(b.Path)
}

// sameQuery compares names and values as sets: the order of repeated values is not signed.
func sameQuery(a, b *url.URL) bool {
	x, errX := url.ParseQuery(a.RawQuery)
	y, errY := url.ParseQuery(b.RawQuery)
	for _, values := range x {
		slices.Sort(values)
	}
	for _, values := range y {
		slices.Sort(values)
	}
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}

// sameHeaders compares values by their words, and Authorization by its parts.
func sameHeaders(a, b http.Header) bool {
	if len(a) != len(b) {
		return false
	}
	for name := range b {
		split := strings.Fields
		if name == headerAuth {
			split = func(v string) []string {
				parts := strings.FieldsFunc(v, func(c rune) bool { return c == ',' || c == ' ' || c == '\t' || c == '\n' || c == '\r' })
				slices.Sort(parts)
				return parts
			}
		}
		if !slices.Equal(split(strings.Join(a[name], ",")), split(strings.Join(b[name], ","))) {
			return false
		}
	}
	return true
}

func mutationSamples(t *testing.T) []sample {
	t.Helper()
	store := func(token string) Signer { return NewSigner(testKeyID, testSecret, token, "us-east-1", "s3", testNow) }
	rest := func(token string) Signer {
		return NewSigner(testKeyID, testSecret, token, "us-east-1", "glue", testNow)
	}
	return []sample{
		newSample(t, "POST", "/", tableBody, rest(""), glueRules(), signNow, "X-Amz-Target", "AWSGlue.GetTable", "Content-Type", "application/x-amz-json-1.1"),
		newSample(t, "POST", "/", tableBody, rest("a+token/=="), glueRules(), signNow, "X-Amz-Target", "AWSGlue.GetTable", "X-Amz-Content-Sha256", HashPayload([]byte(tableBody))),
		newSample(t, "GET", "/iceberg/v1/na%20me/tables/a%2Fb/?page=1&size=a%20b&page=0&empty", tableBody, rest(""), glueRules(), signNow),
		newSample(t, "GET", "/iceberg/v1/x/../y?a=b&c=%2B", tableBody, rest("token"), glueRules(), presignNow, "X-Amz-Meta-Two-Words", "one two"),
		newSample(t, "PUT", "/bucket/a%20key/%2e%2e//x+y?partNumber=1&uploadId=abc", tableBody, store(""), s3Rules(), signNow,
			"X-Amz-Content-Sha256", HashPayload([]byte(tableBody)), "X-Amz-Copy-Source", "/b/k%20y", "X-Amz-Acl", "private"),
		newSample(t, "GET", "/bucket/%E1%88%B4?versionId=1&response-content-type=text%2Fplain", tableBody, store("tok"), s3Rules(), presignNow,
			"X-Amz-Content-Sha256", HashPayload([]byte(tableBody))),
	}
}

func newSample(t *testing.T, method, target, body string, s Signer, o Options, sign func(*http.Request, Signer), headers ...string) sample {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "localhost:8080"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	sign(r, s)
	out := sample{
		method: method, target: r.URL.RequestURI(), host: r.Host, header: r.Header, body: []byte(body),
		signer: s, options: o,
	}
	got, ok := out.request()
	if !ok {
		t.Fatalf("sample %q is no request", target)
	}
	if err := check(got, s, body, o); err != nil {
		t.Fatalf("sample %q: %v", target, err)
	}
	return out
}

// TestMutationTestCanFail turns the oracle around: a request that means something else must not be called the same.
func TestMutationTestCanFail(t *testing.T) {
	samples := mutationSamples(t)
	for i, s := range samples {
		for _, kind := range []func(*sample){
			func(s *sample) { s.method += "X" },
			func(s *sample) { s.host += "X" },
			func(s *sample) { s.target = strings.Replace(s.target, "/", "/x", 1) },
			func(s *sample) { s.body = append(s.body, 'x') },
			func(s *sample) { s.header.Set("X-Amz-New", "x") },
		} {
			changed := s.clone()
			kind(&changed)
			if changed.meansTheSame(s) {
				t.Errorf("sample %d: a change was not seen", i)
			}
		}
	}
}
