package auth

import (
	"slices"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Role is what somebody is to the control plane.
type Role string

// The roles.
const (
	RoleDelivery    Role = "delivery"     // the team that brings tenants in, changes, moves and removes them
	RoleOperator    Role = "operator"     // keeps the system running: operations, and tenants that are to be stopped
	RoleViewer      Role = "viewer"       // reads
	RoleTenantAdmin Role = "tenant-admin" // somebody of a tenant, who reads what is of that tenant, and takes it to another tier
)

// Roles gives the roles, in the order of the table.
func Roles() []Role { return []Role{RoleDelivery, RoleOperator, RoleViewer, RoleTenantAdmin} }

// Permission names something that can be done through the API.
type Permission string

// The permissions.
const (
	TenantsCreate     Permission = "tenants.create"
	TenantsRead       Permission = "tenants.read" // one tenant
	TenantsList       Permission = "tenants.list" // list and search, across tenants
	TenantsUpdate     Permission = "tenants.update"
	TenantsMove       Permission = "tenants.move"
	TenantsActivate   Permission = "tenants.activate"
	TenantsDeactivate Permission = "tenants.deactivate"
	TenantsReconcile  Permission = "tenants.reconcile"
	TenantsDelete     Permission = "tenants.delete"
	ProductsWrite     Permission = "products.write" // products and licences of a tenant
	OperationsRead    Permission = "operations.read"
	OperationsCancel  Permission = "operations.cancel"
	OperationsRetry   Permission = "operations.retry"
	ServicesRead      Permission = "services.read" // the catalogue of business services
	TiersRead         Permission = "tiers.read"    // the catalogue of tiers
	ConfigRead        Permission = "config.read"   // what an application needs to know of its tenant
	AuditRead         Permission = "audit.read"
)

// Scope is how far a role may use a permission. The zero value is not at all.
type Scope int

// The scopes.
const (
	ScopeNone Scope = iota // denied
	ScopeOwn               // for the tenant that the token names
	ScopeAll               // for every tenant, and for what is no tenant's
)

// grant is a row of the table: who has a permission, and how far.
type grant struct {
	permission                              Permission
	delivery, operator, viewer, tenantAdmin Scope
}

const (
	no  = ScopeNone
	own = ScopeOwn
	all = ScopeAll
)

// grants gives the table. What has no row, nobody may do.
func grants() []grant {
	return []grant{
		{TenantsCreate, all, no, no, no},
		{TenantsRead, all, all, all, own},
		{TenantsList, all, all, all, no},
		{TenantsUpdate, all, no, no, no},
		{TenantsMove, all, no, no, own},
		{TenantsActivate, all, all, no, no},
		{TenantsDeactivate, all, all, no, no},
		{TenantsReconcile, all, all, no, no},
		{TenantsDelete, all, no, no, no},
		{ProductsWrite, all, no, no, no},
		{OperationsRead, all, all, all, own},
		{OperationsCancel, all, all, no, no},
		{OperationsRetry, all, all, no, no},
		{ServicesRead, all, all, all, no},
		{TiersRead, all, all, all, all},
		{ConfigRead, all, all, all, own},
		{AuditRead, all, all, no, no},
	}
}

// Permissions gives the permissions, in the order of the table.
func Permissions() []Permission {
	var out []Permission
	for _, g := range grants() {
		out = append(out, g.permission)
	}
	return out
}

// ScopeOf gives how far a role may use a permission; ScopeNone for roles and
// permissions that do not exist.
func ScopeOf(permission Permission, role Role) Scope {
	table := grants()
	i := slices.IndexFunc(table, func(g grant) bool { return g.permission == permission })
	if i < 0 {
		return ScopeNone
	}
	switch role {
	case RoleDelivery:
		return table[i].delivery
	case RoleOperator:
		return table[i].operator
	case RoleViewer:
		return table[i].viewer
	case RoleTenantAdmin:
		return table[i].tenantAdmin
	default:
		return ScopeNone
	}
}

// Principal is somebody whose token was verified. The zero value is nobody.
type Principal struct {
	Subject  string // who it is to the issuer; not empty
	Name     string // for people to read; may be empty
	Roles    []Role // known roles only, each once, in the order of the table
	TenantID string // the tenant that the token names; empty for none
	Issuer   string // who says so
	// Until is the moment from which the token is not accepted any more, leeway
	// included; who lets something last longer than a request ends it then. Zero: it
	// is not known.
	Until time.Time
}

// RoleFor gives the first of the principal's roles that has a permission for a
// tenant, and whether there is one: it is the role to write into the audit
// journal. An empty tenantID asks for what is about no tenant, or about all.
//
// A tenant-admin has no permission without a tenant in the token, nor for another tenant.
func (p Principal) RoleFor(permission Permission, tenantID string) (Role, bool) {
	if p.Subject == "" {
		return "", false
	}
	for _, role := range p.Roles {
		if role == RoleTenantAdmin && (p.TenantID == "" || tenantID != "" && tenantID != p.TenantID) {
			continue
		}
		switch ScopeOf(permission, role) {
		case ScopeAll:
			return role, true
		case ScopeOwn:
			if tenantID != "" && tenantID == p.TenantID {
				return role, true
			}
		case ScopeNone:
		}
	}
	return "", false
}

// Authorize gives nil when the principal may do what the permission names to a
// tenant, as RoleFor says. It is a tenants.Error with CodeForbidden when not,
// which does not tell whether there is such a tenant, and an
// *UnauthenticatedError for the zero Principal.
func Authorize(p Principal, permission Permission, tenantID string) error {
	if p.Subject == "" {
		return &UnauthenticatedError{Reason: noToken}
	}
	if _, ok := p.RoleFor(permission, tenantID); ok {
		return nil
	}
	what := string(permission)
	if tenantID != "" {
		what += " for this tenant"
	}
	var have, need []string
	for _, role := range p.Roles {
		have = append(have, string(role))
	}
	for _, role := range Roles() {
		switch ScopeOf(permission, role) {
		case ScopeAll:
			need = append(need, string(role))
		case ScopeOwn:
			need = append(need, string(role)+" of the tenant")
		case ScopeNone:
		}
	}
	switch {
	case len(need) == 0:
		return tenants.Errorf(tenants.CodeForbidden, "nobody has the permission %s", permission)
	case len(have) == 0:
		return tenants.Errorf(tenants.CodeForbidden, "the token has none of the roles that permit %s: %s", what, strings.Join(need, ", "))
	}
	return tenants.Errorf(tenants.CodeForbidden, "%s is permitted to %s; the token has the role %s",
		what, strings.Join(need, ", "), strings.Join(have, ", "))
}
