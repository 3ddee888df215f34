package localcloud

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kinesis"

	"github.com/tenantform/tenantform/tenants"
)

func refStream(prop, missing string) ref {
	return ref{prop: prop, to: []string{"kinesis.FirehoseDeliveryStream"}, by: ofService("firehose", asARN), missing: missing}
}

// ofService takes only ARNs of a service; other values are not looked up.
func ofService(service string, by naming) naming {
	return func(c *Cloud, at place, value string) (place, string, bool) {
		if parts := strings.Split(value, ":"); len(parts) < 6 || parts[2] != service {
			return at, "", false
		}
		return by(c, at, value)
	}
}

// deliveryKinds are streams to S3, what logs go to, queries and alarms of alarms.
// Source of limits: Amazon Data Firehose API reference, CreateDeliveryStream; CloudWatch Logs API reference, PutSubscriptionFilter,
// PutQueryDefinition; CloudWatch API reference, PutCompositeAlarm.
func deliveryKinds() []*kind {
	return []*kind{
		firehoseKind(),
		{
			token: "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter", label: "CloudWatch Logs Subscription Filter",
			args: cloudwatch.LogSubscriptionFilterArgs{}, resource: &cloudwatch.LogSubscriptionFilter{}, required: []string{"logGroup"},
			id: "cwlsf-{digits:10}", key: "{in.logGroup}/{name}", name: "name", autoname: &autoname{max: 512}, defaults: map[string]any{"distribution": "ByLogStream"},
			rules: map[string]rule{"name": all(length(1, 512), pattern(`^[^:*]*$`, "a name without : and *")), "filterPattern": length(0, 1024), "destinationArn": arn(),
				"roleArn": arn("iam"), "distribution": oneOf("Random", "ByLogStream")},
			replace: []string{"name", "logGroup"}, settle: settleSubscription,
			refs: []ref{
				{prop: "logGroup", to: []string{"cloudwatch.LogGroup"}, by: asLogGroup, part: true, missing: "ResourceNotFoundException: The specified log group does not exist."},
				{prop: "destinationArn", to: []string{"lambda.Function"}, by: ofService("lambda", asFunction), missing: "InvalidParameterException: Could not execute the lambda function. " +
					"Make sure you have given CloudWatch Logs permission to execute your function."},
				refStream("destinationArn", "InvalidParameterException: Could not deliver test message to specified Firehose stream. Check if the given Firehose stream is in ACTIVE state."),
				refRole("roleArn", "InvalidParameterException: Could not assume the role {value}: it does not exist."),
			},
		},
		{
			token: "aws:cloudwatch/queryDefinition:QueryDefinition", label: "CloudWatch Logs Query Definition",
			args: cloudwatch.QueryDefinitionArgs{}, resource: &cloudwatch.QueryDefinition{},
			id: "{uuid}", name: "name", autoname: &autoname{max: 255}, outputs: map[string]string{"queryDefinitionId": "{id}"},
			rules: map[string]rule{"name": length(1, 255), "queryString": length(1, 10000)},
		},
		{
			token: "aws:cloudwatch/compositeAlarm:CompositeAlarm", label: "CloudWatch Composite Alarm", args: cloudwatch.CompositeAlarmArgs{}, resource: &cloudwatch.CompositeAlarm{},
			id: "{name}", arn: "arn:{partition}:cloudwatch:{region}:{account}:alarm:{name}", name: "alarmName", defaults: map[string]any{"actionsEnabled": true},
			rules: map[string]rule{"alarmName": length(1, 255), "alarmRule": length(1, 10240), "alarmDescription": length(0, 1024), "alarmActions": items(0, 5), "okActions": items(0, 5),
				"insufficientDataActions": items(0, 5), "tags": tags},
			replace: []string{"alarmName"}, sets: []string{"alarmActions", "okActions", "insufficientDataActions"}, settle: settleComposite, keeps: alarmIsWatched,
		},
	}
}

func firehoseKind() *kind {
	k := &kind{
		token: "aws:kinesis/firehoseDeliveryStream:FirehoseDeliveryStream", label: "Kinesis Firehose Delivery Stream",
		args: kinesis.FirehoseDeliveryStreamArgs{}, resource: &kinesis.FirehoseDeliveryStream{},
		id: "{arn}", arn: "arn:{partition}:firehose:{region}:{account}:deliverystream/{name}", name: "name", autoname: &autoname{max: 64},
		taken:   "ResourceInUseException: Firehose {name} under accountId {account} already exists",
		outputs: map[string]string{"destinationId": "destinationId-000000000001", "versionId": "1"},
		rules: map[string]rule{
			"name": all(length(1, 64), pattern(`^[a-zA-Z0-9_.-]+$`, "letters, digits or _.-")), "tags": tags,
			"destination": oneOf("extended_s3", "redshift", "elasticsearch", "splunk", "http_endpoint", "opensearch", "opensearchserverless", "snowflake", "iceberg"),
			"extendedS3Configuration.bufferingInterval": between(0, 900), "extendedS3Configuration.bufferingSize": between(1, 128),
			"extendedS3Configuration.bucketArn": arn("s3"), "extendedS3Configuration.roleArn": arn("iam"), "extendedS3Configuration.kmsKeyArn": arn("kms"),
			"extendedS3Configuration.compressionFormat": oneOf("UNCOMPRESSED", "GZIP", "ZIP", "Snappy", "HADOOP_SNAPPY"),
			"extendedS3Configuration.prefix":            length(0, 1024), "extendedS3Configuration.errorOutputPrefix": length(0, 1024),
			"serverSideEncryption.keyType": oneOf("AWS_OWNED_CMK", "CUSTOMER_MANAGED_CMK"), "serverSideEncryption.keyArn": arn("kms"),
		},
		replace: []string{"name", "arn", "destination", "kinesisSourceConfiguration", "mskSourceConfiguration"}, settle: settleStream,
		refs: []ref{
			{prop: "extendedS3Configuration.bucketArn", to: []string{"s3.BucketV2"}, by: asBucket, missing: "InvalidArgumentException: The specified bucket {value} does not exist"},
			refRole("extendedS3Configuration.roleArn", "InvalidArgumentException: Firehose is unable to assume role {value}. Please check the role provided."),
			refKey("extendedS3Configuration.kmsKeyArn", "InvalidArgumentException: KMS key {value} does not exist"),
			refKey("serverSideEncryption.keyArn", "InvalidKMSResourceException: KMS key {value} does not exist"),
			{prop: "extendedS3Configuration.cloudwatchLoggingOptions.logGroupName", to: []string{"cloudwatch.LogGroup"}, by: asLogGroup,
				missing: "InvalidArgumentException: The log group {value} does not exist"},
		},
	}
	return k
}

// settleStream refuses a stream without its destination's settings, and a
// prefix with expressions whose failures have no place of their own.
// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
func settleStream(c *creation) error {
	s3, _ := c.inputs["extendedS3Configuration"].(map[string]any)
	if c.inputs["destination"] == "extended_s3" && s3 == nil {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidArgumentException: when destination is extended_s3, extendedS3Configuration is required"}
	}
	if prefix := textOf(s3["prefix"]); strings.Contains(prefix, "!{") && textOf(s3["errorOutputPrefix"]) == "" {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidArgumentException: ErrorOutputPrefix cannot be null or empty when Prefix contains expressions"}
	}
	if version, kept := c.computed["versionId"]; kept && c.old != nil && c.differs([]string{"extendedS3Configuration"}) {
		var n int
		if _, err := fmt.Sscan(textOf(version), &n); err == nil {
			c.computed["versionId"] = fmt.Sprint(n + 1)
		}
	}
	return nil
}

// maxSubscriptions is how many a log group has: CloudWatch Logs User Guide, "Quotas".
const maxSubscriptions = 2

func settleSubscription(c *creation) error {
	destination := textOf(c.inputs["destinationArn"])
	if service := strings.SplitN(destination, ":", 4); len(service) == 4 && (service[2] == "firehose" || service[2] == "kinesis") && textOf(c.inputs["roleArn"]) == "" {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameterException: destinationArn for vendor " + service[2] + " cannot be used without roleArn"}
	}
	if c.old != nil {
		return nil
	}
	filters, err := c.siblings("cloudwatch.LogSubscriptionFilter")
	if err != nil {
		return err
	}
	filters = slices.DeleteFunc(filters, func(f *record) bool { return f.Inputs["logGroup"] != c.inputs["logGroup"] || f.Name == c.name })
	if len(filters) >= maxSubscriptions {
		return refusal("LimitExceededException: Resource limit exceeded.")
	}
	return nil
}

// watched finds the alarms in the rule of a composite alarm.
var watched = regexp.MustCompile(`\b(?:ALARM|OK|INSUFFICIENT_DATA)\(\s*(?:"([^"]*)"|'([^']*)'|([^)"']*?))\s*\)`)

// alarmsIn gives the names of the alarms in a rule, which may be ARNs there.
func alarmsIn(rule string) []string {
	var names []string
	for _, m := range watched.FindAllStringSubmatch(rule, -1) {
		name := m[1] + m[2] + m[3]
		if _, after, ok := strings.Cut(name, ":alarm:"); ok {
			name = after
		}
		names = append(names, name)
	}
	return names
}

// settleComposite refuses a rule without an alarm, or with one that is not.
func settleComposite(c *creation) error {
	rule := textOf(c.inputs["alarmRule"])
	names := alarmsIn(rule)
	if len(names) == 0 && !strings.Contains(rule, "TRUE") && !strings.Contains(rule, "FALSE") {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationError: AlarmRule must have an alarm, TRUE or FALSE"}
	}
	if suppressor := textOf(valueAt(c.inputs, "actionsSuppressor.alarm")); suppressor != "" {
		names = append(names, suppressor[strings.LastIndex(suppressor, ":")+1:])
	}
	var missing []string
	for _, name := range names {
		found := false
		for _, short := range []string{"cloudwatch.MetricAlarm", "cloudwatch.CompositeAlarm"} {
			rec, err := c.cloud.store.get(c.at, short, name)
			if err != nil {
				return err
			}
			found = found || rec != nil
		}
		if !found {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return refusal("ValidationError: Could not save the composite alarm as alarms [%s] in the alarm rule do not exist", strings.Join(missing, ", "))
	}
	return nil
}

// alarmIsWatched refuses to delete an alarm that a composite alarm watches.
func alarmIsWatched(c *Cloud, rec *record) error {
	composites, err := c.store.list(rec.Account, rec.Region, "cloudwatch.CompositeAlarm")
	if err != nil {
		return err
	}
	for _, other := range composites {
		if other.ID != rec.ID && slices.Contains(alarmsIn(textOf(other.Inputs["alarmRule"])), rec.Name) {
			return refusal("ValidationError: Cannot delete %s as there are composite alarm(s) depending on it.", rec.Name)
		}
	}
	return nil
}
