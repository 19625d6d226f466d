// Package dial opens connections to places that callers of the API name. A server that
// connects wherever it is told can be made to talk to what only it can reach (reference
// hardening.md, attack class 21), so a [Guard] stands in between:
//
//   - a name is resolved once, every address that it has is judged, and exactly one of those
//     addresses is dialled: a name that changes its mind in between changes nothing;
//   - public addresses are open; private ones and loopback are closed until the operator opens
//     their range; what describes the machine to itself (link-local, metadata services) and the
//     server's own port stay closed whatever is opened;
//   - nothing is asked of a proxy, and nothing follows a redirect: what is dialled is TCP.
//
// Refusals name the kind of address, never the address.
package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
)

// Guard resolves and dials. It is safe for concurrent use.
type Guard struct {
	Allow    []netip.Prefix             // ranges that are open beside the public ones
	Own      func() []netip.AddrPort    // where this server listens; nil: nowhere
	Resolver Resolver                   // nil: the system's
	Local    func() ([]net.Addr, error) // addresses of this machine; nil: the system's
}

// Resolver finds the addresses of a name. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// RefusedError says that an address may not be dialled.
type RefusedError struct {
	Kind string // of the address: "private"
	// Open says that the operator can open it.
	Open bool
}

// Error implements error.
func (e *RefusedError) Error() string {
	text := "this server does not connect to " + e.Kind + " addresses"
	if e.Open {
		text += " unless its operator allows their range (--dial-allow)"
	}
	return text
}

// ErrNoAddress says that a name has no address.
var ErrNoAddress = errors.New("dial: the name has no address")

// mostAddresses bounds how many addresses of a name are judged and returned.
const mostAddresses = 16

// Resolve finds the addresses of a host, a name or an address in text. The error is a
// *RefusedError when one of them may not be dialled: a name with two faces is not trusted.
func (g *Guard) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	found, err := g.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, ErrNoAddress
	}
	found = found[:min(len(found), mostAddresses)]
	for i := range found {
		if found[i].Zone() != "" {
			return nil, &RefusedError{Kind: "link-local"}
		}
		found[i] = found[i].Unmap()
		if err := g.judge(found[i]); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (g *Guard) lookup(ctx context.Context, host string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{addr}, nil
	}
	var resolver Resolver = net.DefaultResolver
	if g.Resolver != nil {
		resolver = g.Resolver
	}
	found, err := resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, fmt.Errorf("look up a name: %w", err)
	}
	return found, nil
}

// Dial connects to an address by TCP. It judges again, down to the address that the socket is
// about to use: who skips Resolve gains nothing.
func (g *Guard) Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		final, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("dial: %w", err)
		}
		return g.permit(final)
	}}
	if err := g.permit(to); err != nil {
		return nil, err
	}
	return d.DialContext(ctx, "tcp", netip.AddrPortFrom(to.Addr().Unmap(), to.Port()).String())
}

// permit judges an address with its port: the server's own is closed.
func (g *Guard) permit(to netip.AddrPort) error {
	addr := to.Addr().Unmap()
	if err := g.judge(addr); err != nil {
		return err
	}
	own, err := g.isOwn(addr, to.Port())
	if err != nil {
		return err
	}
	if own {
		return &RefusedError{Kind: "its own"}
	}
	return nil
}

func (g *Guard) judge(addr netip.Addr) error {
	if kind := closed(addr); kind != "" {
		return &RefusedError{Kind: kind}
	}
	kind := guarded(addr)
	if kind == "" {
		return nil
	}
	for _, p := range g.Allow {
		if p.Contains(addr) {
			return nil
		}
	}
	return &RefusedError{Kind: kind, Open: true}
}

// isOwn reports whether this server listens there: on that address, or on all addresses of
// this machine.
func (g *Guard) isOwn(addr netip.Addr, port uint16) (bool, error) {
	if g.Own == nil {
		return false, nil
	}
	for _, own := range g.Own() {
		if own.Port() != port {
			continue
		}
		if own.Addr().Unmap() == addr || addr.IsLoopback() && own.Addr().IsLoopback() {
			return true, nil
		}
		if own.Addr().IsUnspecified() {
			here, err := g.isHere(addr)
			if here || err != nil {
				return here, err
			}
		}
	}
	return false, nil
}

// isHere reports whether an address is one of this machine.
func (g *Guard) isHere(addr netip.Addr) (bool, error) {
	if addr.IsLoopback() {
		return true, nil
	}
	local := net.InterfaceAddrs
	if g.Local != nil {
		local = g.Local
	}
	all, err := local()
	if err != nil {
		return false, fmt.Errorf("addresses of this machine: %w", err)
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap() == addr {
			return true, nil
		}
	}
	return false, nil
}
