package stacks_test

import (
	"testing"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

func TestSiloNetworksStayApart(t *testing.T) {
	var n stacks.SiloNetworks
	var taken []string
	for range 1023 {
		next, err := n.Next(taken)
		if err != nil {
			t.Fatalf("after %d: %v", len(taken), err)
		}
		for _, other := range append(taken, stacks.DefaultSiloCIDR, "10.128.0.0/16") {
			if tenants.NetworksOverlap(next, other) {
				t.Fatalf("%s overlaps with %s", next, other)
			}
		}
		taken = append(taken, next)
	}
	if next, err := n.Next(taken); tenants.CodeOf(err) != tenants.CodeFailedPrecondition {
		t.Errorf("one too many: %s, %v", next, err)
	}
	if next, err := n.Next(append(taken[:7:7], taken[8:]...)); err != nil || next != taken[7] {
		t.Errorf("the range that was given back is %s; got %s, %v", taken[7], next, err)
	}
}

func TestSupernet(t *testing.T) {
	for supernet, want := range map[string]string{
		"":               "10.64.16.0/20",
		"10.0.0.0/8":     "10.0.0.0/20",
		"172.16.0.0/12":  "172.16.0.0/20",
		"10.128.0.0/15":  "10.129.0.0/20",
		"10.128.0.0/16":  "",
		"10.64.0.0/20":   "",
		"10.64.0.0/24":   "",
		"11.0.0.0/8":     "",
		"192.168.1.0/16": "",
	} {
		n := stacks.SiloNetworks{Supernet: supernet}
		got, err := n.Next(nil)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v; want %q", supernet, got, err, want)
		}
		if (len(n.Faults()) == 0) != (want != "") {
			t.Errorf("%q: faults %v", supernet, n.Faults())
		}
	}
}

func TestASilosRange(t *testing.T) {
	for given, want := range map[string]string{"": "10.64.0.0/20", "10.64.16.0/20": "10.64.16.0/20"} {
		spec := tenant(siloed())
		spec.NetworkCIDR = given
		r := componenttest.MustRun(t, "tenant-acme", stacks.Tenant(spec), others())
		if got := r.One(t, "aws:ec2/vpc:Vpc").Inputs["cidrBlock"]; got != want {
			t.Errorf("%q: the network has %v", given, got)
		}
	}
}
