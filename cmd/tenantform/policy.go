package main

import (
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/atomicfile"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

func (a *app) policyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "policy",
		Short: "Ask the policies about a plan or a deployed state, and write rules of one's own",
	}
	cmd.AddCommand(a.policyCheckCommand(), a.policyImpactCommand(), a.policyListCommand(), a.policyExplainCommand(), a.policySchemaCommand(), a.policyNewCommand(), a.policyTestCommand())
	return cmd
}

// bundles are rules of one's own that a command takes beside the built-in ones.
type bundles []string

func (b *bundles) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar((*[]string)(b), "bundle", nil,
		"a directory with rules of one's own, which are added to the built-in ones or replace those of the same id; may be repeated")
}

// own gives the bundles; the error is CodeInvalid for what is no directory.
func (b bundles) own() ([]policies.Own, error) {
	var all []policies.Own
	for _, dir := range b {
		own, err := ownRules("--bundle", dir)
		if err != nil {
			return nil, err
		}
		all = append(all, own)
	}
	return all, nil
}

func ownRules(field, dir string) (policies.Own, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return policies.Own{}, invalid(field, dir, "a directory with rules, rules/<id>/rule.rego each")
	}
	return policies.Own{Name: dir, FS: os.DirFS(dir)}, nil
}

// writeFile writes a file as a whole or not at all. What is there already is
// replaced if it is a plain file.
func writeFile(field, path string, data []byte) error {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		return invalid(field, path, "a plain file, which is written or replaced")
	}
	if err := atomicfile.Replace(path, data, 0o644); err != nil {
		return tenants.Errorf(tenants.CodeInvalid, "%s %s cannot be written: %w", field, path, plainReason(err))
	}
	return nil
}

// plainReason gives why a file could not be used, without the name of one that
// nobody asked for.
func plainReason(err error) error {
	if e, ok := err.(*fs.PathError); ok { //nolint:errorlint // as os gives it
		return e.Err
	}
	return err
}
