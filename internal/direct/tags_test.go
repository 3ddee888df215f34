package direct_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/policies"
)

// keeping is a gate that keeps what it is asked.
type keeping struct {
	automation.Gate

	inputs []policies.Input
}

func (k *keeping) Evaluate(ctx context.Context, in policies.Input) (policies.Report, error) {
	k.inputs = append(k.inputs, in)
	return k.Gate.Evaluate(ctx, in)
}

// TestTagsInTheLaterStepsOfADryRun asks what a move and a deletion would do: the
// later steps, which are worked out from previews, are decided on with the stack's
// tags as well.
func TestTagsInTheLaterStepsOfADryRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := newHouseIn(t, dir)
	h.stackUp("platform")
	h.stackUp("pool-a")
	if _, err := h.Create(t.Context(), acme("premium"), "signed"); err != nil {
		t.Fatal(err)
	}
	tags := filepath.Join(dir, "state", ".pulumi", "stacks", automation.Project, "tenant-acme.pulumi-tags")
	if err := os.WriteFile(tags, []byte(`{"version": 1, "tags": {"team": "payments"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	gate := &keeping{Gate: h.Gate}
	h.Gate = gate
	if dry, err := h.PlanMove(t.Context(), "acme", "standard"); err != nil || !dry.Allowed() || len(gate.inputs) < 2 {
		t.Errorf("the move: %v, allowed %v, %d later steps", err, dry.Allowed(), len(gate.inputs))
	}
	moved := len(gate.inputs)
	if dry, err := h.PlanDelete(t.Context(), "acme"); err != nil || !dry.Allowed() || len(gate.inputs) == moved {
		t.Errorf("the deletion: %v, allowed %v, %d later steps", err, dry.Allowed(), len(gate.inputs)-moved)
	}
	for i, in := range gate.inputs {
		if in.Plan.Stack == "tenant-acme" && in.Subject.Tags["team"] != "payments" {
			t.Errorf("later step %d is decided on with the tags %v", i, in.Subject.Tags)
		}
	}
}
