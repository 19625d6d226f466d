package connection

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

func selfSigned(t *testing.T, key any, public any, algorithm x509.SignatureAlgorithm) []byte {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Unix(4e9, 0), SignatureAlgorithm: algorithm}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// TestCertificateRules holds Glue's rule for an owner's certificates, and how it is skipped.
func TestCertificateRules(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good := selfSigned(t, large, large.Public(), x509.SHA384WithRSA)
	for _, c := range []struct {
		name string
		text []byte
		skip bool
		want string
	}{
		{"good", good, false, ""},
		{"two", append(append([]byte{}, good...), good...), false, ""},
		{"short key", selfSigned(t, small, small.Public(), x509.SHA256WithRSA), false, "at least 2048 bits"},
		{"short key, skipped", selfSigned(t, small, small.Public(), x509.SHA256WithRSA), true, ""},
		{"pss", selfSigned(t, large, large.Public(), x509.SHA256WithRSAPSS), false, "SHA256withRSA"},
		{"curve", selfSigned(t, curve, curve.Public(), x509.ECDSAWithSHA256), false, "SHA256withRSA"},
		{"curve, skipped", selfSigned(t, curve, curve.Public(), x509.ECDSAWithSHA256), true, ""},
		{"nothing", nil, true, "X.509"},
		{"no PEM", []byte("junk"), true, "X.509"},
		{"a key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}}), true, "X.509"},
	} {
		_, err := parseRoots(customCert, c.text, c.skip)
		if (err != nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
