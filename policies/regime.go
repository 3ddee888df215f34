package policies

import (
	"fmt"
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
	faults := o.Enforcement.Faults("enforcement", rules)
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
			r.Findings = append(r.Findings, waiverFinding(WaiverExpired, *w,
				fmt.Sprintf("it expired on %s, and %d finding(s) are no longer excused", w.Expires.Format(time.DateOnly), use.Findings)))
			use.Findings = 0
		case use.Findings == 0:
			r.Findings = append(r.Findings, waiverFinding(WaiverUnused, *w, "nothing in this stack needs it"))
		}
		r.Waivers = append(r.Waivers, use)
	}
}

func waiverFinding(id string, w Waiver, why string) Finding {
	return Finding{
		Rule: id, Title: "Waivers are few, and each is needed", Severity: SeverityLow, Category: "tenancy", Level: LevelAdvisory,
		Property: w.Source, Value: w.Rule + " on " + w.Resource, Message: "waiver of " + w.Rule + " by " + w.Owner + ": " + why,
		Remediation: "Remove it from the file of waivers, or mend what it is for.",
	}
}
