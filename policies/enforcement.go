package policies

import (
	"slices"
	"strings"

	"github.com/tenantform/tenantform/tenants"
)

// Level is what a finding does to a run.
type Level string

// The levels. A finding without a level, the zero value, counts as mandatory.
const (
	LevelMandatory Level = "mandatory" // the run is denied
	LevelAdvisory  Level = "advisory"  // the finding is shown and the run goes on
	LevelDisabled  Level = "disabled"  // the rule's findings are left out
)

// production is the environment that one which is not known is taken for.
const production = "production"

// Enforcement changes the levels that rules have by themselves. The zero value
// changes none.
type Enforcement struct {
	// Settings are looked through in order, and the last one that fits decides.
	Settings []Setting
}

// Setting gives a level to some rules in some environment.
type Setting struct {
	Rule        string // id of one rule; empty: every rule. LevelDisabled wants it, or a category.
	Category    string // the rules of one category; empty: every category
	Environment string // where it holds; empty: everywhere
	Level       Level
}

// Level gives the level of a rule in an environment. One that is not known, "" or
// of any name but dev and staging, is taken for production. A rule that is never waived keeps its own
// level, and one that is waived by name alone is disabled by its id alone.
func (e Enforcement) Level(r Rule, environment string) Level {
	if !slices.Contains(environments, environment) {
		environment = production
	}
	level := r.level(environment)
	for _, s := range e.Settings {
		if s.Level == LevelDisabled && s.Rule == "" && (s.Category == "" || r.Waivable == WaivableExact) {
			continue
		}
		if (s.Rule == "" || s.Rule == r.ID) && (s.Category == "" || s.Category == r.Category) &&
			(s.Environment == "" || s.Environment == environment) && r.Waivable != WaivableNever {
			level = s.Level
		}
	}
	return level
}

// naming gives the settings that name a rule by its id.
func (e Enforcement) naming(id string) Enforcement {
	var out Enforcement
	for _, s := range e.Settings {
		if s.Rule == id {
			out.Settings = append(out.Settings, s)
		}
	}
	return out
}

// Faults gives what is wrong with the settings for a bundle's rules; none when
// they can be used. Paths begin with path, "enforcement" for example.
func (e Enforcement) Faults(path string, rules []Rule) []tenants.FieldError {
	var faults []tenants.FieldError
	for i, s := range e.Settings {
		at := element(path, i)
		if !slices.Contains([]Level{LevelMandatory, LevelAdvisory, LevelDisabled}, s.Level) {
			faults = append(faults, tenants.FieldError{Field: at + ".level", Value: string(s.Level), Allowed: "one of mandatory, advisory, disabled"})
		}
		if s.Environment != "" && !slices.Contains(environments, s.Environment) {
			faults = append(faults, tenants.FieldError{Field: at + ".environment", Value: s.Environment, Allowed: "one of " + strings.Join(environments, ", ")})
		}
		if s.Category != "" && !slices.ContainsFunc(rules, func(r Rule) bool { return r.Category == s.Category }) {
			faults = append(faults, tenants.FieldError{Field: at + ".category", Value: s.Category, Allowed: "one of " + strings.Join(categories(rules), ", ")})
		}
		if s.Level == LevelDisabled && s.Rule == "" && s.Category == "" {
			faults = append(faults, tenants.FieldError{Field: at + ".rule", Allowed: "a rule or a category: not every rule is disabled at once"})
		}
		if s.Rule == "" {
			continue
		}
		r, ok := find(rules, s.Rule)
		switch {
		case !ok:
			faults = append(faults, tenants.FieldError{Field: at + ".rule", Value: s.Rule, Allowed: "the id of a rule; \"tenantform policy list\" shows them"})
		case r.Waivable == WaivableNever && s.Level != LevelMandatory:
			faults = append(faults, tenants.FieldError{Field: at + ".rule", Value: s.Rule, Allowed: "a rule whose level may be lowered; this one is never waived"})
		}
	}
	return faults
}

var environments = []string{"dev", "staging", production}

func find(rules []Rule, id string) (Rule, bool) {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.ID == id })
	if i < 0 {
		return Rule{}, false
	}
	return rules[i], true
}

func categories(rules []Rule) []string {
	var all []string
	for _, r := range rules {
		all = append(all, r.Category)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
