package localcloud

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cognito"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optdestroy"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optrefresh"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

const trust = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// settingsOfProgram are what a test changes between two runs.
type settingsOfProgram struct {
	memory  int
	hashKey string
}

// silo is a program with an explicit provider and the kinds that a silo has.
func silo(tenant string, v *settingsOfProgram) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		prov, err := aws.NewProvider(ctx, "core", &aws.ProviderArgs{
			Region: pulumi.String("eu-west-1"), AllowedAccountIds: pulumi.StringArray{pulumi.String("111111111111")},
		})
		if err != nil {
			return err
		}
		o := pulumi.Provider(prov)
		tags := pulumi.StringMap{"tenant-id": pulumi.String(tenant)}
		key, err := kms.NewKey(ctx, "key", &kms.KeyArgs{EnableKeyRotation: pulumi.Bool(true), Tags: tags}, o)
		if err != nil {
			return err
		}
		vpc, err := ec2.NewVpc(ctx, "vpc", &ec2.VpcArgs{CidrBlock: pulumi.String("10.0.0.0/16"), Tags: tags}, o)
		if err != nil {
			return err
		}
		if _, err = ec2.NewDefaultSecurityGroup(ctx, "closed", &ec2.DefaultSecurityGroupArgs{VpcId: vpc.ID(), Tags: tags}, o); err != nil {
			return err
		}
		subnet, err := ec2.NewSubnet(ctx, "subnet", &ec2.SubnetArgs{VpcId: vpc.ID(), CidrBlock: pulumi.String("10.0.1.0/24"), Tags: tags}, o)
		if err != nil {
			return err
		}
		group, err := ec2.NewSecurityGroup(ctx, "group", &ec2.SecurityGroupArgs{VpcId: vpc.ID(), Tags: tags}, o)
		if err != nil {
			return err
		}
		role, err := iam.NewRole(ctx, "role", &iam.RoleArgs{Name: pulumi.String(tenant + "-role"), AssumeRolePolicy: pulumi.String(trust), Tags: tags}, o)
		if err != nil {
			return err
		}
		if _, err = iam.NewRolePolicy(ctx, "deny", &iam.RolePolicyArgs{Role: role.ID(), Name: pulumi.String("deny"),
			Policy: pulumi.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`)}, o); err != nil {
			return err
		}
		logs, err := cloudwatch.NewLogGroup(ctx, "logs", &cloudwatch.LogGroupArgs{RetentionInDays: pulumi.Int(30), KmsKeyId: key.Arn, Tags: tags}, o)
		if err != nil {
			return err
		}
		if _, err = ec2.NewFlowLog(ctx, "flow", &ec2.FlowLogArgs{VpcId: vpc.ID(), TrafficType: pulumi.String("ALL"),
			IamRoleArn: role.Arn, LogDestination: logs.Arn, Tags: tags}, o); err != nil {
			return err
		}
		layer, err := lambda.NewLayerVersion(ctx, "layer", &lambda.LayerVersionArgs{LayerName: pulumi.String(tenant + "-vendor"),
			Code: pulumi.NewAssetArchive(map[string]any{"python/x.py": pulumi.NewStringAsset("x=1")})}, o)
		if err != nil {
			return err
		}
		fn, err := lambda.NewFunction(ctx, "worker", &lambda.FunctionArgs{
			Name: pulumi.String(tenant + "-worker"), Role: role.Arn, Runtime: pulumi.String("python3.13"), Handler: pulumi.String("m.h"),
			MemorySize: pulumi.Int(v.memory), Layers: pulumi.StringArray{layer.Arn}, Tags: tags,
			Code:        pulumi.NewAssetArchive(map[string]any{"m.py": pulumi.NewStringAsset("def h(e,c): return e")}),
			Environment: lambda.FunctionEnvironmentArgs{Variables: pulumi.StringMap{"TOKEN": pulumi.ToSecret(pulumi.String("opensesame")).(pulumi.StringOutput)}},
			VpcConfig:   lambda.FunctionVpcConfigArgs{SubnetIds: pulumi.StringArray{subnet.ID()}, SecurityGroupIds: pulumi.StringArray{group.ID()}},
		}, o)
		if err != nil {
			return err
		}
		table, err := dynamodb.NewTable(ctx, "table", &dynamodb.TableArgs{
			Name: pulumi.String(tenant + "-table"), HashKey: pulumi.String(v.hashKey), BillingMode: pulumi.String("PAY_PER_REQUEST"), Tags: tags,
			Attributes: dynamodb.TableAttributeArray{dynamodb.TableAttributeArgs{Name: pulumi.String(v.hashKey), Type: pulumi.String("S")}},
		}, o)
		if err != nil {
			return err
		}
		pool, err := cognito.NewUserPool(ctx, "users", &cognito.UserPoolArgs{Tags: tags}, o)
		if err != nil {
			return err
		}
		client, err := cognito.NewUserPoolClient(ctx, "client", &cognito.UserPoolClientArgs{UserPoolId: pool.ID(), GenerateSecret: pulumi.Bool(true)}, o)
		if err != nil {
			return err
		}
		bucket, err := s3.NewBucketV2(ctx, "bucket", &s3.BucketV2Args{Tags: tags}, o)
		if err != nil {
			return err
		}
		if _, err = s3.NewBucketPublicAccessBlock(ctx, "private", &s3.BucketPublicAccessBlockArgs{Bucket: bucket.ID(), BlockPublicAcls: pulumi.Bool(true)}, o); err != nil {
			return err
		}
		ctx.Export("function", fn.Arn)
		ctx.Export("table", table.Arn)
		ctx.Export("clientSecret", client.ClientSecret)
		return nil
	}
}

// pulumiCLI finds the CLI, or fails the test.
func pulumiCLI(t *testing.T) auto.PulumiCommand {
	t.Helper()
	bin := os.Getenv("TENANTFORM_PULUMI")
	if bin == "" {
		if here, err := filepath.Abs("../../bin/pulumi"); err == nil {
			if _, err := os.Stat(here); err == nil {
				bin = here
			}
		}
	}
	if bin == "" {
		var err error
		if bin, err = exec.LookPath("pulumi"); err != nil {
			t.Fatal("no pulumi CLI: set TENANTFORM_PULUMI, or build bin/pulumi")
		}
	}
	// The Automation API looks for <root>/bin/pulumi.
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(bin, filepath.Join(root, "bin", "pulumi")); err != nil {
		t.Fatal(err)
	}
	cmd, err := auto.NewPulumiCommand(&auto.PulumiCommandOptions{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	return cmd
}

func newStack(t *testing.T, c *Cloud, cli auto.PulumiCommand, name string, run pulumi.RunFunc) auto.Stack {
	t.Helper()
	dir := t.TempDir()
	env := map[string]string{
		"PULUMI_CONFIG_PASSPHRASE": "for tests", "PULUMI_SKIP_UPDATE_CHECK": "1", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "1",
		"PULUMI_HOME": filepath.Join(dir, "home"),
	}
	maps.Copy(env, c.Env())
	s, err := auto.UpsertStackInlineSource(t.Context(), name, "localcloud", run, auto.Pulumi(cli), auto.WorkDir(dir), auto.EnvVars(env),
		auto.SecretsProvider("passphrase"),
		auto.Project(workspace.Project{Name: tokens.PackageName("localcloud"), Runtime: workspace.NewProjectRuntimeInfo("go", nil),
			Backend: &workspace.ProjectBackend{URL: "file://" + dir}}))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func start(t testing.TB) *Cloud {
	t.Helper()
	c, err := Start(context.Background(), t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func changed(m *map[string]int) string {
	if m == nil {
		return "nothing"
	}
	n := maps.Clone(*m)
	delete(n, "same")
	return fmt.Sprint(n)
}

// TestEngine takes one stack through its life with the real engine.
func TestEngine(t *testing.T) {
	cli := pulumiCLI(t)
	c := start(t)
	v := &settingsOfProgram{memory: 256, hashKey: "pk"}
	s := newStack(t, c, cli, "acme", silo("acme", v))
	ctx := t.Context()
	up := func(want string) auto.UpResult {
		t.Helper()
		var log bytes.Buffer
		began := time.Now()
		r, err := s.Up(ctx, optup.ProgressStreams(&log), optup.ErrorProgressStreams(&log))
		if err != nil {
			t.Fatalf("up: %v\n%s", err, log.String())
		}
		t.Logf("up %v: %v", time.Since(began).Round(time.Millisecond), changed(r.Summary.ResourceChanges))
		if got := changed(r.Summary.ResourceChanges); got != want {
			t.Fatalf("up changed %s, want %s\n%s", got, want, log.String())
		}
		return r
	}
	r := up("map[create:18]")
	if got := r.Outputs["function"].Value; got != "arn:aws:lambda:eu-west-1:111111111111:function:acme-worker" {
		t.Errorf("the function's ARN is %v", got)
	}
	if !r.Outputs["clientSecret"].Secret || len(fmt.Sprint(r.Outputs["clientSecret"].Value)) != 52 {
		t.Errorf("the client's secret is %+v", r.Outputs["clientSecret"])
	}
	noSecretInFiles(t, c)
	up("map[]")

	refresh := func(want string) {
		t.Helper()
		r, err := s.Refresh(ctx, optrefresh.ProgressStreams(&bytes.Buffer{}))
		if err != nil {
			t.Fatal(err)
		}
		if got := changed(r.Summary.ResourceChanges); got != want {
			t.Fatalf("refresh found %s, want %s\n%s", got, want, r.StdOut)
		}
	}
	refresh("map[]")
	up("map[]")

	// Drift: one changed, one gone.
	if err := c.Modify("111111111111", "eu-west-1", "lambda.Function", "acme-worker", func(in map[string]any) { in["memorySize"] = 512.0 }); err != nil {
		t.Fatal(err)
	}
	users, err := c.Find("cognito.UserPoolClient", map[string]any{"generateSecret": true, "name": nil})
	if err != nil || len(users) != 0 {
		t.Fatalf("a partial match was found: %v %v", users, err)
	}
	if err := c.Delete("111111111111", "global", "iam.RolePolicy", "acme-role:deny"); err != nil {
		t.Fatal(err)
	}
	refresh("map[delete:1 update:1]")
	up("map[create:1 update:1]")

	// A table's key forces a new table, the old one goes first: the name is explicit.
	v.hashKey = "id"
	up("map[replace:1]")
	tables, err := c.Find("aws:dynamodb/table:Table", map[string]any{
		"name": "acme-table", "hashKey": "id", "billingMode": "PAY_PER_REQUEST", "tags": map[string]any{"tenant-id": "acme"},
		"attributes": []any{map[string]any{"name": "id", "type": "S"}},
	})
	if err != nil || len(tables) != 1 {
		t.Fatalf("found %d tables with the new key: %v", len(tables), err)
	}

	if _, err := s.Destroy(ctx, optdestroy.ProgressStreams(&bytes.Buffer{})); err != nil {
		t.Fatal(err)
	}
	if left, err := c.Resources(); err != nil || len(left) != 0 {
		t.Fatalf("destroy left %v %v", left, err)
	}
}

func noSecretInFiles(t *testing.T, c *Cloud) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(c.store.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), "opensesame") {
			t.Errorf("%s has the secret in plain text", path)
		}
		return err
	})
	if err != nil || files == 0 {
		t.Fatalf("read %d files: %v", files, err)
	}
}
