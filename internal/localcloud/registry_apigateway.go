package localcloud

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/apigateway"
)

func inAPI() ref {
	return ref{prop: "restApi", to: []string{"apigateway.RestApi"}, by: asID, part: true,
		missing: "NotFoundException: Invalid API identifier specified {value}"}
}

// apigatewayKinds are APIs, stages and who may call them how often.
// Source of limits: API Gateway Developer Guide, "Quotas" and the API reference.
func apigatewayKinds() []*kind {
	return []*kind{
		{
			token: "aws:apigateway/restApi:RestApi", label: "API Gateway REST API", args: apigateway.RestApiArgs{}, resource: &apigateway.RestApi{},
			id: "{base36:10}", arn: "arn:{partition}:apigateway:{region}::/restapis/{id}", name: "name", autoname: &autoname{max: 255},
			outputs:  map[string]string{"createdDate": "{now}", "executionArn": "arn:{partition}:execute-api:{region}:{account}:{id}", "rootResourceId": "{base36:10}"},
			defaults: map[string]any{"apiKeySource": "HEADER", "disableExecuteApiEndpoint": false},
			rules: map[string]rule{
				"name": length(1, 1024), "apiKeySource": oneOf("HEADER", "AUTHORIZER"),
				"endpointConfiguration.types": oneOf("EDGE", "REGIONAL", "PRIVATE"), "putRestApiMode": oneOf("merge", "overwrite"), "tags": tags,
			},
			sets: []string{"binaryMediaTypes", "endpointConfiguration.vpcEndpointIds"}, policies: []string{"policy"}, jsons: []string{},
		},
		{
			token: "aws:apigateway/deployment:Deployment", label: "API Gateway Deployment", args: apigateway.DeploymentArgs{}, resource: &apigateway.Deployment{},
			id: "{base36:6}", required: []string{"restApi"},
			outputs: map[string]string{"createdDate": "{now}", "executionArn": "arn:{partition}:execute-api:{region}:{account}:{in.restApi}/{in.stageName}",
				"invokeUrl": "https://{in.restApi}.execute-api.{region}.amazonaws.com/{in.stageName}"},
			fixed: true, keep: []string{"description"}, refs: []ref{inAPI()},
			inUse: []use{{by: "apigateway.Stage", prop: "deployment", says: "BadRequestException: Active stages pointing to this deployment must be moved or deleted"}},
		},
		{
			token: "aws:apigateway/stage:Stage", label: "API Gateway Stage", args: apigateway.StageArgs{}, resource: &apigateway.Stage{},
			id: "ags-{in.restApi}-{in.stageName}", arn: "arn:{partition}:apigateway:{region}::/restapis/{in.restApi}/stages/{in.stageName}",
			taken: "ConflictException: Stage already exists", name: "stageName", required: []string{"deployment", "restApi"},
			outputs: map[string]string{"executionArn": "arn:{partition}:execute-api:{region}:{account}:{in.restApi}/{in.stageName}",
				"invokeUrl": "https://{in.restApi}.execute-api.{region}.amazonaws.com/{in.stageName}", "webAclArn": ""},
			rules: map[string]rule{"stageName": all(length(1, 128), pattern(`^[a-zA-Z0-9_-]+$`, "letters, digits, dashes and underscores")),
				"accessLogSettings.destinationArn": arn("logs", "firehose"), "cacheClusterSize": oneOf("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"), "tags": tags},
			replace: []string{"restApi", "stageName"},
			refs: []ref{inAPI(), {prop: "deployment", to: []string{"apigateway.Deployment"}, by: asID, missing: "NotFoundException: Invalid Deployment identifier specified {value}"},
				{prop: "accessLogSettings.destinationArn", to: []string{"cloudwatch.LogGroup"}, by: asLogGroup, missing: "BadRequestException: Invalid ARN specified in the request: {value} does not exist"}},
		},
		{
			token: "aws:apigateway/methodSettings:MethodSettings", label: "API Gateway Method Settings", args: apigateway.MethodSettingsArgs{}, resource: &apigateway.MethodSettings{},
			id: "{in.restApi}-{in.stageName}-{in.methodPath}", required: []string{"restApi"},
			rules:   map[string]rule{"settings.loggingLevel": oneOf("OFF", "ERROR", "INFO"), "settings.cacheTtlInSeconds": between(0, 3600)},
			replace: []string{"restApi", "stageName", "methodPath"}, refs: []ref{inAPI()},
		},
		{
			token: "aws:apigateway/usagePlan:UsagePlan", label: "API Gateway Usage Plan", args: apigateway.UsagePlanArgs{}, resource: &apigateway.UsagePlan{},
			id: "{base36:6}", arn: "arn:{partition}:apigateway:{region}::/usageplans/{id}", name: "name", autoname: &autoname{max: 255},
			rules: map[string]rule{"quotaSettings.period": oneOf("DAY", "WEEK", "MONTH"), "quotaSettings.limit": between(1, 1<<31-1), "throttleSettings.burstLimit": between(0, 1<<31-1), "tags": tags},
			sets:  []string{"apiStages"},
			refs:  []ref{{prop: "apiStages[*].apiId", to: []string{"apigateway.RestApi"}, by: asID, missing: "NotFoundException: Invalid API identifier specified {value}"}},
		},
		{
			token: "aws:apigateway/apiKey:ApiKey", label: "API Gateway API Key", args: apigateway.ApiKeyArgs{}, resource: &apigateway.ApiKey{},
			id: "{base36:10}", arn: "arn:{partition}:apigateway:{region}::/apikeys/{id}", name: "name", autoname: &autoname{max: 1024},
			unique: "{account}/{region}/{digest.value}", taken: "ConflictException: API Key already exists",
			outputs: map[string]string{"createdDate": "{now}", "lastUpdatedDate": "{now}", "value": "{mixed:40}"}, changing: []string{"lastUpdatedDate"},
			defaults: map[string]any{"enabled": true, "description": "Managed by Pulumi"},
			rules:    map[string]rule{"name": length(1, 1024), "value": length(20, 128), "tags": tags}, replace: []string{"value"},
		},
		{
			token: "aws:apigateway/usagePlanKey:UsagePlanKey", label: "API Gateway Usage Plan Key", args: apigateway.UsagePlanKeyArgs{}, resource: &apigateway.UsagePlanKey{},
			id: "{in.keyId}", key: "{in.usagePlanId}/{in.keyId}",
			taken:  "ConflictException: Usage Plan {in.usagePlanId} already has key {in.keyId}",
			settle: settlePlanKey, rules: map[string]rule{"keyType": oneOf("API_KEY")}, fixed: true,
			refs: []ref{
				{prop: "usagePlanId", to: []string{"apigateway.UsagePlan"}, by: asID, part: true, missing: "NotFoundException: Invalid Usage Plan ID specified"},
				{prop: "keyId", to: []string{"apigateway.ApiKey"}, by: asID, part: true, missing: "NotFoundException: Invalid API Key identifier specified"},
			},
		},
		{
			token: "aws:apigateway/account:Account", label: "API Gateway Account", args: apigateway.AccountArgs{}, resource: &apigateway.Account{},
			id: "api-gateway-account", outputs: map[string]string{"apiKeyVersion": "4"}, rules: map[string]rule{"cloudwatchRoleArn": arn("iam")},
			refs: []ref{refRole("cloudwatchRoleArn", "BadRequestException: The role ARN does not have required permissions configured: {value} does not exist.")},
		},
	}
}

// settlePlanKey copies the key's name and, where AWS made it, its value, which
// is a secret.
func settlePlanKey(c *creation) error {
	key, err := c.cloud.store.get(c.at, "apigateway.ApiKey", textOf(c.inputs["keyId"]))
	if err != nil || key == nil {
		return err
	}
	c.computed["name"] = key.Name
	if _, given := key.Inputs["value"]; !given {
		c.computed["value"], c.hidden["value"] = textOf(key.Computed["value"]), true
	}
	return nil
}
