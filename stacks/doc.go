// Package stacks holds the Pulumi programs: platform, pool, tenant and
// functions. Each is a function from a spec to a pulumi.RunFunc, so that the
// Automation API and "pulumi up" run the same program.
package stacks
