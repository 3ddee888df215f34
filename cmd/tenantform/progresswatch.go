package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
)

// followed tells how an operation of a control plane goes on: a line for each step
// that begins or ends and for each answer of a business service, and the step that
// is under way on the status line.
type followed struct {
	p        *progress
	run      *running // on the status line
	steps    map[string]tenants.Progress
	services map[string]tenants.Progress
	cancel   bool
}

// follow begins to tell of an operation; it is ended by end. What a control plane
// does, a signal to this process does not touch.
func (p *progress) follow() *followed {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signal = nil
	f := &followed{p: p, run: &running{}, steps: map[string]tenants.Progress{}, services: map[string]tenants.Progress{}}
	return f
}

// operation takes the operation's record as it is now.
func (f *followed) operation(op tenants.Operation) {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	f.onStatusLine(op)
	for i, s := range op.Steps {
		if f.steps[s.Name] == s.Progress {
			continue
		}
		if s.Progress.Ended() && s.Name == workflows.ServicesStep {
			f.tellServices(op) // who answered last, ended it
		}
		f.step(fmt.Sprintf("%s: %s, step %d of %d", op.TenantID, op.Kind, i+1, len(op.Steps)), s)
		f.steps[s.Name] = s.Progress
	}
	f.tellServices(op)
	if op.CancelRequested && !f.cancel {
		f.cancel = true
		f.p.line(op.TenantID+": "+string(op.Kind)+" is to end before the next step at which it can", plain)
	}
	f.p.draw()
}

func (f *followed) tellServices(op tenants.Operation) {
	for _, s := range op.Services {
		if f.services[s.Service] != s.Progress {
			f.service(op.TenantID, s)
			f.services[s.Service] = s.Progress
		}
	}
}

func (f *followed) step(at string, s tenants.Step) {
	title := stepTitle(s.Name)
	switch s.Progress {
	case tenants.ProgressRunning:
		f.p.line(at+": "+title, plain)
	case tenants.ProgressSucceeded:
		f.p.line(fmt.Sprintf("%s: done in %.1f s", at, s.EndedAt.Sub(s.StartedAt).Seconds()), green)
	case tenants.ProgressFailed:
		f.p.line(at+": failed: "+oneLine(s.Error), red)
	case tenants.ProgressPending:
	}
}

func (f *followed) service(tenant string, s tenants.ServiceState) {
	switch s.Progress {
	case tenants.ProgressRunning:
		f.p.line(tenant+": the service "+s.Service+" is asked", plain)
	case tenants.ProgressSucceeded:
		f.p.line(tenant+": the service "+s.Service+" has done its part", green)
	case tenants.ProgressFailed:
		f.p.line(tenant+": the service "+s.Service+" failed: "+oneLine(s.Error), red)
	case tenants.ProgressPending:
	}
}

// onStatusLine shows the step that is under way, since the operation began, and
// the services that have not answered.
func (f *followed) onStatusLine(op tenants.Operation) {
	if f.run.stack == "" {
		f.run.stack, f.run.since = op.TenantID, f.p.now()
		if began := op.StartedAt; began.Before(f.run.since) && f.run.since.Sub(began) < 24*time.Hour {
			f.run.since = began
		}
		f.p.runs = append(f.p.runs, f.run)
	}
	f.run.phase = automation.Phase(op.Kind)
	for i, s := range op.Steps {
		if s.Progress == tenants.ProgressRunning {
			f.run.phase = automation.Phase(fmt.Sprintf("%s %d/%d %s", op.Kind, i+1, len(op.Steps), s.Name))
		}
	}
	var waiting []string
	for _, s := range op.Services {
		if s.Progress == tenants.ProgressRunning {
			waiting = append(waiting, s.Service)
		}
	}
	f.run.last = strings.Join(waiting, ", ")
}

// end takes the operation off the status line, with the runs of its stacks: of
// one that failed nobody may have told the end.
func (f *followed) end() {
	f.p.mu.Lock()
	defer f.p.mu.Unlock()
	kept := f.p.runs[:0]
	for _, r := range f.p.runs {
		if r != f.run && (f.run.stack == "" || r.stack != tenants.StackName(f.run.stack) && r.stack != tenants.FunctionsStackName(f.run.stack)) {
			kept = append(kept, r)
		}
	}
	f.p.runs = kept
	f.p.draw()
}
