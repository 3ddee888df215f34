package policies

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/tenantform/tenantform/tenants"
)

// DefaultTimeout bounds a decision where Options sets nothing else.
const DefaultTimeout = 10 * time.Second

// Options are the optional settings of New.
type Options struct {
	// Timeout bounds one decision. Zero means DefaultTimeout.
	Timeout time.Duration
	// Bundle replaces the embedded rules, in the same layout. Nil means the
	// embedded ones.
	Bundle fs.FS
	// Own are rules of one's own, in the same layout, that are added to the bundle's
	// or take the place of those of the same id; the later win.
	Own []Own
	// Enforcement changes the levels of rules.
	Enforcement Enforcement
	// Waivers excuse findings. One that has expired does not, and is told of.
	Waivers []Waiver
	// Baseline is what was there when the rules were adopted. Nil: nothing.
	Baseline *Baseline
	// Now gives the time by which waivers expire. Nil means time.Now.
	Now func() time.Time

	extra []func(*rego.Rego)
}

// Own is a bundle of one's own.
type Own struct {
	Name string // shown as the Source of its rules; its directory
	FS   fs.FS
}

// Evaluator holds the compiled rules. It is safe for use by several goroutines
// at once. The zero value denies everything.
type Evaluator struct {
	rules   []Rule
	byID    map[string]Rule
	query   *rego.PreparedEvalQuery
	timeout time.Duration
	regime  regime
	// relevance is of the embedded bundle. A bundle in its place is asked for every
	// rule at once, whatever is in the plan.
	relevance *relevance
}

// New reads, compiles and prepares the rules; that takes some tens of
// milliseconds, so keep the Evaluator. The error is CodeInternal when the bundle
// does not compile, or lacks what makes a rule complete, and CodeInvalid when that
// is a bundle of one's own, or when a setting or waiver cannot be used.
func New(ctx context.Context, opts *Options) (*Evaluator, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	embedded := o.Bundle == nil
	if embedded {
		o.Bundle = Bundle()
	}
	src, err := load(o.Bundle)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInternal, "the policy bundle cannot be read: %w", err)
	}
	for _, own := range o.Own {
		if src, err = src.with(own); err != nil {
			return nil, tenants.Errorf(tenants.CodeInvalid, "the policy bundle %s cannot be used: %w", own.Name, err)
		}
	}
	regime, err := newRegime(o, slices.Concat(src.rules, DriftRules()))
	if err != nil {
		return nil, err
	}
	if len(src.rules) == 0 {
		return nil, tenants.Errorf(tenants.CodeInternal, "the policy bundle holds no rule; a rule is a Rego file of a package below tenantform.rules")
	}
	query, err := src.prepare(ctx, "x := data.tenantform.decision", o.extra)
	if err != nil {
		code := tenants.CodeInternal
		if len(o.Own) > 0 {
			code = tenants.CodeInvalid
		}
		return nil, tenants.Errorf(code, "the policy bundle does not compile: %w", err)
	}
	e := &Evaluator{rules: src.rules, byID: map[string]Rule{}, query: &query, timeout: o.Timeout, regime: regime}
	for _, r := range src.rules {
		e.byID[r.ID] = r
	}
	if embedded {
		e.relevance, err = e.relevant(ctx, src)
	}
	return e, err
}

// prepare compiles the source for a query.
func (s source) prepare(ctx context.Context, query string, extra []func(*rego.Rego)) (rego.PreparedEvalQuery, error) {
	options := append([]func(*rego.Rego){
		rego.Query(query),
		rego.SetRegoVersion(ast.RegoV1),
		rego.Capabilities(capabilities()),
		rego.Strict(true),
		rego.StrictBuiltinErrors(true),
		rego.Store(inmem.NewFromObjectWithOpts(s.data, inmem.OptReturnASTValuesOnRead(true), inmem.OptRoundTripOnWrite(false))),
	}, extra...)
	for _, m := range s.modules {
		options = append(options, rego.ParsedModule(m))
	}
	return rego.New(options...).PrepareForEval(ctx)
}

// Rules gives the rules by id.
func (e *Evaluator) Rules() []Rule { return slices.Clone(e.rules) }

// Evaluate decides on a run. Where no decision can be reached it gives an error
// and a report that denies with the reason as its finding, so that a caller who
// looks at either one fails closed. The error is CodeInvalid for an input that is
// refused, CodeUnavailable when time ran out or ctx ended, else CodeInternal.
//
// A plan without resources is denied without an error: nothing was looked at.
// Only the destruction of a whole stack may find the stack empty.
func (e *Evaluator) Evaluate(ctx context.Context, in Input) (Report, error) {
	return e.evaluate(ctx, in, allScopes, nil)
}

// EvaluateScopes decides as Evaluate does, by the rules of some scopes alone, for
// a caller who cannot tell what the others look at: a plan of one resource is
// enough for ScopeResource, a plan without operations for ScopeStack. All rules
// run, and one that fails denies; the report speaks of those of the scopes, and of
// the waivers for them. Without a scope the decision is a denial.
func (e *Evaluator) EvaluateScopes(ctx context.Context, in Input, scopes ...string) (Report, error) {
	for _, s := range scopes {
		if !slices.Contains(allScopes, s) {
			return denial(ReasonInput, tenants.Errorf(tenants.CodeInvalid, "%q is no scope of rules", s))
		}
	}
	if len(scopes) == 0 {
		return denial(ReasonNoRule, tenants.Errorf(tenants.CodeInvalid, "no scope of rules is given"))
	}
	return e.evaluate(ctx, in, scopes, nil)
}

// evaluate decides by the rules of some scopes, and by what others found.
func (e *Evaluator) evaluate(ctx context.Context, in Input, scopes []string, others []seen) (Report, error) {
	if e == nil || e.query == nil {
		return denial(ReasonUndefined, tenants.Errorf(tenants.CodeInternal, "no rules are loaded; make the evaluator with New"))
	}
	if in.Version != InputVersion {
		return denial(ReasonInput, tenants.Errorf(tenants.CodeInvalid, "the input is of version %d; this evaluator understands %d", in.Version, InputVersion))
	}
	if len(in.Plan.Resources) == 0 && !in.Subject.Destroy {
		return Report{Verdict: VerdictDeny, Findings: []Finding{reason(ReasonNoResource,
			"the plan holds no resource, not even its stack: nothing was looked at")}}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	answer := make(chan outcome, 1)
	go func() { answer <- e.decide(ctx, in) }()
	select {
	case got := <-answer:
		if got.err != nil && ctx.Err() != nil {
			return denial(ReasonTimeout, e.late(ctx))
		}
		if got.err != nil {
			return denial(got.reason, got.err)
		}
		return e.report(got.decision, in, scopes, others)
	case <-ctx.Done():
		return denial(ReasonTimeout, e.late(ctx))
	}
}

// outcome is what one evaluation came to.
type outcome struct {
	decision decision
	reason   string
	err      error
}

// decision is what data.tenantform.decision must be.
type decision struct {
	Version   int                        `json:"version"`
	Resources int                        `json:"resources"`
	Findings  map[string]json.RawMessage `json:"findings"`
}

// result is one finding as a rule gives it.
type result struct {
	URN      *string `json:"urn"`
	Property string  `json:"property"`
	Value    any     `json:"value"`
	Message  string  `json:"message"`
	Unknown  bool    `json:"unknown"`
}

// report makes the report from a well-formed decision on an input, of the rules
// of some scopes and of others.
func (e *Evaluator) report(d decision, in Input, scopes []string, others []seen) (Report, error) {
	if n := len(in.Plan.Resources); d.Resources != n {
		return denial(ReasonUndefined, tenants.Errorf(tenants.CodeInternal, "the rules saw %d resources of %d", d.Resources, n))
	}
	r := Report{Verdict: VerdictAllow, Findings: []Finding{}, ResourcesSeen: d.Resources}
	enabled := false
	for _, rule := range e.rules {
		raw, ran := d.Findings[rule.ID]
		if !ran {
			return denial(ReasonNoRule, tenants.Errorf(tenants.CodeInternal, "rule %s gave no decision; it must define findings", rule.ID))
		}
		found, err := rule.findings(raw)
		if err != nil {
			return denial(ReasonUndefined, err)
		}
		enabled = enabled || e.regime.enforcement.Level(rule, in.Subject.Environment) != LevelDisabled
		if slices.Contains(scopes, rule.Scope) {
			e.regime.take(&r, rule, found, in.Subject.Environment)
		}
	}
	for _, o := range others {
		e.regime.take(&r, o.rule, o.findings, in.Subject.Environment)
	}
	if len(d.Findings) != len(e.rules) {
		return denial(ReasonUndefined, tenants.Errorf(tenants.CodeInternal, "%d rules gave a decision where the bundle holds %d", len(d.Findings), len(e.rules)))
	}
	if !enabled {
		return denial(ReasonDisabled, tenants.Errorf(tenants.CodeInvalid, "every rule is disabled in environment %q: nothing was looked at", in.Subject.Environment))
	}
	e.regime.waive(&r, in, func(w Waiver) bool {
		return slices.Contains(scopes, e.byID[w.Rule].Scope) ||
			slices.ContainsFunc(others, func(o seen) bool { return o.rule.ID == w.Rule })
	})
	if slices.ContainsFunc(r.Findings, Finding.Denies) {
		r.Verdict = VerdictDeny
	}
	order(r.Findings)
	return r, nil
}

// findings reads what the rule found.
func (r Rule) findings(raw json.RawMessage) ([]Finding, error) {
	var results []result
	if err := strict(raw, &results); err != nil {
		return nil, tenants.Errorf(tenants.CodeInternal, "rule %s gave a malformed finding: %w", r.ID, err)
	}
	found := make([]Finding, 0, len(results))
	for _, f := range results {
		if f.URN == nil || f.Message == "" {
			return nil, tenants.Errorf(tenants.CodeInternal, "rule %s gave a finding without urn or message", r.ID)
		}
		found = append(found, Finding{
			Rule: r.ID, Title: r.Title, Severity: r.Severity, Category: r.Category, URN: *f.URN, Property: f.Property,
			Value: Text(f.Value), Message: f.Message, Remediation: r.Remediation, Related: r.Related, Unknown: f.Unknown,
			Digest: digest(f.Value, f.Message),
		})
	}
	return found, nil
}

func (e *Evaluator) late(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return tenants.Errorf(tenants.CodeUnavailable, "the decision was cancelled before it was reached: %w", ctx.Err())
	}
	return tenants.Errorf(tenants.CodeUnavailable, "the decision was not reached in the %s allowed: %w", e.timeout, ctx.Err())
}

// denial is the report of a decision that could not be reached, beside its error.
func denial(why string, err error) (Report, error) {
	return Report{Verdict: VerdictDeny, Findings: []Finding{reason(why, err.Error())}}, err
}

func reason(why, message string) Finding {
	return Finding{
		Level: LevelMandatory,
		Rule:  why, Title: "A run goes on only after a decision on all of it", Severity: SeverityCritical, Message: message,
		Remediation: fmt.Sprintf("Nothing was changed. %s", reasonRemedy[why]),
	}
}

var reasonRemedy = map[string]string{
	ReasonInput:      "Use the same version of Tenantform for the plan and for the policies.",
	ReasonEvaluation: "This is a defect of the rules; report it with the message.",
	ReasonTimeout:    "Run again; if it stays so, the plan is too large or a rule too slow.",
	ReasonUndefined:  "This is a defect of the rules; report it with the message.",
	ReasonNoRule:     "This is a defect of the rules; report it with the message.",
	ReasonDisabled:   "Enable rules for this environment in the enforcement settings.",
	ReasonNoResource: "Preview the whole stack, unchanged resources included, and check that.",
}
