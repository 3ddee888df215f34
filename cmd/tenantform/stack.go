package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

func (a *app) stackCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stack",
		Short: "Work on single stacks: platform, pool-<cell>, tenant-<id>, functions-<id>",
		Long: `Works on one stack: platform and pool-<cell> are shared, tenant-<id> is what a
tenant has, functions-<id> is the code it brought. Tenants' stacks are made,
moved and deleted by "tenantform tenant"; here they can be looked at, refreshed
and brought back to what they should be.`,
	}
	cmd.AddCommand(a.stackUpCommand(), a.stackPreviewCommand(), a.stackDestroyCommand(), a.stackRefreshCommand(),
		a.stackRepairCommand(), a.stackOutputsCommand(), a.stackListCommand())
	return cmd
}

func (a *app) stackUpCommand() *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "up STACK",
		Short: "Bring a stack to what its program says",
		Args:  exactly("STACK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if dryRun {
				return a.stackPreview(cmd.Context(), args[0])
			}
			return a.onStack(cmd.Context(), args[0], (*automation.Engine).Up, "is up")
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show what would change and what the policies say; change nothing")
	return cmd
}

func (a *app) stackPreviewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "preview STACK",
		Short: "Show what up would change and what the policies say",
		Args:  exactly("STACK"),
		RunE:  func(cmd *cobra.Command, args []string) error { return a.stackPreview(cmd.Context(), args[0]) },
	}
}

func (a *app) stackPreview(ctx context.Context, name string) error {
	return a.previewStack(ctx, name, (*automation.Engine).Preview, "preview of stack "+name, true)
}

func (a *app) stackRefreshCommand() *cobra.Command {
	var dryRun bool
	cmd := &cobra.Command{
		Use:   "refresh STACK",
		Short: "Record what a stack's resources are now, and say what had drifted",
		Args:  exactly("STACK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if dryRun {
				return a.previewStack(cmd.Context(), args[0], (*automation.Engine).PreviewRefresh, "drift of stack "+args[0], false)
			}
			return a.onStack(cmd.Context(), args[0], (*automation.Engine).Refresh, "is recorded as it is")
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show what has drifted; record nothing")
	return cmd
}

// stack gives the stack of a name of the command line.
func (s *session) stack(ctx context.Context, name string) (automation.Stack, error) {
	st, err := s.runner.Stack(ctx, name)
	if err == nil {
		return st, nil
	}
	kind, id, _ := strings.Cut(name, "-")
	if tenants.CodeOf(err) == tenants.CodeNotFound && (kind == "tenant" || kind == "functions") {
		if _, terr := s.tenant(ctx, id); terr != nil {
			err = terr
		}
	}
	return st, refield(err, func(f *tenants.FieldError) {
		if f.Field == "stack" || f.Field == "TENANT" {
			f.Field, f.Value = "STACK", name
		}
	})
}

// onStack runs a change of one stack.
func (a *app) onStack(ctx context.Context, name string, do func(*automation.Engine, context.Context, automation.Stack) (automation.Result, error), done string) error {
	s, err := a.look()
	if err != nil {
		return err
	}
	if _, err := s.stack(ctx, name); err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.close()
	release, err := s.holdFor(name)
	if err != nil {
		return err
	}
	defer release()
	st, err := s.stack(ctx, name)
	if err != nil {
		return err
	}
	res, err := do(s.engine, ctx, st)
	if err != nil {
		return withResult(err, res, res)
	}
	a.show(res, func(w io.Writer) {
		fmt.Fprintf(w, "stack %s %s: %s, %.1f s\n", name, done, changeSummary(res.Changes), res.Seconds)
		writeRepair(w, "  ", res.Repair)
	})
	return nil
}

// holdFor keeps operations off the tenant that a stack belongs to.
func (s *session) holdFor(stack string) (release func(), err error) {
	kind, id, _ := strings.Cut(stack, "-")
	if kind != "tenant" && kind != "functions" {
		return func() {}, nil
	}
	return s.engine.Hold(id)
}

// previewStack shows what a run of one stack would do.
func (a *app) previewStack(ctx context.Context, name string, look func(*automation.Engine, context.Context, automation.Stack) (automation.Result, error), title string, decided bool) error {
	s, err := a.look()
	if err != nil {
		return err
	}
	st, err := s.stack(ctx, name)
	if err != nil {
		return err
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.close()
	res, err := look(s.engine, ctx, st)
	if err != nil {
		return withResult(err, res, res)
	}
	a.show(res, func(w io.Writer) {
		fmt.Fprintln(w, title)
		writePlan(w, "  ", res.Plan)
		if decided {
			writeReport(w, "  ", res.Report)
		}
	})
	if decided && !res.Report.Allowed() {
		return denied(title)
	}
	return nil
}

func (a *app) stackOutputsCommand() *cobra.Command {
	var secrets bool
	cmd := &cobra.Command{
		Use:   "outputs STACK",
		Short: "Show the outputs of a stack's last update",
		Args:  exactly("STACK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.look()
			if err != nil {
				return err
			}
			if _, err := s.stack(cmd.Context(), args[0]); err != nil {
				return err
			}
			if err := s.start(cmd.Context()); err != nil {
				return err
			}
			defer s.close()
			outs, err := s.engine.Outputs(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if !secrets {
				for name, o := range outs {
					if o.Secret {
						o.Value = "(secret)"
						outs[name] = o
					}
				}
			}
			a.show(outs, func(w io.Writer) { writeOutputs(w, outs) })
			return nil
		},
	}
	cmd.Flags().BoolVar(&secrets, "show-secrets", false, "show secrets in plain text")
	return cmd
}

func writeOutputs(w io.Writer, outs map[string]automation.Output) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, name := range slices.Sorted(maps.Keys(outs)) {
		fmt.Fprintf(tw, "%s\t%s\n", name, policies.Text(outs[name].Value))
	}
	_ = tw.Flush()
}

func (a *app) stackListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the stacks that are there",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			names := []string{}
			if exists(a.flags.dir) {
				s, err := a.look()
				if err != nil {
					return err
				}
				if err := s.start(cmd.Context()); err != nil {
					return err
				}
				defer s.close()
				if got, err := s.engine.Stacks(cmd.Context()); err != nil {
					return err
				} else if got != nil {
					names = got
				}
			}
			a.show(names, func(w io.Writer) {
				if len(names) == 0 {
					fmt.Fprintln(w, "there are no stacks yet")
				}
				for _, name := range names {
					fmt.Fprintln(w, name)
				}
			})
			return nil
		},
	}
}
