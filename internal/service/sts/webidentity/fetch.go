package webidentity

import (
	"context"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/bindery-project/bindery/internal/dial"
)

// Bounds of what a provider may make this server do.
const (
	fetchTime = 5 * time.Second
	maxAnswer = 256 << 10 // bytes of a discovery document or key set
)

var (
	errInsecure = errors.New("webidentity: a provider is asked by https only")
	errRedirect = errors.New("webidentity: a provider must answer itself, not redirect")
	errTooLarge = errors.New("webidentity: the provider's answer is too large")
)

// NewClient makes the client that asks one provider: by https to addresses that
// the guard permits, without proxy, redirects or cookies, for bounded answers.
// The certificate must be one that the system trusts, or one under a certificate
// with one of the thumbprints. roots nil are the system's.
func NewClient(guard *dial.Guard, roots *x509.CertPool, thumbprints []string) *http.Client {
	transport := &http.Transport{
		DialContext:           guarded(guard),
		TLSClientConfig:       trust(roots, thumbprints),
		TLSHandshakeTimeout:   fetchTime,
		ResponseHeaderTimeout: fetchTime,
		DisableKeepAlives:     true,
	}
	return &http.Client{
		Transport: bounded{transport}, Timeout: fetchTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect },
	}
}

func guarded(guard *dial.Guard) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, address string) (net.Conn, error) {
		host, text, err := net.SplitHostPort(address)
		if err != nil {
			return nil, fmt.Errorf("webidentity: %w", err)
		}
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("webidentity: %w", err)
		}
		found, err := guard.Resolve(ctx, host)
		if err != nil {
			return nil, err
		}
		var failed error
		for _, addr := range found {
			conn, err := guard.Dial(ctx, netip.AddrPortFrom(addr, uint16(port)))
			if err == nil {
				return conn, nil
			}
			failed = err
		}
		return nil, failed
	}
}

// trust checks certificates in VerifyConnection instead of the standard way,
// which knows no thumbprints.
func trust(roots *x509.CertPool, thumbprints []string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection below checks chain, name and time
		VerifyConnection: func(c tls.ConnectionState) error {
			return trusted(c, roots, thumbprints)
		},
	}
}

func trusted(c tls.ConnectionState, roots *x509.CertPool, thumbprints []string) error {
	if len(c.PeerCertificates) == 0 {
		return errors.New("webidentity: no certificate")
	}
	options := x509.VerifyOptions{Roots: roots, DNSName: c.ServerName, Intermediates: x509.NewCertPool()}
	for _, cert := range c.PeerCertificates[1:] {
		options.Intermediates.AddCert(cert)
	}
	_, err := c.PeerCertificates[0].Verify(options)
	if err == nil {
		return nil
	}
	pinned := x509.NewCertPool()
	some := false
	for _, cert := range c.PeerCertificates {
		sum := sha1.Sum(cert.Raw) // SHA-1 by IAM's definition of a thumbprint
		if slices.Contains(thumbprints, hex.EncodeToString(sum[:])) {
			pinned.AddCert(cert)
			some = true
		}
	}
	if !some {
		return err
	}
	options.Roots = pinned
	_, err = c.PeerCertificates[0].Verify(options)
	return err
}

// bounded refuses what is not https and answers that do not end.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errInsecure
	}
	res, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	res.Body = &limited{ReadCloser: res.Body, left: maxAnswer}
	return res, nil
}

type limited struct {
	io.ReadCloser
	left int
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errTooLarge
	}
	n, err := l.ReadCloser.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}
