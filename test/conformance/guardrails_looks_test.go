package conformance_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/configservice"
	"github.com/aws/aws-sdk-go-v2/service/organizations"

	"github.com/tenantform/tenantform/internal/blueprints"
)

// configRules gives the names of the rules that watch the account, sorted.
func (e *eyes) configRules() []string {
	e.t.Helper()
	var names []string
	for pages := configservice.NewDescribeConfigRulesPaginator(e.config, &configservice.DescribeConfigRulesInput{}); pages.HasMorePages(); {
		out, err := pages.NextPage(e.t.Context())
		if err != nil {
			e.t.Error(err)
			break
		}
		for _, r := range out.ConfigRules {
			names = append(names, *r.ConfigRuleName)
		}
	}
	slices.Sort(names)
	return names
}

const auditBucket = "platform-audit-" + core + "-" + region

// lookGuardrails looks for the bucket of the audit, and for the rules of both
// accounts, which are the same but for those that need one account alone.
func lookGuardrails(t *testing.T, r *rig) {
	r.in(t, core).closedBucket(auditBucket, "platform-audit")
	for _, account := range []string{core, functions} {
		if names := r.in(t, account).configRules(); len(names) < 30 {
			t.Errorf("%s has the rules %v", account, names)
		}
	}
}

// lookAccount looks for the rules that watch an account, for the alert on changes by
// hand, and for its trail.
func lookAccount(e *eyes, b blueprints.Blueprint) {
	e.t.Helper()
	e.closedBucket("sample-audit-"+e.account, "sample-audit")
	if names, want := e.configRules(), e.recorded(b, "aws:cfg/rule:Rule", "name"); !slices.Equal(names, want) {
		e.t.Errorf("the account has the rules %v, want %v", names, want)
	}
	if out := see(e, e.config.DescribeConfigurationRecorderStatus, &configservice.DescribeConfigurationRecorderStatusInput{}); out != nil &&
		(len(out.ConfigurationRecordersStatus) != 1 || !out.ConfigurationRecordersStatus[0].Recording) {
		e.t.Errorf("the account's configuration is not recorded: %+v", out.ConfigurationRecordersStatus)
	}
	rule := "sample-manual-change"
	e.told(rule, "sample-changes", ":role/deployer", ":role/aws-service-role/*", "lambda.amazonaws.com", "CloudTrail")
	e.alarmsWatch(rule, map[string]alarmed{
		rule + "-undelivered": watches("AWS/Events", "FailedInvocations", "RuleName", rule, "GreaterThanThreshold", 0),
	}, "arn:aws:sns:"+region+":"+e.account+":sample-changes")
	trails := see(e, e.trails.DescribeTrails, &cloudtrail.DescribeTrailsInput{})
	if trails == nil || len(trails.TrailList) != 1 || !aws.ToBool(trails.TrailList[0].LogFileValidationEnabled) || !aws.ToBool(trails.TrailList[0].IsMultiRegionTrail) {
		e.t.Errorf("the account has the trails %+v, want one of all regions that is validated", trails)
		return
	}
	if status := see(e, e.trails.GetTrailStatus, &cloudtrail.GetTrailStatusInput{Name: trails.TrailList[0].Name}); status != nil && !aws.ToBool(status.IsLogging) {
		e.t.Error("the trail does not log")
	}
}

// organizationPolicies gives the names of the policies that are not AWS's own,
// sorted.
func (e *eyes) organizationPolicies() []string {
	e.t.Helper()
	out := see(e, e.organization.ListPolicies, &organizations.ListPoliciesInput{Filter: "SERVICE_CONTROL_POLICY"})
	if out == nil {
		return nil
	}
	var names []string
	for _, p := range out.Policies {
		if !p.AwsManaged {
			names = append(names, *p.Name)
		}
	}
	slices.Sort(names)
	return names
}

// attached holds every policy of the organization to holding for a unit.
func (e *eyes) attached() {
	e.t.Helper()
	out := see(e, e.organization.ListPolicies, &organizations.ListPoliciesInput{Filter: "SERVICE_CONTROL_POLICY"})
	if out == nil {
		return
	}
	for _, p := range out.Policies {
		if p.AwsManaged {
			continue
		}
		if targets := see(e, e.organization.ListTargetsForPolicy, &organizations.ListTargetsForPolicyInput{PolicyId: p.Id}); targets != nil && len(targets.Targets) == 0 {
			e.t.Errorf("the policy %s holds for nobody", *p.Name)
		}
	}
}
