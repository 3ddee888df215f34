// Command tenantform creates, moves and deletes tenants, brings the shared
// stacks up, deploys tenants' functions, and asks the policies first. It is the
// one place where the adapters meet: files as the store, the local stand-in for
// AWS, Pulumi's engine.
package main

import (
	"context"
	"os"

	"github.com/tenantform/tenantform/cmd/tenantform/internal/quietterm"
)

func main() {
	quietterm.Restore()
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
