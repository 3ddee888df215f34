package firewall_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/firewall"
	"github.com/tenantform/tenantform/components/location"
)

func args() *firewall.Args {
	return &firewall.Args{Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "acme-silo"}
}

func program(a *firewall.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := firewall.New(ctx, "acme-firewall", a)
		return err
	}
}

func run(t *testing.T, a *firewall.Args) *componenttest.Recording {
	t.Helper()
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r, componenttest.Types{
		"aws:wafv2/webAcl:WebAcl": wafv2.WebAclArgs{},
		"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": wafv2.WebAclLoggingConfigurationArgs{},
	})
	return r
}

type object = map[string]any

// rules gives the rules of the web ACL by name, in their order.
func rules(t *testing.T, r *componenttest.Recording) (names []string, byName map[string]object) {
	t.Helper()
	byName = map[string]object{}
	for i, v := range r.One(t, "aws:wafv2/webAcl:WebAcl").Inputs["rules"].([]any) {
		rule := v.(object)
		if rule["priority"] != float64(i) {
			t.Errorf("rule %v has priority %v, want %d", rule["name"], rule["priority"], i)
		}
		name := rule["name"].(string)
		names, byName[name] = append(names, name), rule
	}
	return names, byName
}

func TestRulesBlock(t *testing.T) {
	r := run(t, args())
	acl := r.One(t, "aws:wafv2/webAcl:WebAcl").Inputs
	if action := acl["defaultAction"].(object); acl["scope"] != "REGIONAL" || action["allow"] == nil || action["block"] != nil {
		t.Errorf("scope %v, default action %v", acl["scope"], action)
	}
	names, made := rules(t, r)
	if !slices.Equal(names, []string{"reputation", "rate", "bad-inputs", "core"}) {
		t.Errorf("rules %v", names)
	}
	for name, group := range map[string]string{
		"reputation": "AWSManagedRulesAmazonIpReputationList", "bad-inputs": "AWSManagedRulesKnownBadInputsRuleSet", "core": "AWSManagedRulesCommonRuleSet",
	} {
		statement := made[name]["statement"].(object)["managedRuleGroupStatement"].(object)
		if statement["name"] != group || statement["vendorName"] != "AWS" || statement["ruleActionOverrides"] != nil {
			t.Errorf("%s: %v", name, statement)
		}
		if override := made[name]["overrideAction"].(object); override["none"] == nil || override["count"] != nil {
			t.Errorf("%s does not block: %v", name, override)
		}
	}
	rate := made["rate"]["statement"].(object)["rateBasedStatement"].(object)
	if rate["limit"] != 2000.0 || rate["evaluationWindowSec"] != 300.0 || rate["aggregateKeyType"] != "IP" {
		t.Errorf("rate %v", rate)
	}
	if made["rate"]["action"].(object)["block"] == nil {
		t.Error("the rate rule does not block")
	}
	for name, rule := range made {
		if v := rule["visibilityConfig"].(object); v["cloudwatchMetricsEnabled"] != true || v["sampledRequestsEnabled"] != true || v["metricName"] != "acme-silo-"+name {
			t.Errorf("%s: %v", name, v)
		}
	}
}

func TestRelaxations(t *testing.T) {
	a := args()
	a.CountOnly, a.CountedCoreRules, a.RateLimit, a.RateWindowSec = true, []string{"SizeRestrictions_BODY"}, 10, 60
	_, made := rules(t, run(t, a))
	for name, rule := range made {
		key := "overrideAction"
		if name == "rate" {
			key = "action"
		}
		if action := rule[key].(object); action["count"] == nil || len(action) != 1 {
			t.Errorf("%s: %v", name, action)
		}
	}
	overrides := made["core"]["statement"].(object)["managedRuleGroupStatement"].(object)["ruleActionOverrides"].([]any)
	if first := overrides[0].(object); len(overrides) != 1 || first["name"] != "SizeRestrictions_BODY" || first["actionToUse"].(object)["count"] == nil {
		t.Errorf("overrides %v", overrides)
	}
	if rate := made["rate"]["statement"].(object)["rateBasedStatement"].(object); rate["limit"] != 10.0 || rate["evaluationWindowSec"] != 60.0 {
		t.Errorf("rate %v", rate)
	}
}

func TestLogHoldsNoCredentials(t *testing.T) {
	r := run(t, args())
	logging := r.One(t, "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration").Inputs
	if got := logging["logDestinationConfigs"].([]any); len(got) != 1 || got[0] != "arn:recorded:aws:cloudwatch/logGroup:LogGroup:acme-firewall-logs" {
		t.Errorf("log to %v", got)
	}
	if logging["resourceArn"] != "arn:recorded:aws:wafv2/webAcl:WebAcl:acme-firewall-acl" {
		t.Errorf("log of %v", logging["resourceArn"])
	}
	var redacted []string
	for _, f := range logging["redactedFields"].([]any) {
		redacted = append(redacted, f.(object)["singleHeader"].(object)["name"].(string))
	}
	protection := r.One(t, "aws:wafv2/webAcl:WebAcl").Inputs["dataProtectionConfig"].(object)["dataProtections"].([]any)[0].(object)
	var sampled []string
	for _, key := range protection["field"].(object)["fieldKeys"].([]any) {
		sampled = append(sampled, key.(string))
	}
	for _, header := range []string{"authorization", "x-api-key"} {
		if !slices.Contains(redacted, header) || !slices.Contains(sampled, header) {
			t.Errorf("%s is in the log or in samples: %v, %v", header, redacted, sampled)
		}
	}
	if name := r.One(t, "aws:cloudwatch/logGroup:LogGroup").Inputs["name"]; name != "aws-waf-logs-acme-silo" {
		t.Errorf("log group %v", name)
	}
}

func TestProductionKeepsTheLogLonger(t *testing.T) {
	for environment, want := range map[string]float64{location.Dev: 30, location.Staging: 30, location.Production: 365} {
		a := args()
		a.Location.Environment, a.Tags.Environment = environment, environment
		if got := run(t, a).One(t, "aws:cloudwatch/logGroup:LogGroup").Inputs["retentionInDays"]; got != want {
			t.Errorf("%s: %v days, want %v", environment, got, want)
		}
	}
	a := args()
	a.LogRetentionDays, a.LogKeyARN = 7, pulumi.String("arn:key")
	if got := run(t, a).One(t, "aws:cloudwatch/logGroup:LogGroup").Inputs; got["retentionInDays"] != 7.0 || got["kmsKeyId"] != "arn:key" {
		t.Errorf("log group %v", got)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	many := make([]string, 101)
	for i := range many {
		many[i] = "rule-" + strconv.Itoa(i)
	}
	for name, c := range map[string]struct {
		change func(*firewall.Args)
		words  []string
	}{
		"no name":     {func(a *firewall.Args) { a.Name = "" }, []string{"Name is missing"}},
		"long name":   {func(a *firewall.Args) { a.Name = strings.Repeat("n", 101) }, []string{"1 to 100"}},
		"name":        {func(a *firewall.Args) { a.Name = "acme silo" }, []string{"Name", `"acme silo"`}},
		"low rate":    {func(a *firewall.Args) { a.RateLimit = 9 }, []string{"RateLimit", `"9"`, "10 to 2000000000"}},
		"high rate":   {func(a *firewall.Args) { a.RateLimit = firewall.MaxRateLimit + 1 }, []string{"RateLimit", "2000000001"}},
		"window":      {func(a *firewall.Args) { a.RateWindowSec = 90 }, []string{"RateWindowSec", `"90"`, "60, 120, 300, 600"}},
		"retention":   {func(a *firewall.Args) { a.LogRetentionDays = 2 }, []string{"LogRetentionDays", `"2"`}},
		"rule":        {func(a *firewall.Args) { a.CountedCoreRules = []string{"*"} }, []string{"CountedCoreRules", `"*"`}},
		"same rule":   {func(a *firewall.Args) { a.CountedCoreRules = []string{"a", "a"} }, []string{"each rule once"}},
		"rules":       {func(a *firewall.Args) { a.CountedCoreRules = many }, []string{"CountedCoreRules", `"101"`, "0 to 100"}},
		"no location": {func(a *firewall.Args) { a.Location.Region = "" }, []string{"Location.Region"}},
		"no tags":     {func(a *firewall.Args) { a.Tags.TenantID = "" }, []string{"Tags.tenant-id"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "firewall", "acme-firewall")...)
		})
	}
	t.Run("nothing", func(t *testing.T) {
		r, err := componenttest.Run("test", program(nil), nil)
		componenttest.Refused(t, r, err, "Name is missing")
	})
}
