package silo_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/silo"
	"github.com/tenantform/tenantform/tenants"
)

func args() *silo.Args {
	return &silo.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), TenantID: "acme", Name: "acme-silo",
		Bucket: "acme-data-111111111111-eu-west-1", Tier: componenttest.Tier(tenants.ModelSilo), CIDRBlock: "10.64.0.0/20",
	}
}

func program(a *silo.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := silo.New(ctx, "acme-silo", a)
		return err
	}
}

func TestSiloIsWhole(t *testing.T) {
	r := componenttest.MustRun(t, "tenant-acme", program(args()), nil)
	componenttest.Check(t, r)
	for _, token := range []string{
		"aws:kms/key:Key", "aws:ec2/vpc:Vpc", "aws:ec2/flowLog:FlowLog", "aws:cognito/userPool:UserPool", "aws:dynamodb/table:Table",
		"aws:s3/bucketV2:BucketV2", "aws:apigateway/usagePlan:UsagePlan", "aws:apigateway/apiKey:ApiKey", "aws:cloudwatch/metricAlarm:MetricAlarm",
	} {
		r.One(t, token)
	}
	for _, group := range r.OfType("aws:cloudwatch/logGroup:LogGroup") {
		if got, _ := group.Inputs["kmsKeyId"].(string); !strings.HasPrefix(got, "arn:recorded:aws:kms/key:Key") {
			t.Errorf("%s is encrypted with %q", group.Name, got)
		}
		if got, _ := group.Inputs["name"].(string); !strings.HasPrefix(got, "acme-silo/") {
			t.Errorf("%s is called %q, which the key's policy does not cover", group.Name, got)
		}
	}
}

func TestProtection(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*silo.Args)
		want   bool
	}{
		"the tier asks for it": {func(*silo.Args) {}, true},
		"no tier, dev":         {func(a *silo.Args) { a.Tier.DeletionProtection = false }, false},
		"no tier, production": {func(a *silo.Args) {
			a.Tier.DeletionProtection, a.Location.Environment = false, location.Production
		}, true},
		"released": {func(a *silo.Args) { a.Released, a.Location.Environment = true, location.Production }, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r := componenttest.MustRun(t, "tenant-acme", program(a), nil)
			if got := r.One(t, "aws:dynamodb/table:Table").Inputs["deletionProtectionEnabled"]; got != c.want {
				t.Errorf("table: %v", got)
			}
			if got := r.One(t, "aws:cognito/userPool:UserPool").Inputs["deletionProtection"] == "ACTIVE"; got != c.want {
				t.Errorf("user pool: %v", got)
			}
			if got := r.One(t, "aws:s3/bucketV2:BucketV2").Inputs["forceDestroy"]; got != a.Released {
				t.Errorf("bucket's objects go with it: %v", got)
			}
		})
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*silo.Args)
		words  []string
	}{
		"no tenant":   {func(a *silo.Args) { a.TenantID = "" }, []string{"TenantID is missing"}},
		"no name":     {func(a *silo.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":   {func(a *silo.Args) { a.Name = strings.Repeat("n", 41) }, []string{"1 to 40"}},
		"long bucket": {func(a *silo.Args) { a.Bucket = strings.Repeat("b", 64) }, []string{"Bucket", "1 to 63"}},
		"no range":    {func(a *silo.Args) { a.CIDRBlock = "" }, []string{"CIDRBlock is missing"}},
		"bad tier":    {func(a *silo.Args) { a.Tier.LogRetentionDays = 4 }, []string{"Tier.logRetentionDays", `"4"`}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("tenant-acme", program(a), nil)
			componenttest.Refused(t, r, err, c.words...)
		})
	}
}

func BenchmarkSilo(b *testing.B) {
	for b.Loop() {
		if _, err := componenttest.Run("tenant-acme", program(args()), nil); err != nil {
			b.Fatal(err)
		}
	}
}
