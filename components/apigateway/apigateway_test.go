package apigateway_test

import (
	"encoding/json"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/tenants"
)

func args() *apigateway.Args {
	return &apigateway.Args{
		Location: componenttest.Location(), Tags: componenttest.Tags(), Name: "pool-a",
		Tiers: []tenants.Tier{componenttest.Tier(tenants.ModelPool)}, LogRetentionDays: 30,
	}
}

func program(a *apigateway.Args) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := apigateway.New(ctx, "pool-a-api", a)
		return err
	}
}

// parameter, method and document are what the tests read of a definition.
type parameter struct {
	Name, In string
	Required bool
}

type method struct {
	Security    []map[string][]string
	Parameters  []parameter
	RequestBody struct {
		Required bool
		Content  map[string]struct{ Schema map[string]string }
	}
	Integration map[string]any `json:"x-amazon-apigateway-integration"`
}

type document struct {
	Paths      map[string]map[string]method
	Components struct {
		Schemas         map[string]map[string]any
		SecuritySchemes map[string]map[string]any
	}
	Validators map[string]map[string]bool           `json:"x-amazon-apigateway-request-validators"`
	Validator  string                               `json:"x-amazon-apigateway-request-validator"`
	Refusals   map[string]map[string]map[string]any `json:"x-amazon-apigateway-gateway-responses"`
}

func definition(t *testing.T, r *componenttest.Recording) document {
	t.Helper()
	var doc document
	body, _ := r.One(t, "aws:apigateway/restApi:RestApi").Inputs["body"].(string)
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// asks tells the one scheme besides the API key that a method asks for.
func (m method) asks(t *testing.T) (scheme string, scopes []string) {
	t.Helper()
	if len(m.Security) != 2 || len(m.Security[0]) != 1 || len(m.Security[1]) != 1 || m.Security[1]["apiKey"] == nil {
		t.Fatalf("the method asks for %v", m.Security)
	}
	for scheme, scopes = range m.Security[0] {
	}
	return scheme, scopes
}

func TestEveryMethodAsksForIAMAndAKey(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args()), nil)
	componenttest.Check(t, r)
	doc := definition(t, r)
	if len(doc.Paths) != 1 || doc.Paths["/health"]["get"].Security == nil {
		t.Errorf("paths %v", doc.Paths)
	}
	for path, methods := range doc.Paths {
		for _, m := range methods {
			if scheme, _ := m.asks(t); scheme != "sigv4" {
				t.Errorf("%s asks for %s", path, scheme)
			}
		}
	}
	if got := doc.Components.SecuritySchemes["sigv4"]["x-amazon-apigateway-authtype"]; got != "awsSigv4" {
		t.Errorf("sigv4 is %q", got)
	}
}

func TestRequestsAreCheckedAndRefusalsSayLittle(t *testing.T) {
	doc := definition(t, componenttest.MustRun(t, "test", program(args()), nil))
	if v := doc.Validators[doc.Validator]; !v["validateRequestBody"] || !v["validateRequestParameters"] {
		t.Errorf("validator %q: %v", doc.Validator, v)
	}
	for _, kind := range []string{"DEFAULT_4XX", "DEFAULT_5XX"} {
		if doc.Refusals[kind] == nil {
			t.Errorf("%s is API Gateway's own", kind)
		}
	}
	for kind, refusal := range doc.Refusals {
		text, _ := refusal["responseTemplates"]["application/json"].(string)
		var answer map[string]string
		if err := json.Unmarshal([]byte(text), &answer); err != nil || answer["message"] == "" || answer["requestId"] != "$context.requestId" {
			t.Errorf("%s: %v: %s", kind, err, text)
		}
		if strings.Contains(text, "$context.error") {
			t.Errorf("%s repeats what went wrong inside: %s", kind, text)
		}
	}
}

func TestStageLogsAndTraces(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args()), nil)
	stage := r.One(t, "aws:apigateway/stage:Stage").Inputs
	if stage["xrayTracingEnabled"] != true {
		t.Error("no tracing")
	}
	settings := stage["accessLogSettings"].(map[string]any)
	if settings["destinationArn"] != "arn:recorded:aws:cloudwatch/logGroup:LogGroup:pool-a-api-access" {
		t.Errorf("access log to %v", settings["destinationArn"])
	}
	var line map[string]string
	if err := json.Unmarshal([]byte(settings["format"].(string)), &line); err != nil {
		t.Errorf("the access log's format is no JSON object: %v", err)
	}
	if _, leaks := line["apiKey"]; leaks || strings.Contains(settings["format"].(string), "identity.apiKey\"") {
		t.Error("the access log holds API keys")
	}
	method := r.One(t, "aws:apigateway/methodSettings:MethodSettings").Inputs["settings"].(map[string]any)
	if method["dataTraceEnabled"] != false || method["metricsEnabled"] != true || method["loggingLevel"] != "ERROR" {
		t.Errorf("method settings %v", method)
	}
}

func TestExecutionLogIsMadeBeforeTheStage(t *testing.T) {
	a := args()
	a.ExecutionLogKeyARN = pulumi.String("arn:key")
	r := componenttest.MustRun(t, "test", program(a), nil)
	found := false
	for _, group := range r.OfType("aws:cloudwatch/logGroup:LogGroup") {
		if group.Name != "pool-a-api-execution" {
			continue
		}
		found = true
		if group.Inputs["name"] != "API-Gateway-Execution-Logs_pool-a-api-api-id/live" || group.Inputs["retentionInDays"] != 30.0 || group.Inputs["kmsKeyId"] != "arn:key" {
			t.Errorf("log group %v", group.Inputs)
		}
	}
	if !found {
		t.Fatal("API Gateway makes the execution log by itself")
	}
	if matched, err := path.Match(apigateway.ExecutionLogGroups, "API-Gateway-Execution-Logs_abc/live"); err != nil || !matched {
		t.Errorf("%s does not stand for it: %v", apigateway.ExecutionLogGroups, err)
	}
	if d := registered(t, program(a))["aws:apigateway/stage:Stage"].GetDependencies(); !slices.ContainsFunc(d, func(urn string) bool { return strings.HasSuffix(urn, "::pool-a-api-execution") }) {
		t.Errorf("the stage depends on %v", d)
	}
}

// requests keeps what the engine is asked to register, by type.
type requests struct {
	mu   sync.Mutex
	made map[string]*pulumirpc.RegisterResourceRequest
}

func (q *requests) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return args.Args, nil
}

func (q *requests) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.made[args.TypeToken] = args.RegisterRPC
	return args.Name + "-id", args.Inputs, nil
}

func registered(t *testing.T, program pulumi.RunFunc) map[string]*pulumirpc.RegisterResourceRequest {
	t.Helper()
	q := &requests{made: map[string]*pulumirpc.RegisterResourceRequest{}}
	if err := pulumi.RunErr(program, pulumi.WithMocks("tenantform", "test", q)); err != nil {
		t.Fatal(err)
	}
	return q.made
}

func TestTheStageIsBehindTheFirewall(t *testing.T) {
	const association = "aws:wafv2/webAclAssociation:WebAclAssociation"
	a := args()
	if n := len(componenttest.MustRun(t, "test", program(a), nil).OfType(association)); n != 0 {
		t.Errorf("%d web ACLs that nobody asked for", n)
	}
	a.WebACLARN = pulumi.String("arn:acl")
	r := componenttest.MustRun(t, "test", program(a), nil)
	componenttest.Check(t, r)
	made := r.One(t, association).Inputs
	if made["webAclArn"] != "arn:acl" || made["resourceArn"] != "arn:recorded:aws:apigateway/stage:Stage:pool-a-api-stage" || len(made) != 2 {
		t.Errorf("association %v", made)
	}
	rpc := registered(t, program(a))
	if own, sdk := rpc[association].GetVersion(), rpc["aws:apigateway/restApi:RestApi"].GetVersion(); own != sdk {
		t.Errorf("the association asks for version %q of the provider, the SDK for %q", own, sdk)
	}
}

func TestProductionIsNoWeakerThanDev(t *testing.T) {
	in := func(environment string) map[string]any {
		a := args()
		a.Location.Environment, a.Tags.Environment = environment, environment
		all := map[string]any{}
		for _, res := range componenttest.MustRun(t, "test", program(a), nil).Custom() {
			delete(res.Inputs, "tags")
			all[res.Name] = res.Inputs
		}
		return all
	}
	if dev, production := in(location.Dev), in(location.Production); !reflect.DeepEqual(dev, production) {
		t.Errorf("dev %v\nproduction %v", dev, production)
	}
}

func TestUsagePlanHasTheTiersLimits(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args()), nil)
	plan := r.One(t, "aws:apigateway/usagePlan:UsagePlan").Inputs
	throttle, quota := plan["throttleSettings"].(map[string]any), plan["quotaSettings"].(map[string]any)
	if throttle["rateLimit"] != 5.0 || throttle["burstLimit"] != 10.0 || quota["limit"] != 1000.0 || quota["period"] != "MONTH" {
		t.Errorf("throttle %v, quota %v", throttle, quota)
	}
	if name := plan["name"]; name != "pool-a-free" {
		t.Errorf("called %v", name)
	}
}

func TestANewDefinitionIsDeployed(t *testing.T) {
	trigger := func(name string) any {
		a := args()
		a.Name = name
		r := componenttest.MustRun(t, "test", program(a), nil)
		return r.One(t, "aws:apigateway/deployment:Deployment").Inputs["triggers"].(map[string]any)["definition"]
	}
	if trigger("one") != trigger("one") {
		t.Error("the same definition is deployed again")
	}
	if trigger("one") == trigger("two") {
		t.Error("another definition is not deployed")
	}
}

func TestTenantKey(t *testing.T) {
	var key *apigateway.TenantKey
	r := componenttest.MustRun(t, "test", func(ctx *pulumi.Context) error {
		var err error
		key, err = apigateway.NewTenantKey(ctx, "acme-api", &apigateway.KeyArgs{
			Tags: componenttest.Tags(), Name: "acme-pool-a", UsagePlanID: pulumi.String("plan-1"),
		})
		return err
	}, nil)
	componenttest.Check(t, r)
	if !pulumi.IsSecret(key.Value) {
		t.Error("the key's value is not secret")
	}
	if got := r.One(t, "aws:apigateway/usagePlanKey:UsagePlanKey").Inputs; got["usagePlanId"] != "plan-1" || got["keyId"] != "acme-api-key-id" {
		t.Errorf("on the plan: %v", got)
	}
}

func TestAccountLogging(t *testing.T) {
	r := componenttest.MustRun(t, "test", func(ctx *pulumi.Context) error {
		_, err := apigateway.NewAccountLogging(ctx, "logging", &apigateway.AccountArgs{
			Location: componenttest.Location(), Tags: componenttest.Tags(), RoleName: "platform-api-logs",
		})
		return err
	}, nil)
	componenttest.Check(t, r)
	for _, s := range componenttest.Statements(t, r.One(t, "aws:iam/rolePolicy:RolePolicy").Inputs["policy"]) {
		for _, a := range s.Action {
			if !strings.HasPrefix(a, "logs:") || strings.Contains(a, "*") {
				t.Errorf("%s is allowed", a)
			}
		}
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*apigateway.Args)
		words  []string
	}{
		"no name":       {func(a *apigateway.Args) { a.Name = "" }, []string{"Name is missing"}},
		"no tiers":      {func(a *apigateway.Args) { a.Tiers = nil }, []string{"Tiers", "1 to 300"}},
		"same tier":     {func(a *apigateway.Args) { a.Tiers = append(a.Tiers, a.Tiers[0]) }, []string{"each tier once"}},
		"rate":          {func(a *apigateway.Args) { a.Tiers[0].RateLimit = 0 }, []string{"RateLimit", `"0"`, "more than 0"}},
		"burst":         {func(a *apigateway.Args) { a.Tiers[0].BurstLimit = -1 }, []string{"BurstLimit", `"-1"`}},
		"quota":         {func(a *apigateway.Args) { a.Tiers[0].MonthlyQuota = 0 }, []string{"MonthlyQuota", `"0"`}},
		"no user pools": {func(a *apigateway.Args) { a.Authorizer = &apigateway.Authorizer{} }, []string{"Authorizer.UserPoolARNs", "1 to 1000", "Routes is missing"}},
		"retention":     {func(a *apigateway.Args) { a.LogRetentionDays = 8 }, []string{"LogRetentionDays", `"8"`}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "apigateway", "pool-a-api")...)
		})
	}
}
