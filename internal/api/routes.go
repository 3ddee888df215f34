package api

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
)

// Paths that more than one place knows.
const (
	documentPath = "/openapi.json"
	docsPath     = "/docs"
	eventsPath   = "/v1/operations/{id}/events"
)

// route is one entry of the API.
type route struct {
	id, method, path string
	tag              string
	summary          string
	description      string
	permission       auth.Permission
	about            about
	write            bool
	action           string // of a write, in the audit journal
	status           int    // of a success; 0: 200
	also             []int  // further statuses of successes, with the same body
}

// assembly is the API being put together: its multiplexer, its document and its routes.
type assembly struct {
	s      *server
	mux    *http.ServeMux
	api    huma.API
	routes []route
}

const introduction = `What the delivery team and its programs ask of the control plane.

Requests carry a bearer token of the OpenID Connect provider: ` + "`Authorization: Bearer <token>`" + `.

A write answers at once. Where there is work to do, its answer names an operation, which goes on by itself; watch it, or read it until it has ended.
Every write takes an ` + "`Idempotency-Key`" + `: sent again with the same key within 24 hours, it is answered as it was the first time, with
` + "`Idempotency-Replayed: true`" + `, and nothing is done twice. With ` + "`?dryRun=true`" + ` a write is checked as far as it can be without doing anything, and says
what it would do.

Errors are problem details (RFC 9457) with a code for programs. Every answer has an ` + "`X-Correlation-Id`" + `, that of the request where it has one; it is
in the server's log, in the operation, in its events and in the audit journal.

400: the request is wrong, and its fields are named. 401: the token is missing or not accepted. 403: nobody with this role may do it; who may not read every tenant
is told so of tenants that there are not, too. 404: it is not there. 409: another operation is in the way (conflict), or the tenant's status (failed_precondition).
412: the tenant is not the one any more that If-Match names. 413 and 408: the body is too long, or does not come. 415: it is no JSON. 422: the Idempotency-Key was used
for another request. 429 and 503: try again after Retry-After, a write with the same Idempotency-Key. 500: the server's log has the cause.`

// assemble makes the multiplexer with all routes.
func assemble(s *server) *assembly {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	a := &assembly{s: s, mux: http.NewServeMux()}
	a.api = humago.New(a.mux, huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: "Tenantform control plane", Version: s.opts.Version, Description: introduction},
			Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{
				"token": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "A token of the OpenID Connect provider"},
			}},
			Security: []map[string][]string{{"token": {}}},
			Tags:     []*huma.Tag{{Name: "tenants"}, {Name: "products"}, {Name: "operations"}, {Name: "catalogues"}, {Name: "configuration"}, {Name: "audit"}},
		},
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{s.transform},
	})
	a.tenantReads()
	a.tenantWrites()
	a.products()
	a.operations()
	a.catalogues()
	a.configuration()
	a.audit()
	// Huma registers its own model of errors, which no answer has.
	delete(registry.Map(), "ErrorModel")
	delete(registry.Map(), "ErrorDetail")
	a.mux.HandleFunc("GET "+documentPath, func(w http.ResponseWriter, _ *http.Request) { s.docs.writeDocument(w) })
	a.mux.HandleFunc("GET "+docsPath, func(w http.ResponseWriter, _ *http.Request) { s.docs.writePage(w) })
	return a
}

// add registers a route with its handler.
func add[I, O any](a *assembly, rt route, handle func(context.Context, *I) (*O, error)) {
	op := operationOf(a.api.OpenAPI().Components.Schemas, rt)
	op.MaxBodyBytes = a.s.limits.BodyBytes + 1 // it was read before
	op.BodyReadTimeout = -1
	op.Middlewares = huma.Middlewares{a.s.guard(rt)}
	a.routes = append(a.routes, rt)
	huma.Register(a.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, a.s.newProblem(ctx, err)
		}
		return out, nil
	})
}

// operationOf describes a route.
func operationOf(schemas huma.Registry, rt route) huma.Operation {
	op := huma.Operation{
		OperationID: rt.id, Method: rt.method, Path: rt.path, Tags: []string{rt.tag}, Summary: rt.summary, Description: rt.description,
		DefaultStatus: rt.status, Extensions: map[string]any{"x-permission": string(rt.permission)},
		Responses: map[string]*huma.Response{
			"default": {Description: "What is wrong", Content: map[string]*huma.MediaType{
				wire.ContentProblem: {Schema: schemas.Schema(reflect.TypeFor[wire.Problem](), true, "")},
			}},
		},
	}
	for _, status := range rt.also {
		response := &huma.Response{Description: http.StatusText(status)}
		if status != http.StatusNotModified {
			response.Content = map[string]*huma.MediaType{"application/json": {Schema: schemas.Schema(reflect.TypeFor[wire.Change](), true, "")}}
		}
		op.Responses[strconv.Itoa(status)] = response
	}
	return op
}
