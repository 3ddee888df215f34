package analyzer

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/policyfile"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// settings are the properties of the policy "tenantform" in the pack's config.
// Paths are from the directory of the pack.
type settings struct {
	Environment string   `json:"environment"`
	Program     string   `json:"program"`
	TenantID    string   `json:"tenantId"`
	Region      string   `json:"region"`
	Account     string   `json:"account"`
	Functions   string   `json:"functionsAccount"`
	Tiers       []string `json:"tiers"`
	Catalogue   string   `json:"catalogue"` // a file of tiers
	Levels      string   `json:"levels"`    // a file of levels
	Waivers     string   `json:"waivers"`   // a file of waivers

	remediate map[string]bool // rules, by id
	retention int             // days for log groups that have none
}

func (s settings) subject() policies.Subject {
	return policies.Subject{
		Program: s.Program, TenantID: s.TenantID, Environment: s.Environment,
		Region: s.Region, Account: s.Account, FunctionsAccount: s.Functions, Tiers: s.Tiers,
	}
}

var (
	environments = []string{"dev", "staging", "production"}
	programs     = []string{policies.ProgramPlatform, policies.ProgramPool, policies.ProgramTenant, policies.ProgramFunctions, policies.ProgramGuardrails}
)

// configure takes what the engine has for each policy: the settings, and a level,
// which counts before a file of levels and the environment where it is another than
// the rule was announced at.
func (s *Server) configure(ctx context.Context, config map[string]*pulumirpc.PolicyConfig) error {
	next, err := parseSettings(config)
	if err != nil {
		return err
	}
	opts := policies.Options{Own: s.opts.Own}
	if next.Levels != "" {
		if opts.Enforcement, err = policyfile.ReadEnforcement(s.path(next.Levels)); err != nil {
			return err
		}
	}
	if next.Waivers != "" {
		if opts.Waivers, err = policyfile.ReadWaivers(s.path(next.Waivers)); err != nil {
			return err
		}
	}
	catalogue, err := tenantfile.DefaultCatalogue()
	if next.Catalogue != "" {
		catalogue, err = tenantfile.ReadCatalogue(s.path(next.Catalogue))
	}
	if err != nil {
		return err
	}
	if err := tenants.Invalid(next.faults(catalogue)...); err != nil {
		return err
	}
	given, err := s.given(config)
	if err != nil {
		return err
	}
	opts.Enforcement.Settings = append(opts.Enforcement.Settings, given...)
	evaluator := s.base
	if len(opts.Enforcement.Settings)+len(opts.Waivers) > 0 {
		if evaluator, err = s.opts.Evaluator(ctx, &opts); err != nil {
			return err
		}
	}
	s.settings, s.catalogue, s.evaluator = next, catalogue, evaluator
	return nil
}

func (s *Server) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.dir, name)
}

// everyPolicy is the engine's name, in a pack's config, for every policy.
const everyPolicy = "all"

// given gives the levels that the engine was told to change, as far as it can be
// told: see announced.
func (s *Server) given(config map[string]*pulumirpc.PolicyConfig) ([]policies.Setting, error) {
	var out []policies.Setting
	for _, id := range slices.Sorted(maps.Keys(config)) {
		if id == PackName || id == everyPolicy {
			continue // the decision itself has no level; the engine gave each rule that of all
		}
		rule, ok := s.rule(id)
		if !ok {
			return nil, tenants.Invalid(tenants.FieldError{Field: "policy", Value: id, Allowed: "the id of a rule, or " + PackName})
		}
		level, ok := levels[config[id].GetEnforcementLevel()]
		if !ok {
			return nil, tenants.Invalid(tenants.FieldError{Field: id + ".enforcementLevel", Value: config[id].GetEnforcementLevel().String(), Allowed: "one of advisory, mandatory, remediate, disabled"})
		}
		if config[id].GetEnforcementLevel() != announced(rule) {
			out = append(out, policies.Setting{Rule: id, Level: level})
		}
	}
	return out, nil
}

// levels are the engine's. What a remedy does not mend is refused.
var levels = map[pulumirpc.EnforcementLevel]policies.Level{
	pulumirpc.EnforcementLevel_ADVISORY:  policies.LevelAdvisory,
	pulumirpc.EnforcementLevel_MANDATORY: policies.LevelMandatory,
	pulumirpc.EnforcementLevel_REMEDIATE: policies.LevelMandatory,
	pulumirpc.EnforcementLevel_DISABLED:  policies.LevelDisabled,
}

func parseSettings(config map[string]*pulumirpc.PolicyConfig) (settings, error) {
	s := settings{remediate: map[string]bool{}}
	for id, c := range config {
		s.remediate[id] = c.GetEnforcementLevel() == pulumirpc.EnforcementLevel_REMEDIATE
		var into any = &struct{}{}
		var retention struct {
			Days int `json:"days"`
		}
		switch id {
		case PackName:
			into = &s
		case retentionRule:
			into = &retention
		}
		if err := decode(c.GetProperties(), into); err != nil {
			return settings{}, tenants.Errorf(tenants.CodeInvalid, "the config of policy %s cannot be used: %w", id, err)
		}
		if id == retentionRule {
			s.retention = retention.Days
		}
	}
	return s, nil
}

// decode fills v and refuses what it has no field for.
func decode(properties *structpb.Struct, v any) error {
	text, err := json.Marshal(properties.AsMap())
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func (s settings) faults(c tenants.Catalogue) []tenants.FieldError {
	var faults []tenants.FieldError
	oneOf := func(field, value string, allowed []string) {
		if value != "" && !slices.Contains(allowed, value) {
			faults = append(faults, tenants.FieldError{Field: field, Value: value, Allowed: "one of " + strings.Join(allowed, ", ")})
		}
	}
	oneOf(PackName+".environment", s.Environment, environments)
	oneOf(PackName+".program", s.Program, programs)
	for _, tier := range s.Tiers {
		oneOf(PackName+".tiers", tier, c.Names())
	}
	if s.TenantID != "" {
		faults = append(faults, tenants.ValidateID(PackName+".tenantId", s.TenantID)...)
	}
	return append(faults, s.remedyFaults()...)
}

// schemas describe the properties of policies that have some.
func schemas() map[string]map[string]any {
	text := func(description string) map[string]any {
		return map[string]any{"type": "string", "description": description}
	}
	anyOf := func(values []string, description string) map[string]any {
		list := make([]any, len(values))
		for i, v := range values {
			list[i] = v
		}
		return map[string]any{"type": "string", "enum": list, "description": description}
	}
	days := make([]any, len(retentions))
	for i, d := range retentions {
		days[i] = d
	}
	return map[string]map[string]any{
		PackName: {
			"environment":      anyOf(environments, "Where the stack runs. Without it levels are those of production."),
			"program":          anyOf(programs, "The program of Tenantform that the stack runs. Without it the program is one of your own."),
			"tenantId":         text("The tenant that the stack belongs to."),
			"region":           text("The AWS region that the stack is meant for."),
			"account":          text("The AWS account that the stack is meant for, 12 digits."),
			"functionsAccount": text("The AWS account where tenants' functions run, 12 digits, which shared stacks reach beside account."),
			"tiers":            map[string]any{"type": "array", "items": map[string]any{"type": "string"}, "description": "The tiers that the stack's resources may carry."},
			"catalogue":        text("A file of tiers, from the directory of the pack. Without it the default catalogue counts."),
			"levels":           text("A file of levels, from the directory of the pack."),
			"waivers":          text("A file of waivers, from the directory of the pack."),
		},
		retentionRule: {
			"days": map[string]any{"type": "integer", "enum": days, "description": "The retention that a log group without one gets at enforcement level remediate."},
		},
	}
}
