package tenants

import "net/netip"

// ValidateNetwork checks the range of a tenant's network; field is its path in
// the error. What sizes a network may have is for the network to say.
func ValidateNetwork(field, cidr string) []FieldError {
	if p, err := netip.ParsePrefix(cidr); err == nil && p.Addr().Is4() && p == p.Masked() {
		return nil
	}
	return []FieldError{{Field: field, Value: cidr, Allowed: "an IPv4 range written by its first address, 10.64.16.0/20 for example"}}
}

// NetworksOverlap tells whether two ranges have an address in common. An empty
// range, or one that cannot be read, has none in common with any.
func NetworksOverlap(a, b string) bool {
	p, err := netip.ParsePrefix(a)
	if err != nil {
		return false
	}
	q, err := netip.ParsePrefix(b)
	return err == nil && p.Overlaps(q)
}
