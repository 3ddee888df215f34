// Taggable lists the resource types that take a map of tags, as the pulumi-aws
// SDK's own sources declare them, and writes them as data of the policy bundle.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

const module = "github.com/pulumi/pulumi-aws/sdk/v6"

var (
	registered = regexp.MustCompile(`ctx\.RegisterResource\("(aws:[^"]+)"`)
	arguments  = regexp.MustCompile(`(?s)\ntype [a-z]\w*Args struct \{\n(.*?)\n\}`)
	tags       = regexp.MustCompile("\\bTags\\s+map\\[string\\]string\\s+`pulumi:\"tags\"`")
)

func main() {
	out := flag.String("out", "bundle/tenantform/aws/data.json", "the file to write")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "taggable:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return fmt.Errorf("where %s is: %w", module, err)
	}
	types, err := taggable(strings.TrimSpace(string(dir)))
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(map[string]any{"taggable": types}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644)
}

// taggable gives the types as the keys of a map, which a rule looks up in one step.
func taggable(dir string) (map[string]bool, error) {
	types := map[string]bool{}
	err := filepath.WalkDir(filepath.Join(dir, "go", "aws"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		typ := registered.FindSubmatch(text)
		args := arguments.FindSubmatch(text)
		if typ != nil && args != nil && tags.Match(args[1]) {
			types[string(typ[1])] = true
		}
		return nil
	})
	if err == nil && len(types) == 0 {
		err = fmt.Errorf("no type with tags is in %s", dir)
	}
	return types, err
}
