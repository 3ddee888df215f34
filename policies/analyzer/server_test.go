package analyzer_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/analyzer"
)

// The engine's forms of values, as package plan names them.
const (
	signature = "4dabf18193072939515e22adb298388d"
	secret    = "1b47061264138c4ac30d75fd1eb44270"
	unknown   = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	canary    = "canary-7f3a"
)

const (
	logGroup = "aws:cloudwatch/logGroup:LogGroup"
	bucket   = "aws:s3/bucketV2:BucketV2"
	block    = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
)

// shared keeps one compiled bundle for the tests that need no other.
var shared = sync.OnceValues(func() (*policies.Evaluator, error) { return policies.New(context.Background(), nil) })

// watching notes what its evaluator is asked.
type watching struct {
	analyzer.Evaluator
	mu     sync.Mutex
	inputs []policies.Input
}

func (w *watching) EvaluateScopes(ctx context.Context, in policies.Input, scopes ...string) (policies.Report, error) {
	w.mu.Lock()
	w.inputs = append(w.inputs, in)
	w.mu.Unlock()
	return w.Evaluator.EvaluateScopes(ctx, in, scopes...)
}

func (w *watching) last() policies.Input { return w.inputs[len(w.inputs)-1] }

// dial serves a pack over gRPC and gives a client of it.
func dial(t *testing.T, opts *analyzer.Options) pulumirpc.AnalyzerClient {
	t.Helper()
	s, err := analyzer.New(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	port := &firstLine{line: make(chan string, 1)}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- analyzer.Serve(ctx, s, "", port) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	conn, err := grpc.NewClient(net.JoinHostPort("127.0.0.1", <-port.line), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	c := pulumirpc.NewAnalyzerClient(conn)
	dir := t.TempDir()
	if _, err := c.Handshake(t.Context(), &pulumirpc.AnalyzerHandshakeRequest{EngineAddress: "127.0.0.1:1", ProgramDirectory: &dir}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.ConfigureStack(t.Context(), &pulumirpc.AnalyzerStackConfigureRequest{Project: "p", Stack: "s", Config: map[string]string{"p:password": canary}}); err != nil {
		t.Fatal(err)
	}
	return c
}

// firstLine gives away what is written first.
type firstLine struct{ line chan string }

func (f *firstLine) Write(p []byte) (int, error) {
	f.line <- strings.TrimSpace(string(p))
	return len(p), nil
}

// builtIn gives options with the rules compiled once, for a server that is not configured.
func builtIn(t *testing.T) (*analyzer.Options, *watching) {
	t.Helper()
	e, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	w := &watching{Evaluator: e}
	return &analyzer.Options{Evaluator: func(context.Context, *policies.Options) (analyzer.Evaluator, error) { return w, nil }}, w
}

// compiled gives options that compile the rules anew only for other settings.
func compiled(t *testing.T) *analyzer.Options {
	t.Helper()
	e, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return &analyzer.Options{Evaluator: func(ctx context.Context, o *policies.Options) (analyzer.Evaluator, error) {
		if len(o.Enforcement.Settings)+len(o.Waivers) == 0 {
			return e, nil
		}
		return policies.New(ctx, o)
	}}
}

func fields(t *testing.T, v map[string]any) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(v)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func urn(typ, name string) string { return "urn:pulumi:s::p::" + typ + "::" + name }

func provider(t *testing.T) *pulumirpc.AnalyzerProviderResource {
	return &pulumirpc.AnalyzerProviderResource{
		Urn: urn("pulumi:providers:aws", "default_6_83_2"), Type: "pulumi:providers:aws", Name: "default_6_83_2",
		Properties: fields(t, map[string]any{"region": "eu-west-1", "allowedAccountIds": `["111111111111"]`}),
	}
}

func request(t *testing.T, typ, name string, inputs map[string]any) *pulumirpc.AnalyzeRequest {
	t.Helper()
	return &pulumirpc.AnalyzeRequest{Urn: urn(typ, name), Type: typ, Name: name, Properties: fields(t, inputs), Provider: provider(t),
		Options: &pulumirpc.AnalyzerResourceOptions{Protect: true, Parent: urn("pulumi:pulumi:Stack", "p-s")}}
}

func told(t *testing.T, typ, name string, outputs map[string]any, dependencies map[string][]string) *pulumirpc.AnalyzerResource {
	t.Helper()
	r := &pulumirpc.AnalyzerResource{Urn: urn(typ, name), Type: typ, Name: name, Properties: fields(t, outputs), Provider: provider(t),
		PropertyDependencies: map[string]*pulumirpc.AnalyzerPropertyDependencies{}}
	for k, urns := range dependencies {
		r.PropertyDependencies[k] = &pulumirpc.AnalyzerPropertyDependencies{Urns: urns}
		r.Dependencies = append(r.Dependencies, urns...)
	}
	return r
}

func rulesOf(diagnostics []*pulumirpc.AnalyzeDiagnostic, level pulumirpc.EnforcementLevel) []string {
	var ids []string
	for _, d := range diagnostics {
		if d.GetEnforcementLevel() == level {
			ids = append(ids, d.GetPolicyName())
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func TestInfoNamesEveryRule(t *testing.T) {
	opts, w := builtIn(t)
	info, err := dial(t, opts).GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	if !info.GetSupportsConfig() || info.GetName() != analyzer.PackName || len(info.GetPolicies()) != len(w.Rules())+1 {
		t.Errorf("%s: config %v, %d policies of %d rules", info.GetName(), info.GetSupportsConfig(), len(info.GetPolicies()), len(w.Rules()))
	}
	for _, p := range info.GetPolicies() {
		if p.GetName() == "" || p.GetDescription() == "" || p.GetSeverity() == pulumirpc.PolicySeverity_POLICY_SEVERITY_UNSPECIFIED ||
			p.GetPolicyType() == pulumirpc.PolicyType_POLICY_TYPE_UNKNOWN || p.GetEnforcementLevel() == pulumirpc.EnforcementLevel_DISABLED {
			t.Errorf("incomplete: %v", p)
		}
	}
}

func TestAnalyzeOneResource(t *testing.T) {
	opts, w := builtIn(t)
	c := dial(t, opts)
	got, err := c.Analyze(t.Context(), request(t, logGroup, "logs", map[string]any{
		"name": "/acme", "secret": map[string]any{signature: secret, "value": canary},
		"deep": []any{map[string]any{"value": unknown}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if ids := rulesOf(got.GetDiagnostics(), pulumirpc.EnforcementLevel_MANDATORY); !slices.Contains(ids, "log_group_retention") {
		t.Errorf("mandatory: %v", ids)
	}
	r := w.last().Plan.Resources[0]
	if r.Name != "logs" || !r.Custom || !r.Protected || r.Provider.Region != "eu-west-1" || r.Provider.Account != "111111111111" || r.Parent == "" {
		t.Errorf("the resource is %+v", r)
	}
	if text := asJSON(t, r.Inputs); text != `{"deep":[{"value":{"$unknown":true}}],"name":"/acme","secret":{"$secret":true}}` {
		t.Errorf("the inputs are %s", text)
	}
	if strings.Contains(asJSON(t, w.inputs)+got.String(), canary) {
		t.Error("a secret was shown")
	}
	if _, err := c.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{Urn: "no urn", Type: logGroup}); status.Code(err) != codes.Internal {
		t.Errorf("a resource without URN: %v", err)
	}
}

// TestUnknownIsLeftForTheStack shows a value that is known only after the run:
// where it comes from decides, and the engine tells that at the end.
func TestUnknownIsLeftForTheStack(t *testing.T) {
	opts, w := builtIn(t)
	c := dial(t, opts)
	inputs := map[string]any{"name": "/acme", "retentionInDays": unknown, "tags": map[string]any{"tenant-id": "acme", "tier": "free", "model": "pool"}}
	early, err := c.Analyze(t.Context(), request(t, logGroup, "logs", inputs))
	if err != nil {
		t.Fatal(err)
	}
	if ids := rulesOf(early.GetDiagnostics(), pulumirpc.EnforcementLevel_MANDATORY); slices.Contains(ids, "log_group_retention") {
		t.Errorf("an unknown retention was refused before the stack was known: %v", ids)
	}
	late, err := c.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{Resources: []*pulumirpc.AnalyzerResource{
		told(t, bucket, "only-read", map[string]any{"id": "elsewhere"}, nil),
		told(t, logGroup, "logs", map[string]any{"id": "/acme", "retentionInDays": 30.0}, map[string][]string{"retentionInDays": {urn(bucket, "b")}, "name": nil}),
		{Urn: urn("pulumi:providers:aws", "default_6_83_2"), Type: "pulumi:providers:aws"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if ids := rulesOf(late.GetDiagnostics(), pulumirpc.EnforcementLevel_MANDATORY); !slices.Contains(ids, "log_group_retention") {
		t.Errorf("an unknown retention passed: %v", ids)
	}
	p := w.last().Plan
	if len(p.Resources) != 2 || p.Stack != "s" || p.Project != "p" {
		t.Fatalf("the plan is %+v", p)
	}
	logs, read := p.Resources[0], p.Resources[1]
	if logs.ID != "/acme" || asJSON(t, logs.Inputs["retentionInDays"]) != `{"$unknown":true}` || len(logs.PropertyDependencies) != 1 || len(logs.Dependencies) != 1 {
		t.Errorf("the log group is %+v", logs)
	}
	if read.Operation != "read" || read.Name != "only-read" {
		t.Errorf("what was not announced is %+v", read)
	}
	var left []string
	for _, n := range late.GetNotApplicable() {
		left = append(left, n.GetPolicyName())
	}
	if !slices.Contains(left, "tenant_data_deletion") {
		t.Errorf("rules that did not run: %v", left)
	}
}

func TestStackGivesWhatResourcesDidNot(t *testing.T) {
	opts, _ := builtIn(t)
	c := dial(t, opts)
	first, err := c.Analyze(t.Context(), request(t, logGroup, "logs", map[string]any{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Analyze(t.Context(), request(t, bucket, "files", map[string]any{"bucket": "files"})); err != nil {
		t.Fatal(err)
	}
	all, err := c.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{Resources: []*pulumirpc.AnalyzerResource{
		told(t, logGroup, "logs", nil, nil), told(t, bucket, "files", nil, nil),
	}})
	if err != nil {
		t.Fatal(err)
	}
	ids := rulesOf(all.GetDiagnostics(), pulumirpc.EnforcementLevel_MANDATORY)
	if !slices.Contains(ids, "s3_public_access_block") || slices.Contains(ids, "log_group_retention") {
		t.Errorf("the stack: %v; before: %v", ids, rulesOf(first.GetDiagnostics(), pulumirpc.EnforcementLevel_MANDATORY))
	}
}

// failing is an evaluator that reaches no decision.
type failing struct {
	analyzer.Evaluator
	fail func(context.Context) (policies.Report, error)
}

func (f failing) EvaluateScopes(ctx context.Context, _ policies.Input, _ ...string) (policies.Report, error) {
	return f.fail(ctx)
}

func TestFailsClosed(t *testing.T) {
	e, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		fail func(context.Context) (policies.Report, error)
		want codes.Code
	}{
		"error":             {func(context.Context) (policies.Report, error) { return policies.Report{}, errors.New("a rule broke") }, codes.Internal},
		"panic":             {func(context.Context) (policies.Report, error) { panic("a builtin broke") }, codes.Internal},
		"denied for nought": {func(context.Context) (policies.Report, error) { return policies.Report{}, nil }, codes.Internal},
	} {
		c := dial(t, &analyzer.Options{Evaluator: func(context.Context, *policies.Options) (analyzer.Evaluator, error) {
			return failing{e, tt.fail}, nil
		}})
		if _, err := c.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{}); status.Code(err) != tt.want {
			t.Errorf("%s: AnalyzeStack gave %v", name, err)
		}
		if _, err := c.Analyze(t.Context(), request(t, logGroup, "logs", nil)); status.Code(err) != tt.want && name != "denied for nought" {
			t.Errorf("%s: Analyze gave %v", name, err)
		}
	}

	late, err := policies.New(t.Context(), &policies.Options{Timeout: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, &analyzer.Options{Evaluator: func(context.Context, *policies.Options) (analyzer.Evaluator, error) { return late, nil }})
	if _, err := c.Analyze(t.Context(), request(t, logGroup, "logs", nil)); status.Code(err) != codes.Internal {
		t.Errorf("a decision that is late gave %v", err)
	}
	opts, _ := builtIn(t)
	empty, err := dial(t, opts).AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{})
	if err != nil || !slices.Contains(rulesOf(empty.GetDiagnostics(), pulumirpc.EnforcementLevel_MANDATORY), policies.ReasonNoResource) {
		t.Errorf("a stack of nothing gave %v, %v", empty, err)
	}
}

func TestCancel(t *testing.T) {
	e, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	begun := make(chan struct{})
	c := dial(t, &analyzer.Options{Evaluator: func(context.Context, *policies.Options) (analyzer.Evaluator, error) {
		return failing{e, func(ctx context.Context) (policies.Report, error) {
			close(begun)
			<-ctx.Done()
			return policies.Report{}, ctx.Err()
		}}, nil
	}})
	result := make(chan error, 1)
	go func() {
		_, err := c.Analyze(t.Context(), request(t, logGroup, "logs", nil))
		result <- err
	}()
	<-begun
	if _, err := c.Cancel(t.Context(), &emptypb.Empty{}); err != nil {
		t.Fatal(err)
	}
	if err := <-result; status.Code(err) != codes.Canceled {
		t.Errorf("what went on gave %v", err)
	}
	if _, err := c.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{}); status.Code(err) != codes.Canceled {
		t.Errorf("what came later gave %v", err)
	}
}

func TestNewRefusesABrokenBundle(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rule.rego"), []byte("package tenantform.rules.broken\n\nfindings contains"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := analyzer.New(t.Context(), &analyzer.Options{Own: []policies.Own{{Name: dir, FS: os.DirFS(dir)}}}); err == nil {
		t.Error("a bundle that does not compile was taken")
	}
}
