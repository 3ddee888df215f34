package auth_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

// expected is the table once more, as a reader of the documentation would write
// it: D delivery, O operator, V viewer for every tenant, T tenant-admin for their own.
const expected = `
tenants.create      D
tenants.read        D O V T
tenants.list        D O V
tenants.update      D
tenants.move        D T
tenants.activate    D O
tenants.deactivate  D O
tenants.reconcile   D O
tenants.delete      D
products.write      D
operations.read     D O V T
operations.cancel   D O
operations.retry    D O
services.read       D O V
tiers.read          D O V T
config.read         D O V T
audit.read          D O
`

func letters() map[string]auth.Role {
	return map[string]auth.Role{"D": auth.RoleDelivery, "O": auth.RoleOperator, "V": auth.RoleViewer, "T": auth.RoleTenantAdmin}
}

func TestEveryPermissionAndRole(t *testing.T) {
	rows := map[auth.Permission][]auth.Role{}
	for line := range strings.Lines(strings.TrimSpace(expected)) {
		words := strings.Fields(line)
		row := []auth.Role{}
		for _, letter := range words[1:] {
			row = append(row, letters()[letter])
		}
		rows[auth.Permission(words[0])] = row
	}
	if len(rows) != len(auth.Permissions()) {
		t.Fatalf("%d permissions are expected, %d exist", len(rows), len(auth.Permissions()))
	}
	for _, permission := range auth.Permissions() {
		may, ok := rows[permission]
		if !ok {
			t.Errorf("%s is not expected", permission)
		}
		for _, role := range auth.Roles() {
			p := auth.Principal{Subject: "ada", Roles: []auth.Role{role}, TenantID: "acme"}
			allowed := slices.Contains(may, role)
			every := allowed && role != auth.RoleTenantAdmin
			check(t, p, permission, "acme", allowed)
			check(t, p, permission, "globex", every)
			// The catalogue of tiers is nobody's: a tenant's admin reads it too.
			check(t, p, permission, "", every || allowed && permission == auth.TiersRead)

			p.TenantID = ""
			for _, tenantID := range []string{"", "acme"} {
				check(t, p, permission, tenantID, every)
			}
		}
	}
}

func check(t *testing.T, p auth.Principal, permission auth.Permission, tenantID string, want bool) {
	t.Helper()
	err := auth.Authorize(p, permission, tenantID)
	if want && err != nil || !want && (tenants.CodeOf(err) != tenants.CodeForbidden || errors.Is(err, auth.ErrUnauthenticated)) {
		t.Errorf("%v of %q: %s for %q gives %v; permitted should be %t", p.Roles, p.TenantID, permission, tenantID, err, want)
	}
	if role, ok := p.RoleFor(permission, tenantID); ok != want || ok && !slices.Contains(p.Roles, role) {
		t.Errorf("RoleFor %v of %q: %s for %q gives %q, %t", p.Roles, p.TenantID, permission, tenantID, role, ok)
	}
}

func TestWhatDoesNotExistIsDenied(t *testing.T) {
	for _, role := range []auth.Role{"", "admin", "Delivery", "delivery ", "tenant_admin"} {
		for _, permission := range auth.Permissions() {
			check(t, auth.Principal{Subject: "ada", Roles: []auth.Role{role}, TenantID: "acme"}, permission, "acme", false)
		}
	}
	for _, permission := range []auth.Permission{"", "*", "tenants", "tenants.*", "Tenants.Read", "tenants.purge"} {
		check(t, auth.Principal{Subject: "ada", Roles: auth.Roles(), TenantID: "acme"}, permission, "acme", false)
	}
	for _, permission := range auth.Permissions() {
		check(t, auth.Principal{Subject: "ada", TenantID: "acme"}, permission, "acme", false)
	}
}

func TestNobodyIsUnauthenticated(t *testing.T) {
	for _, permission := range auth.Permissions() {
		err := auth.Authorize(auth.Principal{Roles: auth.Roles(), TenantID: "acme"}, permission, "acme")
		if !errors.Is(err, auth.ErrUnauthenticated) {
			t.Errorf("%s without a subject: %v", permission, err)
		}
	}
}

func TestSeveralRoles(t *testing.T) {
	p := auth.Principal{Subject: "ada", Roles: []auth.Role{auth.RoleViewer, auth.RoleTenantAdmin}, TenantID: "acme"}
	check(t, p, auth.TenantsRead, "globex", true)
	check(t, p, auth.TenantsUpdate, "acme", false)
	if role, _ := p.RoleFor(auth.TenantsRead, "globex"); role != auth.RoleViewer {
		t.Errorf("another tenant is read as %q", role)
	}
}

func TestForbiddenSaysWhoMay(t *testing.T) {
	err := auth.Authorize(auth.Principal{Subject: "ada", Roles: []auth.Role{auth.RoleTenantAdmin}, TenantID: "acme"}, auth.ConfigRead, "globex")
	for _, part := range []string{"config.read", "delivery, operator, viewer, tenant-admin of the tenant", "has the role tenant-admin"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %q", part, err)
		}
	}
	if strings.Contains(err.Error(), "acme") || strings.Contains(err.Error(), "globex") {
		t.Errorf("the error names tenants: %q", err)
	}
}
