package stacks

import (
	"cmp"
	"slices"

	"github.com/tenantform/tenantform/components/network"
	"github.com/tenantform/tenantform/tenants"
)

// The ranges of networks. Nothing is connected with anything today; the ranges
// do not overlap so that it can be, with a shared service for example.
const (
	// DefaultSiloCIDR is the range of a silo for which none is recorded. No other
	// silo gets it.
	DefaultSiloCIDR = "10.64.0.0/20"
	// DefaultSupernet is where silos get their ranges: 1,024 of them.
	DefaultSupernet = "10.64.0.0/10"
	// functionsCIDR is the range of the network of tenants' functions: 65,536
	// addresses in two zones.
	functionsCIDR = "10.128.0.0/16"
)

// siloBits is the size of a silo's range: 4,096 addresses.
const siloBits = 20

// SiloNetworks hands out the ranges of silos. It keeps nothing: the ranges that
// are taken are in the tenants' records.
type SiloNetworks struct {
	// Supernet is a private IPv4 range; DefaultSupernet when empty. Silos that have
	// a range of another supernet keep it.
	Supernet string
}

// Faults gives what is wrong with the supernet; nil when nothing is.
func (n SiloNetworks) Faults() []tenants.FieldError {
	_, err := n.Next(nil)
	if err == nil {
		return nil
	}
	return []tenants.FieldError{{Field: "supernet", Value: n.Supernet,
		Allowed: "an IPv4 range in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, written by its first address, with room for a /20 beside " + functionsCIDR}}
}

// Next gives the lowest range that overlaps with none that is taken, with the
// network of tenants' functions, or with DefaultSiloCIDR. The errors are those
// of network.Allocator.
func (n SiloNetworks) Next(taken []string) (string, error) {
	a := network.Allocator{Supernet: cmp.Or(n.Supernet, DefaultSupernet), Bits: siloBits}
	return a.Next(append(slices.Clone(taken), DefaultSiloCIDR, functionsCIDR))
}
