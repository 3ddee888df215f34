// Package conformance holds the programs to the real Terraform AWS provider, which
// is what pulumi-aws runs, against an emulator of AWS. It has tests only; they say
// why when the pieces they need are not on the machine.
package conformance
