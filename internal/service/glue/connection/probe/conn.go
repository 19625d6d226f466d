package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// errTooMuch says that the other end sent more than a probe reads.
var errTooMuch = errors.New("probe: too much was sent")

// boundedConn reads so many bytes and no more.
type boundedConn struct {
	net.Conn
	left int64
}

// Read implements net.Conn.
func (c *boundedConn) Read(b []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooMuch
	}
	if int64(len(b)) > c.left {
		b = b[:c.left]
	}
	n, err := c.Conn.Read(b)
	c.left -= int64(n)
	return n, err
}

// interrupt has reads and writes of a connection fail once the context ends. The function
// that it returns undoes that for the next stage.
func interrupt(ctx context.Context, conn net.Conn) func() {
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}

// config is what a TLS handshake with a host asks for.
func (e *Encryption) config(host string) *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host, RootCAs: e.Roots}
	if e.Name != "" {
		c.ServerName = e.Name
	}
	switch {
	case !e.Verify:
		c.InsecureSkipVerify = true // the connection's own choice: drivers verify nothing unless JDBC_ENFORCE_SSL says so
	case e.AnyName:
		c.InsecureSkipVerify = true // VerifyConnection does all but the name
		c.VerifyConnection = func(s tls.ConnectionState) error { return chain(s, e.Roots) }
	}
	return c
}

// chain verifies who signed a certificate, whatever its name.
func chain(s tls.ConnectionState, roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between})
	return err
}

// handshake encrypts a connection.
func handshake(ctx context.Context, conn net.Conn, config *tls.Config) (net.Conn, error) {
	c := tls.Client(conn, config)
	return c, c.HandshakeContext(ctx)
}

// Reasons that need no more than the stage.
var (
	errPlainServer = &Failure{Stage: TLS, Reason: "the server does not offer TLS"}
	errAnswer      = errors.New("probe: not an answer of the protocol")
)

// isTimeout reports whether an error comes from a deadline, ours or the operating system's.
func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}

// reason words an error in our own words: nothing of what the other end sent is in it.
func reason(stage Stage, err error) string {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return "the host name is not known"
	case stage == DNS:
		return "the host name could not be resolved"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "the host cannot be reached"
	case errors.Is(err, errTooMuch):
		return "the server sent too much"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the server closed the connection"
	case errors.Is(err, errAnswer):
		return "the server speaks another protocol"
	case stage == TLS:
		return tlsReason(err)
	}
	return "the server's answer was not understood"
}

// tlsReason words what is wrong with a handshake or a certificate.
func tlsReason(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var alert tls.AlertError
	switch {
	case errors.As(err, &unknown):
		return "the server's certificate is not signed by a trusted authority"
	case errors.As(err, &name):
		return "the server's certificate is for another host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the server's certificate has expired or is not yet valid"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid"
	case errors.As(err, &alert):
		return "the server refused the TLS handshake"
	}
	return "the server does not speak TLS as expected"
}
