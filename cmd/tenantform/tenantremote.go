package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/internal/api/client"
	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

func (a controlPlane) create(ctx context.Context, c creation, ids []string) error {
	wanted, err := a.wanted(ctx, c, ids)
	if err != nil {
		return err
	}
	if len(wanted) == 0 {
		a.show([]wire.Change{}, func(w io.Writer) { fmt.Fprintln(w, "every tenant of the file exists already") })
		return nil
	}
	var all []wire.Change
	var failures []error
	for _, t := range wanted {
		w := c.writing
		if w.key != "" && c.file != "" {
			w.key += "-" + t.ID
		}
		change, err := a.write(w, creationFlags, func(as *client.Write) (wire.Change, error) {
			return a.api.CreateTenant(ctx, newTenant(t, w.reason), as)
		})
		if err != nil && len(wanted) > 1 {
			err = about("tenant "+t.ID, err)
		}
		if err != nil {
			failures = append(failures, err)
			continue
		}
		all = append(all, change)
	}
	return a.changed(ctx, c.writing, all, failures, true)
}

// about says in an error what it is about.
func about(what string, err error) error {
	e, ok := err.(*tenants.Error) //nolint:errorlint // only an error that is nothing else is rewritten
	if !ok || len(e.Fields) > 0 {
		return err
	}
	out := *e
	out.Message = what + ": " + e.Message
	return &out
}

// newTenant is what the control plane is asked for.
func newTenant(t tenants.Tenant, reason string) wire.CreateTenant {
	out := wire.CreateTenant{
		ID: t.ID, Name: t.Name, AdminEmail: t.AdminEmail, Tier: t.Tier, Region: t.Region, CostCenter: t.CostCenter, Origins: t.Origins, Reason: reason,
	}
	for _, p := range t.Products {
		out.Products = append(out.Products, wire.NewProduct{Name: p.Name, Licences: p.Licences})
	}
	return out
}

// wanted gives the tenants to create. Those of flags the control plane checks;
// those of a file are all looked at before the first is asked for.
func (a controlPlane) wanted(ctx context.Context, c creation, ids []string) ([]tenants.Tenant, error) {
	if c.file == "" {
		t, err := c.fromFlags(ids)
		return []tenants.Tenant{t}, err
	}
	if err := c.besideFile(); err != nil {
		return nil, err
	}
	catalogue, err := a.catalogue(ctx)
	if err != nil {
		return nil, err
	}
	all, err := tenantfile.ReadTenants(c.file, catalogue)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for t, err := range a.api.Tenants(ctx, tenants.Query{Limit: tenants.MaxPageLimit}) {
		if err != nil {
			return nil, err
		}
		there[t.ID] = true
	}
	named, fields := c.wantedOf(all, ids)
	var wanted []tenants.Tenant
	for _, t := range named {
		if there[t.ID] && c.skipExisting {
			continue
		}
		if there[t.ID] {
			fields = append(fields, c.taken(t.ID))
		}
		if len(t.Functions) > 0 {
			fields = append(fields, tenants.FieldError{Source: c.file, Field: "tenants." + t.ID + ".functions", Value: strings.Join(functionNames(t), ", "),
				Allowed: "none, as a control plane deploys no functions; --without-functions leaves them out, --direct does without a control plane"})
		}
		if t.Region == "" {
			t.Region = c.tenant.Region
		}
		wanted = append(wanted, t)
	}
	return wanted, tenants.Invalid(fields...)
}

func functionNames(t tenants.Tenant) []string {
	var names []string
	for _, f := range t.Functions {
		names = append(names, f.Name)
	}
	return names
}

// catalogue gives the control plane's tiers.
func (a controlPlane) catalogue(ctx context.Context) (tenants.Catalogue, error) {
	tiers, err := a.api.Tiers(ctx)
	var c tenants.Catalogue
	for _, t := range tiers {
		c.Tiers = append(c.Tiers, tenants.Tier{
			Name: t.Name, Model: tenants.Model(t.Model), Cell: t.Cell, RateLimit: t.RateLimit, BurstLimit: t.BurstLimit, MonthlyQuota: t.MonthlyQuota,
			FunctionMemoryMB: t.FunctionMemoryMB, FunctionTimeoutSec: t.FunctionTimeoutSec, FunctionConcurrent: t.FunctionConcurrency,
			FunctionCount: t.FunctionCount, LogRetentionDays: t.LogRetentionDays, DeletionProtection: t.DeletionProtection,
			ThreatProtection: t.ThreatProtection, MonthlyBudgetUSD: t.MonthlyBudgetUSD,
		})
	}
	return c, err
}

// tenantIDs gives the ids of tenants, those of the first page.
func (a controlPlane) tenantIDs(ctx context.Context) []string {
	page, err := a.api.SearchTenants(ctx, tenants.Query{Limit: tenants.MaxPageLimit})
	if err != nil {
		return nil
	}
	ids := make([]string, 0, len(page.Tenants))
	for _, t := range page.Tenants {
		ids = append(ids, t.ID)
	}
	return ids
}

// remoteView is a tenant with the last that was done to it.
type remoteView struct {
	Tenant        wire.Tenant     `json:"tenant"`
	LastOperation *wire.Operation `json:"lastOperation"` // null when there was none
}

func (a controlPlane) get(ctx context.Context, id string) error {
	t, err := a.api.Tenant(ctx, id)
	if err != nil {
		return err
	}
	page, err := a.api.SearchOperations(ctx, tenants.OperationQuery{TenantID: t.ID, Limit: 1})
	if err != nil {
		return err
	}
	view, text := remoteView{Tenant: t}, tenantView{Tenant: t.Record()}
	if len(page.Operations) > 0 {
		op := page.Operations[0].Record()
		view.LastOperation, text.LastOperation = &page.Operations[0], &op
	}
	a.show(view, func(w io.Writer) { writeTenant(w, text) })
	return nil
}

func (a controlPlane) list(ctx context.Context, l listing) error {
	q := l.Query
	q.Status, q.Model, q.Limit = tenants.Status(l.status), tenants.Model(l.model), tenants.MaxPageLimit
	all := []wire.Tenant{}
	for t, err := range a.api.Tenants(ctx, q) {
		if err != nil {
			return renamed(err, map[string]string{"region": "--in-region", "q": "--match", "tier": "--tier", "status": "--status", "service": "--service", "product": "--product", "model": "--model"})
		}
		all = append(all, t)
	}
	a.show(all, func(w io.Writer) {
		records := make([]tenants.Tenant, 0, len(all))
		for _, t := range all {
			records = append(records, t.Record())
		}
		if len(all) == 0 && l != (listing{}) {
			fmt.Fprintln(w, "no tenant is like that")
			return
		}
		writeTenants(w, records)
	})
	return nil
}

func (a controlPlane) move(ctx context.Context, id string, m moving) error {
	if m.tier == "" {
		return invalid("--tier", "", "the tier to move to")
	}
	if m.reason == "" && !m.dryRun {
		return invalid("--reason", "", "why the tenant is moved, for the journal")
	}
	return a.one(ctx, m.writing, func(as *client.Write) (wire.Change, error) {
		return a.api.MoveTenant(ctx, id, wire.MoveTenant{Tier: m.tier, Reason: m.reason, DataMoved: m.dataMoved}, as)
	})
}

func (a controlPlane) remove(ctx context.Context, id string, yes bool, w writing) error {
	if !w.dryRun && !yes {
		t, err := a.api.Tenant(ctx, id)
		if err != nil {
			return err
		}
		if err := a.confirmDeletion(t.Record(), " and "+count(len(t.Functions), "function")); err != nil {
			return err
		}
	}
	return a.one(ctx, w, func(as *client.Write) (wire.Change, error) { return a.api.DeleteTenant(ctx, id, w.reason, as) })
}

// fieldFlags are the names of a request's fields on the command line.
func fieldFlags() map[string]string {
	names := maps.Clone(creationFlags)
	names["reason"], names["licences"], names["name"] = "--reason", "--licences", "--name"
	names["Idempotency-Key"] = "--idempotency-key"
	return names
}

// one asks for one change, and answers the command.
func (a controlPlane) one(ctx context.Context, w writing, do func(*client.Write) (wire.Change, error)) error {
	change, err := a.write(w, fieldFlags(), do)
	if err != nil {
		return err
	}
	return a.changed(ctx, w, []wire.Change{change}, nil, false)
}

// write asks for a change. Where the answer did not come, the error has the key by
// which the same can be asked for again.
func (a controlPlane) write(w writing, names map[string]string, do func(*client.Write) (wire.Change, error)) (wire.Change, error) {
	as := &client.Write{Key: w.key, DryRun: w.dryRun}
	if as.Key == "" {
		as.Key = client.NewKey()
	}
	change, err := do(as)
	if e, ok := err.(*tenants.Error); ok && client.Unheard(err) && !w.dryRun { //nolint:errorlint // the client gives it as it is
		out := *e
		out.Message += "; whether it was asked for is not known, and the same command with --idempotency-key " + as.Key + " finds out"
		err = &out
	}
	return change, renamed(err, names)
}

// operationIDs gives the ids of the newest operations.
func (a controlPlane) operationIDs(ctx context.Context, progress tenants.Progress) []string {
	page, err := a.api.SearchOperations(ctx, tenants.OperationQuery{Progress: progress, Limit: tenants.DefaultPageLimit})
	if err != nil {
		return nil
	}
	var ids []string
	for _, op := range page.Operations {
		ids = append(ids, fmt.Sprintf("%s\t%s %s, %s", op.ID, op.Kind, op.TenantID, op.Progress))
	}
	return slices.Clip(ids)
}
