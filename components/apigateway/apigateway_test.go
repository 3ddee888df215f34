package apigateway_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/apigateway"
	"github.com/tenantform/tenantform/components/componenttest"
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

func TestEveryMethodAsksForIAMAndAKey(t *testing.T) {
	r := componenttest.MustRun(t, "test", program(args()), nil)
	componenttest.Check(t, r)
	var doc struct {
		Paths      map[string]map[string]struct{ Security []map[string][]string }
		Components struct{ SecuritySchemes map[string]map[string]string }
	}
	body := r.One(t, "aws:apigateway/restApi:RestApi").Inputs["body"].(string)
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Paths) == 0 {
		t.Error("no paths")
	}
	for path, methods := range doc.Paths {
		for method, m := range methods {
			if len(m.Security) != 1 || m.Security[0]["sigv4"] == nil || m.Security[0]["apiKey"] == nil {
				t.Errorf("%s %s asks for %v", method, path, m.Security)
			}
		}
	}
	if got := doc.Components.SecuritySchemes["sigv4"]["x-amazon-apigateway-authtype"]; got != "awsSigv4" {
		t.Errorf("sigv4 is %q", got)
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
		"no name":   {func(a *apigateway.Args) { a.Name = "" }, []string{"Name is missing"}},
		"no tiers":  {func(a *apigateway.Args) { a.Tiers = nil }, []string{"Tiers", "1 to 300"}},
		"same tier": {func(a *apigateway.Args) { a.Tiers = append(a.Tiers, a.Tiers[0]) }, []string{"each tier once"}},
		"rate":      {func(a *apigateway.Args) { a.Tiers[0].RateLimit = 0 }, []string{"RateLimit", `"0"`, "more than 0"}},
		"burst":     {func(a *apigateway.Args) { a.Tiers[0].BurstLimit = -1 }, []string{"BurstLimit", `"-1"`}},
		"quota":     {func(a *apigateway.Args) { a.Tiers[0].MonthlyQuota = 0 }, []string{"MonthlyQuota", `"0"`}},
		"retention": {func(a *apigateway.Args) { a.LogRetentionDays = 0 }, []string{"LogRetentionDays"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := args()
			c.change(a)
			r, err := componenttest.Run("test", program(a), nil)
			componenttest.Refused(t, r, err, append(c.words, "apigateway", "pool-a-api")...)
		})
	}
}
