package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

type findConfigInput struct {
	Origin      string `query:"origin" doc:"A web origin of the tenant, as browsers send it"`
	Name        string `query:"name" doc:"The tenant's name, all of it; upper and lower case are the same"`
	IfNoneMatch string `header:"If-None-Match" doc:"An ETag that was answered before; 304 where it still holds"`
}

const configDescription = "What the tenant's application needs to know of it. Of a deleted tenant there is nothing to know."

func (a *assembly) configuration() {
	s := a.s
	add(a, route{
		id: "get-tenant-config", method: http.MethodGet, path: "/v1/tenants/{id}/config", tag: "configuration", permission: auth.ConfigRead, about: aboutTenant,
		also: []int{http.StatusNotModified}, summary: "A tenant's configuration, by its id", description: configDescription,
	}, func(ctx context.Context, in *tenantInput) (*tagged[wire.Config], error) {
		t, err := s.Ledger.Get(ctx, in.ID)
		if err == nil && t.Status == tenants.StatusDeleted {
			err = tenants.Errorf(tenants.CodeNotFound, "tenant %s is deleted", in.ID)
		}
		return s.configured(in.IfNoneMatch, t, err)
	})
	add(a, route{
		id: "find-config", method: http.MethodGet, path: "/v1/config", tag: "configuration", permission: auth.ConfigRead, about: aboutFound,
		also: []int{http.StatusNotModified}, summary: "A tenant's configuration, by a web origin or its name",
		description: configDescription + " Exactly one of the parameters has to be given.",
	}, func(ctx context.Context, in *findConfigInput) (*tagged[wire.Config], error) {
		t, err := s.findTenant(ctx, in.Origin, in.Name)
		return s.configured(in.IfNoneMatch, t, err)
	})
}

// findTenant finds a tenant by an origin or by its name, among those whose
// configuration may be read. Who may not read every tenant's cannot tell another
// tenant from none.
func (s *server) findTenant(ctx context.Context, origin, name string) (tenants.Tenant, error) {
	c := callOf(ctx)
	if err := onlyOne(origin, name); err != nil {
		// Before that is told, the sender must be somebody who may ask at all.
		if _, ok := c.principal.RoleFor(auth.ConfigRead, c.principal.TenantID); !ok {
			return tenants.Tenant{}, auth.Authorize(c.principal, auth.ConfigRead, c.principal.TenantID)
		}
		return tenants.Tenant{}, err
	}
	found, err := s.candidates(ctx, origin, name)
	if tenants.CodeOf(err) == tenants.CodeNotFound {
		found, err = nil, nil
	}
	if err != nil {
		return tenants.Tenant{}, err
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		if err := auth.Authorize(c.principal, auth.ConfigRead, unknown); err != nil {
			return tenants.Tenant{}, err
		}
		return tenants.Tenant{}, tenants.Errorf(tenants.CodeNotFound, "no tenant has this origin or name")
	}
	return tenants.Tenant{}, tenants.Errorf(tenants.CodeConflict, "several tenants have this name; ask by id or by origin")
}

// candidates gives the tenants with the origin or the name: of those that the
// sender may read, which are all, or the one that the token names.
func (s *server) candidates(ctx context.Context, origin, name string) ([]tenants.Tenant, error) {
	p := callOf(ctx).principal
	var found []tenants.Tenant
	if _, all := p.RoleFor(auth.ConfigRead, ""); all {
		if origin == "" {
			return s.named(ctx, name)
		}
		t, err := s.Ledger.ByOrigin(ctx, origin)
		return append(found, t), err
	}
	if _, own := p.RoleFor(auth.ConfigRead, p.TenantID); !own {
		return nil, nil
	}
	t, err := s.Ledger.Get(ctx, p.TenantID)
	if err == nil && t.Status != tenants.StatusDeleted && (slices.Contains(t.Origins, origin) || strings.EqualFold(t.Name, name)) {
		found = append(found, t)
	}
	return found, err
}

func onlyOne(origin, name string) error {
	switch {
	case origin == "" && name == "":
		return tenants.Invalid(tenants.FieldError{Field: "origin", Allowed: "an origin or a name"})
	case origin != "" && name != "":
		return tenants.Invalid(tenants.FieldError{Field: "name", Value: name, Allowed: "nothing where an origin is given"})
	case origin != "":
		return tenants.Invalid(tenants.ValidateOrigin("origin", origin)...)
	case len(name) > maxNameBytes || len(tenants.Words(name)) == 0:
		return tenants.Invalid(tenants.FieldError{Field: "name", Value: name, Allowed: "a tenant's name, with a letter or a digit in it"})
	}
	return nil
}

// maxNameBytes is how many bytes the longest name has.
const maxNameBytes = 4 * tenants.MaxNameLength

// maxNamed is how many pages of tenants are looked through for a name. Its words
// are all in what is found, so that more would be a strange coincidence.
const maxNamed = 10

// named gives the tenants of a name; two at least where there are two.
func (s *server) named(ctx context.Context, name string) ([]tenants.Tenant, error) {
	words := tenants.Words(name)
	query := tenants.Query{Text: strings.Join(words[:min(len(words), tenants.MaxQueryWords)], " "), Limit: tenants.MaxPageLimit}
	var found []tenants.Tenant
	for range maxNamed {
		page, err := s.Ledger.Search(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, t := range page.Tenants {
			if strings.EqualFold(t.Name, name) {
				found = append(found, t)
			}
		}
		if page.Next == "" {
			return found, nil
		}
		query.After = page.Next
	}
	return nil, tenants.Errorf(tenants.CodeConflict, "too many tenants have names like this one; ask by id or by origin")
}

// configured answers with a tenant's configuration. Its tag is of the document
// alone, so that what else changes of the tenant is not told.
func (s *server) configured(ifNoneMatch string, t tenants.Tenant, err error) (*tagged[wire.Config], error) {
	if err != nil {
		return nil, err
	}
	out := wire.Config{
		TenantID: t.ID, Name: t.Name, Tier: t.Tier, Region: t.Region, Status: string(t.Status),
		IssuerURL: t.Settings.IssuerURL, UserPoolID: t.Settings.UserPoolID, AppClientID: t.Settings.AppClientID, Endpoint: t.Settings.Endpoint,
	}
	switch tier, err := s.Catalogue.Tier(t.Tier); {
	case len(t.Placements) > 0: // in a move, it lives in the first until that is left
		out.Model = string(t.Placements[0].Model)
	case err == nil:
		out.Model = string(tier.Model)
	}
	sum := sha256.Sum256(encoded(out))
	return ifChanged(ifNoneMatch, strconv.Quote(base64.RawURLEncoding.EncodeToString(sum[:12])), out), nil
}
