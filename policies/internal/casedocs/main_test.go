package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPage holds the committed page against the rules and cases as they are.
func TestPage(t *testing.T) {
	text, err := page(t.Context(), "../..")
	if err != nil {
		t.Fatal(err)
	}
	committed, err := os.ReadFile("../../../docs/policies-cases.md")
	if err != nil || string(committed) != string(text) {
		t.Errorf("docs/policies-cases.md is not up to date; go generate ./policies: %v", err)
	}
	if !strings.Contains(string(text), "| **") || strings.Count(string(text), "](policies/") < 70 {
		t.Errorf("the page has no table:\n%s", text)
	}
}

func TestScore(t *testing.T) {
	var s score
	for _, c := range []struct {
		says    string
		refused bool
		agrees  bool
	}{{"violates", true, true}, {"violates", true, true}, {"violates", false, false}, {"pass", true, false}, {"pass", false, true}} {
		if s.add(c.says, c.refused) != c.agrees {
			t.Errorf("%+v", c)
		}
	}
	if got := s.row(); got != "5 | 3 | 2 | 0.667 | 0.667" {
		t.Error(got)
	}
	if got := (score{trueNegative: 1}).row(); got != "1 | 0 | 1 | – | –" {
		t.Error(got)
	}
}

func TestPageOfNothing(t *testing.T) {
	if _, err := page(t.Context(), t.TempDir()); err == nil {
		t.Error("no case is no fault")
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "testdata", "independent"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "testdata", "independent", "r.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := page(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "r.json") {
		t.Errorf("a file that cannot be read: %v", err)
	}
}
