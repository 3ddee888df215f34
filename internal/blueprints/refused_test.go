package blueprints_test

import (
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/bucket"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/network"
	"github.com/tenantform/tenantform/components/observability"
	"github.com/tenantform/tenantform/tenants"
)

func functionArgs(t *testing.T) *function.Args {
	return &function.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "orders", Runtime: "python3.13", Handler: "index.handler",
		Archive: t.TempDir(), MemoryMB: 128, TimeoutSec: 10, Concurrency: 1,
	}
}

// TestBadArguments is what any component says of an argument that AWS would refuse
// minutes later: which component, which argument, its value and what is allowed.
// The components' own tests have the rest.
func TestBadArguments(t *testing.T) {
	ofFunction := func(change func(*function.Args)) func(*pulumi.Context) error {
		return func(ctx *pulumi.Context) error {
			a := functionArgs(t)
			change(a)
			_, err := function.New(ctx, "orders", a)
			return err
		}
	}
	ofNetwork := func(change func(*network.Args)) func(*pulumi.Context) error {
		return func(ctx *pulumi.Context) error {
			a := &network.Args{Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme", CIDRBlock: "10.64.0.0/20"}
			change(a)
			_, err := network.New(ctx, "acme", a)
			return err
		}
	}
	grant := func(action, resource string) []tenants.Grant {
		return []tenants.Grant{{Actions: []string{action}, Resources: []string{resource}}}
	}
	for name, c := range map[string]struct {
		program pulumi.RunFunc
		words   []string // component, argument, value, limit
	}{
		"no logical name": {func(ctx *pulumi.Context) error {
			_, err := function.New(ctx, "", functionArgs(t))
			return err
		}, []string{"component function", "name is missing", "1 character or more"}},
		"no name": {ofFunction(func(a *function.Args) { a.Name = "" }), []string{"component function", "Name is missing", "1 to 64"}},
		"name over the limit": {ofFunction(func(a *function.Args) { a.Name = strings.Repeat("n", 65) }),
			[]string{"component function", "Name", strings.Repeat("n", 65), "1 to 64"}},
		"range that overlaps": {ofNetwork(func(a *network.Args) { a.Apart = []string{"10.64.8.0/21"} }),
			[]string{"component network", "CIDRBlock", "10.64.0.0/20", "10.64.8.0/21"}},
		"timeout":         {ofFunction(func(a *function.Args) { a.TimeoutSec = 901 }), []string{"component function", "TimeoutSec", `"901"`, "1 to 900 seconds"}},
		"memory":          {ofFunction(func(a *function.Args) { a.MemoryMB = 127 }), []string{"component function", "MemoryMB", `"127"`, "128 to 10240 MB"}},
		"retired runtime": {ofFunction(func(a *function.Args) { a.Runtime = "python3.8" }), []string{"component function", "Runtime", "python3.8", "python3.13"}},
		"wildcard action": {ofFunction(func(a *function.Args) { a.Grants = grant("s3:*", "arn:aws:s3:::files/a") }),
			[]string{"component function", "Grants", `"s3:*"`, "without a wildcard"}},
		"wildcard resource": {ofFunction(func(a *function.Args) { a.Grants = grant("s3:GetObject", "*") }),
			[]string{"component function", "Grants", `"*"`, "without a wildcard"}},
		"retention": {func(ctx *pulumi.Context) error {
			_, err := observability.New(ctx, "signals", &observability.Args{
				Location: componenttest.Location(), Tags: componenttest.Tags(), TenantID: "acme", Name: "acme", LogRetentionDays: 4,
			})
			return err
		}, []string{"component observability", "LogRetentionDays", `"4"`, "one of 1, 3, 5"}},
		"name of a bucket": {func(ctx *pulumi.Context) error {
			_, err := bucket.New(ctx, "files", &bucket.Args{
				Location: componenttest.Location(), Tags: componenttest.Tags(), Name: strings.Repeat("b", 64), S3ManagedKey: true,
			})
			return err
		}, []string{"component bucket", "Name", strings.Repeat("b", 64), "63"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := componenttest.Run("refused", c.program, nil)
			componenttest.Refused(t, r, err, c.words...)
			if code := tenants.CodeOf(err); code != tenants.CodeInvalid {
				t.Errorf("the code is %s", code)
			}
		})
	}
}
