package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Rule is what a rule's metadata says about it.
type Rule struct {
	ID          string   `json:"id"` // directory and last part of the Rego package
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Severity    Severity `json:"severity"`
	Scope       string   `json:"scope"`       // "resource", "stack" or "operation"
	OnUnknown   string   `json:"onUnknown"`   // what the rule does with a value that is not known before the run
	Waivable    bool     `json:"waivable"`    // false: never
	Remediation string   `json:"remediation"` // what to do about a finding
	Related     []string `json:"related"`     // ids under which other tools know it
}

// rulesPrefix is the Rego package below which every package is a rule.
var rulesPrefix = []string{"data", "tenantform", "rules"}

// ruleOf reads the rule that a module declares; false for a module that is none.
func ruleOf(m *ast.Module) (Rule, bool, error) {
	path := packagePath(m)
	if len(path) != len(rulesPrefix)+1 || !slices.Equal(path[:len(rulesPrefix)], rulesPrefix) {
		return Rule{}, false, nil
	}
	r := Rule{ID: path[len(path)-1]}
	for _, a := range m.Annotations {
		if a.Scope == "package" {
			return r, true, r.fill(a)
		}
	}
	return r, true, fmt.Errorf("rule %s has no metadata", r.ID)
}

// fill takes the rule's fields from its annotations and refuses what is missing or not allowed.
func (r *Rule) fill(a *ast.Annotations) error {
	text := func(key string) string { s, _ := a.Custom[key].(string); return strings.TrimSpace(s) }
	r.Title, r.Description = strings.TrimSpace(a.Title), strings.TrimSpace(a.Description)
	r.Severity, r.Scope = Severity(text("severity")), text("scope")
	r.OnUnknown, r.Remediation = text("on_unknown"), text("remediation")
	waivable, hasWaivable := a.Custom["waivable"].(bool)
	r.Waivable = waivable
	related, hasRelated := a.Custom["related"].([]any)
	for _, v := range related {
		r.Related = append(r.Related, fmt.Sprint(v))
	}
	switch {
	case r.Title == "", r.Description == "", r.OnUnknown == "", r.Remediation == "":
		return fmt.Errorf("rule %s: metadata lacks one of title, description, on_unknown, remediation", r.ID)
	case r.Severity.rank() < 0:
		return fmt.Errorf("rule %s: severity is %q; allowed: critical, high, medium, low", r.ID, r.Severity)
	case !slices.Contains([]string{"resource", "stack", "operation"}, r.Scope):
		return fmt.Errorf("rule %s: scope is %q; allowed: resource, stack, operation", r.ID, r.Scope)
	case !hasWaivable:
		return fmt.Errorf("rule %s: waivable is missing; allowed: true, false", r.ID)
	case !hasRelated:
		return fmt.Errorf("rule %s: related is missing; allowed: a list, which may be empty", r.ID)
	}
	return nil
}

// packagePath gives the parts of a module's package, "data" first.
func packagePath(m *ast.Module) []string {
	path := make([]string, 0, len(m.Package.Path))
	for _, t := range m.Package.Path {
		switch v := t.Value.(type) {
		case ast.Var:
			path = append(path, string(v))
		case ast.String:
			path = append(path, string(v))
		}
	}
	return path
}
