package functionhost_test

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/functionhost"
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

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*functionhost.Args)
		words  []string
	}{
		"one account": {func(a *functionhost.Args) { a.CoreAccountID = a.Location.AccountID }, []string{"CoreAccountID", "222222222222"}},
		"no core":     {func(a *functionhost.Args) { a.CoreAccountID = "" }, []string{"CoreAccountID.AccountID is missing"}},
		"no role":     {func(a *functionhost.Args) { a.InvokerRole = "" }, []string{"InvokerRole is missing"}},
		"no range":    {func(a *functionhost.Args) { a.CIDRBlock = "" }, []string{"CIDRBlock is missing"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("platform", program(a), nil)
			componenttest.Refused(t, r, err, c.words...)
		})
	}
}
