package localcloud

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
)

// cloudwatchKinds are logs, metrics and alarms.
// Source of limits: CloudWatch Logs API reference, CreateLogGroup and
// PutRetentionPolicy, PutResourcePolicy; CloudWatch API reference, PutMetricAlarm.
func cloudwatchKinds() []*kind {
	groupName := all(length(1, 512), pattern(`^[\.\-_/#A-Za-z0-9]+$`, "letters, digits, or one of . - _ / #"))
	inGroup := ref{prop: "logGroupName", to: []string{"cloudwatch.LogGroup"}, by: asLogGroup, part: true,
		missing: "ResourceNotFoundException: The specified log group does not exist."}
	return []*kind{
		{
			token: "aws:cloudwatch/logGroup:LogGroup", label: "CloudWatch Logs Log Group", args: cloudwatch.LogGroupArgs{}, resource: &cloudwatch.LogGroup{},
			id: "{name}", arn: "arn:{partition}:logs:{region}:{account}:log-group:{name}", name: "name", autoname: &autoname{max: 512},
			taken:    "ResourceAlreadyExistsException: The specified log group already exists",
			defaults: map[string]any{"retentionInDays": 0.0, "skipDestroy": false, "logGroupClass": "STANDARD"},
			rules: map[string]rule{
				"name": groupName, "logGroupClass": oneOf("STANDARD", "INFREQUENT_ACCESS", "DELIVERY"), "kmsKeyId": arn("kms"), "tags": tags,
				"retentionInDays": oneOf(0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
			},
			replace: []string{"name", "namePrefix", "logGroupClass"},
			refs:    []ref{refKey("kmsKeyId", "InvalidParameterException: The specified KMS key does not exist or is not allowed to be used with LogGroup")},
		},
		{
			token: "aws:cloudwatch/logMetricFilter:LogMetricFilter", label: "CloudWatch Logs Metric Filter",
			args: cloudwatch.LogMetricFilterArgs{}, resource: &cloudwatch.LogMetricFilter{},
			id: "{name}", key: "{in.logGroupName}/{name}", name: "name", autoname: &autoname{max: 512},
			rules: map[string]rule{
				"name": all(length(1, 512), pattern(`^[^:*]*$`, "a name without : and *")), "pattern": length(0, 1024), "logGroupName": groupName,
				"metricTransformation.name": length(1, 255), "metricTransformation.namespace": length(1, 255), "metricTransformation.value": length(1, 100),
			},
			replace: []string{"name", "logGroupName"}, refs: []ref{inGroup},
		},
		{
			token: "aws:cloudwatch/logStream:LogStream", label: "CloudWatch Logs Log Stream", args: cloudwatch.LogStreamArgs{}, resource: &cloudwatch.LogStream{},
			id: "{name}", key: "{in.logGroupName}/{name}", arn: "arn:{partition}:logs:{region}:{account}:log-group:{in.logGroupName}:log-stream:{name}",
			taken: "ResourceAlreadyExistsException: The specified log stream already exists", name: "name", autoname: &autoname{max: 512},
			replace: []string{"name", "logGroupName"}, refs: []ref{inGroup},
		},
		{
			token: "aws:cloudwatch/logResourcePolicy:LogResourcePolicy", label: "CloudWatch Logs Resource Policy",
			args: cloudwatch.LogResourcePolicyArgs{}, resource: &cloudwatch.LogResourcePolicy{},
			id: "{name}", name: "policyName", required: []string{"policyDocument"},
			rules: map[string]rule{"policyName": length(1, 256), "policyDocument": length(1, 5120)}, settle: settleLogPolicy,
			replace: []string{"policyName"}, policies: []string{"policyDocument"},
		},
		{
			token: "aws:cloudwatch/metricAlarm:MetricAlarm", label: "CloudWatch Metric Alarm", args: cloudwatch.MetricAlarmArgs{}, resource: &cloudwatch.MetricAlarm{},
			id: "{name}", arn: "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}", name: "name", autoname: &autoname{max: 255},
			defaults: map[string]any{"actionsEnabled": true, "treatMissingData": "missing"},
			rules: map[string]rule{
				"name": length(1, 255), "evaluationPeriods": between(1, 86400), "datapointsToAlarm": between(1, 86400), "alarmDescription": length(0, 1024),
				"comparisonOperator": oneOf("GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold",
					"LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"),
				"statistic":        oneOf("SampleCount", "Average", "Sum", "Minimum", "Maximum"),
				"treatMissingData": oneOf("breaching", "notBreaching", "ignore", "missing"), "period": period, "metricName": length(1, 255), "namespace": length(1, 255),
				"alarmActions": items(0, 5), "okActions": items(0, 5), "insufficientDataActions": items(0, 5), "tags": tags,
			},
			keeps:   alarmIsWatched,
			replace: []string{"name"}, sets: []string{"alarmActions", "okActions", "insufficientDataActions", "metricQueries"},
		},
		{
			token: "aws:cloudwatch/dashboard:Dashboard", label: "CloudWatch Dashboard", args: cloudwatch.DashboardArgs{}, resource: &cloudwatch.Dashboard{},
			id: "{name}", name: "dashboardName", outputs: map[string]string{"dashboardArn": "arn:{partition}:cloudwatch::{account}:dashboard/{name}"},
			rules:   map[string]rule{"dashboardName": all(length(1, 255), pattern(`^[\-_A-Za-z0-9]+$`, "letters, digits, dashes and underscores"))},
			replace: []string{"dashboardName"}, jsons: []string{"dashboardBody"},
		},
	}
}

// maxLogPolicies is how many an account has in a region: CloudWatch Logs User Guide, "Quotas".
const maxLogPolicies = 10

func settleLogPolicy(c *creation) error {
	policies, err := c.siblings("cloudwatch.LogResourcePolicy")
	if err != nil {
		return err
	}
	if others := slices.DeleteFunc(policies, func(p *record) bool { return p.Name == c.name }); len(others) >= maxLogPolicies {
		return refusal("LimitExceededException: Resource limit exceeded.")
	}
	return nil
}
