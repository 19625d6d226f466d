package connection

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/bindery-project/bindery/internal/service/glue/connection/probe"
	"github.com/bindery-project/bindery/internal/service/glue/terms"
)

// level is how much a connection asks of encryption.
type level int

// The levels, each more than the one before.
const (
	unencrypted level = iota
	preferred         // when the server offers it; nothing is verified
	required
	verifyChain // the certificate must be signed by a trusted authority
	verifyName  // and be for the host
)

// encryption is what a probe needs to know. A certificate of the owner's is what is trusted,
// whenever the connection is encrypted.
func (t *Trials) encryption(ctx context.Context, l level, properties map[string]string, certificate, skip string) (probe.Encryption, error) {
	e := probe.Encryption{Verify: l >= verifyChain, AnyName: l < verifyName}
	switch l {
	case unencrypted:
		return e, nil
	case preferred:
		e.Mode = probe.Prefer
	case required, verifyChain, verifyName:
		e.Mode = probe.Demand
	}
	path, given := properties[certificate]
	if !given {
		return e, nil
	}
	e.Verify = true
	var err error
	e.Roots, err = t.roots(ctx, certificate, path, properties[skip] == "true")
	return e, err
}

// maxCertificates bounds a file of certificates, in bytes.
const maxCertificates = 1 << 20

// roots reads the certificates of an object, as the caller.
func (t *Trials) roots(ctx context.Context, property, path string, skipRules bool) (*x509.CertPool, error) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(path, certificatePlace), "/")
	if bucket == "" || key == "" {
		return nil, terms.Invalid("Connection property %s must be an Amazon S3 path.", property)
	}
	if t.objects == nil {
		return nil, terms.Unsupported("TestConnection", "ConnectionProperties."+property)
	}
	text, err := t.objects.Read(ctx, bucket, key, maxCertificates)
	if errors.Is(err, ErrNoObject) {
		return nil, terms.Invalid("The certificate that connection property %s names does not exist or is too large.", property)
	}
	if err != nil {
		return nil, err
	}
	return parseRoots(property, text, skipRules)
}

// parseRoots reads X.509 certificates in PEM.
func parseRoots(property string, text []byte, skipRules bool) (*x509.CertPool, error) {
	roots, found := x509.NewCertPool(), 0
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			return nil, terms.Invalid("The file that connection property %s names must hold X.509 certificates in PEM.", property)
		}
		if !skipRules && !strong(c) {
			return nil, terms.Invalid("The certificate that connection property %s names must be signed with "+
				"SHA256withRSA, SHA384withRSA or SHA512withRSA, and its RSA key must have at least %d bits.", property, minKeyBits)
		}
		roots.AddCert(c)
		found++
	}
	if found == 0 {
		return nil, terms.Invalid("The file that connection property %s names must hold X.509 certificates in PEM.", property)
	}
	return roots, nil
}

const minKeyBits = 2048

// strong reports whether a certificate keeps Glue's rules (reference catalog.md 13).
func strong(c *x509.Certificate) bool {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minKeyBits {
		return false
	}
	switch c.SignatureAlgorithm { //nolint:exhaustive // these three are good, whatever else there is
	case x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA:
		return true
	}
	return false
}
