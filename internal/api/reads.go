package api

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

// Paging are the parameters of lists.
type Paging struct {
	After string `query:"after" doc:"next of the page before; missing for the first"`
	Limit int    `query:"limit" doc:"How many at most, up to 500; missing: 50"`
}

type listTenantsInput struct {
	Paging
	Tier    string `query:"tier" doc:"A name in the catalogue of tiers"`
	Status  string `query:"status" doc:"Deleted tenants are found only with this status"`
	Region  string `query:"region" doc:"AWS region"`
	Service string `query:"service" doc:"Tenants with a state of this business service"`
	Product string `query:"product" doc:"Tenants with licences for it"`
	Model   string `query:"model" doc:"pool or silo"`
	Q       string `query:"q" doc:"Up to eight words; each has to be the beginning of a word of the id, the name or the administrator's address"`
}

type tenantInput struct {
	ID          string `path:"id" doc:"The tenant's id"`
	IfNoneMatch string `header:"If-None-Match" doc:"An ETag that was answered before; 304 where it still holds"`
}

type body[T any] struct{ Body T }

type tagged[T any] struct {
	Status       int
	ETag         string `header:"ETag" doc:"Changes with the document"`
	CacheControl string `header:"Cache-Control" doc:"It may be kept, by who asked alone, and is asked for again with its ETag"`
	Body         *T
}

func (a *assembly) tenantReads() {
	s := a.s
	add(a, route{
		id: "list-tenants", method: http.MethodGet, path: "/v1/tenants", tag: "tenants", permission: auth.TenantsList,
		summary: "Find tenants", description: "By id, a page at a time. A parameter that is missing restricts nothing.",
	}, s.listTenants)
	add(a, route{
		id: "get-tenant", method: http.MethodGet, path: "/v1/tenants/{id}", tag: "tenants", permission: auth.TenantsRead, about: aboutTenant,
		also: []int{http.StatusNotModified}, summary: "Read a tenant", description: "A deleted tenant stays to be read.",
	}, s.getTenant)
}

func (s *server) listTenants(ctx context.Context, in *listTenantsInput) (*body[wire.Tenants], error) {
	found, err := s.Ledger.Search(ctx, tenants.Query{
		Tier: in.Tier, Status: tenants.Status(in.Status), Region: in.Region, Service: in.Service, Product: in.Product,
		Model: tenants.Model(in.Model), Text: in.Q, After: in.After, Limit: in.Limit,
	})
	if err != nil {
		return nil, renamed(err, map[string]string{"text": "q"})
	}
	out := wire.Tenants{Tenants: []wire.Tenant{}, Next: found.Next}
	for _, t := range found.Tenants {
		out.Tenants = append(out.Tenants, wire.FromTenant(t))
	}
	return &body[wire.Tenants]{out}, nil
}

func (s *server) getTenant(ctx context.Context, in *tenantInput) (*tagged[wire.Tenant], error) {
	t, err := s.Ledger.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return ifChanged(in.IfNoneMatch, etag(t), wire.FromTenant(t)), nil
}

// etag gives the entity tag of a tenant.
func etag(t tenants.Tenant) string { return strconv.Quote(strconv.FormatInt(t.Version, 10)) }

// revalidated is the Cache-Control of what has an entity tag.
const revalidated = "private, no-cache"

// ifChanged answers with the document, unless who asks has it already.
func ifChanged[T any](ifNoneMatch, etag string, document T) *tagged[T] {
	if matches(ifNoneMatch, etag, true) {
		return &tagged[T]{Status: http.StatusNotModified, ETag: etag, CacheControl: revalidated}
	}
	return &tagged[T]{Status: http.StatusOK, ETag: etag, CacheControl: revalidated, Body: &document}
}

// matches says whether an If-Match or If-None-Match header names the tag; weak
// ones count where only the content matters (RFC 9110, section 8.8.3.2).
func matches(header, etag string, weak bool) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if weak {
			candidate = strings.TrimPrefix(candidate, "W/")
		}
		if candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}

// renamed gives an error with the names that fields have in the request.
func renamed(err error, names map[string]string) error {
	known, ok := err.(*tenants.Error) //nolint:errorlint // a wrapped one is not about the request
	if !ok || len(known.Fields) == 0 {
		return err
	}
	out := *known
	out.Fields = make([]tenants.FieldError, len(known.Fields))
	for i, f := range known.Fields {
		if name, ok := names[f.Field]; ok {
			f.Field = name
		}
		out.Fields[i] = f
	}
	return &out
}

func (a *assembly) catalogues() {
	s := a.s
	add(a, route{
		id: "list-services", method: http.MethodGet, path: "/v1/services", tag: "catalogues", permission: auth.ServicesRead,
		summary: "The business services", description: "Those that take part in the life of tenants.",
	}, func(context.Context, *struct{}) (*body[wire.Services], error) {
		out := wire.Services{Services: []wire.Service{}}
		for _, service := range s.opts.Services.Services {
			out.Services = append(out.Services, wire.FromService(service))
		}
		return &body[wire.Services]{out}, nil
	})
	add(a, route{
		id: "list-tiers", method: http.MethodGet, path: "/v1/tiers", tag: "catalogues", permission: auth.TiersRead,
		summary: "The tiers", description: "How tenants may be placed, and what they may use.",
	}, func(context.Context, *struct{}) (*body[wire.Tiers], error) {
		out := wire.Tiers{Tiers: []wire.Tier{}}
		for _, tier := range s.Catalogue.Tiers {
			out.Tiers = append(out.Tiers, wire.FromTier(tier))
		}
		return &body[wire.Tiers]{out}, nil
	})
}

type auditInput struct {
	Tenant string `query:"tenant" doc:"Only entries about this tenant"`
	After  int64  `query:"after" doc:"Only entries with a higher seq"`
	Limit  int    `query:"limit" doc:"How many at most, up to 500; missing: 50"`
}

func (a *assembly) audit() {
	s := a.s
	add(a, route{
		id: "list-audit", method: http.MethodGet, path: "/v1/audit", tag: "audit", permission: auth.AuditRead, about: aboutQuery,
		summary: "Who did what, and why", description: "Oldest entry first. Each entry has the hash of the one before it, and so the journal cannot be changed unseen.",
	}, s.listAudit)
	add(a, route{
		id: "verify-audit", method: http.MethodGet, path: "/v1/audit/verify", tag: "audit", permission: auth.AuditRead,
		summary: "Check the audit journal", description: "Calculates the hashes of the whole journal, which takes a while where it is long.",
	}, s.verifyAudit)
}

func (s *server) listAudit(ctx context.Context, in *auditInput) (*body[wire.Audit], error) {
	limit := in.Limit
	if limit == 0 {
		limit = tenants.DefaultPageLimit
	}
	// The page's rules are those of the other lists.
	if err := tenants.Invalid(tenants.OperationQuery{TenantID: in.Tenant, Limit: in.Limit}.Validate()...); err != nil {
		return nil, renamed(err, map[string]string{"tenantId": "tenant"})
	}
	if in.After < 0 {
		return nil, tenants.Invalid(tenants.FieldError{Field: "after", Value: strconv.FormatInt(in.After, 10), Allowed: "a seq, or nothing"})
	}
	entries, err := s.Ledger.Audit(ctx, in.After, in.Tenant, limit+1)
	if err != nil {
		return nil, err
	}
	out := wire.Audit{Entries: []wire.AuditEntry{}}
	for i, e := range entries {
		if i == limit {
			out.Next = entries[i-1].Seq
			break
		}
		out.Entries = append(out.Entries, wire.FromAudit(e))
	}
	return &body[wire.Audit]{out}, nil
}

func (s *server) verifyAudit(ctx context.Context, _ *struct{}) (*body[wire.AuditCheck], error) {
	sound, err := s.Ledger.VerifyAudit(ctx)
	if err != nil && tenants.CodeOf(err) != tenants.CodeFailedPrecondition {
		return nil, err
	}
	out := wire.AuditCheck{Entries: sound, Sound: err == nil}
	if err != nil {
		s.logger(ctx).ErrorContext(ctx, "the audit journal is not sound", "error", err)
		out.Problem = err.Error()
	}
	return &body[wire.AuditCheck]{out}, nil
}
