package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/tenantform/tenantform/internal/api"
	"github.com/tenantform/tenantform/internal/api/wire"
)

// document is the OpenAPI document as far as the tests read it.
type document struct {
	OpenAPI string                          `json:"openapi"`
	Paths   map[string]map[string]operation `json:"paths"`
	schemas map[string]*jsonschema.Schema
}

type operation struct {
	ID          string              `json:"operationId"`
	Permission  string              `json:"x-permission"`
	Parameters  []parameter         `json:"parameters"`
	RequestBody *content            `json:"requestBody"`
	Responses   map[string]response `json:"responses"`
}

type parameter struct{ Name, In string }

type content struct {
	Content map[string]media `json:"content"`
}

type response struct {
	Content map[string]media `json:"content"`
}

type media struct {
	Schema struct {
		Ref string `json:"$ref"`
	} `json:"schema"`
}

// published gives the document, read once.
var published = sync.OnceValues(func() (*document, error) {
	text, err := api.Document()
	if err != nil {
		return nil, err
	}
	d := &document{schemas: map[string]*jsonschema.Schema{}}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, err
	}
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	if err := compiler.AddResource("https://tenantform.example/openapi.json", whole); err != nil {
		return nil, err
	}
	components, _ := whole.(map[string]any)["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	for name := range schemas {
		if d.schemas["#/components/schemas/"+name], err = compiler.Compile("https://tenantform.example/openapi.json#/components/schemas/" + name); err != nil {
			return nil, err
		}
	}
	return d, nil
})

func documented(t testing.TB) *document {
	t.Helper()
	d, err := published()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// every gives the routes, as "GET /v1/tenants/{id}", in order.
func (d *document) every() []string {
	var all []string
	for path, item := range d.Paths {
		for method := range item {
			all = append(all, strings.ToUpper(method)+" "+path)
		}
	}
	slices.Sort(all)
	return all
}

// at gives the route of a request, and whether there is one.
func (d *document) at(method, path string) (operation, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	for template, item := range d.Paths {
		parts := strings.Split(template, "/")
		for i, part := range parts {
			if strings.HasPrefix(part, "{") {
				parts[i] = `[^/]+`
			}
		}
		op, ok := item[strings.ToLower(method)]
		if ok && regexp.MustCompile("^"+strings.Join(parts, "/")+"$").MatchString(path) {
			return op, true
		}
	}
	return operation{}, false
}

// conforms checks an answer against the document: its status and content type are
// declared, and its body has the schema. Refusals are problems wherever they come from.
func conforms(t testing.TB, method, path string, r reply) {
	t.Helper()
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if id := r.Header.Get(wire.HeaderCorrelationID); id == "" {
		t.Errorf("%s %s: the answer has no correlation id", method, path)
	}
	if method == http.MethodHead {
		return
	}
	d := documented(t)
	op, known := d.at(method, path)
	if r.StatusCode >= 400 {
		if kind != wire.ContentProblem {
			t.Errorf("%s %s: %d is answered as %q: %s", method, path, r.StatusCode, kind, r.body)
			return
		}
		d.valid(t, method+" "+path, "#/components/schemas/Problem", r.body)
		p := read[wire.Problem](t, r)
		if p.Status != r.StatusCode || p.Title != http.StatusText(r.StatusCode) || p.CorrelationID != r.Header.Get(wire.HeaderCorrelationID) {
			t.Errorf("%s %s: %d with %s", method, path, r.StatusCode, r.body)
		}
		return
	}
	if !known {
		return // the documents themselves
	}
	declared, ok := op.Responses[strconv.Itoa(r.StatusCode)]
	if !ok {
		t.Errorf("%s %s: the document has no answer %d", method, path, r.StatusCode)
		return
	}
	if len(declared.Content) == 0 {
		if len(r.body) > 0 {
			t.Errorf("%s %s: %d has a body: %s", method, path, r.StatusCode, r.body)
		}
		return
	}
	m, ok := declared.Content[kind]
	if !ok {
		t.Errorf("%s %s: the document has no %q in its answer %d", method, path, kind, r.StatusCode)
		return
	}
	if m.Schema.Ref != "" {
		d.valid(t, method+" "+path, m.Schema.Ref, r.body)
	}
}

func (d *document) valid(t testing.TB, what, ref string, body []byte) {
	t.Helper()
	schema := d.schemas[ref]
	if schema == nil {
		t.Errorf("%s: there is no schema %s", what, ref)
		return
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = schema.Validate(value)
	}
	if err != nil {
		t.Errorf("%s: the answer is no %s: %v\n%s", what, ref, err, body)
	}
}

func TestDocument(t *testing.T) {
	d := documented(t)
	if d.OpenAPI != "3.1.0" {
		t.Errorf("it is OpenAPI %s", d.OpenAPI)
	}
	for _, name := range d.every() {
		method, path, _ := strings.Cut(name, " ")
		op := d.Paths[path][strings.ToLower(method)]
		if op.ID == "" || op.Permission == "" {
			t.Errorf("%s has no id or no permission", name)
		}
		named := map[string]bool{}
		for _, p := range op.Parameters {
			named[p.In+" "+p.Name] = true
		}
		write := method != http.MethodGet
		if write != named["query dryRun"] || write != named["header Idempotency-Key"] {
			t.Errorf("%s: every write, and nothing else, has dryRun and Idempotency-Key; it has %v", name, named)
		}
		for part := range strings.SplitSeq(path, "/") {
			if inner, ok := strings.CutPrefix(part, "{"); ok && !named["path "+strings.TrimSuffix(inner, "}")] {
				t.Errorf("%s does not describe %s", name, part)
			}
		}
		if op.Responses["default"].Content[wire.ContentProblem].Schema.Ref != "#/components/schemas/Problem" {
			t.Errorf("%s does not say what its problems are", name)
		}
	}
}

// TestPublished holds the project's docs against the program.
func TestPublished(t *testing.T) {
	for file, make := range map[string]func() ([]byte, error){"openapi.json": api.Document, "api.md": api.Page} {
		want, err := make()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join("..", "..", "docs", file))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("docs/%s is not up to date; run go generate ./internal/api", file)
		}
	}
}

// TestDocumentIsServed asks for both descriptions.
func TestDocumentIsServed(t *testing.T) {
	h := newHouse(t, nil)
	for _, path := range []string{"/openapi.json", "/docs"} {
		h.want(http.StatusUnauthorized, request{method: "GET", path: path})
	}
	res := h.want(http.StatusOK, request{method: "GET", path: "/openapi.json", token: h.token("tenant-admin", "acme")})
	own, err := api.Document()
	if err != nil {
		t.Fatal(err)
	}
	same := bytes.Replace(res.body, []byte(`"version": "test"`), []byte(`"version": "dev"`), 1)
	if !bytes.Equal(same, own) {
		t.Error("the document that is served is not the one that is published")
	}
	open := newHouse(t, func(_ *api.Args, o *api.Options) { o.PublicDocs = true })
	page := open.want(http.StatusOK, request{method: "GET", path: "/docs"})
	open.want(http.StatusOK, request{method: "GET", path: "/openapi.json"})
	open.want(http.StatusUnauthorized, request{method: "GET", path: "/v1/tiers"})
	text := string(page.body)
	for _, name := range documented(t).every() {
		_, path, _ := strings.Cut(name, " ")
		if !strings.Contains(text, path) {
			t.Errorf("the page does not have %s", path)
		}
	}
	if found := regexp.MustCompile(`(?i)<script|<img|<link|<iframe|src=|@import|url\(|https?://|\son\w+=|style=`).FindString(text); found != "" {
		t.Errorf("the page has %q, and should ask nothing of anybody", found)
	}
	policy := page.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "style-src 'sha256-") {
		t.Errorf("the page's policy is %q", policy)
	}
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(text)
	if len(style) != 2 || !strings.Contains(policy, digest(style[1])) {
		t.Error("the policy does not allow the page's own style")
	}
}
