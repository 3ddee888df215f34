package localcloud

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"

	"github.com/tenantform/tenantform/tenants"
)

// asBus takes the name or the ARN of an event bus; the default one is always there.
func asBus(c *Cloud, at place, value string) (place, string, bool) {
	in, name, ok := asLast(c, at, value)
	return in, name, ok && name != "default"
}

// busOf gives the name of the event bus among inputs.
func busOf(inputs map[string]any) string {
	bus := textOf(inputs["eventBusName"])
	if bus == "" {
		return "default"
	}
	return bus[strings.LastIndexAny(bus, ":/")+1:]
}

// eventKinds are EventBridge's.
// Source of limits: EventBridge API reference, CreateEventBus, PutRule, PutTargets, CreateArchive; EventBridge User Guide, "Quotas".
func eventKinds() []*kind {
	onBus := ref{prop: "eventBusName", to: []string{"cloudwatch.EventBus"}, by: asBus, missing: "ResourceNotFoundException: Event bus {value} does not exist."}
	busName := all(length(1, 256), pattern(`^[/.\-_A-Za-z0-9]+$`, "letters, digits or /.-_"))
	ruleName := all(length(1, 64), pattern(`^[.\-_A-Za-z0-9]+$`, "letters, digits or .-_"))
	return []*kind{
		{
			token: "aws:cloudwatch/eventBus:EventBus", label: "EventBridge Bus", args: cloudwatch.EventBusArgs{}, resource: &cloudwatch.EventBus{},
			id: "{name}", arn: "arn:{partition}:events:{region}:{account}:event-bus/{name}", name: "name", autoname: &autoname{max: 256},
			taken: "ResourceAlreadyExistsException: Event bus {name} already exists.",
			rules: map[string]rule{"name": all(busName, pattern(`^([^d]|d[^e]|de[^f]|default.|def[^a]|defa[^u]|defau[^l]|defaul[^t]|.{0,6}$)`, "a name other than default")),
				"deadLetterConfig.arn": arn("sqs"), "description": length(0, 512), "tags": tags},
			replace: []string{"name", "eventSourceName"},
			refs:    []ref{refKey("kmsKeyIdentifier", "ValidationException: KMS key {value} does not exist.")},
			inUse:   []use{{by: "cloudwatch.EventRule", prop: "eventBusName", says: "ValidationException: Event bus {name} has rules and cannot be deleted."}},
		},
		{
			token: "aws:cloudwatch/eventBusPolicy:EventBusPolicy", label: "EventBridge Bus Policy", args: cloudwatch.EventBusPolicyArgs{}, resource: &cloudwatch.EventBusPolicy{},
			id: "{in.eventBusName}", replace: []string{"eventBusName"}, policies: []string{"policy"}, refs: []ref{partOf(onBus)},
			settle: func(c *creation) error {
				c.id = busOf(c.inputs)
				return nil
			},
		},
		{
			token: "aws:cloudwatch/eventRule:EventRule", label: "EventBridge Rule", args: cloudwatch.EventRuleArgs{}, resource: &cloudwatch.EventRule{},
			id: "{name}", key: "{in.eventBusName}/{name}", arn: "arn:{partition}:events:{region}:{account}:rule/{name}", name: "name", autoname: &autoname{max: 64},
			defaults: map[string]any{"eventBusName": "default", "forceDestroy": false}, settle: settleEventRule, keeps: ruleHasTargets,
			rules: map[string]rule{"name": ruleName, "state": oneOf("ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"), "description": length(0, 512),
				"scheduleExpression": all(length(1, 256), pattern(`^(rate|cron)\(.+\)$`, "rate(...) or cron(...)")), "eventPattern": length(1, 4096), "roleArn": arn("iam"), "tags": tags},
			replace: []string{"name", "namePrefix", "eventBusName"}, jsons: []string{"eventPattern"},
			refs: []ref{onBus, refRole("roleArn", "ValidationException: Provided role '{value}' cannot be assumed by principal 'events.amazonaws.com'.")},
		},
		{
			token: "aws:cloudwatch/eventTarget:EventTarget", label: "EventBridge Target", args: cloudwatch.EventTargetArgs{}, resource: &cloudwatch.EventTarget{},
			id: "{in.rule}-{name}", key: "{in.eventBusName}/{in.rule}/{name}", name: "targetId", autoname: &autoname{max: 64},
			defaults: map[string]any{"eventBusName": "default"}, settle: settleEventTarget,
			rules: map[string]rule{"targetId": ruleName, "arn": arn(), "roleArn": arn("iam"), "deadLetterConfig.arn": arn("sqs"), "inputPath": length(0, 256), "input": length(0, 8192),
				"retryPolicy.maximumEventAgeInSeconds": between(60, 86400), "retryPolicy.maximumRetryAttempts": between(0, 185)},
			replace: []string{"rule", "targetId", "eventBusName"}, jsons: []string{"input"},
			refs: []ref{onBus, refRole("roleArn", "ValidationException: Provided role '{value}' cannot be assumed by principal 'events.amazonaws.com'.")},
		},
		{
			token: "aws:cloudwatch/eventArchive:EventArchive", label: "EventBridge Archive", args: cloudwatch.EventArchiveArgs{}, resource: &cloudwatch.EventArchive{},
			id: "{name}", arn: "arn:{partition}:events:{region}:{account}:archive/{name}", name: "name", autoname: &autoname{max: 48},
			taken: "ResourceAlreadyExistsException: Archive {name} already exists.", defaults: map[string]any{"retentionDays": 0.0},
			rules: map[string]rule{"name": all(length(1, 48), ruleName), "retentionDays": between(0, 1<<31-1), "eventSourceArn": arn("events"), "eventPattern": length(1, 4096),
				"description": length(0, 512)},
			replace: []string{"name", "eventSourceArn"}, jsons: []string{"eventPattern"},
			refs: []ref{{prop: "eventSourceArn", to: []string{"cloudwatch.EventBus"}, by: asBus, missing: "ResourceNotFoundException: Event bus {value} does not exist."}},
		},
	}
}

// settleEventRule gives a rule of a bus of its own the bus in id and ARN, and
// refuses one that nothing sets off.
func settleEventRule(c *creation) error {
	bus := busOf(c.inputs)
	if c.old == nil && bus != "default" {
		c.id = bus + "/" + c.name
		c.arn = strings.TrimSuffix(c.arn, c.name) + c.id
		c.computed["arn"] = c.arn
	}
	schedule := textOf(c.inputs["scheduleExpression"])
	if textOf(c.inputs["eventPattern"]) == "" && schedule == "" {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationException: Parameter(s) EventPattern or ScheduleExpression must be specified."}
	}
	if schedule != "" && bus != "default" {
		return &tenants.Error{Code: tenants.CodeInvalid, Message: "ValidationException: ScheduleExpression is supported only on the default event bus."}
	}
	return nil
}

// targetsOf gives the targets of a rule on a bus.
func (c *Cloud) targetsOf(at place, bus, rule string) ([]*record, error) {
	all, err := c.store.list(at.account, at.region, "cloudwatch.EventTarget")
	return slices.DeleteFunc(all, func(t *record) bool {
		return busOf(t.Inputs) != bus || textOf(t.Inputs["rule"]) != rule
	}), err
}

// maxTargets is how many targets a rule has: EventBridge User Guide, "Quotas".
const maxTargets = 5

func settleEventTarget(c *creation) error {
	bus, rule := busOf(c.inputs), textOf(c.inputs["rule"])
	if c.old == nil && bus != "default" {
		c.id = bus + "-" + c.id
	}
	rules, err := c.siblings("cloudwatch.EventRule")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(rules, func(r *record) bool { return r.Name == rule && busOf(r.Inputs) == bus }) {
		return refusal("ResourceNotFoundException: Rule %s does not exist on EventBus %s.", rule, bus)
	}
	targets, err := c.cloud.targetsOf(c.at, bus, rule)
	if err == nil && c.old == nil && len(targets) >= maxTargets {
		return refusal("LimitExceededException: The requested resource exceeds the maximum number allowed.")
	}
	return err
}

func ruleHasTargets(c *Cloud, rec *record) error {
	targets, err := c.targetsOf(place{rec.Account, rec.Region}, busOf(rec.Inputs), rec.Name)
	if err == nil && len(targets) > 0 {
		return refusal("ValidationException: Rule can't be deleted since it has targets.")
	}
	return err
}
