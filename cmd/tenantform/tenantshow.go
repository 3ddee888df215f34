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
			h, err := a.house()
			if err != nil {
				return err
			}
			return h.get(cmd.Context(), args[0])
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
	for _, o := range t.Origins {
		fmt.Fprintf(tw, "origin\t%s\n", o)
	}
	for _, p := range t.Products {
		fmt.Fprintf(tw, "product\t%s, licences: %s\n", p.Name, licences(p.Licences))
	}
	for _, s := range t.Services {
		fmt.Fprintf(tw, "service\t%s\n", serviceLine(s))
	}
	for _, f := range t.Functions {
		fmt.Fprintf(tw, "function\t%s (%s, %s)\n", f.Name, f.Runtime, f.Handler)
	}
	_ = tw.Flush()
	if v.LastOperation != nil {
		writeOperation(w, "last operation", *v.LastOperation)
	}
}

// tiersOf says in words between which tiers an operation goes.
func tiersOf(op tenants.Operation) string {
	switch {
	case op.FromTier != "" && op.ToTier != "" && op.FromTier != op.ToTier:
		return fmt.Sprintf(" from %s to %s", op.FromTier, op.ToTier)
	case op.ToTier != "":
		return " in " + op.ToTier
	}
	return ""
}

// writeOperation shows an operation step by step, under a title.
func writeOperation(w io.Writer, title string, op tenants.Operation) {
	fmt.Fprintf(w, "\n%s: %s%s, %s, by %s, %s\n", title, op.Kind, tiersOf(op), progressWord(op.Progress), op.Initiator, when(op.StartedAt))
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
	for _, s := range op.Services {
		fmt.Fprintf(w, "  service %s\n", serviceLine(s))
	}
	if op.Error != "" {
		fmt.Fprintf(w, "  error: %s\n", oneLine(op.Error))
	}
}

// serviceLine says how a business service stands.
func serviceLine(s tenants.ServiceState) string {
	line := s.Service + ": " + progressWord(s.Progress)
	if s.Error != "" {
		line += ": " + oneLine(s.Error)
	}
	return line
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

// listing is what "tenant list" was asked for.
type listing struct {
	tenants.Query
	status, model string
}

// local refuses what only a control plane knows.
func (l listing) local() error {
	for _, f := range []struct{ flag, value string }{
		{"--tier", l.Tier}, {"--status", l.status}, {"--in-region", l.Region}, {"--service", l.Service}, {"--product", l.Product}, {"--model", l.model}, {"--match", l.Text},
	} {
		if f.value != "" {
			return invalid(f.flag, f.value, "nothing with --direct, which lists all tenants")
		}
	}
	return nil
}

func (a *app) tenantListCommand() *cobra.Command {
	var l listing
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the tenants",
		Long: `Lists the tenants by id: all that are not deleted, or those that the flags let
through (not with --direct).`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			h, err := a.house()
			if err != nil {
				return err
			}
			return h.list(cmd.Context(), l)
		},
	}
	f := cmd.Flags()
	f.StringVar(&l.Tier, "tier", "", "those of a tier")
	f.StringVar(&l.status, "status", "", "those with a status: active, create_failed, deleted and so on")
	f.StringVar(&l.Query.Region, "in-region", "", "those that live in an AWS region")
	f.StringVar(&l.Service, "service", "", "those with a state of a business service")
	f.StringVar(&l.Product, "product", "", "those with a product")
	f.StringVar(&l.model, "model", "", "those in a pool, or in a silo")
	f.StringVar(&l.Text, "match", "", "those with these words, or beginnings of words, in id, name or address")
	_ = cmd.RegisterFlagCompletionFunc("tier", a.completeTiers)
	return cmd
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
