package apigateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/location"
)

type object = map[string]any

// The names of the definition's security schemes and of its request validator.
const (
	keyScheme   = "apiKey"
	iamScheme   = "sigv4"
	usersScheme = "users"
	validator   = "everything"
)

// definition gives the OpenAPI document of an API, known before anything is made
// unless it names user pools or functions that are not known yet.
func (a *Args) definition() pulumi.StringInput {
	if len(a.Routes) == 0 {
		return pulumi.String(a.document(nil, nil))
	}
	pools := pulumi.StringArray{}
	if a.Authorizer != nil {
		pools = a.Authorizer.UserPoolARNs
	}
	functions := make(pulumi.StringArray, len(a.Routes))
	for i, r := range a.Routes {
		functions[i] = r.functionARN(a.Location)
	}
	return pulumi.All(pools, functions).ApplyT(func(known []any) string {
		return a.document(known[0].([]string), known[1].([]string))
	}).(pulumi.StringOutput)
}

// document writes the definition with the ARNs of user pools and of the
// functions, one for each route. Every method asks for an API key and for one
// thing more, and has its parameters and its body checked; a refusal says nothing
// of what is behind the API. See "OpenAPI extensions to API Gateway" in its
// Developer Guide.
func (a *Args) document(pools, functions []string) string {
	paths := object{"/health": object{"get": health()}}
	schemas := object{}
	for i, r := range a.Routes {
		methods, ok := paths[r.Path].(object)
		if !ok {
			methods = object{}
			paths[r.Path] = methods
		}
		if r.Body != "" {
			schemas[r.model()] = json.RawMessage(r.Body)
		}
		methods[strings.ToLower(r.Method)] = r.operation(a.Location, functions[i], a.Authorizer != nil)
	}
	schemes := object{
		keyScheme: object{"type": "apiKey", "name": "x-api-key", "in": "header"},
		iamScheme: object{"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
	}
	if len(pools) > 0 {
		schemes[usersScheme] = object{
			"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "cognito_user_pools",
			"x-amazon-apigateway-authorizer": object{"type": "cognito_user_pools", "providerARNs": pools},
		}
	}
	components := object{"securitySchemes": schemes}
	if len(schemas) > 0 {
		components["schemas"] = schemas
	}
	return encode(object{
		"openapi":    "3.0.1",
		"info":       object{"title": a.Name, "version": "1"},
		"paths":      paths,
		"components": components,
		"x-amazon-apigateway-request-validators": object{
			validator: object{"validateRequestBody": true, "validateRequestParameters": true},
		},
		"x-amazon-apigateway-request-validator": validator,
		"x-amazon-apigateway-gateway-responses": refusals(),
	})
}

// security is a list of one requirement each, all of which API Gateway asks for:
// that is how it exports a method with a key and an authoriser itself.
func security(scheme string, scopes []string) []object {
	if scopes == nil {
		scopes = []string{}
	}
	return []object{{scheme: scopes}, {keyScheme: []string{}}}
}

// health is a route that API Gateway answers by itself.
func health() object {
	return object{
		"operationId": "health",
		"security":    security(iamScheme, nil),
		"responses":   object{"200": object{"description": "The API is up."}},
		"x-amazon-apigateway-integration": object{
			"type":                "mock",
			"passthroughBehavior": "when_no_templates",
			"requestTemplates":    object{"application/json": `{"statusCode": 200}`},
			"responses": object{"default": object{
				"statusCode":        "200",
				"responseTemplates": object{"application/json": `{"status":"ok"}`},
			}},
		},
	}
}

// refusals are the answers that API Gateway gives by itself. Its own name the
// caller's and the API's ARNs, or what a signature should have been made of. See
// "Gateway response types for API Gateway" in its Developer Guide; the two
// defaults hold for every type that is not named, and keep its status.
func refusals() object {
	says := object{}
	for kind, message := range map[string]string{
		"BAD_REQUEST_BODY":       "The body is not what the API asks for.",
		"BAD_REQUEST_PARAMETERS": "A parameter is missing or not what the API asks for.",
		"QUOTA_EXCEEDED":         "The quota is used up.",
		"THROTTLED":              "There are too many requests.",
		"DEFAULT_4XX":            "The request is refused.",
		"DEFAULT_5XX":            "The request cannot be answered now.",
	} {
		says[kind] = object{"responseTemplates": object{
			"application/json": `{"message":"` + message + `","requestId":"$context.requestId"}`,
		}}
	}
	return says
}

// operation is a route's method, integrated with its function.
func (r Route) operation(l location.Location, function string, users bool) object {
	scheme := iamScheme
	if users {
		scheme = usersScheme
	}
	o := object{
		"security":  security(scheme, r.Scopes),
		"responses": object{"200": object{"description": "What the function answers."}},
		"x-amazon-apigateway-integration": object{
			"type":                "aws_proxy",
			"httpMethod":          "POST",
			"uri":                 "arn:" + l.Partition() + ":apigateway:" + l.Region + ":lambda:path/2015-03-31/functions/" + function + "/invocations",
			"passthroughBehavior": "when_no_match",
			"timeoutInMillis":     r.timeout(),
		},
	}
	var parameters []object
	add := func(in string, names []string) {
		for _, name := range names {
			parameters = append(parameters, object{"name": name, "in": in, "required": true, "schema": object{"type": "string"}})
		}
	}
	add("path", r.variables())
	add("query", r.Query)
	add("header", r.Headers)
	if len(parameters) > 0 {
		o["parameters"] = parameters
	}
	if r.Body != "" {
		o["requestBody"] = object{"required": true, "content": object{
			"application/json": object{"schema": object{"$ref": "#/components/schemas/" + r.model()}},
		}}
	}
	return o
}

func encode(doc object) string {
	text, err := json.Marshal(doc)
	if err != nil {
		panic("apigateway: text in maps cannot fail to encode: " + err.Error())
	}
	return string(text)
}

// digest gives the first n bytes of a text's SHA-256 in hexadecimal.
func digest(text string, n int) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:n])
}

// accessLogFormat is one JSON object a request. The key's id tells the tenant;
// the key itself is never logged.
const accessLogFormat = `{"requestId":"$context.requestId","extendedRequestId":"$context.extendedRequestId",` +
	`"traceId":"$context.xrayTraceId","time":"$context.requestTime","apiKeyId":"$context.identity.apiKeyId",` +
	`"caller":"$context.identity.caller","sourceIp":"$context.identity.sourceIp","method":"$context.httpMethod",` +
	`"path":"$context.resourcePath","status":"$context.status","latencyMs":"$context.responseLatency"}`
