package network

import (
	"math/bits"
	"net/netip"
	"regexp"
	"slices"

	"github.com/tenantform/tenantform/components/internal/check"
)

const (
	maxName      = 40
	widest       = 16 // "VPC CIDR blocks" in the VPC User Guide: /16 to /28
	narrowest    = 24 // so that four subnets of it are at least /26
	fewestZones  = 2
	mostZones    = 4
	defaultZones = 2
)

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
}

// layout is how a VPC's range is divided.
type layout struct {
	subnets []netip.Prefix
}

// Validate checks the arguments as New does, for a component that is made of a
// network and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	_, err := a.validate(name)
	return err
}

func (a *Args) validate(name string) (layout, error) {
	c := check.New("network", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("Name", a.Name, maxName, namePattern)
	zones := a.Zones
	if zones == 0 {
		zones = defaultZones
	}
	c.Between("Zones", zones, fewestZones, mostZones, "availability zones")
	block, err := netip.ParsePrefix(a.CIDRBlock)
	private := slices.ContainsFunc(privateRanges, func(r netip.Prefix) bool {
		return err == nil && r.Contains(block.Addr()) && block.Bits() >= r.Bits()
	})
	if err != nil || !private || block != block.Masked() || block.Bits() < widest || block.Bits() > narrowest {
		c.Fault("CIDRBlock", a.CIDRBlock, "an IPv4 range of /16 to /24 in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, written by its first address")
	}
	for _, e := range a.Endpoints {
		c.OneOf("Endpoints", e, S3, DynamoDB)
	}
	if a.LogRetentionDays != 0 {
		c.Retention("LogRetentionDays", a.LogRetentionDays)
	}
	if err := c.Err(); err != nil {
		return layout{}, err
	}
	return divide(block, zones), nil
}

// divide cuts a range into equal parts, as many as the next power of two, and
// gives the first n. Adding a zone up to that power leaves the others in place.
func divide(block netip.Prefix, n int) layout {
	more := bits.Len(uint(n - 1))
	length := block.Bits() + more
	base := block.Addr().As4()
	first := uint32(base[0])<<24 | uint32(base[1])<<16 | uint32(base[2])<<8 | uint32(base[3])
	var l layout
	for i := range n {
		at := first + uint32(i)<<(32-length)
		addr := netip.AddrFrom4([4]byte{byte(at >> 24), byte(at >> 16), byte(at >> 8), byte(at)})
		l.subnets = append(l.subnets, netip.PrefixFrom(addr, length))
	}
	return l
}
