package conformance_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"github.com/tenantform/tenantform/components/observability"
	"github.com/tenantform/tenantform/components/queueworker"
)

// alarmed is what an alarm watches: "namespace metric {dimension: value} comparison
// threshold".
type alarmed string

func watches(namespace, metric, dimension, value, comparison string, threshold float64) alarmed {
	return alarmed(fmt.Sprintf("%s %s {%s: %s} %s %v", namespace, metric, dimension, value, comparison, threshold))
}

// ofQueue are the alarms of a queue.
func ofQueue(name string) map[string]alarmed {
	return map[string]alarmed{
		name + "-dead-letters":   watches("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name+"-dead", "GreaterThanThreshold", 0),
		name + "-oldest-message": watches("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", name, "GreaterThanThreshold", queueworker.DefaultMaxAgeSec),
	}
}

// ofTenant is the alarm of a tenant's errors.
func ofTenant(name, tenant string) map[string]alarmed {
	return map[string]alarmed{
		observability.AlarmName(name): watches(observability.Namespace, observability.MetricErrors, observability.Dimension, tenant, "GreaterThanOrEqualToThreshold", 5),
	}
}

// alarmsWatch holds the account to having these alarms with a prefix and no others,
// and each to telling whom it has to tell, of the alarm and of its end.
func (e *eyes) alarmsWatch(prefix string, want map[string]alarmed, told ...string) {
	e.t.Helper()
	out := see(e, e.alarms.DescribeAlarms, &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: &prefix})
	if out == nil {
		return
	}
	found := map[string]alarmed{}
	for _, a := range out.MetricAlarms {
		dimension, value := "", ""
		if len(a.Dimensions) == 1 {
			dimension, value = aws.ToString(a.Dimensions[0].Name), aws.ToString(a.Dimensions[0].Value)
		}
		found[*a.AlarmName] = watches(aws.ToString(a.Namespace), aws.ToString(a.MetricName), dimension, value, string(a.ComparisonOperator), aws.ToFloat64(a.Threshold))
		if !slices.Equal(a.AlarmActions, told) || !slices.Equal(a.OKActions, told) {
			e.t.Errorf("the alarm %s tells %v and %v, want %v", *a.AlarmName, a.AlarmActions, a.OKActions, told)
		}
	}
	if !maps.Equal(found, want) {
		e.t.Errorf("the alarms of %s are %v, want %v", prefix, found, want)
	}
}

// dashboards gives the names of dashboards that begin with a prefix.
func (e *eyes) dashboards(prefix string) []string {
	e.t.Helper()
	out := see(e, e.alarms.ListDashboards, &cloudwatch.ListDashboardsInput{DashboardNamePrefix: &prefix})
	if out == nil {
		return nil
	}
	var names []string
	for _, d := range out.DashboardEntries {
		names = append(names, *d.DashboardName)
	}
	return names
}

func lookDashboard(t *testing.T, r *rig, name string) {
	t.Helper()
	if names := r.in(t, core).dashboards(name); !slices.Equal(names, []string{name}) {
		t.Errorf("there are the dashboards %v, want %s", names, name)
	}
}

func (r *rig) noDashboard(t *testing.T, account, name string) {
	t.Helper()
	if names := r.in(t, account).dashboards(name); len(names) > 0 {
		t.Errorf("the dashboards %v are still there", names)
	}
}

// counted holds a log group to metric filters that make metrics of these names.
func (e *eyes) counted(group string, metrics ...string) {
	e.t.Helper()
	out := see(e, e.logs.DescribeMetricFilters, &cloudwatchlogs.DescribeMetricFiltersInput{LogGroupName: &group})
	if out == nil {
		return
	}
	var found []string
	for _, f := range out.MetricFilters {
		for _, m := range f.MetricTransformations {
			found = append(found, aws.ToString(m.MetricName))
		}
		if aws.ToString(f.FilterPattern) == "" {
			e.t.Errorf("the metric filter %s of %s takes every line", *f.FilterName, group)
		}
	}
	slices.Sort(found)
	slices.Sort(metrics)
	if !slices.Equal(found, metrics) {
		e.t.Errorf("the metrics %v are made of the lines of %s, want %v", found, group, metrics)
	}
}

// told holds a rule of events to being enabled, to its pattern naming some words, and
// to telling a topic, which EventBridge may publish to.
func (e *eyes) told(rule, topic string, words ...string) {
	e.t.Helper()
	out := see(e, e.events.DescribeRule, &eventbridge.DescribeRuleInput{Name: &rule})
	if out == nil {
		return
	}
	if out.State != "ENABLED" {
		e.t.Errorf("the rule %s is %s", rule, out.State)
	}
	for _, w := range words {
		if !strings.Contains(aws.ToString(out.EventPattern), w) {
			e.t.Errorf("the rule %s says nothing of %s: %s", rule, w, aws.ToString(out.EventPattern))
		}
	}
	arn := e.closedTopic(topic)
	targets := see(e, e.events.ListTargetsByRule, &eventbridge.ListTargetsByRuleInput{Rule: &rule})
	if targets != nil && (len(targets.Targets) != 1 || aws.ToString(targets.Targets[0].Arn) != arn) {
		e.t.Errorf("the rule %s tells %+v, want the topic %s", rule, targets.Targets, topic)
	}
	if policy := e.topicPolicy(arn); !strings.Contains(policy, "events.amazonaws.com") {
		e.t.Errorf("events do not come to the topic %s: %s", topic, policy)
	}
}
