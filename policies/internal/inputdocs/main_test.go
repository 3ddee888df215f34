package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/internal/inputschema"
)

const root = "../../.."

// TestGeneratedIsCurrent fails when the types or their documentation have changed
// and the schema or the page has not.
func TestGeneratedIsCurrent(t *testing.T) {
	schema, page, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{"policies/schema/input.json": schema, "docs/policy-input.md": page} {
		got, err := os.ReadFile(filepath.Join(root, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not current; run go generate ./policies (%v)", name, err)
		}
	}
	if !bytes.Equal(policies.InputSchema(), schema) {
		t.Error("InputSchema is not current; run go generate ./policies")
	}
}

// TestPageSpeaksJSON keeps names of Go out of the page.
func TestPageSpeaksJSON(t *testing.T) {
	_, page, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"nil", "zero value", " Inputs", "NewInput", "Program", "Release constants", "MarshalJSON", "DefaultC"} {
		if i := bytes.Index(page, []byte(word)); i >= 0 {
			t.Errorf("the page says %q: …%s…", word, page[max(0, i-40):min(len(page), i+40)])
		}
	}
	in, err := policies.ParseFixture(example)
	if err != nil {
		t.Fatal(err)
	}
	if err := inputschema.Check(t.Context(), policies.InputSchema(), in); err != nil {
		t.Error(err)
	}
	e, err := policies.New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if d := r.Denials(); len(d) != 1 || d[0].Rule != "log_group_retention" {
		t.Errorf("the example is denied for %+v, want log_group_retention alone", d)
	}
}

func TestUndocumentedIsRefused(t *testing.T) {
	d, err := read(root)
	if err != nil {
		t.Fatal(err)
	}
	delete(d.Fields, "plan.Resource.Changed")
	if _, err := schema(d); err == nil || !strings.Contains(err.Error(), "Resource.Changed") {
		t.Errorf("a field without documentation: %v", err)
	}
	if _, err := read(t.TempDir()); err == nil {
		t.Error("a directory without sources was read")
	}
}
