package policies

import (
	"cmp"
	"slices"
)

// Verdict is what a decision comes to.
type Verdict string

// The verdicts. Everything that is not VerdictAllow is a denial, the zero value included.
const (
	VerdictAllow Verdict = "allow"
	VerdictDeny  Verdict = "deny"
)

// Severity is how much harm a finding may stand for. It orders findings; every
// finding denies, whatever its severity.
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
	Findings      []Finding `json:"findings"`      // worst first; empty, never nil, after Evaluate
	RulesRun      int       `json:"rulesRun"`      // rules that gave a decision
	ResourcesSeen int       `json:"resourcesSeen"` // resources that the rules looked at
}

// Allowed tells whether the run may go on.
func (r Report) Allowed() bool { return r.Verdict == VerdictAllow && len(r.Findings) == 0 }

// Finding is one reason for a denial.
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
	// Unknown marks a denial because the value is known only after the run.
	Unknown bool `json:"unknown,omitempty"`
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
)

// order sorts findings: the worst first, then by resource, rule and property.
func order(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.Severity.rank(), b.Severity.rank()),
			cmp.Compare(a.URN, b.URN),
			cmp.Compare(a.Rule, b.Rule),
			cmp.Compare(a.Property, b.Property),
			cmp.Compare(a.Message, b.Message),
		)
	})
}
