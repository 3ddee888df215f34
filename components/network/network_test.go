package network_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/network"
)

func args() *network.Args {
	return &network.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-silo", CIDRBlock: "10.64.0.0/20",
		Endpoints: []string{network.S3, network.DynamoDB},
	}
}

func program(name string, a *network.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := network.New(ctx, name, a)
		return err
	}
}

func TestNetworkIsPrivateAndClosed(t *testing.T) {
	r := componenttest.MustRun(t, "test", program("acme-silo-network", args()), nil)
	componenttest.Check(t, r)
	if n := len(r.Custom()); n != 13 {
		t.Errorf("%d resources, want 13", n)
	}
	for _, s := range r.OfType("aws:ec2/subnet:Subnet") {
		if s.Inputs["mapPublicIpOnLaunch"] != false {
			t.Errorf("%s gives public addresses", s.Name)
		}
	}
	closed := r.One(t, "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")
	for _, direction := range []string{"ingress", "egress"} {
		rules, given := closed.Inputs[direction].([]any)
		if !given || len(rules) != 0 {
			t.Errorf("the default security group's %s is %v, want a list without an element", direction, closed.Inputs[direction])
		}
	}
	if table := r.One(t, "aws:ec2/routeTable:RouteTable"); table.Inputs["routes"] != nil {
		t.Errorf("the route table has routes: %v", table.Inputs["routes"])
	}
	for _, token := range []string{"aws:ec2/internetGateway:InternetGateway", "aws:ec2/natGateway:NatGateway"} {
		if len(r.OfType(token)) > 0 {
			t.Errorf("there is a %s", token)
		}
	}
}

func TestZonesAndRanges(t *testing.T) {
	a := args()
	a.Zones = 3
	r := componenttest.MustRun(t, "test", program("n", a), nil)
	got := map[string]string{}
	for _, s := range r.OfType("aws:ec2/subnet:Subnet") {
		got[s.Inputs["availabilityZone"].(string)] = s.Inputs["cidrBlock"].(string)
	}
	want := map[string]string{"eu-west-1a": "10.64.0.0/22", "eu-west-1b": "10.64.4.0/22", "eu-west-1c": "10.64.8.0/22"}
	for zone, block := range want {
		if got[zone] != block {
			t.Errorf("zone %s has %s, want %s", zone, got[zone], block)
		}
	}
}

func TestZonesOfTheRegionOrAsNamed(t *testing.T) {
	for _, c := range []struct {
		region string
		names  []string
		want   []string
	}{
		{"ap-northeast-1", nil, []string{"ap-northeast-1a", "ap-northeast-1c"}},
		{"ca-central-1", nil, []string{"ca-central-1a", "ca-central-1b"}},
		{"us-west-1", []string{"us-west-1c", "us-west-1b", "us-west-1a"}, []string{"us-west-1b", "us-west-1c"}},
	} {
		a := args()
		a.Location.Region, a.ZoneNames, a.PublicEgress = c.region, c.names, &network.PublicEgress{}
		var private []string
		for _, s := range componenttest.MustRun(t, "test", program("n", a), nil).OfType("aws:ec2/subnet:Subnet") {
			if strings.Contains(s.Name, "-private-") {
				private = append(private, s.Inputs["availabilityZone"].(string))
			}
		}
		slices.Sort(private)
		if !slices.Equal(private, c.want) {
			t.Errorf("%s: %v, want %v", c.region, private, c.want)
		}
	}
}

func TestFlowLogsWriteOnlyTheirOwnGroup(t *testing.T) {
	r := componenttest.MustRun(t, "test", program("n", args()), nil)
	log := r.One(t, "aws:ec2/flowLog:FlowLog")
	if log.Inputs["vpcId"] != "n-vpc-id" || log.Inputs["trafficType"] != "ALL" {
		t.Errorf("the flow log records %v of %v", log.Inputs["trafficType"], log.Inputs["vpcId"])
	}
	group := r.One(t, "aws:cloudwatch/logGroup:LogGroup")
	if group.Inputs["retentionInDays"] != 30.0 {
		t.Errorf("retention is %v", group.Inputs["retentionInDays"])
	}
	for _, s := range componenttest.Statements(t, r.One(t, "aws:iam/rolePolicy:RolePolicy").Inputs["policy"]) {
		for _, res := range s.Resource {
			if !strings.HasPrefix(res, "arn:aws:logs:eu-west-1:111111111111:log-group:acme-silo/flow-logs") {
				t.Errorf("the role may write %s", res)
			}
		}
	}
	trust := componenttest.Statements(t, r.One(t, "aws:iam/role:Role").Inputs["assumeRolePolicy"])
	if trust[0].Condition["StringEquals"]["aws:SourceAccount"][0] != "111111111111" {
		t.Errorf("the role trusts other accounts: %v", trust)
	}

	production := args()
	production.Location.Environment, production.Tags.Environment = location.Production, location.Production
	r = componenttest.MustRun(t, "test", program("n", production), nil)
	if days := r.One(t, "aws:cloudwatch/logGroup:LogGroup").Inputs["retentionInDays"]; days != 365.0 {
		t.Errorf("retention in production is %v", days)
	}
}

func TestEndpointsAreForTheAccount(t *testing.T) {
	r := componenttest.MustRun(t, "test", program("n", args()), nil)
	endpoints := r.OfType("aws:ec2/vpcEndpoint:VpcEndpoint")
	if len(endpoints) != 2 {
		t.Fatalf("%d endpoints", len(endpoints))
	}
	for _, e := range endpoints {
		equals := componenttest.Statements(t, e.Inputs["policy"])[0].Condition["StringEquals"]
		for _, key := range []string{"aws:PrincipalAccount", "aws:ResourceAccount"} {
			if len(equals[key]) != 1 || equals[key][0] != "111111111111" {
				t.Errorf("%s: %s is %v", e.Name, key, equals[key])
			}
		}
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*network.Args)
		words  []string
	}{
		"no range":         {func(a *network.Args) { a.CIDRBlock = "" }, []string{"CIDRBlock is missing", "/16 to /24"}},
		"not a range":      {func(a *network.Args) { a.CIDRBlock = "10.0.0.0" }, []string{"CIDRBlock", "10.0.0.0"}},
		"host bits":        {func(a *network.Args) { a.CIDRBlock = "10.0.0.1/16" }, []string{"10.0.0.1/16", "first address"}},
		"public":           {func(a *network.Args) { a.CIDRBlock = "8.8.0.0/16" }, []string{"8.8.0.0/16"}},
		"beyond a range":   {func(a *network.Args) { a.CIDRBlock = "192.0.0.0/8" }, []string{"192.0.0.0/8"}},
		"too wide":         {func(a *network.Args) { a.CIDRBlock = "10.0.0.0/15" }, []string{"10.0.0.0/15"}},
		"too narrow":       {func(a *network.Args) { a.CIDRBlock = "10.0.0.0/25" }, []string{"10.0.0.0/25"}},
		"IPv6":             {func(a *network.Args) { a.CIDRBlock = "fd00::/20" }, []string{"fd00::/20"}},
		"one zone":         {func(a *network.Args) { a.Zones = 1 }, []string{"Zones", `"1"`, "2 to 4"}},
		"five zones":       {func(a *network.Args) { a.Zones = 5 }, []string{"Zones", `"5"`}},
		"zone elsewhere":   {func(a *network.Args) { a.ZoneNames = []string{"eu-west-1a", "eu-west-2b"} }, []string{"ZoneNames", "eu-west-2b", "eu-west-1a"}},
		"zone twice":       {func(a *network.Args) { a.ZoneNames = []string{"eu-west-1a", "eu-west-1a"} }, []string{"ZoneNames", "each once"}},
		"few names":        {func(a *network.Args) { a.Zones, a.ZoneNames = 3, []string{"eu-west-1a", "eu-west-1b"} }, []string{"Zones", `"3"`, "at most 2"}},
		"few zones":        {func(a *network.Args) { a.Zones, a.Location.Region = 3, "us-west-1" }, []string{"Zones", `"3"`, "at most 2", "us-west-1"}},
		"no name":          {func(a *network.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":        {func(a *network.Args) { a.Name = strings.Repeat("n", 41) }, []string{"Name", "1 to 40"}},
		"other service":    {func(a *network.Args) { a.Endpoints = []string{"sqs"} }, []string{"Endpoints", "sqs", "s3, dynamodb"}},
		"overlap":          {func(a *network.Args) { a.Apart = []string{"10.0.0.0/16", "10.64.8.0/22"} }, []string{"CIDRBlock", "10.64.0.0/20", "10.64.8.0/22"}},
		"within another":   {func(a *network.Args) { a.Apart = []string{"10.0.0.0/8"} }, []string{"CIDRBlock", "10.64.0.0/20", "10.0.0.0/8"}},
		"apart of nothing": {func(a *network.Args) { a.Apart = []string{"10.64"} }, []string{"Apart[0]", `"10.64"`}},
		"unknown endpoint": {func(a *network.Args) { a.InterfaceEndpoints = []string{"s3"} }, []string{"InterfaceEndpoints", "s3", "secretsmanager"}},
		"endpoint twice":   {func(a *network.Args) { a.InterfaceEndpoints = []string{"sqs", "sqs"} }, []string{"InterfaceEndpoints", "each service once"}},
		"name of a group": {func(a *network.Args) { a.Name, a.InterfaceEndpoints = "sg-acme", []string{"sqs"} },
			[]string{"Name", "sg-acme"}},
		"China": {func(a *network.Args) { a.Location.Region, a.InterfaceEndpoints = "cn-north-1", []string{"sqs"} },
			[]string{"InterfaceEndpoints", "cn-north-1"}},
		"no account":      {func(a *network.Args) { a.Accounts = []string{"*"} }, []string{"Accounts", `"*"`, "12 digits"}},
		"its own account": {func(a *network.Args) { a.Accounts = []string{"111111111111"} }, []string{"Accounts", "111111111111"}},
		"narrow for egress": {func(a *network.Args) {
			a.Zones, a.CIDRBlock, a.PublicEgress = 4, "10.0.0.0/24", &network.PublicEgress{}
		}, []string{"CIDRBlock", "10.0.0.0/24", "/23"}},
		"retention":         {func(a *network.Args) { a.LogRetentionDays = 31 }, []string{"LogRetentionDays", `"31"`}},
		"no tags":           {func(a *network.Args) { a.Tags.TenantID = "" }, []string{"Tags.tenant-id is missing"}},
		"account":           {func(a *network.Args) { a.Location.AccountID = "1" }, []string{"Location.AccountID", "12 digits"}},
		"environment":       {func(a *network.Args) { a.Location.Environment = "prod" }, []string{"Location.Environment", "prod"}},
		"required tag more": {func(a *network.Args) { a.Tags.More = map[string]string{"tier": "x"} }, []string{"Tags.More.tier"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program("acme-silo-network", a), nil)
			componenttest.Refused(t, r, err, append(c.words, "network", "acme-silo-network")...)
		})
	}
	t.Run("no arguments", func(t *testing.T) {
		r, err := componenttest.Run("test", program("n", nil), nil)
		componenttest.Refused(t, r, err, "CIDRBlock is missing")
	})
	t.Run("no logical name", func(t *testing.T) {
		r, err := componenttest.Run("test", program("", args()), nil)
		componenttest.Refused(t, r, err, "name is missing")
	})
}
