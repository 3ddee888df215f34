package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

// expected has a row for each route: who may use it (D delivery, O operator, V
// viewer, T tenant-admin for the own tenant), and a request that succeeds for
// those. ACME is the own tenant; DONE, RUNNING and FAILED are operations on it or
// on others, as the role needs them.
const expected = `
GET    /v1/tenants                          D O V    /v1/tenants
POST   /v1/tenants                          D        /v1/tenants                          {"id":"fresh","name":"Fresh","adminEmail":"ops@fresh.example","tier":"free"}
GET    /v1/tenants/{id}                     D O V T  /v1/tenants/ACME
PATCH  /v1/tenants/{id}                     D        /v1/tenants/ACME                     {"name":"New"}
DELETE /v1/tenants/{id}                     D        /v1/tenants/ACME
POST   /v1/tenants/{id}/move                D T      /v1/tenants/ACME/move                {"tier":"premium"}
POST   /v1/tenants/{id}/deactivate          D O      /v1/tenants/ACME/deactivate          {"reason":"unpaid"}
POST   /v1/tenants/{id}/activate            D O      /v1/tenants/resting/activate         {"reason":"paid"}
POST   /v1/tenants/{id}/reconcile           D O      /v1/tenants/ACME/reconcile           {}
GET    /v1/tenants/{id}/products            D O V T  /v1/tenants/ACME/products
PUT    /v1/tenants/{id}/products/{name}     D        /v1/tenants/ACME/products/reports    {"licences":3}
DELETE /v1/tenants/{id}/products/{name}     D        /v1/tenants/ACME/products/search
GET    /v1/tenants/{id}/operations          D O V T  /v1/tenants/ACME/operations
GET    /v1/operations                       D O V T  /v1/operations?tenant=ACME
GET    /v1/operations/{id}                  D O V T  /v1/operations/DONE
GET    /v1/operations/{id}/events           D O V T  /v1/operations/DONE/events
POST   /v1/operations/{id}/cancel           D O      /v1/operations/RUNNING/cancel
POST   /v1/operations/{id}/retry            D O      /v1/operations/FAILED/retry          {}
GET    /v1/services                         D O V    /v1/services
GET    /v1/tiers                            D O V T  /v1/tiers
GET    /v1/tenants/{id}/config              D O V T  /v1/tenants/ACME/config
GET    /v1/config                           D O V T  /v1/config?origin=https%3A%2F%2Facme.example
GET    /v1/audit                            D O      /v1/audit
GET    /v1/audit/verify                     D O      /v1/audit/verify
`

// row is one of the table.
type row struct {
	route, method, path string
	may                 []string // letters
	body                any
}

func rows(t testing.TB, ids map[string]string) []row {
	t.Helper()
	var out []row
	for line := range strings.Lines(strings.TrimSpace(expected)) {
		words := strings.Fields(line)
		r := row{method: words[0], route: words[0] + " " + words[1]}
		words = words[2:]
		for len(words[0]) == 1 {
			r.may, words = append(r.may, words[0]), words[1:]
		}
		r.path = words[0]
		for name, id := range ids {
			r.path = strings.ReplaceAll(r.path, name, id)
		}
		if len(words) > 1 {
			r.body = strings.Join(words[1:], " ")
		}
		out = append(out, r)
	}
	return out
}

// as gives the request of a row as a rehearsal where it is a write, so that all
// roles find the same.
func (r row) as(token string) request {
	path := r.path
	if r.method != http.MethodGet {
		path += "?dryRun=true"
	}
	return request{method: r.method, path: path, body: r.body, token: token}
}

// town makes tenants and operations for every row.
func town(t testing.TB) (*house, map[string]string) {
	h := newHouse(t, nil)
	h.active("acme", "standard")
	ids := map[string]string{"ACME": "acme", "DONE": h.operations("acme")[0].ID}
	h.want(http.StatusOK, request{method: "PUT", path: "/v1/tenants/acme/products/search", token: h.delivery(), body: wire.PutProduct{Licences: 1}})
	h.active("resting", "free")
	rest := read[wire.Change](h, h.want(http.StatusAccepted, request{method: "POST", path: "/v1/tenants/resting/deactivate", token: h.delivery()}))
	h.end(rest.Operation.ID, "")
	h.active("globex", "standard")
	ids["GLOBEX DONE"] = h.operations("globex")[0].ID
	ids["RUNNING"] = h.create("busy", "free").Operation.ID
	failed := h.create("broken", "free")
	h.end(failed.Operation.ID, "no")
	ids["FAILED"] = failed.Operation.ID
	return h, ids
}

func TestEveryRouteAndRole(t *testing.T) {
	h, ids := town(t)
	table := rows(t, ids)
	documentedRoutes := documented(t).every()
	for _, name := range documentedRoutes {
		if !slices.ContainsFunc(table, func(r row) bool { return r.route == name }) {
			t.Errorf("%s has no row in the table of roles", name)
		}
	}
	if len(table) != len(documentedRoutes) {
		t.Errorf("the table has %d rows, the document %d routes", len(table), len(documentedRoutes))
	}
	tokens := map[string]string{"D": h.delivery(), "O": h.operator(), "V": h.token(auth.RoleViewer, ""), "T": h.token(auth.RoleTenantAdmin, "acme")}
	for _, r := range table {
		h.want(http.StatusUnauthorized, r.as(""))
		for letter, token := range tokens {
			res := h.do(r.as(token))
			if slices.Contains(r.may, letter) {
				if res.StatusCode != http.StatusOK {
					t.Errorf("%s as %s: %d %s; want it done", r.route, letter, res.StatusCode, res.body)
				}
				continue
			}
			if res.StatusCode != http.StatusForbidden {
				t.Errorf("%s as %s: %d %s; want 403", r.route, letter, res.StatusCode, res.body)
			}
		}
	}
	// Nothing was done by all that.
	if got := h.get("acme"); got.Status != tenants.StatusActive || got.Name != "Tenant acme" || len(h.operations("acme")) != 1 {
		t.Errorf("acme is %+v after rehearsals", got)
	}
}

// TestForeignAndUnknownLookAlike asks every route that names a tenant, or an
// operation, as the admin of another tenant: with ids of a tenant that there is
// and of none. The answers must not differ.
func TestForeignAndUnknownLookAlike(t *testing.T) {
	h, ids := town(t)
	token := h.token(auth.RoleTenantAdmin, "acme")
	// An own token must not reach another tenant however the request is written.
	foreign := map[string]string{"ACME": "globex", "DONE": ids["GLOBEX DONE"], "RUNNING": ids["RUNNING"], "FAILED": ids["FAILED"], "resting": "globex", "acme.example": "globex.example"}
	absent := map[string]string{"ACME": "nobody", "DONE": "nothing", "RUNNING": "nothing", "FAILED": "nothing", "resting": "nobody", "acme.example": "nobody.example"}
	asked := 0
	fill := func(r row, with map[string]string) row {
		for name, id := range with {
			r.path = strings.ReplaceAll(r.path, name, id)
		}
		return r
	}
	for _, r := range rows(t, nil) {
		there, away := fill(r, foreign), fill(r, absent)
		if there.path == r.path {
			continue // about no tenant
		}
		asked++
		one, two := h.do(there.as(token)), h.do(away.as(token))
		if one.StatusCode != http.StatusForbidden || two.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %d for another tenant, %d for none: %s %s", r.route, one.StatusCode, two.StatusCode, one.body, two.body)
		}
		if alike(t, one) != alike(t, two) {
			t.Errorf("%s tells another tenant from none:\n%s\n%s", r.route, one.body, two.body)
		}
		for _, name := range []string{"ETag", "Location", "Last-Modified"} {
			if one.Header.Get(name) != "" {
				t.Errorf("%s tells %s: %s", r.route, name, one.Header.Get(name))
			}
		}
	}
	if asked < 17 {
		t.Errorf("only %d routes name a tenant or an operation", asked)
	}
	for _, path := range []string{
		"/v1/config?name=Tenant+globex", "/v1/config?name=Tenant+nobody", "/v1/operations", "/v1/operations?tenant=", "/v1/tenants?q=acme", "/v1/audit?tenant=acme",
		"/v1/tenants/globex/config", "/v1/tenants/GLOBEX", "/v1/tenants/acme%20", "/v1/tenants/acme%00",
	} {
		h.want(http.StatusForbidden, request{method: "GET", path: path, token: token})
	}
	for _, path := range []string{"/v1/tenants/acme/../globex", "/v1/tenants/acme%2F..%2Fglobex/config", "/v1//tenants/globex", "/v1/tenants/acme/%2e%2e/globex", "/v1/./tenants/globex"} {
		res := h.do(request{method: "GET", path: path, token: token})
		if res.StatusCode != http.StatusForbidden && res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d %s", path, res.StatusCode, res.body)
		}
	}
	// The own tenant is there by id, by origin and by name.
	for _, path := range []string{"/v1/tenants/acme", "/v1/config?name=tenant+ACME", "/v1/config?origin=https://acme.example", "/v1/operations?tenant=acme"} {
		if res := h.want(http.StatusOK, request{method: "GET", path: path, token: token}); strings.Contains(string(res.body), "globex") {
			t.Errorf("%s tells of globex: %s", path, res.body)
		}
	}
}

// alike gives a problem without its correlation id.
func alike(t testing.TB, r reply) string {
	p := read[wire.Problem](t, r)
	p.CorrelationID = ""
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTokenWithoutTenant asks as a tenant-admin whose token names no tenant, or
// one that cannot be.
func TestTokenWithoutTenant(t *testing.T) {
	h, ids := town(t)
	for _, tenantID := range []any{nil, "", "*", "acme globex", "acme/", "ACME"} {
		token := h.forged(t, map[string]any{"roles": []string{"tenant-admin"}, "tenant": tenantID})
		for _, r := range rows(t, ids) {
			res := h.do(r.as(token))
			if want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[r.route == "GET /v1/tiers" && tenantID != nil && tenantID != ""]; res.StatusCode != want {
				t.Errorf("%s with tenant %v: %d; want %d", r.route, tenantID, res.StatusCode, want)
			}
		}
	}
	for _, roles := range []any{nil, []string{}, []string{"admin"}, []string{"Delivery"}} {
		token := h.forged(t, map[string]any{"roles": roles})
		for _, r := range rows(t, ids) {
			h.want(http.StatusForbidden, r.as(token))
		}
	}
}

// TestMoveByATenantsAdmin begins a move of one's own tenant; what becomes of users
// and data is not theirs to say.
func TestMoveByATenantsAdmin(t *testing.T) {
	h := newHouse(t, nil)
	h.active("acme", "standard")
	h.active("birch", "standard")
	token := h.token(auth.RoleTenantAdmin, "acme")
	move := func(id string, in wire.MoveTenant) request {
		return request{method: "POST", path: "/v1/tenants/" + id + "/move", token: token, body: in}
	}
	h.refused(http.StatusForbidden, tenants.CodeForbidden, move("birch", wire.MoveTenant{Tier: "premium"}))
	h.refused(http.StatusForbidden, tenants.CodeForbidden, move("acme", wire.MoveTenant{Tier: "premium", DataMoved: true}))
	out := read[wire.Change](t, h.want(http.StatusAccepted, move("acme", wire.MoveTenant{Tier: "premium", Reason: "we grow"})))
	if e := h.audit(10000); e[len(e)-1].Role != "tenant-admin" || e[len(e)-1].Reason != "we grow" || e[len(e)-1].Actor != "tenant-admin/acme" {
		t.Errorf("the journal has %+v", e[len(e)-1])
	}
	h.end(out.Operation.ID, "")
}

// TestRefusedWritesAreAudited tries what may not be done, more often than is recorded.
func TestRefusedWritesAreAudited(t *testing.T) {
	h, _ := town(t)
	token := h.token(auth.RoleViewer, "")
	before := len(h.audit(10000))
	for range 30 {
		h.refused(http.StatusForbidden, tenants.CodeForbidden, request{method: "DELETE", path: "/v1/tenants/acme?reason=spite", token: token})
	}
	h.want(http.StatusForbidden, request{method: "POST", path: "/v1/operations/nothing/cancel", token: h.token(auth.RoleTenantAdmin, "acme")})
	entries := h.audit(10000)[before:]
	if len(entries) != 11 {
		t.Fatalf("%d entries are written about 30 refusals to one and one to another", len(entries))
	}
	first := entries[0]
	if first.Actor != "viewer" || first.Action != "tenant.delete.refused" || first.TenantID != "acme" || first.CorrelationID == "" || first.Role != "" || !strings.Contains(string(first.Details), "tenants.delete") {
		t.Errorf("the entry is %+v", first)
	}
	if last := entries[10]; last.Actor != "tenant-admin/acme" || last.Action != "operation.cancel.refused" || last.TenantID != "" {
		t.Errorf("the entry of an unknown operation is %+v", last)
	}
	// Reads that are refused are not recorded.
	h.want(http.StatusForbidden, request{method: "GET", path: "/v1/audit", token: token})
	if after := len(h.audit(10000)); after != before+11 {
		t.Errorf("%d entries more for a read", after-before-11)
	}
}
