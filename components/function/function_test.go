package function_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/tenants"
)

func args(t *testing.T) *function.Args {
	return &function.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-worker", Runtime: "python3.13",
		Handler: "index.handler", Archive: t.TempDir(), MemoryMB: 512, TimeoutSec: 60, Concurrency: 10,
		Grants: []tenants.Grant{{Actions: []string{"s3:PutObject"}, Resources: []string{"arn:aws:s3:::acme-data/*"}}},
	}
}

func program(a *function.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := function.New(ctx, "worker", a)
		return err
	}
}

func TestFunction(t *testing.T) {
	a := args(t)
	a.Environment, a.KeyARN = map[string]string{"MODE": "fast"}, pulumi.String("arn:key")
	a.VPC = &function.VPC{SubnetIDs: pulumi.ToStringArray([]string{"s1"}), SecurityGroupIDs: pulumi.ToStringArray([]string{"g1"})}
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	f := r.One(t, "aws:lambda/function:Function")
	if f.Inputs["kmsKeyArn"] != "arn:key" || f.Inputs["reservedConcurrentExecutions"] != 10.0 {
		t.Errorf("key %v, concurrency %v", f.Inputs["kmsKeyArn"], f.Inputs["reservedConcurrentExecutions"])
	}
	logging := f.Inputs["loggingConfig"].(map[string]any)
	if logging["logFormat"] != "JSON" || logging["logGroup"] != "/aws/lambda/acme-worker" || logging["applicationLogLevel"] != "INFO" || logging["systemLogLevel"] != "INFO" {
		t.Errorf("logging: %v", logging)
	}
	if f.Inputs["tracingConfig"].(map[string]any)["mode"] != "Active" {
		t.Errorf("tracing: %v", f.Inputs["tracingConfig"])
	}
	if r.One(t, "aws:cloudwatch/logGroup:LogGroup").Inputs["retentionInDays"] != 30.0 {
		t.Error("the log has no retention")
	}
	grants := componenttest.Statements(t, r.One(t, "aws:iam/rolePolicy:RolePolicy").Inputs["policy"])
	last := grants[len(grants)-1]
	if !slices.Equal(last.Action, []string{"s3:PutObject"}) || !slices.Equal(last.Resource, []string{"arn:aws:s3:::acme-data/*"}) {
		t.Errorf("the grant is %+v", last)
	}
	if !slices.ContainsFunc(grants, func(s componenttest.Statement) bool { return s.Sid == "LambdaAttachesTheNetwork" }) {
		t.Error("Lambda may not attach the network")
	}
}

func TestOutsideAVPCNothingOfEC2IsAllowed(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args(t)), nil)
	for _, s := range componenttest.Statements(t, r.One(t, "aws:iam/rolePolicy:RolePolicy").Inputs["policy"]) {
		if slices.ContainsFunc(s.Action, func(a string) bool { return strings.HasPrefix(a, "ec2:") }) {
			t.Errorf("%+v", s)
		}
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	grant := func(action, resource string) func(*function.Args) {
		return func(a *function.Args) {
			a.Grants = []tenants.Grant{{Actions: []string{action}, Resources: []string{resource}}}
		}
	}
	const table = "arn:aws:dynamodb:eu-west-1:111111111111:table/acme-data"
	for name, c := range map[string]struct {
		change func(*function.Args)
		words  []string
	}{
		"no name":             {func(a *function.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":           {func(a *function.Args) { a.Name = strings.Repeat("n", 65) }, []string{"1 to 64"}},
		"memory":              {func(a *function.Args) { a.MemoryMB = 10241 }, []string{"MemoryMB", "10241", "128 to 10240"}},
		"timeout":             {func(a *function.Args) { a.TimeoutSec = 901 }, []string{"TimeoutSec", "901", "1 to 900"}},
		"retired runtime":     {func(a *function.Args) { a.Runtime = "go1.x" }, []string{"Runtime", "go1.x"}},
		"retention":           {func(a *function.Args) { a.LogRetentionDays = 2 }, []string{"LogRetentionDays", `"2"`}},
		"variables, no key":   {func(a *function.Args) { a.Environment = map[string]string{"A": "b"} }, []string{"KeyARN is missing"}},
		"half a VPC":          {func(a *function.Args) { a.VPC = &function.VPC{} }, []string{"VPC.SubnetIDs is missing", "VPC.SecurityGroupIDs is missing"}},
		"all actions":         {grant("*", table), []string{"Grants.Actions", `"*"`, "without a wildcard"}},
		"actions of service":  {grant("dynamodb:*", table), []string{"dynamodb:*"}},
		"some actions":        {grant("dynamodb:Get*", table), []string{"dynamodb:Get*"}},
		"all resources":       {grant("dynamodb:GetItem", "*"), []string{"Grants.Resources", `"*"`}},
		"all tables":          {grant("dynamodb:GetItem", "arn:aws:dynamodb:eu-west-1:111111111111:table/*"), []string{"table/*"}},
		"all buckets":         {grant("s3:GetObject", "arn:aws:s3:::*"), []string{"arn:aws:s3:::*"}},
		"some buckets":        {grant("s3:GetObject", "arn:aws:s3:::acme*/*"), []string{"acme*"}},
		"question mark":       {grant("s3:GetObject", "arn:aws:s3:::acme-dat?/*"), []string{"dat?"}},
		"objects by a suffix": {grant("s3:GetObject", "arn:aws:s3:::acme/x*"), []string{"acme/x*"}},
		"no ARN":              {grant("s3:GetObject", "acme-data"), []string{"acme-data"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args(t)
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "function", "worker")...)
		})
	}
}
