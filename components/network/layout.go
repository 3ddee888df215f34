package network

import (
	"fmt"
	"math/bits"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantform/tenantform/components/internal/check"
)

const (
	maxName      = 40
	widest       = 16 // "VPC CIDR blocks" in the VPC User Guide: /16 to /28
	narrowest    = 24 // so that four subnets of it are at least /26
	smallest     = 28 // of a subnet; "Subnet CIDR blocks" in the VPC User Guide
	fewestZones  = 2
	mostZones    = 4
	defaultZones = 2
)

var (
	namePattern    = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
)

var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
}

// layout is how a VPC's range is divided.
type layout struct {
	private []netip.Prefix // one a zone
	public  []netip.Prefix // one a NAT gateway
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
	zones := a.zones()
	c.Between("Zones", zones, fewestZones, mostZones, "availability zones")
	a.checkZones(c)
	block, err := netip.ParsePrefix(a.CIDRBlock)
	if err != nil || !private(block) || block != block.Masked() || block.Bits() < widest || block.Bits() > narrowest {
		c.Fault("CIDRBlock", a.CIDRBlock, "an IPv4 range of /16 to /24 in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, written by its first address")
	}
	a.checkApart(c, block)
	for _, e := range a.Endpoints {
		c.OneOf("Endpoints", e, S3, DynamoDB)
	}
	a.checkInterfaces(c)
	for _, account := range a.Accounts {
		if !accountPattern.MatchString(account) || account == a.Location.AccountID {
			c.Fault("Accounts", account, "ids of other accounts, 12 digits each")
		}
	}
	if a.LogRetentionDays != 0 {
		c.Retention("LogRetentionDays", a.LogRetentionDays)
	}
	if err := c.Err(); err != nil {
		return layout{}, err
	}
	plan := divide(block, zones, a.natGateways(zones))
	for _, p := range plan.public {
		if p.Bits() > smallest {
			c.Fault("CIDRBlock", a.CIDRBlock, "an IPv4 range of /16 to /23 with PublicEgress and 4 Zones: a subnet is at least a /28")
			break
		}
	}
	return plan, c.Err()
}

func (a *Args) zones() int {
	if a.Zones == 0 {
		return defaultZones
	}
	return a.Zones
}

func (a *Args) zoneNames() []string {
	if a.ZoneNames == nil {
		return a.Location.Zones(a.zones())
	}
	return a.ZoneNames
}

// checkZones refuses zones of another region, zones twice, and too few of them.
func (a *Args) checkZones(c *check.Args) {
	for i, zone := range a.ZoneNames {
		letter, ok := strings.CutPrefix(zone, a.Location.Region)
		if !ok || len(letter) != 1 || letter[0] < 'a' || letter[0] > 'z' || slices.Contains(a.ZoneNames[:i], zone) {
			c.Fault("ZoneNames", zone, "availability zones of "+a.Location.Region+", each once, such as "+a.Location.Region+"a")
		}
	}
	if have := len(a.zoneNames()); have < a.zones() && a.zones() <= mostZones {
		c.Fault("Zones", strconv.Itoa(a.zones()), fmt.Sprintf("at most %d, the zones of %s that are known or named; see ZoneNames", have, a.Location.Region))
	}
}

// checkApart refuses a range that overlaps with one that it is to be apart from.
func (a *Args) checkApart(c *check.Args, block netip.Prefix) {
	for i, text := range a.Apart {
		other, err := netip.ParsePrefix(text)
		if err != nil || !other.Addr().Is4() {
			c.Fault(fmt.Sprintf("Apart[%d]", i), text, "an IPv4 range such as 10.64.0.0/20")
			continue
		}
		if block.IsValid() && block.Overlaps(other) {
			c.Fault("CIDRBlock", a.CIDRBlock, "a range that does not overlap with "+text+", one of Apart")
		}
	}
}

func (a *Args) checkInterfaces(c *check.Args) {
	for i, service := range a.InterfaceEndpoints {
		c.OneOf("InterfaceEndpoints", service, InterfaceServices()...)
		if slices.Contains(a.InterfaceEndpoints[:i], service) {
			c.Fault("InterfaceEndpoints", service, "each service once")
		}
	}
	if len(a.InterfaceEndpoints) == 0 {
		return
	}
	if a.Location.Partition() == "aws-cn" {
		c.Fault("InterfaceEndpoints", strings.Join(a.InterfaceEndpoints, ", "), "none in "+a.Location.Region+", where endpoint services have other names")
	}
	if strings.HasPrefix(a.Name, "sg-") {
		c.Fault("Name", a.Name, "a name that does not begin with sg- when there are InterfaceEndpoints: EC2 takes it for no security group")
	}
}

// divide cuts a range into equal parts and gives the private subnets the first
// of them: as many parts as the next power of two, so that adding a zone up to
// that power leaves the others in place. The public subnets, where there are
// any, share the first part that is left, and there is always one: with two
// zones, and with four, the range is then cut into twice as many.
func divide(block netip.Prefix, zones, public int) layout {
	parts := zones
	if public > 0 {
		parts++
	}
	length := block.Bits() + bits.Len(uint(parts-1))
	l := layout{private: cut(block, length, zones)}
	if public > 0 {
		last := cut(block, length, parts)[zones]
		l.public = cut(last, length+bits.Len(uint(zones-1)), public)
	}
	return l
}

// cut gives the first n subnets of a range with a prefix of some length.
func cut(block netip.Prefix, length, n int) []netip.Prefix {
	first := spanOf(block).first
	all := make([]netip.Prefix, n)
	for i := range all {
		all[i] = prefixAt(first+uint64(i)<<(32-length), length)
	}
	return all
}
