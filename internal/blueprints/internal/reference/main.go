// Reference writes the reference of the components and the comparison of what
// they make in dev and in production.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/tenantform/tenantform/internal/blueprints"
	"github.com/tenantform/tenantform/policies"
)

func main() {
	out := flag.String("out", "", "the file for the reference")
	environments := flag.String("environments", "", "the file for the comparison of environments")
	flag.Parse()
	if err := run(*out, *environments); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

// The directories as seen from internal/blueprints, where go generate runs.
const (
	code       = "testdata/code"
	components = "../../components"
)

func run(out, environments string) error {
	text, err := blueprints.Environments(code)
	if err != nil {
		return err
	}
	if err := os.WriteFile(environments, []byte(text), 0o644); err != nil {
		return err
	}
	gate, err := policies.New(context.Background(), nil)
	if err != nil {
		return err
	}
	page, err := reference(context.Background(), gate, blueprints.All())
	if err != nil {
		return err
	}
	return os.WriteFile(out, page, 0o644)
}
