package sigv4

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func clock(offset time.Duration) func(*Options) {
	return func(o *Options) { o.Now = testNow.Add(offset) }
}

func TestHeaderClock(t *testing.T) {
	for _, c := range []refusal{
		{name: "same second", want: 0},
		{name: "5 min old", options: clock(5 * time.Minute), want: 0},
		{name: "5 min and 1 s old", options: clock(5*time.Minute + time.Second), want: Expired},
		{name: "5 min ahead", options: clock(-5 * time.Minute), want: 0},
		{name: "5 min and 1 s ahead", options: clock(-5*time.Minute - time.Second), want: NotYetCurrent},
		{name: "no skew, 1 ns old", options: func(o *Options) { o.Skew, o.Now = 0, testNow.Add(1) }, want: Expired},
	} {
		c.run(t, jsonRequest(), testSigner(), glueRules(), signNow)
	}
}

func TestPresignedClock(t *testing.T) {
	for _, c := range []refusal{
		{name: "last second", options: clock(time.Hour), want: 0},
		{name: "one second late", options: clock(time.Hour + time.Second), want: PresignExpired},
		{name: "ahead within the skew", options: clock(-5 * time.Minute), want: 0},
		{name: "ahead of the skew", options: clock(-5*time.Minute - time.Second), want: NotYetCurrent},
		{name: "life stretched", tamper: replaceQuery("X-Amz-Expires=3600", "X-Amz-Expires=7200"), want: SignatureMismatch},
		{name: "life 0", tamper: replaceQuery("X-Amz-Expires=3600", "X-Amz-Expires=0"), want: InvalidExpires},
		{name: "life negative", tamper: replaceQuery("X-Amz-Expires=3600", "X-Amz-Expires=-1"), want: InvalidExpires},
		{name: "life no number", tamper: replaceQuery("X-Amz-Expires=3600", "X-Amz-Expires=1h"), want: InvalidExpires},
		{name: "life over a week", tamper: replaceQuery("X-Amz-Expires=3600", "X-Amz-Expires=604801"), want: InvalidExpires},
		{name: "life overflows", tamper: replaceQuery("X-Amz-Expires=3600", "X-Amz-Expires=9223372036854775807"), want: InvalidExpires},
	} {
		c.run(t, jsonRequest(), testSigner(), glueRules(), presignNow)
	}
}

func TestPresignedForAWeek(t *testing.T) {
	refusal{name: "a week", options: clock(MaxExpires), want: 0}.run(t, jsonRequest(), testSigner(), glueRules(),
		func(r *http.Request, s Signer) {
			mustSign(Presign(r, s, testNow, HashPayload([]byte(tableBody)), MaxExpires))
		})
}

func TestMalformedParts(t *testing.T) {
	for _, c := range []refusal{
		{name: "date with a fraction", tamper: set("X-Amz-Date", "20150830T123600.5Z"), want: IncompleteSignature},
		{name: "extended date", tamper: set("X-Amz-Date", "2015-08-30T12:36:00Z"), want: IncompleteSignature},
		{name: "day that does not exist", tamper: set("X-Amz-Date", "20150230T123600Z"), want: IncompleteSignature},
		{name: "no date at all", tamper: func(r *http.Request) { r.Header.Del("X-Amz-Date") }, want: IncompleteSignature},
		{name: "no signature", tamper: replaceAuth("Signature=", "Sig="), want: IncompleteSignature},
		{name: "signature too short", tamper: func(r *http.Request) { a := r.Header.Get(headerAuth); r.Header.Set(headerAuth, a[:len(a)-1]) }, want: IncompleteSignature},
		{name: "signature too long", tamper: func(r *http.Request) { r.Header.Set(headerAuth, r.Header.Get(headerAuth)+"00") }, want: IncompleteSignature},
		{name: "signature in capitals", tamper: func(r *http.Request) {
			name, sig, _ := strings.Cut(r.Header.Get(headerAuth), "Signature=")
			r.Header.Set(headerAuth, name+"Signature="+strings.ToUpper(sig))
		}, want: IncompleteSignature},
		{name: "list out of order", tamper: replaceAuth("content-type;host", "host;content-type"), want: IncompleteSignature},
		{name: "list in capitals", tamper: replaceAuth("host;", "Host;"), want: IncompleteSignature},
		{name: "list repeats", tamper: replaceAuth("host;", "host;host;"), want: IncompleteSignature},
		{name: "list with an empty name", tamper: replaceAuth("host;", "host;;"), want: IncompleteSignature},
		{name: "list names an absent header", tamper: replaceAuth("host;", "host;range;"), want: MissingSignedHeader},
		{name: "part without equals sign", tamper: replaceAuth(", Signature", ", junk, Signature"), want: IncompleteSignature},
		{name: "unknown part", tamper: replaceAuth(", Signature", ", Extra=1, Signature"), want: IncompleteSignature},
		{name: "invalid escape in the query", tamper: func(r *http.Request) { r.URL.RawQuery = "a=%zz" }, want: IncompleteSignature},
		{name: "opaque target", tamper: func(r *http.Request) { r.URL.Opaque = "x" }, want: IncompleteSignature},
		{name: "parts without spaces", tamper: func(r *http.Request) {
			r.Header.Set(headerAuth, strings.ReplaceAll(r.Header.Get(headerAuth), ", ", ","))
		}, want: 0},
		{name: "all parts missing", tamper: func(r *http.Request) { r.Header.Set(headerAuth, algorithm) }, want: IncompleteSignature},
	} {
		c.run(t, jsonRequest(), testSigner(), glueRules(), signNow)
	}
	for _, name := range requiredParams {
		refusal{name: "without " + name, tamper: replaceQuery(name, "x"), want: IncompleteSignature}.
			run(t, jsonRequest(), testSigner(), glueRules(), presignNow)
	}
}

// TestDateHeader signs with Date in the place of X-Amz-Date, as older clients do.
func TestDateHeader(t *testing.T) {
	for _, c := range []struct {
		value, signed string
		want          Reason
	}{
		{"Sun, 30 Aug 2015 12:36:00 GMT", "date;host", 0},
		{"20150830T123600Z", "date;host", 0},
		{"Sun, 30 Aug 2015 12:36:00 GMT", "host", UnsignedHeader},
		{"yesterday", "date;host", IncompleteSignature},
		{"Sun, 30 Aug 2015 13:36:00 GMT", "date;host", NotYetCurrent},
	} {
		r := jsonRequest()
		r.Header.Del("X-Amz-Target")
		r.Header.Set("Date", c.value)
		s := testSigner()
		signed := strings.Split(c.signed, ";")
		signature, err := s.signature(r, testNow, signed, HashPayload([]byte(tableBody)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(headerAuth, algorithm+" Credential="+s.AccessKeyID+"/"+s.scope()+", SignedHeaders="+c.signed+", Signature="+signature)
		refusal{name: c.value, want: c.want}.run(t, r, s, glueRules(), func(*http.Request, Signer) {})
	}
}

// TestMessages pins the texts that callers see; they are AWS's.
func TestMessages(t *testing.T) {
	for _, c := range []struct {
		tamper  func(*http.Request)
		options func(*Options)
		want    string
	}{
		{
			replaceAuth("AKID", "AKIE"), func(o *Options) { o.Now = testNow.Add(10 * time.Minute) },
			"Signature expired: 20150830T123600Z is now earlier than 20150830T124100Z (20150830T124600Z - 5 min.)",
		},
		{
			nil, func(o *Options) { o.Now = testNow.Add(-10 * time.Minute) },
			"Signature not yet current: 20150830T123600Z is still later than 20150830T123100Z (20150830T122600Z + 5 min.)",
		},
		{replaceAuth("/20150830/", "/20150829/"), nil, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
			"'20150829' != '20150830', from '20150830T123600Z'."},
		{replaceAuth("us-east-1", "us-west-2"), nil, "Credential should be scoped to a valid Region, not 'us-west-2'."},
		{replaceAuth("/glue", "/sts"), nil, "Credential should be scoped to correct service: 'glue'."},
		{replaceAuth("/aws4_request", "/aws4"), nil, "Credential should be scoped with a valid terminator: 'aws4_request'"},
		{set("X-Amz-Target", "x"), nil, "The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."},
		{func(r *http.Request) { r.Header.Del(headerAuth) }, nil, "Missing Authentication Token"},
		{replaceAuth(", SignedHeaders=content-type;host;x-amz-date;x-amz-target", ""), nil, "Authorization header requires 'SignedHeaders' parameter. "},
	} {
		r, o := jsonRequest(), glueRules()
		signNow(r, testSigner())
		if c.tamper != nil {
			c.tamper(r)
		}
		if c.options != nil {
			c.options(&o)
		}
		err := check(r, testSigner(), tableBody, o)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got %q, want %q", err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), strings.Split(r.Header.Get(headerAuth)+"Signature=none", "Signature=")[1]) {
			t.Errorf("message repeats the signature: %q", err)
		}
	}
}

// TestWordsOfALifetime are those that people find when they search for them.
func TestWordsOfALifetime(t *testing.T) {
	for value, want := range map[string]string{
		"-1":     "X-Amz-Expires must be non-negative",
		"1h":     "X-Amz-Expires should be a number",
		"604801": "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
	} {
		if err := new(Parsed).setExpires(value); err == nil || err.Message != want {
			t.Errorf("%s: %v", value, err)
		}
	}
	if err := new(Parsed).setExpires("604800"); err != nil {
		t.Errorf("a week: %v", err)
	}
}
