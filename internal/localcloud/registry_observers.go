package localcloud

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/budgets"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/oam"

	"github.com/tenantform/tenantform/tenants"
)

// oamKinds are what lets one account see another's metrics, logs and traces.
// Source of limits: CloudWatch Observability Access Manager API reference, CreateSink, CreateLink.
func oamKinds() []*kind {
	const noSink = "ResourceNotFoundException: Sink {value} does not exist"
	return []*kind{
		{
			token: "aws:oam/sink:Sink", label: "CloudWatch Observability Access Manager Sink", args: oam.SinkArgs{}, resource: &oam.Sink{},
			id: "{arn}", arn: "arn:{partition}:oam:{region}:{account}:sink/{uuid}", unique: "{account}/{region}", taken: "ConflictException: Sink already exists",
			name: "name", autoname: &autoname{max: 255}, settle: lastOfARN("sinkId"), replace: []string{"name"}, keeps: sinkIsLinked,
			rules: map[string]rule{"name": all(length(1, 255), pattern(`^[a-zA-Z0-9_.-]+$`, "letters, digits or _.-")), "tags": tags},
		},
		{
			token: "aws:oam/sinkPolicy:SinkPolicy", label: "CloudWatch Observability Access Manager Sink Policy", args: oam.SinkPolicyArgs{}, resource: &oam.SinkPolicy{},
			id: "{in.sinkIdentifier}", arn: "{in.sinkIdentifier}", settle: lastOfARN("sinkId"), replace: []string{"sinkIdentifier"}, policies: []string{"policy"},
			rules: map[string]rule{"sinkIdentifier": arn("oam")},
			refs:  []ref{{prop: "sinkIdentifier", to: []string{"oam.Sink"}, by: asARN, part: true, missing: noSink}},
		},
		{
			token: "aws:oam/link:Link", label: "CloudWatch Observability Access Manager Link", args: oam.LinkArgs{}, resource: &oam.Link{},
			id: "{arn}", arn: "arn:{partition}:oam:{region}:{account}:link/{uuid}", unique: "{account}/{region}/{in.sinkIdentifier}", taken: "ConflictException: Link already exists",
			required: []string{"resourceTypes"}, outputs: map[string]string{"sinkArn": "{in.sinkIdentifier}"}, sets: []string{"resourceTypes"},
			settle: func(c *creation) error {
				c.computed["label"] = strings.ReplaceAll(textOf(c.inputs["labelTemplate"]), "$AccountName", c.at.account)
				return lastOfARN("linkId")(c)
			},
			rules: map[string]rule{
				"labelTemplate": length(1, 64), "sinkIdentifier": arn("oam"), "resourceTypes": items(1, 50), "tags": tags,
				"resourceTypes[*]": oneOf("AWS::CloudWatch::Metric", "AWS::Logs::LogGroup", "AWS::XRay::Trace", "AWS::ApplicationInsights::Application",
					"AWS::InternetMonitor::Monitor", "AWS::ApplicationSignals::Service", "AWS::ApplicationSignals::ServiceLevelObjective"),
			},
			replace: []string{"labelTemplate", "sinkIdentifier"}, refs: []ref{{prop: "sinkIdentifier", to: []string{"oam.Sink"}, by: asARN, missing: noSink}},
		},
	}
}

// lastOfARN sets an output to what is after the ARN's last slash or colon.
func lastOfARN(output string) func(*creation) error {
	return func(c *creation) error {
		c.computed[output] = c.arn[strings.LastIndexAny(c.arn, "/:")+1:]
		return nil
	}
}

// sinkIsLinked refuses to delete a sink to which an account is linked.
func sinkIsLinked(c *Cloud, rec *record) error {
	links, err := c.store.list("", "", "oam.Link")
	if err != nil {
		return err
	}
	for _, l := range links {
		if l.Inputs["sinkIdentifier"] == rec.ID {
			return refusal("ConflictException: Sink %s has attached links", rec.ID)
		}
	}
	return nil
}

// budgetKinds are limits of cost that tell when they are reached.
// Source of limits: AWS Budgets API reference, CreateBudget, Notification, Subscriber.
func budgetKinds() []*kind {
	return []*kind{{
		token: "aws:budgets/budget:Budget", label: "Budget", args: budgets.BudgetArgs{}, resource: &budgets.Budget{}, global: true,
		id: "{account}:{name}", arn: "arn:{partition}:budgets::{account}:budget/{name}", name: "name", autoname: &autoname{max: 100},
		taken:   "DuplicateRecordException: Error creating budget: {name} - the budget already exists.",
		outputs: map[string]string{"accountId": "{account}", "timePeriodEnd": "2087-06-15_00:00"}, settle: settleBudget,
		rules: map[string]rule{
			"name":       all(length(1, 100), pattern(`^[^:\\]+$`, `a name without : and \`)),
			"budgetType": oneOf("COST", "USAGE", "RI_UTILIZATION", "RI_COVERAGE", "SAVINGS_PLANS_UTILIZATION", "SAVINGS_PLANS_COVERAGE"),
			"timeUnit":   oneOf("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY"), "limitAmount": pattern(`^[0-9]+(\.[0-9]+)?$`, "an amount"), "notifications": items(0, 10),
			"notifications[*].comparisonOperator": oneOf("GREATER_THAN", "LESS_THAN", "EQUAL_TO"), "notifications[*].notificationType": oneOf("ACTUAL", "FORECASTED"),
			"notifications[*].thresholdType": oneOf("PERCENTAGE", "ABSOLUTE_VALUE"), "notifications[*].threshold": between(0, 15e12),
			"notifications[*].subscriberEmailAddresses": items(0, 10), "notifications[*].subscriberSnsTopicArns": items(0, 1),
			"notifications[*].subscriberSnsTopicArns[*]": arn("sns"), "tags": tags,
			"timePeriodStart": pattern(`^\d{4}-\d\d-\d\d_\d\d:\d\d$`, "a time, as 2026-01-01_00:00"), "timePeriodEnd": pattern(`^\d{4}-\d\d-\d\d_\d\d:\d\d$`, "a time, as 2026-01-01_00:00"),
		},
		replace: []string{"name", "namePrefix", "accountId"}, sets: []string{"notifications", "costFilters"},
	}}
}

// settleBudget refuses a notification that nobody gets, and one twice.
func settleBudget(c *creation) error {
	seen := map[string]bool{}
	for _, v := range valuesAt(c.inputs, "notifications[*]") {
		n, _ := v.(map[string]any)
		if empty(n["subscriberEmailAddresses"]) && empty(n["subscriberSnsTopicArns"]) {
			return &tenants.Error{Code: tenants.CodeInvalid, Message: "InvalidParameterException: Notification must have at least one subscriber and at most 11 subscribers"}
		}
		key := textOf(n["notificationType"]) + textOf(n["comparisonOperator"]) + textOf(n["threshold"]) + textOf(n["thresholdType"])
		if seen[key] {
			return &tenants.Error{Code: tenants.CodeConflict, Message: "DuplicateRecordException: Duplicate notification for budget " + c.name}
		}
		seen[key] = true
	}
	return nil
}
