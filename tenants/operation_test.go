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
		"correlation":   {func(o *tenants.Operation) { o.CorrelationID = "a b" }, []string{"correlationId=a b"}},
		"retry":         {func(o *tenants.Operation) { o.RetryOf, o.CorrelationID = "op-0", "0af7651916cd43dd8448eb211c80319c" }, nil},
		"status":        {func(o *tenants.Operation) { o.FromStatus = tenants.StatusInactive }, nil},
		"no status":     {func(o *tenants.Operation) { o.FromStatus = "gone" }, []string{"fromStatus=gone"}},
		"retry of self": {func(o *tenants.Operation) { o.RetryOf = "op-1" }, []string{"retryOf=op-1"}},
		"retry of path": {func(o *tenants.Operation) { o.RetryOf = "../x" }, []string{"retryOf=../x"}},
		"request":       {func(o *tenants.Operation) { o.Request = []byte("{") }, []string{"request={"}},
		"service":       {func(o *tenants.Operation) { o.Services = []tenants.ServiceState{{}} }, []string{"services[0].service="}},
		"activate":      {func(o *tenants.Operation) { o.Kind = tenants.OperationActivate }, nil},
		"reconcile":     {func(o *tenants.Operation) { o.Kind = tenants.OperationReconcile }, nil},
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
