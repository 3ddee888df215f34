package plan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/tenantform/tenantform/automation/plan"
)

var update = flag.Bool("update", false, "write what the CLI prints to testdata/preview")

// TestFromPreviewJSONOfCLI runs the CLI and reads what it prints. With -update
// it also writes the fixtures that the other tests read.
func TestFromPreviewJSONOfCLI(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the pulumi CLI")
	}
	cli := newCLI(t)
	cli.run(t, nil, "stack", "init", "dev")
	cli.run(t, nil, "config", "set", "aws:region", "eu-west-1")

	created := cli.preview(t, "create", first)
	if n := created.Changes()[plan.OperationCreate]; n == 0 || len(created.Changes()) != 1 {
		t.Errorf("a first preview changes %v, want creates only", created.Changes())
	}
	cli.run(t, first, "up", "--skip-preview", "--yes")

	same := cli.preview(t, "same", first)
	if !same.Empty() || len(same.Resources) != len(created.Resources) {
		t.Errorf("a second preview changes %v and has %d resources, want none of %d", same.Changes(), len(same.Resources), len(created.Resources))
	}

	changed := cli.preview(t, "change", second)
	want := map[plan.Operation]int{plan.OperationCreate: 1, plan.OperationUpdate: 1, plan.OperationReplace: 2, plan.OperationDelete: 1}
	if got := changed.Changes(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the changed program changes %v, want %v", got, want)
	}
	withSteps := cli.preview(t, "change_steps", second, "--show-replacement-steps")
	if got := withSteps.Changes(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("with --show-replacement-steps it changes %v, want %v", got, want)
	}

	protected := cli.output(t, "destroy_protected", nil, "destroy", "--preview-only", "--json")
	if _, err := plan.FromPreviewJSON(bytes.NewReader(protected)); err == nil || !strings.Contains(err.Error(), "protected") {
		t.Errorf("the destruction of a protected resource: error is %v", err)
	}
	cli.run(t, nil, "state", "unprotect", "--all", "--yes")
	destroyed, err := plan.FromPreviewJSON(bytes.NewReader(cli.output(t, "destroy", nil, "destroy", "--preview-only", "--json")))
	if err != nil {
		t.Fatal(err)
	}
	if got := destroyed.Changes(); len(got) != 1 || got[plan.OperationDelete] == 0 {
		t.Errorf("a destruction changes %v, want deletes only", got)
	}

	refreshed, err := plan.FromRefreshJSON(bytes.NewReader(cli.output(t, "refresh", nil, "refresh", "--preview-only", "--json", "--show-sames")))
	if err != nil {
		t.Fatal(err)
	}
	if got := refreshed.Changes(); got[plan.OperationUpdate] != 1 || got[plan.OperationDelete] != 1 || len(got) != 2 {
		t.Errorf("a refresh finds %v, want one update and one delete", got)
	}

	for name, tt := range map[string]struct {
		program pulumi.RunFunc
		args    []string
		want    string
	}{
		"without_sames":  {second, nil, "--show-sames"},
		"program_failed": {func(*pulumi.Context) error { return fmt.Errorf("no such tenant") }, []string{"--show-sames"}, "no such tenant"},
		"refused":        {refused, []string{"--show-sames"}, "refused by the provider"},
	} {
		out := cli.output(t, name, tt.program, append([]string{"preview", "--json"}, tt.args...)...)
		if _, err := plan.FromPreviewJSON(bytes.NewReader(out)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error is %v, want one with %q", name, err, tt.want)
		}
	}
	cli.run(t, nil, "destroy", "--skip-preview", "--yes")
	out := cli.output(t, "destroy_empty", nil, "destroy", "--preview-only", "--json")
	if _, err := plan.FromPreviewJSON(bytes.NewReader(out)); !errors.Is(err, plan.ErrEmpty) {
		t.Errorf("the destruction of an empty stack: error is %v, want ErrEmpty", err)
	}
}

// res declares a resource of any type with any inputs.
func res(ctx *pulumi.Context, typ, name string, in pulumi.Map, opts ...pulumi.ResourceOption) pulumi.IDOutput {
	var r struct{ pulumi.CustomResourceState }
	if err := ctx.RegisterResource(typ, name, in, &r, opts...); err != nil {
		panic(err)
	}
	return r.ID()
}

func program(ctx *pulumi.Context, second bool) error {
	core, err := aws.NewProvider(ctx, "core", &aws.ProviderArgs{
		Region: pulumi.String("eu-west-1"), AllowedAccountIds: pulumi.StringArray{pulumi.String("111111111111")}})
	if err != nil {
		return err
	}
	functions, err := aws.NewProvider(ctx, "functions", &aws.ProviderArgs{Region: pulumi.String("eu-central-1"),
		AssumeRole: aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::222222222222:role/tenantform-deployer")}})
	if err != nil {
		return err
	}
	silo := &struct{ pulumi.ResourceState }{}
	if err := ctx.RegisterComponentResource("tenantform:silo:Silo", "acme-silo", silo, pulumi.Providers(core)); err != nil {
		return err
	}
	in := pulumi.Parent(silo)
	tags := pulumi.Map{"tenant-id": pulumi.String("acme"), "tier": pulumi.String("standard")}
	table := "acme-items"
	if second {
		tags["tier"], table = pulumi.String("premium"), "acme-items-2"
	}
	vpc := res(ctx, "aws:ec2/vpc:Vpc", "acme-vpc", pulumi.Map{"cidrBlock": pulumi.String("10.0.0.0/16"), "tags": tags}, in)
	res(ctx, "aws:ec2/flowLog:FlowLog", "acme-flow-log", pulumi.Map{"vpcId": vpc, "trafficType": pulumi.String("ALL")}, in)
	id := res(ctx, "aws:dynamodb/table:Table", "acme-table", pulumi.Map{"name": pulumi.String(table), "deletionProtectionEnabled": pulumi.Bool(true)}, in, pulumi.Protect(!second))
	res(ctx, "aws:iam/rolePolicy:RolePolicy", "acme-grant", pulumi.Map{"role": pulumi.String("acme-role"),
		"policy": pulumi.Sprintf(`{"Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:::table/%s"}]}`, id)}, in, pulumi.ReplaceOnChanges([]string{"policy"}))
	res(ctx, "aws:rds/instance:Instance", "acme-db", pulumi.Map{"password": pulumi.ToSecret(pulumi.String("canary")).(pulumi.StringOutput), "user": pulumi.String("u")}, in, pulumi.Protect(true))
	if second {
		res(ctx, "aws:sqs/queue:Queue", "acme-queue", pulumi.Map{"name": pulumi.String("acme-queue")}, in)
	} else {
		res(ctx, "aws:s3/bucketV2:BucketV2", "acme-bucket", pulumi.Map{"bucket": pulumi.String("acme-files")}, in)
	}
	res(ctx, "aws:lambda/function:Function", "acme-fn", pulumi.Map{"name": pulumi.String("acme-fn")}, pulumi.Provider(functions))
	res(ctx, "aws:sns/topic:Topic", "by-default-provider", pulumi.Map{})
	var read struct{ pulumi.CustomResourceState }
	if err := ctx.ReadResource("aws:ec2/subnet:Subnet", "outside", pulumi.ID("subnet-1"), pulumi.Map{}, &read, pulumi.Provider(core)); err != nil {
		return err
	}
	return ctx.RegisterResourceOutputs(silo, pulumi.Map{})
}

func first(ctx *pulumi.Context) error  { return program(ctx, false) }
func second(ctx *pulumi.Context) error { return program(ctx, true) }
func refused(ctx *pulumi.Context) error {
	res(ctx, "aws:sns/topic:Topic", "wrong", pulumi.Map{"refuse": pulumi.Bool(true)})
	return nil
}

// commandLine runs the pulumi CLI on one stack of a file backend, with a provider
// of our own attached.
type commandLine struct {
	path, dir string
	env       []string
}

func newCLI(t *testing.T) *commandLine {
	t.Helper()
	path := os.Getenv("TENANTFORM_PULUMI")
	if path == "" {
		path, _ = filepath.Abs("../../bin/pulumi")
	}
	if _, err := os.Stat(path); err != nil {
		if path, err = exec.LookPath("pulumi"); err != nil {
			t.Fatal("no pulumi CLI: neither TENANTFORM_PULUMI nor bin/pulumi nor one on PATH")
		}
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o755); err != nil {
		t.Fatal(err)
	}
	project := "name: tenantform\nruntime: go\n"
	if err := os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte(project), 0o644); err != nil {
		t.Fatal(err)
	}
	port := serve(t, func(s *grpc.Server) { pulumirpc.RegisterResourceProviderServer(s, &provider{}) })
	return &commandLine{path: path, dir: dir, env: []string{
		"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "PULUMI_HOME=" + filepath.Join(dir, "home"),
		"PULUMI_BACKEND_URL=file://" + filepath.Join(dir, "state"), "PULUMI_CONFIG_PASSPHRASE=test",
		"PULUMI_SKIP_UPDATE_CHECK=1", "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=1",
		fmt.Sprintf("PULUMI_DEBUG_PROVIDERS=aws:%d", port),
	}}
}

// exec runs the CLI, with the program served to it where there is one.
func (c *commandLine) exec(t *testing.T, program pulumi.RunFunc, args ...string) (stdout, stderr []byte, err error) {
	t.Helper()
	args = append(args, "--non-interactive", "--color", "never")
	if program != nil {
		port := serve(t, func(s *grpc.Server) { pulumirpc.RegisterLanguageRuntimeServer(s, &language{program: program}) })
		args = append(args, fmt.Sprintf("--client=127.0.0.1:%d", port))
	}
	if args[0] != "stack" {
		args = append(args, "--stack", "dev")
	}
	cmd := exec.Command(c.path, args...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.dir, c.env, &out, &errs
	err = cmd.Run()
	return out.Bytes(), errs.Bytes(), err
}

func (c *commandLine) run(t *testing.T, program pulumi.RunFunc, args ...string) {
	t.Helper()
	if out, errs, err := c.exec(t, program, args...); err != nil {
		t.Fatalf("pulumi %s: %v\n%s%s", strings.Join(args, " "), err, out, errs)
	}
}

// output gives what the CLI prints, whether or not it fails, and keeps it as a fixture.
func (c *commandLine) output(t *testing.T, name string, program pulumi.RunFunc, args ...string) []byte {
	t.Helper()
	out, errs, err := c.exec(t, program, args...)
	if len(out) == 0 {
		t.Fatalf("pulumi %s printed nothing: %v\n%s", strings.Join(args, " "), err, errs)
	}
	if bytes.Contains(out, []byte("canary")) {
		t.Errorf("%s: the CLI printed a secret", name)
	}
	if *update {
		c.keep(t, name, out)
	}
	return out
}

// keep writes a fixture, without what differs from run to run.
func (c *commandLine) keep(t *testing.T, name string, out []byte) {
	t.Helper()
	var v any
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	text, err := json.MarshalIndent(without(v, "created", "modified", "sourcePosition", "stackTrace"), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("testdata", "preview", name+".json"), append(text, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func without(v any, keys ...string) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if slices.Contains(keys, k) {
				delete(v, k)
			} else {
				v[k] = without(e, keys...)
			}
		}
	case []any:
		for i, e := range v {
			v[i] = without(e, keys...)
		}
	}
	return v
}

func (c *commandLine) preview(t *testing.T, name string, program pulumi.RunFunc, args ...string) plan.Plan {
	t.Helper()
	p, err := plan.FromPreviewJSON(bytes.NewReader(c.output(t, name, program, append([]string{"preview", "--json", "--show-sames"}, args...)...)))
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return p
}

func serve(t *testing.T, register func(*grpc.Server)) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	register(s)
	go s.Serve(l) //nolint:errcheck // ends with Stop
	t.Cleanup(s.Stop)
	return l.Addr().(*net.TCPAddr).Port
}

// language gives the CLI a program, as an Automation API's inline program does.
type language struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	program pulumi.RunFunc
}

func (l *language) GetRequiredPlugins(context.Context, *pulumirpc.GetRequiredPluginsRequest) (*pulumirpc.GetRequiredPluginsResponse, error) {
	return &pulumirpc.GetRequiredPluginsResponse{}, nil
}

func (l *language) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "1.0.0"}, nil
}

func (l *language) Handshake(context.Context, *pulumirpc.LanguageHandshakeRequest) (*pulumirpc.LanguageHandshakeResponse, error) {
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

func (l *language) Run(ctx context.Context, req *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	engine := ""
	if len(req.Args) > 0 {
		engine = req.Args[0]
	}
	c, err := pulumi.NewContext(ctx, pulumi.RunInfo{
		EngineAddr: engine, MonitorAddr: req.MonitorAddress, Config: req.Config, ConfigSecretKeys: req.ConfigSecretKeys, Project: req.Project,
		Stack: req.Stack, Parallel: req.Parallel, DryRun: req.DryRun, Organization: req.Organization,
	})
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	if err := pulumi.RunWithContext(c, l.program); err != nil {
		return &pulumirpc.RunResponse{Error: err.Error()}, nil
	}
	return &pulumirpc.RunResponse{}, nil
}

// provider accepts everything, and replaces what changes its name.
type provider struct {
	pulumirpc.UnimplementedResourceProviderServer
}

func (provider) CheckConfig(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	return &pulumirpc.CheckResponse{Inputs: r.News}, nil
}

func (provider) DiffConfig(context.Context, *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	return &pulumirpc.DiffResponse{}, nil
}

func (provider) Configure(context.Context, *pulumirpc.ConfigureRequest) (*pulumirpc.ConfigureResponse, error) {
	return &pulumirpc.ConfigureResponse{AcceptSecrets: true, AcceptResources: true, SupportsPreview: true}, nil
}

func (provider) Check(_ context.Context, r *pulumirpc.CheckRequest) (*pulumirpc.CheckResponse, error) {
	if r.News.GetFields()["refuse"] != nil {
		return &pulumirpc.CheckResponse{Failures: []*pulumirpc.CheckFailure{{Property: "refuse", Reason: "refused by the provider"}}}, nil
	}
	return &pulumirpc.CheckResponse{Inputs: r.News}, nil
}

func (provider) Diff(_ context.Context, r *pulumirpc.DiffRequest) (*pulumirpc.DiffResponse, error) {
	out := &pulumirpc.DiffResponse{Changes: pulumirpc.DiffResponse_DIFF_NONE, HasDetailedDiff: true, DetailedDiff: map[string]*pulumirpc.PropertyDiff{}}
	for k, v := range r.News.GetFields() {
		old := r.OldInputs.GetFields()[k]
		if old != nil && proto.Equal(old, v) {
			continue
		}
		out.Changes = pulumirpc.DiffResponse_DIFF_SOME
		out.Diffs = append(out.Diffs, k)
		kind := pulumirpc.PropertyDiff_UPDATE
		if slices.Contains([]string{"name", "policy"}, k) {
			out.Replaces, kind = append(out.Replaces, k), pulumirpc.PropertyDiff_UPDATE_REPLACE
		}
		out.DetailedDiff[k] = &pulumirpc.PropertyDiff{Kind: kind, InputDiff: true}
	}
	return out, nil
}

func (provider) Create(_ context.Context, r *pulumirpc.CreateRequest) (*pulumirpc.CreateResponse, error) {
	if r.Preview {
		return &pulumirpc.CreateResponse{Properties: r.Properties}, nil
	}
	return &pulumirpc.CreateResponse{Id: "id-of-" + r.Name, Properties: r.Properties}, nil
}

func (provider) Update(_ context.Context, r *pulumirpc.UpdateRequest) (*pulumirpc.UpdateResponse, error) {
	return &pulumirpc.UpdateResponse{Properties: r.News}, nil
}

// Read finds the topic gone, the bucket changed, and everything else as it was.
func (provider) Read(_ context.Context, r *pulumirpc.ReadRequest) (*pulumirpc.ReadResponse, error) {
	if strings.HasSuffix(r.Urn, "::by-default-provider") {
		return &pulumirpc.ReadResponse{}, nil
	}
	if r.Properties != nil && r.Inputs != nil {
		in := proto.Clone(r.Inputs).(*structpb.Struct)
		if in.Fields["bucket"] != nil {
			in.Fields["bucket"] = structpb.NewStringValue("renamed-by-hand")
		}
		return &pulumirpc.ReadResponse{Id: r.Id, Properties: in, Inputs: in}, nil
	}
	return &pulumirpc.ReadResponse{Id: r.Id, Properties: &structpb.Struct{}, Inputs: &structpb.Struct{}}, nil
}

func (provider) Delete(context.Context, *pulumirpc.DeleteRequest) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (provider) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

func (provider) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "6.83.2"}, nil
}

func (provider) Attach(context.Context, *pulumirpc.PluginAttach) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}
