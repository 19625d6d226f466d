package dial

import "net/netip"

// kind is a name for some ranges of addresses.
type kind struct {
	name   string
	ranges []netip.Prefix
}

func ranges(text ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(text))
	for i, t := range text {
		out[i] = netip.MustParsePrefix(t)
	}
	return out
}

// The kinds of addresses that nobody can open. Metadata services give out the machine's own
// credentials; most are link-local, these few are not. Addresses that carry another address
// inside (translation, tunnels) would be judged by their outside only.
var closedKinds = []kind{
	{"metadata", ranges("169.254.169.254/32", "fd00:ec2::254/128", "fd20:ce::254/128", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32")},
	{"unspecified", ranges("0.0.0.0/8", "::/128")},
	{"link-local", ranges("169.254.0.0/16", "fe80::/10")},
	{"multicast", ranges("224.0.0.0/4", "ff00::/8", "255.255.255.255/32")},
	{"translated", ranges("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::ffff:0:0:0/96")},
}

// The kinds that are closed until the operator opens them (RFC 6890 and its registries).
var guardedKinds = []kind{
	{"loopback", ranges("127.0.0.0/8", "::1/128")},
	{"private", ranges("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7", "fec0::/10")},
	{"reserved", ranges("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
		"240.0.0.0/4", "::/96", "100::/64", "2001:db8::/32", "3fff::/20", "5f00::/16")},
}

// closed is the kind of an address that is never dialled, empty for all others.
func closed(addr netip.Addr) string {
	if !addr.IsValid() || addr.Zone() != "" {
		return "invalid"
	}
	return kindOf(closedKinds, addr)
}

// guarded is the kind of an address that must have been opened, empty for public ones.
func guarded(addr netip.Addr) string { return kindOf(guardedKinds, addr) }

func kindOf(kinds []kind, addr netip.Addr) string {
	for _, k := range kinds {
		for _, p := range k.ranges {
			if p.Contains(addr) {
				return k.name
			}
		}
	}
	return ""
}
