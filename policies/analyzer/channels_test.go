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
	"github.com/tenantform/tenantform/tenants"
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

// version is of a program.
type version int

const (
	plain     version = iota
	changed           // the protection of a resource is taken off, and it is replaced
	byDefault         // there is a resource of a default provider, whose region the stack's config sets
)

// whatAll has in it all that channels could tell differently: components, several
// providers, secrets and unknowns also deep inside, assets, protection.
func whatAll(of version) pulumi.RunFunc {
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
		name := "more"
		if of == changed {
			name = "other" // which replaces the topic
		}
		var topic, role struct {
			pulumi.CustomResourceState

			Arn pulumi.StringOutput `pulumi:"arn"`
		}
		if err := ctx.RegisterResource("aws:sns/topic:Topic", "more-topic", pulumi.Map{"name": pulumi.String(name)}, &topic, pulumi.Protect(of != changed), pulumi.Provider(p)); err != nil {
			return err
		}
		if err := ctx.RegisterResource("aws:iam/role:Role", "more-role", pulumi.Map{"name": pulumi.String("more"),
			"assumeRolePolicy": pulumi.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}`)},
			&role, pulumi.Provider(p)); err != nil {
			return err
		}
		if of == byDefault {
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

// channels are the three ways to an input, on one stack.
type channels struct {
	*commandLine

	gate    *gate
	engine  *automation.Engine
	pack    string // an executable
	config  string // of the pack, a file
	witness *watching
	// subject is what the reader has from flags and the gate from its caller. The
	// stack's tags are the backend's to tell, but for the reader.
	subject   policies.Subject
	catalogue tenants.Catalogue
}

func newChannels(t *testing.T) *channels {
	c := &channels{commandLine: newCommandLine(t, "platform"), gate: &gate{}}
	for _, args := range [][]string{{"config", "set", "aws:region", "eu-west-1"}, {"stack", "tag", "set", "team", "payments"}} {
		if out, err := c.run(nil, append(args, "--stack", c.stack)...); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	var err error
	if c.catalogue, err = tenantfile.DefaultCatalogue(); err != nil {
		t.Fatal(err)
	}
	c.subject = policies.Subject{Program: policies.ProgramPlatform, Environment: "production", Region: "eu-west-1", Account: "111111111111", FunctionsAccount: "222222222222"}
	c.config = c.write("platform.json", platformConfig)
	opts, w := builtIn(t)
	c.witness = w
	c.pack = c.write("pack", fmt.Sprintf("#!/bin/sh\necho %d\nexec sleep 600\n", serveFresh(t, opts)))
	env := c.cloud.Env()
	env["PULUMI_CONFIG_PASSPHRASE"] = passphrase // the stack's secrets are those of the command line
	c.engine, err = automation.New(filepath.Join(t.TempDir(), "engine"), c.gate, &automation.Options{
		Pulumi: automation.CLI{Path: c.pulumi}, Env: env, BackendURL: "file://" + filepath.Join(c.dir, "state"), Catalogue: c.catalogue})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// inputs gives what the reader, the policy pack and, where asked, the gate make of a
// preview, and wants them to agree.
func (c *channels) inputs(what string, program pulumi.RunFunc, gated bool) (read, inside policies.Input) {
	t := c.t
	t.Helper()
	out, errs, err := c.both(program, "preview", "--json", "--show-sames")
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", what, err, errs, out)
	}
	p, err := plan.FromPreviewJSON(strings.NewReader(out))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	told := c.subject
	told.Tags = map[string]string{"team": "payments"}
	read = policies.NewInput(p, told, c.catalogue)
	asked := len(c.witness.inputs)
	shown, _ := c.preview(program, c.pack, "--policy-pack-config", c.config) // what the rules say to it is not asked here
	if len(c.witness.inputs) == asked {
		t.Fatalf("%s: the policy pack was not asked:\n%s", what, shown)
	}
	inside = c.witness.last()
	agree(t, what+", the reader and the policy pack", read, inside)
	if gated {
		if _, err := c.engine.Preview(t.Context(), automation.Stack{Name: c.stack, Program: program, Subject: c.subject}); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		in := c.gate.inputs[len(c.gate.inputs)-1]
		agree(t, what+", the gate and the policy pack", in, inside)
		agreeWholly(t, what+", the gate and the reader", in, read)
	}
	hides(t, what, out+errs+shown+asJSON(t, c.witness.inputs)+asJSON(t, c.gate.inputs))
	return read, inside
}

// TestChannelsAgree has one program go through the gate, the reader of
// "pulumi preview --json" and the policy pack: all three have the same input, and
// it is as its schema says.
func TestChannelsAgree(t *testing.T) {
	c := newChannels(t)
	up := func(program pulumi.RunFunc) {
		t.Helper()
		if out, err := c.run(program, "up", "--yes", "--skip-preview"); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	_, inside := c.inputs("before there is anything", whatAll(plain), true)
	if n := strings.Count(asJSON(t, inside), plan.SecretKey); n < 2 || !strings.Contains(asJSON(t, inside), plan.UnknownKey) {
		t.Errorf("the program has secrets and unknowns, the plan %d secrets", n)
	}
	up(whatAll(plain))
	read, inside := c.inputs("after an update", whatAll(plain), true)
	unprotected(t, "after an update", read.Plan, inside.Plan, false)
	read, inside = c.inputs("with a change", whatAll(changed), true)
	unprotected(t, "with a change", read.Plan, inside.Plan, true)
	up(whatAll(byDefault))
	c.inputs("with a default provider", whatAll(byDefault), false)

	exported, err := c.run(nil, "stack", "export", "--stack", c.stack)
	if err != nil {
		t.Fatalf("%v\n%s", err, exported)
	}
	deployed, err := plan.FromStateJSON(strings.NewReader(exported))
	if err != nil {
		t.Fatal(err)
	}
	asSchema(t, "the reader of a state", policies.NewInput(deployed, c.subject, c.catalogue))
	for _, in := range c.witness.inputs {
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

// agreeWholly compares the two inputs that are made of a preview, also in what a
// policy pack is not told.
func agreeWholly(t *testing.T, what string, a, b policies.Input) {
	t.Helper()
	for _, in := range []*policies.Input{&a, &b} {
		in.Plan.Resources = slices.Clone(in.Plan.Resources)
		for i, r := range in.Plan.Resources {
			was := byURN(plan.Plan{Resources: []plan.Resource{r}})[r.URN]
			was.ID, was.Operation, was.OldInputs, was.WasProtected, was.Changed, was.ReplaceKeys = r.ID, r.Operation, r.OldInputs, r.WasProtected, r.Changed, r.ReplaceKeys
			in.Plan.Resources[i] = was
		}
		slices.SortFunc(in.Plan.Resources, func(x, y plan.Resource) int { return strings.Compare(x.URN, y.URN) })
	}
	if x, y := asJSON(t, a), asJSON(t, b); x != y {
		t.Errorf("%s differ:\n%s\n%s", what, x, y)
	}
}

// unprotected wants the topic that the stack protects, and whose protection a
// change takes off while it replaces it.
func unprotected(t *testing.T, what string, read, inside plan.Plan, changed bool) {
	t.Helper()
	topic := func(p plan.Plan) plan.Resource {
		i := slices.IndexFunc(p.Resources, func(r plan.Resource) bool { return r.Name == "more-topic" })
		if i < 0 {
			t.Fatalf("%s: the topic is missing", what)
		}
		return p.Resources[i]
	}
	want := plan.OperationSame
	if changed {
		want = plan.OperationReplace
	}
	if r := topic(read); r.Operation != want || r.Protected == changed || r.WasProtected == nil || !*r.WasProtected {
		t.Errorf("%s: the reader sees the topic as %+v", what, r)
	}
	if r := topic(inside); r.Protected == changed || r.WasProtected != nil {
		t.Errorf("%s: the policy pack sees the topic as %+v", what, r)
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
		r.ID, r.Operation, r.OldInputs, r.WasProtected, r.Changed, r.ReplaceKeys = "", "", nil, nil, nil, nil
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
