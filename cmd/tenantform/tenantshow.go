package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/tenants"
)

// tenantView is a tenant with the last that was done to it.
type tenantView struct {
	Tenant        tenants.Tenant     `json:"tenant"`
	LastOperation *tenants.Operation `json:"lastOperation"` // null when there was none
}

func (a *app) tenantGetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "get TENANT",
		Short: "Show a tenant and the last operation on it, step by step",
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
			ops, err := s.journal.Operations(cmd.Context(), t.ID)
			if err != nil {
				return err
			}
			view := tenantView{Tenant: t}
			if len(ops) > 0 {
				view.LastOperation = &ops[len(ops)-1]
			}
			a.show(view, func(w io.Writer) { writeTenant(w, view) })
			return nil
		},
		ValidArgsFunction: a.completeTenants,
	}
}

func writeTenant(w io.Writer, v tenantView) {
	t := v.Tenant
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range [][2]string{
		{"id", t.ID}, {"name", t.Name}, {"admin", t.AdminEmail}, {"tier", t.Tier}, {"placement", placement(t)},
		{"region", t.Region}, {"cost center", t.CostCenter}, {"status", string(t.Status)},
		{"created", when(t.CreatedAt)}, {"updated", when(t.UpdatedAt)},
	} {
		fmt.Fprintf(tw, "%s\t%s\n", row[0], row[1])
	}
	for _, f := range t.Functions {
		fmt.Fprintf(tw, "function\t%s (%s, %s)\n", f.Name, f.Runtime, f.Handler)
	}
	_ = tw.Flush()
	if v.LastOperation != nil {
		writeOperation(w, *v.LastOperation)
	}
}

func writeOperation(w io.Writer, op tenants.Operation) {
	tiers := ""
	switch {
	case op.FromTier != "" && op.ToTier != "" && op.FromTier != op.ToTier:
		tiers = fmt.Sprintf(" from %s to %s", op.FromTier, op.ToTier)
	case op.ToTier != "":
		tiers = " in " + op.ToTier
	}
	fmt.Fprintf(w, "\nlast operation: %s%s, %s, by %s, %s\n", op.Kind, tiers, progressWord(op.Progress), op.Initiator, when(op.StartedAt))
	if op.Reason != "" {
		fmt.Fprintf(w, "  reason: %s\n", op.Reason)
	}
	for i, s := range op.Steps {
		took := ""
		if !s.StartedAt.IsZero() && !s.EndedAt.IsZero() {
			took = fmt.Sprintf("  %.1f s", s.EndedAt.Sub(s.StartedAt).Seconds())
		}
		fmt.Fprintf(w, "  %d. %-10s  %s%s\n", i+1, s.Name, progressWord(s.Progress), took)
	}
	if op.Error != "" {
		fmt.Fprintf(w, "  error: %s\n", oneLine(op.Error))
	}
}

func progressWord(p tenants.Progress) string {
	if p == tenants.ProgressPending {
		return "not begun"
	}
	return string(p)
}

func when(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format(time.RFC3339)
}

func (a *app) tenantListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the tenants",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.look()
			if err != nil {
				return err
			}
			all, err := s.store.List(cmd.Context())
			if err != nil {
				return err
			}
			if all == nil {
				all = []tenants.Tenant{}
			}
			a.show(all, func(w io.Writer) { writeTenants(w, all) })
			return nil
		},
	}
}

func writeTenants(w io.Writer, all []tenants.Tenant) {
	if len(all) == 0 {
		fmt.Fprintln(w, "there are no tenants yet")
		return
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "ID\tNAME\tTIER\tPLACEMENT\tREGION\tSTATUS\tFUNCTIONS")
	for _, t := range all {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", t.ID, shorten(t.Name, 30), t.Tier, placement(t), t.Region, t.Status, len(t.Functions))
	}
	_ = tw.Flush()
}
