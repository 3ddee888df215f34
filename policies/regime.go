package policies

import (
	"fmt"
	"slices"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// regime is how findings are held against a run, beside the rules themselves.
type regime struct {
	enforcement Enforcement
	waivers     []Waiver
	baseline    *Baseline
	now         func() time.Time
}

func newRegime(o Options, rules []Rule) (regime, error) {
	r := regime{enforcement: o.Enforcement, waivers: o.Waivers, now: o.Now}
	if r.now == nil {
		r.now = time.Now
	}
	faults := o.Enforcement.Faults("enforcement", slices.Concat(rules, waiverRules()))
	for i, w := range o.Waivers {
		faults = append(faults, w.Faults(element("waivers", i), rules, r.now())...)
	}
	if o.Baseline != nil {
		r.baseline = o.Baseline.indexed()
	}
	return r, tenants.Invalid(faults...)
}

// take adds what a rule found to the report, at the level that it has.
func (g regime) take(r *Report, rule Rule, found []Finding, environment string) {
	result := RuleResult{Rule: rule.ID, Source: rule.Source, Replaces: rule.Replaces, Level: g.enforcement.Level(rule, environment)}
	if result.Level != LevelDisabled {
		r.RulesRun++
		for i := range found {
			found[i].Level, found[i].Existing = result.Level, g.baseline.holds(rule, found[i])
		}
		result.Findings = len(found)
		r.Findings = append(r.Findings, found...)
	}
	r.Rules = append(r.Rules, result)
}

// waive lets the waivers for the stack excuse what they are for, and adds a
// finding for each that excuses nothing or would if it still held. Waivers of
// rules that the report does not speak of are passed over.
func (g regime) waive(r *Report, in Input, spoken func(Waiver) bool) {
	for i := range g.waivers {
		w := &g.waivers[i]
		if !matches(w.Stack, in.Plan.Stack) || !spoken(*w) {
			continue
		}
		use := WaiverUse{Waiver: *w, Expired: w.expired(g.now())}
		for j := range r.Findings {
			f := &r.Findings[j]
			if !w.excuses(*f) {
				continue
			}
			use.Findings++
			if !use.Expired && f.Waiver == nil {
				f.Waiver = w
			}
		}
		switch {
		case use.Expired && use.Findings > 0:
			g.tell(r, WaiverExpired, *w, in.Subject.Environment,
				fmt.Sprintf("it expired on %s, and %d finding(s) are no longer excused", w.Expires.Format(time.DateOnly), use.Findings))
			use.Findings = 0
		case use.Findings == 0:
			g.tell(r, WaiverUnused, *w, in.Subject.Environment, "nothing in this stack needs it")
		}
		r.Waivers = append(r.Waivers, use)
	}
}

// tell adds a finding about a waiver, at the level that its id has. Where that is
// disabled the report says so in place of it.
func (g regime) tell(r *Report, id string, w Waiver, environment, why string) {
	rule, _ := find(waiverRules(), id)
	level := g.enforcement.naming(id).Level(rule, environment)
	if level == LevelDisabled {
		if !slices.ContainsFunc(r.Rules, func(x RuleResult) bool { return x.Rule == id }) {
			r.Rules = append(r.Rules, RuleResult{Rule: id, Level: level, Source: rule.Source})
		}
		return
	}
	r.Findings = append(r.Findings, Finding{
		Rule: id, Title: rule.Title, Severity: rule.Severity, Category: rule.Category, Level: level,
		Property: w.Source, Value: w.Rule + " on " + w.Resource, Message: "waiver of " + w.Rule + " by " + w.Owner + ": " + why,
		Remediation: rule.Remediation,
	})
}

// waiverRules gives the ids of findings about waivers as rules, for their levels.
func waiverRules() []Rule {
	rule := Rule{
		Title: "Waivers are few, and each is needed", Severity: SeverityLow, Category: "tenancy", Enforcement: "advisory", Waivable: WaivableYes,
		Source: builtIn, Remediation: "Remove it from the file of waivers, or mend what it is for.",
	}
	expired, unused := rule, rule
	expired.ID, unused.ID = WaiverExpired, WaiverUnused
	return []Rule{expired, unused}
}

// EvaluateWaivers decides on the waivers after all stacks of an environment were
// decided on: it finds, as WaiverUnused, those whose pattern of stacks fits none of
// the reports' stacks, which no report on one stack can tell. The findings allow,
// unless the levels make WaiverUnused mandatory. Reports of some stacks alone say
// nothing about the waivers of the others.
func (e *Evaluator) EvaluateWaivers(environment string, reports ...Report) Report {
	out := Report{Verdict: VerdictDeny, Findings: []Finding{}}
	if e == nil || e.query == nil || len(reports) == 0 {
		return out
	}
	for _, w := range e.regime.waivers {
		if !slices.ContainsFunc(reports, func(r Report) bool {
			return slices.ContainsFunc(r.Waivers, func(use WaiverUse) bool { return use.Waiver == w })
		}) {
			e.regime.tell(&out, WaiverUnused, w, environment, "it is for stack "+w.Stack+", and there is no such stack")
		}
	}
	if !slices.ContainsFunc(out.Findings, Finding.Denies) {
		out.Verdict = VerdictAllow
	}
	order(out.Findings)
	return out
}
