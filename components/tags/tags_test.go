package tags_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

func required() tags.Required {
	return tags.Required{TenantID: "acme", Tier: "free", Model: tenants.ModelPool, Service: "data", Environment: "dev", CostCenter: "cc 1"}
}

func TestKeysAreThoseOfTheVocabulary(t *testing.T) {
	if !slices.Equal(tags.Keys(), tenants.RequiredTags()) {
		t.Errorf("%v, want %v", tags.Keys(), tenants.RequiredTags())
	}
	for _, key := range tags.Keys() {
		if required().Values()[key] == "" {
			t.Errorf("no value for %s", key)
		}
	}
}

func TestMoreNeverReplaces(t *testing.T) {
	r := required()
	r.More = map[string]string{"tenant-id": "other", "team": "blue", "note": ""}
	if got := r.Values()["tenant-id"]; got != "acme" {
		t.Errorf("tenant-id %q", got)
	}
	if got := r.Values()["team"]; got != "blue" {
		t.Errorf("team %q", got)
	}
	faults := r.Faults()
	if len(faults) != 1 || faults[0].Field != "More.tenant-id" {
		t.Errorf("faults %v", faults)
	}
}

func TestFaults(t *testing.T) {
	if faults := required().Faults(); len(faults) > 0 {
		t.Errorf("faults %v", faults)
	}
	for name, change := range map[string]func(*tags.Required){
		"tenant-id":   func(r *tags.Required) { r.TenantID = "" },
		"tier":        func(r *tags.Required) { r.Tier = "" },
		"model":       func(r *tags.Required) { r.Model = "" },
		"service":     func(r *tags.Required) { r.Service = "a\nb" },
		"environment": func(r *tags.Required) { r.Environment = "" },
		"cost-center": func(r *tags.Required) { r.CostCenter = strings.Repeat("c", 257) },
		"team":        func(r *tags.Required) { r.More = map[string]string{"team": "<b>"} },
	} {
		r := required()
		change(&r)
		faults := r.Faults()
		if len(faults) != 1 || faults[0].Field != name {
			t.Errorf("%s: faults %v", name, faults)
		}
	}
}
