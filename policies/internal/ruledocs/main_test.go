package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestPagesAreCurrent fails when a rule's metadata and its page differ, when a
// page is missing and when one is of no rule.
func TestPagesAreCurrent(t *testing.T) {
	const out = "../../../docs/policies"
	files, err := pages(t.Context(), "../../bundle/rules")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(out, name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/policies/%s is not current; run go generate ./policies (%v)", name, err)
		}
	}
	found, err := filepath.Glob(filepath.Join(out, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		if files[filepath.Base(name)] == nil {
			t.Errorf("%s is the page of no rule; run go generate ./policies", name)
		}
	}
}
