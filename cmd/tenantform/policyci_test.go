package main

import (
	"bytes"
	"maps"
	"os"
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
		"examples/ci/gitlab-ci.yml":      {shell(readYAML(t, "examples/ci/gitlab-ci.yml"), false), 3},
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
	text, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, used := range regexp.MustCompile(`inputs\.([a-z-]+)`).FindAllStringSubmatch(string(text), -1) {
		if inputs[used[1]] == nil {
			t.Errorf("there is no input %s", used[1])
		}
	}
	workflow := readYAML(t, "examples/ci/github-actions.yml")
	job := workflow["jobs"].(map[string]any)["policies"].(map[string]any)
	ours := 0
	for _, s := range job["steps"].([]any) {
		step := s.(map[string]any)
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
	text, err = os.ReadFile("../../examples/ci/github-actions.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, used := range regexp.MustCompile(`steps\.policies\.outputs\.([a-z]+)`).FindAllStringSubmatch(string(text), -1) {
		if outputs[used[1]] == nil {
			t.Errorf("the action has no output %s", used[1])
		}
	}
	if permissions := job["permissions"].(map[string]any); ours != 1 || permissions["contents"] != "read" || permissions["id-token"] != "write" {
		t.Errorf("the action is used %d times, with permissions %v", ours, permissions)
	}
	for _, line := range slices.Concat(shell(action, false), shell(workflow, false)) {
		if strings.Contains(line, "${{") {
			t.Errorf("an expression is part of a script: %s", line)
		}
	}
}
