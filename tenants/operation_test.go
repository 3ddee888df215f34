package tenants_test

import (
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

func TestOperationValidate(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := map[string]struct {
		change func(*tenants.Operation)
		want   []string
	}{
		"fine":          {func(*tenants.Operation) {}, nil},
		"zero":          {func(o *tenants.Operation) { *o = tenants.Operation{} }, []string{"id=", "tenantId=", "kind=", "initiator=", "startedAt="}},
		"id a path":     {func(o *tenants.Operation) { o.ID = "../x" }, []string{"id=../x"}},
		"kind":          {func(o *tenants.Operation) { o.Kind = "paint" }, []string{"kind=paint"}},
		"move to same":  {func(o *tenants.Operation) { o.Kind, o.FromTier, o.ToTier = tenants.OperationMove, "free", "free" }, []string{"toTier=free"}},
		"move":          {func(o *tenants.Operation) { o.Kind, o.FromTier, o.ToTier = tenants.OperationMove, "free", "premium" }, nil},
		"progress":      {func(o *tenants.Operation) { o.Progress = "half" }, []string{"progress=half"}},
		"end too early": {func(o *tenants.Operation) { o.EndedAt = now }, []string{"endedAt=2026-01-02T03:04:05Z"}},
		"ended":         {func(o *tenants.Operation) { o.Progress, o.EndedAt = tenants.ProgressFailed, now }, nil},
		"step":          {func(o *tenants.Operation) { o.Steps = []tenants.Step{{Progress: "half"}} }, []string{"steps[0].name=", "steps[0].progress=half"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := tenants.Operation{ID: "op-1", TenantID: "acme", Kind: tenants.OperationCreate, Initiator: "ann",
				Progress: tenants.ProgressRunning, StartedAt: now}
			tt.change(&o)
			check(t, o.Validate(), tt.want...)
		})
	}
}
