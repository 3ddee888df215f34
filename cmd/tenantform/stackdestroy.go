package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

func (a *app) stackDestroyCommand() *cobra.Command {
	var dryRun, yes bool
	cmd := &cobra.Command{
		Use:   "destroy STACK",
		Short: "Delete what a shared stack contains, and the stack",
		Long: `Deletes what a stack contains, and then the stack. A pool in which tenants live
is not deleted, nor the platform while a silo or a function uses it, nor is a stack that belongs to a tenant: "tenantform tenant
delete" does that. On a terminal it asks; elsewhere it wants --yes.`,
		Args: exactly("STACK"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.destroyStack(cmd.Context(), args[0], dryRun, yes)
		},
	}
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "show what would be deleted and what the policies say; change nothing")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// teardownAnswer is what "stack destroy" did, or would do.
type teardownAnswer struct {
	Stack string           `json:"stack"`
	Runs  []direct.StepRun `json:"runs"`
}

func (t teardownAnswer) results() []automation.Result {
	return results(direct.Outcome{Runs: t.Runs})
}

func (a *app) destroyStack(ctx context.Context, name string, dryRun, yes bool) error {
	s, err := a.look()
	if err != nil {
		return err
	}
	st, err := s.stack(ctx, name)
	if err != nil {
		return err
	}
	if err := s.unused(ctx, name); err != nil {
		return err
	}
	if !dryRun && !yes {
		if err := a.confirm("Delete everything in the stack "+name+"?", name); err != nil {
			return err
		}
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.close()
	answer := teardownAnswer{Stack: name}
	if dryRun {
		answer.Runs, err = s.planTeardown(ctx, st)
	} else {
		answer.Runs, err = s.teardown(ctx, st)
	}
	if err != nil {
		return withResult(err, answer, answer.results()...)
	}
	out := direct.Outcome{Runs: answer.Runs}
	for _, r := range answer.Runs {
		out.Operation.Steps = append(out.Operation.Steps, tenants.Step{Name: r.Step})
	}
	a.show(answer, func(w io.Writer) {
		if dryRun {
			writePlanned(w, "destruction of stack "+name, out)
			return
		}
		writeDone(w, "stack "+name+" is gone", out)
	})
	if dryRun && !out.Allowed() {
		return denied("the destruction of stack " + name)
	}
	return nil
}

// unused refuses to destroy what tenants still need.
func (s *session) unused(ctx context.Context, name string) error {
	kind, rest, _ := strings.Cut(name, "-")
	if kind == "tenant" || kind == "functions" {
		t, err := s.store.Get(ctx, rest)
		if err == nil && t.Status != tenants.StatusDeleted {
			return tenants.Errorf(tenants.CodeFailedPrecondition,
				"stack %s is part of tenant %s, which is %s; \"tenantform tenant delete %s\" takes it away with the rest", name, rest, t.Status, rest)
		}
		return nil
	}
	all, err := s.store.List(ctx)
	if err != nil {
		return err
	}
	var users []string
	for _, t := range all {
		inPool := slices.ContainsFunc(t.Placements, func(p tenants.Placement) bool {
			return p.Model == tenants.ModelPool && tenants.PoolStackName(p.Cell) == name
		})
		inSilo := slices.ContainsFunc(t.Placements, func(p tenants.Placement) bool { return p.Model == tenants.ModelSilo })
		if inPool || name == tenants.PlatformStackName && (inSilo || len(t.Functions) > 0) {
			users = append(users, t.ID)
		}
	}
	if len(users) > 0 {
		return tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s is in use by %s: %s; delete or move them first",
			name, count(len(users), "tenant"), shorten(strings.Join(users, ", "), 200))
	}
	return nil
}

// teardown destroys a stack. Data of a shared stack may go with it, as no tenant
// uses it any more; a pool's deletion protection is taken off first.
func (s *session) teardown(ctx context.Context, st automation.Stack) ([]direct.StepRun, error) {
	var runs []direct.StepRun
	if st.Subject.Program == policies.ProgramPlatform {
		st.Subject.Release = &policies.Release{Kind: policies.ReleaseDelete}
	}
	if st.Subject.Program == policies.ProgramPool {
		st.Subject.Release = &policies.Release{Kind: policies.ReleaseDelete}
		look, err := s.engine.PreviewDestroy(ctx, st)
		if err != nil {
			return nil, err
		}
		if release, needed := s.releasePool(st, look.Plan); needed {
			res, err := s.engine.Up(ctx, release)
			runs = append(runs, releaseRun(res))
			if err != nil {
				return runs, err
			}
		}
	}
	res, err := s.engine.Destroy(ctx, st)
	return append(runs, destroyRun(res)), err
}

// planTeardown says what teardown would do.
func (s *session) planTeardown(ctx context.Context, st automation.Stack) ([]direct.StepRun, error) {
	if st.Subject.Program != policies.ProgramPool {
		if st.Subject.Program == policies.ProgramPlatform {
			st.Subject.Release = &policies.Release{Kind: policies.ReleaseDelete}
		}
		res, err := s.engine.PreviewDestroy(ctx, st)
		return []direct.StepRun{destroyRun(res)}, err
	}
	st.Subject.Release = &policies.Release{Kind: policies.ReleaseDelete}
	res, err := s.engine.PreviewDestroy(ctx, st)
	release, needed := s.releasePool(st, res.Plan)
	if err != nil || !needed {
		return []direct.StepRun{destroyRun(res)}, err
	}
	first, err := s.engine.Preview(ctx, release)
	if err != nil {
		return []direct.StepRun{releaseRun(first)}, err
	}
	res.Plan = plan.Relative(first.Plan, res.Plan)
	st.Subject.Destroy, st.Subject.Tags = true, res.Tags
	res.Report, err = s.runner.Gate.Evaluate(ctx, policies.NewInput(res.Plan, st.Subject, s.catalogue))
	return []direct.StepRun{releaseRun(first), destroyRun(res)}, err
}

// releasePool gives the run that takes a pool's deletion protection off, on
// nothing but what has it; false when nothing has.
func (s *session) releasePool(st automation.Stack, p plan.Plan) (automation.Stack, bool) {
	var targets []string
	for _, r := range p.Resources {
		if r.DeletionProtected() {
			targets = append(targets, r.URN)
		}
	}
	spec := stacks.PoolSpec{Settings: s.runner.Settings, Cell: strings.TrimPrefix(st.Name, "pool-"), Released: true}
	for _, t := range s.catalogue.Tiers {
		if t.Model == tenants.ModelPool && t.Cell == spec.Cell {
			spec.Tiers = append(spec.Tiers, t)
		}
	}
	st.Program, st.Targets = stacks.Pool(spec), targets
	return st, len(targets) > 0
}

func releaseRun(res automation.Result) direct.StepRun {
	return direct.StepRun{Step: "release", Title: stepTitle("release"), Result: res}
}

func destroyRun(res automation.Result) direct.StepRun {
	return direct.StepRun{Step: "destroy", Title: fmt.Sprintf("take away what the stack %s contains", res.Stack), Result: res}
}
