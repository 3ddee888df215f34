package sqlstore

import (
	"context"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"

	"github.com/tenantform/tenantform/tenants"
)

// Create adds a tenant.
func (s *Store) Create(ctx context.Context, t tenants.Tenant) (tenants.Tenant, error) {
	return s.store(ctx, t, func(q querier, old tenants.Tenant, exists bool) (tenants.Tenant, error) {
		return s.create(q, old, exists, t)
	})
}

// Get gives a tenant.
func (s *Store) Get(ctx context.Context, id string) (tenants.Tenant, error) {
	if err := alive(ctx); err != nil {
		return tenants.Tenant{}, err
	}
	if tenants.ValidateID("id", id) != nil {
		return tenants.Tenant{}, noTenant(id)
	}
	t, found, err := document[tenants.Tenant](s.reading(ctx), "SELECT document FROM tenants WHERE id = $1", id)
	if err != nil {
		return tenants.Tenant{}, s.classified(ctx, err)
	}
	if !found {
		return tenants.Tenant{}, noTenant(id)
	}
	return t, nil
}

// List gives all tenants that are not deleted, by id.
func (s *Store) List(ctx context.Context) ([]tenants.Tenant, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	all, err := documents[tenants.Tenant](s.reading(ctx), "SELECT document FROM tenants WHERE status <> 'deleted' ORDER BY id")
	if err != nil {
		return nil, s.classified(ctx, err)
	}
	return all, nil
}

// Update replaces a tenant.
func (s *Store) Update(ctx context.Context, t tenants.Tenant) (tenants.Tenant, error) {
	if tenants.ValidateID("id", t.ID) != nil {
		return tenants.Tenant{}, noTenant(t.ID)
	}
	return s.store(ctx, t, func(q querier, old tenants.Tenant, exists bool) (tenants.Tenant, error) {
		if !exists {
			return tenants.Tenant{}, noTenant(t.ID)
		}
		return s.update(q, old, t)
	})
}

// store checks a tenant, and lets write store it where old is, if that exists.
func (s *Store) store(ctx context.Context, t tenants.Tenant, write func(q querier, old tenants.Tenant, exists bool) (tenants.Tenant, error)) (tenants.Tenant, error) {
	if err := validate(t); err != nil {
		return tenants.Tenant{}, err
	}
	if err := alive(ctx); err != nil {
		return tenants.Tenant{}, err
	}
	var stored tenants.Tenant
	err := s.change(ctx, func(q querier) error {
		old, exists, err := s.locked(q, t.ID)
		if err != nil {
			return err
		}
		stored, err = write(q, old, exists)
		return err
	})
	return stored, err
}

// locked reads a tenant that nobody else changes before the transaction ends.
func (s *Store) locked(q querier, id string) (tenants.Tenant, bool, error) {
	return document[tenants.Tenant](q, "SELECT document FROM tenants WHERE id = $1"+s.dialect.forUpdate, id)
}

// create adds a tenant, or replaces the record of a deleted one.
func (s *Store) create(q querier, old tenants.Tenant, exists bool, t tenants.Tenant) (tenants.Tenant, error) {
	if exists && old.Status != tenants.StatusDeleted {
		return tenants.Tenant{}, tenants.Errorf(tenants.CodeConflict, "tenant %s exists already, with status %s; choose another id", t.ID, old.Status)
	}
	t.Version = old.Version + 1
	t.CreatedAt = s.time()
	t.UpdatedAt = t.CreatedAt
	return put(q, old, exists, t)
}

// update replaces a tenant that is there, whatever its status.
func (s *Store) update(q querier, old, t tenants.Tenant) (tenants.Tenant, error) {
	if old.Version != t.Version {
		return tenants.Tenant{}, tenants.Errorf(tenants.CodeConflict, "tenant %s was changed meanwhile (version %d is stored, the change is based on %d); read it again and retry",
			t.ID, old.Version, t.Version)
	}
	t.Version++
	t.CreatedAt = old.CreatedAt
	t.UpdatedAt = s.time()
	return put(q, old, true, t)
}

// put writes a tenant with all that it is found by, and gives what a reader will see.
func put(q querier, old tenants.Tenant, exists bool, t tenants.Tenant) (tenants.Tenant, error) {
	none := tenants.Tenant{}
	data, err := encode(t)
	if err != nil {
		return none, err
	}
	low, high := addresses(t.NetworkCIDR)
	// A range or an origin that the tenant keeps was looked at when it got it, unless it was deleted since.
	fresh := !exists || old.Status == tenants.StatusDeleted
	if fresh || old.NetworkCIDR != t.NetworkCIDR {
		if err := networkFree(q, t, low, high); err != nil {
			return none, err
		}
	}
	written, err := q.exec(`INSERT INTO tenants (id, version, status, tier, region, network_low, network_high, document)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO UPDATE SET version = excluded.version, status = excluded.status, tier = excluded.tier, region = excluded.region,
			network_low = excluded.network_low, network_high = excluded.network_high, document = excluded.document
		WHERE tenants.version = excluded.version - 1`,
		t.ID, t.Version, string(t.Status), t.Tier, t.Region, low, high, string(data))
	if err != nil {
		return none, err
	}
	if written == 0 {
		return none, errRaced // another transaction has created it since this one looked
	}
	if err := putTerms(q, terms(old, exists), terms(t, true), t.ID); err != nil {
		return none, err
	}
	if err := putOrigins(q, old, t); err != nil {
		return none, err
	}
	return decode[tenants.Tenant](data)
}

// networkFree refuses a range of addresses that another tenant has. The ranges of
// tenants have no address in common, so only the nearest below the upper end can
// have one in common with this range.
func networkFree(q querier, t tenants.Tenant, low, high *int64) error {
	if low == nil || t.Status == tenants.StatusDeleted {
		return nil
	}
	var other string
	var otherHigh int64
	found, err := q.row([]any{&other, &otherHigh}, `SELECT id, network_high FROM tenants
		WHERE network_low <= $1 AND id <> $2 AND status <> 'deleted' ORDER BY network_low DESC LIMIT 1`, *high, t.ID)
	if err != nil {
		return err
	}
	if found && otherHigh >= *low {
		return tenants.Errorf(tenants.CodeConflict, "the range %s of tenant %s overlaps with that of tenant %s; take another", t.NetworkCIDR, t.ID, other)
	}
	return nil
}

// addresses gives the first and the last address of an IPv4 range that was
// checked; nil for an empty one.
func addresses(cidr string) (low, high *int64) {
	p, err := netip.ParsePrefix(cidr)
	if err != nil || !p.Addr().Is4() {
		return nil, nil
	}
	first := p.Masked().Addr().As4()
	from := int64(binary.BigEndian.Uint32(first[:]))
	to := from + int64(1)<<(32-p.Bits()) - 1
	return &from, &to
}

// term is something of which a tenant has several, and by which it is found.
type term struct{ kind, term string }

// terms gives a tenant's, each once.
func terms(t tenants.Tenant, exists bool) []term {
	if !exists {
		return nil
	}
	var all []term
	for _, p := range t.Placements {
		all = append(all, term{"model", string(p.Model)})
	}
	for _, p := range t.Products {
		all = append(all, term{"product", p.Name})
	}
	for _, s := range t.Services {
		all = append(all, term{"service", s.Service})
	}
	for _, word := range tenants.Words(t.ID + " " + t.Name + " " + t.AdminEmail) {
		all = append(all, term{"word", word})
	}
	slices.SortFunc(all, func(a, b term) int { return slices.Compare([]string{a.kind, a.term}, []string{b.kind, b.term}) })
	return slices.Compact(all)
}

func putTerms(q querier, before, after []term, id string) error {
	for _, t := range before {
		if !slices.Contains(after, t) {
			if _, err := q.exec("DELETE FROM tenant_terms WHERE kind = $1 AND term = $2 AND tenant_id = $3", t.kind, t.term, id); err != nil {
				return err
			}
		}
	}
	// One statement for all that are new.
	statement, args := "", []any{id}
	for _, t := range after {
		if slices.Contains(before, t) {
			continue
		}
		if statement != "" {
			statement += ", "
		}
		n := len(args)
		statement += "($" + strconv.Itoa(n+1) + ", $" + strconv.Itoa(n+2) + ", $1)"
		args = append(args, t.kind, t.term)
	}
	if statement == "" {
		return nil
	}
	_, err := q.exec("INSERT INTO tenant_terms (kind, term, tenant_id) VALUES "+statement+" ON CONFLICT DO NOTHING", args...)
	return err
}

// putOrigins keeps the origins of tenants that are not deleted. They are written
// in order, so that two transactions cannot wait for each other.
func putOrigins(q querier, old, t tenants.Tenant) error {
	kept := func(t tenants.Tenant) []string {
		if t.Status == tenants.StatusDeleted {
			return nil
		}
		return slices.Sorted(slices.Values(t.Origins))
	}
	before, after := kept(old), kept(t)
	for _, origin := range before {
		if !slices.Contains(after, origin) {
			if _, err := q.exec("DELETE FROM tenant_origins WHERE origin = $1 AND tenant_id = $2", origin, t.ID); err != nil {
				return err
			}
		}
	}
	for _, origin := range after {
		if slices.Contains(before, origin) {
			continue
		}
		added, err := q.exec("INSERT INTO tenant_origins (origin, tenant_id) VALUES ($1, $2) ON CONFLICT (origin) DO NOTHING", origin, t.ID)
		if err != nil {
			return err
		}
		if added == 1 {
			continue
		}
		var owner string
		if _, err := q.row([]any{&owner}, "SELECT tenant_id FROM tenant_origins WHERE origin = $1", origin); err != nil {
			return err
		}
		if owner != t.ID {
			return tenants.Errorf(tenants.CodeConflict, "the origin %s of tenant %s is one of tenant %s; an origin belongs to one tenant", origin, t.ID, owner)
		}
	}
	return nil
}

// maxColumn is how long, in bytes, a text may be that is part of an index. An
// index row of PostgreSQL has at most a third of a page of 8 kB.
const maxColumn = 512

// validate checks what the database depends on; a whole tenant is checked against
// the catalogue by those who write it.
func validate(t tenants.Tenant) error {
	fields := tenants.ValidateID("id", t.ID)
	if t.NetworkCIDR != "" {
		fields = append(fields, tenants.ValidateNetwork("networkCidr", t.NetworkCIDR)...)
	}
	fields = append(fields, t.ValidateApplication()...)
	for _, f := range []tenants.FieldError{{Field: "status", Value: string(t.Status)}, {Field: "tier", Value: t.Tier}, {Field: "region", Value: t.Region}} {
		if !indexable(f.Value) {
			f.Allowed = "at most " + strconv.Itoa(maxColumn) + " printable ASCII characters"
			fields = append(fields, f)
		}
	}
	return tenants.Invalid(fields...)
}

func indexable(text string) bool {
	if len(text) > maxColumn {
		return false
	}
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func noTenant(id string) error {
	return tenants.Errorf(tenants.CodeNotFound, "there is no tenant %q", id)
}
