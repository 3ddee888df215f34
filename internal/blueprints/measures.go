package blueprints

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/components/componenttest"
)

// measure is something that hardens a resource, and how its inputs show it.
type measure struct {
	says  string
	of    string // resource type
	holds func(in map[string]any) bool
	// one says that one resource of the type is enough; otherwise it has to hold
	// for all.
	one bool
}

// at gives the value at a path of keys, of lists the first element; nil for none.
func at(in map[string]any, path string) any {
	var v any = in
	for key := range strings.SplitSeq(path, ".") {
		if list, ok := v.([]any); ok {
			if len(list) == 0 {
				return nil
			}
			v = list[0]
		}
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

func set(path string) func(map[string]any) bool {
	return func(in map[string]any) bool {
		switch v := at(in, path).(type) {
		case nil:
			return false
		case string:
			return v != ""
		case []any:
			return len(v) > 0
		case map[string]any:
			return len(v) > 0
		}
		return true
	}
}

func is(path string, want any) func(map[string]any) bool {
	return func(in map[string]any) bool { return at(in, path) == want }
}

func isNot(path string, bad any) func(map[string]any) bool {
	return func(in map[string]any) bool { return at(in, path) != bad }
}

func atLeast(path string, least float64) func(map[string]any) bool {
	return func(in map[string]any) bool {
		n, _ := at(in, path).(float64)
		return n >= least
	}
}

func empty(paths ...string) func(map[string]any) bool {
	return func(in map[string]any) bool {
		return !slices.ContainsFunc(paths, func(p string) bool { return set(p)(in) })
	}
}

func every(tests ...func(map[string]any) bool) func(map[string]any) bool {
	return func(in map[string]any) bool {
		return !slices.ContainsFunc(tests, func(t func(map[string]any) bool) bool { return !t(in) })
	}
}

func contains(path, want string) func(map[string]any) bool {
	return func(in map[string]any) bool {
		list, _ := at(in, path).([]any)
		return slices.Contains(list, any(want))
	}
}

// statements gives the statements of a document; none when it is no document.
func statements(in map[string]any, path string) []componenttest.Statement {
	text, _ := at(in, path).(string)
	var doc struct{ Statement []componenttest.Statement }
	if json.Unmarshal([]byte(text), &doc) != nil {
		return nil
	}
	return doc.Statement
}

// tlsOnly tells whether the policy denies everybody requests without TLS.
func tlsOnly(in map[string]any) bool {
	return slices.ContainsFunc(statements(in, "policy"), func(s componenttest.Statement) bool {
		return s.Effect == "Deny" && slices.Equal(s.Condition["Bool"]["aws:SecureTransport"], []string{"false"})
	})
}

// named tells whether no statement allows an action that is not named in full.
func named(path string) func(map[string]any) bool {
	return func(in map[string]any) bool {
		all := statements(in, path)
		return len(all) > 0 && !slices.ContainsFunc(all, func(s componenttest.Statement) bool {
			return s.Effect == "Allow" && (len(s.NotAction) > 0 || slices.ContainsFunc(s.Action, func(a string) bool { return strings.Contains(a, "*") }))
		})
	}
}

// denied tells whether a statement denies all actions but those that it names.
func denied(path string) func(map[string]any) bool {
	return func(in map[string]any) bool {
		return slices.ContainsFunc(statements(in, path), func(s componenttest.Statement) bool {
			return s.Effect == "Deny" && len(s.NotAction) > 0 && slices.Equal(s.Resource, []string{"*"})
		})
	}
}

// noCustom tells whether an app client writes no attribute of Tenantform's own.
func noCustom(in map[string]any) bool {
	list, _ := at(in, "writeAttributes").([]any)
	return len(list) > 0 && !slices.ContainsFunc(list, func(v any) bool {
		s, _ := v.(string)
		return strings.HasPrefix(s, "custom:")
	})
}

// validated tells whether an API's definition has every request's parameters and
// body checked, because no operation says otherwise.
func validated(path string) func(map[string]any) bool {
	type validator struct {
		Body       bool `json:"validateRequestBody"`
		Parameters bool `json:"validateRequestParameters"`
	}
	type own struct {
		Use *string `json:"x-amazon-apigateway-request-validator"`
	}
	return func(in map[string]any) bool {
		var d struct {
			own
			Validators map[string]validator      `json:"x-amazon-apigateway-request-validators"`
			Paths      map[string]map[string]own `json:"paths"`
		}
		text, _ := at(in, path).(string)
		if json.Unmarshal([]byte(text), &d) != nil || d.Use == nil {
			return false
		}
		used := []string{*d.Use}
		for _, methods := range d.Paths {
			for _, m := range methods {
				if m.Use != nil {
					used = append(used, *m.Use)
				}
			}
		}
		return !slices.ContainsFunc(used, func(name string) bool { return !d.Validators[name].Body || !d.Validators[name].Parameters })
	}
}

// measures are what the reference says of components, in its order.
func measures() []measure {
	return slices.Concat(dataMeasures(), codeMeasures(), accessMeasures(), networkMeasures(), watchMeasures())
}

func dataMeasures() []measure {
	const (
		cluster  = "aws:rds/cluster:Cluster"
		instance = "aws:rds/clusterInstance:ClusterInstance"
		table    = "aws:dynamodb/table:Table"
		queue    = "aws:sqs/queue:Queue"
		topic    = "aws:sns/topic:Topic"
	)
	return []measure{
		{says: "bucket: public access blocked", of: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
			holds: every(is("blockPublicAcls", true), is("blockPublicPolicy", true), is("ignorePublicAcls", true), is("restrictPublicBuckets", true))},
		{says: "bucket: TLS only", of: "aws:s3/bucketPolicy:BucketPolicy", holds: tlsOnly},
		{says: "bucket: encrypted", of: sseType, holds: set("rules.applyServerSideEncryptionByDefault.sseAlgorithm")},
		{says: "bucket: customer managed key", of: sseType, holds: set("rules.applyServerSideEncryptionByDefault.kmsMasterKeyId")},
		{says: "bucket: no ACLs", of: "aws:s3/bucketOwnershipControls:BucketOwnershipControls", holds: is("rule.objectOwnership", "BucketOwnerEnforced")},
		{says: "bucket: versioned", of: "aws:s3/bucketVersioningV2:BucketVersioningV2", holds: is("versioningConfiguration.status", "Enabled")},
		{says: "bucket: lifecycle", of: "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", holds: set("rules")},
		{says: "bucket: access logs", of: "aws:s3/bucketLoggingV2:BucketLoggingV2", holds: set("targetBucket")},
		{says: "bucket: object lock", of: "aws:s3/bucketObjectLockConfigurationV2:BucketObjectLockConfigurationV2", holds: set("rule.defaultRetention.mode")},
		{says: "bucket: not deleted with its objects", of: "aws:s3/bucketV2:BucketV2", holds: isNot("forceDestroy", true)},
		{says: "table: customer managed key", of: table, holds: set("serverSideEncryption.kmsKeyArn")},
		{says: "table: restorable to any second", of: table, holds: is("pointInTimeRecovery.enabled", true)},
		{says: "table: stream of changes", of: table, holds: is("streamEnabled", true)},
		{says: "table: deletion protection", of: table, holds: is("deletionProtectionEnabled", true)},
		{says: "cluster: customer managed key", of: cluster, holds: every(is("storageEncrypted", true), set("kmsKeyId"))},
		{says: "cluster: IAM authentication", of: cluster, holds: is("iamDatabaseAuthenticationEnabled", true)},
		{says: "cluster: no password in the state", of: cluster, holds: every(is("manageMasterUserPassword", true), empty("masterPassword"))},
		{says: "cluster: logs exported", of: cluster, holds: set("enabledCloudwatchLogsExports")},
		{says: "cluster: backups", of: cluster, holds: atLeast("backupRetentionPeriod", 1)},
		{says: "cluster: backups for 30 days or more", of: cluster, holds: atLeast("backupRetentionPeriod", 30)},
		{says: "cluster: final snapshot", of: cluster, holds: isNot("skipFinalSnapshot", true)},
		{says: "cluster: deletion protection", of: cluster, holds: is("deletionProtection", true)},
		{says: "cluster: no public address", of: instance, holds: isNot("publiclyAccessible", true)},
		{says: "queue: customer managed key", of: queue, holds: set("kmsMasterKeyId")},
		{says: "queue: TLS only", of: queue, holds: tlsOnly},
		{says: "queue: dead letters", of: queue, holds: set("redrivePolicy"), one: true},
		{says: "queue: says who may use it for dead letters", of: queue, holds: set("redriveAllowPolicy"), one: true},
		{says: "topic: customer managed key", of: topic, holds: set("kmsMasterKeyId")},
		{says: "topic: TLS only", of: topic, holds: tlsOnly},
		{says: "topic: undelivered messages kept", of: "aws:sns/topicSubscription:TopicSubscription", holds: set("redrivePolicy")},
		{says: "delivery stream: encrypted", of: "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", holds: set("serverSideEncryption.keyType")},
		{says: "key: rotation", of: keyType, holds: is("enableKeyRotation", true)},
		{says: "key: 30 days before it is deleted", of: keyType, holds: atLeast("deletionWindowInDays", 30)},
	}
}

// noExit is the one measure that the absence of resources shows.
const noExit = "network: no way to the internet"

const (
	sseType   = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	keyType   = "aws:kms/key:Key"
	groupType = "aws:cloudwatch/logGroup:LogGroup"
	roleType  = "aws:iam/role:Role"
)

func codeMeasures() []measure {
	const (
		function = "aws:lambda/function:Function"
		mapping  = "aws:lambda/eventSourceMapping:EventSourceMapping"
	)
	return []measure{
		{says: "function: JSON logs", of: function, holds: is("loggingConfig.logFormat", "JSON")},
		{says: "function: tracing", of: function, holds: is("tracingConfig.mode", "Active")},
		{says: "function: reserved concurrency", of: function, holds: set("reservedConcurrentExecutions")},
		{says: "function: in a network", of: function, holds: set("vpcConfig.subnetIds")},
		{says: "function: customer managed key for its variables", of: function, holds: set("kmsKeyArn")},
		{says: "function: code signing", of: function, holds: set("codeSigningConfigArn")},
		{says: "function: published version", of: function, holds: is("publish", true)},
		{says: "function: provisioned concurrency", of: "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig", holds: set("provisionedConcurrentExecutions")},
		{says: "function: concurrency that adjusts itself", of: "aws:appautoscaling/policy:Policy", holds: set("policyType")},
		{says: "function: failed events kept", of: "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", holds: set("destinationConfig.onFailure.destination")},
		{says: "function: one principal may invoke it", of: "aws:lambda/permission:Permission", holds: every(set("principal"), isNot("principal", "*"))},
		{says: "function: only failed messages are retried", of: mapping, holds: contains("functionResponseTypes", "ReportBatchItemFailures")},
		{says: "code signing: unsigned code refused", of: "aws:lambda/codeSigningConfig:CodeSigningConfig", holds: is("policies.untrustedArtifactOnDeployment", "Enforce")},
	}
}

func accessMeasures() []measure {
	const (
		users  = "aws:cognito/userPool:UserPool"
		client = "aws:cognito/userPoolClient:UserPoolClient"
		stage  = "aws:apigateway/stage:Stage"
		plans  = "aws:apigateway/usagePlan:UsagePlan"
	)
	return []measure{
		{says: "role: actions named in full", of: "aws:iam/rolePolicy:RolePolicy", holds: named("policy")},
		{says: "role: everything else denied", of: "aws:iam/rolePolicy:RolePolicy", holds: denied("policy"), one: true},
		{says: "role: no managed policies", of: roleType, holds: empty("managedPolicyArns")},
		{says: "role: permissions boundary", of: roleType, holds: set("permissionsBoundary")},
		{says: "users: multi-factor sign-in", of: users, holds: is("mfaConfiguration", "ON")},
		{says: "users: passwords of 14 characters or more", of: users, holds: atLeast("passwordPolicy.minimumLength", 14)},
		{says: "users: only an administrator creates them", of: users, holds: is("adminCreateUserConfig.allowAdminCreateUserOnly", true)},
		{says: "users: threat protection", of: users, holds: is("userPoolAddOns.advancedSecurityMode", "ENFORCED")},
		{says: "users: deletion protection", of: users, holds: is("deletionProtection", "ACTIVE")},
		{says: "users: no client writes tenant or platform id", of: client, holds: noCustom},
		{says: "users: tokens revocable", of: client, holds: is("enableTokenRevocation", true)},
		{says: "users: sign-in tells nobody who exists", of: client, holds: is("preventUserExistenceErrors", "ENABLED")},
		{says: "API: access log", of: stage, holds: set("accessLogSettings.destinationArn")},
		{says: "API: tracing", of: stage, holds: is("xrayTracingEnabled", true)},
		{says: "API: execution log without bodies", of: "aws:apigateway/methodSettings:MethodSettings",
			holds: every(set("settings.loggingLevel"), isNot("settings.loggingLevel", "OFF"), isNot("settings.dataTraceEnabled", true))},
		{says: "API: rate and quota", of: plans, holds: every(set("throttleSettings.rateLimit"), set("quotaSettings.limit"))},
		{says: "API: requests validated", of: "aws:apigateway/restApi:RestApi", holds: validated("body")},
		{says: "API: firewall", of: "aws:wafv2/webAclAssociation:WebAclAssociation", holds: set("webAclArn")},
		{says: "firewall: logs", of: "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration", holds: set("logDestinationConfigs")},
	}
}

func networkMeasures() []measure {
	const template = "aws:ec2/launchTemplate:LaunchTemplate"
	return []measure{
		{says: "network: flow logs of all traffic", of: "aws:ec2/flowLog:FlowLog", holds: is("trafficType", "ALL")},
		{says: "network: default security group closed", of: "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", holds: empty("ingress", "egress")},
		{says: "network: no public addresses", of: "aws:ec2/subnet:Subnet", holds: isNot("mapPublicIpOnLaunch", true)},
		{says: noExit, of: "aws:ec2/vpc:Vpc"},
		{says: "network: endpoints with policies", of: "aws:ec2/vpcEndpoint:VpcEndpoint", holds: set("policy")},
		{says: "security group: lets nothing in", of: "aws:ec2/securityGroup:SecurityGroup", holds: empty("ingress")},
		{says: "security group: lets nothing out", of: "aws:ec2/securityGroup:SecurityGroup", holds: empty("egress")},
		{says: "bastion: no key, no public address", of: "aws:ec2/instance:Instance", holds: every(empty("keyName"), isNot("associatePublicIpAddress", true))},
		{says: "bastion: metadata by token only", of: template, holds: is("metadataOptions.httpTokens", "required")},
		{says: "bastion: disk encrypted", of: template, holds: is("blockDeviceMappings.ebs.encrypted", "true")},
	}
}

func watchMeasures() []measure {
	const trail = "aws:cloudtrail/trail:Trail"
	return []measure{
		{says: "log: kept for a set time", of: groupType, holds: atLeast("retentionInDays", 1)},
		{says: "log: kept for a year or more", of: groupType, holds: atLeast("retentionInDays", 365)},
		{says: "log: customer managed key", of: groupType, holds: set("kmsKeyId")},
		{says: "alarms", of: "aws:cloudwatch/metricAlarm:MetricAlarm", holds: set("metricName"), one: true},
		{says: "alarms: told to somebody", of: "aws:cloudwatch/metricAlarm:MetricAlarm", holds: set("alarmActions")},
		{says: "dashboard", of: "aws:cloudwatch/dashboard:Dashboard", holds: set("dashboardBody")},
		{says: "budget", of: "aws:budgets/budget:Budget", holds: set("limitAmount")},
		{says: "trail: all regions", of: trail, holds: is("isMultiRegionTrail", true)},
		{says: "trail: files validated", of: trail, holds: is("enableLogFileValidation", true)},
		{says: "trail: customer managed key", of: trail, holds: set("kmsKeyId")},
		{says: "changes by hand noticed", of: "aws:cloudwatch/eventRule:EventRule", holds: set("eventPattern")},
		{says: "configuration rules", of: "aws:cfg/rule:Rule", holds: set("source.sourceIdentifier"), one: true},
		{says: "service control policies", of: "aws:organizations/policy:Policy", holds: set("content")},
	}
}
