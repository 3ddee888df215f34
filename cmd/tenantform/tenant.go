package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/tenants"
)

func (a *app) tenantCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tenant",
		Short: "Create, show, change, move and delete tenants",
		Long: `Creates, shows, changes, moves and deletes tenants through a control plane:
"tenantform dev" runs one on this machine, --api-url names another. A command
that changes something begins an operation and says which; with --watch it shows
each step and ends with the operation.

With --direct the commands create, get, list, move and delete do without a
control plane: they work in this process, on the tenants of --dir.`,
	}
	cmd.AddCommand(a.tenantCreateCommand(), a.tenantGetCommand(), a.tenantListCommand(), a.tenantMoveCommand(), a.tenantDeleteCommand(),
		a.tenantUpdateCommand(), a.tenantActivateCommand(), a.tenantDeactivateCommand(), a.tenantReconcileCommand(),
		a.tenantProductsCommand(), a.tenantConfigCommand())
	return cmd
}

// moving is what "tenant move" was asked for.
type moving struct {
	writing
	tier      string
	dataMoved bool
}

func (a *app) tenantMoveCommand() *cobra.Command {
	var m moving
	cmd := &cobra.Command{
		Use:   "move TENANT --tier TIER",
		Short: "Take a tenant to another tier",
		Long: `Takes a tenant to another tier. Between a pool and a silo the new place is
brought up beside the old one, users and data go over, then the old place is
taken away. A move that failed goes on when the same tier is asked for again;
asked for the old tier, it is taken back as long as no data has gone over.`,
		Args: exactly("TENANT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := a.house()
			if err != nil {
				return err
			}
			return h.move(cmd.Context(), args[0], m)
		},
		ValidArgsFunction: a.completeTenants,
	}
	f := cmd.Flags()
	f.StringVar(&m.tier, "tier", "", "the tier to move to")
	f.BoolVar(&m.dataMoved, "data-moved", false, "on a target other than local: users and data go over by other means, at the transfer step")
	m.add(cmd, "the steps, and with --direct what each changes and what the policies say", " (required unless --dry-run)")
	_ = cmd.RegisterFlagCompletionFunc("tier", a.completeTiers)
	return cmd
}

func (a *app) tenantDeleteCommand() *cobra.Command {
	var w writing
	var yes bool
	cmd := &cobra.Command{
		Use:   "delete TENANT",
		Short: "Delete a tenant with everything it has",
		Long: `Deletes a tenant: its functions, its users and data, its infrastructure. The
journal stays. On a terminal it asks; elsewhere it wants --yes.`,
		Args: exactly("TENANT"),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := a.house()
			if err != nil {
				return err
			}
			return h.remove(cmd.Context(), args[0], yes, w)
		},
		ValidArgsFunction: a.completeTenants,
	}
	w.add(cmd, "what would be done, and with --direct what would be deleted and what the policies say", "")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
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

// confirmDeletion asks whether a tenant is to be deleted.
func (a *app) confirmDeletion(t tenants.Tenant, functions string) error {
	return a.confirm(fmt.Sprintf("Delete tenant %s (%s; %s, %s) with its users, its data%s?", t.ID, t.Name, t.Tier, placement(t), functions), t.ID)
}

// completionTime is how long a control plane is asked for the words that a
// shell completes.
const completionTime = 3 * time.Second

func (a *app) completeTenants(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if a.flags.inProcess() {
		return a.completeTenantsHere(cmd, args, toComplete)
	}
	cp, err := a.controlPlane()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	return cp.tenantIDs(ctx), cobra.ShellCompDirectiveNoFileComp
}

// completeTenantsHere completes the tenants of --dir, for what works on them
// alone.
func (a *app) completeTenantsHere(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	s, err := a.look()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, _ := s.store.List(cmd.Context())
	return idsOf(all), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeTiers(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	if a.flags.inProcess() {
		c, err := a.flags.catalogue()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return c.Names(), cobra.ShellCompDirectiveNoFileComp
	}
	cp, err := a.controlPlane()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
	defer cancel()
	c, err := cp.catalogue(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.Names(), cobra.ShellCompDirectiveNoFileComp
}
