package conformance_test

import (
	"testing"

	"github.com/tenantform/tenantform/components/network"
)

// networks are what connects, and what keeps apart.
func networks(code string) []life {
	return []life{
		of("network", code, []string{"network.Network"}, func(b blueprint, changed bool) error {
			_, err := network.New(b.Context, "net", &network.Args{
				Location: b.where, Tags: b.tags, Name: "acme-net", CIDRBlock: "10.20.0.0/20", Zones: 3,
				Endpoints: []string{network.S3, network.DynamoDB}, LogRetentionDays: pick(changed, 30, 60),
			}, b.with)
			return err
		}, func(t *testing.T, r *rig) { lookNetwork(t, r, core, "acme-net") }, func(t *testing.T, r *rig) { r.noNetwork(t, core, "acme-net") }),
	}
}
