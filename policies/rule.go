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
	// Scope is ScopeResource where a finding follows from one resource alone,
	// ScopeStack where others are looked at too, and ScopeOperation where what
	// happens to the resource matters.
	Scope     string      `json:"scope"`
	OnUnknown string      `json:"onUnknown"` // what the rule does with a value that is not known before the run
	Waivable  Waivability `json:"waivable"`
	Category  string      `json:"category"` // one of Categories
	// Enforcement is "mandatory", "advisory", or "production": advisory in dev and
	// staging and mandatory wherever else a run is.
	Enforcement string `json:"enforcement"`
	// Source is "built in", or the directory of one's own that the rule is from.
	Source string `json:"source"`
	// Replaces is the Source of the rule of this id that it takes the place of; empty
	// for one that replaces none.
	Replaces    string   `json:"replaces,omitempty"`
	Remediation string   `json:"remediation"` // what to do about a finding
	Related     []string `json:"related"`     // ids under which other tools know it
}

// The scopes of rules.
const (
	ScopeResource  = "resource"
	ScopeStack     = "stack"
	ScopeOperation = "operation"
)

var allScopes = []string{ScopeResource, ScopeStack, ScopeOperation}

// Categories gives the categories of rules, sorted.
func Categories() []string {
	return []string{"compute", "data", "identity", "logging", "messaging", "network", "storage", "tenancy"}
}

// builtIn is the Source of the embedded rules.
const builtIn = "built in"

// level gives the level that the rule has by itself. An environment of another
// name than the known ones is no reason to be lenient.
func (r Rule) level(environment string) Level {
	lenient := environment != production && slices.Contains(environments, environment)
	switch {
	case r.Enforcement == "advisory", r.Enforcement == "production" && lenient:
		return LevelAdvisory
	}
	return LevelMandatory
}

// replaceable tells why the rule may not be replaced by another of its id: what is
// never waived stays as it is, and for the rest the other must hold at least as
// firmly, over the same plans.
func (r Rule) replaceable(by Rule) error {
	waivable := []Waivability{WaivableYes, WaivableExact, WaivableNever}
	enforced := []string{"advisory", "production", "mandatory"}
	stays := func(what, was, is, allowed string) error {
		return fmt.Errorf("rule %s (%s) cannot be replaced by one whose %s is %q; allowed: %s", r.ID, r.Source, what, is, fmt.Sprintf(allowed, was))
	}
	switch {
	case r.Waivable == WaivableNever:
		return fmt.Errorf("rule %s (%s) is never waived and cannot be replaced; give the rule another id, and both count", r.ID, r.Source)
	case slices.Index(waivable, by.Waivable) < slices.Index(waivable, r.Waivable):
		return stays("waivable", string(r.Waivable), string(by.Waivable), "%s or stricter")
	case slices.Index(enforced, by.Enforcement) < slices.Index(enforced, r.Enforcement):
		return stays("enforcement", r.Enforcement, by.Enforcement, "%s or stricter")
	case by.Scope != r.Scope:
		return stays("scope", r.Scope, by.Scope, "%s")
	case by.Category != r.Category:
		return stays("category", r.Category, by.Category, "%s")
	}
	return nil
}

// rulesPrefix is the Rego package below which every package is a rule.
var rulesPrefix = []string{"data", "tenantform", "rules"}

// ruleOf reads the rule that a module declares; false for a module that is none.
func ruleOf(m *ast.Module) (Rule, bool, error) {
	path := packagePath(m)
	if len(path) != len(rulesPrefix)+1 || !slices.Equal(path[:len(rulesPrefix)], rulesPrefix) {
		return Rule{}, false, nil
	}
	r := Rule{ID: path[len(path)-1], Source: builtIn}
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
	r.Waivable, r.Category, r.Enforcement = Waivability(text("waivable")), text("category"), text("enforcement")
	related, hasRelated := a.Custom["related"].([]any)
	for _, v := range related {
		r.Related = append(r.Related, fmt.Sprint(v))
	}
	switch {
	case r.Title == "", r.Description == "", r.OnUnknown == "", r.Remediation == "":
		return fmt.Errorf("rule %s: metadata lacks one of title, description, on_unknown, remediation", r.ID)
	case r.Severity.rank() < 0:
		return fmt.Errorf("rule %s: severity is %q; allowed: critical, high, medium, low", r.ID, r.Severity)
	case !slices.Contains(allScopes, r.Scope):
		return fmt.Errorf("rule %s: scope is %q; allowed: resource, stack, operation", r.ID, r.Scope)
	case !slices.Contains([]Waivability{WaivableYes, WaivableExact, WaivableNever}, r.Waivable):
		return fmt.Errorf("rule %s: waivable is %q; allowed: yes, exact, never", r.ID, r.Waivable)
	case !slices.Contains(Categories(), r.Category):
		return fmt.Errorf("rule %s: category is %q; allowed: %s", r.ID, r.Category, strings.Join(Categories(), ", "))
	case !slices.Contains([]string{"mandatory", "advisory", "production"}, r.Enforcement):
		return fmt.Errorf("rule %s: enforcement is %q; allowed: mandatory, advisory, production", r.ID, r.Enforcement)
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
