package apigateway_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/componenttest"
)

const orderSchema = `{"type":"object","required":["item"],"properties":{"item":{"type":"string"}}}`

// routed has a route of each kind.
func routed() *apigateway.Args {
	a := args()
	a.Routes = []apigateway.Route{
		{Method: apigateway.Get, Path: "/orders/{id}", Function: pulumi.String("acme-orders"), Alias: pulumi.String("live"), Query: []string{"version"}, Headers: []string{"x-correlation-id"}},
		{Method: apigateway.Post, Path: "/orders", Function: pulumi.String("acme-orders"), Body: orderSchema, TimeoutMS: 5000},
		{Method: apigateway.Get, Path: "/files/{path+}", Function: pulumi.String("acme-files")},
		{Method: apigateway.Get, Path: "/", Function: pulumi.String("acme-files")},
	}
	return a
}

func TestRoutesReachTheirFunctions(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(routed()), nil)
	componenttest.Check(t, r)
	doc := definition(t, r)
	if len(doc.Paths) != 5 {
		t.Errorf("paths %v", doc.Paths)
	}
	get := doc.Paths["/orders/{id}"]["get"]
	const uri = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:aws:lambda:eu-west-1:111111111111:function:acme-orders:live/invocations"
	if i := get.Integration; i["type"] != "aws_proxy" || i["httpMethod"] != "POST" || i["uri"] != uri || i["timeoutInMillis"] != 29000.0 {
		t.Errorf("integration %v", i)
	}
	want := []parameter{{"id", "path", true}, {"version", "query", true}, {"x-correlation-id", "header", true}}
	if !slices.Equal(get.Parameters, want) {
		t.Errorf("parameters %v", get.Parameters)
	}
	post := doc.Paths["/orders"]["post"]
	if post.Integration["timeoutInMillis"] != 5000.0 || strings.Contains(post.Integration["uri"].(string), ":live") {
		t.Errorf("integration %v", post.Integration)
	}
	name, ok := strings.CutPrefix(post.RequestBody.Content["application/json"].Schema["$ref"], "#/components/schemas/")
	if !ok || !post.RequestBody.Required || doc.Components.Schemas[name]["type"] != "object" || len(doc.Components.Schemas) != 1 {
		t.Errorf("body %v, schemas %v", post.RequestBody, doc.Components.Schemas)
	}
	if strings.ContainsAny(name, "-_/{}") {
		t.Errorf("API Gateway does not take %q for the name of a model", name)
	}
	for path, methods := range doc.Paths {
		for _, m := range methods {
			if scheme, _ := m.asks(t); scheme != "sigv4" {
				t.Errorf("%s asks for %s", path, scheme)
			}
		}
	}
}

func TestPermissionsAreForOneMethodEach(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(routed()), nil)
	sources, ids := map[string]any{}, map[any]bool{}
	var names []string
	for _, p := range r.OfType("aws:lambda/permission:Permission") {
		in := p.Inputs
		if in["principal"] != "apigateway.amazonaws.com" || in["action"] != "lambda:InvokeFunction" || in["sourceAccount"] != "111111111111" {
			t.Errorf("%s: %v", p.Name, in)
		}
		source, _ := strings.CutPrefix(in["sourceArn"].(string), "arn:aws:execute-api:eu-west-1:111111111111:pool-a-api-api-id/live/")
		sources[source] = fmt.Sprint(in["function"], " ", in["qualifier"])
		ids[in["statementId"]] = true
		words, _, _ := strings.Cut(strings.TrimPrefix(p.Name, "pool-a-api-"), "-")
		names = append(names, words)
		if strings.Contains(p.Name, "--") || strings.ContainsAny(p.Name, "/{}+") {
			t.Errorf("called %s", p.Name)
		}
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"get", "get", "get", "post"}) {
		t.Errorf("called by %v", names)
	}
	want := map[string]any{
		"GET/orders/*": "acme-orders live", "POST/orders": "acme-orders <nil>", "GET/files/*": "acme-files <nil>", "GET/": "acme-files <nil>",
	}
	if fmt.Sprint(sources) != fmt.Sprint(want) || len(ids) != len(want) {
		t.Errorf("%v under %d ids, want %v", sources, len(ids), want)
	}
}

func TestUsersComeInByTheirTokens(t *testing.T) {
	a := routed()
	a.Authorizer = &apigateway.Authorizer{UserPoolARNs: pulumi.StringArray{pulumi.String("arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_abcdefghi")}}
	a.Routes[1].Scopes = []string{"orders/write"}
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	doc := definition(t, r)
	users := doc.Components.SecuritySchemes["users"]
	authorizer, _ := users["x-amazon-apigateway-authorizer"].(map[string]any)
	if users["x-amazon-apigateway-authtype"] != "cognito_user_pools" || authorizer["type"] != "cognito_user_pools" ||
		fmt.Sprint(authorizer["providerARNs"]) != "[arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_abcdefghi]" {
		t.Errorf("scheme %v", users)
	}
	for _, c := range []struct {
		path, method, scheme string
		scopes               int
	}{{"/health", "get", "sigv4", 0}, {"/orders", "post", "users", 1}, {"/orders/{id}", "get", "users", 0}, {"/", "get", "users", 0}} {
		scheme, scopes := doc.Paths[c.path][c.method].asks(t)
		if scheme != c.scheme || len(scopes) != c.scopes {
			t.Errorf("%s %s asks for %s %v", c.method, c.path, scheme, scopes)
		}
	}
}

func TestANewRouteIsDeployed(t *testing.T) {
	trigger := func(a *apigateway.Args) any {
		r := componenttest.MustRun(t, "test", program(a), nil)
		return r.One(t, "aws:apigateway/deployment:Deployment").Inputs["triggers"].(map[string]any)["definition"]
	}
	more := routed()
	more.Routes = append(more.Routes, apigateway.Route{Method: apigateway.Delete, Path: "/orders/{id}", Function: pulumi.String("acme-orders")})
	before := trigger(routed())
	if before != trigger(routed()) {
		t.Error("the same routes are deployed again")
	}
	if before == trigger(more) || before == trigger(args()) {
		t.Error("other routes are not deployed")
	}
}

func TestBadRoutesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*apigateway.Args)
		words  []string
	}{
		"method":      {func(a *apigateway.Args) { a.Routes[0].Method = "ANY" }, []string{"Routes[0].Method", `"ANY"`, "one of GET"}},
		"path":        {func(a *apigateway.Args) { a.Routes[0].Path = "orders" }, []string{"Routes[0].Path", `"orders"`, "begins with /"}},
		"segment":     {func(a *apigateway.Args) { a.Routes[0].Path = "/orders/a*" }, []string{"Routes[0].Path", `"/orders/a*"`}},
		"empty":       {func(a *apigateway.Args) { a.Routes[0].Path = "/orders/" }, []string{"Routes[0].Path", `"/orders/"`}},
		"rest":        {func(a *apigateway.Args) { a.Routes[0].Path = "/{all+}/x" }, []string{"Routes[0].Path", "at the end only"}},
		"variable":    {func(a *apigateway.Args) { a.Routes[0].Path = "/{id}/{id}" }, []string{"Routes[0].Path", "each variable once"}},
		"siblings":    {func(a *apigateway.Args) { a.Routes[1].Path = "/orders/{number}" }, []string{"Routes[1].Path", "{id}"}},
		"twice":       {func(a *apigateway.Args) { a.Routes[3] = a.Routes[2] }, []string{"Routes[3]", "each method and path once"}},
		"health":      {func(a *apigateway.Args) { a.Routes[2].Path = "/health" }, []string{"Routes[2]", "GET /health is taken"}},
		"no function": {func(a *apigateway.Args) { a.Routes[0].Function = nil }, []string{"Routes[0].Function is missing"}},
		"scopes":      {func(a *apigateway.Args) { a.Routes[0].Scopes = []string{"orders/read"} }, []string{"Routes[0].Scopes", `"orders/read"`, "without an Authorizer"}},
		"parameter":   {func(a *apigateway.Args) { a.Routes[0].Query = []string{"a b"} }, []string{"Routes[0].Query", `"a b"`}},
		"timeout":     {func(a *apigateway.Args) { a.Routes[0].TimeoutMS = 29001 }, []string{"Routes[0].TimeoutMS", `"29001"`, "50 to 29000 milliseconds"}},
		"body of get": {func(a *apigateway.Args) { a.Routes[0].Body = orderSchema }, []string{"Routes[0].Body", `"GET"`}},
		"schema":      {func(a *apigateway.Args) { a.Routes[1].Body = `[1]` }, []string{"Routes[1].Body", `"[1]"`, "a JSON schema"}},
		"too many":    {many, []string{"Routes", "1 to 300 resources"}},
		"idle": {func(a *apigateway.Args) {
			a.Authorizer, a.Routes = &apigateway.Authorizer{UserPoolARNs: pulumi.StringArray{pulumi.String("arn")}}, nil
		}, []string{"Routes is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := routed()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "apigateway", "pool-a-api")...)
		})
	}
}

func many(a *apigateway.Args) {
	for i := range 300 {
		a.Routes = append(a.Routes, apigateway.Route{Method: apigateway.Get, Path: fmt.Sprintf("/r%d", i), Function: pulumi.String("f")})
	}
}
