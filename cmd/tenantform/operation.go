package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/api/client"
	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

func (a *app) operationCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "operation",
		Short: "List, watch, cancel and retry what a control plane does to tenants",
		Long: `An operation is one change to a tenant, from who asked for it to how it ended.
It goes on in the control plane, whoever watches it.`,
	}
	cmd.AddCommand(a.operationListCommand(), a.operationGetCommand(), a.operationWatchCommand(), a.operationCancelCommand(), a.operationRetryCommand())
	return cmd
}

func (a *app) operationListCommand() *cobra.Command {
	var q tenants.OperationQuery
	var kind, progress string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List operations, newest first",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			q.Kind, q.Progress = tenants.OperationKind(kind), tenants.Progress(progress)
			return cp.listOperations(cmd.Context(), q)
		},
	}
	f := cmd.Flags()
	f.StringVar(&q.TenantID, "tenant", "", "those on a tenant")
	f.StringVar(&kind, "kind", "", "those of a kind: create, update, move, deactivate, activate, delete or reconcile")
	f.StringVar(&progress, "progress", "", "those that are running, succeeded or failed")
	f.IntVar(&q.Limit, "limit", tenants.DefaultPageLimit, "how many at most; 0: all")
	_ = cmd.RegisterFlagCompletionFunc("tenant", func(cmd *cobra.Command, _ []string, s string) ([]string, cobra.ShellCompDirective) {
		return a.completeTenants(cmd, nil, s)
	})
	return cmd
}

func (a controlPlane) listOperations(ctx context.Context, q tenants.OperationQuery) error {
	if q.Limit < 0 {
		return invalid("--limit", fmt.Sprint(q.Limit), "0 or more")
	}
	most := q.Limit
	if q.Limit == 0 || q.Limit > tenants.MaxPageLimit {
		q.Limit = tenants.MaxPageLimit
	}
	all := []wire.Operation{}
	for op, err := range a.api.Operations(ctx, q) {
		if err != nil {
			return renamed(err, map[string]string{"tenant": "--tenant", "kind": "--kind", "progress": "--progress"})
		}
		if all = append(all, op); len(all) == most {
			break
		}
	}
	a.show(all, func(w io.Writer) { writeOperations(w, all) })
	return nil
}

func writeOperations(w io.Writer, all []wire.Operation) {
	if len(all) == 0 {
		fmt.Fprintln(w, "there are no such operations")
		return
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "ID\tTENANT\tKIND\tPROGRESS\tSTEP\tBY\tSTARTED\tTOOK")
	for _, op := range all {
		took := "-"
		if !op.EndedAt.IsZero() {
			took = op.EndedAt.Sub(op.StartedAt).Round(100 * time.Millisecond).String()
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", op.ID, op.TenantID, op.Kind, op.Progress, stepAt(op), shorten(op.Initiator, 20), when(op.StartedAt), took)
	}
	_ = tw.Flush()
}

// stepAt gives the step at which an operation is, or failed.
func stepAt(op wire.Operation) string {
	for i, s := range op.Steps {
		if p := s.Progress; p == string(tenants.ProgressRunning) || p == string(tenants.ProgressFailed) {
			return fmt.Sprintf("%d/%d %s", i+1, len(op.Steps), s.Name)
		}
	}
	return "-"
}

func (a *app) operationGetCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "get OPERATION",
		Short: "Show an operation, step by step",
		Args:  exactly("OPERATION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			op, err := cp.api.Operation(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			a.show(op, func(w io.Writer) { writeOperationPage(w, op) })
			return nil
		},
		ValidArgsFunction: a.completeOperations(""),
	}
}

// writeOperationPage shows all that there is of an operation, and what can be done
// about one that failed.
func writeOperationPage(w io.Writer, op wire.Operation) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range [][2]string{
		{"id", op.ID}, {"tenant", op.TenantID}, {"ended", when(op.EndedAt)}, {"correlation id", op.CorrelationID}, {"takes up", op.RetryOf},
	} {
		if row[1] != "" {
			fmt.Fprintf(tw, "%s\t%s\n", row[0], row[1])
		}
	}
	_ = tw.Flush()
	writeOperation(w, "operation", op.Record())
	switch {
	case op.Progress == string(tenants.ProgressFailed):
		fmt.Fprintf(w, "take it up again with \"tenantform operation retry %s --watch\"\n", op.ID)
	case op.CancelRequested && !op.Ended():
		fmt.Fprintln(w, "it is to end before the next step at which it can")
	}
}

func (a *app) operationWatchCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "watch OPERATION",
		Short: "Show how an operation goes on, until it has ended",
		Long: `Shows each step as it begins and ends, until the operation has ended: exit code 0
when it succeeded, 1 when it failed. Ctrl-C ends the watching, not the operation.`,
		Args: exactly("OPERATION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			op, err := cp.api.Operation(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return cp.changed(cmd.Context(), writing{watch: true}, []wire.Change{{Operation: &op}}, nil, false)
		},
		ValidArgsFunction: a.completeOperations(tenants.ProgressRunning),
	}
}

func (a *app) operationCancelCommand() *cobra.Command {
	var w writing
	cmd := &cobra.Command{
		Use:   "cancel OPERATION",
		Short: "Ask an operation to end before its next step at which it can",
		Long: `Asks an operation to end. It does so before the next step at which it safely can,
as failed, with an error that says so; where there is none it goes on to its end.
A step that is under way is never cut off.`,
		Args: exactly("OPERATION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			return cp.cancel(cmd.Context(), args[0], w)
		},
		ValidArgsFunction: a.completeOperations(tenants.ProgressRunning),
	}
	f := cmd.Flags()
	f.BoolVar(&w.dryRun, "dry-run", false, "say whether it could be asked; change nothing")
	f.StringVar(&w.key, "idempotency-key", "", "a key of one's own: the same command with it is carried out once")
	return cmd
}

func (a controlPlane) cancel(ctx context.Context, id string, w writing) error {
	change, err := a.write(w, nil, func(as *client.Write) (wire.Change, error) { return a.api.CancelOperation(ctx, id, as) })
	if err != nil {
		return err
	}
	a.show(change, func(out io.Writer) {
		if w.dryRun {
			fmt.Fprintf(out, "operation %s can be asked to end; nothing was changed\n", id)
			return
		}
		if change.Operation != nil && change.Operation.Ended() {
			fmt.Fprintf(out, "operation %s was asked to end, and has ended: %s\n", id, change.Operation.Progress)
			return
		}
		fmt.Fprintf(out, "operation %s ends before the next step at which it can; watch it with \"tenantform operation watch %s\"\n", id, id)
	})
	return nil
}

func (a *app) operationRetryCommand() *cobra.Command {
	var w writing
	cmd := &cobra.Command{
		Use:   "retry OPERATION",
		Short: "Take a failed operation up again where it stopped",
		Long: `Begins a new operation that does what the failed one did not do: steps that are
done, and services that have done their part, are not asked again. It can be the
newest operation on its tenant only.`,
		Args: exactly("OPERATION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cp, err := a.asked(cmd)
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			return cp.one(ctx, w, func(as *client.Write) (wire.Change, error) {
				return cp.api.RetryOperation(ctx, args[0], w.reason, as)
			})
		},
		ValidArgsFunction: a.completeOperations(tenants.ProgressFailed),
	}
	w.add(cmd, "the steps", "")
	return cmd
}

// completeOperations completes the newest operations with a progress, any where it
// is empty.
func (a *app) completeOperations(progress tenants.Progress) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		cp, err := a.controlPlane()
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), completionTime)
		defer cancel()
		return slices.Clip(cp.operationIDs(ctx, progress)), cobra.ShellCompDirectiveNoFileComp
	}
}
