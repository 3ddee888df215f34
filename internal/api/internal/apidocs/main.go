// Command apidocs writes the API's OpenAPI document and its reference page.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/tenantform/tenantform/internal/api"
)

func main() {
	document := flag.String("document", "openapi.json", "where the OpenAPI document goes")
	page := flag.String("page", "api.md", "where the reference page goes")
	flag.Parse()
	if err := run(*document, *page); err != nil {
		fmt.Fprintln(os.Stderr, "apidocs:", err)
		os.Exit(1)
	}
}

func run(document, page string) error {
	for _, out := range []struct {
		file string
		make func() ([]byte, error)
	}{{document, api.Document}, {page, api.Page}} {
		text, err := out.make()
		if err != nil {
			return err
		}
		if err := os.WriteFile(out.file, text, 0o644); err != nil { //nolint:gosec // it is documentation
			return err
		}
	}
	return nil
}
