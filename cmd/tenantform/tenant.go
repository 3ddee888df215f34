package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/tenants"
)

func (a *app) tenantCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "tenant", Short: "Create, show, move and delete tenants"}
	cmd.AddCommand(a.tenantCreateCommand(), a.tenantGetCommand(), a.tenantListCommand(), a.tenantMoveCommand(), a.tenantDeleteCommand())
	return cmd
}

func (a *app) tenantMoveCommand() *cobra.Command {
	var tier, reason string
	var dryRun, dataMoved bool
	cmd := &cobra.Command{
		Use:   "move TENANT --tier TIER",
		Short: "Take a tenant to another tier",
		Long: `Takes a tenant to another tier. Between a pool and a silo the new place is
brought up beside the old one, users and data go over, then the old place is
taken away. A move that failed goes on when the same tier is asked for again;
asked for the old tier, it is taken back as long as no data has gone over.`,
		Args: exactly("TENANT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.move(cmd.Context(), args[0], tier, reason, dryRun, dataMoved)
		},
		ValidArgsFunction: a.completeTenants,
	}
	f := cmd.Flags()
	f.StringVar(&tier, "tier", "", "the tier to move to")
	f.StringVar(&reason, "reason", "", "why, for the journal (required unless --dry-run)")
	f.BoolVar(&dryRun, "dry-run", false, "show the steps, what each changes and what the policies say; change nothing")
	f.BoolVar(&dataMoved, "data-moved", false, "on a target other than local: users and data go over by other means, at the transfer step")
	_ = cmd.RegisterFlagCompletionFunc("tier", a.completeTiers)
	return cmd
}

func (a *app) move(ctx context.Context, id, tier, reason string, dryRun, dataMoved bool) error {
	s, err := a.look()
	if err != nil {
		return err
	}
	t, err := s.tenant(ctx, id)
	if err != nil {
		return err
	}
	target, err := s.tier(tier)
	if err != nil {
		return err
	}
	if t.Tier == target.Name && t.Status == tenants.StatusActive {
		others := slices.DeleteFunc(s.catalogue.Names(), func(n string) bool { return n == t.Tier })
		return invalid("--tier", tier, fmt.Sprintf("a tier that tenant %s does not have already: %s", id, strings.Join(others, ", ")))
	}
	if reason == "" && !dryRun {
		return invalid("--reason", "", "why the tenant is moved, for the journal")
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.close()
	if dataMoved && a.flags.target != targetLocal {
		s.runner.Transfer = func(context.Context, string, tenants.Placement, tenants.Placement) error { return nil }
	}
	if err := s.needPlace(ctx, id, target.Placement()); err != nil {
		return err
	}
	if dryRun {
		out, err := s.runner.PlanMove(ctx, id, tier)
		return a.planned(fmt.Sprintf("move of tenant %s from %s to %s", id, out.Operation.FromTier, tier), out, err)
	}
	defer a.signals.change()()
	out, err := s.runner.Move(ctx, id, tier, reason)
	return a.done(fmt.Sprintf("tenant %s is in tier %s (%s)", id, out.Tenant.Tier, placement(out.Tenant)), out, err)
}

// planned answers a dry run.
func (a *app) planned(title string, out direct.Outcome, err error) error {
	if err != nil {
		return withResult(err, out, results(out)...)
	}
	a.show(out, func(w io.Writer) { writePlanned(w, title, out) })
	if !out.Allowed() {
		return denied(title)
	}
	return nil
}

// done answers an operation.
func (a *app) done(title string, out direct.Outcome, err error) error {
	if err != nil {
		return withResult(err, out, results(out)...)
	}
	a.show(out, func(w io.Writer) { writeDone(w, title, out) })
	return nil
}

func (a *app) tenantDeleteCommand() *cobra.Command {
	var reason string
	var dryRun, yes bool
	cmd := &cobra.Command{
		Use:   "delete TENANT",
		Short: "Delete a tenant with everything it has",
		Long: `Deletes a tenant: its functions, its users and data, its infrastructure. The
journal stays. On a terminal it asks; elsewhere it wants --yes.`,
		Args: exactly("TENANT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.deleteTenant(cmd.Context(), args[0], reason, dryRun, yes)
		},
		ValidArgsFunction: a.completeTenants,
	}
	f := cmd.Flags()
	f.StringVar(&reason, "reason", "", "why, for the journal")
	f.BoolVar(&dryRun, "dry-run", false, "show what would be deleted and what the policies say; change nothing")
	f.BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

func (a *app) deleteTenant(ctx context.Context, id, reason string, dryRun, yes bool) error {
	s, err := a.look()
	if err != nil {
		return err
	}
	t, err := s.tenant(ctx, id)
	if err != nil {
		return err
	}
	if !dryRun && !yes {
		question := fmt.Sprintf("Delete tenant %s (%s; %s, %s) with its users, its data and %s?", id, t.Name, t.Tier, placement(t), count(len(t.Functions), "function"))
		if err := a.confirm(question, id); err != nil {
			return err
		}
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.close()
	if dryRun {
		out, err := s.runner.PlanDelete(ctx, id)
		return a.planned("deletion of tenant "+id, out, err)
	}
	defer a.signals.change()()
	out, err := s.runner.Delete(ctx, id, reason)
	return a.done("tenant "+id+" is deleted", out, err)
}

// confirm asks on a terminal and wants the name back. Where nobody can be
// asked, it refuses.
func (a *app) confirm(question, name string) error {
	if !isTerminal(a.in) {
		return invalid("--yes", "", "--yes, as there is no terminal to ask at: "+question)
	}
	fmt.Fprintf(a.err, "%s\nType %q to go on: ", question, name)
	var answer string
	if _, err := fmt.Fscanln(a.in, &answer); err != nil || answer != name {
		return invalid("answer", answer, fmt.Sprintf("%q; nothing was changed", name))
	}
	return nil
}

func (a *app) completeTenants(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	s, err := a.look()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, _ := s.store.List(cmd.Context())
	return idsOf(all), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeTiers(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	c, err := a.flags.catalogue()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.Names(), cobra.ShellCompDirectiveNoFileComp
}
