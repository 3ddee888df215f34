package localcloud

import (
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lambda"

	"github.com/tenantform/tenantform/tenants"
)

// codeInputs are the inputs of a function's code, publishes all whose change
// makes a new version of a published function.
// Source: Lambda Developer Guide, "Manage Lambda function versions".
var (
	codeInputs = []string{"code", "s3Bucket", "s3Key", "s3ObjectVersion", "imageUri", "sourceCodeHash", "architectures"}
	publishes  = append([]string{"publish", "description", "handler", "runtime", "role", "memorySize", "timeout", "environment", "layers", "vpcConfig", "kmsKeyArn",
		"deadLetterConfig", "tracingConfig", "loggingConfig", "snapStart", "ephemeralStorage", "fileSystemConfig", "imageConfig"}, codeInputs...)
)

// lambdaScalingKinds are versions that are kept warm, and who may use a layer.
// Source of limits: Lambda API reference, PutProvisionedConcurrencyConfig, AddLayerVersionPermission.
func lambdaScalingKinds() []*kind {
	return []*kind{
		{
			token: "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", label: "Lambda Provisioned Concurrency Config",
			args: lambda.ProvisionedConcurrencyConfigArgs{}, resource: &lambda.ProvisionedConcurrencyConfig{},
			id: "{in.functionName},{in.qualifier}", defaults: map[string]any{"skipDestroy": false},
			rules:   map[string]rule{"provisionedConcurrentExecutions": between(1, 100000), "qualifier": length(1, 128)},
			replace: []string{"functionName", "qualifier"}, settle: settleProvisioned,
			refs: []ref{partOf(refFunction("functionName", "ResourceNotFoundException: Function not found: {value}"))},
		},
		{
			token: "aws:lambda/layerVersionPermission:LayerVersionPermission", label: "Lambda Layer Version Permission",
			args: lambda.LayerVersionPermissionArgs{}, resource: &lambda.LayerVersionPermission{},
			id: "{in.layerName},{in.versionNumber}", key: "{in.layerName},{in.versionNumber},{in.statementId}", name: "statementId",
			taken:   "ResourceConflictException: The statement id ({name}) provided already exists. Please provide a new statement id, or remove the existing statement.",
			outputs: map[string]string{"revisionId": "{uuid}"}, settle: settleLayerPermission,
			rules: map[string]rule{
				"statementId": all(length(1, 100), pattern(`^[a-zA-Z0-9-_]+$`, "letters, digits, dashes and underscores")), "action": oneOf("lambda:GetLayerVersion"),
				"principal":      pattern(`^(\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root)$`, "an account's 12 digits, the ARN of its root, or *"),
				"organizationId": pattern(`^o-[a-z0-9]{10,32}$`, "an organization's id"), "versionNumber": between(1, 1<<31-1),
			},
			fixed: true, keep: []string{"skipDestroy"},
		},
	}
}

// function gives the function that a name or ARN means; nil where it is
// another account's or is not there.
func (c *creation) function(nameOrARN string) (*record, error) {
	in, name, ok := asFunction(c.cloud, c.at, nameOrARN)
	if !ok {
		return nil, nil
	}
	return c.cloud.store.get(in, "lambda.Function", name)
}

// qualified refuses a qualifier that is no version and no alias of a function.
func (c *creation) qualified(function, qualifier string) error {
	rec, err := c.function(function)
	if err != nil || rec == nil || qualifier == "" || qualifier == "$LATEST" {
		return err
	}
	arn := textOf(rec.Computed["arn"]) + ":" + qualifier
	if n, err := strconv.Atoi(qualifier); err == nil {
		if n < 1 || n > rec.Versions {
			return refusal("ResourceNotFoundException: Function not found: %s", arn)
		}
		return nil
	}
	alias, err := c.cloud.store.get(place{rec.Account, rec.Region}, "lambda.Alias", arn)
	if err == nil && alias == nil {
		err = refusal("ResourceNotFoundException: Cannot find alias arn: %s", arn)
	}
	return err
}

// settleAlias refuses versions that the function does not have.
func settleAlias(c *creation) error {
	versions := []string{textOf(c.inputs["functionVersion"])}
	if weights, ok := valueAt(c.inputs, "routingConfig.additionalVersionWeights").(map[string]any); ok {
		for version := range weights {
			versions = append(versions, version)
		}
	}
	for _, v := range versions {
		if err := c.qualified(textOf(c.inputs["functionName"]), v); err != nil {
			return err
		}
	}
	return nil
}

func valueAt(v any, path string) any {
	if all := valuesAt(v, path); len(all) > 0 {
		return all[0]
	}
	return nil
}

func settleInvokeConfig(c *creation) error {
	name, qualifier := textOf(c.inputs["functionName"]), textOf(c.inputs["qualifier"])
	if qualifier != "" && c.old == nil {
		c.id = name + ":" + qualifier
	}
	return c.qualified(name, qualifier)
}

// settleProvisioned refuses what cannot be kept warm: $LATEST, and more than
// the function has reserved for it.
func settleProvisioned(c *creation) error {
	name, qualifier := textOf(c.inputs["functionName"]), textOf(c.inputs["qualifier"])
	if qualifier == "$LATEST" {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameterValueException: Provisioned Concurrency Configs cannot be applied to unpublished function versions."}
	}
	if err := c.qualified(name, qualifier); err != nil {
		return err
	}
	rec, err := c.function(name)
	if err != nil || rec == nil {
		return err
	}
	reserved, limited := rec.Inputs["reservedConcurrentExecutions"].(float64)
	if wanted, ok := c.inputs["provisionedConcurrentExecutions"].(float64); ok && limited && reserved >= 0 && wanted > reserved {
		return &tenants.Error{Code: tenants.CodeInvalid,
			Message: "InvalidParameterValueException: Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"}
	}
	return nil
}

func settleLayerPermission(c *creation) error {
	arn := textOf(c.inputs["layerName"])
	if !strings.HasPrefix(arn, "arn:") {
		arn = "arn:" + partition(c.region) + ":lambda:" + c.region + ":" + c.at.account + ":layer:" + arn
	}
	arn += ":" + textOf(c.inputs["versionNumber"])
	layer, err := c.cloud.store.get(c.at, "lambda.LayerVersion", arn)
	if err == nil && layer == nil {
		return refusal("ResourceNotFoundException: Layer version %s does not exist.", arn)
	}
	c.computed["policy"] = `{"Sid":"` + c.name + `","Effect":"Allow","Principal":"` + textOf(c.inputs["principal"]) + `","Action":"` + textOf(c.inputs["action"]) + `","Resource":"` + arn + `"}`
	return err
}

// scalingKinds are what changes capacities by itself. A policy and a schedule
// go away with their target.
// Source of limits: Application Auto Scaling API reference, RegisterScalableTarget, PutScalingPolicy, PutScheduledAction.
func scalingKinds() []*kind {
	const where = "{in.serviceNamespace}/{in.resourceId}/{in.scalableDimension}"
	onTarget := ref{prop: "resourceId", to: []string{"appautoscaling.Target"}, by: asID, part: true,
		missing: "ObjectNotFoundException: No scalable target found for resource ID: {value}"}
	rules := func(more map[string]rule) map[string]rule {
		more["serviceNamespace"] = oneOf("lambda", "dynamodb", "rds", "ecs", "ec2", "elasticmapreduce", "appstream", "sagemaker", "custom-resource", "comprehend",
			"cassandra", "kafka", "elasticache", "neptune", "workspaces")
		more["scalableDimension"] = pattern(`^[a-z0-9-]+:[a-zA-Z-]+:[a-zA-Z]+$`, "a dimension, as lambda:function:ProvisionedConcurrency")
		more["resourceId"] = length(1, 1600)
		return more
	}
	where3 := []string{"serviceNamespace", "resourceId", "scalableDimension"}
	return []*kind{
		{
			token: "aws:appautoscaling/target:Target", label: "Application AutoScaling Target", args: appautoscaling.TargetArgs{}, resource: &appautoscaling.Target{},
			id: "{in.resourceId}", key: where, arn: "arn:{partition}:application-autoscaling:{region}:{account}:scalable-target/{hex:36}",
			outputs: map[string]string{"roleArn": "arn:{partition}:iam::{account}:role/aws-service-role/{in.serviceNamespace}.application-autoscaling.amazonaws.com/" +
				"AWSServiceRoleForApplicationAutoScaling"},
			rules: rules(map[string]rule{"minCapacity": between(0, 1<<31-1), "maxCapacity": between(0, 1<<31-1), "roleArn": arn("iam"), "tags": tags}), settle: settleTarget,
			replace: where3,
		},
		{
			token: "aws:appautoscaling/policy:Policy", label: "Application AutoScaling Policy", args: appautoscaling.PolicyArgs{}, resource: &appautoscaling.Policy{},
			id: "{name}", key: where + "/{name}", name: "name", autoname: &autoname{max: 256}, defaults: map[string]any{"policyType": "StepScaling"}, settle: settleScalingPolicy,
			arn: "arn:{partition}:autoscaling:{region}:{account}:scalingPolicy:{uuid}:resource/{in.serviceNamespace}/{in.resourceId}:policyName/{name}",
			rules: rules(map[string]rule{"name": length(1, 256), "policyType": oneOf("StepScaling", "TargetTrackingScaling", "PredictiveScaling"),
				"targetTrackingScalingPolicyConfiguration.scaleInCooldown": between(0, 86400), "targetTrackingScalingPolicyConfiguration.scaleOutCooldown": between(0, 86400)}),
			replace: append([]string{"name"}, where3...), refs: []ref{onTarget},
		},
		{
			token: "aws:appautoscaling/scheduledAction:ScheduledAction", label: "Application AutoScaling Scheduled Action",
			args: appautoscaling.ScheduledActionArgs{}, resource: &appautoscaling.ScheduledAction{},
			id: "{name}-{in.serviceNamespace}-{in.resourceId}-{in.scalableDimension}", name: "name", autoname: &autoname{max: 256}, defaults: map[string]any{"timezone": "UTC"},
			arn:   "arn:{partition}:autoscaling:{region}:{account}:scheduledAction:{uuid}:resource/{in.serviceNamespace}/{in.resourceId}:scheduledActionName/{name}",
			rules: rules(map[string]rule{"name": length(1, 256), "schedule": pattern(`^(at|rate|cron)\(.+\)$`, "at(...), rate(...) or cron(...)")}),
			settle: func(c *creation) error {
				if action, _ := c.inputs["scalableTargetAction"].(map[string]any); len(action) == 0 {
					return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationException: ScalableTargetAction must have a minimum or maximum capacity"}
				}
				return nil
			},
			replace: append([]string{"name"}, where3...), refs: []ref{onTarget},
		},
	}
}

// settleTarget refuses a range that is none, and a table or alias that is not.
func settleTarget(c *creation) error {
	least, _ := c.inputs["minCapacity"].(float64)
	most, _ := c.inputs["maxCapacity"].(float64)
	if least > most {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationException: Maximum capacity cannot be less than minimum capacity"}
	}
	id := textOf(c.inputs["resourceId"])
	switch parts := strings.Split(id, "/"); textOf(c.inputs["serviceNamespace"]) {
	case "lambda":
		parts = strings.Split(id, ":")
		if len(parts) != 3 || parts[0] != "function" || parts[2] == "$LATEST" {
			return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationException: Unsupported resource ID for lambda: " + id + "; it is function:<name>:<alias>"}
		}
		rec, err := c.function(parts[1])
		if err == nil && rec == nil {
			err = refusal("ValidationException: No Lambda function found for resource ID: %s", id)
		}
		if err != nil {
			return err
		}
		return c.qualified(parts[1], parts[2])
	case "dynamodb":
		if len(parts) < 2 || parts[0] != "table" {
			return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationException: Unsupported resource ID for dynamodb: " + id}
		}
		rec, err := c.cloud.store.get(c.at, "dynamodb.Table", parts[1])
		if err == nil && rec == nil {
			err = refusal("ValidationException: DynamoDB table does not exist: %s", id)
		}
		return err
	}
	return nil
}

// settleScalingPolicy gives a policy that tracks a target its two alarms.
func settleScalingPolicy(c *creation) error {
	tracking, _ := c.inputs["targetTrackingScalingPolicyConfiguration"].(map[string]any)
	if (c.inputs["policyType"] == "TargetTrackingScaling") != (tracking != nil) {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationException: TargetTrackingScalingPolicyConfiguration goes with the policy type TargetTrackingScaling"}
	}
	if metric := valueAt(tracking, "predefinedMetricSpecification.predefinedMetricType"); metric == "LambdaProvisionedConcurrencyUtilization" {
		if target, ok := tracking["targetValue"].(float64); ok && (target < 0.1 || target > 0.9) {
			return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationException: TargetValue of LambdaProvisionedConcurrencyUtilization must be from 0.1 to 0.9"}
		}
	}
	if _, made := c.computed["alarmArns"]; made {
		return nil
	}
	alarms := []any{}
	if tracking != nil {
		for _, which := range []string{"AlarmHigh", "AlarmLow"} {
			alarms = append(alarms, "arn:"+partition(c.region)+":cloudwatch:"+c.region+":"+c.at.account+":alarm:TargetTracking-"+textOf(c.inputs["resourceId"])+"-"+which+"-"+uuid())
		}
	}
	c.computed["alarmArns"] = alarms
	return nil
}
