// Command gen makes schema.json again from the Terraform AWS provider that
// TENANTFORM_TF_AWS_PROVIDER names; it needs the terraform command.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/tenantform/tenantform/test/awsprovider/internal/names"
	"github.com/tenantform/tenantform/test/awsprovider/internal/tfschema"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run() error {
	dir, err := os.MkdirTemp("", "tfschema")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	data, err := tfschema.Read(context.Background(), dir, os.Getenv("TENANTFORM_TF_AWS_PROVIDER"))
	if err != nil {
		return err
	}
	schema, err := names.Cut(data)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", " ")
	if err := enc.Encode(schema); err != nil {
		return err
	}
	return os.WriteFile("schema.json", out.Bytes(), 0o644)
}
