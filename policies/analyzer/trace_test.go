package analyzer_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/blang/semver"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tenantform/tenantform/automation"
)

// noPayloads is the engine's variable that keeps what is said from the trace of
// who said something to whom.
const noPayloads = "PULUMI_TRACING_NO_PAYLOADS=true"

// traced gives the flags that make the engine write both of its traces below a directory.
func traced(dir string) []string {
	return []string{"--tracing", "file:" + filepath.Join(dir, "spans"), "--otel-traces", "file://" + filepath.Join(dir, "otel")}
}

// written gives the text of all files below a directory.
func written(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// TestTracesOfThePack traces runs with the policy pack. The pack sends nothing to a
// trace; what the engine says to it is the engine's to leave out.
func TestTracesOfThePack(t *testing.T) {
	c := newCommandLine(t, "dev")
	pack := filepath.Join(c.bin, "pulumi-analyzer-policy-tenantform")
	c.env = append(c.env, noPayloads)
	for name, flags := range map[string][]string{"quiet": nil, "with the engine's own log": {"--logtostderr", "--logflow", "-v=3"}} {
		dir := t.TempDir()
		out, err := c.preview(secretive, pack, append(traced(dir), flags...)...)
		if err == nil || !strings.Contains(out, "iam_no_full_admin") {
			t.Errorf("%s: the pack did not decide: %v\n%s", name, err, out)
		}
		hides(t, name, out)
		hides(t, "the traces, "+name, written(t, dir), "pulumirpc.Analyzer/Analyze", "pulumirpc.Analyzer/AnalyzeStack", "pulumirpc.ResourceMonitor/RegisterResource")
	}

	c.env = c.env[:len(c.env)-1]
	dir := t.TempDir()
	if out, err := c.preview(secretive, pack, traced(dir)[:2]...); err == nil {
		t.Errorf("the preview went well:\n%s", out)
	}
	if !strings.Contains(written(t, dir), canary) {
		t.Error("the engine's own trace holds no secret any more: say so in docs/policies-in-the-engine.md")
	}
	dir = t.TempDir()
	if out, err := c.preview(secretive, pack, traced(dir)[2:]...); err == nil {
		t.Errorf("the preview went well:\n%s", out)
	}
	hides(t, "the trace for OpenTelemetry", written(t, dir), "pulumirpc.Analyzer/Analyze")
}

// TestTracesOfTheGate asks in every way for traces of the engine's runs: none is
// written but by a CLI that cannot be kept from it, and that one is told to leave
// out what is said. Neither do the spans of this process hold a secret.
func TestTracesOfTheGate(t *testing.T) {
	c := newCommandLine(t, "dev")
	asked, forced := t.TempDir(), t.TempDir()
	env := c.cloud.Env()
	for _, name := range []string{"PULUMI_OPTION_TRACING", "PULUMI_OPTION_OTEL_TRACES"} {
		t.Setenv(name, "file://"+filepath.Join(asked, "process"+name))
		env[name] = "file://" + filepath.Join(asked, "options"+name)
	}
	env["PULUMI_TRACING_NO_PAYLOADS"] = "false"
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(provider)
	t.Cleanup(func() { otel.SetTracerProvider(before) })

	forcing := c.write("forcing", fmt.Sprintf("#!/bin/sh\nexec %s \"$@\" --tracing file:%s/spans.$$ --otel-traces file://%s/otel.$$\n", c.pulumi, forced, forced))
	for name, cli := range map[string]string{"asked": c.pulumi, "forced": forcing} {
		engine, err := automation.New(filepath.Join(t.TempDir(), "engine"), &gate{}, &automation.Options{
			Pulumi: automation.CLI{Path: cli, Version: semver.MustParse(automation.MinPulumi)}, Env: env, Pass: []string{"PULUMI_*"}})
		if err != nil {
			t.Fatal(err)
		}
		s := automation.Stack{Name: c.stack, Program: secretive}
		for _, run := range []func(context.Context, automation.Stack) (automation.Result, error){engine.Up, engine.Destroy} {
			if _, err := run(t.Context(), s); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if text := written(t, asked); text != "" {
		t.Errorf("traces that were asked for by environment were written: %d bytes", len(text))
	}
	hides(t, "the traces of the CLI", written(t, forced), "pulumirpc.ResourceProvider/Create", "pulumirpc.ResourceMonitor/RegisterResource")
	all := asJSON(t, spans.GetSpans())
	hides(t, "the spans of this process", all, "pulumirpc.ResourceMonitor/RegisterResource")
}
