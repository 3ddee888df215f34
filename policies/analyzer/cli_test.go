package analyzer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// passphrase is that of the command line's secrets.
const passphrase = "for tests"

// plugin is the directory of the built plugin; TestMain removes it.
var plugin string

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "tenantform-policy-pack")
	if err != nil {
		return "", err
	}
	plugin = dir
	out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "pulumi-analyzer-policy-tenantform"), "../../cmd/pulumi-analyzer-policy-tenantform").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return dir, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if plugin != "" {
		os.RemoveAll(plugin)
	}
	os.Exit(code)
}

// commandLine runs the pulumi command on one stack, with the local cloud for AWS
// and the plugin on PATH.
type commandLine struct {
	t                       *testing.T
	pulumi, dir, bin, stack string
	cloud                   *localcloud.Cloud
	env                     []string
}

func newCommandLine(t *testing.T, stack string) *commandLine {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the pulumi CLI")
	}
	cli, err := automation.FindPulumi([]string{"../../bin/pulumi"})
	if err != nil {
		t.Skip(err)
	}
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	c := &commandLine{t: t, pulumi: cli.Path, dir: t.TempDir(), bin: bin, stack: stack}
	c.write("Pulumi.yaml", "name: tenantform\nruntime: go\n")
	if err := os.Mkdir(filepath.Join(c.dir, "state"), 0o755); err != nil {
		t.Fatal(err)
	}
	if c.cloud, err = localcloud.Start(context.WithoutCancel(t.Context()), filepath.Join(c.dir, "cloud"), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.cloud.Close(); err != nil {
			t.Error(err)
		}
	})
	c.env = []string{
		"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + c.dir, "PULUMI_HOME=" + filepath.Join(c.dir, "home"),
		"PULUMI_BACKEND_URL=file://" + filepath.Join(c.dir, "state"), "PULUMI_CONFIG_PASSPHRASE=" + passphrase,
		"PULUMI_SKIP_UPDATE_CHECK=1", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=1",
	}
	for k, v := range c.cloud.Env() {
		c.env = append(c.env, k+"="+v)
	}
	if out, err := c.run(nil, "stack", "init", stack); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return c
}

// write writes a file below the project and gives its path.
func (c *commandLine) write(name, text string) string {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// run runs a command on a program and gives what it printed, errors last.
func (c *commandLine) run(program pulumi.RunFunc, args ...string) (string, error) {
	out, errs, err := c.both(program, args...)
	return out + errs, err
}

func (c *commandLine) both(program pulumi.RunFunc, args ...string) (stdout, stderr string, err error) {
	c.t.Helper()
	if program != nil {
		args = append(args, "--stack", c.stack, "--client", serveProgram(c.t, program), "--exec-kind", "auto.inline")
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.pulumi, append(args, "--cwd", c.dir, "--non-interactive", "--color", "never")...)
	var out, errs bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = c.env, &out, &errs
	err = cmd.Run()
	return out.String(), errs.String(), err
}

func (c *commandLine) preview(program pulumi.RunFunc, pack string, more ...string) (string, error) {
	return c.run(program, append([]string{"preview", "--policy-pack", pack}, more...)...)
}

func (c *commandLine) up(program pulumi.RunFunc, pack string, more ...string) (string, error) {
	return c.run(program, append([]string{"up", "--yes", "--skip-preview", "--policy-pack", pack}, more...)...)
}

// language gives the command a program, as the Automation API does.
type language struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	program pulumi.RunFunc
}

func serveProgram(t *testing.T, program pulumi.RunFunc) string {
	t.Helper()
	cancel := make(chan bool)
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{Cancel: cancel, Init: func(srv *grpc.Server) error {
		pulumirpc.RegisterLanguageRuntimeServer(srv, &language{program: program})
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		close(cancel)
		if err := <-handle.Done; err != nil {
			t.Error(err)
		}
	})
	return fmt.Sprintf("127.0.0.1:%d", handle.Port)
}

func (l *language) Handshake(context.Context, *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (l *language) GetRequiredPlugins(context.Context, *pulumirpc.GetRequiredPluginsRequest) (*pulumirpc.GetRequiredPluginsResponse, error) {
	return &pulumirpc.GetRequiredPluginsResponse{}, nil
}

func (l *language) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (l *language) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	engine := ""
	if len(req.GetArgs()) > 0 {
		engine = req.GetArgs()[0]
	}
	c, err := pulumi.NewContext(ctx, pulumi.RunInfo{
		EngineAddr: engine, MonitorAddr: req.GetMonitorAddress(), Config: req.GetConfig(), ConfigSecretKeys: req.GetConfigSecretKeys(),
		Project: req.GetProject(), Stack: req.GetStack(), Parallel: req.GetParallel(), DryRun: req.GetDryRun(), Organization: req.GetOrganization(),
	})
	if err != nil {
		return nil, err
	}
	err = pulumi.RunWithContext(c, l.program)
	if err := errors.Join(err, c.Close()); err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	return &pulumirpc.RunResponse{}, nil
}

// declare makes a resource of any type with any inputs, through a provider of its own.
func declare(ctx *pulumi.Context, typ, name string, in pulumi.Map, opts ...pulumi.ResourceOption) error {
	p, err := aws.NewProvider(ctx, name+"-provider", &aws.ProviderArgs{Region: pulumi.String("eu-west-1"), AllowedAccountIds: pulumi.StringArray{pulumi.String("111111111111")}})
	if err != nil {
		return err
	}
	var r struct{ pulumi.CustomResourceState }
	return ctx.RegisterResource(typ, name, in, &r, append(opts, pulumi.Provider(p))...)
}

func openBucket(ctx *pulumi.Context) error {
	return declare(ctx, bucket, "acme-files", pulumi.Map{"bucket": pulumi.String("acme-files"),
		"tags": pulumi.Map{"tenant-id": pulumi.String("acme"), "tier": pulumi.String("free"), "model": pulumi.String("pool")}})
}

func endlessLogs(ctx *pulumi.Context) error {
	return declare(ctx, logGroup, "acme-logs", pulumi.Map{"name": pulumi.String("/acme")})
}

var fixed = stacks.Settings{Environment: "production", Region: "eu-west-1", AccountID: "111111111111", FunctionsAccountID: "222222222222"}

func silo(t *testing.T) pulumi.RunFunc {
	t.Helper()
	catalogue, err := tenantfile.DefaultCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	tier, err := catalogue.Tier("premium")
	if err != nil {
		t.Fatal(err)
	}
	return stacks.Tenant(stacks.TenantSpec{Settings: fixed, TenantID: "acme", Name: "Acme", Placements: []stacks.Placement{{Placement: tier.Placement(), Tier: tier}}})
}

func platform() pulumi.RunFunc { return stacks.Platform(stacks.PlatformSpec{Settings: fixed}) }

const platformConfig = `{"tenantform": {"environment": "production", "program": "platform", "region": "eu-west-1", "account": "111111111111", "functionsAccount": "222222222222"}}`

const siloConfig = `{"tenantform": {"environment": "production", "program": "tenant", "tenantId": "acme", "tiers": ["premium"], "region": "eu-west-1", "account": "111111111111"}}`

// TestPolicyPackOnCommandLine runs the rules in the engine, from a directory and
// from the executable.
func TestPolicyPackOnCommandLine(t *testing.T) {
	c := newCommandLine(t, "tenant-acme")
	dir, err := filepath.Abs("../../examples/policy-pack")
	if err != nil {
		t.Fatal(err)
	}
	executable := filepath.Join(c.bin, "pulumi-analyzer-policy-tenantform")

	for name, tt := range map[string]struct {
		program pulumi.RunFunc
		pack    string
		rule    string
	}{
		"a bucket, by directory":   {openBucket, dir, "s3_public_access_block"},
		"logs, by executable":      {endlessLogs, executable, "log_group_retention"},
		"a bucket, by executable ": {openBucket, executable, "s3_public_access_block"},
	} {
		if out, err := c.preview(tt.program, tt.pack); err == nil || !strings.Contains(out, "[mandatory]") || !strings.Contains(out, tt.rule) {
			t.Errorf("%s: the preview ended with %v\n%s", name, err, out)
		}
	}

	if out, err := c.preview(silo(t), dir, "--policy-pack-config", c.write("silo.json", siloConfig)); err != nil {
		t.Errorf("a program without a fault was refused in preview: %v\n%s", err, out)
	}
	if out, err := c.up(platform(), dir, "--policy-pack-config", c.write("platform.json", platformConfig)); err != nil {
		t.Errorf("a program without a fault was refused: %v\n%s", err, out)
	} else if made, err := c.cloud.Resources(); err != nil || len(made) == 0 {
		t.Errorf("nothing was made: %v", err)
	}
}

// TestUpIsRefused shows what comes of a refusal during an update: a resource that
// a rule of one resource refuses is not made.
func TestUpIsRefused(t *testing.T) {
	c := newCommandLine(t, "dev")
	executable := filepath.Join(c.bin, "pulumi-analyzer-policy-tenantform")
	if out, err := c.up(endlessLogs, executable); err == nil || !strings.Contains(out, "log_group_retention") {
		t.Errorf("logs without a retention: %v\n%s", err, out)
	}
	if made, err := c.cloud.Resources(); err != nil || len(made) != 0 {
		t.Errorf("%v was made: %v", made, err)
	}
	levels := c.write("levels.json", `{"all": "advisory"}`)
	if out, err := c.up(openBucket, executable, "--policy-pack-config", levels); err == nil || !strings.Contains(out, "never waived") {
		t.Errorf("rules that are never waived were lowered: %v\n%s", err, out)
	}
	if out, err := c.up(openBucket, executable); err == nil || !strings.Contains(out, "s3_public_access_block") {
		t.Errorf("a bucket without a public access block: %v\n%s", err, out)
	}

	remedied := c.write("remediate.json", `{"log_group_retention": {"enforcementLevel": "remediate", "days": 30}}`)
	out, _ := c.preview(endlessLogs, executable, "--policy-pack-config", remedied)
	if !strings.Contains(out, "[remediate]") || strings.Contains(out, "retentionInDays: the log group") {
		t.Errorf("logs without a retention were not given one:\n%s", out)
	}
}

// TestChosenLevelHolds chooses a level for a rule that is advisory in dev by itself.
func TestChosenLevelHolds(t *testing.T) {
	c := newCommandLine(t, "dev")
	executable := filepath.Join(c.bin, "pulumi-analyzer-policy-tenantform")
	table := func(ctx *pulumi.Context) error {
		return declare(ctx, "aws:dynamodb/table:Table", "acme-items", pulumi.Map{"name": pulumi.String("acme-items"), "hashKey": pulumi.String("id"),
			"attributes": pulumi.MapArray{pulumi.Map{"name": pulumi.String("id"), "type": pulumi.String("S")}}, "billingMode": pulumi.String("PAY_PER_REQUEST")})
	}
	for name, tt := range map[string]struct{ config, want string }{
		"by itself":      {`{"tenantform": {"environment": "dev"}}`, "[advisory]"},
		"chosen":         {`{"tenantform": {"environment": "dev"}, "dynamodb_point_in_time_recovery": "mandatory"}`, "[mandatory]"},
		"all are":        {`{"tenantform": {"environment": "dev"}, "all": "mandatory"}`, "[mandatory]"},
		"in production":  {`{"tenantform": {"environment": "production"}}`, "[mandatory]"},
		"lowered, there": {`{"tenantform": {"environment": "production"}, "dynamodb_point_in_time_recovery": {"enforcementLevel": "advisory"}}`, "[advisory]"},
	} {
		out, _ := c.preview(table, executable, "--policy-pack-config", c.write("chosen.json", tt.config))
		if !slices.ContainsFunc(strings.Split(out, "\n"), func(line string) bool {
			return strings.Contains(line, tt.want) && strings.Contains(line, "dynamodb_point_in_time_recovery")
		}) {
			t.Errorf("%s: %s is missing:\n%s", name, tt.want, out)
		}
	}
}

// TestBrokenPacksRefuse shows packs that cannot decide: the run ends.
func TestBrokenPacksRefuse(t *testing.T) {
	c := newCommandLine(t, "dev")
	nothing := func(*pulumi.Context) error { return nil }
	c.write("broken/PulumiPolicy.yaml", "runtime:\n  name: tenantform\n  options:\n    bundle: rules\n")
	c.write("broken/rules/rules/mine/rule.rego", "package tenantform.rules.mine\n\nfindings contains")
	good := c.write("good/PulumiPolicy.yaml", "runtime: tenantform\n")
	for name, tt := range map[string]struct {
		pack string
		more []string
		want string
	}{
		"a bundle that does not compile": {filepath.Join(c.dir, "broken"), nil, "broken"},
		"another environment":            {filepath.Dir(good), []string{"--policy-pack-config", c.write("qa.json", `{"tenantform": {"environment": "qa"}}`)}, "environment"},
		"a file that is not there":       {filepath.Dir(good), []string{"--policy-pack-config", c.write("gone.json", `{"tenantform": {"waivers": "gone.yaml"}}`)}, "gone.yaml"},
	} {
		if out, err := c.preview(nothing, tt.pack, tt.more...); err == nil || !strings.Contains(out, tt.want) {
			t.Errorf("%s: the preview ended with %v\n%s", name, err, out)
		}
	}
	if out, err := c.preview(nothing, filepath.Dir(good)); err != nil {
		t.Errorf("a pack that is in order refused a program of nothing: %v\n%s", err, out)
	}
}
