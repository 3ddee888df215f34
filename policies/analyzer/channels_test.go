package analyzer_test

import (
	"context"
	"fmt"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/analyzer"
	"github.com/tenantform/tenantform/policies/internal/inputschema"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// gate notes the inputs that it is asked about and allows them.
type gate struct {
	mu     sync.Mutex
	inputs []policies.Input
}

func (g *gate) Evaluate(_ context.Context, in policies.Input) (policies.Report, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inputs = append(g.inputs, in)
	return policies.Report{Verdict: policies.VerdictAllow, Findings: []policies.Finding{}}, nil
}

// whatAll has in it all that channels could tell differently: components, several
// providers, secrets and unknowns also deep inside, assets, protection; and, where
// asked, a resource of a default provider, whose region the stack's config sets.
func whatAll(byDefault bool) pulumi.RunFunc {
	program := platform()
	return func(ctx *pulumi.Context) error {
		if err := program(ctx); err != nil {
			return err
		}
		canary := pulumi.ToSecret(pulumi.String(canary)).(pulumi.StringOutput)
		p, err := aws.NewProvider(ctx, "more-provider", &aws.ProviderArgs{Region: pulumi.String("eu-central-1"),
			AssumeRole: aws.ProviderAssumeRoleArgs{RoleArn: pulumi.String("arn:aws:iam::222222222222:role/deployer")}})
		if err != nil {
			return err
		}
		var topic, role struct {
			pulumi.CustomResourceState

			Arn pulumi.StringOutput `pulumi:"arn"`
		}
		if err := ctx.RegisterResource("aws:sns/topic:Topic", "more-topic", pulumi.Map{"name": pulumi.String("more")}, &topic, pulumi.Protect(true), pulumi.Provider(p)); err != nil {
			return err
		}
		if err := ctx.RegisterResource("aws:iam/role:Role", "more-role", pulumi.Map{"name": pulumi.String("more"),
			"assumeRolePolicy": pulumi.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}`)},
			&role, pulumi.Provider(p)); err != nil {
			return err
		}
		if byDefault {
			var plain struct{ pulumi.CustomResourceState }
			if err := ctx.RegisterResource("aws:sns/topic:Topic", "plain-topic", pulumi.Map{"name": pulumi.String("plain")}, &plain); err != nil {
				return err
			}
		}
		var function struct{ pulumi.CustomResourceState }
		return ctx.RegisterResource("aws:lambda/function:Function", "more-function", pulumi.Map{
			"name": pulumi.String("more"), "runtime": pulumi.String("python3.13"), "handler": pulumi.String("index.handler"), "memorySize": pulumi.Int(128),
			"role": role.Arn,
			"code": pulumi.NewAssetArchive(map[string]any{"index.py": pulumi.NewStringAsset("def handler(event, context):\n    return event\n")}),
			"environment": pulumi.Map{"variables": pulumi.Map{
				"PASSWORD": canary, "TOPIC": topic.Arn, "BOTH": pulumi.Sprintf("%s/%s", topic.Arn, canary), "PLAIN": pulumi.String("text"),
			}},
			"tags": pulumi.Map{"tenant-id": pulumi.String("acme")},
		}, &function, pulumi.Provider(p))
	}
}

// TestChannelsAgree feeds one program through the gate, the reader of
// "pulumi preview --json" and the policy pack: all three have the same input, and
// it is as its schema says.
func TestChannelsAgree(t *testing.T) {
	c := newCommandLine(t, "platform")
	program := whatAll(false)
	if out, err := c.run(nil, "config", "set", "aws:region", "eu-west-1", "--stack", c.stack); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := c.run(nil, "stack", "tag", "set", "team", "payments", "--stack", c.stack); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	catalogue, err := tenantfile.DefaultCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	subject := policies.Subject{Program: policies.ProgramPlatform, Environment: "production", Region: "eu-west-1", Account: "111111111111", FunctionsAccount: "222222222222"}
	told := subject // what the reader has from flags, the gate and the pack from the stack itself
	told.Tags = map[string]string{"team": "payments"}
	config := c.write("platform.json", platformConfig)

	opts, w := builtIn(t)
	pack := c.write("pack", fmt.Sprintf("#!/bin/sh\necho %d\nexec sleep 600\n", serveFresh(t, opts)))

	out, errs, err := c.both(program, "preview", "--json", "--show-sames")
	if err != nil {
		t.Fatalf("%v\n%s%s", err, errs, out)
	}
	read, err := plan.FromPreviewJSON(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	shown, _ := c.preview(program, pack, "--policy-pack-config", config) // what the rules say to it is not asked here
	if len(w.inputs) == 0 {
		t.Fatalf("the policy pack was not asked:\n%s", shown)
	}
	inside := w.last()

	g := &gate{}
	engine, err := automation.New(filepath.Join(t.TempDir(), "engine"), g, &automation.Options{
		Pulumi: automation.CLI{Path: c.pulumi}, Env: c.cloud.Env(), BackendURL: "file://" + filepath.Join(c.dir, "state"), Catalogue: catalogue})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Preview(t.Context(), automation.Stack{Name: c.stack, Program: program, Subject: subject}); err != nil {
		t.Fatal(err)
	}

	agree(t, "the reader and the policy pack", policies.NewInput(read, told, catalogue), inside)
	agree(t, "the gate and the policy pack", g.inputs[len(g.inputs)-1], inside)
	for _, shown := range []string{out, errs, shown, asJSON(t, w.inputs), asJSON(t, g.inputs)} {
		if strings.Contains(shown, canary) {
			t.Error("a secret was shown")
		}
	}
	if n := strings.Count(asJSON(t, inside), plan.SecretKey); n < 2 || !strings.Contains(asJSON(t, inside), plan.UnknownKey) {
		t.Errorf("the program has secrets and unknowns, the plan %d secrets", n)
	}

	program = whatAll(true)
	if out, err := c.run(program, "up", "--yes", "--skip-preview"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, errs, err = c.both(program, "preview", "--json", "--show-sames"); err != nil {
		t.Fatalf("%v\n%s%s", err, errs, out)
	}
	if read, err = plan.FromPreviewJSON(strings.NewReader(out)); err != nil {
		t.Fatal(err)
	}
	c.preview(program, pack, "--policy-pack-config", config) //nolint:errcheck // the rules object
	agree(t, "after an update, the reader and the policy pack", policies.NewInput(read, told, catalogue), w.last())

	exported, err := c.run(nil, "stack", "export", "--stack", c.stack)
	if err != nil {
		t.Fatalf("%v\n%s", err, exported)
	}
	deployed, err := plan.FromStateJSON(strings.NewReader(exported))
	if err != nil {
		t.Fatal(err)
	}
	asSchema(t, "the reader of a state", policies.NewInput(deployed, told, catalogue))
	for _, in := range w.inputs {
		asSchema(t, "the policy pack", in)
	}
}

// serveFresh serves a pack and gives its port. Each run configures the stack
// anew, which makes the pack forget the run before.
func serveFresh(t *testing.T, opts *analyzer.Options) int {
	t.Helper()
	s, err := analyzer.New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	pulumirpc.RegisterAnalyzerServer(server, uncancelled{s})
	go server.Serve(l) //nolint:errcheck // ends with Stop
	t.Cleanup(server.Stop)
	return l.Addr().(*net.TCPAddr).Port
}

// uncancelled is for several runs: the end of one does not end it.
type uncancelled struct{ *analyzer.Server }

func (uncancelled) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	return &emptypb.Empty{}, nil
}

// agree compares two inputs, but for what the engine does not tell a policy pack:
// operations and what was before, ids that are not among the outputs, and inputs
// that it keeps to itself.
func agree(t *testing.T, what string, a, b policies.Input) {
	t.Helper()
	asSchema(t, what, a)
	asSchema(t, what, b)
	left, right := byURN(a.Plan), byURN(b.Plan)
	a.Plan.Resources, b.Plan.Resources = nil, nil
	if x, y := asJSON(t, a), asJSON(t, b); x != y || len(a.Subject.Tags) == 0 || len(a.Subject.Models) == 0 || len(a.Catalogue.Tiers) == 0 {
		t.Errorf("%s differ, or lack tags, models or tiers:\n%s\n%s", what, x, y)
	}
	for urn, r := range left {
		other, ok := right[urn]
		if !ok {
			t.Errorf("%s: only the first has %s", what, urn)
		} else if x, y := asJSON(t, r), asJSON(t, other); x != y {
			t.Errorf("%s differ:\n%s\n%s", what, x, y)
		}
	}
	for urn := range right {
		if _, ok := left[urn]; !ok {
			t.Errorf("%s: only the second has %s", what, urn)
		}
	}
	if len(left) < 20 {
		t.Errorf("%s: only %d resources", what, len(left))
	}
}

func asSchema(t *testing.T, what string, in policies.Input) {
	t.Helper()
	if err := inputschema.Check(t.Context(), policies.InputSchema(), in); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func byURN(p plan.Plan) map[string]plan.Resource {
	out := map[string]plan.Resource{}
	for _, r := range p.Resources {
		r.ID, r.Operation, r.OldInputs, r.Changed, r.ReplaceKeys = "", "", nil, nil, nil
		r.Inputs = maps.Clone(r.Inputs)
		maps.DeleteFunc(r.Inputs, func(k string, _ any) bool { return strings.HasPrefix(k, "__") })
		r.Dependencies = slices.Sorted(slices.Values(r.Dependencies))
		if !r.Custom {
			// A component that depends on another depends on what the SDK has
			// registered of that so far, which differs from run to run.
			r.Dependencies = nil
		}
		for k, urns := range r.PropertyDependencies {
			r.PropertyDependencies[k] = slices.Sorted(slices.Values(urns))
		}
		out[r.URN] = r
	}
	return out
}
