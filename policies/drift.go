package policies

import (
	"context"
	"fmt"

	"github.com/tenantform/tenantform/automation/plan"
)

// The rules about drift: what a look at the cloud shows to be otherwise than the
// stack's state has recorded. They are not in the bundle, since a plan does not
// show it; levels, waivers and a baseline hold for them as for any other.
const (
	DriftChanged = "drift_changed"
	DriftDeleted = "drift_deleted"
	DriftBeside  = "drift_beside"
)

// DriftRules gives the rules about drift, by id.
func DriftRules() []Rule {
	rule := Rule{
		Scope: ScopeResource, Category: "drift", Waivable: WaivableYes, Source: builtIn, Related: []string{},
		OnUnknown: "Nothing is unknown in what is deployed.",
	}
	beside, changed, deleted := rule, rule, rule
	beside.ID, beside.Severity, beside.Enforcement = DriftBeside, SeverityLow, "advisory"
	beside.Title = "What no program sets stays as it was"
	beside.Description = "An output, a default or an ignored property of a resource, or a resource that the stack only reads, is not as the " +
		"stack's state has recorded it. No update takes that back. Some values change by themselves; others tell of a change by hand, " +
		"such as a rule that was added to a security group."
	beside.Remediation = "See who changed it. Put the property into the program where it matters; record what may stay with \"tenantform stack refresh\"."
	changed.ID, changed.Severity, changed.Enforcement = DriftChanged, SeverityHigh, "mandatory"
	changed.Title = "A resource is as its stack recorded it"
	changed.Description = "A property that the program sets has another value in the cloud: somebody, or something, changed it past the stack."
	changed.Remediation = "See who changed it. To take it back run \"tenantform stack refresh\" and then \"tenantform stack up\" on the stack; " +
		"what is wanted goes into the program first."
	deleted.ID, deleted.Severity, deleted.Enforcement = DriftDeleted, SeverityCritical, "mandatory"
	deleted.Title = "A resource of a stack exists"
	deleted.Description = "A resource that the stack has made and still needs is gone: somebody, or something, deleted it past the stack."
	deleted.Remediation = "See who deleted it and what went with it. \"tenantform stack refresh\" and then \"tenantform stack up\" on the stack make it again, empty."
	return []Rule{beside, changed, deleted}
}

// seen is what was found by a rule that is not of the bundle.
type seen struct {
	rule     Rule
	findings []Finding
}

// EvaluateDrift decides on what a look at the cloud found: on the differences,
// by DriftRules, and on what is deployed, by the rules of the bundle. The plan of
// the input is taken from what was observed; its operations say that nothing
// changes. In the report DriftRules follow the rules of the bundle. Errors and
// denials are those of Evaluate.
func (e *Evaluator) EvaluateDrift(ctx context.Context, in Input, o plan.Observed) (Report, error) {
	in.Plan = o.Deployed
	var others []seen
	for _, rule := range DriftRules() {
		s := seen{rule: rule}
		for _, d := range o.Drifted {
			if DriftRule(d.Kind) == rule.ID {
				s.findings = append(s.findings, rule.differs(d)...)
			}
		}
		others = append(others, s)
	}
	return e.evaluate(ctx, in, allScopes, others)
}

// DriftRule gives the id of the rule that a difference is against; "" for none.
func DriftRule(k plan.DriftKind) string {
	switch k {
	case plan.DriftBeside:
		return DriftBeside
	case plan.DriftChanged:
		return DriftChanged
	case plan.DriftDeleted:
		return DriftDeleted
	}
	return ""
}

// differs gives a finding for each property that differs, and one for a resource
// that is gone.
func (r Rule) differs(d plan.Drifted) []Finding {
	finding := Finding{
		Rule: r.ID, Title: r.Title, Severity: r.Severity, Category: r.Category, URN: d.URN, Remediation: r.Remediation, Related: r.Related,
	}
	if d.Kind == plan.DriftDeleted {
		finding.Value = d.ID
		finding.Message = "the resource is recorded and is not there any more"
		finding.Digest = digest(d.ID, finding.Message)
		return []Finding{finding}
	}
	found := make([]Finding, 0, len(d.Properties))
	for _, p := range d.Properties {
		f := finding
		f.Property, f.Value = p.Path, Text(p.Found)
		recorded := Text(p.Recorded)
		switch {
		case p.Recorded == nil && p.Found == nil:
			f.Message = "the provider says that it is not as recorded, and not how"
		case p.Recorded == nil:
			f.Message = fmt.Sprintf("it is %s and is not recorded", f.Value)
		case p.Found == nil:
			f.Message = fmt.Sprintf("it is recorded as %s and is not there any more", recorded)
		case recorded == f.Value:
			f.Message = "the provider says that it is not as recorded; the difference is not shown, as in a secret or beyond what is shown of a long value"
		default:
			f.Message = fmt.Sprintf("it is %s and is recorded as %s", f.Value, recorded)
		}
		f.Digest = digest([]any{p.Recorded, p.Found}, f.Message)
		found = append(found, f)
	}
	return found
}
