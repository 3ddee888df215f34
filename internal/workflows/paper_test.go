package workflows

import (
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

var billingAndMail = tenants.ServiceCatalogue{Services: []tenants.Service{
	{Name: "billing", TimeoutSec: 60}, {Name: "chat", TimeoutSec: 1, Optional: true},
}}

func TestATenantsLifeOnPaper(t *testing.T) {
	t.Parallel()
	for name, ground := range map[string]func(*testing.T) string{"SQLite": func(t *testing.T) string { return t.TempDir() }, "PostgreSQL": onPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := ground(t)
			c, namespace := temporalAt(t)
			lifeOnPaper(t, paperIn(t, dir, c, namespace))
		})
	}
}

func lifeOnPaper(t *testing.T, h *house) {
	h.a.Services = tenants.ServiceCatalogue{Services: []tenants.Service{{Name: "billing", TimeoutSec: 60}}}
	h.work()
	op := h.done(h.create("acme", "standard"))
	if got, want := progress(op), "provision:succeeded services:succeeded notify:succeeded finish:succeeded"; got != want {
		t.Errorf("create: %s, want %s", got, want)
	}
	if got := h.tenant("acme"); got.Status != tenants.StatusActive || len(got.Placements) != 1 || len(got.Services) != 1 || got.Services[0].Progress != tenants.ProgressSucceeded {
		t.Errorf("after create: %+v", got)
	}
	op = h.done(h.move("acme", "premium", ""))
	if got, want := progress(op), "prepare:succeeded transfer:succeeded retire:succeeded services:succeeded notify:succeeded finish:succeeded"; got != want {
		t.Errorf("move: %s, want %s", got, want)
	}
	if got := h.tenant("acme"); got.Tier != "premium" || got.NetworkCIDR == "" {
		t.Errorf("after move: %+v", got)
	}
	h.done(h.on("acme", tenants.Operation{Kind: tenants.OperationUpdate}, tenants.StatusUpdating))
	op = h.done(h.on("acme", tenants.Operation{Kind: tenants.OperationReconcile}, ""))
	if got, want := progress(op), "refresh:succeeded provision:succeeded services:succeeded finish:succeeded"; got != want {
		t.Errorf("reconcile: %s, want %s", got, want)
	}
	h.done(h.on("acme", tenants.Operation{Kind: tenants.OperationDeactivate}, ""))
	if got := h.tenant("acme").Status; got != tenants.StatusInactive {
		t.Errorf("after deactivate: %s", got)
	}
	h.done(h.on("acme", tenants.Operation{Kind: tenants.OperationActivate}, ""))
	if got := h.tenant("acme").Status; got != tenants.StatusActive {
		t.Errorf("after activate: %s", got)
	}
	op = h.done(h.remove("acme", ""))
	if got, want := progress(op), "services:succeeded functions:succeeded release:succeeded destroy:succeeded notify:succeeded finish:succeeded"; got != want {
		t.Errorf("delete: %s, want %s", got, want)
	}
	if got := h.tenant("acme"); got.Status != tenants.StatusDeleted || got.NetworkCIDR != "" || got.Placements != nil {
		t.Errorf("after delete: %+v", got)
	}
	if got, want := strings.Join(h.town.mails(t, "acme"), " "), "create delete move"; got != want {
		t.Errorf("mails: %s, want %s", got, want)
	}
	if dead := h.town.deadLetters(0); len(dead) != 0 {
		t.Errorf("dead letters: %+v", dead)
	}
	if n, err := h.ledger.VerifyAudit(t.Context()); err != nil || n != 14 {
		t.Errorf("the audit has %d entries, %v; want two an operation", n, err)
	}
}

// TestAnswersThatNobodyWaitsForAreHarmless sends answers twice, of other
// services, of other attempts and for no operation.
func TestAnswersThatNobodyWaitsForAreHarmless(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	h.a.Services = billingAndMail
	h.town.behave = func(a Asking, s Ask) []Answer {
		if s.Service == "chat" {
			return nil // it never answers, and is optional
		}
		good := Answer{OperationID: a.Operation.ID, Service: s.Service, Attempt: a.Attempt}
		bad := good
		bad.Failed, bad.Error = true, "no"
		stranger, early, late := bad, bad, bad
		stranger.Service, early.Attempt, late.Attempt = "stranger", 0, 9
		return []Answer{stranger, early, late, good, good, bad}
	}
	h.work()
	begun := time.Now()
	op := h.done(h.create("acme", "free"))
	if took := time.Since(begun); took < time.Second {
		t.Errorf("it ended after %s, before the time of the service that does not answer", took)
	}
	states := map[string]tenants.Progress{}
	for _, s := range op.Services {
		states[s.Service] = s.Progress
	}
	if len(states) != 2 || states["billing"] != tenants.ProgressSucceeded || states["chat"] != tenants.ProgressFailed {
		t.Errorf("services: %+v", op.Services)
	}
	if err := h.client.Answer(t.Context(), Answer{OperationID: op.ID, Service: "chat", Attempt: 1}); err != nil && tenants.CodeOf(err) != tenants.CodeNotFound {
		t.Errorf("a late answer: %v, want not_found or nothing", err)
	}
	if err := h.client.Answer(t.Context(), Answer{OperationID: "nobody", Service: "chat"}); tenants.CodeOf(err) != tenants.CodeNotFound {
		t.Errorf("an answer to nothing: %v, want not_found", err)
	}
	if got, err := h.ledger.Operation(t.Context(), op.ID); err != nil || got.Progress != tenants.ProgressSucceeded {
		t.Errorf("afterwards it is %+v, %v", got, err)
	}
}

func TestAServiceThatFailsIsAskedAgainAlone(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	h.a.Services = tenants.ServiceCatalogue{Services: []tenants.Service{{Name: "billing"}, {Name: "search"}}}
	h.town.behave = func(a Asking, s Ask) []Answer {
		answer := Answer{OperationID: a.Operation.ID, Service: s.Service, Attempt: a.Attempt}
		if s.Service == "search" && a.Attempt == 1 {
			answer.Failed, answer.Error = true, "the index is full"
		}
		return []Answer{answer}
	}
	h.work()
	op := h.failed(h.create("acme", "free"))
	if !strings.Contains(op.Error, "the index is full") || progress(op) != "provision:succeeded services:failed notify: finish:" {
		t.Errorf("it failed with %q: %s", op.Error, progress(op))
	}
	acme := h.tenant("acme")
	if acme.Status != tenants.StatusCreateFailed || len(acme.Services) != 2 || acme.Services[1].Progress != tenants.ProgressFailed {
		t.Errorf("the tenant is %+v", acme)
	}
	dead := h.town.deadLetters(1)
	if len(dead) != 1 || dead[0].Step != ServicesStep || dead[0].Operation.Progress != tenants.ProgressFailed || dead[0].Before != nil {
		t.Errorf("dead letters: %+v", dead)
	}
	if mails := h.town.mails(t, "acme"); len(mails) != 0 {
		t.Errorf("a tenant that is not ready got mail: %v", mails)
	}
	retry := h.done(h.on("acme", tenants.Operation{Kind: tenants.OperationCreate, RetryOf: op.ID}, tenants.StatusCreating))
	asks := h.town.asked()
	if len(asks) != 2 || len(asks[1].Services) != 1 || asks[1].Services[0].Service != "search" || asks[1].Attempt != 2 {
		t.Errorf("asked: %+v", asks)
	}
	if !retry.Steps[0].StartedAt.Equal(op.Steps[0].StartedAt) {
		t.Error("the retry provisioned again")
	}
	if got := h.tenant("acme").Status; got != tenants.StatusActive {
		t.Errorf("after the retry: %s", got)
	}
}

func TestCancelledBetweenSteps(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	engine := h.steps.Engine.(*paper)
	going, goOn := make(chan struct{}), make(chan struct{})
	engine.fail = func(call, _ string) error {
		if call == "up" {
			close(going)
			<-goOn
		}
		return nil
	}
	h.work()
	op := h.create("acme", "free")
	<-going
	if _, err := h.ledger.RequestCancel(t.Context(), op.ID, tenants.AuditEntry{Actor: "tester", Action: "operation.cancel"}); err != nil {
		t.Fatal(err)
	}
	if err := h.client.Cancel(t.Context(), op.ID); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	op = h.failed(op)
	if !strings.Contains(op.Error, "cancelled") || progress(op) != "provision:succeeded services: notify: finish:" || !op.CancelRequested {
		t.Errorf("it ended with %q: %s", op.Error, progress(op))
	}
	if got := h.tenant("acme").Status; got != tenants.StatusCreateFailed {
		t.Errorf("the tenant is %s", got)
	}
}

func TestAMoveThatIsRefusedLeavesTheTenantAsItWas(t *testing.T) {
	t.Parallel()
	h := newPaper(t)
	h.work()
	h.done(h.create("acme", "standard"))
	before := h.tenant("acme")
	h.steps.Engine.(*paper).fail = func(string, string) error { return tenants.Errorf(tenants.CodeForbidden, "refused by policy") }
	op := h.failed(h.move("acme", "premium", ""))
	after := h.tenant("acme")
	if after.Status != tenants.StatusActive || len(after.Placements) != 1 || after.Placements[0] != before.Placements[0] || after.NetworkCIDR != "" {
		t.Errorf("after %q: %+v", op.Error, after)
	}
	// What can be known before the first step is refused before it.
	h.steps.Transfer = nil
	if op := h.failed(h.move("acme", "premium", "")); len(op.Steps) != 0 || h.tenant("acme").Status != tenants.StatusActive {
		t.Errorf("%s, and the tenant is %s", progress(op), h.tenant("acme").Status)
	}
}
