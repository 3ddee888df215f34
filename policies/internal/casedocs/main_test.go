package main

import (
	"os"
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

func TestPageOfNothing(t *testing.T) {
	if _, err := page(t.Context(), t.TempDir()); err == nil {
		t.Error("no case is no fault")
	}
}
