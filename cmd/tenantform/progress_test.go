package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/tenants"
)

func feed(p *progress) {
	role := "aws:iam/role:Role"
	p.event(automation.Event{Stack: "tenant-acme", Phase: automation.PhasePreview, Kind: automation.EventStarted})
	p.event(automation.Event{Stack: "tenant-acme", Phase: automation.PhasePreview, Kind: automation.EventResource, Type: role, Name: "previewed", Operation: plan.OperationCreate, Progress: tenants.ProgressSucceeded})
	p.event(automation.Event{Stack: "tenant-acme", Phase: automation.PhasePreview, Kind: automation.EventFinished})
	p.event(automation.Event{Stack: "tenant-acme", Phase: automation.PhaseUp, Kind: automation.EventStarted})
	p.event(automation.Event{Stack: "tenant-acme", Phase: automation.PhaseUp, Kind: automation.EventResource, Type: role, Name: "acme-role", Operation: plan.OperationCreate, Progress: tenants.ProgressRunning})
	p.event(automation.Event{Stack: "tenant-acme", Phase: automation.PhaseUp, Kind: automation.EventResource, Type: role, Name: "acme-role", Operation: plan.OperationCreate, Progress: tenants.ProgressSucceeded, Seconds: 1.25})
	p.event(automation.Event{Stack: "tenant-acme", Phase: automation.PhaseUp, Kind: automation.EventResource, Type: "tenantform:silo:Silo", Name: "component", Operation: plan.OperationCreate, Progress: tenants.ProgressSucceeded})
	p.event(automation.Event{Stack: "tenant-acme", Phase: automation.PhaseUp, Kind: automation.EventResource, Type: role, Name: "unchanged", Operation: plan.OperationSame, Progress: tenants.ProgressSucceeded})
	p.event(automation.Event{Stack: "tenant-acme", Phase: automation.PhaseUp, Kind: automation.EventResource, Type: role, Name: "broken", Operation: plan.OperationUpdate, Progress: tenants.ProgressFailed})
	p.event(automation.Event{Stack: "tenant-acme", Phase: automation.PhaseUp, Kind: automation.EventDiagnostic, Severity: "warning", Name: "acme-role", Message: "be\ncareful"})
	p.event(automation.Event{Stack: "tenant-acme", Phase: automation.PhaseUp, Kind: automation.EventFinished})
	p.step(tenants.Operation{TenantID: "acme", Kind: tenants.OperationMove, Steps: []tenants.Step{{Name: "prepare"}, {Name: "retire"}}}, tenants.Step{Name: "retire", Progress: tenants.ProgressRunning})
}

const plainProgress = `tenant-acme  create   iam.Role acme-role  1.2s
tenant-acme  failed   iam.Role broken
tenant-acme  acme-role: be careful
acme: move, step 2 of 2: take the old place away
`

func TestProgressInAPipe(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b, false, true)
	feed(p)
	p.close()
	if b.String() != plainProgress {
		t.Errorf("got:\n%q\nwant:\n%q", b.String(), plainProgress)
	}
}

func TestProgressQuiet(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b, true, true)
	p.quiet = true
	feed(p)
	p.close()
	if b.Len() != 0 {
		t.Errorf("a quiet run says %q", b.String())
	}
}

func TestProgressOnATerminal(t *testing.T) {
	for _, colour := range []bool{true, false} {
		var b bytes.Buffer
		p := newProgress(&b, true, colour)
		feed(p)
		p.close()
		text := b.String()
		if got := strings.Contains(text, "\x1b[32m"); got != colour {
			t.Errorf("colour %v: green is there: %v", colour, got)
		}
		if !strings.Contains(text, "tenant-acme: up 0s  acme-role") {
			t.Errorf("no status line: %q", text)
		}
		if !strings.HasSuffix(text, "take the old place away\n") {
			t.Errorf("a status line stays behind: %q", text)
		}
	}
}

func TestStatusLineFitsTheTerminal(t *testing.T) {
	p := newProgress(&bytes.Buffer{}, true, true)
	for _, name := range []string{"tenant-" + strings.Repeat("a", 28), "functions-" + strings.Repeat("b", 28), "pool-c"} {
		p.runs = append(p.runs, &running{stack: name, phase: automation.PhaseUp, since: time.Now()})
	}
	if got := p.text(); len([]rune(got)) > 79 {
		t.Errorf("%d columns: %s", len([]rune(got)), got)
	}
}

func TestProgressOfSeveralRunsAtOnce(t *testing.T) {
	var b bytes.Buffer
	p := newProgress(&b, false, false)
	p.signal = &signals{}
	var wg sync.WaitGroup
	for _, stack := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			p.event(automation.Event{Stack: stack, Phase: automation.PhaseUp, Kind: automation.EventStarted})
			for range 50 {
				p.event(automation.Event{Stack: stack, Phase: automation.PhaseUp, Kind: automation.EventResource, Type: "aws:iam/role:Role", Name: "r", Operation: plan.OperationCreate, Progress: tenants.ProgressSucceeded})
			}
			p.event(automation.Event{Stack: stack, Phase: automation.PhaseUp, Kind: automation.EventFinished})
		})
	}
	wg.Wait()
	if n := strings.Count(b.String(), "\n"); n != 200 {
		t.Errorf("%d lines, want 200", n)
	}
	if n := p.signal.changing.Load(); n != 0 {
		t.Errorf("%d changes are still counted as under way", n)
	}
}
