package dial_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/bindery-project/bindery/internal/dial"
)

// names answers for host names from a list; each look-up takes the next answer.
type names map[string][][]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	answers := n[host]
	if len(answers) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if len(answers) > 1 {
		n[host] = answers[1:]
	}
	var out []netip.Addr
	for _, text := range answers[0] {
		out = append(out, netip.MustParseAddr(text))
	}
	return out, nil
}

func kindOf(err error) string {
	var refused *dial.RefusedError
	if errors.As(err, &refused) {
		return refused.Kind
	}
	return ""
}

func TestAddressesAreJudgedByTheirKind(t *testing.T) {
	open := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("127.0.0.0/8")}
	everything := []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}
	for _, c := range []struct{ addr, closed, opened, all string }{
		{"8.8.8.8", "", "", ""},
		{"2606:4700::1", "", "", ""},
		{"10.1.2.3", "private", "", ""},
		{"10.2.0.1", "private", "private", ""},
		{"172.31.0.1", "private", "private", ""},
		{"192.168.1.1", "private", "private", ""},
		{"100.64.0.1", "private", "private", ""},
		{"fd12::1", "private", "private", ""},
		{"127.0.0.1", "loopback", "", ""},
		{"127.9.9.9", "loopback", "", ""},
		{"::1", "loopback", "loopback", ""},
		{"::ffff:127.0.0.1", "loopback", "", ""},
		{"::ffff:10.2.0.1", "private", "private", ""},
		{"240.0.0.1", "reserved", "reserved", ""},
		{"198.18.0.1", "reserved", "reserved", ""},
		{"::7f00:1", "reserved", "reserved", ""}, // 127.0.0.1 in the old embedding
		{"169.254.169.254", "metadata", "metadata", "metadata"},
		{"::ffff:169.254.169.254", "metadata", "metadata", "metadata"},
		{"fd00:ec2::254", "metadata", "metadata", "metadata"},
		{"100.100.100.200", "metadata", "metadata", "metadata"},
		{"168.63.129.16", "metadata", "metadata", "metadata"},
		{"169.254.1.1", "link-local", "link-local", "link-local"},
		{"fe80::1", "link-local", "link-local", "link-local"},
		{"fe80::1%eth0", "link-local", "link-local", "link-local"},
		{"0.0.0.0", "unspecified", "unspecified", "unspecified"},
		{"0.1.2.3", "unspecified", "unspecified", "unspecified"},
		{"::", "unspecified", "unspecified", "unspecified"},
		{"224.0.0.1", "multicast", "multicast", "multicast"},
		{"ff02::1", "multicast", "multicast", "multicast"},
		{"255.255.255.255", "multicast", "multicast", "multicast"},
		{"64:ff9b::7f00:1", "translated", "translated", "translated"},
		{"2002:7f00:1::", "translated", "translated", "translated"},
	} {
		for _, try := range []struct {
			allow []netip.Prefix
			want  string
		}{{nil, c.closed}, {open, c.opened}, {everything, c.all}} {
			g := &dial.Guard{Allow: try.allow}
			_, err := g.Resolve(t.Context(), c.addr)
			if got := kindOf(err); got != try.want || (err != nil) != (try.want != "") {
				t.Errorf("%s with %v: refused as %q (%v), want %q", c.addr, try.allow, got, err, try.want)
			}
		}
	}
}

// TestANameWithTwoFacesIsRefused: one bad address is enough.
func TestANameWithTwoFacesIsRefused(t *testing.T) {
	g := &dial.Guard{Resolver: names{"two": {{"8.8.8.8", "127.0.0.1"}}, "empty": {{}}}}
	if _, err := g.Resolve(t.Context(), "two"); kindOf(err) != "loopback" {
		t.Errorf("got %v", err)
	}
	if _, err := g.Resolve(t.Context(), "empty"); !errors.Is(err, dial.ErrNoAddress) {
		t.Errorf("got %v", err)
	}
	var missing *net.DNSError
	if _, err := g.Resolve(t.Context(), "none"); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
}

// TestDialJudgesAgain: an address that no Resolve has let through is refused, and the
// server's own port is closed even where loopback is open.
func TestDialJudgesAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	here := netip.MustParseAddrPort(l.Addr().String())
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	dialled := func(g *dial.Guard, to netip.AddrPort) error {
		conn, err := g.Dial(t.Context(), to)
		if err == nil {
			err = conn.Close()
		}
		return err
	}
	if err := dialled(&dial.Guard{}, here); kindOf(err) != "loopback" {
		t.Errorf("loopback while closed: %v", err)
	}
	if err := dialled(&dial.Guard{Allow: loopback}, here); err != nil {
		t.Errorf("loopback while open: %v", err)
	}
	for _, own := range []string{here.String(), "0.0.0.0:" + port(here), "[::]:" + port(here)} {
		g := &dial.Guard{Allow: loopback, Own: func() []netip.AddrPort { return []netip.AddrPort{netip.MustParseAddrPort(own)} }}
		for _, to := range []string{here.String(), "127.0.0.2:" + port(here), "[::ffff:127.0.0.1]:" + port(here)} {
			if err := dialled(g, netip.MustParseAddrPort(to)); kindOf(err) != "its own" {
				t.Errorf("listening on %s, dialled %s: %v", own, to, err)
			}
		}
	}
}

// TestOwnAddressesOfTheMachineAreOwn: a server that listens everywhere is met at each address of its machine.
func TestOwnAddressesOfTheMachineAreOwn(t *testing.T) {
	g := &dial.Guard{
		Allow: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Own:   func() []netip.AddrPort { return []netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:4570")} },
		Local: func() ([]net.Addr, error) {
			return []net.Addr{&net.IPNet{IP: net.IPv4(10, 1, 2, 3), Mask: net.CIDRMask(24, 32)}}, nil
		},
	}
	if _, err := g.Dial(t.Context(), netip.MustParseAddrPort("10.1.2.3:4570")); kindOf(err) != "its own" {
		t.Errorf("got %v", err)
	}
}

func port(a netip.AddrPort) string {
	_, p, _ := net.SplitHostPort(a.String())
	return p
}

// TestRefusalsNameNoAddress: what a name resolves to is not for the caller.
func TestRefusalsNameNoAddress(t *testing.T) {
	g := &dial.Guard{Resolver: names{"db.corp": {{"10.66.77.88"}}}}
	_, err := g.Resolve(t.Context(), "db.corp")
	if want := "this server does not connect to private addresses unless its operator allows their range (--dial-allow)"; err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}
