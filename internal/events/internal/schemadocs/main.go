// Schemadocs writes the JSON Schemas of the events, and an example of each, from
// the Go types and what their documentation says.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tenantform/tenantform/internal/typeschema"
)

func main() {
	root := flag.String("root", "../..", "the root of the repository")
	out := flag.String("out", "../../docs/events", "the directory of the schemas")
	flag.Parse()
	if err := run(*root, *out); err != nil {
		fmt.Fprintln(os.Stderr, "schemadocs:", err)
		os.Exit(1)
	}
}

func run(root, out string) error {
	files, err := generate(root)
	if err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(out, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate gives the files by their names below the directory of the schemas.
func generate(root string) (map[string][]byte, error) {
	d, err := read(root)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, p := range pages() {
		if files[p.name+".json"], err = typeschema.Indented(d.schema(p)); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	all, err := examples()
	if err != nil {
		return nil, err
	}
	for name, e := range all {
		if files[filepath.Join("examples", name+".json")], err = typeschema.Indented(e); err != nil {
			return nil, fmt.Errorf("the example %s: %w", name, err)
		}
	}
	if d.missing != nil {
		return nil, fmt.Errorf("without documentation: %q", d.missing)
	}
	return files, nil
}
