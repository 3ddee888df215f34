package wire_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

// TestThereAndBack turns what the API shows into what it is, and loses nothing but
// what it keeps to itself.
func TestThereAndBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tenant := rapid.Make[tenants.Tenant]().Draw(t, "tenant")
		for i := range tenant.Services {
			tenant.Services[i].Progress = drawn(t)
		}
		back := wire.FromTenant(tenant).Record()
		tenant.NetworkCIDR = ""
		for i, f := range tenant.Functions {
			tenant.Functions[i] = tenants.Function{Name: f.Name, Runtime: f.Runtime, Handler: f.Handler}
		}
		same(t, back, tenant)

		op := rapid.Make[tenants.Operation]().Draw(t, "operation")
		op.Progress = drawn(t)
		for i := range op.Steps {
			op.Steps[i].Progress = drawn(t)
		}
		op.FromStatus, op.TenantHash = "", "" // the workflows' own, as are the next
		for i := range op.Steps {
			op.Steps[i].HandedOver, op.Steps[i].Tries = time.Time{}, tenants.Tries{}
		}
		for i := range op.Services {
			op.Services[i].Progress = drawn(t)
		}
		shown := wire.FromOperation(op)
		if shown.Ended() != op.Progress.Ended() {
			t.Errorf("%q has ended: %t", shown.Progress, shown.Ended())
		}
		op.Request = nil
		same(t, shown.Record(), op)

		entry := rapid.Make[tenants.AuditEntry]().Draw(t, "entry")
		same(t, wire.FromAudit(entry).Record(), entry)
	})
}

func drawn(t *rapid.T) tenants.Progress {
	return rapid.SampledFrom([]tenants.Progress{tenants.ProgressPending, tenants.ProgressRunning, tenants.ProgressSucceeded, tenants.ProgressFailed}).Draw(t, "progress")
}

// same compares, whereby no list is an empty one.
func same[T any](t *rapid.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(plain(reflect.ValueOf(got)), plain(reflect.ValueOf(want))) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

// plain gives a value of which nil lists are empty ones.
func plain(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Slice:
		list := []any{}
		for i := range v.Len() {
			list = append(list, plain(v.Index(i)))
		}
		return list
	case reflect.Struct:
		if v.Type().String() == "time.Time" {
			return v.Interface()
		}
		fields := map[string]any{}
		for i := range v.NumField() {
			fields[v.Type().Field(i).Name] = plain(v.Field(i))
		}
		return fields
	}
	return v.Interface()
}

func TestCatalogues(t *testing.T) {
	service := wire.FromService(tenants.Service{Name: "billing", Description: "Sends bills", TimeoutSec: 60, Products: []string{"a"}, Optional: true, Operations: []tenants.OperationKind{tenants.OperationMove}})
	if want := (wire.Service{Name: "billing", Description: "Sends bills", TimeoutSec: 60, Products: []string{"a"}, Optional: true, Operations: []string{"move"}}); !reflect.DeepEqual(service, want) {
		t.Errorf("a service is %+v; want %+v", service, want)
	}
	tier := tenants.Tier{Name: "n", Model: "pool", Cell: "a", RateLimit: 1, BurstLimit: 2, MonthlyQuota: 3, FunctionMemoryMB: 4, FunctionTimeoutSec: 5, FunctionConcurrent: 6,
		FunctionCount: 7, LogRetentionDays: 8, DeletionProtection: true, ThreatProtection: true, MonthlyBudgetUSD: 9}
	want := wire.Tier{Name: "n", Model: "pool", Cell: "a", RateLimit: 1, BurstLimit: 2, MonthlyQuota: 3, FunctionMemoryMB: 4, FunctionTimeoutSec: 5, FunctionConcurrency: 6,
		FunctionCount: 7, LogRetentionDays: 8, DeletionProtection: true, ThreatProtection: true, MonthlyBudgetUSD: 9}
	if got := wire.FromTier(tier); got != want {
		t.Errorf("a tier is %+v; want %+v", got, want)
	}
	if n, m := reflect.TypeFor[tenants.Tier]().NumField(), reflect.TypeFor[wire.Tier]().NumField(); n != m {
		t.Errorf("a tier has %d fields, and shows %d", n, m)
	}
}
