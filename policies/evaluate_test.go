package policies

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/types"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/tenants"
)

const (
	mainRego = `package tenantform
decision := {"version": 1, "resources": count(input.plan.resources), "findings": {id: f | f := data.tenantform.rules[id].findings}}
`
	metadata = `# METADATA
# title: t
# description: d
# custom:
#   severity: high
#   scope: resource
#   on_unknown: u
#   waivable: "yes"
#   category: network
#   enforcement: mandatory
#   remediation: r
#   related: []
package tenantform.rules.one
`
)

// bundle makes a bundle of one rule with that body.
func bundleOf(main, rule string) fstest.MapFS {
	return fstest.MapFS{"main.rego": {Data: []byte(main)}, "rules/one/rule.rego": {Data: []byte(rule)}}
}

func onePlan() Input {
	return Input{Version: InputVersion, Plan: plan.Plan{Project: "p", Stack: "s", Resources: []plan.Resource{{URN: "urn:u", Type: "a:b:c", Operation: plan.OperationSame}}}}
}

func TestNewRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		bundle fstest.MapFS
		want   string
	}{
		"syntax":             {bundleOf(mainRego, metadata+"findings contains"), "cannot be read"},
		"old syntax":         {bundleOf(mainRego, metadata+"findings[x] { x := 1 }"), "cannot be read"},
		"type error":         {bundleOf(mainRego, metadata+"findings := {x | x := count(1)}"), "does not compile"},
		"undefined function": {bundleOf(mainRego, metadata+"findings := {x | x := data.nothing.f(1)}"), "does not compile"},
		"unused variable":    {bundleOf(mainRego, metadata+"findings contains 1 if { x := 2 }"), "does not compile"},
		"http":               {bundleOf(mainRego, metadata+`findings contains 1 if http.send({"method": "get", "url": "http://127.0.0.1"})`), "does not compile"},
		"environment":        {bundleOf(mainRego, metadata+`findings contains 1 if opa.runtime().env.HOME`), "does not compile"},
		"names":              {bundleOf(mainRego, metadata+`findings contains 1 if net.lookup_ip_addr("localhost")`), "does not compile"},
		"clock":              {bundleOf(mainRego, metadata+`findings contains 1 if time.now_ns() > 1`), "does not compile"},
		"randomness":         {bundleOf(mainRego, metadata+`findings contains 1 if rand.intn("a", 5) > 1`), "does not compile"},
		"no rule":            {fstest.MapFS{"main.rego": {Data: []byte(mainRego)}}, "holds no rule"},
		"empty":              {fstest.MapFS{}, "holds no rule"},
		"no metadata":        {bundleOf(mainRego, "package tenantform.rules.one\nfindings := set()"), "no metadata"},
		"no remediation":     {bundleOf(mainRego, strings.Replace(metadata, "#   remediation: r\n", "", 1)+"findings := set()"), "lacks"},
		"another severity":   {bundleOf(mainRego, strings.Replace(metadata, "severity: high", "severity: grave", 1)+"findings := set()"), "severity"},
		"another scope":      {bundleOf(mainRego, strings.Replace(metadata, "scope: resource", "scope: world", 1)+"findings := set()"), "scope"},
		"waivable unsaid":    {bundleOf(mainRego, strings.Replace(metadata, "#   waivable: \"yes\"\n", "", 1)+"findings := set()"), "waivable"},
		"another category":   {bundleOf(mainRego, strings.Replace(metadata, "category: network", "category: sky", 1)+"findings := set()"), "category"},
		"another level":      {bundleOf(mainRego, strings.Replace(metadata, "enforcement: mandatory", "enforcement: maybe", 1)+"findings := set()"), "enforcement"},
		"rule twice": {fstest.MapFS{"main.rego": {Data: []byte(mainRego)}, "a.rego": {Data: []byte(metadata + "findings := set()")},
			"b.rego": {Data: []byte(metadata + "more := 1")}}, "two files"},
		"data": {fstest.MapFS{"main.rego": {Data: []byte(mainRego)}, "x/data.json": {Data: []byte("{")}}, "cannot be read"},
	} {
		e, err := New(t.Context(), &Options{Bundle: tt.bundle})
		if err == nil || e != nil || !strings.Contains(err.Error(), tt.want) || tenants.CodeOf(err) != tenants.CodeInternal {
			t.Errorf("%s: error is %v, want an internal one with %q", name, err, tt.want)
		}
	}
}

func TestEvaluateFailsClosed(t *testing.T) {
	const good = metadata + `findings contains {"urn": "u", "property": "p", "value": 1, "message": "m", "unknown": false} if input.plan.stack == "bad"`
	slow := metadata + `findings contains {"urn": "u"} if { some i in numbers.range(1, 1000000000); some j in numbers.range(1, 1000000000); i + j == 0 }`
	spoilt := func(text string) string { return strings.Replace(mainRego, "decision := {", "decision := {"+text, 1) }
	panics := rego.Function1(&rego.Function{Name: "break", Decl: types.NewFunction(types.Args(types.A), types.A)},
		func(rego.BuiltinContext, *ast.Term) (*ast.Term, error) { panic("broken built-in") })
	blocked := make(chan struct{})
	t.Cleanup(func() { close(blocked) })
	hangs := rego.Function1(&rego.Function{Name: "break", Decl: types.NewFunction(types.Args(types.A), types.A)},
		func(rego.BuiltinContext, *ast.Term) (*ast.Term, error) { <-blocked; return ast.BooleanTerm(true), nil })
	calls := metadata + `findings contains 1 if break(1)`
	for name, tt := range map[string]struct {
		main, rule string
		extra      func(*rego.Rego)
		reason     string
		code       tenants.Code
	}{
		"built-in error":       {mainRego, metadata + `findings contains json.unmarshal(input.plan.project) if true`, nil, ReasonEvaluation, tenants.CodeInternal},
		"conflict":             {mainRego, metadata + "findings := {x} if { some x in {1, 2} }", nil, ReasonEvaluation, tenants.CodeInternal},
		"panic":                {mainRego, calls, panics, ReasonEvaluation, tenants.CodeInternal},
		"endless rule":         {mainRego, slow, nil, ReasonTimeout, tenants.CodeUnavailable},
		"hanging built-in":     {mainRego, calls, hangs, ReasonTimeout, tenants.CodeUnavailable},
		"no decision":          {"package tenantform\n", good, nil, ReasonUndefined, tenants.CodeInternal},
		"undefined decision":   {"package tenantform\ndecision := 1 if input.plan.stack == \"other\"", good, nil, ReasonUndefined, tenants.CodeInternal},
		"another decision":     {"package tenantform\ndecision := \"allow\"", good, nil, ReasonUndefined, tenants.CodeInternal},
		"empty decision":       {"package tenantform\ndecision := {}", good, nil, ReasonUndefined, tenants.CodeInternal},
		"decision with more":   {spoilt(`"allow": true, `), good, nil, ReasonUndefined, tenants.CodeInternal},
		"version of decision":  {strings.Replace(mainRego, `"version": 1`, `"version": 2`, 1), good, nil, ReasonUndefined, tenants.CodeInternal},
		"resources overlooked": {strings.Replace(mainRego, "count(input.plan.resources)", "0", 1), good, nil, ReasonUndefined, tenants.CodeInternal},
		"rule without answer":  {mainRego, metadata + `found := 1`, nil, ReasonNoRule, tenants.CodeInternal},
		"rule undefined":       {mainRego, metadata + `findings := set() if input.plan.stack == "other"`, nil, ReasonNoRule, tenants.CodeInternal},
		"rule left out":        {strings.Replace(mainRego, "{id: f | f := data.tenantform.rules[id].findings}", "{}", 1), good, nil, ReasonNoRule, tenants.CodeInternal},
		"rule unknown":         {strings.Replace(mainRego, "data.tenantform.rules[id].findings", `{"one": [], "two": []}[id]`, 1), good, nil, ReasonUndefined, tenants.CodeInternal},
		"findings not a list":  {mainRego, metadata + `findings := true`, nil, ReasonUndefined, tenants.CodeInternal},
		"finding of text":      {mainRego, metadata + `findings contains "x" if true`, nil, ReasonUndefined, tenants.CodeInternal},
		"finding of nothing":   {mainRego, metadata + `findings contains {} if true`, nil, ReasonUndefined, tenants.CodeInternal},
		"finding unsaid":       {mainRego, metadata + `findings contains {"urn": "u", "message": ""} if true`, nil, ReasonUndefined, tenants.CodeInternal},
		"finding with more":    {mainRego, metadata + `findings contains {"urn": "u", "message": "m", "allow": true} if true`, nil, ReasonUndefined, tenants.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			opts := &Options{Bundle: bundleOf(tt.main, tt.rule), Timeout: 5 * time.Second}
			if tt.reason == ReasonTimeout {
				opts.Timeout = 50 * time.Millisecond
			}
			if tt.extra != nil {
				opts.extra = append(opts.extra, tt.extra)
			}
			e, err := New(t.Context(), opts)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			report, err := e.Evaluate(t.Context(), onePlan())
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("it took %s", took)
			}
			if tenants.CodeOf(err) != tt.code || report.Allowed() || report.Verdict != VerdictDeny {
				t.Errorf("report %+v, error %v, want a denial and %s", report, err, tt.code)
			}
			if len(report.Findings) != 1 || report.Findings[0].Rule != tt.reason || report.Findings[0].Message == "" || report.Findings[0].Remediation == "" {
				t.Errorf("findings are %+v, want one of %s with a message", report.Findings, tt.reason)
			}
		})
	}
	e, err := New(t.Context(), &Options{Bundle: bundleOf(mainRego, good)})
	if err != nil {
		t.Fatal(err)
	}
	report, err := e.Evaluate(t.Context(), onePlan())
	if err != nil || !report.Allowed() || report.RulesRun != 1 || report.ResourcesSeen != 1 {
		t.Errorf("the good bundle gave %+v, %v", report, err)
	}
}

func TestEvaluateRefusesInput(t *testing.T) {
	e := evaluator(t)
	deep := any("x")
	for range maxDepth + 2 {
		deep = []any{deep}
	}
	with := func(inputs map[string]any) Input {
		in := onePlan()
		in.Plan.Resources[0].Inputs = inputs
		return in
	}
	version := onePlan()
	version.Version = 2
	for name, tt := range map[string]struct {
		evaluator *Evaluator
		in        Input
		reason    string
		code      tenants.Code
	}{
		"zero input":     {e, Input{}, ReasonInput, tenants.CodeInvalid},
		"newer version":  {e, version, ReasonInput, tenants.CodeInvalid},
		"deep value":     {e, with(map[string]any{"a": deep}), ReasonInput, tenants.CodeInvalid},
		"not a number":   {e, with(map[string]any{"a": math.NaN()}), ReasonInput, tenants.CodeInvalid},
		"no JSON number": {e, with(map[string]any{"a": json.Number("true")}), ReasonInput, tenants.CodeInvalid},
		"a channel":      {e, with(map[string]any{"a": make(chan int)}), ReasonInput, tenants.CodeInvalid},
		"zero evaluator": {&Evaluator{}, onePlan(), ReasonUndefined, tenants.CodeInternal},
		"nil evaluator":  {nil, onePlan(), ReasonUndefined, tenants.CodeInternal},
	} {
		report, err := tt.evaluator.Evaluate(t.Context(), tt.in)
		if tenants.CodeOf(err) != tt.code || report.Allowed() || len(report.Findings) != 1 || report.Findings[0].Rule != tt.reason {
			t.Errorf("%s: %+v, %v, want %s and %s", name, report, err, tt.reason, tt.code)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if report, err := e.Evaluate(ended, onePlan()); tenants.CodeOf(err) != tenants.CodeUnavailable || report.Allowed() {
		t.Errorf("with an ended context: %+v, %v", report, err)
	}
}

func TestEvaluateWithoutResources(t *testing.T) {
	e := evaluator(t)
	in := Input{Version: InputVersion, Plan: plan.Plan{Project: "p", Stack: "s"}}
	report, err := e.Evaluate(t.Context(), in)
	if err != nil || report.Allowed() || len(report.Findings) != 1 || report.Findings[0].Rule != ReasonNoResource {
		t.Errorf("an empty plan gave %+v, %v", report, err)
	}
	in.Subject.Destroy = true
	if report, err = e.Evaluate(t.Context(), in); err != nil || !report.Allowed() || report.RulesRun != len(e.Rules()) {
		t.Errorf("the destruction of an empty stack gave %+v, %v", report, err)
	}
}

func TestAllowedNeedsBoth(t *testing.T) {
	for _, r := range []Report{{}, {Verdict: "yes"}, {Verdict: VerdictDeny}, {Verdict: VerdictAllow, Findings: []Finding{{}}}} {
		if r.Allowed() {
			t.Errorf("%+v is allowed", r)
		}
	}
}

func TestCapabilities(t *testing.T) {
	for _, b := range capabilities().Builtins {
		for _, bad := range []string{"http.send", "net.", "opa.runtime", "rand.", "uuid.", "time.now_ns", "providers.", "print", "trace"} {
			if strings.HasPrefix(b.Name, bad) {
				t.Errorf("rules may call %s", b.Name)
			}
		}
		if b.IsNondeterministic() {
			t.Errorf("rules may call %s, which is not deterministic", b.Name)
		}
	}
	if c := capabilities(); c.AllowNet == nil || len(c.AllowNet) != 0 || len(c.Builtins) < 100 {
		t.Errorf("hosts are %v and built-ins %d, want no host and most built-ins", c.AllowNet, len(c.Builtins))
	}
}

// The rules get what the input's JSON would give them.
func TestTermEqualsJSON(t *testing.T) {
	names, err := filepath.Glob("bundle/rules/*/fixtures/*.json")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("testdata/reference/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, more...) {
		in := readInput(t, name)
		got, err := term(in)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		want, err := ast.ValueFromReader(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if got.Compare(want) != 0 {
			t.Errorf("%s: the rules get\n%s, want\n%s", name, got, want)
		}
	}
}

// What a producer left raw is marked, never taken for text, and no secret gets
// into a report.
func TestRawValuesAreMarked(t *testing.T) {
	e := evaluator(t)
	const canary = "canary-8d1f"
	secret := map[string]any{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": canary, "value": canary}
	in := onePlan()
	in.Plan.Resources = []plan.Resource{
		{URN: "urn:policy", Type: "aws:iam/policy:Policy", Operation: plan.OperationCreate, Inputs: map[string]any{"policy": secret}},
		{URN: "urn:unknown", Type: "aws:iam/rolePolicy:RolePolicy", Operation: plan.OperationCreate, Inputs: map[string]any{"policy": `{"Statement":"04da6b54-80e4-46f7-96ec-b56ff0331ba9"}`}},
		{URN: "urn:logs", Type: "aws:cloudwatch/logGroup:LogGroup", Operation: plan.OperationCreate, Inputs: map[string]any{"retentionInDays": secret, "tags": map[string]any{"tenant-id": secret}}},
	}
	report, err := e.Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), canary) {
		t.Errorf("the secret is in the report: %s", text)
	}
	for _, want := range []struct{ urn, value string }{{"urn:policy", "[secret]"}, {"urn:unknown", "[unknown]"}, {"urn:logs", "[secret]"}} {
		if !slices.ContainsFunc(report.Findings, func(f Finding) bool { return f.URN == want.urn && f.Value == want.value && f.Unknown }) {
			t.Errorf("no finding on %s says %s: %+v", want.urn, want.value, report.Findings)
		}
	}
}

func TestText(t *testing.T) {
	for _, tt := range []struct {
		in   any
		want string
	}{
		{nil, ""}, {"a", "a"}, {true, "true"}, {1.5, "1.5"}, {plan.Secret(), "[secret]"}, {plan.Unknown(), "[unknown]"},
		{"arn:04da6b54-80e4-46f7-96ec-b56ff0331ba9", "[unknown]"}, {map[string]any{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": "x"}, "[secret]"},
		{[]any{"<a>", plan.Secret()}, `["<a>","[secret]"]`}, {map[string]any{"a": plan.Unknown()}, `{"a":"[unknown]"}`},
		{strings.Repeat("ä", MaxValue+1), strings.Repeat("ä", MaxValue-1) + "…"}, {make(chan int), "[unprintable]"},
	} {
		if got := Text(tt.in); got != tt.want {
			t.Errorf("Text(%v) is %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestOrder(t *testing.T) {
	findings := []Finding{{Severity: SeverityLow, URN: "a"}, {Severity: SeverityCritical, URN: "b", Rule: "y"}, {Severity: SeverityCritical, URN: "b", Rule: "x"}, {Severity: SeverityCritical, URN: "a"}}
	order(findings)
	want := []Finding{{Severity: SeverityCritical, URN: "a"}, {Severity: SeverityCritical, URN: "b", Rule: "x"}, {Severity: SeverityCritical, URN: "b", Rule: "y"}, {Severity: SeverityLow, URN: "a"}}
	if !reflect.DeepEqual(findings, want) {
		t.Errorf("the order is %+v", findings)
	}
}

func TestEvaluateConcurrently(t *testing.T) {
	e := evaluator(t)
	good, bad := readInput(t, "testdata/reference/pool-a.json"), readInput(t, "bundle/rules/tenant_tags/fixtures/violates.json")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 3 {
				if r, err := e.Evaluate(t.Context(), good); err != nil || !r.Allowed() {
					t.Errorf("good: %+v %v", r, err)
				}
				if r, err := e.Evaluate(t.Context(), bad); err != nil || r.Allowed() {
					t.Errorf("bad: %+v %v", r, err)
				}
			}
		})
	}
	wg.Wait()
}
