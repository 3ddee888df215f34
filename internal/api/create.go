package api

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

type createInput struct {
	Writing
	Body wire.CreateTenant
}

func (a *assembly) tenantWrites() {
	s := a.s
	add(a, route{
		id: "create-tenant", method: http.MethodPost, path: "/v1/tenants", tag: "tenants", permission: auth.TenantsCreate,
		write: true, action: "tenant.create", status: http.StatusCreated, also: []int{http.StatusOK},
		summary: "Create a tenant", description: "The tenant has status creating, and is of use when its operation has succeeded. One whose creation failed is there already: retry its operation, or delete it.",
	}, s.create)
	add(a, route{
		id: "patch-tenant", method: http.MethodPatch, path: "/v1/tenants/{id}", tag: "tenants", permission: auth.TenantsUpdate, about: aboutTenant,
		write: true, action: "tenant.update", status: http.StatusAccepted, also: []int{http.StatusOK},
		summary:     "Change a tenant",
		description: "202 and an operation where infrastructure has to follow, or a business service takes part in updates; else 200, and it is done.",
	}, s.patch)
	add(a, route{
		id: "move-tenant", method: http.MethodPost, path: "/v1/tenants/{id}/move", tag: "tenants", permission: auth.TenantsMove, about: aboutTenant,
		write: true, action: "tenant.move", status: http.StatusAccepted, also: []int{http.StatusOK},
		summary: "Move a tenant to another tier", description: "A move that failed goes on where it stopped when the same tier is asked for again; asked for the tier that it came from, it is taken back, as long as users and data have not gone over.",
	}, s.move)
	a.states()
}

func (s *server) create(ctx context.Context, in *createInput) (*changed, error) {
	key, err := in.key(ctx)
	if err != nil {
		return nil, err
	}
	request := in.Body
	request.Reason = ""
	a := asking{Writing: in.Writing, action: "tenant.create", reason: in.Body.Reason, request: request}
	if err := checkReason(a.reason); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		p, err := s.newTenant(ctx, in.Body)
		if err == nil {
			s.complete(ctx, a, &p)
			err = s.plan(ctx, "", &p)
		}
		if err == nil && in.DryRun {
			err = s.free(ctx, p.tenant.ID)
		}
		if err != nil {
			return s.answered(ctx, key, err, true)
		}
		if in.DryRun {
			return s.rehearsed(p), nil
		}
		out, err := s.write(ctx, a, p, key)
		if tenants.CodeOf(err) != tenants.CodeConflict {
			return out, err
		}
		if errors.Is(err, tenants.ErrKeyUsed) {
			return nil, err
		}
		taken := s.free(ctx, p.tenant.ID)
		if taken == nil { // it is something else that is taken
			return nil, err
		}
		if in.Body.ID != "" || try == attempts {
			return nil, taken
		}
	}
}

// newTenant makes the tenant that is asked for.
func (s *server) newTenant(ctx context.Context, in wire.CreateTenant) (proposal, error) {
	t := tenants.Tenant{
		ID: in.ID, Name: in.Name, AdminEmail: in.AdminEmail, Tier: in.Tier, Region: in.Region, CostCenter: in.CostCenter, Origins: in.Origins,
	}
	for _, p := range in.Products {
		t.Products = append(t.Products, tenants.Product{Name: p.Name, Licences: p.Licences, AddedAt: s.now().UTC()})
	}
	if t.ID == "" {
		var err error
		if t.ID, err = s.freeID(ctx, t.Name); err != nil {
			return proposal{}, err
		}
	}
	if err := s.Complete(&t); err != nil {
		return proposal{}, indexed(err, in.Products)
	}
	t.Status = tenants.StatusCreating
	return proposal{tenant: t, create: true, operation: &tenants.Operation{Kind: tenants.OperationCreate}}, nil
}

// indexed names products by their place in the body, as everything else is.
func indexed(err error, products []wire.NewProduct) error {
	names := map[string]string{}
	for i, p := range products {
		for _, field := range []string{"name", "licences"} {
			names["products."+p.Name+"."+field] = "products[" + strconv.Itoa(i) + "]." + field
		}
	}
	return renamed(err, names)
}

// free refuses an id that a tenant has.
func (s *server) free(ctx context.Context, id string) error {
	t, err := s.Ledger.Get(ctx, id)
	switch {
	case tenants.CodeOf(err) == tenants.CodeNotFound || err == nil && t.Status == tenants.StatusDeleted:
		return nil
	case err != nil:
		return err
	case t.Status != tenants.StatusCreateFailed:
		return tenants.Errorf(tenants.CodeConflict, "tenant %s exists already, with status %s; choose another id", id, t.Status)
	}
	what := "its creation"
	if last, found, err := s.lastOperation(ctx, id); err == nil && found && last.Kind == tenants.OperationCreate {
		what = "operation " + last.ID
	}
	return tenants.Errorf(tenants.CodeConflict, "tenant %s exists already, and its creation failed; retry %s, or delete the tenant", id, what)
}

// lastOperation gives the newest operation on a tenant, and whether there is one.
func (s *server) lastOperation(ctx context.Context, tenantID string) (tenants.Operation, bool, error) {
	found, err := s.Ledger.SearchOperations(ctx, tenants.OperationQuery{TenantID: tenantID, Limit: 1})
	if err != nil || len(found.Operations) == 0 {
		return tenants.Operation{}, false, err
	}
	return found.Operations[0], true, nil
}

var notInID = regexp.MustCompile(`[^a-z0-9]+`)

// ids is how many numbered ids are looked at before one by chance is taken.
const ids = 20

// freeID makes an id of a name, which no tenant has or had: "acme-ltd", else
// "acme-ltd-2", and so on.
func (s *server) freeID(ctx context.Context, name string) (string, error) {
	base := idOf(name)
	for n := 1; n <= ids; n++ {
		id := base
		if n > 1 {
			id = base + "-" + strconv.Itoa(n)
		}
		_, err := s.Ledger.Get(ctx, id)
		if tenants.CodeOf(err) == tenants.CodeNotFound {
			return id, nil
		}
		if err != nil {
			return "", err
		}
	}
	return base + "-" + chance(), nil
}

// idOf makes an id of a name, with room for a suffix.
func idOf(name string) string {
	const room = 7 // "-" and what chance gives
	fine := func(id string) bool {
		return tenants.ValidateID("id", id+"-"+strings.Repeat("x", room-1)) == nil && tenants.ValidateID("id", id) == nil
	}
	cut := func(words []string) string {
		id := strings.Join(words, "-")
		for len(id) > tenants.MaxIDLength-room && len(words) > 1 {
			words = words[:len(words)-1]
			id = strings.Join(words, "-")
		}
		return strings.TrimRight(id[:min(len(id), tenants.MaxIDLength-room)], "-")
	}
	words := strings.Fields(notInID.ReplaceAllString(strings.ToLower(name), " "))
	// Words that have a meaning in the names of resources are left out.
	plain := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return !fine("some-" + w[:min(len(w), 10)]) })
	for _, id := range []string{cut(words), cut(plain), cut(append([]string{"tenant"}, plain...))} {
		if fine(id) && id != "tenant" {
			return id
		}
	}
	return "tenant-" + chance()
}

// chance gives six random lower-case letters and digits.
func chance() string { return strings.ToLower(rand.Text()[:6]) }
