package functionhost

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/data"
	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/components/tags"
)

// SessionSec is the longest session of the invoker role. The runtime is a role
// itself, and STS gives no longer one to a role that assumes a role; see "Roles
// terms and concepts", role chaining, in the IAM User Guide.
const SessionSec = 3600

// invoker makes the role. The runtime assumes it with a session tag that names
// the tenant, and may then invoke the functions that carry the same tenant-id
// tag and no others. "ABAC for Lambda functions" in the Lambda Developer Guide
// describes the condition on tags; a function's tags hold for its versions and
// aliases too.
func (h *Host) invoker(ctx *pulumi.Context, name string, args *Args) (*iam.Role, error) {
	role, err := iam.NewRole(ctx, name+"-invoker", &iam.RoleArgs{
		Name:               pulumi.String(args.InvokerRole),
		Description:        pulumi.String("Invokes a tenant's functions on behalf of the platform's runtime"),
		AssumeRolePolicy:   args.trust().Input(),
		MaxSessionDuration: pulumi.Int(SessionSec),
		Tags:               args.Tags.Map(),
	}, pulumi.Parent(h))
	if err != nil {
		return nil, err
	}
	_, err = iam.NewRolePolicy(ctx, name+"-invoke", &iam.RolePolicyArgs{
		Name: pulumi.String("invoke-functions-of-the-tenant"),
		Role: role.Name,
		Policy: iampolicy.Document{{
			Sid:        "FunctionsOfTheSessionsTenant",
			Effect:     iampolicy.Allow,
			Actions:    []string{"lambda:InvokeFunction"},
			Resources:  []string{args.Location.ARN("lambda", "function:*")},
			Conditions: iampolicy.Conditions{"StringEquals": {"aws:ResourceTag/" + tags.KeyTenantID: {"${aws:PrincipalTag/" + data.SessionTag + "}"}}},
		}}.Input(),
	}, pulumi.Parent(h))
	return role, err
}

// trust lets the runtime's role in, and only with a session that names one
// tenant and carries no other tag. The principal is the account with a condition
// on the role, because a role that does not exist yet is no valid principal.
// The external id is a condition of sts:AssumeRole alone, as in the example of
// "Pass session tags in AWS STS" in the IAM User Guide: a call with tags needs
// both actions.
func (a *Args) trust() iampolicy.Document {
	core := a.core()
	requestTag := "aws:RequestTag/" + data.SessionTag
	allow := func(sid string, actions ...string) iampolicy.Statement {
		return iampolicy.Statement{
			Sid:       sid,
			Effect:    iampolicy.Allow,
			Principal: &iampolicy.Principal{AWS: []string{core.RootARN()}},
			Actions:   actions,
			Conditions: iampolicy.Conditions{
				"ArnEquals":                 {"aws:PrincipalArn": {core.RoleARN(a.RuntimeRole)}},
				"Null":                      {requestTag: {"false"}},
				"ForAllValues:StringEquals": {"aws:TagKeys": {data.SessionTag}},
			},
		}
	}
	if a.ExternalID == "" {
		return iampolicy.Document{allow("TheRuntimeForOneTenant", "sts:AssumeRole", "sts:TagSession")}
	}
	assume := allow("TheRuntimeForOneTenant", "sts:AssumeRole")
	assume.Conditions["StringEquals"] = map[string][]string{"sts:ExternalId": {a.ExternalID}}
	return iampolicy.Document{assume, allow("TheRuntimeNamesTheTenant", "sts:TagSession")}
}
