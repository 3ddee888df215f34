package health_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/health"
)

const (
	composite = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
	topic     = "arn:aws:sns:eu-west-1:111111111111:alarms"
)

func args(alarms ...string) *health.Args {
	return &health.Args{Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-health", Of: "tenant acme", Alarms: alarms}
}

func many(n int, name string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%s%05d", name, i)
	}
	return all
}

func program(a *health.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := health.New(ctx, "health", a)
		return err
	}
}

func run(t *testing.T, a *health.Args) map[string]componenttest.Resource {
	t.Helper()
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	all := map[string]componenttest.Resource{}
	for _, alarm := range r.OfType(composite) {
		rule := alarm.Inputs["alarmRule"].(string)
		if len(rule) > health.MaxRule || strings.Count(rule, "ALARM(") > health.MaxChildren {
			t.Errorf("%s: a rule of %d characters and %d alarms", alarm.Name, len(rule), strings.Count(rule, "ALARM("))
		}
		all[alarm.Inputs["alarmName"].(string)] = alarm
	}
	return all
}

func TestOneAlarmOfATenant(t *testing.T) {
	a := args("acme-silo-errors", "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:acme-import-dead-letters")
	a.Actions = pulumi.ToStringArray([]string{topic})
	all := run(t, a)
	in := all["acme-health"].Inputs
	const want = `ALARM("acme-silo-errors") OR ALARM("arn:aws:cloudwatch:eu-west-1:111111111111:alarm:acme-import-dead-letters")`
	if len(all) != 1 || in["alarmRule"] != want {
		t.Errorf("%d alarms, rule %v", len(all), in["alarmRule"])
	}
	for _, k := range []string{"alarmActions", "okActions"} {
		if list, _ := in[k].([]any); len(list) != 1 || list[0] != topic {
			t.Errorf("%s are %v", k, in[k])
		}
	}
}

func TestManyTenantsAreGrouped(t *testing.T) {
	for name, c := range map[string]struct {
		alarms []string
		groups int
	}{
		"as many as a rule names": {many(100, "tenant-"), 0},
		"one more":                {many(101, "tenant-"), 2},
		"long names":              {many(100, strings.Repeat("n", 200)), 3},
		"thousands":               {many(3000, "tenant-"), 30},
	} {
		t.Run(name, func(t *testing.T) {
			a := args(c.alarms...)
			a.Actions = pulumi.ToStringArray([]string{topic})
			all := run(t, a)
			if len(all) != c.groups+1 {
				t.Fatalf("%d alarms, want %d", len(all), c.groups+1)
			}
			named, told := 0, 0
			for _, alarm := range all {
				if alarm.Inputs["alarmActions"] != nil {
					told++
				}
				for _, child := range c.alarms {
					named += strings.Count(alarm.Inputs["alarmRule"].(string), `"`+child+`"`)
				}
			}
			if named != len(c.alarms) || told != 1 {
				t.Errorf("%d of %d alarms are named, %d tell", named, len(c.alarms), told)
			}
			if c.groups > 0 && !strings.HasPrefix(all["acme-health"].Inputs["alarmRule"].(string), `ALARM("acme-health-group-001") OR `) {
				t.Errorf("rule %v", all["acme-health"].Inputs["alarmRule"])
			}
		})
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*health.Args)
		words  []string
	}{
		"no name":         {func(a *health.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":       {func(a *health.Args) { a.Name = strings.Repeat("n", 241) }, []string{"1 to 240"}},
		"nobody's":        {func(a *health.Args) { a.Of = "" }, []string{"Of is missing"}},
		"no alarms":       {func(a *health.Args) { a.Alarms = nil }, []string{"Alarms", "1 to 10000"}},
		"too many":        {func(a *health.Args) { a.Alarms = many(10001, "a") }, []string{"Alarms", `"10001"`}},
		"too many groups": {func(a *health.Args) { a.Alarms = many(9000, strings.Repeat("n", 150)) }, []string{"Alarms", "100 groups"}},
		"injected rule":   {func(a *health.Args) { a.Alarms = []string{`x") OR NOT ALARM("y`} }, []string{"Alarms", "NOT ALARM"}},
		"twice":           {func(a *health.Args) { a.Alarms = []string{"x", "x"} }, []string{"Alarms", "each alarm once"}},
		"twice, by ARN": {func(a *health.Args) {
			a.Alarms = []string{"x", "arn:aws:cloudwatch:eu-west-1:111111111111:alarm:x"}
		}, []string{"each alarm once"}},
		"itself": {func(a *health.Args) { a.Alarms = []string{"acme-health"} }, []string{"Alarms", "acme-health"}},
		"elsewhere": {func(a *health.Args) {
			a.Alarms = []string{"arn:aws:cloudwatch:eu-west-1:222222222222:alarm:x"}
		}, []string{"Alarms", "222222222222", "account 111111111111 in eu-west-1"}},
		"no alarm's ARN": {func(a *health.Args) { a.Alarms = []string{topic} }, []string{"Alarms", topic}},
		"actions":        {func(a *health.Args) { a.Actions = make(pulumi.StringArray, 6) }, []string{"Actions", "0 to 5"}},
		"no tags":        {func(a *health.Args) { a.Tags.Tier = "" }, []string{"Tags.tier is missing"}},
		"no account":     {func(a *health.Args) { a.Location.AccountID = "1" }, []string{"Location.AccountID"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args("x")
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "health")...)
		})
	}
	r, err := componenttest.Run("test", program(nil), nil)
	componenttest.Refused(t, r, err, "Alarms")
}
