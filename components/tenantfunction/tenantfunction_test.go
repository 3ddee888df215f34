package tenantfunction_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/tenantfunction"
	"github.com/tenantform/tenantform/tenants"
)

func args(t *testing.T) *tenantfunction.Args {
	dir := t.TempDir()
	for _, name := range []string{"code.zip", "numpy.zip"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("PK"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := componenttest.Location()
	l.AccountID = "222222222222"
	return &tenantfunction.Args{
		Location: l, Tags: componenttest.Tags(), Name: "acme-score", Runtime: "python3.13", Handler: "index.handler",
		Archive: filepath.Join(dir, "code.zip"), Layers: []string{filepath.Join(dir, "numpy.zip")},
		MemoryMB: 256, TimeoutSec: 30, Concurrency: 5, LogRetentionDays: 30,
		VPCID: pulumi.String("vpc-1"), SubnetIDs: pulumi.ToStringArray([]string{"subnet-1", "subnet-2"}),
		InvokerRoleARN: "arn:aws:iam::222222222222:role/platform-invoker",
	}
}

func program(a *tenantfunction.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := tenantfunction.New(ctx, "acme-score", a)
		return err
	}
}

// allowedToLambda are the actions that Lambda performs with a role, as its
// Developer Guide lists them.
var allowedToLambda = []string{
	"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
	"ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses", "logs:CreateLogStream", "logs:PutLogEvents",
	"xray:PutTelemetryRecords", "xray:PutTraceSegments",
}

func TestRoleDeniesTheCodeEverything(t *testing.T) {
	r := componenttest.MustRun(t, "functions-acme", program(args(t)), nil)
	componenttest.Check(t, r)
	role := r.One(t, "aws:iam/role:Role")
	for _, key := range []string{"managedPolicyArns", "inlinePolicies"} {
		if role.Inputs[key] != nil {
			t.Errorf("the role has %s: %v", key, role.Inputs[key])
		}
	}
	if n := len(r.OfType("aws:iam/rolePolicyAttachment:RolePolicyAttachment")); n > 0 {
		t.Errorf("%d policies are attached", n)
	}
	policy := r.One(t, "aws:iam/rolePolicy:RolePolicy")
	if policy.Inputs["name"] != tenantfunction.PolicyDenyAll {
		t.Errorf("the policy is called %v", policy.Inputs["name"])
	}
	statements := componenttest.Statements(t, policy.Inputs["policy"])
	deny := statements[0]
	if deny.Effect != "Deny" || len(deny.Action) > 0 || len(deny.Condition) > 0 || !slices.Equal(deny.Resource, []string{"*"}) {
		t.Errorf("the first statement is no deny of everything else: %+v", deny)
	}
	if !slices.Equal(deny.NotAction, allowedToLambda) {
		t.Errorf("left out of the deny: %v", deny.NotAction)
	}
	for _, s := range statements[1:] {
		held(t, s)
	}
	if i := slices.IndexFunc(statements, func(s componenttest.Statement) bool { return s.Sid == "NoNetworkForTheCode" }); i < 0 ||
		statements[i].Effect != "Deny" || statements[i].Condition["Null"]["lambda:SourceFunctionArn"][0] != "false" {
		t.Errorf("the code is not denied the network's actions: %+v", statements)
	}
}

// held checks one of the statements that leave Lambda what it needs.
func held(t *testing.T, s componenttest.Statement) {
	t.Helper()
	if s.Effect == "Deny" {
		return
	}
	for _, a := range s.Action {
		if !slices.Contains(allowedToLambda, a) {
			t.Errorf("%s is allowed", a)
		}
		switch service, _, _ := strings.Cut(a, ":"); service {
		case "logs":
			if !slices.Equal(s.Resource, []string{"arn:aws:logs:eu-west-1:222222222222:log-group:/aws/lambda/acme-score:*"}) {
				t.Errorf("%s is allowed on %v", a, s.Resource)
			}
		case "ec2":
			if got := s.Condition["Null"]["lambda:SourceFunctionArn"]; !slices.Equal(got, []string{"true"}) {
				t.Errorf("%s is allowed to the code: %v", a, s.Condition)
			}
		}
	}
}

func TestFunctionIsIsolated(t *testing.T) {
	r := componenttest.MustRun(t, "functions-acme", program(args(t)), nil)
	group := r.One(t, "aws:ec2/securityGroup:SecurityGroup")
	for _, direction := range []string{"ingress", "egress"} {
		if rules, given := group.Inputs[direction].([]any); !given || len(rules) != 0 {
			t.Errorf("%s is %v, want a list without an element", direction, group.Inputs[direction])
		}
	}
	f := r.One(t, "aws:lambda/function:Function")
	vpc, _ := f.Inputs["vpcConfig"].(map[string]any)
	if got := vpc["securityGroupIds"]; got == nil || got.([]any)[0] != "acme-score-closed-id" {
		t.Errorf("security groups: %v", got)
	}
	if subnets, _ := vpc["subnetIds"].([]any); len(subnets) != 2 {
		t.Errorf("subnets: %v", subnets)
	}
	for key, want := range map[string]any{
		"name": "acme-score", "memorySize": 256.0, "timeout": 30.0, "reservedConcurrentExecutions": 5.0, "environment": nil,
	} {
		if f.Inputs[key] != want {
			t.Errorf("%s is %v, want %v", key, f.Inputs[key], want)
		}
	}
	if f.Inputs["tracingConfig"].(map[string]any)["mode"] != "Active" {
		t.Errorf("tracing: %v", f.Inputs["tracingConfig"])
	}
	if got := f.Inputs["loggingConfig"].(map[string]any)["logGroup"]; got != "/aws/lambda/acme-score" {
		t.Errorf("logs go to %v", got)
	}
	if days := r.One(t, "aws:cloudwatch/logGroup:LogGroup").Inputs["retentionInDays"]; days != 30.0 {
		t.Errorf("retention: %v", days)
	}
	if layers, _ := f.Inputs["layers"].([]any); len(layers) != 1 {
		t.Errorf("layers: %v", layers)
	}
	if name := r.One(t, "aws:lambda/layerVersion:LayerVersion").Inputs["layerName"]; name != "acme-score-numpy" {
		t.Errorf("the layer is called %v", name)
	}
	if n := len(r.OfType("aws:lambda/functionUrl:FunctionUrl")); n > 0 {
		t.Error("there is a function URL")
	}
	permission := r.One(t, "aws:lambda/permission:Permission")
	if permission.Inputs["principal"] != "arn:aws:iam::222222222222:role/platform-invoker" || permission.Inputs["action"] != "lambda:InvokeFunction" {
		t.Errorf("who may invoke: %v", permission.Inputs)
	}
}

func TestGrantsReplaceTheDeny(t *testing.T) {
	a := args(t)
	a.Grants = []tenants.Grant{{Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::acme/*"}}}
	r := componenttest.MustRun(t, "functions-acme", program(a), nil)
	policy := r.One(t, "aws:iam/rolePolicy:RolePolicy")
	if policy.Inputs["name"] != tenantfunction.PolicyGrants {
		t.Errorf("the policy is called %v", policy.Inputs["name"])
	}
	granted := false
	for _, s := range componenttest.Statements(t, policy.Inputs["policy"]) {
		if len(s.NotAction) > 0 {
			t.Errorf("everything is denied although there are grants: %+v", s)
		}
		granted = granted || s.Effect == "Allow" && slices.Equal(s.Action, a.Grants[0].Actions) && slices.Equal(s.Resource, a.Grants[0].Resources)
	}
	if !granted {
		t.Error("the grant is not there")
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*tenantfunction.Args)
		words  []string
	}{
		"retired runtime": {func(a *tenantfunction.Args) { a.Runtime = "python3.8" }, []string{"Runtime", "python3.8", "python3.13"}},
		"no handler":      {func(a *tenantfunction.Args) { a.Handler = "" }, []string{"Handler is missing"}},
		"no archive":      {func(a *tenantfunction.Args) { a.Archive = "" }, []string{"Archive is missing"}},
		"archive gone":    {func(a *tenantfunction.Args) { a.Archive = "gone.zip" }, []string{"Archive", "gone.zip"}},
		"long name":       {func(a *tenantfunction.Args) { a.Name = strings.Repeat("f", 65) }, []string{"Name", "1 to 64"}},
		"memory":          {func(a *tenantfunction.Args) { a.MemoryMB = 64 }, []string{"MemoryMB", `"64"`, "128 to 10240 MB"}},
		"timeout":         {func(a *tenantfunction.Args) { a.TimeoutSec = 901 }, []string{"TimeoutSec", `"901"`, "1 to 900 seconds"}},
		"concurrency":     {func(a *tenantfunction.Args) { a.Concurrency = 0 }, []string{"Concurrency", `"0"`}},
		"retention":       {func(a *tenantfunction.Args) { a.LogRetentionDays = 0 }, []string{"LogRetentionDays"}},
		"six layers":      {func(a *tenantfunction.Args) { a.Layers = make([]string, 6) }, []string{"Layers", `"6"`, "0 to 5"}},
		"same layers":     {func(a *tenantfunction.Args) { a.Layers = append(a.Layers, a.Layers[0]) }, []string{"Layers", "file names that differ"}},
		"empty grant":     {func(a *tenantfunction.Args) { a.Grants = make([]tenants.Grant, 1) }, []string{"Grants.Actions is missing"}},
		"no network":      {func(a *tenantfunction.Args) { a.VPCID, a.SubnetIDs = nil, nil }, []string{"VPCID is missing", "SubnetIDs is missing"}},
		"anyone invokes":  {func(a *tenantfunction.Args) { a.InvokerRoleARN = "*" }, []string{"InvokerRoleARN", `"*"`}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args(t)
			c.change(a)
			r, err := componenttest.Run("functions-acme", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "tenantfunction", "acme-score")...)
		})
	}
}
