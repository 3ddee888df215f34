package database_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/database"
)

func withBastion(t *testing.T) *componenttest.Recording {
	t.Helper()
	a := args()
	a.Bastion = &database.Bastion{}
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	return r
}

func TestBastionIsReachedThroughSessionManagerOnly(t *testing.T) {
	r := withBastion(t)
	instance := r.One(t, "aws:ec2/instance:Instance").Inputs
	if instance["associatePublicIpAddress"] != false || instance["keyName"] != nil || instance["subnetId"] != "subnet-a" || instance["ami"] != nil {
		t.Errorf("instance %v", instance)
	}
	if groups := instance["vpcSecurityGroupIds"].([]any); len(groups) != 1 || groups[0] != "orders-bastion-id" {
		t.Errorf("groups %v", groups)
	}
	for _, rule := range r.OfType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
		if rule.Inputs["securityGroupId"] != "orders-database-id" {
			t.Errorf("%s admits something to %v", rule.Name, rule.Inputs["securityGroupId"])
		}
	}
	for _, group := range r.OfType("aws:ec2/securityGroup:SecurityGroup") {
		if group.Inputs["ingress"] != nil || group.Inputs["egress"] != nil {
			t.Errorf("%s has rules of its own: %v", group.Name, group.Inputs)
		}
	}
}

func TestBastionReachesTheDatabaseAndTheEndpoints(t *testing.T) {
	r := withBastion(t)
	ways := map[any]any{}
	for _, rule := range r.OfType("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule") {
		in := rule.Inputs
		if in["securityGroupId"] != "orders-bastion-id" || in["fromPort"] != in["toPort"] || in["cidrIpv4"] != nil || in["ipProtocol"] != "tcp" || in["description"] == nil {
			t.Errorf("%s: %v", rule.Name, in)
		}
		ways[in["referencedSecurityGroupId"]] = in["toPort"]
	}
	if want := map[any]any{"orders-database-id": 5432.0, "sg-endpoints": 443.0}; !maps.Equal(ways, want) {
		t.Errorf("ways %v", ways)
	}
	admitted := false
	for _, rule := range r.OfType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
		admitted = admitted || rule.Inputs["referencedSecurityGroupId"] == "orders-bastion-id" && rule.Inputs["fromPort"] == 5432.0
	}
	if !admitted {
		t.Error("the database does not admit the bastion")
	}
}

func TestBastionMayTakeSessionsAndNothingElse(t *testing.T) {
	r := withBastion(t)
	statements := componenttest.Statements(t, r.One(t, "aws:iam/rolePolicy:RolePolicy").Inputs["policy"])
	var actions []string
	for _, s := range statements {
		actions = append(actions, s.Action...)
	}
	want := []string{
		"ssm:UpdateInstanceInformation",
		"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
	}
	if !slices.Equal(actions, want) || !slices.Equal(statements[0].Resource, []string{"arn:aws:ec2:eu-west-1:111111111111:instance/*"}) {
		t.Errorf("%+v", statements)
	}
	if n := len(r.OfType("aws:iam/rolePolicyAttachment:RolePolicyAttachment")); n != 0 {
		t.Errorf("%d policies are attached", n)
	}
	if managed := r.One(t, "aws:iam/role:Role").Inputs["managedPolicyArns"]; managed != nil {
		t.Errorf("policies %v", managed)
	}
}

func TestBastionIsThePatchedImageWithAnEncryptedVolume(t *testing.T) {
	r := withBastion(t)
	template := r.One(t, "aws:ec2/launchTemplate:LaunchTemplate").Inputs
	if template["imageId"] != "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64" || template["instanceType"] != "t4g.nano" || template["keyName"] != nil {
		t.Errorf("template %v", template)
	}
	metadata := template["metadataOptions"].(map[string]any)
	if metadata["httpTokens"] != "required" || metadata["httpPutResponseHopLimit"] != 1.0 {
		t.Errorf("metadata %v", metadata)
	}
	volume := template["blockDeviceMappings"].([]any)[0].(map[string]any)["ebs"].(map[string]any)
	if volume["encrypted"] != "true" || volume["kmsKeyId"] != "arn:key" {
		t.Errorf("volume %v", volume)
	}
	if template["tagSpecifications"] != nil {
		t.Errorf("the template has tags for what it launches, with which the provider cannot read the volume: %v", template["tagSpecifications"])
	}
	if tags := r.One(t, "aws:ec2/instance:Instance").Inputs["volumeTags"].(map[string]any); tags["tenant-id"] != "acme" {
		t.Errorf("tags of the volume %v", tags)
	}
}
