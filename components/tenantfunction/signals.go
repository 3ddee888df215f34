package tenantfunction

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The metrics that are counted from the lines of Lambda in a function's log:
// their namespace and what they count. MetricName gives their names.
const (
	MetricNamespace  = "Tenantform/Functions"
	MetricErrors     = "Errors"     // invocations that the code or its runtime ended with an error
	MetricTimeouts   = "Timeouts"   // invocations that Lambda ended after TimeoutSec
	MetricColdStarts = "ColdStarts" // invocations for which an environment was initialised
)

// MetricName gives the name of a function's metric: its physical name, "-" and
// what is counted. SEARCH in CloudWatch finds those of a tenant, or of all, by
// the words in it.
func MetricName(function, metric string) string { return function + "-" + metric }

// What Lambda writes about an invocation when it is over: type, status and
// metrics are those of "platform.report" in "Lambda Telemetry API Event schema
// reference".
const (
	report      = `$.type = "platform.report"`
	failed      = report + ` && ($.record.status = "error" || $.record.status = "failure")`
	timedOut    = report + ` && $.record.status = "timeout"`
	initialised = report + ` && $.record.metrics.initDurationMs > 0`
)

func (f *TenantFunction) metrics(ctx *pulumi.Context, name string, args *Args, group *cloudwatch.LogGroup) error {
	for _, m := range []struct{ child, metric, pattern string }{
		{"errors", MetricErrors, failed},
		{"timeouts", MetricTimeouts, timedOut},
		{"cold-starts", MetricColdStarts, initialised},
	} {
		if _, err := cloudwatch.NewLogMetricFilter(ctx, name+"-"+m.child, &cloudwatch.LogMetricFilterArgs{
			Name:         pulumi.String(args.Name + "-" + m.child),
			LogGroupName: group.Name,
			Pattern:      pulumi.String("{ " + m.pattern + " }"),
			MetricTransformation: cloudwatch.LogMetricFilterMetricTransformationArgs{
				Namespace: pulumi.String(MetricNamespace), Name: pulumi.String(MetricName(args.Name, m.metric)),
				Value: pulumi.String("1"), DefaultValue: pulumi.String("0"), Unit: pulumi.String("Count"),
			},
		}, pulumi.Parent(f)); err != nil {
			return err
		}
	}
	return nil
}
