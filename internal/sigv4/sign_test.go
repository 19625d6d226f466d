package sigv4

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// testNow is the clock of the tests, the vectors' own.
var testNow = time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)

const (
	testKeyID  = "AKIDEXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

func testSigner() Signer {
	return NewSigner(testKeyID, testSecret, "", "us-east-1", "glue", testNow)
}

// glueRules are the options of a JSON service, s3Rules those of S3.
func glueRules() Options {
	return Options{Now: testNow, Skew: 5 * time.Minute, Regions: []string{"us-east-1"}, Services: []string{"glue"}, DoubleEncodePath: true}
}

func s3Rules() Options {
	return Options{
		Now: testNow, Skew: 15 * time.Minute, Regions: []string{"us-east-1"}, Services: []string{"s3"},
		AllowUnsignedPayload: true, AllowStreaming: true, DeferPayloadHash: true,
	}
}

func TestSignedRequestVerifies(t *testing.T) {
	body := `{"Name":"db"}`
	r := httptest.NewRequest("POST", "http://localhost:8080/?b=2&a=1%20x&a", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "AWSGlue.GetDatabase")
	s := testSigner()
	if _, err := Sign(r, s, testNow, HashPayload([]byte(body))); err != nil {
		t.Fatal(err)
	}
	p, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Verify(r, s.Key, HashPayload([]byte(body)), glueRules()); err != nil {
		t.Fatal(err)
	}
}

func TestPresignedRequestVerifies(t *testing.T) {
	r := httptest.NewRequest("GET", "http://localhost:8080/b/a%20key+x", nil)
	s := NewSigner(testKeyID, testSecret, "token", "us-east-1", "s3", testNow)
	if _, err := Presign(r, s, testNow, UnsignedPayload, time.Hour); err != nil {
		t.Fatal(err)
	}
	p, err := Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	if p.Token != "token" || p.Form != Query || p.Expires != time.Hour {
		t.Fatalf("parsed %+v", p)
	}
	if err := p.Verify(r, s.Key, "", s3Rules()); err != nil {
		t.Fatal(err)
	}
}
