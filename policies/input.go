package policies

import (
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/tenants"
)

// InputVersion is the version of Input that this package understands. Any other
// is refused.
const InputVersion = 1

// Input is everything that a decision is made from.
type Input struct {
	Version   int               `json:"version"` // InputVersion
	Plan      plan.Plan         `json:"plan"`
	Subject   Subject           `json:"subject"`
	Catalogue tenants.Catalogue `json:"catalogue"`
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
	Program     string   `json:"program"`           // "platform", "pool", "tenant", "functions" or "guardrails"; empty for a program that is not ours
	TenantID    string   `json:"tenantId"`          // empty for the shared stacks
	Environment string   `json:"environment"`       // "dev", "staging" or "production"
	Region      string   `json:"region"`            // AWS region the run is meant for
	Account     string   `json:"account"`           // 12 digits; for ProgramFunctions the account of tenants' functions, else the core's
	Tiers       []string `json:"tiers"`             // tiers that resources of the stack may carry; two in a move
	Destroy     bool     `json:"destroy"`           // the run deletes the whole stack
	Release     *Release `json:"release,omitempty"` // entitles the run to delete tenant data; nil entitles to nothing
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
