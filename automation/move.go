package automation

import (
	"fmt"

	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

// MoveStepKind is what one step of a move does.
type MoveStepKind string

// The kinds of steps. All but transfer are one run of the tenant's stack.
const (
	MoveUpdate   MoveStepKind = "update"   // the placement stays and takes the new tier's limits
	MovePrepare  MoveStepKind = "prepare"  // the target comes up beside the source
	MoveTransfer MoveStepKind = "transfer" // users and data go over; no infrastructure changes
	MoveRelease  MoveStepKind = "release"  // the source's deletion protection is taken off
	MoveRetire   MoveStepKind = "retire"   // the source is taken away, the target alone is left
)

// MoveStep is one step of a move.
type MoveStep struct {
	Kind MoveStepKind
	// Placements are what the tenant's program contains in this step.
	Placements []stacks.Placement
	// Retiring is the placement that this step may take data away with; nil
	// but in the steps release and retire.
	Retiring *stacks.Placement
	// Describes the step to a person.
	Title string
}

// PlanMove says which steps, in order, take a tenant from one tier to another.
// Where both live in the same place one update does it; otherwise source and
// target stand side by side until the users and data are over, because one
// program that replaces the other would delete live data. It runs nothing. A
// move to the tier that the tenant has is CodeInvalid.
func PlanMove(from, to stacks.Placement) ([]MoveStep, error) {
	if from.Tier.Name == to.Tier.Name {
		return nil, tenants.Invalid(tenants.FieldError{Field: "tier", Value: to.Tier.Name, Allowed: "a tier other than the one the tenant has"})
	}
	from.Released, to.Released = false, false
	if from.Placement == to.Placement {
		return []MoveStep{{
			Kind: MoveUpdate, Placements: []stacks.Placement{to},
			Title: fmt.Sprintf("give %s the limits of tier %s", to.Placement, to.Tier.Name),
		}}, nil
	}
	both := []stacks.Placement{from, to}
	released := from
	released.Released = true
	steps := []MoveStep{
		{Kind: MovePrepare, Placements: both, Title: fmt.Sprintf("bring up %s beside %s", to.Placement, from.Placement)},
		{Kind: MoveTransfer, Placements: both, Title: fmt.Sprintf("take users and data from %s to %s", from.Placement, to.Placement)},
	}
	if protects(from) {
		steps = append(steps, MoveStep{
			Kind: MoveRelease, Placements: []stacks.Placement{released, to}, Retiring: &released,
			Title: fmt.Sprintf("take the deletion protection off %s", from.Placement),
		})
	}
	return append(steps, MoveStep{
		Kind: MoveRetire, Placements: []stacks.Placement{to}, Retiring: &released,
		Title: fmt.Sprintf("take away %s; %s alone is left", from.Placement, to.Placement),
	}), nil
}

// protects tells whether a placement has data stores of its own that may
// refuse deletion. A pooled tenant's data lie in its pool's.
func protects(p stacks.Placement) bool { return p.Model == tenants.ModelSilo }
