package probe_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/bindery-project/bindery/internal/clock"
	"github.com/bindery-project/bindery/internal/service/glue/connection/probe"
)

const wrong = "the user name or the password is wrong"

func TestRealDatabases(t *testing.T) {
	d := openDatabases(t)
	verified := probe.Encryption{Mode: probe.Demand, Verify: true, Roots: d.roots}
	foreign := probe.Encryption{Mode: probe.Demand, Verify: true, Roots: x509.NewCertPool()}
	otherName := probe.Encryption{Mode: probe.Demand, Verify: true, Roots: d.roots, Name: "db.example"}
	anyName := probe.Encryption{Mode: probe.Demand, Verify: true, Roots: d.roots, Name: "db.example", AnyName: true}
	for _, c := range []struct {
		server, user, password, database string
		encryption                       probe.Encryption
		want                             string
	}{
		{"postgres", "ada", "s3cret-ada", "shop", probe.Encryption{}, "DNS TCP TLS AUTHENTICATION QUERY ok"},
		{"postgres", "ada", "s3cret-ada", "shop", probe.Encryption{Mode: probe.Prefer}, "DNS TCP TLS AUTHENTICATION QUERY ok"},
		{"postgres", "ada", "s3cret-ada", "shop", verified, "DNS TCP TLS AUTHENTICATION QUERY ok"},
		{"postgres", "ada", "s3cret-ada", "shop", anyName, "DNS TCP TLS AUTHENTICATION QUERY ok"},
		{"postgres", "ada", "s3cret-ada", "shop", foreign, "DNS TCP TLS: the server's certificate is not signed by a trusted authority"},
		{"postgres", "ada", "s3cret-ada", "shop", otherName, "DNS TCP TLS: the server's certificate is for another host"},
		{"postgres", "ada", "guess", "shop", verified, "DNS TCP TLS AUTHENTICATION: " + wrong},
		{"postgres", "eve", "s3cret-ada", "shop", verified, "DNS TCP TLS AUTHENTICATION: the server does not let this user in from here, or not without TLS"},
		{"postgres", "ada", "s3cret-ada", "none", verified, "DNS TCP TLS AUTHENTICATION: the database does not exist"},
		{"postgres", "tess", "s3cret-ada", "shop", verified, "DNS TCP TLS AUTHENTICATION QUERY ok"},
		{"postgres", "tess", "s3cret-ada", "shop", probe.Encryption{}, "DNS TCP TLS AUTHENTICATION: the server does not let this user in from here, or not without TLS"},
		{"mariadb", "ada", "s3cret-ada", "shop", probe.Encryption{}, "DNS TCP TLS AUTHENTICATION QUERY ok"},
		{"mariadb", "ada", "s3cret-ada", "", probe.Encryption{Mode: probe.Prefer}, "DNS TCP TLS AUTHENTICATION QUERY ok"},
		{"mariadb", "ada", "s3cret-ada", "shop", verified, "DNS TCP TLS AUTHENTICATION QUERY ok"},
		{"mariadb", "ada", "s3cret-ada", "shop", foreign, "DNS TCP TLS: the server's certificate is not signed by a trusted authority"},
		{"mariadb", "ada", "s3cret-ada", "shop", otherName, "DNS TCP TLS: the server's certificate is for another host"},
		{"mariadb", "ada", "guess", "shop", verified, "DNS TCP TLS AUTHENTICATION: " + wrong + ", or the user must use TLS"},
		{"mariadb", "eve", "s3cret-ada", "shop", verified, "DNS TCP TLS AUTHENTICATION: " + wrong + ", or the user must use TLS"},
		{"mariadb", "ada", "s3cret-ada", "none", verified, "DNS TCP TLS AUTHENTICATION: the user may not connect to the database"},
		{"mariadb", "tess", "s3cret-ada", "", verified, "DNS TCP TLS AUTHENTICATION QUERY ok"},
		{"mariadb", "tess", "s3cret-ada", "", probe.Encryption{}, "DNS TCP TLS AUTHENTICATION: " + wrong + ", or the user must use TLS"},
	} {
		protocol := map[string]probe.Protocol{"postgres": probe.PostgreSQL, "mariadb": probe.MySQL}[c.server]
		got := outcome(newProber().Run(t.Context(), &probe.Target{
			Protocol: protocol, Endpoints: []probe.Endpoint{{Host: "127.0.0.1", Port: d.ports[c.server]}},
			User: c.user, Password: c.password, Database: c.database, TLS: c.encryption,
		}))
		if got != c.want {
			t.Errorf("%s as %s/%s, %+v:\ngot  %s\nwant %s", c.server, c.user, c.database, c.encryption, got, c.want)
		}
	}
}

func TestKafka(t *testing.T) {
	pair, roots := certificate(t, time.Now().Add(time.Hour), "127.0.0.1", "localhost")
	verified := probe.Encryption{Mode: probe.Demand, Verify: true, Roots: roots, Name: "localhost"}
	broker := func(options ...kfake.Opt) probe.Endpoint {
		c, err := kfake.NewCluster(append(options, kfake.NumBrokers(1))...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return probe.Endpoint{Host: "127.0.0.1", Port: netip.MustParseAddrPort(c.ListenAddrs()[0]).Port()}
	}
	open := broker()
	// Brokers answer a wrong password with a code; the one in memory only hangs up.
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.EnableSASL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cluster.ControlKey(int16(kmsg.SASLAuthenticate), func(request kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		response := request.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		response.ErrorCode, response.ErrorMessage = kerr.SaslAuthenticationFailed.Code, kmsg.StringPtr("s3cret-banner")
		return response, nil, true
	})
	telling := probe.Endpoint{Host: "127.0.0.1", Port: netip.MustParseAddrPort(cluster.ListenAddrs()[0]).Port()}
	secret := broker(kfake.EnableSASL(), kfake.Superuser("PLAIN", "ada", "s3cret-ada"), kfake.Superuser("SCRAM-SHA-512", "ada", "s3cret-ada"),
		kfake.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}))
	for _, c := range []struct {
		name       string
		at         probe.Endpoint
		mechanism  probe.Mechanism
		password   string
		encryption probe.Encryption
		want       string
	}{
		{"open", open, probe.NoSASL, "", probe.Encryption{}, "DNS TCP TLS AUTHENTICATION QUERY ok"},
		{"tls to a plain one", open, probe.NoSASL, "", verified, "DNS TCP timeout TLS: no answer in time"},
		{"plain", secret, probe.SASLPlain, "s3cret-ada", verified, "DNS TCP TLS AUTHENTICATION QUERY ok"},
		{"scram", secret, probe.ScramSHA512, "s3cret-ada", verified, "DNS TCP TLS AUTHENTICATION QUERY ok"},
		{"plain, wrong", secret, probe.SASLPlain, "guess", verified, "DNS TCP TLS AUTHENTICATION: the broker closed the connection on this user name and password"},
		{"scram, wrong", secret, probe.ScramSHA512, "guess", verified, "DNS TCP TLS AUTHENTICATION: the broker closed the connection on this user name and password"},
		{"a broker that says so", telling, probe.SASLPlain, "guess", probe.Encryption{}, "DNS TCP TLS AUTHENTICATION: " + wrong},
		{"no sasl where it is asked", secret, probe.NoSASL, "", verified, "DNS TCP TLS "},
		{"no tls where it is asked", secret, probe.SASLPlain, "s3cret-ada", probe.Encryption{}, "DNS TCP TLS AUTHENTICATION: "},
	} {
		got := outcome(newProber().Run(t.Context(), &probe.Target{
			Protocol: probe.Kafka, Endpoints: []probe.Endpoint{c.at}, Mechanism: c.mechanism, User: "ada", Password: c.password, TLS: c.encryption,
		}))
		exact := !strings.HasSuffix(c.want, " ")
		if exact && got != c.want || !strings.HasPrefix(got, c.want) || !exact && strings.HasSuffix(got, "ok") {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestEachStageFails holds what is said of each kind of failure, and that nothing of what the
// other end says is in it.
func TestEachStageFails(t *testing.T) {
	const banner = "SSH-2.0-OpenSSH_9.6 s3cret-banner"
	expired, roots := certificate(t, time.Unix(1e9, 0), "db.example")
	closedPort := serve(t, func(net.Conn) {})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closedPort.Port = netip.MustParseAddrPort(l.Addr().String()).Port()
	l.Close()
	hangUp := serve(t, func(c net.Conn) { c.Close() })
	for _, c := range []struct {
		name     string
		protocol probe.Protocol
		at       probe.Endpoint
		mode     probe.Mode
		want     string
	}{
		{"a name that nobody has", probe.Plain, probe.Endpoint{Host: "nobody.invalid", Port: 1}, probe.Off, "DNS: the host name"},
		{"metadata", probe.Plain, probe.Endpoint{Host: "169.254.169.254", Port: 80}, probe.Off, "DNS: this server does not connect to metadata addresses"},
		{"a private address", probe.Plain, probe.Endpoint{Host: "10.0.0.1", Port: 80}, probe.Off, "DNS: this server does not connect to private addresses unless"},
		{"a closed port", probe.Plain, closedPort, probe.Off, "DNS TCP: the connection was refused"},
		{"an open one", probe.Plain, hangUp, probe.Off, "DNS TCP ok"},
		{"postgres, hung up", probe.PostgreSQL, hangUp, probe.Demand, "DNS TCP TLS: the server closed the connection"},
		{"mysql, hung up", probe.MySQL, hangUp, probe.Off, "DNS TCP TLS: the server closed the connection"},
		{"postgres, banner", probe.PostgreSQL, serve(t, say([]byte(banner))), probe.Demand, "DNS TCP TLS: "},
		{"postgres, banner later", probe.PostgreSQL, serve(t, say([]byte(banner))), probe.Off, "DNS TCP TLS AUTHENTICATION: "},
		{"mysql, banner", probe.MySQL, serve(t, func(c net.Conn) { _, _ = c.Write([]byte(banner)) }), probe.Demand, "DNS TCP TLS: the server speaks another protocol"},
		{"kafka, banner", probe.Kafka, serve(t, say([]byte(banner))), probe.Off, "DNS TCP TLS AUTHENTICATION: "},
		{"kafka, tls to a banner", probe.Kafka, serve(t, say([]byte(banner))), probe.Demand, "DNS TCP TLS: the server does not speak TLS as expected"},
		{"postgres without TLS", probe.PostgreSQL, serve(t, say([]byte("N"))), probe.Demand, "DNS TCP TLS: the server does not offer TLS"},
		{"postgres, broken TLS", probe.PostgreSQL, serve(t, say([]byte("S"+banner))), probe.Demand, "DNS TCP TLS: the server does not speak TLS as expected"},
		{"postgres, too much", probe.PostgreSQL, serve(t, flood), probe.Off, "DNS TCP TLS AUTHENTICATION: "},
		{"mysql, too much", probe.MySQL, serve(t, flood), probe.Off, "DNS TCP TLS: "},
		{"kafka, too much", probe.Kafka, serve(t, flood), probe.Off, "DNS TCP TLS AUTHENTICATION: "},
		{"kafka, expired", probe.Kafka, serveTLS(t, expired), probe.Demand, "DNS TCP TLS: the server's certificate has expired or is not yet valid"},
	} {
		got := outcome(newProber().Run(t.Context(), &probe.Target{
			Protocol: c.protocol, Endpoints: []probe.Endpoint{c.at}, User: "ada", Password: "p",
			TLS: probe.Encryption{Mode: c.mode, Verify: true, Roots: roots, Name: "db.example"},
		}))
		if !strings.HasPrefix(got, c.want) || strings.Contains(got, "s3cret") || strings.Contains(got, "SSH") || strings.Contains(got, "timeout") {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

func flood(c net.Conn) {
	junk := bytes.Repeat([]byte("R\x00\x00\x00\x08\x00\x00\x00\x0b"), 4096)
	for {
		if _, err := c.Write(junk); err != nil {
			return
		}
	}
}

func serveTLS(t *testing.T, pair tls.Certificate) probe.Endpoint {
	return serve(t, func(c net.Conn) { _ = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{pair}}).Handshake() })
}

// TestTheNextServerIsTried: one of several brokers is enough.
func TestTheNextServerIsTried(t *testing.T) {
	good := serve(t, func(net.Conn) {})
	bad := probe.Endpoint{Host: "10.0.0.1", Port: 9092}
	if got := outcome(newProber().Run(t.Context(), &probe.Target{Protocol: probe.Plain, Endpoints: []probe.Endpoint{bad, good}})); got != "DNS TCP ok" {
		t.Error(got)
	}
	if got := outcome(newProber().Run(t.Context(), &probe.Target{Protocol: probe.Plain})); got != "DNS: there is no host to connect to" {
		t.Error(got)
	}
}

// silent is a network on which every name has an address and nobody answers.
type silent struct{ stage probe.Stage }

func (s silent) Resolve(ctx context.Context, _ string) ([]netip.Addr, error) {
	if s.stage == probe.DNS {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
}

func (s silent) Dial(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
	if s.stage == probe.TCP {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	ours, theirs := net.Pipe()
	go func() { // reads, and never says anything
		buf := make([]byte, 1024)
		for {
			if _, err := theirs.Read(buf); err != nil {
				return
			}
		}
	}()
	return ours, nil
}

// TestSilenceEndsInTime runs on a clock of its own: every stage gives up at its limit.
func TestSilenceEndsInTime(t *testing.T) {
	limits := probe.DefaultLimits()
	for _, c := range []struct {
		protocol probe.Protocol
		stage    probe.Stage
		mode     probe.Mode
		want     string
		after    time.Duration
	}{
		{probe.Plain, probe.DNS, probe.Off, "timeout DNS: no answer in time", limits.Resolve},
		{probe.Plain, probe.TCP, probe.Off, "DNS timeout TCP: no answer in time", limits.Connect},
		{probe.PostgreSQL, probe.TLS, probe.Demand, "DNS TCP timeout TLS: no answer in time", limits.Encrypt},
		{probe.PostgreSQL, probe.Authentication, probe.Off, "DNS TCP TLS timeout AUTHENTICATION: no answer in time", limits.Login},
		{probe.MySQL, probe.TLS, probe.Demand, "DNS TCP timeout TLS: no answer in time", limits.Encrypt},
		{probe.Kafka, probe.TLS, probe.Demand, "DNS TCP timeout TLS: no answer in time", limits.Encrypt},
		{probe.Kafka, probe.Authentication, probe.Off, "DNS TCP TLS timeout AUTHENTICATION: no answer in time", limits.Login},
	} {
		synctest.Test(t, func(t *testing.T) {
			began := time.Now()
			p := &probe.Prober{Dialer: silent{c.stage}, Clock: clock.System(), Limits: limits}
			got := outcome(p.Run(t.Context(), &probe.Target{
				Protocol: c.protocol, Endpoints: []probe.Endpoint{{Host: "db", Port: 1}}, User: "u", Password: "p",
				TLS: probe.Encryption{Mode: c.mode},
			}))
			if got != c.want || time.Since(began) != c.after {
				t.Errorf("%s at %s: %s after %s, want %s after %s", c.protocol, c.stage, got, time.Since(began), c.want, c.after)
			}
		})
	}
}

// TestACallerWhoLeavesEndsTheProbe: nothing goes on for nobody.
func TestACallerWhoLeavesEndsTheProbe(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	at := serve(t, func(net.Conn) { leave() })
	steps, f := newProber().Run(ctx, &probe.Target{Protocol: probe.PostgreSQL, Endpoints: []probe.Endpoint{at}})
	if f == nil || f.Stage != probe.Authentication && f.Stage != probe.TCP {
		t.Errorf("got %s", outcome(steps, f))
	}
}
