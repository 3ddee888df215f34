package api_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

// TestFieldsOfCreate sends creations with something wrong: the fields are named as
// they are in the body.
func TestFieldsOfCreate(t *testing.T) {
	h := newHouse(t, nil)
	good := map[string]any{"id": "acme", "name": "Acme", "adminEmail": "ops@acme.example", "tier": "free"}
	long := strings.Repeat("x", 5000)
	for _, c := range []struct {
		change map[string]any
		fields []string
	}{
		{map[string]any{"id": "A"}, []string{"id"}},
		{map[string]any{"id": "pool-x"}, []string{"id"}},
		{map[string]any{"id": 7}, []string{"id"}},
		{map[string]any{"name": " Acme"}, []string{"name"}},
		{map[string]any{"name": ""}, []string{"name"}},
		{map[string]any{"name": nil}, []string{"name"}},
		{map[string]any{"name": "a\nb", "adminEmail": "acme", "tier": "gold", "region": "moon"}, []string{"adminEmail", "name", "region", "tier"}},
		{map[string]any{"adminEmail": "Ops <ops@acme.example>"}, []string{"adminEmail"}},
		{map[string]any{"costCenter": "a<b"}, []string{"costCenter"}},
		{map[string]any{"origins": []any{"https://a.example", "https://a.example/x", "HTTPS://B.example"}}, []string{"origins[1]", "origins[2]"}},
		{map[string]any{"origins": "https://a.example"}, []string{"origins"}},
		{map[string]any{"origins": []any{1}}, []string{"origins[0]"}},
		{map[string]any{"products": []any{map[string]any{"name": "reports"}, map[string]any{"name": "search", "licences": -1}}}, []string{"products[1].licences"}},
		{map[string]any{"products": []any{map[string]any{"name": "A B"}}}, []string{"products[0].name"}},
		{map[string]any{"products": []any{map[string]any{"licences": 1}}}, []string{"products[0].name"}},
		{map[string]any{"products": []any{map[string]any{"name": "a", "addedAt": "2026-01-01T00:00:00Z"}}}, []string{"products[0].addedAt"}},
		{map[string]any{"status": "active"}, []string{"status"}},
		{map[string]any{"networkCidr": "10.0.0.0/16", "functions": []any{}}, []string{"functions", "networkCidr"}},
		{map[string]any{"reason": long}, []string{"reason"}},
		{map[string]any{"name": long}, []string{"name"}},
	} {
		body := maps.Clone(good)
		maps.Copy(body, c.change)
		p := h.refused(http.StatusBadRequest, tenants.CodeInvalid, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: body})
		var fields []string
		for _, e := range p.Errors {
			fields = append(fields, e.Field)
			if e.Message == "" || len(e.Value) > 100 {
				t.Errorf("%v: the message of %s is %q, its value %d bytes", c.change, e.Field, e.Message, len(e.Value))
			}
		}
		slices.Sort(fields)
		if !slices.Equal(fields, c.fields) {
			t.Errorf("%v: wrong are %v; want %v", c.change, fields, c.fields)
		}
	}
	p := h.refused(http.StatusBadRequest, tenants.CodeInvalid, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: `{}`})
	if len(p.Errors) != 3 || p.Errors[0].Field != "adminEmail" || !strings.HasPrefix(p.Errors[0].Message, "is missing") {
		t.Errorf("an empty body: %+v", p)
	}
	for _, body := range []string{``, `{`, `[]`, `"x"`, `null`, `1`, `{"name":"a"}{"name":"b"}`, `{"licences":1e999}`, "\xff", `{"name":` + strings.Repeat("[", 20000) + `}`} {
		p := h.refused(http.StatusBadRequest, tenants.CodeInvalid, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: body})
		if text := string(encode(t, p)); strings.Contains(text, "Go ") || strings.Contains(text, "unmarshal") || strings.Contains(text, "wire.") {
			t.Errorf("%.20q: the answer tells of the program: %s", body, text)
		}
	}
	if all, err := h.ledger.List(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("there are %d tenants, %v", len(all), err)
	}
}

// TestReasons gives reasons that no journal takes.
func TestReasons(t *testing.T) {
	h, ids := town(t)
	long := strings.Repeat("x", 5000)
	for _, r := range rows(t, ids) {
		ask := r.as(h.delivery())
		switch body, _ := r.body.(string); {
		case r.method == http.MethodGet || strings.HasSuffix(r.route, "/cancel"):
			continue
		case r.method == http.MethodDelete:
			ask.path += "&reason=" + long
		case body == "{}":
			ask.body = `{"reason":"` + long + `"}`
		default:
			ask.body = strings.Replace(body, "{", `{"reason":"`+long+`",`, 1)
		}
		if strings.Contains(r.path, "deactivate") || strings.Contains(r.path, "/activate") {
			ask.body = `{"reason":"` + long + `"}`
		}
		if p := h.refused(http.StatusBadRequest, tenants.CodeInvalid, ask); len(p.Errors) != 1 || p.Errors[0].Field != "reason" {
			t.Errorf("%s: %+v", r.route, p)
		}
	}
}

func TestParameters(t *testing.T) {
	h := newHouse(t, nil)
	h.active("acme", "standard")
	for path, field := range map[string]string{
		"/v1/tenants?limit=501": "limit", "/v1/tenants?limit=-1": "limit", "/v1/tenants?limit=x": "limit", "/v1/tenants?limit=99999999999999999999": "limit",
		"/v1/tenants?status=sleeping": "status", "/v1/tenants?model=hybrid": "model", "/v1/tenants?after=rubbish": "after", "/v1/tenants?q=1+2+3+4+5+6+7+8+9": "q",
		"/v1/tenants?q=%2F": "q", "/v1/tenants?page=2": "page", "/v1/tenants?tier=a&tier=b": "tier", "/v1/tenants?tier=%zz": "query", "/v1/tenants?tier=%00": "tier",
		"/v1/tenants/acme/operations?kind=destroy": "kind", "/v1/operations?progress=done": "progress", "/v1/operations?tenant=A+B": "tenant", "/v1/operations?after=x": "after",
		"/v1/audit?after=-1": "after", "/v1/audit?after=x": "after", "/v1/audit?limit=501": "limit", "/v1/audit?tenant=A+B": "tenant",
		"/v1/config": "origin", "/v1/config?origin=https://a.example&name=a": "name", "/v1/config?origin=acme": "origin", "/v1/config?name=%21": "name",
	} {
		p := h.refused(http.StatusBadRequest, tenants.CodeInvalid, request{method: "GET", path: path, token: h.delivery()})
		if len(p.Errors) != 1 || p.Errors[0].Field != field || p.Errors[0].Message == "" {
			t.Errorf("%s: %+v; want the field %s", path, p.Errors, field)
		}
	}
	// A filter that is empty restricts nothing.
	if got := read[wire.Tenants](t, h.want(http.StatusOK, request{method: "GET", path: "/v1/tenants?tier=&status=&after=&limit=0", token: h.delivery()})); len(got.Tenants) != 1 {
		t.Errorf("empty filters find %+v", got)
	}
}

// TestLists pages through tenants, operations and the journal.
func TestLists(t *testing.T) {
	h := newHouse(t, nil)
	names := []string{"acme", "birch", "cedar", "dune", "elm"}
	for i, name := range names {
		h.active(name, []string{"free", "standard", "premium"}[i%3])
	}
	var seen []string
	path := "/v1/tenants?limit=2"
	for pages := 0; path != ""; pages++ {
		page := read[wire.Tenants](t, h.want(http.StatusOK, request{method: "GET", path: path, token: h.delivery()}))
		for _, tenant := range page.Tenants {
			seen = append(seen, tenant.ID)
		}
		if path = ""; page.Next != "" {
			path = "/v1/tenants?limit=2&after=" + page.Next
		}
		if pages > 3 {
			t.Fatal("the pages do not end")
		}
	}
	if !slices.Equal(seen, names) {
		t.Errorf("the pages have %v", seen)
	}
	found := func(query string) (ids []string) {
		t.Helper()
		for _, tenant := range read[wire.Tenants](t, h.want(http.StatusOK, request{method: "GET", path: "/v1/tenants?" + query, token: h.delivery()})).Tenants {
			ids = append(ids, tenant.ID)
		}
		return ids
	}
	for query, want := range map[string][]string{
		"tier=free": {"acme", "dune"}, "q=ced": {"cedar"}, "q=tenant+elm": {"elm"}, "model=silo": {"cedar"}, "region=us-east-1": nil, "status=active&limit=500": names, "product=reports": nil, "status=deleted": nil,
	} {
		if got := found(query); !slices.Equal(got, want) {
			t.Errorf("%s finds %v; want %v", query, got, want)
		}
	}
	ops := read[wire.Operations](t, h.want(http.StatusOK, request{method: "GET", path: "/v1/operations?limit=3&kind=create&progress=succeeded", token: h.delivery()}))
	rest := read[wire.Operations](t, h.want(http.StatusOK, request{method: "GET", path: "/v1/operations?limit=3&kind=create&progress=succeeded&after=" + ops.Next, token: h.delivery()}))
	if len(ops.Operations) != 3 || len(rest.Operations) != 2 || rest.Next != "" || ops.Operations[0].TenantID != "elm" {
		t.Errorf("the operations are %+v and %+v", ops, rest)
	}
	audit := read[wire.Audit](t, h.want(http.StatusOK, request{method: "GET", path: "/v1/audit?limit=4", token: h.operator()}))
	more := read[wire.Audit](t, h.want(http.StatusOK, request{method: "GET", path: "/v1/audit?limit=4&after=4", token: h.operator()}))
	if len(audit.Entries) != 4 || audit.Next != 4 || len(more.Entries) != 1 || more.Next != 0 || more.Entries[0].Seq != 5 {
		t.Errorf("the journal is %+v and %+v", audit, more)
	}
	for i, e := range audit.Entries { // who reads it can check it
		if r := e.Record(); r.Sum() != r.Hash || i > 0 && r.PrevHash != audit.Entries[i-1].Hash {
			t.Errorf("entry %d cannot be checked: %+v", r.Seq, r)
		}
	}
	if one := read[wire.Audit](t, h.want(http.StatusOK, request{method: "GET", path: "/v1/audit?tenant=cedar", token: h.operator()})); len(one.Entries) != 1 || one.Entries[0].TenantID != "cedar" {
		t.Errorf("the journal of cedar is %+v", one)
	}
	if check := read[wire.AuditCheck](t, h.want(http.StatusOK, request{method: "GET", path: "/v1/audit/verify", token: h.operator()})); !check.Sound || check.Entries != 5 || check.Problem != "" {
		t.Errorf("the check is %+v", check)
	}
	services := read[wire.Services](t, h.want(http.StatusOK, request{method: "GET", path: "/v1/services", token: h.operator()}))
	if len(services.Services) != 2 || services.Services[1].TimeoutSec != 3600 || len(services.Services[1].Operations) != 6 {
		t.Errorf("the services are %+v", services)
	}
	tiers := read[wire.Tiers](t, h.want(http.StatusOK, request{method: "GET", path: "/v1/tiers", token: h.operator()}))
	if len(tiers.Tiers) != len(h.steps.Catalogue.Tiers) || tiers.Tiers[0].FunctionConcurrency != h.steps.Catalogue.Tiers[0].FunctionConcurrent {
		t.Errorf("the tiers are %+v", tiers)
	}
}

// TestWhatIsNotShown keeps to itself what is nobody's business outside.
func TestWhatIsNotShown(t *testing.T) {
	h := newHouse(t, nil)
	got := h.active("acme", "premium")
	got.NetworkCIDR = "10.42.0.0/16"
	got.Functions = []tenants.Function{{Name: "greeting", Runtime: "python3.13", Handler: "index.handler", Archive: "/srv/secret/greeting.zip", Layers: []string{"/srv/secret/layer.zip"}}}
	if _, err := h.ledger.Update(t.Context(), got); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/v1/tenants", "/v1/tenants/acme", "/v1/tenants/acme/config", "/v1/operations?tenant=acme"} {
		res := h.want(http.StatusOK, request{method: "GET", path: path, token: h.delivery()})
		for _, hidden := range []string{"10.42", "secret", "archive"} {
			if strings.Contains(string(res.body), hidden) {
				t.Errorf("%s tells %s: %s", path, hidden, res.body)
			}
		}
	}
	config := read[wire.Config](t, h.want(http.StatusOK, request{method: "GET", path: "/v1/config?name=TENANT+acme", token: h.delivery()}))
	if config != (wire.Config{TenantID: "acme", Name: "Tenant acme", Tier: "premium", Model: "silo", Region: "eu-west-1", Status: "active", IssuerURL: "https://issuer.example",
		UserPoolID: "eu-west-1_AbCdEfGhI", AppClientID: "client", Endpoint: "https://api.example"}) {
		t.Errorf("the configuration is %+v", config)
	}
	twin := newTenant("twin", "free")
	twin.Name = "tenant ACME"
	h.want(http.StatusCreated, request{method: "POST", path: "/v1/tenants", token: h.delivery(), body: twin})
	h.refused(http.StatusConflict, tenants.CodeConflict, request{method: "GET", path: "/v1/config?name=tenant+acme", token: h.delivery()})
	h.refused(http.StatusNotFound, tenants.CodeNotFound, request{method: "GET", path: "/v1/config?name=tenant", token: h.delivery()})
	h.refused(http.StatusNotFound, tenants.CodeNotFound, request{method: "GET", path: "/v1/config?origin=https://nobody.example", token: h.delivery()})
}
