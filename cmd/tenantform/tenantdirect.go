package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/tenants"
)

// found gives a tenant that is to be changed here, and a session that has not
// started.
func (a inProcess) found(ctx context.Context, id string, w writing) (*session, tenants.Tenant, error) {
	if err := w.local(); err != nil {
		return nil, tenants.Tenant{}, err
	}
	s, err := a.look()
	if err != nil {
		return nil, tenants.Tenant{}, err
	}
	t, err := s.tenant(ctx, id)
	return s, t, err
}

func (a inProcess) move(ctx context.Context, id string, m moving) error {
	s, t, err := a.found(ctx, id, m.writing)
	if err != nil {
		return err
	}
	target, err := s.tier(m.tier)
	if err != nil {
		return err
	}
	if t.Tier == target.Name && t.Status == tenants.StatusActive {
		others := slices.DeleteFunc(s.catalogue.Names(), func(n string) bool { return n == t.Tier })
		return invalid("--tier", m.tier, fmt.Sprintf("a tier that tenant %s does not have already: %s", id, strings.Join(others, ", ")))
	}
	if m.reason == "" && !m.dryRun {
		return invalid("--reason", "", "why the tenant is moved, for the journal")
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.close()
	if m.dataMoved && a.flags.target != targetLocal {
		s.runner.Transfer = func(context.Context, string, tenants.Placement, tenants.Placement) error { return nil }
	}
	if err := s.needPlace(ctx, id, target.Placement()); err != nil {
		return err
	}
	if m.dryRun {
		out, err := s.runner.PlanMove(ctx, id, m.tier)
		return a.planned(fmt.Sprintf("move of tenant %s from %s to %s", id, out.Operation.FromTier, m.tier), out, err)
	}
	defer a.signals.change()()
	out, err := s.runner.Move(ctx, id, m.tier, m.reason)
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

func (a inProcess) remove(ctx context.Context, id string, yes bool, w writing) error {
	s, t, err := a.found(ctx, id, w)
	if err != nil {
		return err
	}
	if !w.dryRun && !yes {
		if err := a.confirmDeletion(t, " and "+count(len(t.Functions), "function")); err != nil {
			return err
		}
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.close()
	if w.dryRun {
		out, err := s.runner.PlanDelete(ctx, id)
		return a.planned("deletion of tenant "+id, out, err)
	}
	defer a.signals.change()()
	out, err := s.runner.Delete(ctx, id, w.reason)
	return a.done("tenant "+id+" is deleted", out, err)
}

func (a inProcess) get(ctx context.Context, id string) error {
	s, err := a.look()
	if err != nil {
		return err
	}
	t, err := s.tenant(ctx, id)
	if err != nil {
		return err
	}
	ops, err := s.journal.Operations(ctx, t.ID)
	if err != nil {
		return err
	}
	view := tenantView{Tenant: t}
	if len(ops) > 0 {
		view.LastOperation = &ops[len(ops)-1]
	}
	a.show(view, func(w io.Writer) { writeTenant(w, view) })
	return nil
}

func (a inProcess) list(ctx context.Context, l listing) error {
	if err := l.local(); err != nil {
		return err
	}
	s, err := a.look()
	if err != nil {
		return err
	}
	all, err := s.store.List(ctx)
	if err != nil {
		return err
	}
	if all == nil {
		all = []tenants.Tenant{}
	}
	a.show(all, func(w io.Writer) { writeTenants(w, all) })
	return nil
}
