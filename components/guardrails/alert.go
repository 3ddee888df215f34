package guardrails

import (
	"bytes"
	"encoding/json"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/topic"
)

// ruleSuffix ends the names of the rules that an Organization keeps from being
// switched off.
const ruleSuffix = "-manual-change"

const (
	maxPattern     = 2048 // characters; "Amazon EventBridge quotas"
	alarmPeriodSec = 300
)

// sources are the services that the components are made of, and those through
// which these can be changed or their audit ended.
var sources = []string{
	"apigateway.amazonaws.com", "autoscaling.amazonaws.com", "budgets.amazonaws.com", "cloudformation.amazonaws.com", "cloudtrail.amazonaws.com",
	"cognito-idp.amazonaws.com", "config.amazonaws.com", "dynamodb.amazonaws.com", "ec2.amazonaws.com", "events.amazonaws.com",
	"firehose.amazonaws.com", "iam.amazonaws.com", "kms.amazonaws.com", "lambda.amazonaws.com", "logs.amazonaws.com", "monitoring.amazonaws.com",
	"oam.amazonaws.com", "organizations.amazonaws.com", "rds.amazonaws.com", "s3.amazonaws.com",
	"secretsmanager.amazonaws.com", "signer.amazonaws.com", "sns.amazonaws.com",
	"sqs.amazonaws.com", "ssm.amazonaws.com", "wafv2.amazonaws.com",
}

// unattended are calls that running applications make in roles of their own, and
// that change no infrastructure: users, streams of a log, and the interfaces
// that Lambda attaches with a function's role.
var unattended = []string{
	"AdminCreateUser", "AdminDeleteUser", "AdminUpdateUserAttributes", "AssignPrivateIpAddresses", "CreateLogStream",
	"CreateNetworkInterface", "DeleteNetworkInterface", "UnassignPrivateIpAddresses", "UpdateInstanceInformation",
}

// pattern matches a writing call that no service makes for somebody, by a user
// or the root user, or in a role that is neither a deployer's nor
// service-linked. The comparisons are those of "Creating Amazon EventBridge
// event patterns" in the EventBridge User Guide, the fields those of "CloudTrail
// userIdentity element".
func (a *AccountArgs) pattern() string {
	type fields map[string]any
	expected := make([]string, 0, len(a.Deployers)+1)
	for _, d := range a.Deployers {
		expected = append(expected, a.Location.RoleARN(d))
	}
	expected = append(expected, a.Location.RoleARN("aws-service-role/*"))
	return encode(fields{
		"detail-type": []string{"AWS API Call via CloudTrail"},
		"detail": fields{
			"eventSource": sources,
			"eventName":   []any{fields{"anything-but": unattended}},
			"readOnly":    []bool{false},
			"userIdentity": fields{
				"invokedBy": []any{fields{"exists": false}},
				"$or": []any{
					fields{"type": []string{"IAMUser", "IdentityCenterUser", "Root"}},
					fields{"sessionContext": fields{"sessionIssuer": fields{"arn": []any{
						fields{"anything-but": fields{"wildcard": expected}},
					}}}},
				},
			},
		},
	})
}

// message says who, what and where. A text is sent as a JSON string; see
// "Amazon EventBridge input transformation".
const message = `"Manual change in account <account>: <who> called <what> of <service> in <where> at <when> from <from>. ` +
	`CloudTrail event <event>. Error, if it failed: <error>"`

// told are the fields of the event that message names.
func told() map[string]string {
	return map[string]string{
		"account": "$.account",
		"who":     "$.detail.userIdentity.arn",
		"what":    "$.detail.eventName",
		"service": "$.detail.eventSource",
		"where":   "$.detail.awsRegion",
		"when":    "$.detail.eventTime",
		"from":    "$.detail.sourceIPAddress",
		"event":   "$.detail.eventID",
		"error":   "$.detail.errorCode",
	}
}

// alert makes the rule, its topic where none is given, and an alarm on alerts
// that could not be delivered.
func (a *Account) alert(ctx *pulumi.Context, name string, args *AccountArgs) error {
	a.TopicARN = pulumi.String(args.TopicARN).ToStringOutput()
	if args.TopicARN == "" {
		made, err := topic.New(ctx, name+"-alerts", args.alerts(), pulumi.Parent(a))
		if err != nil {
			return err
		}
		a.TopicARN = made.ARN
	}
	rule, err := cloudwatch.NewEventRule(ctx, name+ruleSuffix, &cloudwatch.EventRuleArgs{
		Name:         pulumi.String(args.Name + ruleSuffix),
		Description:  pulumi.String("Changes that no deployer made"),
		EventPattern: pulumi.String(args.pattern()),
		State:        pulumi.String("ENABLED"),
		Tags:         args.Tags.Map(),
	}, pulumi.Parent(a))
	if err != nil {
		return err
	}
	a.RuleName = rule.Name
	if _, err := cloudwatch.NewEventTarget(ctx, name+"-alert", &cloudwatch.EventTargetArgs{
		Rule:     rule.Name,
		TargetId: pulumi.String("topic"),
		Arn:      a.TopicARN,
		InputTransformer: cloudwatch.EventTargetInputTransformerArgs{
			InputPaths: pulumi.ToStringMap(told()), InputTemplate: pulumi.String(message),
		},
	}, pulumi.Parent(a)); err != nil {
		return err
	}
	actions := make(pulumi.Array, len(args.AlarmActions))
	for i, arn := range args.AlarmActions {
		actions[i] = arn
	}
	_, err = cloudwatch.NewMetricAlarm(ctx, name+"-undelivered", &cloudwatch.MetricAlarmArgs{
		Name:               pulumi.String(args.Name + ruleSuffix + "-undelivered"),
		AlarmDescription:   pulumi.String("Alerts on manual changes could not be delivered"),
		Namespace:          pulumi.String("AWS/Events"),
		MetricName:         pulumi.String("FailedInvocations"),
		Dimensions:         pulumi.StringMap{"RuleName": rule.Name},
		Statistic:          pulumi.String("Sum"),
		Period:             pulumi.Int(alarmPeriodSec),
		EvaluationPeriods:  pulumi.Int(1),
		Threshold:          pulumi.Float64(0),
		ComparisonOperator: pulumi.String("GreaterThanThreshold"),
		TreatMissingData:   pulumi.String("notBreaching"),
		AlarmActions:       actions,
		OkActions:          actions,
		Tags:               args.Tags.Map(),
	}, pulumi.Parent(a))
	return err
}

// encode writes JSON whose text is the same for equal values.
func encode(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("guardrails: text, lists and maps of these cannot fail to encode: " + err.Error())
	}
	return string(bytes.TrimSpace(b.Bytes()))
}
