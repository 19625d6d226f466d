package sigv4

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A case begins with a request that would be accepted, changes one thing, and must be refused for the right reason.
type refusal struct {
	name    string
	sign    func(r *http.Request) // before signing
	tamper  func(r *http.Request) // after signing
	options func(o *Options)
	want    Reason
}

const tableBody = `{"DatabaseName":"hr","Name":"pay"}`

func jsonRequest() *http.Request {
	r := httptest.NewRequest("POST", "http://localhost:8080/", strings.NewReader(tableBody))
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSGlue.GetTable")
	return r
}

func (c refusal) run(t *testing.T, r *http.Request, s Signer, o Options, sign func(*http.Request, Signer)) {
	t.Helper()
	if c.sign != nil {
		c.sign(r)
	}
	sign(r, s)
	if c.tamper != nil {
		c.tamper(r)
	}
	if c.options != nil {
		c.options(&o)
	}
	err := check(r, s, tableBody, o)
	if c.want == 0 && err != nil {
		t.Errorf("%s: refused: %v", c.name, err)
	}
	if c.want != 0 && !errors.Is(err, &Error{Code: c.want}) {
		t.Errorf("%s: got %v, want %v", c.name, err, c.want)
	}
}

// check is what a server does with a buffered body.
func check(r *http.Request, s Signer, body string, o Options) error {
	p, err := Parse(r)
	if err != nil {
		return err
	}
	return p.Verify(r, s.Key, HashPayload([]byte(body)), o)
}

func set(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

func addHeader(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func replaceAuth(old, replacement string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set(headerAuth, strings.Replace(r.Header.Get(headerAuth), old, replacement, 1))
	}
}

func replaceQuery(old, replacement string) func(*http.Request) {
	return func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, old, replacement, 1) }
}

// unsignedHeaders is row 1: a header that takes effect without being signed, in five products in one season.
var unsignedHeaders = []refusal{
	{name: "copy source", tamper: set("X-Amz-Copy-Source", "/secret/key"), want: UnsignedHeader},
	{name: "acl", tamper: set("X-Amz-Acl", "public-read"), want: UnsignedHeader},
	{name: "metadata", tamper: set("X-Amz-Meta-A", "b"), want: UnsignedHeader},
	{name: "empty value", tamper: set("X-Amz-Acl", ""), want: UnsignedHeader},
	{name: "tagging", tamper: set("X-Amz-Tagging", "a=b"), want: UnsignedHeader},
	{name: "content hash", tamper: set("X-Amz-Content-Sha256", HashPayload([]byte(tableBody))), want: UnsignedHeader},
	{name: "unusual spelling", tamper: func(r *http.Request) { r.Header["x-AMZ-acl"] = []string{"x"} }, want: UnsignedHeader},
}

func TestUnsignedHeadersAreRefused(t *testing.T) {
	cases := append([]refusal{
		{name: "token", tamper: set("X-Amz-Security-Token", "stray"), want: UnsignedHeader},
		{name: "target taken out of the list", tamper: replaceAuth(";x-amz-target", ""), want: UnsignedHeader},
		{name: "date taken out of the list", tamper: replaceAuth(";x-amz-date", ""), want: UnsignedHeader},
		{name: "host taken out of the list", tamper: replaceAuth("host;", ""), want: UnsignedHeader},
		{name: "target repeated", tamper: addHeader("X-Amz-Target", "AWSGlue.DeleteTable"), want: SignatureMismatch},
		{name: "target replaced", tamper: set("X-Amz-Target", "AWSGlue.DeleteTable"), want: SignatureMismatch},
		{name: "signed header gone", tamper: func(r *http.Request) { r.Header.Del("Content-Type") }, want: MissingSignedHeader},
		{name: "other host", tamper: func(r *http.Request) { r.Host = "other" }, want: SignatureMismatch},
		{name: "header outside the rule", tamper: set("Amz-Sdk-Request", "attempt=1"), want: 0},
	}, unsignedHeaders...)
	for _, c := range cases {
		c.run(t, jsonRequest(), testSigner(), glueRules(), signNow)
	}
}

func signNow(r *http.Request, s Signer) {
	mustSign(Sign(r, s, testNow, HashPayload([]byte(tableBody))))
}

func presignNow(r *http.Request, s Signer) {
	mustSign(Presign(r, s, testNow, HashPayload([]byte(tableBody)), time.Hour))
}

// mustSign panics, since a test that cannot sign has nothing to say.
func mustSign(_ string, err error) {
	if err != nil {
		panic(err)
	}
}

func TestUnsignedHeadersAreRefusedOnPresignedRequests(t *testing.T) {
	for _, c := range unsignedHeaders {
		c.run(t, jsonRequest(), testSigner(), glueRules(), presignNow)
	}
}

// TestPayloadWords is rows 2 and 4: every value of x-amz-content-sha256, in both forms, on a JSON service and on S3.
func TestPayloadWords(t *testing.T) {
	own := HashPayload([]byte(tableBody))
	words := []struct {
		value                       string
		glueHeader, glueQuery       Reason
		storeHeader, storePresigned Reason
	}{
		{"", 0, 0, 0, SignatureMismatch}, // S3 takes a presigned body without a hash for UNSIGNED-PAYLOAD; this one signed its hash
		{own, 0, 0, 0, 0},
		{EmptyPayload, BadPayloadHash, BadPayloadHash, BadPayloadHash, BadPayloadHash},
		{strings.ToUpper(own), MalformedPayloadHash, MalformedPayloadHash, MalformedPayloadHash, MalformedPayloadHash},
		{UnsignedPayload, UnsignedPayloadRefused, UnsignedPayloadRefused, 0, 0},
		{"unsigned-payload", MalformedPayloadHash, MalformedPayloadHash, MalformedPayloadHash, MalformedPayloadHash},
		{StreamingSigned, StreamingRefused, StreamingRefused, 0, StreamingRefused},
		{StreamingSignedTrailer, StreamingRefused, StreamingRefused, 0, StreamingRefused},
		{StreamingUnsignedTrailer, StreamingRefused, StreamingRefused, 0, StreamingRefused},
		{"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", MalformedPayloadHash, MalformedPayloadHash, MalformedPayloadHash, MalformedPayloadHash},
		{"STREAMING-AWS4-HMAC-SHA256-EVENTS", MalformedPayloadHash, MalformedPayloadHash, MalformedPayloadHash, MalformedPayloadHash},
	}
	store := NewSigner(testKeyID, testSecret, "", "us-east-1", "s3", testNow)
	for _, w := range words {
		payload := w.value
		if payload == "" {
			payload = own
		}
		header := func(r *http.Request, s Signer) { mustSign(Sign(r, s, testNow, payload)) }
		query := func(r *http.Request, s Signer) { mustSign(Presign(r, s, testNow, payload, time.Hour)) }
		announce := func(r *http.Request) {
			r.Header.Set("X-Amz-Decoded-Content-Length", "34")
			if w.value != "" {
				r.Header.Set("X-Amz-Content-Sha256", w.value)
			}
		}
		refusal{name: "glue header " + w.value, sign: announce, want: w.glueHeader}.run(t, jsonRequest(), testSigner(), glueRules(), header)
		refusal{name: "glue query " + w.value, sign: announce, want: w.glueQuery}.run(t, jsonRequest(), testSigner(), glueRules(), query)
		refusal{name: "s3 header " + w.value, sign: announce, want: w.storeHeader}.run(t, jsonRequest(), store, s3Rules(), header)
		refusal{name: "s3 query " + w.value, sign: announce, want: w.storePresigned}.run(t, jsonRequest(), store, s3Rules(), query)
	}
}

func TestPayloadHashMayHideInTheQuery(t *testing.T) {
	hide := func(value string) func(*http.Request) {
		return func(r *http.Request) { r.URL.RawQuery = "X-Amz-Content-Sha256=" + value }
	}
	for _, c := range []refusal{
		{name: "unsigned", sign: hide(UnsignedPayload), want: UnsignedPayloadRefused},
		{name: "streaming", sign: hide(StreamingUnsignedTrailer), want: StreamingRefused},
		{name: "of another body", sign: hide(EmptyPayload), want: BadPayloadHash},
		{name: "of this body", sign: hide(HashPayload([]byte(tableBody))), want: 0},
		{name: "twice", sign: hide(EmptyPayload + "&x-amz-content-sha256=" + UnsignedPayload), want: MalformedPayloadHash},
	} {
		c.run(t, jsonRequest(), testSigner(), glueRules(), presignNow)
	}
}

func TestChangedBodyIsRefused(t *testing.T) {
	r := jsonRequest()
	signNow(r, testSigner())
	if err := check(r, testSigner(), tableBody+" ", glueRules()); !errors.Is(err, &Error{Code: SignatureMismatch}) {
		t.Errorf("got %v", err)
	}
	p, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Verify(r, testSigner().Key, "", glueRules()); !errors.Is(err, &Error{Code: MissingPayloadHash}) {
		t.Errorf("no hash: got %v", err)
	}
}

// TestStreamingHeaders is row 3: what an aws-chunked body must announce.
func TestStreamingHeaders(t *testing.T) {
	announce := func(word string, headers ...string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("X-Amz-Content-Sha256", word)
			for i := 0; i < len(headers); i += 2 {
				r.Header.Add(headers[i], headers[i+1])
			}
		}
	}
	length := "X-Amz-Decoded-Content-Length"
	trailer := "X-Amz-Trailer"
	store := NewSigner(testKeyID, testSecret, "", "us-east-1", "s3", testNow)
	for _, c := range []refusal{
		{name: "no length", sign: announce(StreamingSigned), want: MissingDecodedLength},
		{name: "negative length", sign: announce(StreamingSigned, length, "-1"), want: MissingDecodedLength},
		{name: "length of another base", sign: announce(StreamingSigned, length, "0x10"), want: MissingDecodedLength},
		{name: "huge length", sign: announce(StreamingSigned, length, "9223372036854775808"), want: MissingDecodedLength},
		{name: "two lengths", sign: announce(StreamingSigned, length, "1", length, "2"), want: IncompleteSignature},
		{name: "trailer without its mode", sign: announce(StreamingSigned, length, "1", trailer, "x-amz-checksum-crc32"), want: MalformedTrailer},
		{name: "trailer that is no checksum", sign: announce(StreamingSignedTrailer, length, "1", trailer, "x-amz-acl"), want: MalformedTrailer},
		{name: "trailer twice", sign: announce(StreamingSignedTrailer, length, "1", trailer, "x-amz-checksum-sha1,x-amz-checksum-sha1"), want: MalformedTrailer},
		{name: "trailer with odd bytes", sign: announce(StreamingSignedTrailer, length, "1", trailer, "x-amz-checksum-\x7f"), want: MalformedTrailer},
		{name: "hash sent twice", sign: announce(StreamingSigned, length, "1", "X-Amz-Content-Sha256", UnsignedPayload), want: IncompleteSignature},
		{name: "where the body is not taken", sign: announce(StreamingSigned, length, "1"), options: func(o *Options) { o.AllowStreaming = false }, want: StreamingRefused},
	} {
		c.run(t, jsonRequest(), store, s3Rules(), func(r *http.Request, s Signer) {
			mustSign(Sign(r, s, testNow, r.Header.Get("X-Amz-Content-Sha256")))
		})
	}
}

// TestTwoCredentials is row 5.
func TestTwoCredentials(t *testing.T) {
	query := "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x"
	appendQuery := func(more string) func(*http.Request) {
		return func(r *http.Request) { r.URL.RawQuery += "&" + more }
	}
	for _, c := range []refusal{
		{name: "authorization twice", tamper: addHeader(headerAuth, "AWS4-HMAC-SHA256 x"), want: DuplicateCredentials},
		{name: "header and query", tamper: appendQuery(query), want: DuplicateCredentials},
		{name: "header and signature in the query", tamper: appendQuery("X-Amz-Signature=x"), want: DuplicateCredentials},
		{name: "header and token in the query", tamper: appendQuery("X-Amz-Security-Token=x"), want: DuplicateCredentials},
		{name: "header and escaped name in the query", tamper: appendQuery("X-Amz-Signatur%65=x"), want: DuplicateCredentials},
		{name: "header and lower-case name in the query", tamper: appendQuery("x-amz-signature=x"), want: DuplicateCredentials},
		{name: "header and older signature in the query", tamper: appendQuery("AWSAccessKeyId=x&Signature=y"), want: DuplicateCredentials},
		{name: "credential twice in the header", tamper: replaceAuth("Credential=", "Credential=AKIDOTHER/20150830/us-east-1/glue/aws4_request, Credential="), want: IncompleteSignature},
		{name: "signature twice in the header", tamper: replaceAuth("Signature=", "Signature=, Signature="), want: IncompleteSignature},
		{name: "two dates", tamper: addHeader("X-Amz-Date", "20150830T123601Z"), want: IncompleteSignature},
		{name: "two tokens", sign: addHeader("X-Amz-Security-Token", "a"), tamper: addHeader("X-Amz-Security-Token", "b"), want: IncompleteSignature},
	} {
		c.run(t, jsonRequest(), testSigner(), glueRules(), signNow)
	}
	for _, c := range []refusal{
		{name: "query and authorization", tamper: set(headerAuth, "AWS4-HMAC-SHA256 Credential=x"), want: DuplicateCredentials},
		{name: "query and empty authorization", tamper: set(headerAuth, ""), want: DuplicateCredentials},
		{name: "query and another scheme", tamper: set(headerAuth, "Bearer x"), want: DuplicateCredentials},
		{name: "query and token header", tamper: set("X-Amz-Security-Token", "x"), want: DuplicateCredentials},
		{name: "query and date header", tamper: set("X-Amz-Date", "20150830T123600Z"), want: DuplicateCredentials},
		{name: "credential twice", tamper: appendQuery("X-Amz-Credential=x"), want: DuplicateCredentials},
		{name: "signature twice", tamper: appendQuery("X-Amz-Signature=x"), want: DuplicateCredentials},
		{name: "expires twice", tamper: appendQuery("X-Amz-Expires=604800"), want: DuplicateCredentials},
		{name: "expires twice, other case", tamper: appendQuery("X-Amz-expires=604800"), want: DuplicateCredentials},
		{name: "older key id", tamper: appendQuery("AWSAccessKeyId=x"), want: DuplicateCredentials},
	} {
		c.run(t, jsonRequest(), testSigner(), glueRules(), presignNow)
	}
}

// TestScope is row 6: a signature is good for one service, region and day.
func TestScope(t *testing.T) {
	other := func(region, service string, at time.Time) Signer {
		return NewSigner(testKeyID, testSecret, "", region, service, at)
	}
	for _, c := range []struct {
		name   string
		signer Signer
		want   Reason
	}{
		{"signed for another service", other("us-east-1", "sts", testNow), WrongService},
		{"signed for a service of like name", other("us-east-1", "Glue", testNow), WrongService},
		{"signed for another region", other("eu-west-1", "glue", testNow), WrongRegion},
		{"signed for another day", other("us-east-1", "glue", testNow.AddDate(0, 0, -1)), WrongDate},
	} {
		refusal{name: c.name, want: c.want}.run(t, jsonRequest(), c.signer, glueRules(), signNow)
		refusal{name: c.name + ", presigned", want: c.want}.run(t, jsonRequest(), c.signer, glueRules(), presignNow)
	}
	for _, c := range []refusal{
		{name: "service rewritten", tamper: replaceAuth("/glue/", "/sts/"), want: WrongService},
		{name: "service rewritten and accepted", tamper: replaceAuth("/glue/", "/sts/"), options: func(o *Options) { o.Services = []string{"sts"} }, want: SignatureMismatch},
		{name: "region rewritten and accepted", tamper: replaceAuth("/us-east-1/", "/eu-west-1/"), options: func(o *Options) { o.Regions = []string{"eu-west-1"} }, want: SignatureMismatch},
		{name: "date rewritten", tamper: replaceAuth("/20150830/", "/20150831/"), want: WrongDate},
		{name: "terminator rewritten", tamper: replaceAuth("/aws4_request", "/aws4_reque"), want: WrongTerminator},
		{name: "scope too short", tamper: replaceAuth("/glue", ""), want: IncompleteSignature},
		{name: "scope too long", tamper: replaceAuth("/glue", "/glue/glue"), want: IncompleteSignature},
		{name: "empty service", tamper: replaceAuth("/glue/", "//"), want: IncompleteSignature},
		{name: "other access key", tamper: replaceAuth("AKIDEXAMPLE", "AKIDEXAMPLF"), want: 0}, // the caller looks up its secret
		{name: "no service accepted", options: func(o *Options) { o.Services = nil }, want: WrongService},
		{name: "no region accepted", options: func(o *Options) { o.Regions = nil }, want: WrongRegion},
		{name: "path not encoded twice", sign: func(r *http.Request) { r.URL.Path = "/a b" }, options: func(o *Options) { o.DoubleEncodePath = false }, want: SignatureMismatch},
	} {
		c.run(t, jsonRequest(), testSigner(), glueRules(), signNow)
	}
}

// TestAlgorithms is row 7, as far as it concerns signatures: nothing but HMAC-SHA256 of version 4 is taken.
func TestAlgorithms(t *testing.T) {
	for _, scheme := range []string{"AWS4-ECDSA-P256-SHA256", "aws4-hmac-sha256", "AWS4-HMAC-SHA1", "AWS", "Bearer", "Basic", "none", ""} {
		refusal{name: "header " + scheme, tamper: replaceAuth(algorithm, scheme), want: UnsupportedAlgorithm}.
			run(t, jsonRequest(), testSigner(), glueRules(), signNow)
		want := UnsupportedAlgorithm
		if scheme == "" {
			want = IncompleteSignature
		}
		refusal{name: "query " + scheme, tamper: replaceQuery(algorithm, scheme), want: want}.
			run(t, jsonRequest(), testSigner(), glueRules(), presignNow)
	}
	r := httptest.NewRequest("GET", "/bucket/key?AWSAccessKeyId=x&Expires=1&Signature=y", nil)
	if _, err := Parse(r); !errors.Is(err, &Error{Code: IncompleteSignature}) {
		t.Errorf("Signature Version 2 query: got %v", err)
	}
}

func TestNoCredentials(t *testing.T) {
	r := jsonRequest()
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	if _, err := Parse(r); err != error(ErrMissing) { //nolint:errorlint // the very value is promised
		t.Errorf("got %v", err)
	}
	r.Header[headerAuth] = []string{""}
	if _, err := Parse(r); errors.Is(err, ErrMissing) || err == nil {
		t.Errorf("empty Authorization counts as a credential: got %v", err)
	}
}
