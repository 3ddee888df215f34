package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/issuer"
	"github.com/tenantform/tenantform/tenants"
)

// keyed are writes with the status of their success.
func keyed() []struct {
	name   string
	status int
	request
} {
	type row = struct {
		name   string
		status int
		request
	}
	return []row{
		{"create", 201, request{method: "POST", path: "/v1/tenants", body: `{"id":"fresh","name":"Fresh","adminEmail":"ops@fresh.example","tier":"free"}`}},
		{"create by name", 201, request{method: "POST", path: "/v1/tenants", body: `{"name":"Fresh","adminEmail":"ops@fresh.example","tier":"free"}`}},
		{"patch", 200, request{method: "PATCH", path: "/v1/tenants/acme", body: `{"name":"New"}`}},
		{"patch with work", 202, request{method: "PATCH", path: "/v1/tenants/acme", body: `{"costCenter":"sales"}`}},
		{"move", 202, request{method: "POST", path: "/v1/tenants/acme/move", body: `{"tier":"premium","dataMoved":true}`}},
		{"deactivate", 202, request{method: "POST", path: "/v1/tenants/acme/deactivate", body: `{"reason":"unpaid"}`}},
		{"reconcile", 202, request{method: "POST", path: "/v1/tenants/acme/reconcile"}},
		{"delete", 202, request{method: "DELETE", path: "/v1/tenants/acme?reason=gone"}},
		{"put product", 202, request{method: "PUT", path: "/v1/tenants/acme/products/reports", body: `{"licences":3}`}},
		{"delete product", 200, request{method: "DELETE", path: "/v1/tenants/acme/products/search"}},
		{"retry", 202, request{method: "POST", path: "/v1/operations/FAILED/retry", body: `{}`}},
	}
}

// TestIdempotency sends every write again: at once, after what it began has ended,
// and after the tenant is gone.
func TestIdempotency(t *testing.T) {
	for _, r := range keyed() {
		t.Run(r.name, func(t *testing.T) {
			h, ids := town(t)
			if r.name == "retry" {
				r.path = "/v1/operations/" + ids["FAILED"] + "/retry"
			}
			r.token, r.header = h.delivery(), map[string]string{"Idempotency-Key": "the key"}
			if r.method == "PATCH" {
				r.header["If-Match"] = h.do(request{method: "GET", path: r.path, token: r.token}).Header.Get("ETag")
			}
			first := h.want(r.status, r.request)
			if first.Header.Get("Idempotency-Replayed") != "" {
				t.Error("the first answer is called a repetition")
			}
			entries := len(h.audit(10000))
			again := func(when string) {
				t.Helper()
				res := h.want(r.status, r.request)
				if !bytes.Equal(res.body, first.body) || res.Header.Get("Idempotency-Replayed") != "true" {
					t.Errorf("%s it is answered with %s (replayed %q); was %s", when, res.body, res.Header.Get("Idempotency-Replayed"), first.body)
				}
				for _, name := range []string{"ETag", "Location"} {
					if res.Header.Get(name) != first.Header.Get(name) {
						t.Errorf("%s %s is %q; was %q", when, name, res.Header.Get(name), first.Header.Get(name))
					}
				}
			}
			again("at once")
			if n := len(h.audit(10000)); n != entries {
				t.Errorf("%d entries more in the journal", n-entries)
			}
			out := read[wire.Change](t, first)
			if out.Operation != nil {
				h.end(out.Operation.ID, "")
				again("after it has ended")
			}
			if h.get(out.Tenant.ID).Status != tenants.StatusDeleted {
				gone := read[wire.Change](t, h.want(http.StatusAccepted, request{method: "DELETE", path: "/v1/tenants/" + out.Tenant.ID, token: h.delivery()}))
				again("while it is deleted")
				h.end(gone.Operation.ID, "")
				again("after it is deleted")
			}
			// Written in another way, it is the same request; with another meaning it is not.
			if text, ok := r.body.(string); ok && len(text) > 2 {
				same := r.request
				same.body = " " + text[:1] + "\n\t" + text[1:] + " "
				if res := h.want(r.status, same); res.Header.Get("Idempotency-Replayed") != "true" {
					t.Error("spaces make another request of it")
				}
				other := r.request
				other.body = text[:1] + `"reason":"another",` + text[1:]
				if r.name != "deactivate" {
					h.refused(http.StatusUnprocessableEntity, tenants.CodeConflict, other)
				}
			}
			h.refused(http.StatusUnprocessableEntity, tenants.CodeConflict, request{method: "DELETE", path: "/v1/tenants/globex", token: r.token, header: r.header})
			h.refused(http.StatusUnprocessableEntity, tenants.CodeConflict, request{method: "POST", path: "/v1/operations/" + ids["RUNNING"] + "/cancel", token: r.token, header: map[string]string{"Idempotency-Key": "the key"}})
		})
	}
}

// TestKeyOfAnotherRequest uses one key for requests that differ in little.
func TestKeyOfAnotherRequest(t *testing.T) {
	h := newHouse(t, nil)
	h.active("acme", "standard")
	header := func(key string) map[string]string { return map[string]string{"Idempotency-Key": key} }
	h.want(http.StatusOK, request{method: "PATCH", path: "/v1/tenants/acme", token: h.delivery(), header: header("method"), body: `{"name":"New"}`})
	h.refused(http.StatusUnprocessableEntity, tenants.CodeConflict, request{method: "DELETE", path: "/v1/tenants/acme", token: h.delivery(), header: header("method"), body: `{"name":"New"}`})
	out := read[wire.Change](t, h.want(http.StatusAccepted, request{method: "DELETE", path: "/v1/tenants/acme?reason=one", token: h.delivery(), header: header("query")}))
	h.refused(http.StatusUnprocessableEntity, tenants.CodeConflict, request{method: "DELETE", path: "/v1/tenants/acme?reason=two", token: h.delivery(), header: header("query")})
	// A rehearsal says what would be done now, whatever was answered to the key.
	h.refused(http.StatusConflict, tenants.CodeConflict, request{method: "DELETE", path: "/v1/tenants/acme?reason=one&dryRun=true", token: h.delivery(), header: header("query")})
	h.end(out.Operation.ID, "")
	h.want(http.StatusCreated, request{method: "POST", path: "/v1/tenants", token: h.delivery(), header: header("create"), body: newTenant("birch", "free")})
	h.refused(http.StatusUnprocessableEntity, tenants.CodeConflict, request{method: "POST", path: "/v1/tenants", token: h.delivery(), header: header("create"), body: newTenant("birch", "standard")})
}

func TestKeysOfTwoActors(t *testing.T) {
	h := newHouse(t, nil)
	header := map[string]string{"Idempotency-Key": "k"}
	h.want(http.StatusCreated, request{method: "POST", path: "/v1/tenants", token: h.delivery(), header: header, body: newTenant("acme", "free")})
	bob, err := h.issuer.Token(issuer.Grant{Subject: "bob", Roles: []auth.Role{auth.RoleDelivery}})
	if err != nil {
		t.Fatal(err)
	}
	res := h.want(http.StatusCreated, request{method: "POST", path: "/v1/tenants", token: bob, header: header, body: newTenant("birch", "free")})
	if res.Header.Get("Idempotency-Replayed") != "" {
		t.Error("bob got another's answer")
	}
	h.refused(http.StatusConflict, tenants.CodeConflict, request{method: "POST", path: "/v1/tenants", token: bob, header: map[string]string{"Idempotency-Key": "l"}, body: newTenant("acme", "free")})
	for _, key := range []string{"with\ttab", "ümlaut", string(bytes.Repeat([]byte("k"), 256))} {
		p := h.refused(http.StatusBadRequest, tenants.CodeInvalid, request{method: "POST", path: "/v1/tenants", token: bob, header: map[string]string{"Idempotency-Key": key}, body: newTenant("cedar", "free")})
		if len(p.Errors) != 1 || p.Errors[0].Field != "Idempotency-Key" {
			t.Errorf("%q: %+v", key, p)
		}
	}
}

// TestKeyAtOnce sends one write many times at once: it is done once, and all get
// its answer.
func TestKeyAtOnce(t *testing.T) {
	h := newHouse(t, nil)
	for round := range 5 {
		var wg sync.WaitGroup
		var fresh atomic.Int32
		answers := make([][]byte, 10)
		for i := range answers {
			wg.Go(func() {
				in := newTenant("", "free")
				in.Origins = nil
				in.Name, in.AdminEmail = "Round", "ops@round.example"
				res := h.do(request{method: "POST", path: "/v1/tenants", token: h.delivery(), header: map[string]string{"Idempotency-Key": fmt.Sprint("key ", round)}, body: in})
				if res.StatusCode != http.StatusCreated {
					t.Errorf("%d %s", res.StatusCode, res.body)
				}
				if res.Header.Get("Idempotency-Replayed") == "" {
					fresh.Add(1)
				}
				answers[i] = res.body
			})
		}
		wg.Wait()
		if fresh.Load() != 1 {
			t.Errorf("it was done %d times", fresh.Load())
		}
		for _, a := range answers[1:] {
			if !bytes.Equal(a, answers[0]) {
				t.Errorf("the answers differ:\n%s\n%s", a, answers[0])
			}
		}
	}
	if all, err := h.ledger.List(t.Context()); err != nil || len(all) != 5 {
		t.Errorf("there are %d tenants, %v", len(all), err)
	}
}

// TestAtOnceWithoutKeys sends many writes about one tenant at once: one is begun,
// the others are told what is in the way.
func TestAtOnceWithoutKeys(t *testing.T) {
	h := newHouse(t, nil)
	h.active("acme", "standard")
	var wg sync.WaitGroup
	var begun atomic.Int32
	for i := range 16 {
		wg.Go(func() {
			r := request{method: "POST", path: "/v1/tenants/acme/deactivate", token: h.delivery()}
			if i%2 == 0 {
				r = request{method: "DELETE", path: "/v1/tenants/acme", token: h.delivery()}
			}
			switch res := h.do(r); res.StatusCode {
			case http.StatusAccepted:
				begun.Add(1)
			case http.StatusConflict:
			default:
				t.Errorf("%d %s", res.StatusCode, res.body)
			}
		})
	}
	wg.Wait()
	if begun.Load() != 1 || len(h.operations("acme")) != 2 {
		t.Errorf("%d operations were begun; the ledger has %d", begun.Load(), len(h.operations("acme")))
	}
}
