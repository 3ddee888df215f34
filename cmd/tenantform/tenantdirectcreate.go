package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

func (a inProcess) create(ctx context.Context, c creation, ids []string) error {
	if err := c.local(); err != nil {
		return err
	}
	if len(c.origins) > 0 {
		return invalid("--origin", c.origins[0], "nothing with --direct")
	}
	s, err := a.look()
	if err != nil {
		return err
	}
	wanted, err := s.wanted(ctx, c, ids)
	if err != nil {
		return err
	}
	if err := a.flags.needTarget(a.app); err != nil {
		return err
	}
	if len(wanted) == 0 {
		a.show([]direct.Outcome{}, func(w io.Writer) { fmt.Fprintln(w, "every tenant of the file exists already") })
		return nil
	}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.close()
	for _, t := range wanted {
		tier, err := s.catalogue.Tier(t.Tier)
		if err != nil {
			return err
		}
		if err := s.needPlace(ctx, t.ID, tier.Placement()); err != nil {
			return err
		}
		if len(t.Functions) > 0 {
			if err := s.need(ctx, "every function of tenant "+t.ID, tenants.PlatformStackName); err != nil {
				return err
			}
		}
	}
	if c.dryRun {
		return s.planCreations(ctx, wanted)
	}
	return s.createAll(ctx, wanted, c.reason)
}

// wanted gives the tenants to create, checked as far as that goes without
// touching anything.
func (s *session) wanted(ctx context.Context, c creation, ids []string) ([]tenants.Tenant, error) {
	if c.file != "" {
		return s.fromFile(ctx, c, ids)
	}
	if len(ids) == 0 {
		return nil, invalid("TENANT", "", "the new tenant's id, or --file with tenants")
	}
	t, err := c.fromFlags(ids)
	if err != nil {
		return nil, err
	}
	if t.Region == "" {
		t.Region = s.app.flags.region
	}
	if err := renamed(tenants.Invalid(t.Validate(s.catalogue)...), creationFlags); err != nil {
		return nil, err
	}
	known, err := s.exists(ctx, t.ID)
	if err != nil {
		return nil, err
	}
	if known {
		return nil, invalid("TENANT", t.ID, "an id that no other tenant has")
	}
	return []tenants.Tenant{t}, nil
}

func (s *session) fromFile(ctx context.Context, c creation, ids []string) ([]tenants.Tenant, error) {
	if err := c.besideFile(); err != nil {
		return nil, err
	}
	all, err := tenantfile.ReadTenants(c.file, s.catalogue)
	if err != nil {
		return nil, err
	}
	named, fields := c.wantedOf(all, ids)
	var wanted []tenants.Tenant
	for _, t := range named {
		known, err := s.exists(ctx, t.ID)
		if err != nil {
			return nil, err
		}
		if known && c.skipExisting {
			continue
		}
		if known {
			fields = append(fields, c.taken(t.ID))
		}
		if t.Region == "" {
			t.Region = s.app.flags.region
		}
		for _, f := range t.Functions {
			fields = append(fields, fieldsOf(checkFunction(f), c.file, "tenants."+t.ID+".functions."+f.Name)...)
		}
		wanted = append(wanted, t)
	}
	if err := tenants.Invalid(fields...); err != nil {
		return nil, err
	}
	return wanted, nil
}

// exists tells whether a tenant of that id is there and its creation not one
// that failed or was cut off.
func (s *session) exists(ctx context.Context, id string) (bool, error) {
	t, err := s.store.Get(ctx, id)
	if tenants.CodeOf(err) == tenants.CodeNotFound {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	switch t.Status {
	case "", tenants.StatusDeleted, tenants.StatusCreating, tenants.StatusCreateFailed:
		return false, nil
	}
	return true, nil
}

func (s *session) planCreations(ctx context.Context, wanted []tenants.Tenant) error {
	all := make([]direct.Outcome, 0, len(wanted))
	for _, t := range wanted {
		t.Functions = nil
		out, err := s.runner.PlanCreate(ctx, t)
		if err != nil {
			return withResult(err, all, results(out)...)
		}
		all = append(all, out)
	}
	s.app.show(all, func(w io.Writer) {
		for i, out := range all {
			if i > 0 {
				fmt.Fprintln(w)
			}
			writePlanned(w, "creation of tenant "+out.Tenant.ID+" in tier "+out.Tenant.Tier, out)
			for _, f := range wanted[i].Functions {
				fmt.Fprintf(w, "then the function %s is deployed; the policies decide on it when the tenant is there\n", f.Name)
			}
		}
	})
	if slices.ContainsFunc(all, func(o direct.Outcome) bool { return !o.Allowed() }) {
		return denied("the creation")
	}
	return nil
}

// createAll creates tenants one after the other. After a Ctrl-C no further one
// is begun; one that failed does not keep the others from being tried.
func (s *session) createAll(ctx context.Context, wanted []tenants.Tenant, reason string) error {
	defer s.app.signals.change()()
	var all []direct.Outcome
	var failures []error
	var last direct.Outcome
	for i, t := range wanted {
		if ctx.Err() != nil {
			failures = append(failures, tenants.Errorf(tenants.CodeUnavailable, "stopped before tenant %s: %s not created", t.ID, count(len(wanted)-i, "tenant")))
			break
		}
		outs, err := s.createOne(ctx, t, reason)
		all = append(all, outs...)
		if err != nil {
			failures = append(failures, err)
			if len(outs) > 0 {
				last = outs[len(outs)-1]
			}
		}
	}
	if len(failures) > 0 {
		err := failures[0]
		if len(failures) > 1 {
			err = errors.Join(failures...)
			last = direct.Outcome{}
		}
		return withResult(err, all, results(last)...)
	}
	s.app.show(all, func(w io.Writer) {
		for _, out := range all {
			writeDone(w, fmt.Sprintf("tenant %s: %s is done (%s, %s)", out.Tenant.ID, out.Operation.Kind, out.Tenant.Tier, placement(out.Tenant)), out)
		}
	})
	return nil
}

// createOne creates a tenant and deploys the functions that come with it.
func (s *session) createOne(ctx context.Context, t tenants.Tenant, reason string) ([]direct.Outcome, error) {
	functions := t.Functions
	t.Functions = nil
	out, err := s.runner.Create(ctx, t, reason)
	all := []direct.Outcome{out}
	if err != nil {
		return all, err
	}
	for _, f := range functions {
		if f, err = absolute(f); err != nil {
			return all, err
		}
		out, err := s.runner.Deploy(ctx, t.ID, f, reason)
		all = append(all, out)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}
