package tenants_test

import (
	"testing"

	"github.com/tenantform/tenantform/tenants"
)

func TestValidateNetwork(t *testing.T) {
	for cidr, fine := range map[string]bool{
		"10.64.16.0/20": true, "192.168.0.0/16": true,
		"": false, "10.64.16.1/20": false, "10.64.16.0": false, "fd00::/64": false, "10.64.16.0/33": false,
	} {
		if faults := tenants.ValidateNetwork("networkCidr", cidr); (len(faults) == 0) != fine {
			t.Errorf("%q: %v", cidr, faults)
		}
	}
}

func TestNetworksOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"10.64.0.0/20", "10.64.0.0/20", true},
		{"10.64.0.0/16", "10.64.240.0/20", true},
		{"10.64.0.0/20", "10.64.16.0/20", false},
		{"", "", false},
		{"", "10.64.0.0/20", false},
		{"10.64.0.0/20", "nonsense", false},
	} {
		if got := tenants.NetworksOverlap(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
		if got := tenants.NetworksOverlap(c.b, c.a); got != c.want {
			t.Errorf("%s and %s: %v", c.b, c.a, got)
		}
	}
}
