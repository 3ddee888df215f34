package policies

import (
	"cmp"
	"slices"

	"github.com/tenantform/tenantform/automation/plan"
)

// Verdict is what a decision comes to.
type Verdict string

// The verdicts. Everything that is not VerdictAllow is a denial, the zero value included.
const (
	VerdictAllow Verdict = "allow"
	VerdictDeny  Verdict = "deny"
)

// Severity is how much harm a finding may stand for. It orders findings; whether
// one denies is its Level's.
type Severity string

// The severities.
const (
	SeverityCritical Severity = "critical"
	SeverityHigh     Severity = "high"
	SeverityMedium   Severity = "medium"
	SeverityLow      Severity = "low"
)

// rank orders severities, the worst first.
func (s Severity) rank() int {
	if i := slices.Index([]Severity{SeverityCritical, SeverityHigh, SeverityMedium, SeverityLow}, s); i >= 0 {
		return i
	}
	return -1
}

// Report is a decision and its reasons. The zero value is a denial.
type Report struct {
	Verdict       Verdict   `json:"verdict"`
	Findings      []Finding `json:"findings"`      // those that deny first, then the worst; empty, never nil, after Evaluate
	RulesRun      int       `json:"rulesRun"`      // rules that gave a decision and are not disabled
	ResourcesSeen int       `json:"resourcesSeen"` // resources that the rules looked at
	// Rules are the rules of the bundle by id, with what each came to.
	Rules []RuleResult `json:"rules,omitempty"`
	// Waivers are those for this stack, in the order of their file.
	Waivers []WaiverUse `json:"waivers,omitempty"`
}

// RuleResult is what one rule came to.
type RuleResult struct {
	Rule     string `json:"rule"`
	Level    Level  `json:"level"`              // in the environment of the run
	Source   string `json:"source"`             // as of Rule
	Replaces string `json:"replaces,omitempty"` // as of Rule
	Findings int    `json:"findings"`           // none of a rule that is disabled
}

// Allowed tells whether the run may go on: the verdict allows it and no finding
// denies.
func (r Report) Allowed() bool {
	return r.Verdict == VerdictAllow && !slices.ContainsFunc(r.Findings, Finding.Denies)
}

// About gives the report on a part of the plan that it is on: without the
// findings about resources that are neither in the part nor beside what changes
// in it, which may have been what kept them in order. Beside is what depends on
// something that changes, and what something that goes depends on. What is about
// the run stays. A denial becomes an allowance only where findings denied and all
// of those are left out; a denial for any other reason stays one.
func (r Report) About(whole, part plan.Plan) Report {
	in := make(map[string]bool, len(part.Resources))
	for _, p := range part.Resources {
		in[p.URN] = true
	}
	for urn := range beside(whole, part) {
		in[urn] = true
	}
	denied := len(r.Denials())
	r.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.URN != "" && !in[f.URN] })
	if r.Verdict == VerdictDeny && denied > 0 && len(r.Denials()) == 0 {
		r.Verdict = VerdictAllow
	} else if denied > 0 {
		r.Verdict = VerdictDeny
	}
	return r
}

// beside gives the resources of a plan that depend on one of the part that
// changes, and those that one of it depends on that is deleted or replaced.
func beside(whole, part plan.Plan) map[string]bool {
	changes, near := map[string]bool{}, map[string]bool{}
	for _, p := range part.Resources {
		if !p.Real() || p.Operation == plan.OperationSame || p.Operation == plan.OperationRead {
			continue
		}
		changes[p.URN] = true
		if p.Operation == plan.OperationDelete || p.Operation == plan.OperationReplace {
			for _, urn := range needs(p) {
				near[urn] = true
			}
		}
	}
	for _, p := range whole.Resources {
		if slices.ContainsFunc(needs(p), func(urn string) bool { return changes[urn] }) {
			near[p.URN] = true
		}
	}
	return near
}

// needs gives the resources that one depends on, some more than once.
func needs(r plan.Resource) []string {
	all := slices.Clone(r.Dependencies)
	for _, urns := range r.PropertyDependencies {
		all = append(all, urns...)
	}
	return all
}

// Disabled gives the rules whose findings were left out, by id.
func (r Report) Disabled() []RuleResult {
	return r.results(func(x RuleResult) bool { return x.Level == LevelDisabled })
}

// Replaced gives the rules that took the place of others, by id.
func (r Report) Replaced() []RuleResult {
	return r.results(func(x RuleResult) bool { return x.Replaces != "" })
}

func (r Report) results(fits func(RuleResult) bool) []RuleResult {
	var out []RuleResult
	for _, x := range r.Rules {
		if fits(x) {
			out = append(out, x)
		}
	}
	return out
}

// Denials gives the findings that deny.
func (r Report) Denials() []Finding {
	var deny []Finding
	for _, f := range r.Findings {
		if f.Denies() {
			deny = append(deny, f)
		}
	}
	return deny
}

// Finding is something that a rule objects to.
type Finding struct {
	Rule     string   `json:"rule"`  // id of the rule, or one of the Reason constants
	Title    string   `json:"title"` // what the rule demands
	Severity Severity `json:"severity"`
	URN      string   `json:"urn,omitempty"`      // empty when the finding is about the run
	Property string   `json:"property,omitempty"` // path of the input; empty when it is about the resource
	// Value is what was found there, with secrets and unknowns masked, shortened
	// to MaxValue characters; empty when nothing was.
	Value       string   `json:"value,omitempty"`
	Message     string   `json:"message"`     // why this is refused
	Remediation string   `json:"remediation"` // what to do
	Related     []string `json:"related,omitempty"`
	// Unknown marks a finding because the value is known only after the run.
	Unknown  bool   `json:"unknown,omitempty"`
	Category string `json:"category,omitempty"`
	Level    Level  `json:"level,omitempty"`
	// Waiver excuses the finding; nil: nothing does.
	Waiver *Waiver `json:"waiver,omitempty"`
	// Digest tells findings of one rule on one property apart, such as those about
	// two statements of a document: 32 hexadecimal digits made of the whole value,
	// with secrets and unknowns masked, and of what the message says. It is the same
	// as long as both are. Empty where no rule gave the finding.
	Digest string `json:"digest,omitempty"`
	// Existing marks a finding that is in the baseline.
	Existing bool `json:"existing,omitempty"`
}

// Denies tells whether the finding denies the run: it is mandatory, not waived,
// and not in the baseline.
func (f Finding) Denies() bool {
	return f.Level != LevelAdvisory && f.Level != LevelDisabled && f.Waiver == nil && !f.Existing
}

// MaxValue is the length, in characters, to which Finding.Value is shortened.
const MaxValue = 200

// The Rule of a finding that no rule gave: the decision itself failed.
const (
	ReasonInput      = "decision_input_refused"      // the input is of another version or not well formed
	ReasonEvaluation = "decision_evaluation_failed"  // a rule could not be evaluated
	ReasonTimeout    = "decision_timed_out"          // the decision took longer than allowed, or was cancelled
	ReasonUndefined  = "decision_undefined"          // the rules gave no decision, or one of another form
	ReasonNoRule     = "decision_without_rule"       // not every rule of the bundle gave a decision
	ReasonNoResource = "decision_without_a_resource" // the plan holds no resource to look at
	ReasonDisabled   = "decision_without_rules"      // every rule is disabled
)

// The Rule of a finding about a waiver. Both are advisory, unless a Setting that
// names them by id says otherwise.
const (
	WaiverUnused  = "waiver_unused"  // it is for this stack and excuses nothing, or for none; see EvaluateWaivers
	WaiverExpired = "waiver_expired" // it would excuse a finding if it still held
)

// order sorts findings: those that deny first, then the worst, then by resource,
// rule and property.
func order(findings []Finding) {
	denies := func(f Finding) int {
		if f.Denies() {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(denies(a), denies(b)),
			cmp.Compare(a.Severity.rank(), b.Severity.rank()),
			cmp.Compare(a.URN, b.URN),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Property, b.Property),
			cmp.Compare(a.Message, b.Message),
		)
	})
}
