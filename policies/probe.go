package policies

import (
	"context"
	"slices"

	"github.com/tenantform/tenantform/tenants"
)

// Concerned gives the rules whose findings may change with a resource of a type:
// those that look at resources of the type, and those of which nobody can tell at
// what they look.
func (e *Evaluator) Concerned(resourceType string) []Rule {
	return slices.DeleteFunc(e.Rules(), func(r Rule) bool {
		return e.relevance != nil && !e.relevance.looks(r.ID, map[string]bool{resourceType: true})
	})
}

// Probe gives what some rules find in an input, in the order of a report. It is
// for who examines the rules and has many questions; nothing is decided, and no
// waiver and no baseline excuses anything. Without a rule it finds nothing. The
// error is CodeInvalid for an input or a rule that there is not, CodeUnavailable
// when time ran out or ctx ended, else CodeInternal.
func (e *Evaluator) Probe(ctx context.Context, in Input, rules []string) ([]Finding, error) {
	for _, id := range rules {
		if _, ok := e.byID[id]; !ok {
			return nil, tenants.Errorf(tenants.CodeInvalid, "there is no rule %q", id)
		}
	}
	if len(rules) == 0 {
		return nil, nil
	}
	input, err := term(in)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "the plan cannot be given to the rules: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	if ctx.Err() != nil {
		return nil, e.late(ctx)
	}
	got := e.askFor(ctx, indexed(input), rules)
	if got.err != nil && ctx.Err() != nil {
		return nil, e.late(ctx)
	}
	if got.err != nil {
		return nil, got.err
	}
	var r Report
	for _, rule := range e.rules {
		if !slices.Contains(rules, rule.ID) {
			continue
		}
		raw, ran := got.decision.Findings[rule.ID]
		if !ran {
			return nil, tenants.Errorf(tenants.CodeInternal, "rule %s gave no decision; it must define findings", rule.ID)
		}
		found, err := rule.findings(raw)
		if err != nil {
			return nil, err
		}
		e.regime.take(&r, rule, found, in.Subject.Environment)
	}
	order(r.Findings)
	return r.Findings, nil
}
