package localcloud

import (
	"encoding/json"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"

	"github.com/tenantform/tenantform/tenants"
)

// messagingKinds are queues and topics.
// Source of limits: SQS API reference, SetQueueAttributes; SNS API reference, CreateTopic.
func messagingKinds() []*kind {
	inQueue := ref{prop: "queueUrl", to: []string{"sqs.Queue"}, by: asQueue, part: true,
		missing: "AWS.SimpleQueueService.NonExistentQueue: The specified queue does not exist."}
	of := func(k kind) *kind {
		k.id, k.replace, k.refs = "{in.queueUrl}", []string{"queueUrl"}, []ref{inQueue}
		return &k
	}
	return []*kind{
		{
			token: "aws:sqs/queue:Queue", label: "SQS Queue", args: sqs.QueueArgs{}, resource: &sqs.Queue{},
			id: "https://sqs.{region}.amazonaws.com/{account}/{name}", arn: "arn:{partition}:sqs:{region}:{account}:{name}",
			taken: "QueueNameExists: A queue already exists with the same name and a different value for attribute(s)",
			name:  "name", autoname: &autoname{max: 80, fifo: "fifoQueue"}, outputs: map[string]string{"url": "{id}"},
			defaults: map[string]any{"delaySeconds": 0.0, "maxMessageSize": 262144.0, "messageRetentionSeconds": 345600.0,
				"receiveWaitTimeSeconds": 0.0, "visibilityTimeoutSeconds": 30.0, "fifoQueue": false, "kmsDataKeyReusePeriodSeconds": 300.0},
			rules: map[string]rule{
				"name":         all(length(1, 80), pattern(`^[a-zA-Z0-9_-]+(\.fifo)?$`, "letters, digits, dashes and underscores, and .fifo for a FIFO queue")),
				"delaySeconds": between(0, 900), "maxMessageSize": between(1024, 1048576), "messageRetentionSeconds": between(60, 1209600),
				"receiveWaitTimeSeconds": between(0, 20), "visibilityTimeoutSeconds": between(0, 43200), "kmsDataKeyReusePeriodSeconds": between(60, 86400),
				"deduplicationScope": oneOf("queue", "messageGroup"), "fifoThroughputLimit": oneOf("perQueue", "perMessageGroupId"), "tags": tags,
			},
			replace: []string{"name", "namePrefix", "fifoQueue"}, policies: []string{"policy"}, jsons: []string{"redrivePolicy", "redriveAllowPolicy"}, settle: deadLettersGoSomewhere,
			refs: []ref{refKey("kmsMasterKeyId", "KMS.NotFoundException: Key '{value}' does not exist")},
		},
		of(kind{token: "aws:sqs/queuePolicy:QueuePolicy", label: "SQS Queue Policy", args: sqs.QueuePolicyArgs{}, resource: &sqs.QueuePolicy{},
			required: []string{"policy"}, policies: []string{"policy"}}),
		of(kind{token: "aws:sqs/redrivePolicy:RedrivePolicy", label: "SQS Redrive Policy", args: sqs.RedrivePolicyArgs{}, resource: &sqs.RedrivePolicy{},
			jsons: []string{"redrivePolicy"}, settle: deadLettersGoSomewhere}),
		of(kind{token: "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", label: "SQS Redrive Allow Policy",
			args: sqs.RedriveAllowPolicyArgs{}, resource: &sqs.RedriveAllowPolicy{}, jsons: []string{"redriveAllowPolicy"}}),
		{
			token: "aws:sns/topic:Topic", label: "SNS Topic", args: sns.TopicArgs{}, resource: &sns.Topic{},
			id: "{arn}", arn: "arn:{partition}:sns:{region}:{account}:{name}", name: "name", autoname: &autoname{max: 256, fifo: "fifoTopic"},
			outputs: map[string]string{"owner": "{account}"}, defaults: map[string]any{"fifoTopic": false},
			rules: map[string]rule{
				"name":        all(length(1, 256), pattern(`^[a-zA-Z0-9_-]+(\.fifo)?$`, "letters, digits, dashes and underscores, and .fifo for a FIFO topic")),
				"displayName": length(0, 100), "tracingConfig": oneOf("PassThrough", "Active"), "signatureVersion": oneOf(1, 2), "tags": tags,
			},
			replace: []string{"name", "namePrefix", "fifoTopic"}, policies: []string{"policy"}, jsons: []string{"deliveryPolicy", "archivePolicy"},
			refs: []ref{refKey("kmsMasterKeyId", "KMSNotFound: Key '{value}' does not exist")},
		},
		{
			token: "aws:sns/topicPolicy:TopicPolicy", label: "SNS Topic Policy", args: sns.TopicPolicyArgs{}, resource: &sns.TopicPolicy{},
			id: "{in.arn}", outputs: map[string]string{"owner": "{account}"}, required: []string{"policy"},
			rules: map[string]rule{"arn": arn("sns")}, replace: []string{"arn"}, policies: []string{"policy"},
			refs: []ref{{prop: "arn", to: []string{"sns.Topic"}, by: asARN, part: true, missing: "NotFound: Topic does not exist"}},
		},
		{
			token: "aws:sns/topicSubscription:TopicSubscription", label: "SNS Topic Subscription", args: sns.TopicSubscriptionArgs{}, resource: &sns.TopicSubscription{},
			id: "{arn}", arn: "{in.topic}:{uuid}", unique: "{in.topic}/{in.protocol}/{in.endpoint}", required: []string{"topic"},
			outputs:  map[string]string{"ownerId": "{account}"},
			defaults: map[string]any{"confirmationWasAuthenticated": true, "pendingConfirmation": false, "rawMessageDelivery": false, "endpointAutoConfirms": false},
			taken:    "InvalidParameter: Invalid parameter: Attributes Reason: Subscription already exists with different attributes",
			rules: map[string]rule{
				"protocol":          oneOf("application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs"),
				"filterPolicyScope": oneOf("MessageAttributes", "MessageBody"),
			},
			replace: []string{"topic", "protocol", "endpoint"}, jsons: []string{"filterPolicy", "redrivePolicy", "deliveryPolicy", "replayPolicy"},
			refs: []ref{
				{prop: "topic", to: []string{"sns.Topic"}, by: asARN, part: true, missing: "NotFound: Topic does not exist"},
				{prop: "endpoint", to: []string{"sqs.Queue"}, by: queueEndpoint, missing: "InvalidParameter: Invalid parameter: Endpoint Reason: {value} does not exist"},
				refStream("endpoint", "InvalidParameter: Invalid parameter: Endpoint Reason: {value} does not exist"),
				refRole("subscriptionRoleArn", "InvalidParameter: Invalid parameter: SubscriptionRoleArn Reason: {value} does not exist"),
			},
		},
	}
}

// deadLettersGoSomewhere refuses a redrive policy to a queue that there is not.
func deadLettersGoSomewhere(c *creation) error {
	var policy struct{ DeadLetterTargetArn string }
	text := textOf(c.inputs["redrivePolicy"])
	_ = json.Unmarshal([]byte(text), &policy) // what is not JSON is refused by its rule
	in, key, ok := asQueue(c.cloud, c.at, policy.DeadLetterTargetArn)
	if !ok || key == "" {
		return nil
	}
	rec, err := c.cloud.store.get(in, "sqs.Queue", key)
	if err == nil && rec == nil {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameterValue: Value " + text + " for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist."}
	}
	return err
}

// queueEndpoint takes the ARN of a queue; other endpoints are not looked up.
func queueEndpoint(c *Cloud, at place, value string) (place, string, bool) {
	if !strings.HasPrefix(value, "arn:") {
		return at, "", false
	}
	return asQueue(c, at, value)
}
