package network_test

import (
	"maps"
	"net/netip"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/network"
)

// ranges gives the range of each subnet by its name.
func ranges(r *componenttest.Recording) map[string]string {
	all := map[string]string{}
	for _, s := range r.OfType("aws:ec2/subnet:Subnet") {
		all[strings.TrimPrefix(s.Name, "n-")] = s.Inputs["cidrBlock"].(string)
	}
	return all
}

func TestRangesWithAndWithoutEgress(t *testing.T) {
	for name, c := range map[string]struct {
		zones  int
		egress *network.PublicEgress
		want   map[string]string
	}{
		"two zones":            {2, nil, map[string]string{"private-a": "10.64.0.0/21", "private-b": "10.64.8.0/21"}},
		"three zones":          {3, nil, map[string]string{"private-a": "10.64.0.0/22", "private-b": "10.64.4.0/22", "private-c": "10.64.8.0/22"}},
		"two zones, egress":    {2, &network.PublicEgress{}, map[string]string{"private-a": "10.64.0.0/22", "private-b": "10.64.4.0/22", "public-a": "10.64.8.0/23"}},
		"two zones, gateways":  {2, &network.PublicEgress{GatewayPerZone: true}, map[string]string{"private-a": "10.64.0.0/22", "private-b": "10.64.4.0/22", "public-a": "10.64.8.0/23", "public-b": "10.64.10.0/23"}},
		"three zones, egress":  {3, &network.PublicEgress{}, map[string]string{"private-a": "10.64.0.0/22", "private-b": "10.64.4.0/22", "private-c": "10.64.8.0/22", "public-a": "10.64.12.0/24"}},
		"four zones, gateways": {4, &network.PublicEgress{GatewayPerZone: true}, map[string]string{"private-a": "10.64.0.0/23", "private-b": "10.64.2.0/23", "private-c": "10.64.4.0/23", "private-d": "10.64.6.0/23", "public-a": "10.64.8.0/25", "public-b": "10.64.8.128/25", "public-c": "10.64.9.0/25", "public-d": "10.64.9.128/25"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			a.Zones, a.PublicEgress = c.zones, c.egress
			if got := ranges(componenttest.MustRun(t, "test", program("n", a), nil)); !maps.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}

func TestSubnetsNeverOverlap(t *testing.T) {
	for zones := 2; zones <= 4; zones++ {
		for _, block := range []string{"10.0.0.0/16", "172.16.16.0/20", "192.168.2.0/23"} {
			a := args()
			a.Zones, a.CIDRBlock, a.PublicEgress = zones, block, &network.PublicEgress{GatewayPerZone: true}
			var seen []netip.Prefix
			for name, text := range ranges(componenttest.MustRun(t, "test", program("n", a), nil)) {
				p := netip.MustParsePrefix(text)
				if p != p.Masked() || !netip.MustParsePrefix(block).Contains(p.Addr()) || p.Bits() > 28 {
					t.Errorf("%d zones: %s is %s of %s", zones, name, p, block)
				}
				for _, s := range seen {
					if s.Overlaps(p) {
						t.Errorf("%d zones: %s overlaps with %s", zones, p, s)
					}
				}
				seen = append(seen, p)
			}
			if len(seen) != 2*zones {
				t.Errorf("%d subnets in %d zones", len(seen), zones)
			}
		}
	}
}

func TestEgressIsOneGatewayAndInProductionOneAZone(t *testing.T) {
	for environment, c := range map[string]struct{ gateways, tables int }{location.Dev: {1, 2}, location.Production: {2, 3}} {
		t.Run(environment, func(t *testing.T) {
			a := args()
			a.Location.Environment, a.PublicEgress = environment, &network.PublicEgress{}
			r := componenttest.MustRun(t, "test", program("n", a), nil)
			componenttest.Check(t, r)
			for token, want := range map[string]int{
				"aws:ec2/internetGateway:InternetGateway": 1, "aws:ec2/natGateway:NatGateway": c.gateways, "aws:ec2/eip:Eip": c.gateways,
				"aws:ec2/routeTable:RouteTable": c.tables, "aws:ec2/route:Route": c.gateways + 1, "aws:ec2/routeTableAssociation:RouteTableAssociation": 2 + c.gateways,
			} {
				if got := len(r.OfType(token)); got != want {
					t.Errorf("%d of %s, want %d", got, token, want)
				}
			}
			for _, s := range r.OfType("aws:ec2/subnet:Subnet") {
				if s.Inputs["mapPublicIpOnLaunch"] != false {
					t.Errorf("%s gives public addresses", s.Name)
				}
			}
			for _, gateway := range r.OfType("aws:ec2/natGateway:NatGateway") {
				zone := gateway.Name[len(gateway.Name)-1:]
				if gateway.Inputs["subnetId"] != "n-public-"+zone+"-id" {
					t.Errorf("%s is in %v", gateway.Name, gateway.Inputs["subnetId"])
				}
			}
		})
	}
}

func TestOnlyThePublicTableLeadsToTheInternetGateway(t *testing.T) {
	a := args()
	a.PublicEgress = &network.PublicEgress{GatewayPerZone: true}
	r := componenttest.MustRun(t, "test", program("n", a), nil)
	for _, route := range r.OfType("aws:ec2/route:Route") {
		table, _ := route.Inputs["routeTableId"].(string)
		if route.Inputs["destinationCidrBlock"] != "0.0.0.0/0" {
			t.Errorf("%s leads to %v", route.Name, route.Inputs["destinationCidrBlock"])
		}
		if public := table == "n-public-id"; public != (route.Inputs["gatewayId"] == "n-internet-id") || public == (route.Inputs["natGatewayId"] != nil) {
			t.Errorf("%s of %s: %v", route.Name, table, route.Inputs)
		}
	}
	for _, link := range r.OfType("aws:ec2/routeTableAssociation:RouteTableAssociation") {
		subnet, table := link.Inputs["subnetId"].(string), link.Inputs["routeTableId"].(string)
		if strings.Contains(subnet, "-public-") != (table == "n-public-id") {
			t.Errorf("%s has the table %s", subnet, table)
		}
		if strings.HasPrefix(subnet, "n-private-") && subnet != table {
			t.Errorf("%s has the table %s, want that of its zone", subnet, table)
		}
	}
	for _, e := range r.OfType("aws:ec2/vpcEndpoint:VpcEndpoint") {
		if tables := e.Inputs["routeTableIds"].([]any); len(tables) != 2 {
			t.Errorf("%s serves %v, want both private tables", e.Name, tables)
		}
	}
}
