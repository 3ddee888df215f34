package tenants

import "context"

// Store keeps the tenants; it is the source of truth about them. It sets
// Version, CreatedAt and UpdatedAt, whatever the caller puts there, and gives
// back what it stored. A deleted tenant stays in the store, so that its record
// can be read later.
//
// A range of addresses is one tenant's alone: Create, and an Update that changes
// NetworkCIDR, are CodeConflict when the range overlaps with that of another
// tenant that is not deleted. It is the store that looks, in the same
// transaction, so that two callers can never have the same range.
type Store interface {
	// Create adds a tenant; CodeConflict when one with the id exists that is not deleted.
	// The record of a deleted one is replaced, and its Version counted on.
	Create(ctx context.Context, t Tenant) (Tenant, error)
	// Get gives a tenant, also a deleted one; CodeNotFound when there never was one.
	Get(ctx context.Context, id string) (Tenant, error)
	// List gives all tenants that are not deleted, by id.
	List(ctx context.Context) ([]Tenant, error)
	// Update replaces a tenant and counts its Version up; CodeConflict when
	// t.Version is not the stored one, CodeNotFound when there is none.
	Update(ctx context.Context, t Tenant) (Tenant, error)
}

// Journal keeps what was done to tenants. Entries are added to and never lost.
// An operation's id is unique. A journal may look at that within the tenant only;
// one that looks further answers CodeConflict.
type Journal interface {
	// Record adds the operation, or replaces it by id as its steps go on. What
	// has ended stays as it ended: to replace it by anything else is
	// CodeConflict.
	Record(ctx context.Context, op Operation) error
	// Operations gives a tenant's operations, oldest first.
	Operations(ctx context.Context, tenantID string) ([]Operation, error)
}
