package events_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/tenants"
	"pgregory.net/rapid"
)

const schemaDir = "../../docs/events"

func schema(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.AssertContent()
	s, err := c.Compile(filepath.Join(schemaDir, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func holds(s *jsonschema.Schema, body []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return s.Validate(v)
}

// TestExamples holds the examples to their schemas, and reads them back.
func TestExamples(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join(schemaDir, "examples", "*.json"))
	if err != nil || len(paths) < 5 {
		t.Fatalf("%q, %v", paths, err)
	}
	readme, err := os.ReadFile(filepath.Join(schemaDir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		base := strings.TrimSuffix(filepath.Base(path), ".json")
		name := strings.TrimSuffix(base, ".failed")
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := holds(schema(t, name), body); err != nil {
			t.Errorf("%s: %v", base, err)
		}
		e, err := events.Parse(body)
		if err != nil {
			t.Errorf("%s: %v", base, err)
		}
		if !strings.Contains(string(readme), "("+name+".json)") || !strings.Contains(string(readme), "(examples/"+base+".json)") {
			t.Errorf("docs/events/README.md does not tell of %s", base)
		}
		switch {
		case e.IsRequested():
			if r, err := e.Requested(); err != nil || r.OperationID != "01jnf6m2" || r.Tenant.Model != tenants.ModelPool || r.Tenant.Products[0].Licences != 25 {
				t.Errorf("%+v, %v", r, err)
			}
		case e.Type == events.TypeAnswered:
			if a, err := e.Answer(); err != nil || (a.Outcome == events.OutcomeFailed) != strings.HasSuffix(base, ".failed") {
				t.Errorf("%+v, %v", a, err)
			}
		}
	}
}

// TestAttributes holds an event to the letter of CloudEvents 1.0: what its
// attributes are called, and of which form they are.
func TestAttributes(t *testing.T) {
	body, err := requested(t, "op1", 2, "billing").Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]json.RawMessage
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"specversion": `"1.0"`, "id": `"op1.requested.2"`, "source": `"/tenantform"`, "subject": `"acme"`,
		"type": `"com.tenantform.tenant.create.requested.v1"`, "datacontenttype": `"application/json"`, "correlationid": `"c-1"`} {
		if string(got[name]) != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
	for name := range got {
		if strings.ToLower(name) != name || len(name) > 20 {
			t.Errorf("the attribute %s: names are lower-case letters and digits", name)
		}
	}
}

// TestMalformed refuses what is no event, and what only looks like an answer.
func TestMalformed(t *testing.T) {
	good, err := answered(t, "op1", "billing", 1).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	s := schema(t, "service-answered.v1")
	for name, c := range map[string]struct {
		from, to string
		envelope bool // whether it is no event at all
	}{
		"version": {`"1.0"`, `"0.3"`, true}, "no id": {`"op1.answered.1"`, `""`, true}, "no time": {`"time":`, `"when":`, true},
		"data is text": {`"data":{`, `"data":"x","more":{`, true}, "media type": {"application/json", "text/plain", true}, "control character": {`"/services/billing"`, `"/services/\u0007"`, true},
		"type": {"service.answered.v1", "service.asked.v1", false}, "outcome": {`"succeeded"`, `"maybe"`, false}, "attempt": {`"attempt":1`, `"attempt":0`, false},
		"attempt as text": {`"attempt":1`, `"attempt":"1"`, false}, "operation": {`"operationId":"op1"`, `"operationId":"../op1"`, false}, "service": {`"service":"billing"`, `"service":"Billing"`, false},
	} {
		body := bytes.Replace(good, []byte(c.from), []byte(c.to), 1)
		if bytes.Equal(body, good) {
			t.Fatalf("%s changes nothing in %s", name, good)
		}
		e, err := events.Parse(body)
		if (err != nil) != c.envelope {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_, err = e.Answer()
		}
		if tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
		if holds(s, body) == nil && name != "control character" {
			t.Errorf("%s: the schema takes it", name)
		}
	}
	for _, body := range []string{"", "null", "[]", "{}", "{", `{"specversion":"1.0"}`, strings.Repeat("[", 10000), string(good) + "x"} {
		if _, err := events.Parse([]byte(body)); tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("%.20q: %v", body, err)
		}
	}
}

// TestUnknownFields reads what a later version may send.
func TestUnknownFields(t *testing.T) {
	body, err := answered(t, "op1", "billing", 1).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	later := strings.Replace(strings.Replace(string(body), `"data":{`, `"data":{"colour":"red",`, 1), `{"spec`, `{"newextension":"x","spec`, 1)
	e, err := events.Parse([]byte(later))
	if err != nil {
		t.Fatal(err)
	}
	if a, err := e.Answer(); err != nil || a.Service != "billing" {
		t.Errorf("%+v, %v", a, err)
	}
	if err := holds(schema(t, "service-answered.v1"), []byte(later)); err != nil {
		t.Error(err)
	}
}

// TestEveryAnswer says that what the types take, the schema takes too.
func TestEveryAnswer(t *testing.T) {
	s := schema(t, "service-answered.v1")
	rapid.Check(t, func(t *rapid.T) {
		a := events.Answer{
			OperationID: rapid.StringMatching(`[A-Za-z0-9_-]{0,70}`).Draw(t, "operation"),
			Service:     rapid.SampledFrom([]string{"billing", "a", "a-b", "a--b", "", strings.Repeat("s", 40), strings.Repeat("s", 41)}).Draw(t, "service"),
			Attempt:     rapid.IntRange(-1, 5).Draw(t, "attempt"),
			Outcome:     rapid.SampledFrom([]events.Outcome{events.OutcomeSucceeded, events.OutcomeFailed, ""}).Draw(t, "outcome"),
			Error:       rapid.StringN(0, 50, 2100).Draw(t, "error"),
			Outputs:     rapid.MapOfN(rapid.StringMatching(`[A-Za-z.]{0,5}`), rapid.String(), 0, 3).Draw(t, "outputs"),
		}
		e, err := events.NewAnswered(events.Context{}, "acme", a)
		if err != nil {
			if tenants.CodeOf(err) != tenants.CodeInvalid {
				t.Fatal(err)
			}
			return
		}
		body, err := e.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if err := holds(s, body); err != nil {
			t.Fatal(err)
		}
		if back, err := e.Answer(); err != nil || back.OperationID != a.OperationID || !maps.Equal(back.Outputs, a.Outputs) {
			t.Fatalf("%+v, %v", back, err)
		}
	})
}

// TestLongFailure leaves out of a failure what no message would hold, the least
// important first.
func TestLongFailure(t *testing.T) {
	long := strings.Repeat("x", events.MaxSize)
	request := json.RawMessage(`"` + long + `"`)
	for name, c := range map[string]struct {
		f    events.Failed
		want []string
	}{
		"short":   {events.Failed{Request: json.RawMessage(`{"a":1}`), TenantBefore: &tenants.Tenant{ID: "acme", Name: "Acme"}}, nil},
		"request": {events.Failed{Request: request, TenantBefore: &tenants.Tenant{ID: "acme"}}, []string{"request"}},
		"all": {events.Failed{Request: request, TenantBefore: &tenants.Tenant{ID: "acme", Name: long}, Operation: tenants.Operation{Error: long, Steps: []tenants.Step{{Name: "s", Error: long}}}},
			[]string{"request", "tenantBefore", "operation.steps.error"}},
	} {
		c.f.Operation.ID, c.f.Operation.TenantID, c.f.Operation.Kind = "op1", "acme", tenants.OperationCreate
		c.f.Operation.StartedAt = time.Now()
		c.f.Operation.Progress = tenants.ProgressFailed
		c.f.Cause = events.Cause{Code: tenants.CodeInternal, Message: "the cause"}
		e, err := events.NewFailed(events.Context{}, c.f)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := e.Bytes()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got events.Failed
		if err := json.Unmarshal(e.Data, &got); err != nil || !slices.Equal(got.Omitted, c.want) || got.Cause != c.f.Cause {
			t.Errorf("%s: omitted %q, cause %+v, %v", name, got.Omitted, got.Cause, err)
		}
		if (got.Request == nil) != slices.Contains(c.want, "request") || (got.TenantBefore == nil) != slices.Contains(c.want, "tenantBefore") {
			t.Errorf("%s: %d bytes, omitted %q", name, len(body), got.Omitted)
		}
		if got.TenantBefore == nil {
			if err := holds(schema(t, "operation-failed.v1"), body); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestTenantOf tells a service all that it may know.
func TestTenantOf(t *testing.T) {
	from := tenants.Tenant{ID: "acme", Name: "n", AdminEmail: "a@b.example", Tier: "free", Region: "eu-west-1", CostCenter: "1", Status: tenants.StatusActive,
		Placements: []tenants.Placement{{Model: tenants.ModelPool}, {Model: tenants.ModelSilo}}, Origins: []string{"https://a.example"},
		Products: []tenants.Product{{Name: "p", Licences: 2}}, Settings: tenants.Settings{UserPoolID: "u", AppClientID: "c", Endpoint: "e", IssuerURL: "i"}}
	text, err := json.Marshal(events.TenantOf(from))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"acme","name":"n","adminEmail":"a@b.example","tier":"free","model":"silo","region":"eu-west-1","costCenter":"1","status":"active",` +
		`"origins":["https://a.example"],"products":[{"name":"p","licences":2}],"settings":{"userPoolId":"u","appClientId":"c","endpoint":"e","issuerUrl":"i"}}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func FuzzParse(f *testing.F) {
	paths, err := filepath.Glob(filepath.Join(schemaDir, "examples", "*.json"))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := events.Parse(body)
		if err != nil {
			if tenants.CodeOf(err) != tenants.CodeInvalid {
				t.Errorf("%v", err)
			}
			return
		}
		if _, err := e.Bytes(); err != nil && len(body) < events.MaxSize/8 {
			t.Errorf("read, but not written: %v", err)
		}
		_, _ = e.Answer()
		_, _ = e.Requested()
	})
}
