package main

import (
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/examples/blueprints/blueprinttest"
	"github.com/tenantform/tenantform/policies"
)

func TestUp(t *testing.T) {
	e, cloud := blueprinttest.Engine(t, "eu-west-1")
	s := automation.Stack{Name: "database", Program: program, Subject: policies.Subject{TenantID: "acme", Environment: "dev", Region: "eu-west-1", Account: "111111111111", Tiers: []string{"premium"}}}
	first := blueprinttest.Up(t, e, s)
	tunnel, _ := first.Outputs["tunnelCommand"].(string)
	if !strings.HasPrefix(tunnel, "aws ssm start-session ") {
		t.Errorf("the way in is %q", tunnel)
	}
	all, err := cloud.Resources()
	if err != nil {
		t.Fatal(err)
	}
	n := map[string]int{}
	for _, r := range all {
		n[r.Type]++
		switch r.Type {
		case "aws:rds/cluster:Cluster":
			if r.Inputs["storageEncrypted"] != true || r.Inputs["manageMasterUserPassword"] != true || r.Inputs["masterPassword"] != nil {
				t.Errorf("the cluster is %v", r.Inputs)
			}
		case "aws:ec2/instance:Instance":
			if r.Inputs["keyName"] != nil || r.Inputs["associatePublicIpAddress"] == true {
				t.Errorf("the bastion is %v", r.Inputs)
			}
		case "aws:ec2/internetGateway:InternetGateway", "aws:ec2/natGateway:NatGateway":
			t.Errorf("the network has a way out: %s", r.Type)
		}
	}
	if n["aws:rds/cluster:Cluster"] != 1 || n["aws:ec2/instance:Instance"] != 1 || n["aws:rds/clusterInstance:ClusterInstance"] != 1 {
		t.Errorf("made are %v", n)
	}
	blueprinttest.Settled(t, e, s)
	blueprinttest.Down(t, e, cloud, s)
}
