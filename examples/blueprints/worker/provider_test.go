package main

import (
	"os"
	"testing"

	"github.com/tenantform/tenantform/examples/blueprints/blueprinttest"
	"github.com/tenantform/tenantform/policies"
)

// TestOnTheProvider takes the program through its life on AWS's own provider. The
// conformance suite runs it, with the provider and an emulator of AWS in the
// environment.
func TestOnTheProvider(t *testing.T) {
	if os.Getenv("TENANTFORM_EXAMPLE_ON_PROVIDER") == "" {
		t.Skip("\"make conformance\" runs it, where a provider is")
	}
	e := blueprinttest.EngineOnProvider(t)
	up := blueprinttest.Up(t, e, stack(t))
	again, err := e.Up(t.Context(), stack(t))
	if err != nil || len(again.Changes) > 0 {
		t.Errorf("the second run changes %v, %v", again.Changes, err)
	}
	end := stack(t)
	end.Subject.Release = &policies.Release{Kind: policies.ReleaseDelete}
	gone, err := e.Destroy(t.Context(), end)
	if err != nil || gone.Changes["delete"] != up.Changes["create"] {
		t.Errorf("%v were made and %v taken away, %v", up.Changes, gone.Changes, err)
	}
	t.Logf("up %.0f s, again %.0f s, destroy %.0f s: %v", up.Seconds, again.Seconds, gone.Seconds, up.Changes)
}
