package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

// TestRetry takes operations of each kind up that failed.
func TestRetry(t *testing.T) {
	h := newHouse(t, nil)
	retry := func(id string) wire.Change {
		t.Helper()
		return read[wire.Change](t, h.want(http.StatusAccepted, request{method: "POST", path: "/v1/operations/" + id + "/retry", token: h.operator(), body: `{"reason":"again"}`}))
	}
	not := func(id string) wire.Problem {
		t.Helper()
		return h.refused(http.StatusConflict, tenants.CodeFailedPrecondition, request{method: "POST", path: "/v1/operations/" + id + "/retry", token: h.operator()})
	}
	first := h.create("acme", "standard").Operation
	h.refused(http.StatusConflict, tenants.CodeConflict, request{method: "POST", path: "/v1/operations/" + first.ID + "/retry", token: h.operator()}) // is under way
	h.end(first.ID, "no")
	if p := h.refused(http.StatusConflict, tenants.CodeConflict, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: newTenant("acme", "free")}); !strings.Contains(p.Detail, first.ID) {
		t.Errorf("a tenant whose creation failed is created again: %q", p.Detail)
	}
	// What was wrong can be put right before.
	h.want(http.StatusOK, request{method: "PATCH", path: "/v1/tenants/acme", token: h.delivery(), body: `{"costCenter":"sales","adminEmail":"right@acme.example"}`})
	second := retry(first.ID)
	if op := second.Operation; op.RetryOf != first.ID || op.Kind != "create" || op.Reason != "again" || op.Initiator != "operator" || second.Tenant.Status != "creating" {
		t.Errorf("the retry is %+v", op)
	}
	if ops := h.operations("acme"); string(ops[1].Request) != string(ops[0].Request) {
		t.Errorf("the request is %s, and was %s", ops[1].Request, ops[0].Request)
	}
	if e := h.audit(1)[0]; e.Action != "operation.retry" || e.OperationID != second.Operation.ID || e.Role != "operator" || e.Reason != "again" {
		t.Errorf("the journal has %+v", e)
	}
	h.end(second.Operation.ID, "")
	if p := not(first.ID); !strings.Contains(p.Detail, second.Operation.ID) {
		t.Errorf("an old operation: %q", p.Detail)
	}
	not(second.Operation.ID) // succeeded
	for _, c := range []struct{ method, path, body, failed, busy string }{
		{"POST", "/move", `{"tier":"premium","dataMoved":true}`, "move_failed", "moving"},
		{"POST", "/deactivate", `{}`, "active", "active"},
		{"POST", "/activate", `{}`, "inactive", "inactive"},
		{"PATCH", "", `{"costCenter":"other"}`, "update_failed", "updating"},
		{"POST", "/reconcile", `{}`, "active", "active"},
		{"DELETE", "", ``, "delete_failed", "deleting"},
	} {
		begun := read[wire.Change](t, h.want(http.StatusAccepted, request{method: c.method, path: "/v1/tenants/acme" + c.path, token: h.delivery(), body: c.body}))
		if got := h.end(begun.Operation.ID, "no"); string(got.Status) != c.failed {
			t.Errorf("%s%s: %s after it failed; want %s", c.method, c.path, got.Status, c.failed)
		}
		again := retry(begun.Operation.ID)
		if again.Tenant.Status != c.busy || again.Operation.Kind != begun.Operation.Kind || again.Operation.FromTier != begun.Operation.FromTier || again.Operation.ToTier != begun.Operation.ToTier {
			t.Errorf("%s%s: %s, %+v", c.method, c.path, again.Tenant.Status, again.Operation)
		}
		h.end(again.Operation.ID, "")
	}
	if got := h.get("acme"); got.Status != tenants.StatusDeleted {
		t.Errorf("in the end it is %s", got.Status)
	}
}

// TestDeleteAfterFailedCreation deletes what never came up.
func TestDeleteAfterFailedCreation(t *testing.T) {
	h := newHouse(t, nil)
	h.end(h.create("acme", "standard").Operation.ID, "no")
	out := read[wire.Change](t, h.want(http.StatusAccepted, request{method: "DELETE", path: "/v1/tenants/acme", token: h.delivery()}))
	if got := h.end(out.Operation.ID, ""); got.Status != tenants.StatusDeleted {
		t.Errorf("it is %s", got.Status)
	}
}

func TestCancel(t *testing.T) {
	h := newHouse(t, nil)
	op := h.create("acme", "standard").Operation
	cancel := func(status int) reply {
		t.Helper()
		return h.want(status, request{method: "POST", path: "/v1/operations/" + op.ID + "/cancel", token: h.operator(), header: map[string]string{"Idempotency-Key": "c"}})
	}
	out := read[wire.Change](t, cancel(http.StatusAccepted))
	if !out.Operation.CancelRequested || out.Tenant.ID != "acme" || !slices.Equal(h.cancelled, []string{op.ID}) {
		t.Errorf("the answer is %+v; the workflows heard %v", out, h.cancelled)
	}
	if e := h.audit(1)[0]; e.Action != "operation.cancel" || e.OperationID != op.ID || e.TenantID != "acme" || e.Role != "operator" {
		t.Errorf("the journal has %+v", e)
	}
	entries := len(h.audit(1000))
	h.mu.Lock()
	h.cancel = tenants.Errorf(tenants.CodeUnavailable, "temporal is away")
	h.mu.Unlock()
	cancel(http.StatusAccepted) // the ledger has it, whoever hears of it
	h.end(op.ID, "cancelled")
	if again := read[wire.Change](t, cancel(http.StatusAccepted)); again.Operation == nil || !again.Operation.CancelRequested {
		t.Errorf("of an ended operation that was cancelled it says %+v", again.Operation)
	}
	if len(h.audit(1000)) != entries {
		t.Error("repetitions are recorded")
	}
	done := h.create("birch", "free").Operation
	h.end(done.ID, "")
	h.refused(http.StatusConflict, tenants.CodeFailedPrecondition, request{method: "POST", path: "/v1/operations/" + done.ID + "/cancel", token: h.operator()})
	h.refused(http.StatusNotFound, tenants.CodeNotFound, request{method: "POST", path: "/v1/operations/nothing/cancel", token: h.operator()})
}
