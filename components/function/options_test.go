package function_test

import (
	"archive/zip"
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
)

const (
	queueARN = "arn:aws:sqs:eu-west-1:111111111111:acme-failed"
	topicARN = "arn:aws:sns:eu-west-1:111111111111:acme-failed"
	busARN   = "arn:aws:events:eu-west-1:111111111111:event-bus/acme"
)

func run(t *testing.T, a *function.Args) *componenttest.Recording {
	t.Helper()
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	return r
}

func lambdaInputs(t *testing.T, r *componenttest.Recording) map[string]any {
	t.Helper()
	return r.One(t, "aws:lambda/function:Function").Inputs
}

func variables(t *testing.T, r *componenttest.Recording) map[string]any {
	t.Helper()
	environment, _ := lambdaInputs(t, r)["environment"].(map[string]any)
	all, _ := environment["variables"].(map[string]any)
	return all
}

// statement gives a statement of the role by its Sid.
func statement(t *testing.T, r *componenttest.Recording, sid string) (componenttest.Statement, bool) {
	t.Helper()
	all := componenttest.Statements(t, r.One(t, "aws:iam/rolePolicy:RolePolicy").Inputs["policy"])
	i := slices.IndexFunc(all, func(s componenttest.Statement) bool { return s.Sid == sid })
	if i < 0 {
		return componenttest.Statement{}, false
	}
	return all[i], true
}

// signedZip makes a zip file that looks as one that AWS Signer wrote.
func signedZip(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "signed.zip")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	if _, err := z.Create("META_INF/aws_signer_signature_v1.0.SF"); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestNothingIsMadeThatWasNotAskedFor(t *testing.T) {
	r := run(t, args(t))
	if n := len(r.Custom()); n != 4 {
		t.Errorf("%d resources, want the log group, role, policy and function: %v", n, r.Custom())
	}
	for _, key := range []string{"publish", "architectures", "environment", "layers", "codeSigningConfigArn", "s3Bucket"} {
		if v, ok := lambdaInputs(t, r)[key]; ok {
			t.Errorf("%s is %v", key, v)
		}
	}
}

func TestPowertools(t *testing.T) {
	a := args(t)
	a.KeyARN, a.Powertools = pulumi.String("arn:key"), &function.Powertools{}
	r := run(t, a)
	want := map[string]any{
		"POWERTOOLS_SERVICE_NAME": "acme-worker", "POWERTOOLS_METRICS_NAMESPACE": "Tenantform", "POWERTOOLS_LOG_LEVEL": "INFO",
		"POWERTOOLS_TRACER_CAPTURE_RESPONSE": "false",
	}
	if got := variables(t, r); !maps.Equal(got, want) {
		t.Errorf("variables: %v, want %v", got, want)
	}
	const layer = "arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:27"
	if got, _ := lambdaInputs(t, r)["layers"].([]any); !slices.Equal(got, []any{layer}) {
		t.Errorf("layers: %v, want %s", got, layer)
	}
	if lambdaInputs(t, r)["kmsKeyArn"] != "arn:key" {
		t.Error("the variables are not encrypted with the key")
	}

	a.Powertools = &function.Powertools{Service: "import", Namespace: "Acme", LogLevel: "ERROR", LayerARN: pulumi.String("arn:layer:1")}
	a.Layers, a.Environment = pulumi.ToStringArray([]string{"arn:vendor:1"}), map[string]string{"MODE": "fast"}
	r = run(t, a)
	want = map[string]any{
		"POWERTOOLS_SERVICE_NAME": "import", "POWERTOOLS_METRICS_NAMESPACE": "Acme", "POWERTOOLS_LOG_LEVEL": "ERROR",
		"POWERTOOLS_TRACER_CAPTURE_RESPONSE": "false", "MODE": "fast",
	}
	if got := variables(t, r); !maps.Equal(got, want) {
		t.Errorf("variables: %v, want %v", got, want)
	}
	if got, _ := lambdaInputs(t, r)["layers"].([]any); !slices.Equal(got, []any{"arn:vendor:1", "arn:layer:1"}) {
		t.Errorf("layers: %v", got)
	}
}

func TestPowertoolsLayerFitsTheRuntime(t *testing.T) {
	for _, c := range []struct{ runtime, architecture, want string }{
		{"python3.14", function.ArchitectureARM, "017000801446:layer:AWSLambdaPowertoolsPythonV3-python314-arm64:"},
		{"nodejs24.x", "", "094274105915:layer:AWSLambdaPowertoolsTypeScriptV2:"},
		{"nodejs24.x", function.ArchitectureARM, "094274105915:layer:AWSLambdaPowertoolsTypeScriptV2:"},
		{"java25", "", ""},
		{"dotnet10", "", ""},
	} {
		a := args(t)
		a.Runtime, a.Architecture, a.KeyARN, a.Powertools = c.runtime, c.architecture, pulumi.String("arn:key"), &function.Powertools{}
		in := lambdaInputs(t, run(t, a))
		got, _ := in["layers"].([]any)
		switch {
		case c.want == "" && len(got) == 0:
		case c.want != "" && len(got) == 1 && strings.Contains(got[0].(string), c.want):
		default:
			t.Errorf("%s on %q has the layers %v, want %q", c.runtime, c.architecture, got, c.want)
		}
		if c.architecture != "" && !slices.Equal(in["architectures"].([]any), []any{c.architecture}) {
			t.Errorf("architectures: %v", in["architectures"])
		}
	}
}

func TestLogLevels(t *testing.T) {
	a := args(t)
	a.ApplicationLogLevel, a.SystemLogLevel, a.KeyARN, a.Powertools = "FATAL", "WARN", pulumi.String("arn:key"), &function.Powertools{}
	r := run(t, a)
	logging := lambdaInputs(t, r)["loggingConfig"].(map[string]any)
	if logging["applicationLogLevel"] != "FATAL" || logging["systemLogLevel"] != "WARN" || logging["logFormat"] != "JSON" {
		t.Errorf("logging: %v", logging)
	}
	if got := variables(t, r)["POWERTOOLS_LOG_LEVEL"]; got != "CRITICAL" {
		t.Errorf("Powertools writes from %v on, and Lambda keeps FATAL", got)
	}
}

func TestIdempotency(t *testing.T) {
	a := args(t)
	a.KeyARN, a.Idempotency = pulumi.String("arn:key"), &function.Idempotency{}
	r := run(t, a)
	table := r.One(t, "aws:dynamodb/table:Table").Inputs
	for key, want := range map[string]any{"name": "acme-worker-idempotency", "hashKey": "id", "rangeKey": nil, "billingMode": "PAY_PER_REQUEST", "deletionProtectionEnabled": false} {
		if table[key] != want {
			t.Errorf("%s is %v, want %v", key, table[key], want)
		}
	}
	if ttl := table["ttl"].(map[string]any); ttl["attributeName"] != "expiration" || ttl["enabled"] != true {
		t.Errorf("ttl: %v", ttl)
	}
	if table["pointInTimeRecovery"].(map[string]any)["enabled"] != true || table["serverSideEncryption"].(map[string]any)["kmsKeyArn"] != "arn:key" {
		t.Errorf("recovery %v, encryption %v", table["pointInTimeRecovery"], table["serverSideEncryption"])
	}
	s, ok := statement(t, r, "IdempotencyRecords")
	if !ok || !slices.Equal(s.Resource, []string{"arn:aws:dynamodb:eu-west-1:111111111111:table/acme-worker-idempotency"}) ||
		!slices.Equal(s.Action, []string{"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}) {
		t.Errorf("the role allows %+v", s)
	}
	grant := r.One(t, "aws:kms/grant:Grant").Inputs
	if grant["keyId"] != "arn:key" || !strings.Contains(grant["granteePrincipal"].(string), "worker-role") {
		t.Errorf("the key may be used by %v: %v", grant["granteePrincipal"], grant)
	}
	context := grant["constraints"].([]any)[0].(map[string]any)["encryptionContextSubset"].(map[string]any)
	if context["aws:dynamodb:tableName"] != "acme-worker-idempotency" || context["aws:dynamodb:subscriberId"] != "111111111111" {
		t.Errorf("the key may be used for %v", context)
	}
	if got := variables(t, r)[function.EnvIdempotencyTable]; got != "acme-worker-idempotency" {
		t.Errorf("the code learns of the table %v", got)
	}
}

func TestProductionAgainstDev(t *testing.T) {
	for _, c := range []struct {
		environment string
		discard     bool
		days        float64
		protected   bool
	}{
		{location.Dev, false, 30, false}, {location.Staging, false, 30, false},
		{location.Production, false, 365, true}, {location.Production, true, 365, false},
	} {
		a := args(t)
		a.Location.Environment, a.Tags.Environment = c.environment, c.environment
		a.KeyARN, a.Idempotency = pulumi.String("arn:key"), &function.Idempotency{Table: "acme-seen", Discard: c.discard}
		r := run(t, a)
		table := r.One(t, "aws:dynamodb/table:Table").Inputs
		if table["deletionProtectionEnabled"] != c.protected || table["name"] != "acme-seen" {
			t.Errorf("%+v: protected %v, name %v", c, table["deletionProtectionEnabled"], table["name"])
		}
		if days := r.One(t, "aws:cloudwatch/logGroup:LogGroup").Inputs["retentionInDays"]; days != c.days {
			t.Errorf("%+v: the log is kept %v days", c, days)
		}
	}
}

func TestPublish(t *testing.T) {
	a := args(t)
	a.Publish, a.Provisioned = true, &function.Provisioned{Min: 2, Max: 10}
	r := run(t, a)
	if lambdaInputs(t, r)["publish"] != true {
		t.Error("no version is published")
	}
	if alias := r.One(t, "aws:lambda/alias:Alias").Inputs; alias["name"] != "live" || alias["functionName"] != "acme-worker" {
		t.Errorf("alias: %v", alias)
	}
	config := r.One(t, "aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig").Inputs
	if config["qualifier"] != "live" || config["provisionedConcurrentExecutions"] != 2.0 {
		t.Errorf("provisioned: %v", config)
	}
	target := r.One(t, "aws:appautoscaling/target:Target").Inputs
	for key, want := range map[string]any{
		"resourceId": "function:acme-worker:live", "serviceNamespace": "lambda", "scalableDimension": "lambda:function:ProvisionedConcurrency",
		"minCapacity": 2.0, "maxCapacity": 10.0,
	} {
		if target[key] != want {
			t.Errorf("target: %s is %v, want %v", key, target[key], want)
		}
	}
	policy := r.One(t, "aws:appautoscaling/policy:Policy").Inputs
	tracking := policy["targetTrackingScalingPolicyConfiguration"].(map[string]any)
	if policy["policyType"] != "TargetTrackingScaling" || tracking["targetValue"] != 0.7 ||
		tracking["predefinedMetricSpecification"].(map[string]any)["predefinedMetricType"] != "LambdaProvisionedConcurrencyUtilization" {
		t.Errorf("policy: %v", policy)
	}
}

func TestOutputsNameWhatIsCalled(t *testing.T) {
	for publish, want := range map[bool]string{false: "worker-function", true: "worker-live"} {
		var live string
		componenttest.MustRun(t, "test", func(ctx *pulumi.Context) error {
			a := args(t)
			a.Publish = publish
			f, err := function.New(ctx, "worker", a)
			if err != nil {
				return err
			}
			f.LiveARN.ApplyT(func(arn string) string { live = arn; return arn })
			return nil
		}, nil)
		if !strings.HasSuffix(live, want) {
			t.Errorf("published %t: what is called is %s, want %s", publish, live, want)
		}
	}
}

func TestOnFailure(t *testing.T) {
	for arn, want := range map[string]struct{ action, context string }{
		queueARN: {"sqs:SendMessage", "aws:sqs:arn"},
		topicARN: {"sns:Publish", "aws:sns:topicArn"},
		busARN:   {"events:PutEvents", ""},
	} {
		a := args(t)
		a.OnFailure = &function.OnFailure{ARN: arn}
		if want.context != "" {
			a.OnFailure.KeyARN = pulumi.String("arn:queue-key")
		}
		r := run(t, a)
		config := r.One(t, "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig").Inputs
		to := config["destinationConfig"].(map[string]any)["onFailure"].(map[string]any)["destination"]
		if to != arn || config["maximumRetryAttempts"] != 2.0 || config["maximumEventAgeInSeconds"] != 21600.0 {
			t.Errorf("%s: %v", arn, config)
		}
		s, ok := statement(t, r, "LambdaSendsFailedEvents")
		if !ok || !slices.Equal(s.Action, []string{want.action}) || !slices.Equal(s.Resource, []string{arn}) {
			t.Errorf("%s: the role allows %+v", arn, s)
		}
		if want.context == "" {
			continue
		}
		constraint := r.One(t, "aws:kms/grant:Grant").Inputs["constraints"].([]any)[0].(map[string]any)
		if got := constraint["encryptionContextSubset"].(map[string]any); !maps.Equal(got, map[string]any{want.context: arn}) {
			t.Errorf("%s: the key may be used for %v", arn, got)
		}
	}
}

func TestOnFailureHoldsForTheAliasToo(t *testing.T) {
	a := args(t)
	a.Publish, a.OnFailure = true, &function.OnFailure{ARN: queueARN, Attempts: 1, MaxAgeSec: 60}
	var qualifiers []any
	for _, c := range run(t, a).OfType("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig") {
		qualifiers = append(qualifiers, c.Inputs["qualifier"])
		if c.Inputs["maximumRetryAttempts"] != 0.0 || c.Inputs["maximumEventAgeInSeconds"] != 60.0 {
			t.Errorf("%v", c.Inputs)
		}
	}
	if len(qualifiers) != 2 || !slices.Contains(qualifiers, any("live")) || !slices.Contains(qualifiers, nil) {
		t.Errorf("set for %v, want the function and its alias", qualifiers)
	}
}

func TestSignedCode(t *testing.T) {
	a := args(t)
	a.Sensitive, a.CodeSigningConfigARN, a.Archive = true, pulumi.String("arn:signing"), signedZip(t)
	if in := lambdaInputs(t, run(t, a)); in["codeSigningConfigArn"] != "arn:signing" || in["code"] == nil {
		t.Errorf("archive: %v", in)
	}
	a.Archive, a.Object = "", &function.Object{Bucket: pulumi.String("code"), Key: pulumi.String("signed/1"), Version: pulumi.String("v1")}
	in := lambdaInputs(t, run(t, a))
	if in["s3Bucket"] != "code" || in["s3Key"] != "signed/1" || in["s3ObjectVersion"] != "v1" || in["code"] != nil {
		t.Errorf("object: %v", in)
	}
}
