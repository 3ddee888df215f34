// Package observability makes the log group, metric filters and alarm of a
// tenant. They are the same in a pool and in a silo, so that a tenant's metrics
// go on under the same names when it moves.
package observability

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/internal/check"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
)

// The metrics of a tenant: their namespace, their one dimension and their names.
const (
	Namespace      = "Tenantform"
	Dimension      = "TenantId"
	MetricRequests = "Requests"
	MetricErrors   = "Errors"
)

// The fields of the application's log lines, one JSON object each, that the
// filters read.
const (
	fieldTenant = "$.tenant_id"
	fieldLevel  = "$.level"
)

// LogGroupName gives the name of the log group of Signals with a physical name,
// before they are made.
func LogGroupName(name string) string { return name + "/application" }

// AlarmName gives the name of their alarm likewise.
func AlarmName(name string) string { return name + "-errors" }

const (
	maxName       = 200 // an alarm's name has at most 255, a log group's 512
	alarmSeconds  = 300
	alarmPeriods  = 3
	alarmOutOf    = 2
	alarmErrorsIn = 5 // errors in a period that make it count
	maxActions    = 5
)

var (
	groupPattern  = regexp.MustCompile(`^[a-zA-Z0-9_/.#-]+$`)
	tenantPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)
)

// Args are the arguments of Signals.
type Args struct {
	Location location.Location
	Tags     tags.Required
	TenantID string
	Name     string // begins every physical name; 1 to 200 characters
	// LogRetentionDays is how long the tenant's log is kept; a value that
	// CloudWatch Logs accepts. 0 means 365 in production and 30 elsewhere.
	LogRetentionDays int
	LogKeyARN        pulumi.StringPtrInput // the key that encrypts the log; nil: CloudWatch's own
	// AlarmActions are the ARNs that are told of the alarm and of its end, topics
	// for example; at most 5 ("PutMetricAlarm" in the CloudWatch API Reference).
	// nil: the alarm only shows.
	AlarmActions pulumi.StringArrayInput
}

// Signals are a tenant's log group, the metrics counted from it, and an alarm
// on errors: 5 or more in 5 minutes, twice in 15 minutes. A group of its own for
// each tenant, because a group holds at most 100 metric filters ("CloudWatch
// Logs quotas").
type Signals struct {
	pulumi.ResourceState

	LogGroup pulumi.StringOutput `pulumi:"logGroup"`
	AlarmARN pulumi.StringOutput `pulumi:"alarmArn"`

	// Ready is what exists once the component does; who relies on it by name waits for these, see depend.On.
	Ready []pulumi.CustomResource
}

// New registers the component. The error is CodeInvalid when an argument is
// wrong; nothing is registered then.
func New(ctx *pulumi.Context, name string, args *Args, opts ...pulumi.ResourceOption) (*Signals, error) {
	if args == nil {
		args = &Args{}
	}
	if err := args.Validate(name); err != nil {
		return nil, err
	}
	s := &Signals{}
	if err := ctx.RegisterComponentResource("tenantform:observability:Signals", name, s, opts...); err != nil {
		return nil, err
	}
	group, err := cloudwatch.NewLogGroup(ctx, name+"-application", &cloudwatch.LogGroupArgs{
		Name:            pulumi.String(LogGroupName(args.Name)),
		RetentionInDays: pulumi.Int(args.Location.LogRetentionDays(args.LogRetentionDays)),
		KmsKeyId:        args.LogKeyARN,
		Tags:            args.Tags.Map(),
	}, pulumi.Parent(s))
	if err != nil {
		return nil, err
	}
	own := fieldTenant + ` = "` + args.TenantID + `"`
	for _, f := range []struct{ child, metric, pattern string }{
		{"requests", MetricRequests, "{ " + own + " }"},
		{"errors", MetricErrors, "{ " + own + " && " + fieldLevel + ` = "ERROR" }`},
	} {
		if _, err := cloudwatch.NewLogMetricFilter(ctx, name+"-"+f.child, &cloudwatch.LogMetricFilterArgs{
			Name:         pulumi.String(args.Name + "-" + f.child),
			LogGroupName: group.Name,
			Pattern:      pulumi.String(f.pattern),
			MetricTransformation: cloudwatch.LogMetricFilterMetricTransformationArgs{
				Namespace: pulumi.String(Namespace), Name: pulumi.String(f.metric), Value: pulumi.String("1"), Unit: pulumi.String("Count"),
				Dimensions: pulumi.StringMap{Dimension: pulumi.String(fieldTenant)},
			},
		}, pulumi.Parent(s)); err != nil {
			return nil, err
		}
	}
	alarm, err := s.alarm(ctx, name, args)
	if err != nil {
		return nil, err
	}
	s.LogGroup, s.AlarmARN = group.Name, alarm.Arn
	s.Ready = []pulumi.CustomResource{group, alarm}
	if err := ctx.RegisterResourceOutputs(s, pulumi.Map{"logGroup": s.LogGroup, "alarmArn": s.AlarmARN}); err != nil {
		return nil, err
	}
	return s, nil
}

// Validate checks the arguments as New does, for a component that is made of
// signals and wants to refuse them before it registers anything.
func (a *Args) Validate(name string) error {
	c := check.New("observability", name)
	c.Within("Location", a.Location.Faults())
	c.Within("Tags", a.Tags.Faults())
	c.Name("TenantID", a.TenantID, 64, tenantPattern)
	c.Name("Name", a.Name, maxName, groupPattern)
	c.Retention("LogRetentionDays", a.Location.LogRetentionDays(a.LogRetentionDays))
	if known, ok := a.AlarmActions.(pulumi.StringArray); ok {
		c.Between("AlarmActions", len(known), 0, maxActions, "actions")
	}
	return c.Err()
}

func (s *Signals) alarm(ctx *pulumi.Context, name string, args *Args) (*cloudwatch.MetricAlarm, error) {
	return cloudwatch.NewMetricAlarm(ctx, name+"-errors-alarm", &cloudwatch.MetricAlarmArgs{
		Name:               pulumi.String(AlarmName(args.Name)),
		AlarmDescription:   pulumi.String("Tenant " + args.TenantID + " sees errors"),
		Namespace:          pulumi.String(Namespace),
		MetricName:         pulumi.String(MetricErrors),
		Dimensions:         pulumi.StringMap{Dimension: pulumi.String(args.TenantID)},
		Statistic:          pulumi.String("Sum"),
		Period:             pulumi.Int(alarmSeconds),
		EvaluationPeriods:  pulumi.Int(alarmPeriods),
		DatapointsToAlarm:  pulumi.Int(alarmOutOf),
		Threshold:          pulumi.Float64(alarmErrorsIn),
		ComparisonOperator: pulumi.String("GreaterThanOrEqualToThreshold"),
		TreatMissingData:   pulumi.String("notBreaching"),
		AlarmActions:       actions(args.AlarmActions),
		OkActions:          actions(args.AlarmActions),
		Tags:               args.Tags.Map(),
	}, pulumi.Parent(s))
}

// actions gives ARNs in the form that a metric alarm takes.
func actions(arns pulumi.StringArrayInput) pulumi.ArrayInput {
	if arns == nil {
		return nil
	}
	return arns.ToStringArrayOutput().ApplyT(func(known []string) []any {
		all := make([]any, len(known))
		for i, arn := range known {
			all[i] = arn
		}
		return all
	}).(pulumi.ArrayOutput)
}
