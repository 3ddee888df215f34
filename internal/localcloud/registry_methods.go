package localcloud

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigateway"

	"github.com/tenantform/tenantform/tenants"
)

// apigatewayMethodKinds are what an API is made of.
func apigatewayMethodKinds() []*kind {
	inMethod := ref{prop: "resourceId", to: []string{"apigateway.Resource"}, by: asID, part: true, of: "apigateway.RestApi", output: "rootResourceId",
		missing: "NotFoundException: Invalid Resource identifier specified"}
	methods := oneOf("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
	refs := []ref{inAPI(), inMethod}
	return []*kind{
		{
			token: "aws:apigateway/resource:Resource", label: "API Gateway Resource", args: apigateway.ResourceArgs{}, resource: &apigateway.Resource{},
			id: "{base36:6}", unique: "{account}/{region}/{in.restApi}/{in.parentId}/{in.pathPart}", required: []string{"restApi"},
			taken:  "ConflictException: Another resource with the same parent already has this name: {in.pathPart}",
			settle: settlePath, changing: []string{"path"},
			rules:   map[string]rule{"pathPart": pattern(`^(\{[a-zA-Z0-9._-]+\+?\}|[a-zA-Z0-9._:-]+)$`, "letters, digits, or one of ._-:, or a parameter in braces")},
			replace: []string{"restApi"}, refs: []ref{inAPI()},
		},
		{
			token: "aws:apigateway/method:Method", label: "API Gateway Method", args: apigateway.MethodArgs{}, resource: &apigateway.Method{},
			id: "agm-{in.restApi}-{in.resourceId}-{in.httpMethod}", taken: "ConflictException: Method already exists for this resource", required: []string{"restApi"},
			defaults: map[string]any{"apiKeyRequired": false},
			rules:    map[string]rule{"httpMethod": methods, "authorization": oneOf("NONE", "CUSTOM", "AWS_IAM", "COGNITO_USER_POOLS")},
			replace:  []string{"restApi", "resourceId", "httpMethod"}, sets: []string{"authorizationScopes"},
			refs: append(refs[:len(refs):len(refs)],
				ref{prop: "authorizerId", to: []string{"apigateway.Authorizer"}, by: asID, missing: "NotFoundException: Invalid Authorizer identifier specified {value}"},
				ref{prop: "requestValidatorId", to: []string{"apigateway.RequestValidator"}, by: asID, missing: "NotFoundException: Invalid Request Validator identifier specified {value}"}),
		},
		{
			token: "aws:apigateway/integration:Integration", label: "API Gateway Integration", args: apigateway.IntegrationArgs{}, resource: &apigateway.Integration{},
			id: "agi-{in.restApi}-{in.resourceId}-{in.httpMethod}", required: []string{"restApi"},
			defaults: map[string]any{"connectionType": "INTERNET", "passthroughBehavior": "WHEN_NO_MATCH", "timeoutMilliseconds": 29000.0},
			rules: map[string]rule{
				"httpMethod": methods, "integrationHttpMethod": methods, "type": oneOf("HTTP", "AWS", "MOCK", "HTTP_PROXY", "AWS_PROXY"),
				"connectionType": oneOf("INTERNET", "VPC_LINK"), "passthroughBehavior": oneOf("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"), "timeoutMilliseconds": between(50, 300000),
			},
			settle: methodExists, replace: []string{"restApi", "resourceId", "httpMethod", "type"}, sets: []string{"cacheKeyParameters"}, refs: refs,
		},
		{
			token: "aws:apigateway/methodResponse:MethodResponse", label: "API Gateway Method Response", args: apigateway.MethodResponseArgs{}, resource: &apigateway.MethodResponse{},
			id: "agmr-{in.restApi}-{in.resourceId}-{in.httpMethod}-{in.statusCode}", required: []string{"restApi"},
			taken: "ConflictException: Response already exists for this resource", settle: methodExists,
			rules: map[string]rule{"httpMethod": methods, "statusCode": pattern(`^[1-5]\d\d$`, "an HTTP status")}, replace: []string{"restApi", "resourceId", "httpMethod", "statusCode"}, refs: refs,
		},
		{
			token: "aws:apigateway/integrationResponse:IntegrationResponse", label: "API Gateway Integration Response",
			args: apigateway.IntegrationResponseArgs{}, resource: &apigateway.IntegrationResponse{},
			id: "agir-{in.restApi}-{in.resourceId}-{in.httpMethod}-{in.statusCode}", required: []string{"restApi"}, settle: methodExists,
			rules: map[string]rule{"httpMethod": methods, "statusCode": pattern(`^[1-5]\d\d$`, "an HTTP status")}, replace: []string{"restApi", "resourceId", "httpMethod", "statusCode"}, refs: refs,
		},
		{
			token: "aws:apigateway/authorizer:Authorizer", label: "API Gateway Authorizer", args: apigateway.AuthorizerArgs{}, resource: &apigateway.Authorizer{},
			id: "{base36:6}", arn: "arn:{partition}:apigateway:{region}::/restapis/{in.restApi}/authorizers/{id}", name: "name", autoname: &autoname{max: 128},
			unique: "{account}/{region}/{in.restApi}/{name}", taken: "ConflictException: Authorizer name must be unique. Authorizer {name} already exists in this RestApi.",
			required: []string{"restApi"}, defaults: map[string]any{"type": "TOKEN", "identitySource": "method.request.header.Authorization", "authorizerResultTtlInSeconds": 300.0},
			rules: map[string]rule{"type": oneOf("TOKEN", "REQUEST", "COGNITO_USER_POOLS"), "authorizerResultTtlInSeconds": between(0, 3600),
				"authorizerCredentials": arn("iam"), "providerArns[*]": arn("cognito-idp")},
			replace: []string{"restApi"}, sets: []string{"providerArns"},
			refs: []ref{inAPI(), {prop: "providerArns[*]", to: []string{"cognito.UserPool"}, by: asLast, missing: "BadRequestException: Invalid Cognito User Pool: {value} does not exist"}},
		},
		{
			token: "aws:apigateway/requestValidator:RequestValidator", label: "API Gateway Request Validator", args: apigateway.RequestValidatorArgs{}, resource: &apigateway.RequestValidator{},
			id: "{base36:6}", name: "name", autoname: &autoname{max: 255}, required: []string{"restApi"},
			defaults: map[string]any{"validateRequestBody": false, "validateRequestParameters": false}, replace: []string{"restApi"}, refs: []ref{inAPI()},
		},
		{
			token: "aws:apigateway/response:Response", label: "API Gateway Gateway Response", args: apigateway.ResponseArgs{}, resource: &apigateway.Response{},
			id: "aggr-{in.restApiId}-{in.responseType}", replace: []string{"restApiId", "responseType"},
			refs: []ref{{prop: "restApiId", to: []string{"apigateway.RestApi"}, by: asID, part: true, missing: "NotFoundException: Invalid API identifier specified {value}"}},
		},
		{
			token: "aws:apigateway/model:Model", label: "API Gateway Model", args: apigateway.ModelArgs{}, resource: &apigateway.Model{},
			id: "{base36:6}", unique: "{account}/{region}/{in.restApi}/{name}", taken: "ConflictException: Model name already exists for this REST API",
			name: "name", autoname: &autoname{max: 128}, required: []string{"restApi"}, rules: map[string]rule{"name": pattern(`^[a-zA-Z0-9-]+$`, "letters, digits and dashes")},
			replace: []string{"restApi", "name", "contentType"}, jsons: []string{"schema"}, refs: []ref{inAPI()},
		},
	}
}

// settlePath gives a resource its path below its parent's.
func settlePath(c *creation) error {
	parent := textOf(c.inputs["parentId"])
	above := ""
	rec, err := c.cloud.store.get(c.at, "apigateway.Resource", parent)
	if err != nil {
		return err
	}
	if rec != nil {
		above = textOf(rec.Computed["path"])
	} else {
		api, err := c.cloud.store.get(c.at, "apigateway.RestApi", textOf(c.inputs["restApi"]))
		if err != nil {
			return err
		}
		if api == nil || api.Computed["rootResourceId"] != parent {
			return &tenants.Error{Code: tenants.CodeFailedPrecondition, Message: "NotFoundException: Invalid Resource identifier specified"}
		}
	}
	c.computed["path"] = above + "/" + textOf(c.inputs["pathPart"])
	return nil
}

// methodExists refuses what belongs to a method that does not exist.
func methodExists(c *creation) error {
	id, _ := c.expand("agm-{in.restApi}-{in.resourceId}-{in.httpMethod}")
	method, err := c.cloud.store.get(c.at, "apigateway.Method", id)
	if err != nil || method != nil {
		return err
	}
	return &tenants.Error{Code: tenants.CodeFailedPrecondition, Message: "NotFoundException: Invalid Method identifier specified"}
}
