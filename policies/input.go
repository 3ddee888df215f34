package policies

import (
	"slices"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/tenants"
)

// InputVersion is the version of Input that this package understands. Any other
// is refused.
const InputVersion = 1

// Input is everything that a decision is made from. Make it with NewInput.
type Input struct {
	Version   int               `json:"version"`   // InputVersion
	Plan      plan.Plan         `json:"plan"`      // what the run would do, resource by resource
	Subject   Subject           `json:"subject"`   // what the run is about
	Catalogue tenants.Catalogue `json:"catalogue"` // the tiers on offer
}

// NewInput gives the input of a decision on a plan. The models of the subject,
// where it has none, are those that follow from its program and tiers.
func NewInput(p plan.Plan, s Subject, c tenants.Catalogue) Input {
	if s.Models == nil {
		s.Models = models(s, c)
	}
	return Input{Version: InputVersion, Plan: p, Subject: s, Catalogue: c}
}

func models(s Subject, c tenants.Catalogue) []tenants.Model {
	switch s.Program {
	case ProgramPlatform, ProgramPool, ProgramGuardrails:
		return []tenants.Model{tenants.ModelPool}
	}
	var all []tenants.Model
	for _, name := range s.Tiers {
		if tier, err := c.Tier(name); err == nil && !slices.Contains(all, tier.Model) {
			all = append(all, tier.Model)
		}
	}
	return all
}

// The programs that Subject names.
const (
	ProgramPlatform   = "platform"
	ProgramPool       = "pool"
	ProgramTenant     = "tenant"
	ProgramFunctions  = "functions"
	ProgramGuardrails = "guardrails"
)

// Subject is what the run is about. An empty field is unknown: rules that need
// it then check what can be checked without it. The zero value is a run of a
// program that is not one of Tenantform's.
type Subject struct {
	Program     string `json:"program"`     // "platform", "pool", "tenant", "functions" or "guardrails"; empty for a program that is not ours
	TenantID    string `json:"tenantId"`    // empty for the shared stacks
	Environment string `json:"environment"` // "dev", "staging" or "production"
	Region      string `json:"region"`      // AWS region the run is meant for
	Account     string `json:"account"`     // the account that the run is meant for, 12 digits; for ProgramFunctions that of tenants' functions, else the core's
	// FunctionsAccount is the account of tenants' functions, 12 digits, which the
	// shared stacks reach beside Account. Where it is empty they may reach one other.
	FunctionsAccount string   `json:"functionsAccount,omitempty"`
	Tiers            []string `json:"tiers"` // tiers that resources of the stack may carry; two in a move
	// Models are those of the tiers, each once; ModelPool for a shared stack.
	Models []tenants.Model `json:"models,omitempty"`
	// Tags are the stack's own, as "pulumi stack tag" sets them; not those of its resources.
	Tags    map[string]string `json:"tags,omitempty"`
	Destroy bool              `json:"destroy"`           // the run deletes the whole stack
	Release *Release          `json:"release,omitempty"` // entitles the run to delete tenant data; nil entitles to nothing
}

// The kinds of a Release.
const (
	ReleaseMove   = "move"   // a finished move: the placement that was left is taken away
	ReleaseDelete = "delete" // the tenant's deletion, confirmed
)

// Release entitles a run to delete tenant data. It never excuses a replacement,
// nor the deletion of what is still protected.
type Release struct {
	Kind string `json:"kind"` // ReleaseMove or ReleaseDelete; any other entitles to nothing
	// Under is the name of the component that is taken away. Empty means the
	// whole stack, which only ReleaseDelete may do.
	Under string `json:"under"`
}
