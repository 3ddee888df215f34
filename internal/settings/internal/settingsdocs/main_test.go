package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/settings"
)

func TestPageIsUpToDate(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/settings.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(page, generate()) {
		t.Error(`docs/settings.md is not what the table gives; run "go generate ./internal/settings"`)
	}
	for _, s := range settings.Table() {
		if !strings.Contains(string(page), "| `"+s.Name+"` | `"+s.Env+"` | ") {
			t.Errorf("%s is not on the page", s.Name)
		}
	}
}

// TestExamplesAreGood loads every example of the page as the processes do that it
// is for.
func TestExamplesAreGood(t *testing.T) {
	blocks := strings.Split(string(head), "```yaml\n")[1:]
	if len(blocks) != 2 {
		t.Fatalf("%d examples", len(blocks))
	}
	for i, block := range blocks {
		text, _, _ := strings.Cut(block, "```")
		path := filepath.Join(t.TempDir(), "tenantform.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		processes := []settings.Process{""}
		if strings.Contains(text, "for serve and worker") {
			processes = []settings.Process{settings.Serve, settings.Work}
		}
		for _, p := range processes {
			s, err := settings.Load(settings.Args{Process: p, File: path, Env: map[string]string{}})
			if err != nil {
				t.Errorf("example %d for %s: %v", i+1, p, err)
				continue
			}
			if p == settings.Work && (len(s.Worker.Weights) != 3 || s.Monitoring.Address == "") {
				t.Errorf("%+v", s.Worker)
			}
		}
	}
}
