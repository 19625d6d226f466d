package gateway

import (
	"net"
	"net/http"
	"net/netip"

	"github.com/bindery-project/bindery/internal/op"
)

// newCall starts the record of a request: what is known before anyone is
// identified.
func (g *Gateway) newCall(r *http.Request) *op.Call {
	return &op.Call{
		RequestID: g.NewID(),
		Region:    g.Region,
		Now:       g.Clock.Now(),
		SourceIP:  sourceIP(r),
		TLS:       r.TLS != nil,
		UserAgent: r.UserAgent(),
		Referer:   r.Referer(),
	}
}

// sourceIP is the peer's address. Forwarding headers are not believed.
func sourceIP(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap()
}
