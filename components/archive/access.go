package archive

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/iampolicy"
)

const (
	deadKeptSec    = 14 * 24 * 3600 // SQS's longest
	alarmPeriodSec = 300
	// behindTimes is how many buffering intervals old the oldest record may be before
	// the stream is said to fall behind.
	behindTimes  = 3
	behindWindow = 3 // periods
)

// access is a role with what it may do. What needs the role needs ready too.
type access struct {
	role   *iam.Role
	policy *iam.RolePolicy
	ready  []pulumi.CustomResource
}

func (a *Archive) role(ctx *pulumi.Context, name string, args *Args, suffix, says string, trust, may iampolicy.Document) (access, error) {
	role, err := iam.NewRole(ctx, name+"-"+suffix, &iam.RoleArgs{
		Name:             pulumi.String(args.Name + "-" + suffix),
		Description:      pulumi.String(says),
		AssumeRolePolicy: trust.Input(),
		Tags:             args.Tags.Map(),
	}, pulumi.Parent(a))
	if err != nil {
		return access{}, err
	}
	policy, err := iam.NewRolePolicy(ctx, name+"-"+suffix, &iam.RolePolicyArgs{
		Name:   pulumi.String(suffix),
		Role:   role.Name,
		Policy: may.Input(),
	}, pulumi.Parent(a))
	return access{role, policy, []pulumi.CustomResource{policy}}, err
}

// writerRole is what Firehose writes with: to the prefixes of the bucket, and
// its failures to the log. The actions and the condition are those of "Grant
// Firehose access to an Amazon S3 destination" and "Allow Firehose to assume an
// IAM role" in the Amazon Data Firehose Developer Guide. The use of the key is a
// grant of KMS, bound to the bucket, because a key's ARN holds an id that nobody
// knows before it is made, and a role's document is to be known before the run.
func (a *Archive) writerRole(ctx *pulumi.Context, name string, args *Args) (access, error) {
	arn := args.Location.BucketARN(args.Bucket)
	trust := iampolicy.TrustService("firehose.amazonaws.com", iampolicy.Conditions{
		"StringEquals": {"sts:ExternalId": {args.Location.AccountID}},
	})
	writer, err := a.role(ctx, name, args, "writer", "Writes the events of "+args.Name+" into "+args.Bucket, trust, iampolicy.Document{
		{
			Sid: "FindTheBucket", Effect: iampolicy.Allow,
			Actions:   []string{"s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"},
			Resources: []string{arn},
		},
		{
			Sid: "WriteBelowThePrefixes", Effect: iampolicy.Allow,
			Actions:   []string{"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"},
			Resources: []string{arn + "/" + args.Prefix + "*", arn + "/" + errorPrefix + "*"},
		},
		{
			Sid: "LogFailures", Effect: iampolicy.Allow,
			Actions:   []string{"logs:PutLogEvents"},
			Resources: []string{args.Location.LogGroupARN(LogGroupName(args.Name)) + ":log-stream:" + logStream},
		},
	})
	if err != nil {
		return access{}, err
	}
	grant, err := kms.NewGrant(ctx, name+"-put", &kms.GrantArgs{
		Name:             pulumi.String(args.Name + "-put"),
		KeyId:            args.KeyARN,
		GranteePrincipal: writer.role.Arn,
		Operations:       pulumi.ToStringArray([]string{"Decrypt", "GenerateDataKey"}),
		Constraints: kms.GrantConstraintArray{kms.GrantConstraintArgs{
			EncryptionContextSubset: pulumi.ToStringMap(map[string]string{"aws:s3:arn": arn}),
		}},
	}, pulumi.Parent(a))
	writer.ready = append(writer.ready, grant)
	return writer, err
}

// subscriberRole is what SNS puts events into the stream with; see
// "Prerequisites for subscribing Firehose delivery streams to Amazon SNS topics"
// in the SNS Developer Guide. SNS sends no key by which its trust could be
// narrowed; only a principal of this account can hand the role to it.
func (a *Archive) subscriberRole(ctx *pulumi.Context, name string, args *Args) (access, error) {
	return a.role(ctx, name, args, "subscriber", "Puts the events of a topic into "+args.Name,
		iampolicy.TrustService("sns.amazonaws.com", nil), iampolicy.Document{{
			Sid: "PutIntoThisStream", Effect: iampolicy.Allow,
			Actions: []string{
				"firehose:DescribeDeliveryStream", "firehose:ListTagsForDeliveryStream", "firehose:PutRecord", "firehose:PutRecordBatch",
			},
			Resources: []string{args.Location.ARN("firehose", "deliverystream/"+args.Name)},
		}})
}

// deadLetters makes the queue for events that SNS could not deliver. It is no
// other queue's dead-letter queue.
func (a *Archive) deadLetters(ctx *pulumi.Context, name string, args *Args) (*sqs.Queue, error) {
	doc := iampolicy.Document{
		{
			Sid: "TLSOnly", Effect: iampolicy.Deny,
			Principal: &iampolicy.Principal{AWS: []string{"*"}}, Actions: []string{"sqs:*"}, Resources: []string{args.deadARN()},
			Conditions: iampolicy.Conditions{"Bool": {"aws:SecureTransport": {"false"}}},
		},
		{
			Sid: "TheTopicSends", Effect: iampolicy.Allow,
			Principal: &iampolicy.Principal{Service: []string{"sns.amazonaws.com"}}, Actions: []string{"sqs:SendMessage"}, Resources: []string{args.deadARN()},
			Conditions: iampolicy.Conditions{"ArnEquals": {"aws:SourceArn": {args.TopicARN}}},
		},
	}
	return sqs.NewQueue(ctx, name+"-dead", &sqs.QueueArgs{
		Name:                    pulumi.String(args.deadName()),
		KmsMasterKeyId:          args.KeyARN.ToStringOutput().ToStringPtrOutput(),
		MessageRetentionSeconds: pulumi.Int(deadKeptSec),
		Policy:                  doc.Input(),
		RedriveAllowPolicy:      pulumi.String(`{"redrivePermission":"denyAll"}`),
		Tags:                    args.Tags.Map(),
	}, pulumi.Parent(a))
}

// alarms watch for events that were not delivered, and for a stream that does
// not get rid of them. The metrics are those of "Monitor Amazon Data Firehose
// with CloudWatch metrics" and "Available CloudWatch metrics for Amazon SQS".
func (a *Archive) alarms(ctx *pulumi.Context, name string, args *Args) error {
	actions := make(pulumi.Array, len(args.AlarmActions))
	for i, arn := range args.AlarmActions {
		actions[i] = arn
	}
	oldest := behindTimes * max(args.BufferSec, alarmPeriodSec)
	for _, w := range []struct {
		child, namespace, metric, dimension, of, says string
		threshold, periods                            int
	}{
		{"dead-letters", "AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", args.deadName(),
			"Events were not delivered to stream " + args.Name, 0, 1},
		{"behind", "AWS/Firehose", "DeliveryToS3.DataFreshness", "DeliveryStreamName", args.Name,
			fmt.Sprintf("Events of stream %s wait for longer than %d seconds", args.Name, oldest), oldest, behindWindow},
	} {
		alarm, err := cloudwatch.NewMetricAlarm(ctx, name+"-"+w.child, &cloudwatch.MetricAlarmArgs{
			Name:               pulumi.String(args.Name + "-" + w.child),
			AlarmDescription:   pulumi.String(w.says),
			Namespace:          pulumi.String(w.namespace),
			MetricName:         pulumi.String(w.metric),
			Dimensions:         pulumi.StringMap{w.dimension: pulumi.String(w.of)},
			Statistic:          pulumi.String("Maximum"),
			Period:             pulumi.Int(alarmPeriodSec),
			EvaluationPeriods:  pulumi.Int(w.periods),
			Threshold:          pulumi.Float64(w.threshold),
			ComparisonOperator: pulumi.String("GreaterThanThreshold"),
			TreatMissingData:   pulumi.String("notBreaching"),
			AlarmActions:       actions,
			OkActions:          actions,
			Tags:               args.Tags.Map(),
		}, pulumi.Parent(a))
		if err != nil {
			return err
		}
		a.Ready = append(a.Ready, alarm)
	}
	return nil
}
