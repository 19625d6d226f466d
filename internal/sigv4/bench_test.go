package sigv4

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// BenchmarkVerify is everything a server does for a JSON request of 1 KB: parse, find the signing key, hash the body, verify.
func BenchmarkVerify(b *testing.B) {
	body := []byte(strings.Repeat("x", 1024))
	for _, form := range []string{"header", "query"} {
		b.Run(form, func(b *testing.B) {
			r := httptest.NewRequest("POST", "http://localhost:8080/", nil)
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			r.Header.Set("X-Amz-Target", "AWSGlue.GetTable")
			r.Header.Set("X-Amz-User-Agent", "aws-sdk-js/3.1")
			s := NewSigner(testKeyID, testSecret, strings.Repeat("token", 80), "us-east-1", "glue", testNow)
			if form == "header" {
				mustSign(Sign(r, s, testNow, HashPayload(body)))
			} else {
				mustSign(Presign(r, s, testNow, HashPayload(body), time.Hour))
			}
			cache := NewKeyCache(1000)
			rules := glueRules()
			b.ReportAllocs()
			for b.Loop() {
				p, err := Parse(r)
				if err != nil {
					b.Fatal(err)
				}
				key := cache.Get(KeyID{p.AccessKeyID, "1", p.Date, p.Region, p.Service}, testSecret)
				if err := p.Verify(r, key, HashPayload(body), rules); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkChunks decodes and checks 1 MiB in signed chunks of 64 KiB.
func BenchmarkChunks(b *testing.B) {
	u := newUpload(b, Signed, strings.Repeat("x", 1<<20), 64<<10)
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := u.read(); err != nil {
			b.Fatal(err)
		}
	}
}
