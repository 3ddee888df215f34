// Ruledocs writes a page for each rule of the policy bundle, and a list of them,
// from the rules' metadata and their violating fixtures.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tenantform/tenantform/policies"
)

func main() {
	out := flag.String("out", "../docs/policies", "the directory to write to")
	rules := flag.String("rules", "bundle/rules", "the directory of the rules")
	flag.Parse()
	if err := run(*rules, *out); err != nil {
		fmt.Fprintln(os.Stderr, "ruledocs:", err)
		os.Exit(1)
	}
}

func run(rules, out string) error {
	files, err := pages(context.Background(), rules)
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(out, "*.md"))
	if err != nil {
		return err
	}
	for _, name := range old {
		if _, still := files[filepath.Base(name)]; !still {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(out, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pages gives the text of every page by file name.
func pages(ctx context.Context, dir string) (map[string][]byte, error) {
	evaluator, err := policies.New(ctx, nil)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	var index bytes.Buffer
	index.WriteString("# Policies\n\nThe rules that decide before every run. This directory is generated from the rules' metadata: `go generate ./policies`.\n\n" +
		"| rule | severity | what it demands |\n| --- | --- | --- |\n")
	for _, r := range evaluator.Rules() {
		fmt.Fprintf(&index, "| [%s](%s.md) | %s | %s |\n", r.ID, r.ID, r.Severity, r.Title)
		refused, err := examples(ctx, evaluator, dir, r.ID)
		if err != nil {
			return nil, err
		}
		files[r.ID+".md"] = r.Page(refused)
	}
	files["README.md"] = index.Bytes()
	return files, nil
}

// examples gives what the rule says about its violating fixtures, each message once.
func examples(ctx context.Context, e *policies.Evaluator, dir, id string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, id, "fixtures", "violates*.json"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("rule %s has no violating fixture", id)
	}
	var lines []string
	seen := map[string]bool{}
	for _, name := range names {
		in, err := policies.ReadFixture(os.DirFS(filepath.Dir(name)), filepath.Base(name))
		if err != nil {
			return nil, err
		}
		report, err := e.Evaluate(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, f := range report.Findings {
			if f.Rule != id || seen[f.Message] {
				continue
			}
			seen[f.Message] = true
			line := f.Message
			if f.Property != "" {
				line = "`" + f.Property + "`: " + line
			}
			lines = append(lines, line)
		}
	}
	return lines, nil
}
