package main

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// readYAML gives the content of a file of the repository.
func readYAML(t *testing.T, path string) map[string]any {
	t.Helper()
	data, err := os.ReadFile("../../" + path)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := yaml.Unmarshal(data, &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// shell gives the lines that a pipeline runs: the texts below "run" and "script".
func shell(v any, runs bool) []string {
	switch v := v.(type) {
	case map[string]any:
		var lines []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, shell(v[key], key == "run" || key == "script")...)
		}
		return lines
	case []any:
		var lines []string
		for _, e := range v {
			lines = append(lines, shell(e, runs)...)
		}
		return lines
	case string:
		if runs {
			return strings.Split(v, "\n")
		}
	}
	return nil
}

var (
	commandForm = regexp.MustCompile(`\btenantform (policy [a-z]+)`)
	flagForm    = regexp.MustCompile(`(?:^|[\s(])--([a-z][a-z-]*)`)
)

// TestPolicyPipelines checks that every command and flag of the pipelines and of
// the page about them is one of the CLI's, and that they preview and fail as they should.
func TestPolicyPipelines(t *testing.T) {
	a := &app{in: strings.NewReader(""), out: new(bytes.Buffer), err: new(bytes.Buffer), env: map[string]string{}}
	root := a.root()
	page, err := os.ReadFile("../../docs/policies-on-pull-requests.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		lines    []string
		commands int
	}{
		"action.yml":                     {shell(readYAML(t, "action.yml"), false), 2},
		"examples/ci/github-actions.yml": {shell(readYAML(t, "examples/ci/github-actions.yml"), false), 0},
		"examples/ci/gitlab-ci.yml":      {shell(readYAML(t, "examples/ci/gitlab-ci.yml"), false), 1},
		"the page":                       {strings.Split(string(page), "\n"), 7},
	} {
		found := 0
		for _, line := range tt.lines {
			if strings.Contains(line, "pulumi preview") && (!strings.Contains(line, "--json") || !strings.Contains(line, "--show-sames")) {
				t.Errorf("%s: a preview without --json --show-sames: %s", name, line)
			}
			words := []string{"policy", "check"}
			rest := line
			if at := commandForm.FindStringSubmatchIndex(line); at != nil {
				words, rest = strings.Fields(line[at[2]:at[3]]), line[at[1]:]
				found++
			} else if !strings.Contains(line, "args") || strings.Contains(line, "mapfile") {
				continue
			}
			cmd, left, err := root.Find(words)
			if err != nil || len(left) > 0 {
				t.Errorf("%s: there is no command %v: %s", name, words, line)
				continue
			}
			for _, flag := range flagForm.FindAllStringSubmatch(rest, -1) {
				if cmd.Flags().Lookup(flag[1]) == nil && cmd.InheritedFlags().Lookup(flag[1]) == nil {
					t.Errorf("%s: %v has no flag --%s: %s", name, words, flag[1], line)
				}
			}
		}
		if found < tt.commands {
			t.Errorf("%s runs %d commands of the CLI, want %d", name, found, tt.commands)
		}
	}
}

// TestPolicyAction checks that workflow and action agree on inputs and outputs,
// and that no text of a pull request becomes part of a script.
func TestPolicyAction(t *testing.T) {
	action := readYAML(t, "action.yml")
	inputs, outputs := action["inputs"].(map[string]any), action["outputs"].(map[string]any)
	actionText, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, used := range regexp.MustCompile(`inputs\.([a-z-]+)`).FindAllStringSubmatch(string(actionText), -1) {
		if inputs[used[1]] == nil {
			t.Errorf("there is no input %s", used[1])
		}
	}
	workflow := readYAML(t, "examples/ci/github-actions.yml")
	ours := 0
	for _, step := range stepsOf(t, "policies") {
		uses, _ := step["uses"].(string)
		if !strings.HasPrefix(uses, "tenantform/tenantform@") {
			continue
		}
		ours++
		for input := range step["with"].(map[string]any) {
			if inputs[input] == nil {
				t.Errorf("the action has no input %s", input)
			}
		}
	}
	text, err := os.ReadFile("../../examples/ci/github-actions.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, used := range regexp.MustCompile(`steps\.[a-z-]+\.outputs\.([a-z]+)`).FindAllStringSubmatch(string(text), -1) {
		if outputs[used[1]] == nil {
			t.Errorf("the action has no output %s", used[1])
		}
	}
	if ours != 2 {
		t.Errorf("the action is used %d times", ours)
	}
	pinned := regexp.MustCompile(`uses: (\S+)`)
	for _, used := range pinned.FindAllStringSubmatch(string(text)+string(actionText), -1) {
		if !regexp.MustCompile(`@[0-9a-f]{40}$`).MatchString(used[1]) && used[1] != "tenantform/tenantform@main" {
			t.Errorf("%s is not pinned by commit", used[1])
		}
	}
	for _, line := range slices.Concat(shell(action, false), shell(workflow, false)) {
		if strings.Contains(line, "${{") {
			t.Errorf("an expression is part of a script: %s", line)
		}
	}
}

// stepsOf gives the steps of a job of the GitHub workflow.
func stepsOf(t *testing.T, job string) []map[string]any {
	t.Helper()
	var steps []map[string]any
	for _, s := range readYAML(t, "examples/ci/github-actions.yml")["jobs"].(map[string]any)[job].(map[string]any)["steps"].([]any) {
		steps = append(steps, s.(map[string]any))
	}
	return steps
}

// bash runs a script as GitHub does, and gives what it printed and whether it failed.
func bash(t *testing.T, script, dir string, env ...string) (string, bool) {
	t.Helper()
	cmd := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = dir, append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	out, err := cmd.CombinedOutput()
	return string(out), err != nil
}

// TestPolicyPipelineIsNotSkipped holds the required job to failing where there is
// nothing to judge: a job that is skipped counts as passed.
func TestPolicyPipelineIsNotSkipped(t *testing.T) {
	jobs := readYAML(t, "examples/ci/github-actions.yml")["jobs"].(map[string]any)
	if jobs["preview"].(map[string]any)["if"] != nil || jobs["policies"].(map[string]any)["if"] != "${{ always() }}" || jobs["policies"].(map[string]any)["needs"] != "preview" {
		t.Error("a job may be skipped")
	}
	fork, empty := stepsOf(t, "preview")[0]["run"].(string), stepsOf(t, "policies")[0]["run"].(string)
	for _, tt := range []struct {
		script, env string
		fails       bool
	}{
		{fork, "FROM=acme/shop", false}, {fork, "FROM=mallory/shop", true}, {fork, "FROM=", true},
		{empty, "PREVIEW=success", false}, {empty, "PREVIEW=failure", true}, {empty, "PREVIEW=skipped", true}, {empty, "PREVIEW=cancelled", true}, {empty, "PREVIEW=", true},
	} {
		if out, failed := bash(t, tt.script, t.TempDir(), "GITHUB_REPOSITORY=acme/shop", tt.env); failed != tt.fails || failed != strings.Contains(out, "::error::") {
			t.Errorf("%s: failed %v: %s", tt.env, failed, out)
		}
	}
}

// TestPolicyPipelineKeepsTokens keeps tokens that write away from jobs that run the
// program of who asks.
func TestPolicyPipelineKeepsTokens(t *testing.T) {
	for name, v := range readYAML(t, "examples/ci/github-actions.yml")["jobs"].(map[string]any) {
		job := v.(map[string]any)
		runs := strings.Contains(strings.Join(shell(job, false), "\n"), "pulumi ")
		for permission, level := range job["permissions"].(map[string]any) {
			if (runs && permission != "id-token" && level == "write") || (!runs && permission == "id-token") {
				t.Errorf("%s has %s: %s", name, permission, level)
			}
		}
	}
	for name, v := range readYAML(t, "examples/ci/gitlab-ci.yml") {
		job, ok := v.(map[string]any)
		if !ok {
			continue
		}
		lines := strings.Join(shell(job, false), "\n")
		if strings.Contains(lines, "COMMENT_TOKEN") != (name == "comment") || strings.Contains(lines, "pulumi ") != (name == "preview") || (job["environment"] != nil) != (name == "comment") {
			t.Errorf("%s runs\n%s", name, lines)
		}
	}
}

// TestPolicyActionRuns runs the action's own script twice with a command in the place
// of "tenantform" that notes what it is asked.
func TestPolicyActionRuns(t *testing.T) {
	var script string
	for _, s := range readYAML(t, "action.yml")["runs"].(map[string]any)["steps"].([]any) {
		if step := s.(map[string]any); step["id"] == "check" {
			script = step["run"].(string)
		}
	}
	temp := t.TempDir()
	write(t, filepath.Join(temp, "bin", "tenantform"), `#!/bin/bash
printf '%s|' "$@" >> "$RUNNER_TEMP/asked"; echo >> "$RUNNER_TEMP/asked"
if [ -n "$BREAKS" ]; then exit 2; fi
while [ $# -gt 0 ]; do if [ "$1" = --output-file ]; then echo "of $PREVIEWS" > "$2"; fi; shift; done
exit 3
`)
	if err := os.Chmod(filepath.Join(temp, "bin", "tenantform"), 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	run := func(env ...string) (asked, outputs string) {
		for _, name := range []string{"asked", "output"} {
			_ = os.Remove(filepath.Join(temp, name))
		}
		out, failed := bash(t, script, temp, slices.Concat([]string{"RUNNER_TEMP=" + temp, "GITHUB_OUTPUT=" + filepath.Join(temp, "output"),
			"GITHUB_STEP_SUMMARY=" + filepath.Join(temp, "summary"), "SOURCE=Pulumi.yaml"}, env)...)
		if !failed {
			t.Errorf("a refusal is no failure: %s", out)
		}
		a, _ := os.ReadFile(filepath.Join(temp, "asked"))
		o, _ := os.ReadFile(filepath.Join(temp, "output"))
		return string(a), string(o)
	}
	asked, first := run("PREVIEWS=a b.json\n\nc.json\n", "PROGRAM=tenant", "TENANT=acme", "TIERS=premium\nstandard\n", "ENVIRONMENT=dev", "REGION=eu-west-1",
		"ACCOUNT=111111111111", "FUNCTIONS_ACCOUNT=222222222222", "STACK_TAGS=a=b c\n$(exit 1)=d", "BUNDLE=policies")
	const want = "--source|Pulumi.yaml|--program|tenant|--tenant|acme|--tier|premium|--tier|standard|--environment|dev|--region|eu-west-1|--account|111111111111|" +
		"--functions-account|222222222222|--stack-tag|a=b c|--stack-tag|$(exit 1)=d|--bundle|policies|--|a b.json|c.json|\n"
	if strings.Count(asked, want) != 2 || !strings.HasPrefix(asked, "policy|check|--format|sarif|") {
		t.Errorf("asked\n%swant\n%s", asked, want)
	}
	if _, second := run("PREVIEWS=d.json"); first == second || strings.Count(first, "\n") != 2 || strings.Count(second, "\n") != 2 {
		t.Errorf("two uses write\n%sand\n%s", first, second)
	}
	if _, none := run("PREVIEWS=e.json", "BREAKS=1"); none != "" {
		t.Errorf("a check that cannot run gives an earlier one's files: %s", none)
	}
	if asked, _ := run("PREVIEWS= \n"); asked != "" {
		t.Errorf("without a preview: %s", asked)
	}
}
