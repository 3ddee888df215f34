package conformance_test

import (
	"maps"
	"strings"
	"sync"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/tenants"
)

// failures are what the engine tells of runs: why a resource could not be made, and
// which were.
type failures struct {
	mu    sync.Mutex
	said  map[string]map[string]string // by stack and URN
	there map[string]map[string]bool
}

func newFailures() *failures {
	return &failures{said: map[string]map[string]string{}, there: map[string]map[string]bool{}}
}

// begin forgets what was told of a stack.
func (f *failures) begin(stack string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said[stack], f.there[stack] = map[string]string{}, map[string]bool{}
}

// take is for automation.Options.Progress.
func (f *failures) take(ev automation.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ev.Phase != automation.PhaseUp || ev.URN == "" || f.said[ev.Stack] == nil {
		return
	}
	switch ev.Kind {
	case automation.EventDiagnostic:
		if typ := typeOf(ev.URN); ev.Severity == "error" && strings.HasPrefix(typ, "aws:") {
			f.said[ev.Stack][ev.URN] += strings.TrimSpace(ev.Message) + "\n"
		}
	case automation.EventResource:
		if ev.Operation == plan.OperationCreate && ev.Progress == tenants.ProgressSucceeded {
			f.there[ev.Stack][ev.URN] = true
		}
	}
}

// of gives what was told of a stack since begin: the messages of failed resources
// and the created ones, by URN.
func (f *failures) of(stack string) (said map[string]string, created map[string]bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.said[stack]), maps.Clone(f.there[stack])
}

// typeOf gives the type that a URN names, without its parents.
func typeOf(urn string) string {
	parts := strings.Split(urn, "::")
	if len(parts) < 4 {
		return ""
	}
	return parts[2][strings.LastIndex(parts[2], "$")+1:]
}
