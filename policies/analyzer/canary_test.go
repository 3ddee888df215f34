package analyzer_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/report"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// secretive is a program whose secrets are where rules look: names, tags,
// documents, environments, settings of a provider, arguments of a component.
func secretive(ctx *pulumi.Context) error {
	hidden := func(text string) pulumi.StringOutput {
		return pulumi.ToSecret(pulumi.String(text)).(pulumi.StringOutput)
	}
	p, err := aws.NewProvider(ctx, "core", &aws.ProviderArgs{Region: pulumi.String("eu-west-1"), SecretKey: hidden(canary),
		AllowedAccountIds: pulumi.StringArray{pulumi.String("111111111111")}})
	if err != nil {
		return err
	}
	var whole struct{ pulumi.ResourceState }
	if err := ctx.RegisterComponentResource("mine:index:Whole", "whole", &whole); err != nil {
		return err
	}
	ctx.Export("password", hidden(canary))
	tags := pulumi.Map{"tenant-id": hidden(canary), "tier": pulumi.String("free"), "model": pulumi.String("pool")}
	trust := pulumi.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"lambda.amazonaws.com"}}]}`)
	var role struct {
		pulumi.CustomResourceState

		Arn pulumi.StringOutput `pulumi:"arn"`
	}
	if err := ctx.RegisterResource("aws:iam/role:Role", "role", pulumi.Map{"name": pulumi.String("role"), "assumeRolePolicy": trust, "tags": tags}, &role, pulumi.Provider(p)); err != nil {
		return err
	}
	for _, r := range []struct {
		typ, name string
		inputs    pulumi.Map
	}{
		{logGroup, "logs", pulumi.Map{"name": hidden("/" + canary), "tags": tags}},
		{"aws:iam/policy:Policy", "policy", pulumi.Map{"name": pulumi.String("all"),
			"policy": hidden(`{"Version":"2012-10-17","Statement":[{"Sid":"` + canary + `","Effect":"Allow","Action":"*","Resource":"*"}]}`)}},
		{"aws:lambda/function:Function", "function", pulumi.Map{
			"name": pulumi.String("f"), "runtime": pulumi.String("python3.13"), "handler": pulumi.String("index.handler"), "role": role.Arn,
			"code":        pulumi.NewAssetArchive(map[string]any{"index.py": pulumi.NewStringAsset("def handler(event, context):\n    return event\n")}),
			"environment": pulumi.Map{"variables": pulumi.Map{"PASSWORD": hidden(canary), "BOTH": pulumi.Sprintf("%s/%s", role.Arn, hidden(canary))}},
		}},
	} {
		var made struct{ pulumi.CustomResourceState }
		if err := ctx.RegisterResource(r.typ, r.name, r.inputs, &made, pulumi.Provider(p), pulumi.Parent(&whole)); err != nil {
			return err
		}
	}
	return nil
}

// about begins a rule of one's own.
const about = `# METADATA
# title: A rule of the test
# description: It shows all that it is given, or breaks on it.
# custom:
#   severity: low
#   scope: %s
#   on_unknown: The same.
#   waivable: "yes"
#   category: data
#   enforcement: mandatory
#   remediation: None.
#   related: []
package tenantform.rules.%s

`

// ownRules gives a rule that puts all that it is given into its findings, or one
// that fails on what it is given.
func ownRules(fails bool) fstest.MapFS {
	if fails {
		return fstest.MapFS{"rules/breaks/rule.rego": {Data: fmt.Appendf(nil, about+
			`findings contains {"urn": r.urn, "property": "", "value": null, "message": json.unmarshal(r.inputs.policy).Sid, "unknown": false} if some r in input.plan.resources`,
			"resource", "breaks")}}
	}
	return fstest.MapFS{"rules/tells/rule.rego": {Data: fmt.Appendf(nil, about+
		`findings contains {"urn": r.urn, "property": "inputs", "value": r, "message": json.marshal(r), "unknown": false} if some r in input.plan.resources
findings contains {"urn": "", "property": "subject", "value": input.subject, "message": json.marshal([input.subject, input.catalogue]), "unknown": false}`,
		"stack", "tells")}}
}

// formats gives a report in every format that there is.
func formats(t *testing.T, r policies.Report) string {
	t.Helper()
	var b bytes.Buffer
	for _, format := range report.Formats() {
		if err := report.Write(&b, format, report.Document{Decisions: []report.Decision{{Stack: "s", Report: r}}}); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// hides fails when a text has the canary in it, or when it does not have what
// shows that the secrets were come by.
func hides(t *testing.T, what, text string, wants ...string) {
	t.Helper()
	if i := strings.Index(text, canary); i >= 0 {
		t.Errorf("%s shows a secret: …%s…", what, text[max(0, i-200):min(len(text), i+100)])
	}
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %q: %s", what, want, text[:min(len(text), 2000)])
		}
	}
}

// TestSecretsStayHidden lets the canary go through all channels, with a rule that
// shows all that it is given, and with one that fails on it.
func TestSecretsStayHidden(t *testing.T) {
	c := newCommandLine(t, "dev")
	catalogue, err := tenantfile.DefaultCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	subject := policies.Subject{Environment: "production", Region: "eu-west-1", Account: "111111111111"}
	for _, fails := range []bool{false, true} {
		e, err := policies.New(t.Context(), &policies.Options{Own: []policies.Own{{Name: "own", FS: ownRules(fails)}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Run(fmt.Sprintf("gate, fails %v", fails), func(t *testing.T) { hiddenByGate(t, c, e, fails) })
		t.Run(fmt.Sprintf("pack, fails %v", fails), func(t *testing.T) { hiddenByPack(t, c, fails) })
		t.Run(fmt.Sprintf("reader, fails %v", fails), func(t *testing.T) {
			shown, errs, err := c.both(secretive, "preview", "--json", "--show-sames")
			if err != nil {
				t.Fatalf("%v\n%s%s", err, errs, shown)
			}
			p, err := plan.FromPreviewJSON(strings.NewReader(shown))
			if err != nil {
				t.Fatal(err)
			}
			hiddenByRules(t, e, policies.NewInput(p, subject, catalogue), fails)
		})
	}
	if out, err := c.run(secretive, "up", "--yes", "--skip-preview"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, args := range [][]string{{"stack", "export", "--stack", c.stack}, {"stack", "export", "--show-secrets", "--stack", c.stack}} {
		shown, errs, err := c.both(nil, args...)
		if err != nil {
			t.Fatalf("%v\n%s%s", err, errs, shown)
		}
		if plainly := strings.Contains(shown, `"plaintext"`); plainly != (len(args) == 5) {
			t.Errorf("%v shows secrets: %v", args, plainly)
		}
		p, err := plan.FromStateJSON(strings.NewReader(shown))
		if err != nil {
			t.Fatal(err)
		}
		for _, fails := range []bool{false, true} {
			e, err := policies.New(t.Context(), &policies.Options{Own: []policies.Own{{Name: "own", FS: ownRules(fails)}}})
			if err != nil {
				t.Fatal(err)
			}
			hiddenByRules(t, e, policies.NewInput(p, subject, catalogue), fails)
		}
	}
}

// TestSecretOfARefusedProperty lets the provider refuse a property that is secret:
// the engine's message has the value, and what is said of it here has not.
func TestSecretOfARefusedProperty(t *testing.T) {
	c := newCommandLine(t, "dev")
	program := func(ctx *pulumi.Context) error {
		return declare(ctx, logGroup, "logs", pulumi.Map{"name": pulumi.String("/acme"), "retentionInDays": pulumi.ToSecret(pulumi.String(canary)).(pulumi.StringOutput)})
	}
	shown, _, err := c.both(program, "preview", "--json", "--show-sames")
	if err == nil || !strings.Contains(shown, canary) {
		t.Fatalf("the engine does not show the secret any more: %v\n%s", err, shown)
	}
	if _, err := plan.FromPreviewJSON(strings.NewReader(shown)); err == nil {
		t.Error("a preview that failed was read")
	} else {
		hides(t, "the reader", err.Error(), "retentionInDays has a problem")
	}
	var events []automation.Event
	var log bytes.Buffer
	engine, err := automation.New(filepath.Join(t.TempDir(), "engine"), &gate{}, &automation.Options{
		Pulumi: automation.CLI{Path: c.pulumi}, Env: c.cloud.Env(), Log: slog.New(slog.NewTextHandler(&log, nil)),
		Progress: func(e automation.Event) { events = append(events, e) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for what, run := range map[string]func(context.Context, automation.Stack) (automation.Result, error){"preview": engine.Preview, "up": engine.Up} {
		result, err := run(t.Context(), automation.Stack{Name: c.stack, Program: program})
		if tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Fatalf("%s: %v", what, err)
		}
		hides(t, what, fmt.Sprintf("%v %s %+v %s", err, asJSON(t, result), events, log.String()), "retentionInDays has a problem")
	}
}

// hiddenByRules looks at an input, and at all that is said of it.
func hiddenByRules(t *testing.T, e *policies.Evaluator, in policies.Input, fails bool) {
	t.Helper()
	hides(t, "the input", asJSON(t, in), plan.SecretKey)
	r, err := e.Evaluate(t.Context(), in)
	if (err != nil) != fails || r.Allowed() {
		t.Errorf("the decision is %s, %v", r.Verdict, err)
	}
	if fails {
		hides(t, "the report and the error", formats(t, r)+err.Error(), policies.ReasonEvaluation, "json.unmarshal")
		return
	}
	hides(t, "the report", formats(t, r), plan.SecretKey, "[secret]", "tells")
}

// hiddenByGate looks at what an engine says that is told to say everything.
func hiddenByGate(t *testing.T, c *commandLine, e *policies.Evaluator, fails bool) {
	var log bytes.Buffer
	var mu sync.Mutex
	var events []automation.Event
	engine, err := automation.New(filepath.Join(t.TempDir(), "engine"), e, &automation.Options{
		Pulumi: automation.CLI{Path: c.pulumi}, Env: c.cloud.Env(),
		Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug - 8})),
		Progress: func(e automation.Event) {
			mu.Lock()
			defer mu.Unlock()
			events = append(events, e)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := automation.Stack{Name: c.stack, Program: secretive, Subject: policies.Subject{Environment: "production"}}
	for what, run := range map[string]func(context.Context, automation.Stack) (automation.Result, error){"preview": engine.Preview, "up": engine.Up} {
		result, err := run(t.Context(), s)
		if fails || what == "up" {
			if tenants.CodeOf(err) != tenants.CodeForbidden {
				t.Fatalf("%s: %v", what, err)
			}
			hides(t, "the error of "+what, err.Error(), s.Name)
		} else if err != nil {
			t.Fatal(err)
		}
		if result.Report.Allowed() {
			t.Errorf("%s was allowed", what)
		}
		hides(t, "the result of "+what, asJSON(t, result)+formats(t, result.Report), plan.SecretKey)
	}
	hides(t, "progress", fmt.Sprintf("%+v", events), "policy")
	hides(t, "the log", log.String())
}

// hiddenByPack looks at what the pack's own process says, and at what the engine
// says of it.
func hiddenByPack(t *testing.T, c *commandLine, fails bool) {
	own := filepath.Join(c.dir, fmt.Sprintf("own-%v", fails))
	if err := os.CopyFS(own, fs.FS(ownRules(fails))); err != nil {
		t.Fatal(err)
	}
	said := filepath.Join(own, "said")
	plugin := filepath.Join(c.bin, "pulumi-analyzer-policy-tenantform")
	pack := c.write(fmt.Sprintf("pack-%v", fails), fmt.Sprintf("#!/bin/sh\n%s -bundle %s \"$@\" 2>>%s | tee -a %s\n", plugin, own, said, said))
	out, err := c.preview(secretive, pack)
	if err == nil {
		t.Errorf("the preview went well:\n%s", out)
	}
	text, readErr := os.ReadFile(said)
	if readErr != nil || len(text) == 0 {
		t.Errorf("the pack said nothing: %v", readErr)
	}
	want := "tells"
	if fails {
		want = "json.unmarshal"
	}
	hides(t, "the engine", out, want)
	hides(t, "the pack", string(text))
}
