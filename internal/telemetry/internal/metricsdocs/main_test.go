package main

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/tenantform/tenantform/internal/telemetry"
)

func TestPageIsUpToDate(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(page, generate()) {
		t.Error(`docs/metrics.md is not what the metrics say; run "go generate ./internal/telemetry"`)
	}
	if n := len(telemetry.Table()); n != 16 {
		t.Errorf("%d metrics are described", n)
	}
}

// TestPagesNameMetricsThatAreThere looks at the page that says what to look at.
func TestPagesNameMetricsThatAreThere(t *testing.T) {
	page, err := os.ReadFile("../../../../docs/control-plane.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`tenantform_[a-z_]+`).FindAllString(string(page), -1)
	if len(names) < 3 {
		t.Errorf("the page names %v", names)
	}
	for _, name := range names {
		if !slices.ContainsFunc(telemetry.Table(), func(m telemetry.Metric) bool { return m.Name == name }) {
			t.Errorf("there is no metric %s", name)
		}
	}
}
