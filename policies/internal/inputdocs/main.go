// Inputdocs writes the JSON schema of the policies' input, and the page about it,
// from the Go types and what their documentation says.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/tenantform/tenantform/internal/typeschema"
)

func main() {
	root := flag.String("root", "..", "the root of the repository")
	schemaFile := flag.String("schema", "schema/input.json", "the file of the schema")
	pageFile := flag.String("page", "../docs/policy-input.md", "the file of the page")
	flag.Parse()
	if err := run(*root, *schemaFile, *pageFile); err != nil {
		fmt.Fprintln(os.Stderr, "inputdocs:", err)
		os.Exit(1)
	}
}

func run(root, schemaFile, pageFile string) error {
	schema, page, err := generate(root)
	if err != nil {
		return err
	}
	if err := os.WriteFile(schemaFile, schema, 0o644); err != nil {
		return err
	}
	return os.WriteFile(pageFile, page, 0o644)
}

// generate gives the schema and the page.
func generate(root string) (schemaText, pageText []byte, err error) {
	d, err := read(root)
	if err != nil {
		return nil, nil, err
	}
	s, err := schema(d)
	if err != nil {
		return nil, nil, err
	}
	if schemaText, err = typeschema.Indented(s); err != nil {
		return nil, nil, err
	}
	pageText, err = page(d)
	return schemaText, pageText, err
}
