// Command program is what Pulumi.yaml runs: it reads the stack's configuration
// and runs the program that it names. The programs are those of package stacks,
// the very same that the Automation API runs.
//
// It exits with 1 when the program fails and says why on standard error, as
// every Pulumi program does.
package main

import (
	"maps"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

func main() {
	var config map[string]string
	pulumi.Run(func(ctx *pulumi.Context) error {
		program, err := load(ctx.Project(), ctx.Stack(), ctx.RootDirectory(), config)
		if err != nil {
			return err
		}
		return program(ctx)
	}, func(info *pulumi.RunInfo) { config = maps.Clone(info.Config) })
}
