package conformance_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/tenantfunction"
)

// isolated is what a tenant's function has to be.
type isolated struct {
	name    string
	invoker string // ARN of the one role that may invoke it
	layers  int
	days    int32    // of its log
	granted []string // actions that its code may take, sorted; none: it is denied everything
}

// lookTenantFunction looks for the function that may do nothing but what it was
// granted, reach nothing, and be invoked by one role alone.
func (e *eyes) lookTenantFunction(want isolated) {
	e.t.Helper()
	f := see(e, e.lambda.GetFunction, &lambda.GetFunctionInput{FunctionName: &want.name})
	if f == nil {
		return
	}
	c := f.Configuration
	e.confined((*c.Role)[strings.LastIndex(*c.Role, "/")+1:], want.granted)
	if c.VpcConfig == nil || len(c.VpcConfig.SubnetIds) < 2 || len(c.VpcConfig.SecurityGroupIds) != 1 {
		e.t.Errorf("the function is not in the closed network: %+v", c.VpcConfig)
	} else if n := e.closed("group-id", c.VpcConfig.SecurityGroupIds[0]); n != 1 {
		e.t.Errorf("the function's security group was found %d times", n)
	}
	if f.Concurrency == nil || aws.ToInt32(f.Concurrency.ReservedConcurrentExecutions) != 1 {
		e.t.Errorf("the function's concurrency is not reserved: %+v", f.Concurrency)
	}
	if len(c.Layers) != want.layers || slices.ContainsFunc(c.Layers, func(l types.Layer) bool { return !strings.Contains(*l.Arn, ":"+want.name+"__") }) {
		e.t.Errorf("the function has the layers %+v, want %d of its own", c.Layers, want.layers)
	}
	if f.Tags["tenant-id"] != "acme" || f.Tags["cost-center"] == "" {
		e.t.Errorf("the function's costs are nobody's: %v", f.Tags)
	}
	e.invokedBy(want)
	group := function.LogGroupName(want.name)
	if days, ok := e.logGroup(group); !ok || days != want.days {
		e.t.Errorf("the function's log is kept for %d days (%v), want %d", days, ok, want.days)
	}
	var metrics []string
	for _, m := range []string{tenantfunction.MetricErrors, tenantfunction.MetricTimeouts, tenantfunction.MetricColdStarts} {
		metrics = append(metrics, tenantfunction.MetricName(want.name, m))
	}
	e.counted(group, metrics...)
}

// invokedBy holds a function to a published version that the alias live names, to no
// URL, and to one statement that lets a role invoke it, and one for the alias.
func (e *eyes) invokedBy(want isolated) {
	e.t.Helper()
	live := aws.String("live")
	if a := see(e, e.lambda.GetAlias, &lambda.GetAliasInput{FunctionName: &want.name, Name: live}); a != nil && (a.FunctionVersion == nil || *a.FunctionVersion == "$LATEST") {
		e.t.Errorf("the alias live is of the version %v", a.FunctionVersion)
	}
	gone(e, e.lambda.GetFunctionUrlConfig, &lambda.GetFunctionUrlConfigInput{FunctionName: &want.name})
	gone(e, e.lambda.GetFunctionUrlConfig, &lambda.GetFunctionUrlConfigInput{FunctionName: &want.name, Qualifier: live})
	arn := "arn:aws:lambda:" + region + ":" + e.account + ":function:" + want.name
	var resources []string
	for _, qualifier := range []*string{nil, live} {
		out := see(e, e.lambda.GetPolicy, &lambda.GetPolicyInput{FunctionName: &want.name, Qualifier: qualifier})
		if out == nil {
			return
		}
		var policy struct {
			Statement []struct {
				Effect, Action, Resource string
				Principal                any
			}
		}
		if err := json.Unmarshal([]byte(*out.Policy), &policy); err != nil {
			e.t.Error(err)
		}
		for _, s := range policy.Statement {
			if principal, ok := s.Principal.(map[string]any); ok {
				s.Principal = principal["AWS"]
			}
			if s.Effect != "Allow" || s.Action != "lambda:InvokeFunction" || s.Principal != want.invoker {
				e.t.Errorf("somebody else than %s may use the function: %+v", want.invoker, s)
			}
			resources = append(resources, s.Resource)
		}
	}
	slices.Sort(resources)
	if !slices.Equal(slices.Compact(resources), []string{arn, arn + ":live"}) {
		e.t.Errorf("the function's policy is of %v, want it and its alias", resources)
	}
}

// confined holds a role to its one document and, with grants, to its boundary.
func (e *eyes) confined(role string, granted []string) {
	e.t.Helper()
	documents := e.documents(role)
	if len(documents) != 1 {
		e.t.Errorf("role %s has the documents %v, want one", role, slices.Sorted(maps.Keys(documents)))
	}
	out := see(e, e.iam.GetRole, &iam.GetRoleInput{RoleName: &role})
	if out == nil {
		return
	}
	boundary := out.Role.PermissionsBoundary
	for _, text := range documents {
		if len(granted) == 0 {
			deniesAll(e.t, role, text)
			continue
		}
		allows(e.t, role, text, granted)
	}
	if len(granted) == 0 {
		if boundary != nil {
			e.t.Errorf("role %s has the boundary %+v", role, boundary)
		}
		return
	}
	if boundary == nil {
		e.t.Errorf("role %s has no boundary", role)
		return
	}
	policy := see(e, e.iam.GetPolicy, &iam.GetPolicyInput{PolicyArn: boundary.PermissionsBoundaryArn})
	if policy == nil {
		return
	}
	version := see(e, e.iam.GetPolicyVersion, &iam.GetPolicyVersionInput{PolicyArn: boundary.PermissionsBoundaryArn, VersionId: policy.Policy.DefaultVersionId})
	if version == nil {
		return
	}
	text, err := url.QueryUnescape(aws.ToString(version.PolicyVersion.Document))
	if err != nil {
		e.t.Error(err)
	}
	allows(e.t, "boundary of "+role, text, granted)
	if !slices.ContainsFunc(componenttest.Statements(e.t, text), func(s componenttest.Statement) bool {
		return s.Effect == "Deny" && slices.Contains(s.Action, "iam:*") && slices.Contains(s.Action, "sts:*") && slices.Equal(s.Resource, []string{"*"})
	}) {
		e.t.Errorf("the boundary of %s lets out of the role: %s", role, text)
	}
}

// ofLambda are the services that Lambda uses by itself, with a function's role.
var ofLambda = []string{"ec2", "logs", "xray"}

// allows holds a document to allowing, beside what Lambda does by itself, these
// actions.
func allows(t *testing.T, what, text string, granted []string) {
	t.Helper()
	var found []string
	for _, s := range componenttest.Statements(t, text) {
		for _, action := range s.Action {
			if service, _, _ := strings.Cut(action, ":"); s.Effect == "Allow" && !slices.Contains(ofLambda, service) {
				found = append(found, action)
			}
		}
	}
	slices.Sort(found)
	if !slices.Equal(slices.Compact(found), granted) {
		t.Errorf("%s allows %v, want %v: %s", what, found, granted, text)
	}
	noNetworkForTheCode(t, what, text)
}

// noNetworkForTheCode holds a document to denying EC2 to calls that the function's
// code makes.
func noNetworkForTheCode(t *testing.T, what, text string) {
	t.Helper()
	if !slices.ContainsFunc(componenttest.Statements(t, text), func(s componenttest.Statement) bool {
		return s.Effect == "Deny" && slices.Equal(s.Action, []string{"ec2:*"}) && slices.Equal(s.Resource, []string{"*"}) &&
			slices.Equal(s.Condition["Null"]["lambda:SourceFunctionArn"], []string{"false"})
	}) {
		t.Errorf("%s lets the code change the network: %s", what, text)
	}
}

// deniesAll holds a document to denying everything but what Lambda does by itself.
func deniesAll(t *testing.T, role, text string) {
	t.Helper()
	statements := componenttest.Statements(t, text)
	var spared []string
	for _, s := range statements {
		if s.Effect == "Deny" && len(s.NotAction) > 0 && slices.Equal(s.Resource, []string{"*"}) {
			spared = s.NotAction
		}
	}
	if len(spared) == 0 {
		t.Errorf("role %s does not deny everything: %s", role, text)
	}
	for _, s := range statements {
		for _, action := range s.Action {
			if s.Effect == "Allow" && !slices.Contains(spared, action) {
				t.Errorf("role %s allows %s", role, action)
			}
		}
	}
	for _, action := range spared {
		if service, _, _ := strings.Cut(action, ":"); !slices.Contains(ofLambda, service) {
			t.Errorf("%s is not among what Lambda does by itself", action)
		}
	}
	noNetworkForTheCode(t, "role "+role, text)
}

// trusts holds a role to letting in one role of an account, with a session that names
// a tenant and carries no other tag, and with an external id where there is one.
func (e *eyes) trusts(role, principal, externalID string) {
	e.t.Helper()
	out := see(e, e.iam.GetRole, &iam.GetRoleInput{RoleName: &role})
	if out == nil {
		return
	}
	text, err := url.QueryUnescape(aws.ToString(out.Role.AssumeRolePolicyDocument))
	if err != nil {
		e.t.Error(err)
	}
	var actions []string
	for _, s := range componenttest.Statements(e.t, text) {
		actions = append(actions, s.Action...)
		if s.Effect != "Allow" || !slices.Equal(s.Condition["ArnEquals"]["aws:PrincipalArn"], []string{principal}) ||
			!slices.Equal(s.Condition["Null"]["aws:RequestTag/TenantID"], []string{"false"}) ||
			!slices.Equal(s.Condition["ForAllValues:StringEquals"]["aws:TagKeys"], []string{"TenantID"}) {
			e.t.Errorf("role %s lets in others than %s, or without a tenant: %s", role, principal, text)
		}
		id := s.Condition["StringEquals"]["sts:ExternalId"]
		if asks := externalID != "" && slices.Contains(s.Action, "sts:AssumeRole"); asks && !slices.Equal(id, []string{externalID}) || !asks && len(id) > 0 {
			e.t.Errorf("role %s asks for the external id %v, want %q: %s", role, id, externalID, text)
		}
	}
	slices.Sort(actions)
	if !slices.Equal(actions, []string{"sts:AssumeRole", "sts:TagSession"}) {
		e.t.Errorf("role %s is assumed with %v", role, actions)
	}
	if seconds := aws.ToInt32(out.Role.MaxSessionDuration); seconds > 3600 {
		e.t.Errorf("a session of %s lasts %d s", role, seconds)
	}
}

// invokes holds a role to invoking the functions of its session's tenant alone.
func (e *eyes) invokes(role string) {
	e.t.Helper()
	documents := e.documents(role)
	if len(documents) != 1 {
		e.t.Errorf("role %s has the documents %v, want one", role, slices.Sorted(maps.Keys(documents)))
	}
	for name, text := range documents {
		for _, s := range componenttest.Statements(e.t, text) {
			if !slices.Equal(s.Action, []string{"lambda:InvokeFunction"}) || !slices.Equal(s.Condition["StringEquals"]["aws:ResourceTag/tenant-id"], []string{"${aws:PrincipalTag/TenantID}"}) {
				e.t.Errorf("%s of %s is not bound to the tenant's functions: %s", name, role, text)
			}
		}
	}
}
