package probe_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/dial"
	"github.com/bindery-project/bindery/internal/service/glue/connection/probe"
)

// databasesVariable names the folder that tools/databases-test.sh made.
const databasesVariable = "BINDERY_TEST_DATABASES"

// databases is where the test databases are; without them the test is skipped, and says so.
type databases struct {
	roots *x509.CertPool
	ports map[string]uint16
}

func openDatabases(t *testing.T) *databases {
	t.Helper()
	dir := os.Getenv(databasesVariable)
	if dir == "" {
		t.Skipf("skipped: %s is not set, so no real database was tested (tools/databases-test.sh start gives some)", databasesVariable)
	}
	d := &databases{roots: x509.NewCertPool(), ports: map[string]uint16{}}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil || !d.roots.AppendCertsFromPEM(ca) {
		t.Fatalf("authority: %v", err)
	}
	for _, name := range []string{"postgres", "mariadb"} {
		text, err := os.ReadFile(filepath.Join(dir, "port."+name))
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 16)
		if err != nil {
			t.Fatal(err)
		}
		d.ports[name] = uint16(n)
	}
	return d
}

// newProber reaches loopback, with limits that a test waits for.
func newProber() *probe.Prober {
	limits := probe.DefaultLimits()
	limits.Resolve, limits.Connect, limits.Encrypt, limits.Login, limits.Query = 2*time.Second, 2*time.Second, 2*time.Second, 5*time.Second, 2*time.Second
	return &probe.Prober{
		Dialer: &dial.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, Clock: clock.System(), Limits: limits,
	}
}

// certificate makes one for the names, signed by itself.
func certificate(t *testing.T, notAfter time.Time, names ...string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Unix(0, 0), NotAfter: notAfter,
		DNSNames: names, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

// serve answers each connection with a function, until the test ends.
func serve(t *testing.T, answer func(net.Conn)) probe.Endpoint {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { close(done); l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				answer(conn)
				<-done
				conn.Close()
			}()
		}
	}()
	return probe.Endpoint{Host: "127.0.0.1", Port: netip.MustParseAddrPort(l.Addr().String()).Port()}
}

// say writes bytes after having read some.
func say(text []byte) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = c.Read(make([]byte, 8))
		_, _ = c.Write(text)
	}
}

// outcome words a probe's result: the stages, then how it ended.
func outcome(steps []probe.Step, f *probe.Failure) string {
	var b bytes.Buffer
	for _, s := range steps {
		b.WriteString(string(s.Stage) + " ")
	}
	if f == nil {
		return b.String() + "ok"
	}
	if f.Timeout {
		b.WriteString("timeout ")
	}
	return b.String() + f.Error()
}
