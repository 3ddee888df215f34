package apigateway

import (
	"encoding/json"
)

// definition gives the OpenAPI document of an API: a health route that API
// Gateway answers by itself. It asks for a request signed by IAM and an API key.
// See "OpenAPI extensions to API Gateway" in its Developer Guide.
func definition(title string) string {
	type object = map[string]any
	answer := object{
		"statusCode":        "200",
		"responseTemplates": object{"application/json": `{"status":"ok"}`},
	}
	doc := object{
		"openapi": "3.0.1",
		"info":    object{"title": title, "version": "1"},
		"paths": object{"/health": object{"get": object{
			"operationId": "health",
			"security":    []object{{"sigv4": []string{}, "apiKey": []string{}}},
			"responses":   object{"200": object{"description": "The API is up."}},
			"x-amazon-apigateway-integration": object{
				"type":                "mock",
				"passthroughBehavior": "when_no_templates",
				"requestTemplates":    object{"application/json": `{"statusCode": 200}`},
				"responses":           object{"default": answer},
			},
		}}},
		"components": object{"securitySchemes": object{
			"apiKey": object{"type": "apiKey", "name": "x-api-key", "in": "header"},
			"sigv4": object{
				"type": "apiKey", "name": "Authorization", "in": "header",
				"x-amazon-apigateway-authtype": "awsSigv4",
			},
		}},
	}
	text, err := json.Marshal(doc)
	if err != nil {
		panic("apigateway: text in maps cannot fail to encode: " + err.Error())
	}
	return string(text)
}

// accessLogFormat is one JSON object a request. The key's id tells the tenant;
// the key itself is never logged.
const accessLogFormat = `{"requestId":"$context.requestId","extendedRequestId":"$context.extendedRequestId",` +
	`"traceId":"$context.xrayTraceId","time":"$context.requestTime","apiKeyId":"$context.identity.apiKeyId",` +
	`"caller":"$context.identity.caller","sourceIp":"$context.identity.sourceIp","method":"$context.httpMethod",` +
	`"path":"$context.resourcePath","status":"$context.status","latencyMs":"$context.responseLatency"}`
