package network_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/network"
)

func TestInterfaceEndpoints(t *testing.T) {
	a := args()
	a.Endpoints, a.InterfaceEndpoints = nil, network.InterfaceServices()
	r := componenttest.MustRun(t, "test", program("n", a), nil)
	componenttest.Check(t, r)
	endpoints := r.OfType("aws:ec2/vpcEndpoint:VpcEndpoint")
	if len(endpoints) != len(a.InterfaceEndpoints) {
		t.Fatalf("%d endpoints for %d services", len(endpoints), len(a.InterfaceEndpoints))
	}
	for _, e := range endpoints {
		if e.Inputs["vpcEndpointType"] != "Interface" || e.Inputs["privateDnsEnabled"] != true {
			t.Errorf("%s: %v", e.Name, e.Inputs)
		}
		if groups := e.Inputs["securityGroupIds"].([]any); len(groups) != 1 || groups[0] != "n-endpoints-id" {
			t.Errorf("%s has the groups %v", e.Name, groups)
		}
		if subnets := e.Inputs["subnetIds"].([]any); len(subnets) != 2 {
			t.Errorf("%s is in %v", e.Name, subnets)
		}
		for _, s := range componenttest.Statements(t, e.Inputs["policy"]) {
			if got := s.Condition["StringEquals"]["aws:PrincipalAccount"]; !slices.Equal(got, []string{"111111111111"}) {
				t.Errorf("%s: %s lets the principals of %v through", e.Name, s.Sid, got)
			}
			if s.Sid != "WhatAWSPublishes" && !slices.Equal(s.Condition["StringEquals"]["aws:ResourceAccount"], []string{"111111111111"}) {
				t.Errorf("%s: %s leads to %v", e.Name, s.Sid, s.Condition)
			}
		}
	}
}

func TestEndpointsTakeHTTPSFromTheNetwork(t *testing.T) {
	a := args()
	a.InterfaceEndpoints = []string{network.Logs}
	r := componenttest.MustRun(t, "test", program("n", a), nil)
	group := r.One(t, "aws:ec2/securityGroup:SecurityGroup")
	if group.Inputs["ingress"] != nil || group.Inputs["egress"] != nil || group.Inputs["name"] != "acme-silo-endpoints" || group.Inputs["vpcId"] != "n-vpc-id" {
		t.Errorf("group %v", group.Inputs)
	}
	rule := r.One(t, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").Inputs
	if rule["cidrIpv4"] != "10.64.0.0/20" || rule["fromPort"] != 443.0 || rule["toPort"] != 443.0 || rule["ipProtocol"] != "tcp" || rule["description"] == "" {
		t.Errorf("rule %v", rule)
	}
	if n := len(r.OfType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")); n != 0 {
		t.Errorf("%d rules let something out", n)
	}
	for _, e := range r.OfType("aws:ec2/vpcEndpoint:VpcEndpoint") {
		if e.Name == "n-logs" && e.Inputs["serviceName"] != "com.amazonaws.eu-west-1.logs" {
			t.Errorf("service %v", e.Inputs["serviceName"])
		}
	}
}

func TestPoliciesNameTheServicesActions(t *testing.T) {
	a := args()
	a.InterfaceEndpoints = []string{network.CloudWatch, network.Firehose, network.SSM, network.STS}
	want := map[string][]string{"n-monitoring": {"cloudwatch:*"}, "n-kinesis-firehose": {"firehose:*"}, "n-sts": {"sts:*"}, "n-s3": {"s3:*"}, "n-dynamodb": {"dynamodb:*"},
		"n-ssm": {"ssm:*", "ssm:DescribeDocument", "ssm:GetDocument", "ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"}}
	r := componenttest.MustRun(t, "test", program("n", a), nil)
	for _, e := range r.OfType("aws:ec2/vpcEndpoint:VpcEndpoint") {
		var actions []string
		for _, s := range componenttest.Statements(t, e.Inputs["policy"]) {
			actions = append(actions, s.Action...)
			if s.Sid == "WhatAWSPublishes" && !slices.Equal(s.Resource, []string{"arn:aws:ssm:eu-west-1::parameter/aws/*", "arn:aws:ssm:eu-west-1::document/*"}) {
				t.Errorf("what AWS publishes: %v", s.Resource)
			}
		}
		if !slices.Equal(actions, want[e.Name]) {
			t.Errorf("%s lets through %v, want %v", e.Name, actions, want[e.Name])
		}
	}
}

func TestAccountsPassTheEndpoints(t *testing.T) {
	a := args()
	a.InterfaceEndpoints, a.Accounts = []string{network.STS}, []string{"222222222222"}
	r := componenttest.MustRun(t, "test", program("n", a), nil)
	for _, e := range r.OfType("aws:ec2/vpcEndpoint:VpcEndpoint") {
		equals := componenttest.Statements(t, e.Inputs["policy"])[0].Condition["StringEquals"]
		for _, key := range []string{"aws:PrincipalAccount", "aws:ResourceAccount"} {
			if !slices.Equal(equals[key], []string{"111111111111", "222222222222"}) {
				t.Errorf("%s: %s is %v", e.Name, key, equals[key])
			}
		}
	}
}

func TestOutputs(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*network.Args)
		group  string
		public []string
	}{
		"closed": {func(*network.Args) {}, "", []string{}},
		"open": {func(a *network.Args) {
			a.InterfaceEndpoints, a.PublicEgress = []string{network.KMS}, &network.PublicEgress{}
		}, "n-endpoints-id", []string{"n-public-a-id"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			seen := make(chan []any, 1)
			componenttest.MustRun(t, "test", func(ctx *pulumi.Context) error {
				n, err := network.New(ctx, "n", a)
				if err != nil {
					return err
				}
				pulumi.All(n.VPCID, n.CIDRBlock, n.EndpointSecurityGroupID, n.PublicSubnetIDs, n.PrivateSubnetIDs).ApplyT(func(all []any) string {
					seen <- all
					return ""
				})
				return nil
			}, nil)
			got := <-seen
			if got[0] != "n-vpc-id" || got[1] != "10.64.0.0/20" || got[2] != c.group {
				t.Errorf("%v", got)
			}
			if !slices.Equal(got[3].([]string), c.public) || !slices.Equal(got[4].([]string), []string{"n-private-a-id", "n-private-b-id"}) {
				t.Errorf("subnets %v and %v", got[3], got[4])
			}
		})
	}
}

func TestSessionManagerIsOfTheServices(t *testing.T) {
	for _, s := range network.SessionManager() {
		if !slices.Contains(network.InterfaceServices(), s) {
			t.Errorf("%s is none of %s", s, strings.Join(network.InterfaceServices(), ", "))
		}
	}
}
