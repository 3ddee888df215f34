package firewall

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The rule groups that AWS manages; see "AWS Managed Rules rule groups list" in
// the AWS WAF Developer Guide.
const (
	reputationRules = "AWSManagedRulesAmazonIpReputationList" // 25 capacity units
	badInputRules   = "AWSManagedRulesKnownBadInputsRuleSet"  // 200
	coreRules       = "AWSManagedRulesCommonRuleSet"          // 700
)

// acl is the web ACL. Its rules are in the order of their cost, cheapest first:
// the first that blocks ends the evaluation.
func (a *Args) acl() *wafv2.WebAclArgs {
	rules := wafv2.WebAclRuleArray{
		a.managed("reputation", reputationRules, nil),
		a.rate(),
		a.managed("bad-inputs", badInputRules, nil),
		a.managed("core", coreRules, a.CountedCoreRules),
	}
	for i := range rules {
		rule := rules[i].(wafv2.WebAclRuleArgs)
		rule.Priority = pulumi.Int(i)
		rules[i] = rule
	}
	return &wafv2.WebAclArgs{
		Name:          pulumi.String(a.Name),
		Description:   pulumi.String("Guards the APIs of " + a.Name),
		Scope:         pulumi.String("REGIONAL"),
		DefaultAction: wafv2.WebAclDefaultActionArgs{Allow: wafv2.WebAclDefaultActionAllowArgs{}},
		Rules:         rules,
		DataProtectionConfig: wafv2.WebAclDataProtectionConfigArgs{DataProtections: wafv2.WebAclDataProtectionConfigDataProtectionArray{
			wafv2.WebAclDataProtectionConfigDataProtectionArgs{
				Action: pulumi.String("SUBSTITUTION"),
				Field: wafv2.WebAclDataProtectionConfigDataProtectionFieldArgs{
					FieldType: pulumi.String("SINGLE_HEADER"), FieldKeys: pulumi.ToStringArray(RedactedHeaders()),
				},
			},
		}},
		VisibilityConfig: wafv2.WebAclVisibilityConfigArgs{
			CloudwatchMetricsEnabled: pulumi.Bool(true), SampledRequestsEnabled: pulumi.Bool(true), MetricName: pulumi.String(a.Name),
		},
		Tags: a.Tags.Map(),
	}
}

// managed is a rule group of AWS with the actions that it comes with, but for
// the rules that only count.
func (a *Args) managed(name, group string, counted []string) wafv2.WebAclRuleArgs {
	statement := wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs{VendorName: pulumi.String("AWS"), Name: pulumi.String(group)}
	if len(counted) > 0 {
		overrides := wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArray{}
		for _, rule := range counted {
			overrides = append(overrides, wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs{
				Name: pulumi.String(rule),
				ActionToUse: wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs{
					Count: wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs{},
				},
			})
		}
		statement.RuleActionOverrides = overrides
	}
	override := wafv2.WebAclRuleOverrideActionArgs{None: wafv2.WebAclRuleOverrideActionNoneArgs{}}
	if a.CountOnly {
		override = wafv2.WebAclRuleOverrideActionArgs{Count: wafv2.WebAclRuleOverrideActionCountArgs{}}
	}
	return wafv2.WebAclRuleArgs{
		Name:             pulumi.String(name),
		OverrideAction:   override,
		Statement:        wafv2.WebAclRuleStatementArgs{ManagedRuleGroupStatement: statement},
		VisibilityConfig: a.visible(name),
	}
}

// rate limits the requests of each address that reaches the API itself.
func (a *Args) rate() wafv2.WebAclRuleArgs {
	action := wafv2.WebAclRuleActionArgs{Block: wafv2.WebAclRuleActionBlockArgs{}}
	if a.CountOnly {
		action = wafv2.WebAclRuleActionArgs{Count: wafv2.WebAclRuleActionCountArgs{}}
	}
	return wafv2.WebAclRuleArgs{
		Name:   pulumi.String("rate"),
		Action: action,
		Statement: wafv2.WebAclRuleStatementArgs{RateBasedStatement: wafv2.WebAclRuleStatementRateBasedStatementArgs{
			AggregateKeyType: pulumi.String("IP"), Limit: pulumi.Int(a.RateLimit), EvaluationWindowSec: pulumi.Int(a.RateWindowSec),
		}},
		VisibilityConfig: a.visible("rate"),
	}
}

func (a *Args) visible(rule string) wafv2.WebAclRuleVisibilityConfigArgs {
	return wafv2.WebAclRuleVisibilityConfigArgs{
		CloudwatchMetricsEnabled: pulumi.Bool(true), SampledRequestsEnabled: pulumi.Bool(true), MetricName: pulumi.String(a.Name + "-" + rule),
	}
}
