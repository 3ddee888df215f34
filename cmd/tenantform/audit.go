package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

func (a *app) auditCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Show who did what to tenants, and check that the record is whole",
	}
	cmd.AddCommand(a.auditListCommand(), a.auditVerifyCommand())
	return cmd
}

// auditing is what "audit list" was asked for.
type auditing struct {
	tenant string
	after  int64
	limit  int
}

func (a *app) auditListCommand() *cobra.Command {
	var q auditing
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the entries of the audit journal, oldest first",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			return cp.listAudit(cmd.Context(), q)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.tenant, "tenant", "", "those of a tenant")
	f.Int64Var(&q.after, "after", 0, "those after the entry of this number")
	f.IntVar(&q.limit, "limit", 0, "how many at most; 0: all")
	_ = cmd.RegisterFlagCompletionFunc("tenant", func(cmd *cobra.Command, _ []string, s string) ([]string, cobra.ShellCompDirective) {
		return a.completeTenants(cmd, nil, s)
	})
	return cmd
}

func (a controlPlane) listAudit(ctx context.Context, q auditing) error {
	if q.limit < 0 || q.after < 0 {
		return invalid("--limit, --after", fmt.Sprintf("%d, %d", q.limit, q.after), "0 or more")
	}
	all := []wire.AuditEntry{}
	for after := q.after; ; {
		most := tenants.MaxPageLimit
		if q.limit > 0 {
			most = min(most, q.limit-len(all))
		}
		page, err := a.api.Audit(ctx, q.tenant, after, most)
		if err != nil {
			return renamed(err, map[string]string{"tenant": "--tenant"})
		}
		all = append(all, page.Entries...)
		if page.Next <= after || len(page.Entries) == 0 || len(all) == q.limit {
			break
		}
		after = page.Next
	}
	a.show(all, func(w io.Writer) { writeAudit(w, all) })
	return nil
}

func writeAudit(w io.Writer, all []wire.AuditEntry) {
	if len(all) == 0 {
		fmt.Fprintln(w, "there are no such entries")
		return
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "NO\tAT\tWHO\tROLE\tWHAT\tTENANT\tREASON")
	for _, e := range all {
		fmt.Fprintf(tw, "%d\t%s\t%s\t%s\t%s\t%s\t%s\n", e.Seq, when(e.At), shorten(e.Actor, 30), e.Role, e.Action, e.TenantID, shorten(oneLine(e.Reason), 50))
	}
	_ = tw.Flush()
}

func (a *app) auditVerifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Check that no entry of the audit journal was changed, left out or put in",
		Long: `Has the control plane check the chain of the audit journal from its first entry to
its last. Exit code 0: it is whole. Exit code 1: it is not, and the answer names
the first entry that is wrong.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			check, err := cp.api.VerifyAudit(cmd.Context())
			if err != nil {
				return err
			}
			if !check.Sound {
				return &failed{exit: exitFailed, result: check, err: tenants.Errorf(tenants.CodeFailedPrecondition, "the audit journal is not whole, after %s: %s", count(int(check.Entries), "sound entry"), check.Problem)}
			}
			a.show(check, func(w io.Writer) { fmt.Fprintf(w, "the audit journal is whole: %d entries\n", check.Entries) })
			return nil
		},
	}
}
