package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

// watchesAtOnce is how many operations a command watches at once. The control
// plane allows a user a few more.
const watchesAtOnce = 8

// changed answers a command that asked for changes: what would be done, what was
// begun, or with --watch how it ended. failures are of those that were refused.
// With many the document is a list.
func (a controlPlane) changed(ctx context.Context, w writing, all []wire.Change, failures []error, many bool) error {
	if w.watch && !w.dryRun {
		failures = append(failures, a.watchAll(ctx, all)...)
	}
	var result any = all
	if !many {
		result = all[0]
	}
	if len(failures) > 0 {
		err := failures[0]
		if len(failures) > 1 {
			err = errors.Join(failures...)
		}
		if a.flags.output != outputJSON {
			a.progress.pause(func() { writeChanges(a.out, w, all) })
		}
		return withResult(err, result)
	}
	a.show(result, func(out io.Writer) { writeChanges(out, w, all) })
	return nil
}

// watchAll watches the operations of changes, which it brings up to date.
func (a controlPlane) watchAll(ctx context.Context, all []wire.Change) []error {
	errs := make([]error, len(all))
	places := make(chan struct{}, watchesAtOnce)
	var wg sync.WaitGroup
	for i := range all {
		if all[i].Operation == nil {
			continue
		}
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			errs[i] = a.watch(ctx, &all[i])
		})
	}
	wg.Wait()
	var failures []error
	for _, err := range errs {
		if err != nil {
			failures = append(failures, err)
		}
	}
	return failures
}

// watch shows how a change's operation goes on until it has ended, and brings the
// change up to date. The error says how it failed, or that it is no longer
// watched.
func (a controlPlane) watch(ctx context.Context, c *wire.Change) error {
	id := c.Operation.ID
	shown := a.progress.follow()
	defer shown.end()
	for u, err := range a.api.Watch(ctx, id) {
		if err != nil {
			return a.unwatched(ctx, c.Operation, err)
		}
		switch {
		case u.Operation != nil:
			c.Operation = u.Operation
			shown.operation(u.Operation.Record())
		case u.Run != nil:
			a.progress.event(runEvent(*u.Run))
		}
	}
	if !c.Operation.Ended() {
		op, err := a.api.Operation(ctx, id)
		if err != nil {
			return a.unwatched(ctx, c.Operation, err)
		}
		c.Operation = &op
	}
	t, err := a.api.Tenant(ctx, c.Operation.TenantID)
	if err != nil {
		return err
	}
	c.Tenant = t
	return failureOf(*c.Operation)
}

// unwatched says that an operation goes on that is no longer watched.
func (a controlPlane) unwatched(ctx context.Context, op *wire.Operation, err error) error {
	goesOn := fmt.Sprintf("operation %s (%s of tenant %s) goes on; watch it with \"tenantform operation watch %s\"", op.ID, noun(op.Kind), op.TenantID, op.ID)
	if ctx.Err() != nil {
		return tenants.Errorf(tenants.CodeUnavailable, "%s, cancel it with \"tenantform operation cancel %s\"", goesOn, op.ID)
	}
	return &tenants.Error{Code: tenants.CodeOf(err), Message: goesOn + "; it is not watched any more, because " + err.Error(), Cause: err}
}

// failureOf gives the error of an operation that has failed, nil for any other.
func failureOf(op wire.Operation) error {
	if op.Record().Progress != tenants.ProgressFailed {
		return nil
	}
	at := ""
	for _, s := range op.Steps {
		if s.Progress == string(tenants.ProgressFailed) {
			at = " at step " + s.Name
		}
	}
	return tenants.Errorf(tenants.CodeInternal, "%s of tenant %s failed%s: %s; take it up again with \"tenantform operation retry %s --watch\"",
		noun(op.Kind), op.TenantID, at, strings.TrimSuffix(oneLine(op.Error), "."), op.ID)
}

// runEvent gives what happened in a run as the engine tells it.
func runEvent(e wire.RunEvent) automation.Event {
	return automation.Event{
		Time: e.Time, Stack: e.Stack, Phase: automation.Phase(e.Phase), Kind: automation.EventKind(e.Kind), URN: e.URN, Type: e.Type, Name: e.Name,
		Operation: plan.Operation(e.Operation), Progress: tenants.Progress(e.Progress), Seconds: e.Seconds, Severity: e.Severity, Message: e.Message,
	}
}

// noun gives the word for what an operation of a kind is.
func noun(kind string) string {
	switch tenants.OperationKind(kind) {
	case tenants.OperationCreate:
		return "creation"
	case tenants.OperationDeactivate:
		return "deactivation"
	case tenants.OperationActivate:
		return "activation"
	case tenants.OperationDelete:
		return "deletion"
	case tenants.OperationReconcile:
		return "reconciliation"
	}
	return kind
}

// writeChanges shows what became of changes that were asked for.
func writeChanges(w io.Writer, asked writing, all []wire.Change) {
	for i, c := range all {
		switch {
		case c.DryRun || asked.dryRun:
			if i > 0 {
				fmt.Fprintln(w)
			}
			writeDryRun(w, c)
		case c.Operation == nil:
			fmt.Fprintf(w, "tenant %s is changed; there is nothing more to do\n", c.Tenant.ID)
		case !c.Operation.Ended():
			fmt.Fprintf(w, "%s of tenant %s has begun: operation %s\n", noun(c.Operation.Kind), c.Tenant.ID, c.Operation.ID)
			if !asked.watch {
				fmt.Fprintf(w, "watch it with \"tenantform operation watch %s\"\n", c.Operation.ID)
			}
		case c.Operation.Progress == string(tenants.ProgressSucceeded):
			writeEnded(w, c)
		}
	}
}

// writeEnded shows an operation that has succeeded.
func writeEnded(w io.Writer, c wire.Change) {
	fmt.Fprintf(w, "tenant %s: %s is done (%s, %s, %s)\n", c.Tenant.ID, c.Operation.Kind, c.Tenant.Tier, placement(c.Tenant.Record()), c.Tenant.Status)
	for _, s := range c.Operation.Steps {
		fmt.Fprintf(w, "  %-10s  %.1f s\n", s.Name, s.EndedAt.Sub(s.StartedAt).Seconds())
	}
}

// writeDryRun shows what a change would do.
func writeDryRun(w io.Writer, c wire.Change) {
	op := c.Operation
	if op == nil {
		fmt.Fprintf(w, "tenant %s would be changed, without an operation; nothing was changed\n", c.Tenant.ID)
		return
	}
	fmt.Fprintf(w, "%s of tenant %s%s: %s\n", noun(op.Kind), c.Tenant.ID, tiersOf(op.Record()), count(len(op.Steps), "step"))
	for i, s := range op.Steps {
		title := s.Title
		if title == "" {
			title = stepTitle(s.Name)
		}
		fmt.Fprintf(w, "%d. %s: %s\n", i+1, s.Name, title)
	}
	if len(c.Services) > 0 {
		fmt.Fprintf(w, "business services that would be asked: %s\n", strings.Join(c.Services, ", "))
	}
	fmt.Fprintln(w, "nothing was changed; the policies decide when a step is about to change something")
}
