package apigateway

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigateway"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
)

// API Gateway's limits; see "Amazon API Gateway quotas" for REST APIs in its
// Developer Guide, and CreateAuthorizer in the API Reference.
const (
	MaxTimeoutMS = 29000 // a quota that AWS raises on request

	minTimeoutMS = 50
	maxResources = 300 // the root included
	maxUserPools = 1000
	maxBody      = 400 * 1024 // bytes of a model
)

// The methods of routes. OPTIONS is not among them: browsers send it without
// credentials, which no route accepts.
const (
	Get    = "GET"
	Head   = "HEAD"
	Post   = "POST"
	Put    = "PUT"
	Patch  = "PATCH"
	Delete = "DELETE"
)

var (
	segmentPattern   = regexp.MustCompile(`^([a-zA-Z0-9._:-]+|\{[a-zA-Z0-9._:-]+\+?\})$`)
	parameterPattern = regexp.MustCompile(`^[a-zA-Z0-9._$-]+$`)
	textPattern      = regexp.MustCompile(`^[\x21-\x7E]+$`)
	notWord          = regexp.MustCompile(`[^a-zA-Z0-9]+`)
)

// Authorizer lets users and programs in by a token of a Cognito user pool, in the
// header Authorization, instead of a signature by IAM.
type Authorizer struct {
	// UserPoolARNs are the user pools whose tokens are accepted; 1 to 1000.
	UserPoolARNs pulumi.StringArray
}

// Route is a method of a path that a Lambda function answers, by proxy
// integration. API Gateway may invoke the function for this method and path
// alone.
type Route struct {
	Method string // one of Get, Head, Post, Put, Patch and Delete
	// Path begins with "/"; its segments are letters, digits and . _ : -, or such a
	// name in braces for a variable, "/orders/{id}" for example, the last one with a
	// "+" for the rest of the path. GET /health is taken.
	Path string
	// Function is the name of the function, in the API's account and region;
	// required. Its Alias is invoked, or, when that is nil, its newest code.
	Function pulumi.StringInput
	Alias    pulumi.StringInput
	// Scopes are those that an access token must have one of, as the user pool names
	// them, "orders/read" for example. None: with an Authorizer every identity token
	// of its user pools is accepted, and no access token. Only with an Authorizer.
	Scopes []string
	// Query and Headers are the parameters that a request must have.
	Query, Headers []string
	// Body is the JSON schema, of draft 4, that a body of the type application/json
	// must have; only with Post, Put and Patch. A body of another type comes to the
	// function unchecked. Empty: no body is checked.
	Body string
	// TimeoutMS is for how long the function may answer; 50 to 29000 milliseconds,
	// 29000 when 0.
	TimeoutMS int
}

func (r Route) timeout() int {
	if r.TimeoutMS == 0 {
		return MaxTimeoutMS
	}
	return r.TimeoutMS
}

func (r Route) segments() []string {
	if r.Path == "/" {
		return nil
	}
	return strings.Split(strings.TrimPrefix(r.Path, "/"), "/")
}

func isVariable(segment string) bool { return strings.HasPrefix(segment, "{") }

// variables gives the names of the path's variables.
func (r Route) variables() []string {
	var names []string
	for _, s := range r.segments() {
		if isVariable(s) {
			names = append(names, strings.TrimSuffix(strings.Trim(s, "{}"), "+"))
		}
	}
	return names
}

func (r Route) id() string { return r.Method + " " + r.Path }

// slug is the route in letters, digits and dashes; the digest tells /a/b and
// /a/{b} apart.
func (r Route) slug() string {
	words := strings.Trim(notWord.ReplaceAllString(r.Method+r.Path, "-"), "-")
	return strings.ToLower(words) + "-" + digest(r.id(), 3)
}

// model names the body's schema: letters and digits are all that API Gateway
// allows.
func (r Route) model() string { return notWord.ReplaceAllString(r.slug(), "") }

func (r Route) functionARN(l location.Location) pulumi.StringOutput {
	if r.Alias == nil {
		return pulumi.Sprintf(l.ARN("lambda", "function:%s"), r.Function)
	}
	return pulumi.Sprintf(l.ARN("lambda", "function:%s:%s"), r.Function, r.Alias)
}

// source is the method as API Gateway names it when it invokes a function; "*"
// stands for a variable's value.
func (r Route) source(l location.Location, api string) string {
	segments := r.segments()
	for i, s := range segments {
		if isVariable(s) {
			segments[i] = "*"
		}
	}
	return l.ARN("execute-api", api+"/"+StageName+"/"+r.Method+"/"+strings.Join(segments, "/"))
}

func (a *Args) checkRoutes(c *check.Args) {
	if a.Authorizer != nil {
		c.Between("Authorizer.UserPoolARNs", len(a.Authorizer.UserPoolARNs), 1, maxUserPools, "user pools")
		c.Needs("Routes", len(a.Routes) > 0, "1 route or more with an Authorizer: there is nothing else that it would guard")
	}
	seen, resources := map[string]bool{Get + " /health": true}, map[string]bool{"/health": true}
	variables := map[string]string{}
	for i, r := range a.Routes {
		at := fmt.Sprintf("Routes[%d]", i)
		r.check(c, at, a.Authorizer != nil)
		if seen[r.id()] {
			c.Fault(at, r.id(), "each method and path once, and GET /health is taken")
		}
		seen[r.id()] = true
		parent := ""
		for _, s := range r.segments() {
			if other, ok := variables[parent]; ok && isVariable(s) && other != s {
				c.Fault(at+".Path", r.Path, "the same variable as other routes have after "+parent+"/, "+other)
			}
			if isVariable(s) {
				variables[parent] = s
			}
			parent += "/" + s
			resources[parent] = true
		}
	}
	c.Between("Routes", len(resources)+1, 1, maxResources, "resources, which are paths and what leads to them")
}

func (r Route) check(c *check.Args, at string, users bool) {
	c.OneOf(at+".Method", r.Method, Get, Head, Post, Put, Patch, Delete)
	r.checkPath(c, at+".Path")
	c.Needs(at+".Function", r.Function != nil, "the name of a function")
	for _, s := range r.Scopes {
		c.Name(at+".Scopes", s, 512, textPattern)
	}
	if len(r.Scopes) > 0 && !users {
		c.Fault(at+".Scopes", strings.Join(r.Scopes, ", "), "none without an Authorizer")
	}
	for _, name := range slices.Concat(r.Query, r.Headers) {
		c.Name(at+".Query or Headers", name, 256, parameterPattern)
	}
	c.Between(at+".TimeoutMS", r.timeout(), minTimeoutMS, MaxTimeoutMS, "milliseconds")
	if r.Body == "" {
		return
	}
	if !slices.Contains([]string{Post, Put, Patch}, r.Method) {
		c.Fault(at+".Body", r.Method, "a schema only with "+Post+", "+Put+" and "+Patch)
	}
	var schema object
	if err := json.Unmarshal([]byte(r.Body), &schema); err != nil || len(r.Body) > maxBody {
		c.Fault(at+".Body", shortened(r.Body), fmt.Sprintf("a JSON schema, an object, of at most %d bytes", maxBody))
	}
}

func shortened(text string) string {
	if len(text) > 40 {
		return text[:40] + "..."
	}
	return text
}

func (r Route) checkPath(c *check.Args, argument string) {
	if !strings.HasPrefix(r.Path, "/") {
		c.Fault(argument, r.Path, "a path that begins with /")
		return
	}
	segments := r.segments()
	for i, s := range segments {
		if !segmentPattern.MatchString(s) {
			c.Fault(argument, r.Path, "segments of letters, digits and . _ : -, or {name}")
		}
		if strings.HasSuffix(s, "+}") && i < len(segments)-1 {
			c.Fault(argument, r.Path, "a variable for the rest of the path, "+s+", at the end only")
		}
	}
	names := r.variables()
	slices.Sort(names)
	if len(slices.Compact(names)) < len(r.variables()) {
		c.Fault(argument, r.Path, "each variable once")
	}
}

// permissions let API Gateway invoke each route's function, for that route.
func (a *API) permissions(ctx *pulumi.Context, name string, args *Args, api *apigateway.RestApi) error {
	for _, r := range args.Routes {
		permission := &lambda.PermissionArgs{
			StatementId:   pulumi.String("api-" + digest(args.Name+" "+r.id(), 8)),
			Action:        pulumi.String("lambda:InvokeFunction"),
			Function:      r.Function,
			Principal:     pulumi.String("apigateway.amazonaws.com"),
			SourceArn:     api.ID().ToStringOutput().ApplyT(func(id string) string { return r.source(args.Location, id) }).(pulumi.StringOutput),
			SourceAccount: pulumi.String(args.Location.AccountID),
		}
		if r.Alias != nil {
			permission.Qualifier = r.Alias.ToStringOutput()
		}
		if _, err := lambda.NewPermission(ctx, name+"-"+r.slug(), permission, pulumi.Parent(a)); err != nil {
			return err
		}
	}
	return nil
}
