package localcloud

import (
	"bytes"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// TestEngineFollowsVersions has the real engine move an alias in place when a
// function's version changes, and leave it alone when it does not.
func TestEngineFollowsVersions(t *testing.T) {
	cli := pulumiCLI(t)
	c := start(t)
	memory, owner := 128, "a"
	s := newStack(t, c, cli, "acme", func(ctx *pulumi.Context) error {
		prov, err := aws.NewProvider(ctx, "core", &aws.ProviderArgs{Region: pulumi.String(testRegion)})
		if err != nil {
			return err
		}
		o := pulumi.Provider(prov)
		role, err := iam.NewRole(ctx, "role", &iam.RoleArgs{Name: pulumi.String("r"), AssumeRolePolicy: pulumi.String(trust)}, o)
		if err != nil {
			return err
		}
		fn, err := lambda.NewFunction(ctx, "fn", &lambda.FunctionArgs{
			Name: pulumi.String("f"), Role: role.Arn, Runtime: pulumi.String("python3.13"), Handler: pulumi.String("m.h"), Publish: pulumi.Bool(true),
			MemorySize: pulumi.Int(memory), Tags: pulumi.StringMap{"owner": pulumi.String(owner)},
			Code: pulumi.NewAssetArchive(map[string]any{"m.py": pulumi.NewStringAsset("def h(e,c): return e")}),
		}, o)
		if err != nil {
			return err
		}
		live, err := lambda.NewAlias(ctx, "live", &lambda.AliasArgs{Name: pulumi.String("live"), FunctionName: fn.Name, FunctionVersion: fn.Version}, o)
		if err != nil {
			return err
		}
		_, err = lambda.NewProvisionedConcurrencyConfig(ctx, "warm", &lambda.ProvisionedConcurrencyConfigArgs{
			FunctionName: fn.Name, Qualifier: live.Name, ProvisionedConcurrentExecutions: pulumi.Int(1)}, o)
		ctx.Export("version", live.FunctionVersion)
		return err
	})
	for _, step := range []struct {
		memory  int
		owner   string
		changes string
		version string
	}{
		{128, "a", "map[create:6]", "1"}, // stack and provider are two of them
		{128, "b", "map[update:1]", "1"},
		{256, "b", "map[update:2]", "2"},
		{256, "b", "map[]", "2"},
	} {
		memory, owner = step.memory, step.owner
		r, err := s.Up(t.Context(), optup.ProgressStreams(&bytes.Buffer{}))
		if err != nil {
			t.Fatal(err)
		}
		if got := changed(r.Summary.ResourceChanges); got != step.changes || r.Outputs["version"].Value != step.version {
			t.Errorf("memory %d, owner %s: changed %s, the alias is at %v; want %s and %s", memory, owner, got, r.Outputs["version"].Value, step.changes, step.version)
		}
	}
}
