package observability_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/observability"
)

func args() *observability.Args {
	return &observability.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), TenantID: "acme", Name: "acme-silo", LogRetentionDays: 30,
	}
}

func program(a *observability.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := observability.New(ctx, "signals", a)
		return err
	}
}

// metrics gives what is counted: the filter's pattern by its metric.
func metrics(t *testing.T, r *componenttest.Recording) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, f := range r.OfType("aws:cloudwatch/logMetricFilter:LogMetricFilter") {
		m := f.Inputs["metricTransformation"].(map[string]any)
		if m["dimensions"].(map[string]any)["TenantId"] != "$.tenant_id" {
			t.Errorf("%s: dimensions %v", f.Name, m["dimensions"])
		}
		found[m["namespace"].(string)+"/"+m["name"].(string)] = f.Inputs["pattern"].(string)
	}
	return found
}

func TestSignals(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args()), nil)
	componenttest.Check(t, r)
	want := map[string]string{
		"Tenantform/Requests": `{ $.tenant_id = "acme" }`,
		"Tenantform/Errors":   `{ $.tenant_id = "acme" && $.level = "ERROR" }`,
	}
	if got := metrics(t, r); !maps.Equal(got, want) {
		t.Errorf("filters %v, want %v", got, want)
	}
	if got := r.One(t, "aws:cloudwatch/logGroup:LogGroup").Inputs["name"]; got != observability.LogGroupName("acme-silo") || got != "acme-silo/application" {
		t.Errorf("log group %v", got)
	}
	alarm := r.One(t, "aws:cloudwatch/metricAlarm:MetricAlarm").Inputs
	if alarm["name"] != observability.AlarmName("acme-silo") || alarm["name"] != "acme-silo-errors" {
		t.Errorf("alarm %v", alarm["name"])
	}
	if alarm["metricName"] != "Errors" || alarm["namespace"] != "Tenantform" || alarm["dimensions"].(map[string]any)["TenantId"] != "acme" {
		t.Errorf("the alarm watches %v %v of %v", alarm["namespace"], alarm["metricName"], alarm["dimensions"])
	}
	if alarm["actionsEnabled"] == false {
		t.Error("the alarm's actions are off")
	}
}

func TestAlarmTellsItsActions(t *testing.T) {
	const topic = "arn:aws:sns:eu-west-1:111111111111:alarms"
	a := args()
	a.AlarmActions = pulumi.ToStringArray([]string{topic})
	alarm := componenttest.MustRun(t, "test", program(a), nil).One(t, "aws:cloudwatch/metricAlarm:MetricAlarm").Inputs
	for _, k := range []string{"alarmActions", "okActions"} {
		if list, _ := alarm[k].([]any); len(list) != 1 || list[0] != topic {
			t.Errorf("%s are %v", k, alarm[k])
		}
	}
	alarm = componenttest.MustRun(t, "test", program(args()), nil).One(t, "aws:cloudwatch/metricAlarm:MetricAlarm").Inputs
	if alarm["alarmActions"] != nil {
		t.Errorf("told without being asked: %v", alarm["alarmActions"])
	}
}

func TestFiltersAreTheSameAfterAMove(t *testing.T) {
	before := metrics(t, componenttest.MustRun(t, "test", program(args()), nil))
	moved := args()
	moved.Name = "acme-pool-a"
	after := metrics(t, componenttest.MustRun(t, "test", program(moved), nil))
	if !slices.Equal(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))) || !maps.Equal(before, after) {
		t.Errorf("before %v, after %v", before, after)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*observability.Args)
		words  []string
	}{
		"injected filter": {func(a *observability.Args) { a.TenantID = `a" || $.x = "` }, []string{"TenantID"}},
		"no name":         {func(a *observability.Args) { a.Name = "" }, []string{"Name is missing"}},
		"actions":         {func(a *observability.Args) { a.AlarmActions = make(pulumi.StringArray, 6) }, []string{"AlarmActions", `"6"`, "0 to 5"}},
		"long name":       {func(a *observability.Args) { a.Name = strings.Repeat("n", 201) }, []string{"Name", "1 to 200"}},
		"retention":       {func(a *observability.Args) { a.LogRetentionDays = 8 }, []string{"LogRetentionDays", `"8"`}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "observability", "signals")...)
		})
	}
}
