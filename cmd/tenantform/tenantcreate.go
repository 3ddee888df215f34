package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tenantform/tenantform/internal/direct"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// creation is what "tenant create" was asked for.
type creation struct {
	file, reason         string
	dryRun, skipExisting bool
	tenant               tenants.Tenant // from flags, when there is no file
}

// creationFlags are the names of a tenant's fields on the command line.
var creationFlags = map[string]string{
	"id": "TENANT", "name": "--name", "adminEmail": "--email", "tier": "--tier", "region": "--region", "costCenter": "--cost-center",
}

func (a *app) tenantCreateCommand() *cobra.Command {
	var c creation
	cmd := &cobra.Command{
		Use:   "create TENANT --tier TIER --name NAME --email ADDRESS | create [TENANT...] --file tenants.yaml",
		Short: "Create tenants and bring up their stacks",
		Long: `Creates a tenant from flags, or tenants of a file: those that are named, or all
of them. The functions that the file gives a tenant are deployed after it. A
creation that failed goes on when it is asked for again.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("region") {
				c.tenant.Region = a.flags.region
			}
			return a.create(cmd.Context(), c, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.tenant.Tier, "tier", "", "the tenant's tier")
	f.StringVar(&c.tenant.Name, "name", "", "the tenant's name, as people see it")
	f.StringVar(&c.tenant.AdminEmail, "email", "", "e-mail address of the tenant's administrator")
	f.StringVar(&c.tenant.CostCenter, "cost-center", "", "value of the cost-center tag (default: the tenant's id)")
	f.StringVar(&c.file, "file", "", "a YAML file with tenants")
	f.StringVar(&c.reason, "reason", "", "why, for the journal")
	f.BoolVar(&c.dryRun, "dry-run", false, "show what would be created and what the policies say; change nothing")
	f.BoolVar(&c.skipExisting, "skip-existing", false, "with --file: pass over tenants that exist already")
	_ = cmd.RegisterFlagCompletionFunc("tier", a.completeTiers)
	return cmd
}

func (a *app) create(ctx context.Context, c creation, ids []string) error {
	s, err := a.look()
	if err != nil {
		return err
	}
	wanted, err := s.wanted(ctx, c, ids)
	if err != nil {
		return err
	}
	if err := a.flags.needTarget(a); err != nil {
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
	if len(ids) > 1 {
		return nil, invalid("argument", ids[1], "nothing: without --file one tenant is created at a time")
	}
	t := c.tenant
	t.ID = ids[0]
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
	t := c.tenant
	for _, f := range []struct{ flag, value string }{
		{"--tier", t.Tier}, {"--name", t.Name}, {"--email", t.AdminEmail}, {"--cost-center", t.CostCenter},
	} {
		if f.value != "" {
			return nil, invalid(f.flag, f.value, "nothing beside --file, which says it for each tenant")
		}
	}
	all, err := tenantfile.ReadTenants(c.file, s.catalogue)
	if err != nil {
		return nil, err
	}
	var fields []tenants.FieldError
	for _, id := range ids {
		if !slices.ContainsFunc(all, func(t tenants.Tenant) bool { return t.ID == id }) {
			fields = append(fields, tenants.FieldError{Source: c.file, Field: "TENANT", Value: id, Allowed: "one of " + shorten(strings.Join(idsOf(all), ", "), 200)})
		}
	}
	var wanted []tenants.Tenant
	for _, t := range all {
		if len(ids) > 0 && !slices.Contains(ids, t.ID) {
			continue
		}
		known, err := s.exists(ctx, t.ID)
		if err != nil {
			return nil, err
		}
		if known && c.skipExisting {
			continue
		}
		if known {
			fields = append(fields, tenants.FieldError{Source: c.file, Field: "tenants." + t.ID + ".id", Value: t.ID,
				Allowed: "an id that no other tenant has; --skip-existing passes over those that exist"})
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
