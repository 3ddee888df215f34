package api_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/api"
	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

func TestCreate(t *testing.T) {
	h := newHouse(t, nil)
	in := newTenant("acme", "standard")
	in.Reason, in.Region, in.Products = "signed", "us-east-1", []wire.NewProduct{{Name: "reports", Licences: 5}}
	res := h.want(http.StatusCreated, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: in, header: map[string]string{"X-Correlation-Id": "order-66"}})
	out := read[wire.Change](t, res)
	if res.Header.Get("Location") != "/v1/tenants/acme" || res.Header.Get("ETag") != `"1"` || res.Header.Get("X-Correlation-Id") != "order-66" {
		t.Errorf("the headers are %v", res.Header)
	}
	got, op := h.get("acme"), h.operations("acme")[0]
	if got.Status != tenants.StatusCreating || got.Region != "us-east-1" || got.CostCenter != "acme" || len(got.Products) != 1 || got.Products[0].Licences != 5 || got.Products[0].AddedAt.IsZero() {
		t.Errorf("the ledger has %+v", got)
	}
	if out.Tenant.Status != "creating" || out.Operation.ID != op.ID || out.Operation.Progress != "running" || out.Operation.Kind != "create" || out.Operation.ToTier != "standard" {
		t.Errorf("the answer is %+v", out)
	}
	if op.Initiator != "delivery" || op.Reason != "signed" || op.CorrelationID != "order-66" || !strings.Contains(string(op.Request), `"name":"Tenant acme"`) || strings.Contains(string(op.Request), "signed") {
		t.Errorf("the operation is %+v with request %s", op, op.Request)
	}
	orders, err := h.ledger.Orders(t.Context(), 10)
	if err != nil || len(orders) != 1 || orders[0].OperationID != op.ID || h.nudges.Load() != 1 {
		t.Errorf("the outbox has %+v, %v; %d nudges", orders, err, h.nudges.Load())
	}
	entry := h.audit(1)[0]
	if entry.Actor != "delivery" || entry.Role != "delivery" || entry.Action != "tenant.create" || entry.TenantID != "acme" || entry.OperationID != op.ID || entry.Reason != "signed" || entry.CorrelationID != "order-66" {
		t.Errorf("the journal has %+v", entry)
	}
	p := h.refused(http.StatusConflict, tenants.CodeConflict, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: newTenant("acme", "free")})
	if !strings.Contains(p.Detail, "exists already") {
		t.Errorf("the conflict says %q", p.Detail)
	}
	taken := newTenant("other", "free")
	taken.Origins = []string{"https://acme.example"}
	if p := h.refused(http.StatusConflict, tenants.CodeConflict, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: taken}); !strings.Contains(p.Detail, "origin") {
		t.Errorf("the conflict says %q", p.Detail)
	}
	h.want(http.StatusNotFound, request{method: "GET", path: "/v1/tenants/other", token: h.delivery()})
}

// TestIDOfName makes ids of names.
func TestIDOfName(t *testing.T) {
	h := newHouse(t, nil)
	for _, c := range []struct{ name, id string }{
		{"Acme Ltd.", "acme-ltd"}, {"Acme  LTD", "acme-ltd-2"}, {"acme-ltd", "acme-ltd-3"}, {"42 Foxes", "tenant-42-foxes"}, {"Shared Pool", "tenant-"},
		{"Data & Logs Inc", "inc"}, {"日本", "tenant-"}, {"!", "tenant-"}, {strings.Repeat("very long name ", 6), "very-long-name-very"}, {strings.Repeat("x", 90), strings.Repeat("x", 21)},
		{"SG", "tenant-sg"}, {"Ab", "tenant-ab"}, {"Müller GmbH", "m-ller-gmbh"},
	} {
		in := newTenant("", "free")
		in.Name, in.AdminEmail, in.Origins = c.name[:min(len(c.name), tenants.MaxNameLength)], "ops@names.example", nil
		in.Name = strings.TrimSpace(in.Name)
		out := read[wire.Change](t, h.want(http.StatusCreated, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: in}))
		if out.Tenant.ID != c.id && !(strings.HasSuffix(c.id, "tenant-") && strings.HasPrefix(out.Tenant.ID, c.id)) {
			t.Errorf("%q becomes %q; want %q", c.name, out.Tenant.ID, c.id)
		}
		if wrong := tenants.ValidateID("id", out.Tenant.ID); wrong != nil {
			t.Errorf("%q becomes %q: %v", c.name, out.Tenant.ID, wrong)
		}
	}
	for range 30 { // more than are numbered
		in := newTenant("", "free")
		in.Name, in.AdminEmail, in.Origins = "Acme Ltd", "ops@acme.example", nil
		h.want(http.StatusCreated, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: in})
	}
}

func TestPatch(t *testing.T) {
	h := newHouse(t, nil)
	h.active("acme", "standard")
	patch := func(status int, body string, header map[string]string) reply {
		t.Helper()
		return h.want(status, request{method: "PATCH", path: "/v1/tenants/acme", token: h.delivery(), body: body, header: header})
	}
	// No service takes part in updates of it, and nothing of its infrastructure is different.
	res := patch(http.StatusOK, `{"name":"Acme","adminEmail":"new@acme.example","origins":["https://a.example","https://b.example"],"reason":"rebranded"}`, nil)
	if out := read[wire.Change](t, res); out.Operation != nil || out.Tenant.Name != "Acme" || res.Header.Get("ETag") != `"3"` || len(h.operations("acme")) != 1 {
		t.Errorf("the answer is %+v with %v", out, res.Header)
	}
	if e := h.audit(1)[0]; e.Action != "tenant.update" || e.Reason != "rebranded" || e.OperationID != "" || !strings.Contains(string(e.Details), "new@acme.example") {
		t.Errorf("the journal has %+v", e)
	}
	// The tag is on everything that it has.
	out := read[wire.Change](t, patch(http.StatusAccepted, `{"costCenter":"sales"}`, nil))
	if out.Tenant.Status != "updating" || out.Operation.Kind != "update" || h.nudges.Load() != 2 {
		t.Errorf("the answer is %+v", out)
	}
	p := read[wire.Problem](t, patch(http.StatusConflict, `{"name":"Late"}`, nil))
	if !strings.Contains(p.Detail, out.Operation.ID) {
		t.Errorf("the conflict does not name the operation: %q", p.Detail)
	}
	h.end(out.Operation.ID, "no")
	// What failed can be patched, and is brought up to date then.
	out = read[wire.Change](t, patch(http.StatusAccepted, `{"costCenter":null,"origins":null}`, nil))
	if got := h.get("acme"); got.CostCenter != "acme" || len(got.Origins) != 0 || got.Name != "Acme" {
		t.Errorf("null leaves %+v", got)
	}
	h.end(out.Operation.ID, "")
	// With a product, a service takes part.
	out = read[wire.Change](t, h.want(http.StatusAccepted, request{method: "PUT", path: "/v1/tenants/acme/products/reports", token: h.delivery(), body: wire.PutProduct{Licences: 3}}))
	h.end(out.Operation.ID, "")
	out = read[wire.Change](t, patch(http.StatusAccepted, `{"name":"Acme again"}`, nil))
	h.end(out.Operation.ID, "")
	patch(http.StatusOK, `{"name":"Acme again"}`, nil) // nothing to tell
	for _, body := range []string{`{"name":null}`, `{"adminEmail":null}`, `{"tier":"premium"}`, `{"status":"active"}`, `{"id":"other"}`, `[]`, `null`, `"x"`, ``, `{"name":`, `{"name":""}`, `{"settings":{}}`} {
		patch(http.StatusBadRequest, body, nil)
	}
	patch(http.StatusUnsupportedMediaType, `{}`, map[string]string{"Content-Type": "text/plain"})
	h.refused(http.StatusNotFound, tenants.CodeNotFound, request{method: "PATCH", path: "/v1/tenants/nobody", token: h.delivery(), body: `{}`})
}

func TestETags(t *testing.T) {
	h := newHouse(t, nil)
	h.active("acme", "standard")
	at := func(method, path, header, value string, body any) reply {
		t.Helper()
		return h.do(request{method: method, path: path, token: h.delivery(), body: body, header: map[string]string{header: value}})
	}
	tag := at("GET", "/v1/tenants/acme", "X", "", nil).Header.Get("ETag")
	for value, want := range map[string]int{tag: 304, "*": 304, "W/" + tag: 304, `"0", ` + tag: 304, `"0"`: 200, "": 200, strings.Trim(tag, `"`): 200} {
		if res := at("GET", "/v1/tenants/acme", "If-None-Match", value, nil); res.StatusCode != want || res.Header.Get("ETag") != tag || res.Header.Get("Cache-Control") != "private, no-cache" {
			t.Errorf("If-None-Match %s: %d with %s; want %d", value, res.StatusCode, res.Header.Get("ETag"), want)
		}
	}
	for value, want := range map[string]int{`"1"`: 412, "W/" + tag: 412, `"99"`: 412, "rubbish": 412, `"1", ` + tag: 200, "*": 200} {
		for _, r := range []struct {
			method, path string
			body         any
		}{
			{"PATCH", "", `{"name":"x"}`}, {"DELETE", "", nil}, {"POST", "/move", `{"tier":"premium"}`}, {"POST", "/deactivate", nil},
			{"POST", "/reconcile", nil}, {"PUT", "/products/reports", `{"licences":1}`},
		} {
			if res := at(r.method, "/v1/tenants/acme"+r.path+"?dryRun=true", "If-Match", value, r.body); res.StatusCode != want {
				t.Errorf("%s %s with If-Match %s: %d %s; want %d", r.method, r.path, value, res.StatusCode, res.body, want)
			}
		}
	}
	if res := at("PATCH", "/v1/tenants/acme", "If-Match", tag, `{"name":"One"}`); res.StatusCode != http.StatusOK {
		t.Errorf("the right tag: %d %s", res.StatusCode, res.body)
	}
	p := read[wire.Problem](t, at("PATCH", "/v1/tenants/acme", "If-Match", tag, `{"name":"Two"}`))
	if p.Status != http.StatusPreconditionFailed || p.Code != "conflict" || h.get("acme").Name != "One" {
		t.Errorf("the old tag: %+v", p)
	}
	products := at("GET", "/v1/tenants/acme/products", "X", "", nil).Header.Get("ETag")
	if res := at("GET", "/v1/tenants/acme/products", "If-None-Match", products, nil); res.StatusCode != http.StatusNotModified {
		t.Errorf("the products' tag: %d", res.StatusCode)
	}
	config := at("GET", "/v1/tenants/acme/config", "X", "", nil).Header.Get("ETag")
	if res := at("GET", "/v1/config?origin=https://acme.example", "If-None-Match", config, nil); res.StatusCode != http.StatusNotModified {
		t.Errorf("the configuration's tag: %d", res.StatusCode)
	}
	at("PATCH", "/v1/tenants/acme", "X", "", `{"adminEmail":"else@acme.example"}`) // no part of it
	if res := at("GET", "/v1/tenants/acme/config", "If-None-Match", config, nil); res.StatusCode != http.StatusNotModified {
		t.Errorf("what is no part of the configuration changes its tag: %d", res.StatusCode)
	}
	at("PATCH", "/v1/tenants/acme", "X", "", `{"name":"Three"}`)
	if res := at("GET", "/v1/tenants/acme/config", "If-None-Match", config, nil); res.StatusCode != http.StatusOK {
		t.Errorf("a new name does not change the configuration's tag: %d", res.StatusCode)
	}
}

// overtaking is a ledger in which somebody else is faster.
type overtaking struct {
	tenants.Ledger
	times *int
}

func (o overtaking) Write(ctx context.Context, c tenants.Change) (tenants.Begun, error) {
	if *o.times > 0 {
		*o.times--
		t, err := o.Get(ctx, c.Tenant.ID)
		if err != nil {
			return tenants.Begun{}, err
		}
		t.AdminEmail = "faster@acme.example"
		if _, err := o.Update(ctx, t); err != nil {
			return tenants.Begun{}, err
		}
	}
	return o.Ledger.Write(ctx, c)
}

// TestOvertaken changes a tenant between its reading and its writing: a patch is
// made anew, so that neither change is lost, unless a version was named.
func TestOvertaken(t *testing.T) {
	var times int
	h := newHouse(t, func(a *api.Args, _ *api.Options) { a.Ledger = overtaking{a.Ledger, &times} })
	h.active("acme", "standard")
	times = 2
	h.want(http.StatusOK, request{method: "PATCH", path: "/v1/tenants/acme", token: h.delivery(), body: `{"name":"New"}`})
	if got := h.get("acme"); got.Name != "New" || got.AdminEmail != "faster@acme.example" {
		t.Errorf("a change is lost: %+v", got)
	}
	times = 1
	h.refused(http.StatusPreconditionFailed, tenants.CodeConflict, request{method: "PATCH", path: "/v1/tenants/acme", token: h.delivery(), body: `{"name":"Newer"}`, header: map[string]string{"If-Match": "*"}})
	times = 100
	h.refused(http.StatusConflict, tenants.CodeConflict, request{method: "PATCH", path: "/v1/tenants/acme", token: h.delivery(), body: `{"name":"Newer"}`})
}

func TestLife(t *testing.T) {
	h := newHouse(t, nil)
	h.active("acme", "standard")
	post := func(status int, what, body string) wire.Change {
		t.Helper()
		return read[wire.Change](t, h.want(status, request{method: "POST", path: "/v1/tenants/acme/" + what, token: h.delivery(), body: body}))
	}
	not := func(what, body string) {
		t.Helper()
		h.refused(http.StatusConflict, tenants.CodeFailedPrecondition, request{method: "POST", path: "/v1/tenants/acme/" + what, token: h.delivery(), body: body})
	}
	not("activate", `{}`)
	out := post(http.StatusAccepted, "deactivate", `{"reason":"unpaid"}`)
	if out.Tenant.Status != "active" || out.Operation.Kind != "deactivate" || out.Operation.Reason != "unpaid" {
		t.Errorf("the answer is %+v", out)
	}
	for _, what := range []string{"deactivate", "reconcile"} { // it keeps its status, and is busy
		p := h.refused(http.StatusConflict, tenants.CodeConflict, request{method: "POST", path: "/v1/tenants/acme/" + what, token: h.delivery(), body: `{}`})
		if !strings.Contains(p.Detail, out.Operation.ID) {
			t.Errorf("%s: the conflict does not name the operation: %q", what, p.Detail)
		}
		h.refused(http.StatusConflict, tenants.CodeConflict, request{method: "POST", path: "/v1/tenants/acme/" + what + "?dryRun=true", token: h.delivery(), body: `{}`})
	}
	if got := h.end(out.Operation.ID, ""); got.Status != tenants.StatusInactive {
		t.Errorf("it is %s", got.Status)
	}
	not("deactivate", `{}`)
	not("move", `{"tier":"premium"}`)
	h.end(post(http.StatusAccepted, "reconcile", ``).Operation.ID, "")
	if got := h.end(post(http.StatusAccepted, "activate", `{}`).Operation.ID, ""); got.Status != tenants.StatusActive {
		t.Errorf("it is %s", got.Status)
	}
	// An update that failed is reconciled.
	patched := read[wire.Change](t, h.want(http.StatusAccepted, request{method: "PATCH", path: "/v1/tenants/acme", token: h.delivery(), body: `{"costCenter":"sales"}`}))
	if got := h.end(patched.Operation.ID, "no"); got.Status != tenants.StatusUpdateFailed {
		t.Errorf("it is %s", got.Status)
	}
	if got := h.end(post(http.StatusAccepted, "reconcile", `{}`).Operation.ID, ""); got.Status != tenants.StatusActive {
		t.Errorf("it is %s", got.Status)
	}
	deleted := read[wire.Change](t, h.want(http.StatusAccepted, request{method: "DELETE", path: "/v1/tenants/acme?reason=gone", token: h.delivery()}))
	if deleted.Tenant.Status != "deleting" || deleted.Operation.Reason != "gone" {
		t.Errorf("the answer is %+v", deleted)
	}
	h.end(deleted.Operation.ID, "")
	for _, what := range []string{"deactivate", "activate", "reconcile"} {
		not(what, `{}`)
	}
	not("move", `{"tier":"premium"}`)
	h.refused(http.StatusConflict, tenants.CodeFailedPrecondition, request{method: "PATCH", path: "/v1/tenants/acme", token: h.delivery(), body: `{"name":"Ghost"}`})
	h.refused(http.StatusConflict, tenants.CodeFailedPrecondition, request{method: "DELETE", path: "/v1/tenants/acme", token: h.delivery()})
	h.refused(http.StatusNotFound, tenants.CodeNotFound, request{method: "GET", path: "/v1/tenants/acme/config", token: h.delivery()})
	if got := read[wire.Tenant](t, h.want(http.StatusOK, request{method: "GET", path: "/v1/tenants/acme", token: h.delivery()})); got.Status != "deleted" {
		t.Errorf("it reads as %s", got.Status)
	}
	h.create("acme", "free") // its id is free again
	if n, err := h.ledger.VerifyAudit(t.Context()); err != nil || n < 8 {
		t.Errorf("the journal has %d sound entries, %v", n, err)
	}
}

func TestMove(t *testing.T) {
	h := newHouse(t, nil)
	h.active("acme", "standard")
	move := func(tier string) wire.Change {
		t.Helper()
		return read[wire.Change](t, h.want(http.StatusAccepted, request{method: "POST", path: "/v1/tenants/acme/move", token: h.delivery(), body: wire.MoveTenant{Tier: tier, Reason: "grown", DataMoved: true}}))
	}
	for _, body := range []string{`{"tier":"standard"}`, `{"tier":"gold"}`, `{"tier":""}`, `{}`, `{"tier":"premium","to":"x"}`} {
		p := h.refused(http.StatusBadRequest, tenants.CodeInvalid, request{method: "POST", path: "/v1/tenants/acme/move", token: h.delivery(), body: body})
		if len(p.Errors) == 0 || !slices.Contains([]string{"tier", "to"}, p.Errors[0].Field) {
			t.Errorf("%s: %+v", body, p)
		}
	}
	first := move("premium")
	op := h.operations("acme")[1]
	if first.Tenant.Status != "moving" || op.FromTier != "standard" || op.ToTier != "premium" || string(op.Request) != `{"tier":"premium","dataMoved":true}` {
		t.Errorf("the operation is %+v with %s", op, op.Request)
	}
	h.end(first.Operation.ID, "no")
	again := move("premium")
	if again.Operation.RetryOf != first.Operation.ID {
		t.Errorf("the second move takes up %q", again.Operation.RetryOf)
	}
	h.end(again.Operation.ID, "no")
	h.refused(http.StatusConflict, tenants.CodeFailedPrecondition, request{method: "POST", path: "/v1/tenants/acme/move", token: h.delivery(), body: `{"tier":"free"}`})
	back := move("standard")
	if back.Operation.ToTier != "standard" || back.Operation.FromTier != "premium" || back.Operation.RetryOf != "" {
		t.Errorf("the way back is %+v", back.Operation)
	}
	if got := h.end(back.Operation.ID, ""); got.Tier != "standard" || got.Status != tenants.StatusActive {
		t.Errorf("it is %+v", got)
	}
}

func TestProducts(t *testing.T) {
	h := newHouse(t, nil)
	h.active("acme", "standard")
	path := "/v1/tenants/acme/products"
	put := func(status int, name, body string) reply {
		t.Helper()
		return h.want(status, request{method: "PUT", path: path + "/" + name, token: h.delivery(), body: body})
	}
	put(http.StatusOK, "search", `{"licences":0}`) // nobody takes part
	out := read[wire.Change](t, put(http.StatusAccepted, "reports", `{"licences":5,"reason":"bought"}`))
	op := h.operations("acme")[1]
	if out.Tenant.Status != "updating" || string(op.Request) != `{"product":"reports","licences":5}` || op.Reason != "bought" {
		t.Errorf("the operation is %+v with %s", op, op.Request)
	}
	h.end(out.Operation.ID, "")
	added := h.get("acme").Products[1].AddedAt
	h.end(read[wire.Change](t, put(http.StatusAccepted, "reports", `{"licences":6}`)).Operation.ID, "")
	list := read[wire.Products](t, h.want(http.StatusOK, request{method: "GET", path: path, token: h.token(auth.RoleTenantAdmin, "acme")}))
	if len(list.Products) != 2 || list.Products[1].Licences != 6 || !list.Products[1].AddedAt.Equal(added) {
		t.Errorf("the products are %+v", list)
	}
	for body, field := range map[string]string{`{"licences":-1}`: "licences", `{"licences":1000001}`: "licences", `{"licences":"5"}`: "licences", `{"licences":1.5}`: "licences", `{}`: "licences", `{"licences":null}`: "licences"} {
		if p := read[wire.Problem](t, put(http.StatusBadRequest, "reports", body)); len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: %+v", body, p)
		}
	}
	for _, name := range []string{"UPPER", "a_b", "-", strings.Repeat("x", 41), "%20", "a%2Fb"} {
		if p := read[wire.Problem](t, put(http.StatusBadRequest, name, `{"licences":1}`)); len(p.Errors) != 1 || p.Errors[0].Field != "name" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	// The service that was asked hears that the product is gone.
	stands := h.get("acme")
	stands.Services = []tenants.ServiceState{{Service: "reporting", Progress: tenants.ProgressSucceeded, Attempt: 1}}
	if _, err := h.ledger.Update(t.Context(), stands); err != nil {
		t.Fatal(err)
	}
	gone := read[wire.Change](t, h.want(http.StatusAccepted, request{method: "DELETE", path: path + "/reports?reason=unused", token: h.delivery()}))
	if len(gone.Tenant.Products) != 1 || gone.Operation.Reason != "unused" {
		t.Errorf("the answer is %+v", gone)
	}
	h.end(gone.Operation.ID, "")
	h.refused(http.StatusNotFound, tenants.CodeNotFound, request{method: "DELETE", path: path + "/reports", token: h.delivery()})
}

// TestDryRun rehearses every write: nothing is changed, and what would be done is told.
func TestDryRun(t *testing.T) {
	h, ids := town(t)
	before, nudges := len(h.audit(10000)), h.nudges.Load()
	for _, r := range rows(t, ids) {
		if r.method == http.MethodGet {
			continue
		}
		ask := r.as(h.delivery())
		ask.header = map[string]string{"Idempotency-Key": "rehearsal"}
		out := read[wire.Change](t, h.want(http.StatusOK, ask))
		if !out.DryRun {
			t.Errorf("%s does not say that it is a rehearsal: %+v", r.route, out)
		}
		if out.Operation != nil && out.Operation.ID != "" && r.route != "POST /v1/operations/{id}/cancel" {
			t.Errorf("%s has an operation with an id", r.route)
		}
	}
	out := read[wire.Change](t, h.want(http.StatusOK, request{method: "POST", path: "/v1/tenants?dryRun=true", token: h.delivery(), body: wire.CreateTenant{
		Name: "Fresh", AdminEmail: "ops@fresh.example", Tier: "premium", Products: []wire.NewProduct{{Name: "reports"}},
	}}))
	var names []string
	for _, s := range out.Operation.Steps {
		names = append(names, s.Name)
	}
	if out.Tenant.ID != "fresh" || out.Tenant.Status != "creating" || !slices.Equal(names, []string{"provision", "services", "notify", "finish"}) ||
		!slices.Equal(out.Services, []string{"billing", "reporting"}) || out.Operation.Steps[0].Title == "" || !out.Operation.Steps[0].Cancellable || !out.Operation.Steps[1].Cancellable {
		t.Errorf("the rehearsal is %+v with %+v", out, out.Operation)
	}
	out = read[wire.Change](t, h.want(http.StatusOK, request{method: "DELETE", path: "/v1/tenants/acme?dryRun=true", token: h.delivery()}))
	for _, s := range out.Operation.Steps { // the services go first, and do not come back
		if s.Cancellable != (s.Name == "services") {
			t.Errorf("a deletion that is rehearsed can be cancelled before %s: %v", s.Name, s.Cancellable)
		}
	}
	for path, body := range map[string]any{"/v1/tenants": newTenant("acme", "free"), "/v1/tenants/": nil, "/v1/tenants/acme/move": wire.MoveTenant{Tier: "gold"}, "/v1/tenants/nobody/deactivate": nil} {
		if res := h.do(request{method: "POST", path: path + "?dryRun=true", token: h.delivery(), body: body}); res.StatusCode < 400 {
			t.Errorf("%s is rehearsed: %s", path, res.body)
		}
	}
	for _, query := range []string{"dryRun", "dryRun=", "dryRun=yes", "dryrun=true", "dryRun=true&dryRun=false", "dry-run=true", "dryRun=true;x"} {
		p := h.refused(http.StatusBadRequest, tenants.CodeInvalid, request{method: "POST", path: "/v1/tenants/acme/deactivate?" + query, token: h.delivery()})
		if len(p.Errors) == 0 {
			t.Errorf("%s: %+v", query, p)
		}
	}
	if got := h.get("acme"); got.Status != tenants.StatusActive || len(h.audit(10000)) != before || h.nudges.Load() != nudges {
		t.Errorf("rehearsals have changed something: %+v", got)
	}
	// The keys of rehearsals are not used up.
	h.want(http.StatusAccepted, request{method: "POST", path: "/v1/tenants/acme/deactivate", token: h.delivery(), header: map[string]string{"Idempotency-Key": "rehearsal"}})
}
