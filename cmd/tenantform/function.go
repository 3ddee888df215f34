package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

func (a *app) functionCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "function", Short: "Deploy, list and delete the code that tenants bring"}
	cmd.AddCommand(a.functionDeployCommand(), a.functionListCommand(), a.functionDeleteCommand())
	return cmd
}

// deployment is what "function deploy" was asked for.
type deployment struct {
	file, reason string
	dryRun       bool
	grants       []string
	function     tenants.Function // from flags, when there is no file
}

// functionFlags are the names of a function's fields on the command line.
var functionFlags = map[string]string{
	"name": "NAME", "archive": "--source", "handler": "--handler", "runtime": "--runtime", "layers": "--layer", "grants": "--grant",
}

func (a *app) functionDeployCommand() *cobra.Command {
	var d deployment
	cmd := &cobra.Command{
		Use:   "deploy TENANT NAME --source PATH --handler H --runtime R | deploy TENANT [NAME] --file function.yaml",
		Short: "Deploy a tenant's function, isolated from everything",
		Long: `Deploys code that a tenant brought: in an account of its own kind, without a
way out, with a role that denies everything unless a grant says otherwise. The
code and its layers are zip files or directories. The policies decide first; a
grant of too much is refused there.

The file has the fields name, runtime, handler, archive, layers, grants and
tags, as a function in a tenants file; its paths are relative to it.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if d.file != "" && len(args) == 1 {
				return nil
			}
			return exactly("TENANT", "NAME")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				d.function.Name = args[1]
			}
			return a.deploy(cmd.Context(), args[0], d)
		},
		ValidArgsFunction: a.completeTenantsHere,
	}
	f := cmd.Flags()
	f.StringVar(&d.function.Archive, "source", "", "the code: a zip file or a directory")
	f.StringVar(&d.function.Handler, "handler", "", `the handler, "index.handler" for example`)
	f.StringVar(&d.function.Runtime, "runtime", "", `Lambda's name of the runtime, "python3.13" for example`)
	f.StringArrayVar(&d.function.Layers, "layer", nil, "a layer with vendor code: a zip file or a directory; may be repeated")
	f.StringArrayVar(&d.grants, "grant", nil, `a permission as ACTION=RESOURCE, "s3:GetObject=arn:aws:s3:::bucket/*" for example; may be repeated`)
	f.StringVar(&d.file, "file", "", "a YAML file with the function, in place of these flags")
	f.StringVar(&d.reason, "reason", "", "why, for the journal")
	f.BoolVar(&d.dryRun, "dry-run", false, "show what would change and what the policies say; change nothing")
	return cmd
}

func (a *app) deploy(ctx context.Context, id string, d deployment) error {
	s, err := a.look()
	if err != nil {
		return err
	}
	if _, err := s.tenant(ctx, id); err != nil {
		return err
	}
	f, err := d.read()
	if err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.close()
	if err := s.need(ctx, fmt.Sprintf("the function %s of tenant %s", f.Name, id), tenants.PlatformStackName); err != nil {
		return err
	}
	if d.dryRun {
		out, err := s.runner.PlanDeploy(ctx, id, f)
		return a.planned(fmt.Sprintf("deployment of function %s of tenant %s", f.Name, id), out, err)
	}
	defer a.signals.change()()
	out, err := s.runner.Deploy(ctx, id, f, d.reason)
	return a.done(fmt.Sprintf("function %s of tenant %s is deployed", f.Name, id), out, err)
}

// read gives the function, from the flags or the file, checked with its code
// and with absolute paths.
func (d deployment) read() (tenants.Function, error) {
	if d.file != "" {
		return d.fromFile()
	}
	f := d.function
	var fields []tenants.FieldError
	for _, text := range d.grants {
		action, resource, ok := strings.Cut(text, "=")
		if !ok {
			fields = append(fields, tenants.FieldError{Field: "--grant", Value: text, Allowed: "ACTION=RESOURCE"})
			continue
		}
		f.Grants = append(f.Grants, tenants.Grant{Actions: []string{action}, Resources: []string{resource}})
	}
	if err := tenants.Invalid(fields...); err != nil {
		return f, err
	}
	if err := checkFunction(f); err != nil {
		return f, renamed(err, functionFlags)
	}
	return absolute(f)
}

func (d deployment) fromFile() (tenants.Function, error) {
	name, f := d.function.Name, d.function
	for _, x := range []struct{ flag, value string }{
		{"--source", f.Archive}, {"--handler", f.Handler}, {"--runtime", f.Runtime},
		{"--layer", strings.Join(f.Layers, " ")}, {"--grant", strings.Join(d.grants, " ")},
	} {
		if x.value != "" {
			return f, invalid(x.flag, x.value, "nothing beside --file, which says it")
		}
	}
	f, err := tenantfile.ReadFunction(d.file)
	if err != nil {
		return f, err
	}
	if name != "" && name != f.Name {
		return f, tenants.Invalid(tenants.FieldError{Source: d.file, Field: "name", Value: f.Name, Allowed: name + ", the name on the command line"})
	}
	if err := checkFunction(f); err != nil {
		return f, refield(err, func(x *tenants.FieldError) { x.Source = d.file })
	}
	return absolute(f)
}

func (a *app) functionListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list TENANT",
		Short: "List a tenant's functions",
		Args:  exactly("TENANT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.look()
			if err != nil {
				return err
			}
			t, err := s.tenant(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			all := t.Functions
			if all == nil {
				all = []tenants.Function{}
			}
			a.show(all, func(w io.Writer) { writeFunctions(w, t.ID, all) })
			return nil
		},
		ValidArgsFunction: a.completeTenantsHere,
	}
}

func writeFunctions(w io.Writer, id string, all []tenants.Function) {
	if len(all) == 0 {
		fmt.Fprintf(w, "tenant %s has no functions\n", id)
		return
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "NAME\tRUNTIME\tHANDLER\tLAYERS\tGRANTS\tCODE")
	for _, f := range all {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%d\t%d\t%s\n", f.Name, f.Runtime, f.Handler, len(f.Layers), len(f.Grants), f.Archive)
	}
	_ = tw.Flush()
}

func (a *app) functionDeleteCommand() *cobra.Command {
	var reason string
	var dryRun, yes bool
	cmd := &cobra.Command{
		Use:   "delete TENANT NAME",
		Short: "Take a tenant's function away",
		Args:  exactly("TENANT", "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.undeploy(cmd.Context(), args[0], args[1], reason, dryRun, yes)
		},
		ValidArgsFunction: a.completeTenantsHere,
	}
	f := cmd.Flags()
	f.StringVar(&reason, "reason", "", "why, for the journal")
	f.BoolVar(&dryRun, "dry-run", false, "show what would change and what the policies say; change nothing")
	f.BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (a *app) undeploy(ctx context.Context, id, name, reason string, dryRun, yes bool) error {
	s, err := a.look()
	if err != nil {
		return err
	}
	t, err := s.tenant(ctx, id)
	if err != nil {
		return err
	}
	var names []string
	for _, f := range t.Functions {
		names = append(names, f.Name)
	}
	if fields := oneOf("NAME", name, names...); fields != nil {
		if len(names) == 0 {
			fields[0].Allowed = "the name of a function; tenant " + id + " has none"
		}
		return tenants.Invalid(fields...)
	}
	if !dryRun && !yes {
		if err := a.confirm(fmt.Sprintf("Take the function %s of tenant %s away?", name, id), name); err != nil {
			return err
		}
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.close()
	if dryRun {
		out, err := s.runner.PlanUndeploy(ctx, id, name)
		return a.planned(fmt.Sprintf("deletion of function %s of tenant %s", name, id), out, err)
	}
	defer a.signals.change()()
	out, err := s.runner.Undeploy(ctx, id, name, reason)
	return a.done(fmt.Sprintf("function %s of tenant %s is taken away", name, id), out, err)
}
