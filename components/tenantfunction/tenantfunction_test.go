package tenantfunction_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/function"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tenantfunction"
	"github.com/tenantform/tenantform/tenants"
)

func args(t *testing.T) *tenantfunction.Args {
	dir := t.TempDir()
	for _, name := range []string{"code.zip", "numpy.zip"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("PK"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l := componenttest.Location()
	l.AccountID = "222222222222"
	return &tenantfunction.Args{
		Location: l, Tags: componenttest.Tags(), Name: "acme-score", Runtime: "python3.13", Handler: "index.handler",
		Archive: filepath.Join(dir, "code.zip"), Layers: []string{filepath.Join(dir, "numpy.zip")},
		MemoryMB: 256, TimeoutSec: 30, Concurrency: 5, LogRetentionDays: 30,
		VPCID: pulumi.String("vpc-1"), SubnetIDs: pulumi.ToStringArray([]string{"subnet-1", "subnet-2"}),
		InvokerRoleARN: "arn:aws:iam::222222222222:role/platform-invoker",
	}
}

func program(a *tenantfunction.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := tenantfunction.New(ctx, "acme-score", a)
		return err
	}
}

// allowedToLambda are the actions that Lambda performs with a role, as its
// Developer Guide lists them.
var allowedToLambda = []string{
	"ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
	"ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses", "logs:CreateLogStream", "logs:PutLogEvents",
	"xray:PutTelemetryRecords", "xray:PutTraceSegments",
}

func TestRoleDeniesTheCodeEverything(t *testing.T) {
	r := componenttest.MustRun(t, "functions-acme", program(args(t)), nil)
	componenttest.Check(t, r)
	role := r.One(t, "aws:iam/role:Role")
	for _, key := range []string{"managedPolicyArns", "inlinePolicies"} {
		if role.Inputs[key] != nil {
			t.Errorf("the role has %s: %v", key, role.Inputs[key])
		}
	}
	if n := len(r.OfType("aws:iam/rolePolicyAttachment:RolePolicyAttachment")); n > 0 {
		t.Errorf("%d policies are attached", n)
	}
	policy := r.One(t, "aws:iam/rolePolicy:RolePolicy")
	if policy.Inputs["name"] != tenantfunction.PolicyDenyAll {
		t.Errorf("the policy is called %v", policy.Inputs["name"])
	}
	statements := componenttest.Statements(t, policy.Inputs["policy"])
	deny := statements[0]
	if deny.Effect != "Deny" || len(deny.Action) > 0 || len(deny.Condition) > 0 || !slices.Equal(deny.Resource, []string{"*"}) {
		t.Errorf("the first statement is no deny of everything else: %+v", deny)
	}
	if !slices.Equal(deny.NotAction, allowedToLambda) {
		t.Errorf("left out of the deny: %v", deny.NotAction)
	}
	for _, s := range statements[1:] {
		held(t, s)
	}
	if i := slices.IndexFunc(statements, func(s componenttest.Statement) bool { return s.Sid == "NoNetworkForTheCode" }); i < 0 ||
		statements[i].Effect != "Deny" || statements[i].Condition["Null"]["lambda:SourceFunctionArn"][0] != "false" {
		t.Errorf("the code is not denied the network's actions: %+v", statements)
	}
}

// held checks one of the statements that leave Lambda what it needs.
func held(t *testing.T, s componenttest.Statement) {
	t.Helper()
	if s.Effect == "Deny" {
		return
	}
	for _, a := range s.Action {
		if !slices.Contains(allowedToLambda, a) {
			t.Errorf("%s is allowed", a)
		}
		switch service, _, _ := strings.Cut(a, ":"); service {
		case "logs":
			if !slices.Equal(s.Resource, []string{"arn:aws:logs:eu-west-1:222222222222:log-group:/aws/lambda/acme-score:*"}) {
				t.Errorf("%s is allowed on %v", a, s.Resource)
			}
		case "ec2":
			if got := s.Condition["Null"]["lambda:SourceFunctionArn"]; !slices.Equal(got, []string{"true"}) {
				t.Errorf("%s is allowed to the code: %v", a, s.Condition)
			}
		}
	}
}

func TestFunctionIsIsolated(t *testing.T) {
	r := componenttest.MustRun(t, "functions-acme", program(args(t)), nil)
	group := r.One(t, "aws:ec2/securityGroup:SecurityGroup")
	for _, direction := range []string{"ingress", "egress"} {
		if rules, given := group.Inputs[direction].([]any); !given || len(rules) != 0 {
			t.Errorf("%s is %v, want a list without an element", direction, group.Inputs[direction])
		}
	}
	f := r.One(t, "aws:lambda/function:Function")
	vpc, _ := f.Inputs["vpcConfig"].(map[string]any)
	if got := vpc["securityGroupIds"]; got == nil || got.([]any)[0] != "acme-score-closed-id" {
		t.Errorf("security groups: %v", got)
	}
	if subnets, _ := vpc["subnetIds"].([]any); len(subnets) != 2 {
		t.Errorf("subnets: %v", subnets)
	}
	for key, want := range map[string]any{
		"name": "acme-score", "memorySize": 256.0, "timeout": 30.0, "reservedConcurrentExecutions": 5.0, "environment": nil,
	} {
		if f.Inputs[key] != want {
			t.Errorf("%s is %v, want %v", key, f.Inputs[key], want)
		}
	}
	if f.Inputs["tracingConfig"].(map[string]any)["mode"] != "Active" {
		t.Errorf("tracing: %v", f.Inputs["tracingConfig"])
	}
	if got := f.Inputs["loggingConfig"].(map[string]any)["logGroup"]; got != "/aws/lambda/acme-score" {
		t.Errorf("logs go to %v", got)
	}
	if days := r.One(t, "aws:cloudwatch/logGroup:LogGroup").Inputs["retentionInDays"]; days != 30.0 {
		t.Errorf("retention: %v", days)
	}
	if layers, _ := f.Inputs["layers"].([]any); len(layers) != 1 {
		t.Errorf("layers: %v", layers)
	}
	if name := r.One(t, "aws:lambda/layerVersion:LayerVersion").Inputs["layerName"]; name != "acme-score__numpy" {
		t.Errorf("the layer is called %v", name)
	}
	if n := len(r.OfType("aws:lambda/functionUrl:FunctionUrl")); n > 0 {
		t.Error("there is a function URL")
	}
}

func TestOnlyThePlatformInvokes(t *testing.T) {
	r := componenttest.MustRun(t, "functions-acme", program(args(t)), nil)
	qualifiers := map[any]any{}
	for _, p := range r.OfType("aws:lambda/permission:Permission") {
		if p.Inputs["principal"] != "arn:aws:iam::222222222222:role/platform-invoker" || p.Inputs["action"] != "lambda:InvokeFunction" {
			t.Errorf("who may invoke: %v", p.Inputs)
		}
		qualifiers[p.Inputs["qualifier"]] = p.Inputs["statementId"]
	}
	if want := map[any]any{nil: "platform-invoker", "live": "platform-invoker-live"}; !maps.Equal(qualifiers, want) {
		t.Errorf("invoked may be %v, want %v", qualifiers, want)
	}
}

func TestEachChangeIsAVersionBehindAnAlias(t *testing.T) {
	r := componenttest.MustRun(t, "functions-acme", program(args(t)), nil)
	if r.One(t, "aws:lambda/function:Function").Inputs["publish"] != true {
		t.Error("no version is published")
	}
	if alias := r.One(t, "aws:lambda/alias:Alias"); alias.Name != "acme-score-live" || alias.Inputs["name"] != "live" || alias.Inputs["functionName"] != "acme-score" {
		t.Errorf("alias: %v", alias)
	}
}

func TestMetricsAreTheFunctionsOwn(t *testing.T) {
	r := componenttest.MustRun(t, "functions-acme", program(args(t)), nil)
	patterns := map[any]string{}
	for _, f := range r.OfType("aws:cloudwatch/logMetricFilter:LogMetricFilter") {
		to := f.Inputs["metricTransformation"].(map[string]any)
		if f.Inputs["logGroupName"] != "/aws/lambda/acme-score" || to["namespace"] != "Tenantform/Functions" || to["dimensions"] != nil {
			t.Errorf("%v", f.Inputs)
		}
		patterns[to["name"]] = f.Inputs["pattern"].(string)
	}
	for metric, word := range map[string]string{
		tenantfunction.MetricErrors: `"error"`, tenantfunction.MetricTimeouts: `"timeout"`, tenantfunction.MetricColdStarts: "initDurationMs",
	} {
		name := tenantfunction.MetricName("acme-score", metric)
		if p := patterns[name]; !strings.HasPrefix(p, `{ $.type = "platform.report" && `) || !strings.Contains(p, word) {
			t.Errorf("%s is counted with %q", name, p)
		}
	}
	if len(patterns) != 3 {
		t.Errorf("%d metrics: %v", len(patterns), patterns)
	}
}

func TestGrantsReplaceTheDenyWithABoundary(t *testing.T) {
	a := args(t)
	a.Grants = []tenants.Grant{{Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::acme/*"}}}
	r := componenttest.MustRun(t, "functions-acme", program(a), nil)
	componenttest.Check(t, r)
	policy := r.One(t, "aws:iam/rolePolicy:RolePolicy")
	if policy.Inputs["name"] != tenantfunction.PolicyGrants {
		t.Errorf("the policy is called %v", policy.Inputs["name"])
	}
	boundary := r.One(t, "aws:iam/policy:Policy")
	role := r.One(t, "aws:iam/role:Role")
	if got, _ := role.Inputs["permissionsBoundary"].(string); !strings.HasSuffix(got, boundary.Name) || boundary.Inputs["name"] != "acme-score-boundary" {
		t.Errorf("the boundary of the role is %q, not %v", got, boundary.Inputs["name"])
	}
	allowed := func(document any) (actions []string) {
		for _, s := range componenttest.Statements(t, document) {
			if len(s.NotAction) > 0 {
				t.Errorf("everything is denied although there are grants: %+v", s)
			}
			if s.Effect == "Allow" {
				actions = append(actions, s.Action...)
			}
			if slices.Contains(s.Action, "s3:GetObject") && !slices.Equal(s.Resource, a.Grants[0].Resources) {
				t.Errorf("the grant is of %v", s.Resource)
			}
		}
		slices.Sort(actions)
		return actions
	}
	want := append(slices.Clone(allowedToLambda), "s3:GetObject")
	slices.Sort(want)
	for what, document := range map[string]any{"role": policy.Inputs["policy"], "boundary": boundary.Inputs["policy"]} {
		if got := allowed(document); !slices.Equal(got, want) {
			t.Errorf("the %s allows %v, want %v", what, got, want)
		}
	}
	deny := componenttest.Statements(t, boundary.Inputs["policy"])
	if last := deny[len(deny)-1]; last.Effect != "Deny" || len(last.Condition) > 0 || !slices.Contains(last.Action, "iam:*") ||
		!slices.Contains(last.Action, "sts:*") || !slices.Contains(last.Action, "lambda:InvokeFunction") {
		t.Errorf("the boundary ends with %+v", last)
	}
}

func TestWithoutGrantsThereIsNoBoundary(t *testing.T) {
	r := componenttest.MustRun(t, "functions-acme", program(args(t)), nil)
	if n := len(r.OfType("aws:iam/policy:Policy")); n > 0 || r.One(t, "aws:iam/role:Role").Inputs["permissionsBoundary"] != nil {
		t.Error("the role denies everything, and has a boundary besides")
	}
}

func TestProductionAgainstDev(t *testing.T) {
	in := func(environment string, change func(*tenantfunction.Args)) (*componenttest.Recording, error) {
		a := args(t)
		a.Location.Environment, a.Tags.Environment = environment, environment
		change(a)
		return componenttest.Run("functions-acme", program(a), nil)
	}
	if _, err := in(location.Dev, func(*tenantfunction.Args) {}); err != nil {
		t.Errorf("unsigned code in dev: %v", err)
	}
	r, err := in(location.Production, func(*tenantfunction.Args) {})
	componenttest.Refused(t, r, err, "CodeSigningConfigARN is missing", "production", "Unsigned: true")
	if _, err := in(location.Production, func(a *tenantfunction.Args) { a.Unsigned = true }); err != nil {
		t.Errorf("unsigned code in production, as asked for: %v", err)
	}
	r, err = in(location.Production, signedObjects)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.One(t, "aws:lambda/function:Function").Inputs["codeSigningConfigArn"]; got != "arn:signing" {
		t.Errorf("code signing: %v", got)
	}
}

// signedObjects gives the function signed code and a signed layer in S3.
func signedObjects(a *tenantfunction.Args) {
	object := func(key string) function.Object {
		return function.Object{Bucket: pulumi.String("artifacts"), Key: pulumi.String(key), Version: pulumi.String("v1")}
	}
	code := object("signed/score")
	a.Archive, a.Object = "", &code
	a.Layers, a.LayerObjects = nil, []tenantfunction.Layer{{Name: "numpy", Object: object("signed/numpy")}}
	a.CodeSigningConfigARN = pulumi.String("arn:signing")
}

func TestSignedCodeComesFromS3(t *testing.T) {
	a := args(t)
	signedObjects(a)
	r := componenttest.MustRun(t, "functions-acme", program(a), nil)
	componenttest.Check(t, r)
	f, layer := r.One(t, "aws:lambda/function:Function").Inputs, r.One(t, "aws:lambda/layerVersion:LayerVersion").Inputs
	if f["s3Bucket"] != "artifacts" || f["s3Key"] != "signed/score" || f["s3ObjectVersion"] != "v1" || f["code"] != nil {
		t.Errorf("code: %v", f)
	}
	if layer["layerName"] != "acme-score__numpy" || layer["s3Key"] != "signed/numpy" || layer["code"] != nil {
		t.Errorf("layer: %v", layer)
	}
	if layers, _ := f["layers"].([]any); len(layers) != 1 {
		t.Errorf("layers: %v", layers)
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*tenantfunction.Args)
		words  []string
	}{
		"retired runtime": {func(a *tenantfunction.Args) { a.Runtime = "python3.8" }, []string{"Runtime", "python3.8", "python3.13"}},
		"no handler":      {func(a *tenantfunction.Args) { a.Handler = "" }, []string{"Handler is missing"}},
		"no archive":      {func(a *tenantfunction.Args) { a.Archive = "" }, []string{"Archive is missing"}},
		"archive gone":    {func(a *tenantfunction.Args) { a.Archive = "gone.zip" }, []string{"Archive", "gone.zip"}},
		"long name":       {func(a *tenantfunction.Args) { a.Name = strings.Repeat("f", 65) }, []string{"Name", "1 to 64"}},
		"name of a group": {func(a *tenantfunction.Args) { a.Name = "sg-bank-score" }, []string{"Name", "sg-bank-score"}},
		"memory":          {func(a *tenantfunction.Args) { a.MemoryMB = 64 }, []string{"MemoryMB", `"64"`, "128 to 10240 MB"}},
		"timeout":         {func(a *tenantfunction.Args) { a.TimeoutSec = 901 }, []string{"TimeoutSec", `"901"`, "1 to 900 seconds"}},
		"concurrency":     {func(a *tenantfunction.Args) { a.Concurrency = 0 }, []string{"Concurrency", `"0"`}},
		"retention":       {func(a *tenantfunction.Args) { a.LogRetentionDays = 8 }, []string{"LogRetentionDays", `"8"`}},
		"six layers":      {func(a *tenantfunction.Args) { a.Layers = make([]string, 6) }, []string{"Layers", `"6"`, "0 to 5"}},
		"same layers":     {func(a *tenantfunction.Args) { a.Layers = append(a.Layers, a.Layers[0]) }, []string{"Layers", "file names that differ"}},
		"empty grant":     {func(a *tenantfunction.Args) { a.Grants = make([]tenants.Grant, 1) }, []string{"Grants.Actions is missing"}},
		"no network":      {func(a *tenantfunction.Args) { a.VPCID, a.SubnetIDs = nil, nil }, []string{"VPCID is missing", "SubnetIDs is missing"}},
		"wildcard grant": {func(a *tenantfunction.Args) {
			a.Grants = []tenants.Grant{{Actions: []string{"s3:*"}, Resources: []string{"*"}}}
		}, []string{"Grants.Actions", "s3:*", "Grants.Resources", `"*"`}},
		"many grants": {func(a *tenantfunction.Args) {
			for i := range 80 {
				a.Grants = append(a.Grants, tenants.Grant{Actions: []string{"s3:GetObject"}, Resources: []string{fmt.Sprintf("arn:aws:s3:::acme/%d", i)}})
			}
		}, []string{"Grants", "at most 6144 characters"}},
		"unsigned archive": {func(a *tenantfunction.Args) { a.CodeSigningConfigARN = pulumi.String("arn:c") }, []string{"Archive", "Layers", "AWS Signer has signed"}},
		"signed and not":   {func(a *tenantfunction.Args) { signedObjects(a); a.Unsigned = true }, []string{"Unsigned"}},
		"two codes":        {func(a *tenantfunction.Args) { archive := a.Archive; signedObjects(a); a.Archive = archive }, []string{"Archive", "nothing where Object is given"}},
		"half objects": {func(a *tenantfunction.Args) {
			signedObjects(a)
			a.Object, a.LayerObjects[0].Object = &function.Object{}, function.Object{}
		}, []string{"Object.Bucket is missing", "LayerObjects.Key is missing"}},
		"same layer twice": {func(a *tenantfunction.Args) {
			signedObjects(a)
			a.LayerObjects = append(a.LayerObjects, a.LayerObjects[0])
		}, []string{"LayerObjects.Name", "names that differ"}},
		"layer's name":   {func(a *tenantfunction.Args) { signedObjects(a); a.LayerObjects[0].Name = "Num Py" }, []string{"LayerObjects.Name", "Num Py"}},
		"anyone invokes": {func(a *tenantfunction.Args) { a.InvokerRoleARN = "*" }, []string{"InvokerRoleARN", `"*"`}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args(t)
			c.change(a)
			r, err := componenttest.Run("functions-acme", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "tenantfunction", "acme-score")...)
		})
	}
}
