package guardrails_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/guardrails"
	"github.com/tenantform/tenantform/components/location"
)

const (
	policyType     = "aws:organizations/policy:Policy"
	attachmentType = "aws:organizations/policyAttachment:PolicyAttachment"
	deployer       = "arn:aws:iam::*:role/tenantform-deployer"
)

func organization() *guardrails.OrganizationArgs {
	return &guardrails.OrganizationArgs{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "tenantform",
		Targets: []string{"ou-abcd-12345678"}, FunctionsTargets: []string{"222222222222"},
		Regions: []string{"eu-west-1", "eu-central-1"}, Deployers: []string{"tenantform-deployer"},
	}
}

func newOrganization(a *guardrails.OrganizationArgs) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := guardrails.NewOrganization(ctx, "org", a)
		return err
	}
}

// documents gives the statements of each policy by their ids.
func documents(t *testing.T, a *guardrails.OrganizationArgs) map[string]map[string]componenttest.Statement {
	t.Helper()
	r := componenttest.MustRun(t, "test", newOrganization(a), nil)
	componenttest.Check(t, r)
	all := map[string]map[string]componenttest.Statement{}
	for _, p := range r.OfType(policyType) {
		content := p.Inputs["content"].(string)
		if len(content) > guardrails.MaxDocument || p.Inputs["type"] != "SERVICE_CONTROL_POLICY" {
			t.Errorf("%s: a %v of %d characters", p.Name, p.Inputs["type"], len(content))
		}
		t.Logf("%s: %d characters", p.Name, len(content))
		by := map[string]componenttest.Statement{}
		for _, s := range componenttest.Statements(t, content) {
			if s.Effect != "Deny" || s.Principal != nil || len(s.Resource) == 0 || (len(s.Action) == 0) == (len(s.NotAction) == 0) || by[s.Sid].Sid != "" {
				t.Errorf("%s: not a statement of a deny list: %+v", p.Name, s)
			}
			by[s.Sid] = s
		}
		all[p.Inputs["name"].(string)] = by
	}
	return all
}

func TestBaselineKeepsTheAudit(t *testing.T) {
	b := documents(t, organization())["tenantform-baseline"]
	for sid, action := range map[string]string{
		"StayInTheOrganization": "organizations:LeaveOrganization", "NoRootUser": "*", "KeepTheAudit": "cloudtrail:StopLogging",
		"KeepTheAlert": "events:DisableRule", "KeepPublicAccessBlocked": "s3:PutBucketPublicAccessBlock", "KeepTheDeployers": "iam:UpdateAssumeRolePolicy",
	} {
		if !slices.Contains(b[sid].Action, action) {
			t.Errorf("%s denies %v, want %s among it", sid, b[sid].Action, action)
		}
	}
	for _, action := range []string{"cloudtrail:DeleteTrail", "config:StopConfigurationRecorder", "config:DeleteDeliveryChannel", "ec2:DeleteFlowLogs"} {
		if !slices.Contains(b["KeepTheAudit"].Action, action) {
			t.Errorf("%s is not denied", action)
		}
	}
	if b["StayInTheOrganization"].Condition != nil {
		t.Errorf("some may leave: %v", b["StayInTheOrganization"].Condition)
	}
	if root := b["NoRootUser"].Condition; root["ArnLike"]["aws:PrincipalArn"][0] != "arn:aws:iam::*:root" || root["Null"]["aws:AssumedRoot"][0] != "true" {
		t.Errorf("root user: %v", root)
	}
	for _, sid := range []string{"KeepTheAudit", "KeepTheAlert", "KeepPublicAccessBlocked", "KeepTheDeployers"} {
		if got := b[sid].Condition["ArnNotLike"]["aws:PrincipalArn"]; !slices.Equal(got, []string{deployer}) {
			t.Errorf("%s: exempt are %v", sid, got)
		}
	}
	if got := b["KeepTheDeployers"].Resource; !slices.Equal(got, []string{deployer}) {
		t.Errorf("kept: %v", got)
	}
	if got := b["KeepTheAlert"].Resource; !slices.Equal(got, []string{"arn:aws:events:*:*:rule/*-manual-change"}) {
		t.Errorf("kept: %v", got)
	}
}

func TestRegionsSpareWhatIsGlobal(t *testing.T) {
	a := organization()
	a.EverywhereActions = []string{"bedrock:Invoke*"}
	d := documents(t, a)["tenantform-regions"]
	s := d["ApprovedRegionsOnly"]
	if !slices.Equal(s.Condition["StringNotEquals"]["aws:RequestedRegion"], []string{"eu-west-1", "eu-central-1"}) {
		t.Errorf("regions %v", s.Condition)
	}
	for _, action := range []string{"iam:*", "sts:*", "organizations:*", "budgets:*", "route53:*", "cloudfront:*", "bedrock:Invoke*"} {
		if !slices.Contains(s.NotAction, action) {
			t.Errorf("%s is denied outside of the regions", action)
		}
	}
	for _, action := range s.NotAction {
		for _, regional := range []string{"*", "ec2:*", "s3:*", "lambda:*", "dynamodb:*", "sqs:*", "sns:*", "rds:*"} {
			if action == regional {
				t.Errorf("%s is allowed everywhere", action)
			}
		}
	}
	if !slices.Contains(d["RegionsStayOff"].Action, "account:EnableRegion") {
		t.Errorf("%+v", d["RegionsStayOff"])
	}
}

func TestManagedResourcesAreTheDeployers(t *testing.T) {
	a := organization()
	a.Administrators = []string{"OrganizationAccountAccessRole"}
	s := documents(t, a)["tenantform-managed"]["DeployersOnly"]
	if s.Condition["StringEquals"]["aws:ResourceTag/managed-by"][0] != "tenantform" {
		t.Errorf("what: %v", s.Condition)
	}
	if got := s.Condition["ArnNotLike"]["aws:PrincipalArn"]; !slices.Equal(got, []string{deployer, "arn:aws:iam::*:role/OrganizationAccountAccessRole"}) {
		t.Errorf("exempt are %v", got)
	}
	for _, action := range []string{"iam:PutRolePolicy", "lambda:UpdateFunctionCode", "kms:ScheduleKeyDeletion", "ec2:DeleteTags", "sqs:UntagQueue"} {
		if !slices.Contains(s.Action, action) {
			t.Errorf("%s is not denied", action)
		}
	}
	if !slices.IsSorted(s.Action) || len(slices.Compact(slices.Clone(s.Action))) != len(s.Action) {
		t.Error("the actions are not in order, or one is there twice")
	}
	for _, data := range []string{"dynamodb:PutItem", "dynamodb:UpdateItem", "sqs:DeleteMessage", "sqs:SendMessage", "lambda:InvokeFunction", "sns:Publish", "kms:Decrypt", "s3:PutObject"} {
		if slices.ContainsFunc(s.Action, func(action string) bool {
			prefix, wild := strings.CutSuffix(action, "*")
			return action == data || wild && strings.HasPrefix(data, prefix)
		}) {
			t.Errorf("applications are kept from %s", data)
		}
	}
}

func TestFunctionsAreNotPublic(t *testing.T) {
	d := documents(t, organization())["tenantform-functions"]
	if s := d["NoPublicURL"]; !slices.Contains(s.Action, "lambda:CreateFunctionUrlConfig") || s.Condition["StringNotEquals"]["lambda:FunctionUrlAuthType"][0] != "AWS_IAM" {
		t.Errorf("%+v", s)
	}
	if s := d["NoPermissionForAPublicURL"]; s.Action[0] != "lambda:AddPermission" || s.Condition["StringEquals"]["lambda:FunctionUrlAuthType"][0] != "NONE" {
		t.Errorf("%+v", s)
	}
}

func TestAttachments(t *testing.T) {
	r := componenttest.MustRun(t, "test", newOrganization(organization()), nil)
	var got []string
	for _, p := range r.OfType(attachmentType) {
		got = append(got, fmt.Sprint(p.Inputs["policyId"], " to ", p.Inputs["targetId"]))
	}
	slices.Sort(got)
	want := []string{
		"org-baseline-id to ou-abcd-12345678", "org-functions-id to 222222222222", "org-managed-id to ou-abcd-12345678", "org-regions-id to ou-abcd-12345678",
	}
	if !slices.Equal(got, want) {
		t.Errorf("attached %v, want %v", got, want)
	}
	a := organization()
	a.FunctionsTargets = nil
	if n := len(componenttest.MustRun(t, "test", newOrganization(a), nil).OfType(policyType)); n != 3 {
		t.Errorf("%d policies without an account of functions", n)
	}
}

func TestOrganizationIsTheSameInProduction(t *testing.T) {
	a := organization()
	a.Location.Environment = location.Production
	if dev, production := documents(t, organization()), documents(t, a); fmt.Sprint(dev) != fmt.Sprint(production) {
		t.Errorf("dev %v, production %v", dev, production)
	}
}

func TestBadOrganizationsAreRefused(t *testing.T) {
	names := func(n, length int) []string {
		all := make([]string, n)
		for i := range all {
			all[i] = fmt.Sprintf("%0*d", length, i)
		}
		return all
	}
	for name, c := range map[string]struct {
		change func(*guardrails.OrganizationArgs)
		words  []string
	}{
		"no name":         {func(a *guardrails.OrganizationArgs) { a.Name = "" }, []string{"Name is missing"}},
		"long name":       {func(a *guardrails.OrganizationArgs) { a.Name = strings.Repeat("n", 111) }, []string{"1 to 110"}},
		"no target":       {func(a *guardrails.OrganizationArgs) { a.Targets = nil }, []string{"Targets", "1 to 100"}},
		"target":          {func(a *guardrails.OrganizationArgs) { a.Targets = []string{"o-abcdefghij"} }, []string{"Targets", "o-abcdefghij"}},
		"target twice":    {func(a *guardrails.OrganizationArgs) { a.Targets = []string{"r-abcd", "r-abcd"} }, []string{"each target once"}},
		"management":      {func(a *guardrails.OrganizationArgs) { a.FunctionsTargets = []string{"111111111111"} }, []string{"FunctionsTargets", "management account"}},
		"no region":       {func(a *guardrails.OrganizationArgs) { a.Regions = nil }, []string{"Regions", "1 to 20"}},
		"region":          {func(a *guardrails.OrganizationArgs) { a.Regions = []string{"europe"} }, []string{"Regions", "europe"}},
		"no deployer":     {func(a *guardrails.OrganizationArgs) { a.Deployers = nil }, []string{"Deployers", "1 to 10"}},
		"any deployer":    {func(a *guardrails.OrganizationArgs) { a.Deployers = []string{"*"} }, []string{"Deployers", `"*"`}},
		"deployer's path": {func(a *guardrails.OrganizationArgs) { a.Deployers = []string{"ci/deployer"} }, []string{"Deployers", "ci/deployer"}},
		"deployer twice":  {func(a *guardrails.OrganizationArgs) { a.Deployers = []string{"d", "d"} }, []string{"each role once"}},
		"administrator":   {func(a *guardrails.OrganizationArgs) { a.Administrators = []string{""} }, []string{"Administrators"}},
		"everything":      {func(a *guardrails.OrganizationArgs) { a.EverywhereActions = []string{"*"} }, []string{"EverywhereActions", `"*"`}},
		"all of it":       {func(a *guardrails.OrganizationArgs) { a.EverywhereActions = []string{"ec2:*"} }, []string{"EverywhereActions", "ec2:*"}},
		"too long": {func(a *guardrails.OrganizationArgs) {
			a.Deployers, a.Administrators = names(10, 64), names(10, 63)
		}, []string{"document baseline", "at most 5120"}},
		"no tags": {func(a *guardrails.OrganizationArgs) { a.Tags.Tier = "" }, []string{"Tags.tier is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := organization()
			c.change(a)
			r, err := componenttest.Run("test", newOrganization(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "organization", "org")...)
		})
	}
	r, err := componenttest.Run("test", newOrganization(nil), nil)
	componenttest.Refused(t, r, err, "Targets")
}
