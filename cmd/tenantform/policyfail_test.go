package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/policies/report"
)

const brokenHead = `# METADATA
# title: A rule of the test
# description: It does not do what a rule has to.
# custom:
#   severity: low
#   scope: resource
#   on_unknown: The same.
#   waivable: "yes"
#   category: data
#   enforcement: mandatory
#   remediation: None.
#   related: []
package tenantform.rules.broken

`

// TestPolicyCheckCannotDecide gives the check rules that reach no decision: it
// refuses in every format, and says why. What is secret in the plan is shown in
// none of them.
func TestPolicyCheckCannotDecide(t *testing.T) {
	const canary = "canary-91c4"
	hidden := `{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "` + canary + `", "plaintext": "\"` + canary + `\""}`
	state := `{"version": 3, "deployment": {"resources": [
		{"urn": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev", "type": "pulumi:pulumi:Stack", "outputs": {"token": ` + hidden + `}},
		{"urn": "urn:pulumi:dev::shop::aws:iam/policy:Policy::all", "custom": true, "id": "` + canary + `", "type": "aws:iam/policy:Policy",
			"inputs": {"policy": ` + hidden + `, "name": ` + hidden + `, "tags": {"tenant-id": ` + hidden + `}}, "outputs": {"arn": "` + canary + `"}}]}}`
	for name, tt := range map[string]struct {
		rule, want string
		code       int
	}{
		"does not parse":        {"findings contains", "broken", exitInvalid},
		"does not compile":      {"findings := {x | x := nowhere(1)}", "does not compile", exitInvalid},
		"reaches out":           {`findings contains 1 if http.send({"method": "get", "url": "http://127.0.0.1"})`, "does not compile", exitInvalid},
		"fails":                 {"findings contains json.unmarshal(r.inputs.policy) if some r in input.plan.resources", policies.ReasonEvaluation, exitFailed},
		"gives nothing":         {"found := 1", policies.ReasonNoRule, exitFailed},
		"is undefined":          {`findings := set() if input.plan.stack == "other"`, policies.ReasonNoRule, exitFailed},
		"gives another finding": {"findings contains r.inputs if some r in input.plan.resources", policies.ReasonUndefined, exitFailed},
	} {
		dir := t.TempDir()
		file := write(t, filepath.Join(dir, "state.json"), state)
		write(t, filepath.Join(dir, "own", "rules", "broken", "rule.rego"), brokenHead+tt.rule)
		for _, format := range report.Formats() {
			got := command(t, dir, "policy", "check", "--state", file, "--bundle", filepath.Join(dir, "own"), "--format", format)
			if got.code != tt.code || !strings.Contains(got.out+got.errors, tt.want) {
				t.Errorf("%s, as %s: exit code %d:\n%s%s", name, format, got.code, got.out, got.errors)
			}
			if strings.Contains(got.out+got.errors, canary) {
				t.Errorf("%s, as %s: a secret is shown:\n%s%s", name, format, got.out, got.errors)
			}
		}
	}
}

// TestPolicyCheckHidesSecrets shows every finding that a secret state gets, and
// what a state or preview that cannot be read gets, without the secret.
func TestPolicyCheckHidesSecrets(t *testing.T) {
	const canary = "canary-91c4"
	hidden := `{"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "` + canary + `", "plaintext": "\"` + canary + `\""}`
	resources := func(more string) string {
		return `{"version": 3, "deployment": {"resources": [
		{"urn": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev", "type": "pulumi:pulumi:Stack"},
		{"urn": "urn:pulumi:dev::shop::aws:cloudwatch/logGroup:LogGroup::logs", "custom": true, "id": "` + canary + `", "type": "aws:cloudwatch/logGroup:LogGroup",
			"inputs": {"name": ` + hidden + `, "retentionInDays": ` + hidden + `, "tags": {"tenant-id": ` + hidden + `}}}` + more
	}
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		text string
		args []string
		want string
	}{
		"a state":                   {resources("]}}"), []string{"--state"}, "log_group_retention"},
		"a state that is cut off":   {resources(""), []string{"--state"}, "cut off"},
		"a state with another":      {resources("]}} {}"), []string{"--state"}, "follows"},
		"a state as a preview":      {resources("]}}"), nil, "preview"},
		"a wrong type in a state":   {resources(`, {"urn": "` + canary + `", "custom": "` + canary + `"}]}}`), []string{"--state"}, "wrong type"},
		"a wrong type in a preview": {`{"duration": 1, "changeSummary": {"create": 1}, "steps": [{"op": "create", "urn": "u", "newState": {"inputs": "` + canary + `"}}]}`, nil, "preview"},
		"text in place of a number": {`{"duration": "` + canary + `"}`, nil, "preview"},
	} {
		for _, format := range report.Formats() {
			got := commandIn(t, dir, tt.text, nil, append([]string{"policy", "check", "--format", format}, tt.args...)...)
			if got.code == exitDone || !strings.Contains(got.out+got.errors, tt.want) {
				t.Errorf("%s, as %s: exit code %d:\n%s%s", name, format, got.code, got.out, got.errors)
			}
			if strings.Contains(got.out+got.errors, canary) {
				t.Errorf("%s, as %s: a secret is shown:\n%s%s", name, format, got.out, got.errors)
			}
		}
	}
}
