package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/service"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/servicefile"
)

func TestAccounts(t *testing.T) {
	a, err := openAccounts(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tenant := service.Tenant{ID: "acme", Name: "Acme", Tier: "free", CostCenter: "4711", Products: []service.Product{{Name: "reports", Licences: 3}}}
	do := func(h service.Handler, change func(*service.Tenant)) string {
		t.Helper()
		r := service.Request{Tenant: tenant}
		if change != nil {
			change(&r.Tenant)
		}
		out, err := h(t.Context(), r)
		if err != nil {
			return err.Error()
		}
		content, _ := os.ReadFile(a.path("acme"))
		return fmt.Sprint(out["account"], " ", strings.Join(strings.Fields(string(content)), ""))
	}
	for i, step := range []struct {
		h      service.Handler
		change func(*service.Tenant)
		want   string
	}{
		{a.suspend(true), nil, " "},
		{a.open, func(t *service.Tenant) { t.CostCenter = " " }, "the tenant acme has no cost centre, so nobody would pay; set its cost centre and retry the operation"},
		{a.open, nil, `B-acme {"number":"B-acme","tenant":"acme","name":"Acme","costCenter":"4711","tier":"free","licences":{"reports":3}}`},
		{a.suspend(true), nil, ` {"number":"B-acme","tenant":"acme","name":"Acme","costCenter":"4711","tier":"free","licences":{"reports":3},"suspended":true}`},
		{a.open, func(t *service.Tenant) { t.Tier, t.Products = "premium", nil }, `B-acme {"number":"B-acme","tenant":"acme","name":"Acme","costCenter":"4711","tier":"premium","suspended":true}`},
		{a.suspend(false), nil, ` {"number":"B-acme","tenant":"acme","name":"Acme","costCenter":"4711","tier":"premium"}`},
		{a.remove, nil, " "},
		{a.remove, nil, " "},
	} {
		if got := do(step.h, step.change); got != step.want {
			t.Errorf("step %d: got  %s\nwant %s", i, got, step.want)
		}
	}
	if err := os.WriteFile(a.path("acme"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := do(a.open, nil); !strings.Contains(got, "is damaged") {
		t.Errorf("a damaged account: %s", got)
	}
}

func TestCatalogueEntry(t *testing.T) {
	c, err := servicefile.Read("services.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range tenants.DefaultServiceOperations() {
		if asked := c.For(kind, tenants.Tenant{}); len(asked) != 1 || asked[0].Name != "billing" {
			t.Errorf("%s asks %+v", kind, asked)
		}
	}
}

// answers keeps what the process says.
type answers struct {
	mu  sync.Mutex
	got map[string]events.Answer // by the operation
}

func (a *answers) Answered(_ context.Context, one events.Answer) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got[one.OperationID] = one
	return nil
}

func (a *answers) wait(t *testing.T, operation string) events.Answer {
	t.Helper()
	for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
		a.mu.Lock()
		one, ok := a.got[operation]
		a.mu.Unlock()
		if ok {
			return one
		}
	}
	t.Fatalf("no answer for %s within 30 s", operation)
	return events.Answer{}
}

// TestProcess runs the service as the process that it is, kills it, and ends it.
func TestProcess(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "billing")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	spool := "spool://" + filepath.ToSlash(dir)
	ask, err := events.OpenPublisher(t.Context(), spool+"/events?subscriptions=billing")
	if err != nil {
		t.Fatal(err)
	}
	got := &answers{got: map[string]events.Answer{}}
	ctx, cancel := context.WithCancel(t.Context())
	listening := make(chan error, 1)
	go func() {
		listening <- events.Answers{Handler: got, Consumer: events.Consumer{QueueURL: spool + "/answers?subscription=control-plane"}}.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-listening; err != nil {
			t.Error(err)
		}
	})
	request := func(operation string, kind tenants.OperationKind, costCenter string) {
		t.Helper()
		e, err := events.NewRequested(events.Context{CorrelationID: "corr-" + operation}, events.Requested{OperationID: operation, Kind: kind, Attempt: 1,
			Services: []events.Ask{{Service: "billing", AnswerBy: time.Now().Add(time.Minute)}},
			Tenant:   events.Tenant{ID: "acme", Name: "Acme", AdminEmail: "a@b.example", Tier: "free", Region: "eu-west-1", CostCenter: costCenter, Status: tenants.StatusCreating}})
		if err != nil {
			t.Fatal(err)
		}
		if err := ask.Publish(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	launch := func() (*exec.Cmd, *bytes.Buffer) {
		t.Helper()
		var log bytes.Buffer
		cmd := exec.Command(binary, "-events", spool+"/events?subscription=billing", "-answers", spool+"/answers", "-data", filepath.Join(dir, "data"))
		cmd.Stderr = &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		return cmd, &log
	}

	request("refused", tenants.OperationCreate, "") // before it runs
	first, _ := launch()
	if a := got.wait(t, "refused"); a.Outcome != events.OutcomeFailed || !strings.Contains(a.Error, "no cost centre") {
		t.Errorf("%+v", a)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait()
	request("retried", tenants.OperationCreate, "4711") // while it is dead
	second, log := launch()
	if a := got.wait(t, "retried"); a.Outcome != events.OutcomeSucceeded || a.Outputs["account"] != "B-acme" {
		t.Errorf("%+v", a)
	}
	path := filepath.Join(dir, "data", "accounts", "acme.json")
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	request("deleted", tenants.OperationDelete, "4711")
	if a := got.wait(t, "deleted"); a.Outcome != events.OutcomeSucceeded {
		t.Errorf("%+v", a)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the account stays: %v", err)
	}
	if err := second.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := second.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	if !strings.Contains(log.String(), `"correlation_id":"corr-deleted"`) {
		t.Errorf("its log does not name the operation: %s", log)
	}
}

func TestRunRefuses(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-events", "", "-data", t.TempDir()}, &out); err == nil || !strings.Contains(err.Error(), "url") {
		t.Errorf("%v", err)
	}
	if err := run(t.Context(), []string{"-nonsense"}, &out); err == nil {
		t.Error("an unknown flag is taken")
	}
}
