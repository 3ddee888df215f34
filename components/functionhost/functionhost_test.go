package functionhost_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/functionhost"
	"github.com/tenantform/tenantform/components/location"
)

func args() *functionhost.Args {
	l := componenttest.Location()
	l.AccountID = "222222222222"
	return &functionhost.Args{
		Location: l, Tags: componenttest.Tags(), Name: "platform-functions", CIDRBlock: "10.128.0.0/16",
		InvokerRole: "platform-invoker", CoreAccountID: "111111111111", RuntimeRole: "tenantform-runtime",
	}
}

func program(a *functionhost.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := functionhost.New(ctx, "host", a)
		return err
	}
}

func TestTheRuntimeInvokesForOneTenantOnly(t *testing.T) {
	r := componenttest.MustRun(t, "platform", program(args()), nil)
	componenttest.Check(t, r)
	if n := len(r.OfType("aws:ec2/vpcEndpoint:VpcEndpoint")); n > 0 {
		t.Errorf("the network of tenants' functions has %d endpoints", n)
	}
	roles := r.OfType("aws:iam/role:Role")
	i := slices.IndexFunc(roles, func(r componenttest.Resource) bool { return r.Inputs["name"] == "platform-invoker" })
	if i < 0 {
		t.Fatal("no invoker role")
	}
	trust := componenttest.Statements(t, roles[i].Inputs["assumeRolePolicy"])[0]
	if got := trust.Condition["ArnEquals"]["aws:PrincipalArn"]; !slices.Equal(got, []string{"arn:aws:iam::111111111111:role/tenantform-runtime"}) {
		t.Errorf("trusted: %v", got)
	}
	if got := trust.Condition["Null"]["aws:RequestTag/TenantID"]; !slices.Equal(got, []string{"false"}) {
		t.Errorf("a session without a tenant passes: %v", trust.Condition)
	}
	grants := r.OfType("aws:iam/rolePolicy:RolePolicy")
	j := slices.IndexFunc(grants, func(r componenttest.Resource) bool { return r.Inputs["role"] == "platform-invoker" })
	if j < 0 {
		t.Fatal("the invoker role has no policy")
	}
	for _, s := range componenttest.Statements(t, grants[j].Inputs["policy"]) {
		if !slices.Equal(s.Action, []string{"lambda:InvokeFunction"}) {
			t.Errorf("allowed: %v", s.Action)
		}
		if got := s.Condition["StringEquals"]["aws:ResourceTag/tenant-id"]; !slices.Equal(got, []string{"${aws:PrincipalTag/TenantID}"}) {
			t.Errorf("functions of any tenant: %v", s.Condition)
		}
	}
}

func trusts(t *testing.T, a *functionhost.Args) []componenttest.Statement {
	t.Helper()
	for _, role := range componenttest.MustRun(t, "platform", program(a), nil).OfType("aws:iam/role:Role") {
		if role.Inputs["name"] == a.InvokerRole {
			if role.Inputs["maxSessionDuration"] != 3600.0 {
				t.Errorf("a session lasts %v seconds", role.Inputs["maxSessionDuration"])
			}
			return componenttest.Statements(t, role.Inputs["assumeRolePolicy"])
		}
	}
	t.Fatal("no invoker role")
	return nil
}

func TestEverySessionNamesATenant(t *testing.T) {
	withID := args()
	withID.ExternalID = "tenantform-platform"
	for _, a := range []*functionhost.Args{args(), withID} {
		all := trusts(t, a)
		var actions []string
		for _, s := range all {
			actions = append(actions, s.Action...)
			if got := s.Condition["ForAllValues:StringEquals"]["aws:TagKeys"]; s.Effect != "Allow" || !slices.Equal(got, []string{"TenantID"}) ||
				!slices.Equal(s.Condition["Null"]["aws:RequestTag/TenantID"], []string{"false"}) || len(s.Condition["ArnEquals"]["aws:PrincipalArn"]) != 1 {
				t.Errorf("%+v", s)
			}
		}
		if !slices.Equal(actions, []string{"sts:AssumeRole", "sts:TagSession"}) {
			t.Errorf("trusted with %v", actions)
		}
	}
}

func TestExternalID(t *testing.T) {
	a := args()
	if s := trusts(t, a)[0]; s.Condition["StringEquals"] != nil {
		t.Errorf("an external id that nobody gave is asked for: %v", s.Condition)
	}
	a.ExternalID = "tenantform-platform"
	for _, s := range trusts(t, a) {
		if got := s.Condition["StringEquals"]["sts:ExternalId"]; slices.Contains(s.Action, "sts:AssumeRole") != slices.Equal(got, []string{"tenantform-platform"}) {
			t.Errorf("%v asks for the external id %v", s.Action, got)
		}
	}
}

func TestCodeSigning(t *testing.T) {
	const profile = "arn:aws:signer:eu-west-1:111111111111:/signing-profiles/platform/abc123"
	policy := func(a *functionhost.Args) (any, any) {
		r := componenttest.MustRun(t, "platform", program(a), nil)
		componenttest.Check(t, r)
		config := r.One(t, "aws:lambda/codeSigningConfig:CodeSigningConfig").Inputs
		return config["policies"].(map[string]any)["untrustedArtifactOnDeployment"], config["allowedPublishers"].(map[string]any)["signingProfileVersionArns"].([]any)[0]
	}
	a := args()
	if n := len(componenttest.MustRun(t, "platform", program(a), nil).OfType("aws:lambda/codeSigningConfig:CodeSigningConfig")); n > 0 {
		t.Error("there is a code signing configuration without a profile")
	}
	a.SigningProfileVersionARNs = pulumi.ToStringArray([]string{profile})
	if got, by := policy(a); got != "Enforce" || by != profile {
		t.Errorf("in dev: %v, by %v", got, by)
	}
	a.WarnUnsigned = true
	if got, _ := policy(a); got != "Warn" {
		t.Errorf("in dev, as asked for: %v", got)
	}
	a.WarnUnsigned, a.Location.Environment, a.Tags.Environment = false, location.Production, location.Production
	if got, _ := policy(a); got != "Enforce" {
		t.Errorf("in production: %v", got)
	}
	a.WarnUnsigned = true
	r, err := componenttest.Run("platform", program(a), nil)
	componenttest.Refused(t, r, err, "functionhost", "WarnUnsigned", "production")
}

func TestCodeSigningOutput(t *testing.T) {
	for _, given := range []bool{true, false} {
		var arn *string
		componenttest.MustRun(t, "platform", func(ctx *pulumi.Context) error {
			a := args()
			if given {
				a.SigningProfileVersionARNs = pulumi.ToStringArray([]string{"arn:profile"})
			}
			h, err := functionhost.New(ctx, "host", a)
			if err != nil {
				return err
			}
			h.CodeSigningConfigARN.ApplyT(func(v *string) *string { arn = v; return v })
			return nil
		}, nil)
		if (arn != nil) != given {
			t.Errorf("a profile is given: %t, and the configuration is %v", given, arn)
		}
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*functionhost.Args)
		words  []string
	}{
		"one account": {func(a *functionhost.Args) { a.CoreAccountID = a.Location.AccountID }, []string{"CoreAccountID", "222222222222"}},
		"no core":     {func(a *functionhost.Args) { a.CoreAccountID = "" }, []string{"CoreAccountID.AccountID is missing"}},
		"no role":     {func(a *functionhost.Args) { a.InvokerRole = "" }, []string{"InvokerRole is missing"}},
		"external id": {func(a *functionhost.Args) { a.ExternalID = "a b" }, []string{"ExternalID", "a b", "1 to 1224"}},
		"short id":    {func(a *functionhost.Args) { a.ExternalID = "x" }, []string{"ExternalID"}},
		"trust too long": {func(a *functionhost.Args) {
			a.ExternalID, a.RuntimeRole = strings.Repeat("x", 1224), strings.Repeat("r", 64)
		}, []string{"ExternalID", "at most 2048 characters"}},
		"many profiles": {func(a *functionhost.Args) { a.SigningProfileVersionARNs = make(pulumi.StringArray, 21) }, []string{"SigningProfileVersionARNs", `"21"`, "0 to 20"}},
		"no range":      {func(a *functionhost.Args) { a.CIDRBlock = "" }, []string{"CIDRBlock is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("platform", program(a), nil)
			componenttest.Refused(t, r, err, c.words...)
		})
	}
}
