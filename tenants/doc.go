// Package tenants is the vocabulary of Tenantform: tenants, tiers, placements,
// operations and their steps, the lifecycle table, the error codes, validation,
// and the interfaces of the store. It uses the standard library only and
// imports nothing of Tenantform, so that every other package may import it.
package tenants
