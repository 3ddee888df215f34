package stacks_test

import (
	"archive/zip"
	"cmp"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
)

const (
	core      = "111111111111"
	functions = "222222222222"
)

func settings() stacks.Settings {
	return stacks.Settings{Environment: "dev", Region: "eu-west-1", AccountID: core, FunctionsAccountID: functions}
}

// others are the stacks that programs read.
func others() componenttest.Stacks {
	return componenttest.Stacks{
		"organization/tenantform/pool-a": {
			"keyArn": "arn:key", "userPoolId": "users-1", "userPoolClientId": "client-1", "apiEndpoint": "https://api",
			"usagePlanIds": map[string]any{"free": "plan-free", "standard": "plan-standard"},
		},
		"organization/tenantform/platform": {
			"functionsVpcId": "vpc-1", "functionsSubnetIds": []any{"subnet-1", "subnet-2"},
			"codeSigningConfigArn": "arn:signing", "functionsLogKeyArn": "arn:logs",
		},
	}
}

func pooled() stacks.Placement {
	tier := componenttest.Tier(tenants.ModelPool)
	return stacks.Placement{Placement: tier.Placement(), Tier: tier}
}

func siloed() stacks.Placement {
	tier := componenttest.Tier(tenants.ModelSilo)
	return stacks.Placement{Placement: tier.Placement(), Tier: tier}
}

func tenant(placements ...stacks.Placement) stacks.TenantSpec {
	return stacks.TenantSpec{Settings: settings(), TenantID: "acme", Name: "Acme", CostCenter: "cc-7", Placements: placements}
}

func archive(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "code.zip")
	if err := os.WriteFile(path, []byte("PK"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func functionsSpec(t *testing.T) stacks.FunctionsSpec {
	return stacks.FunctionsSpec{
		Settings: settings(), TenantID: "acme", CostCenter: "cc-7", Tier: componenttest.Tier(tenants.ModelPool),
		Functions: []tenants.Function{{
			Name: "score", Runtime: "python3.13", Handler: "index.handler", Archive: archive(t), Tags: map[string]string{"team": "blue"},
		}},
	}
}

func poolSpec() stacks.PoolSpec {
	return stacks.PoolSpec{Settings: settings(), Cell: "a", Tiers: []tenants.Tier{componenttest.Tier(tenants.ModelPool)}}
}

// program is a stack's program with what its resources must carry.
type program struct {
	stack    string
	run      pulumi.RunFunc
	accounts []string
	tenant   string
	most     int // resources, with the stack, its components, providers and references
}

func all(t *testing.T) map[string]program {
	return map[string]program{
		"platform":       {"platform", stacks.Platform(stacks.PlatformSpec{Settings: settings()}), []string{core, functions}, tags.Shared, 95},
		"pool":           {"pool-a", stacks.Pool(poolSpec()), []string{core}, tags.Shared, 20},
		"pooled tenant":  {"tenant-acme", stacks.Tenant(tenant(pooled())), []string{core}, "acme", 18},
		"siloed tenant":  {"tenant-acme", stacks.Tenant(tenant(siloed())), []string{core}, "acme", 78},
		"tenant in move": {"tenant-acme", stacks.Tenant(tenant(pooled(), siloed())), []string{core}, "acme", 94},
		"functions":      {"functions-acme", stacks.Functions(functionsSpec(t)), []string{functions}, "acme", 16},
	}
}

func TestProgramsKeepTheRulesOfEveryResource(t *testing.T) {
	for name, p := range all(t) {
		t.Run(name, func(t *testing.T) {
			r := componenttest.MustRun(t, p.stack, p.run, others())
			componenttest.Check(t, r)
			references := 0
			if strings.Contains(name, "pooled") || strings.Contains(name, "move") || name == "functions" {
				references = 1
			}
			n := len(r.Resources) + references + 1 // and the stack itself
			t.Logf("%d resources, %d of AWS", n, len(r.Custom()))
			if n > p.most {
				t.Errorf("%d resources, want at most %d", n, p.most)
			}
			allowed := accountsOf(r)
			if !slices.Equal(slices.Sorted(maps.Keys(allowed)), p.accounts) {
				t.Errorf("accounts %v, want %v", allowed, p.accounts)
			}
			for _, res := range r.Custom() {
				if res.Provider == "" {
					t.Errorf("%s %s has the default provider", res.Type, res.Name)
				}
				got, ok := res.Inputs["tags"].(map[string]any)
				if ok && got["tenant-id"] != p.tenant {
					t.Errorf("%s %s is of tenant %v, want %s", res.Type, res.Name, got["tenant-id"], p.tenant)
				}
			}
			for _, id := range physicalNames(r) {
				if !ownedBy(id, p.tenant) {
					t.Errorf("the physical name %q does not begin with its owner's", id)
				}
			}
		})
	}
}

// accountsOf gives the providers' accounts and how each is reached.
func accountsOf(r *componenttest.Recording) map[string]any {
	accounts := map[string]any{}
	for _, p := range r.OfType("pulumi:providers:aws") {
		for _, id := range list(p.Inputs["allowedAccountIds"]) {
			accounts[id] = p.Inputs["assumeRole"]
		}
	}
	return accounts
}

// list gives a list of text; a provider's is recorded as JSON.
func list(v any) []string {
	switch v := v.(type) {
	case string:
		return strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(`[]", `, r) })
	case []any:
		var out []string
		for _, e := range v {
			out = append(out, e.(string))
		}
		return out
	}
	return nil
}

// physicalNames gives the names that resources have in AWS. Inline policies and
// groups are named within something else.
func physicalNames(r *componenttest.Recording) []string {
	var names []string
	for _, res := range r.Custom() {
		switch res.Type {
		case "aws:iam/rolePolicy:RolePolicy", "aws:lambda/alias:Alias", "aws:kms/grant:Grant", "aws:cloudwatch/logStream:LogStream":
			continue
		}
		for _, key := range []string{"name", "bucket", "layerName"} {
			// API Gateway names its log group after the API's id.
			if n, ok := res.Inputs[key].(string); ok && !strings.HasSuffix(n, "-id") && !strings.HasPrefix(n, "API-Gateway-Execution-Logs_") {
				names = append(names, n)
			}
		}
	}
	return names
}

func ownedBy(name, tenant string) bool {
	for _, prefix := range []string{"alias/", "/aws/lambda/", "/aws/kinesisfirehose/"} {
		name = strings.TrimPrefix(name, prefix)
	}
	if tenant == tags.Shared {
		return strings.HasPrefix(name, "pool-a") || strings.HasPrefix(name, "platform-") || name == stacks.DefaultSigningProfile
	}
	return name == tenant || strings.HasPrefix(name, tenant+"-")
}

func TestFunctionsAccountIsReachedByARole(t *testing.T) {
	r := componenttest.MustRun(t, "functions-acme", stacks.Functions(functionsSpec(t)), others())
	role, _ := accountsOf(r)[functions].(map[string]any)
	if role["roleArn"] != "arn:aws:iam::222222222222:role/tenantform-deployer" {
		t.Errorf("assumed: %v", accountsOf(r))
	}
	f := r.One(t, "aws:lambda/function:Function")
	if f.Inputs["name"] != "acme-score" || f.Inputs["memorySize"] != 128.0 || f.Inputs["reservedConcurrentExecutions"] != 1.0 {
		t.Errorf("function %v", f.Inputs)
	}
	if got := f.Inputs["tags"].(map[string]any)["team"]; got != "blue" {
		t.Errorf("tag team: %v", got)
	}
}

func TestProductionTakesSignedCode(t *testing.T) {
	signed := filepath.Join(t.TempDir(), "signed.zip")
	file, err := os.Create(signed)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(file)
	if _, err := z.Create("META-INF/aws_signer_signature_v1.0.SF"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(z.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*stacks.FunctionsSpec)
		config any
		words  string
	}{
		"dev":                 {func(*stacks.FunctionsSpec) {}, nil, ""},
		"production":          {func(s *stacks.FunctionsSpec) { s.Environment, s.Functions[0].Archive = "production", signed }, "arn:signing", ""},
		"production, no sign": {func(s *stacks.FunctionsSpec) { s.Environment = "production" }, nil, "AWS Signer has signed"},
		"waived":              {func(s *stacks.FunctionsSpec) { s.Environment, s.Unsigned = "production", true }, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := functionsSpec(t)
			c.change(&s)
			r, err := componenttest.Run("functions-acme", stacks.Functions(s), others())
			if c.words != "" {
				if err == nil || !strings.Contains(err.Error(), c.words) {
					t.Errorf("the error does not say %q: %v", c.words, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := r.One(t, "aws:lambda/function:Function").Inputs["codeSigningConfigArn"]; got != c.config {
				t.Errorf("signing is asked for by %v", got)
			}
		})
	}
}

func TestPlacementReadsThePool(t *testing.T) {
	r := componenttest.MustRun(t, "tenant-acme", stacks.Tenant(tenant(pooled())), others())
	if got := r.One(t, "aws:apigateway/usagePlanKey:UsagePlanKey").Inputs["usagePlanId"]; got != "plan-free" {
		t.Errorf("usage plan %v", got)
	}
	if told, _ := r.One(t, "aws:cloudwatch/metricAlarm:MetricAlarm").Inputs["alarmActions"].([]any); len(told) != 1 || told[0] != "arn:aws:sns:eu-west-1:111111111111:platform-alerts" {
		t.Errorf("the alarm tells %v", told)
	}
	if got := r.One(t, "aws:cognito/userGroup:UserGroup").Inputs["userPoolId"]; got != "users-1" {
		t.Errorf("user pool %v", got)
	}
}

func TestAPoolThatLacksSomethingIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(componenttest.Stacks)
		words  []string
	}{
		"no key":  {func(s componenttest.Stacks) { delete(s["organization/tenantform/pool-a"], "keyArn") }, []string{"pool-a", "keyArn"}},
		"no tier": {func(s componenttest.Stacks) { s["organization/tenantform/pool-a"]["usagePlanIds"] = map[string]any{} }, []string{"pool-a", "tier free"}},
		"no pool": {func(s componenttest.Stacks) { delete(s, "organization/tenantform/pool-a") }, []string{"pool-a"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := others()
			c.change(s)
			_, err := componenttest.Run("tenant-acme", stacks.Tenant(tenant(pooled())), s)
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error does not say %q: %v", w, err)
				}
			}
		})
	}
}

func TestATenantKeepsItsIDAndTagsInAMove(t *testing.T) {
	before := componenttest.MustRun(t, "tenant-acme", stacks.Tenant(tenant(pooled())), others())
	after := componenttest.MustRun(t, "tenant-acme", stacks.Tenant(tenant(siloed())), others())
	value := func(r *componenttest.Recording, key string) any {
		return r.OfType("aws:apigateway/apiKey:ApiKey")[0].Inputs["tags"].(map[string]any)[key]
	}
	for _, key := range []string{"tenant-id", "cost-center", "environment", "managed-by", "service"} {
		if value(before, key) != value(after, key) {
			t.Errorf("%s was %v and is %v", key, value(before, key), value(after, key))
		}
	}
	if value(before, "tier") != "free" || value(after, "tier") != "premium" || value(before, "model") != "pool" || value(after, "model") != "silo" {
		t.Error("tier and model do not follow the move")
	}
	// What a placement makes has the same URN whether it is alone or not: a move replaces nothing.
	both := componenttest.MustRun(t, "tenant-acme", stacks.Tenant(tenant(pooled(), siloed())), others())
	have := map[string]bool{}
	for _, res := range both.Custom() {
		have[res.Parent+" "+res.Type+" "+res.Name] = true
	}
	for _, r := range []*componenttest.Recording{before, after} {
		for _, res := range r.Custom() {
			if !have[res.Parent+" "+res.Type+" "+res.Name] {
				t.Errorf("%s %s is another resource while the tenant moves", res.Type, res.Name)
			}
		}
	}
}

func TestPoolProtection(t *testing.T) {
	protected := func(change func(*stacks.PoolSpec)) any {
		s := poolSpec()
		change(&s)
		r := componenttest.MustRun(t, "pool-a", stacks.Pool(s), nil)
		return r.One(t, "aws:dynamodb/table:Table").Inputs["deletionProtectionEnabled"]
	}
	for name, c := range map[string]struct {
		change func(*stacks.PoolSpec)
		want   bool
	}{
		"dev":                 {func(*stacks.PoolSpec) {}, false},
		"a tier asks for it":  {func(s *stacks.PoolSpec) { s.Tiers[0].DeletionProtection = true }, true},
		"production":          {func(s *stacks.PoolSpec) { s.Environment = "production" }, true},
		"released, a tier":    {func(s *stacks.PoolSpec) { s.Tiers[0].DeletionProtection, s.Released = true, true }, false},
		"released production": {func(s *stacks.PoolSpec) { s.Environment, s.Released = "production", true }, false},
	} {
		if got := protected(c.change); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestNoOtherTenantReadsInANamesBeginning takes each name that the tenant's
// programs make after its id: the id and the next word are no other tenant's id,
// or, where the word is a function's name, make other names.
func TestNoOtherTenantReadsInANamesBeginning(t *testing.T) {
	spec := tenant(pooled(), siloed())
	spec.PlatformRegion = "eu-central-1" // with a bucket of the silo's own for logs
	r := componenttest.MustRun(t, "tenant-acme", stacks.Tenant(spec), others())
	seen := map[string]bool{}
	for _, name := range physicalNames(r) {
		rest, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimPrefix(name, "alias/"), "/aws/lambda/"), "acme-")
		if !ok {
			continue
		}
		word, _, _ := strings.Cut(strings.NewReplacer("/", "-", ".", "-").Replace(rest), "-")
		seen[word] = true
		for _, id := range []string{"acme-" + word, "acme-" + word + "-eu", "acme-eu-" + word} {
			if tenants.ValidateID("id", id) == nil {
				t.Errorf("%s is acme's, and may be an id too: %s", id, name)
			}
		}
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, []string{"data", "logs", "pool", "silo", "work"}) {
		t.Errorf("the words behind the id are %v", got)
	}
}

// TestFunctionsOfTwoTenantsHaveOtherNames: the code of "acme" and that of
// "acme-score" share an account, and a function of the first has the second's id.
func TestFunctionsOfTwoTenantsHaveOtherNames(t *testing.T) {
	names := func(id, function, layer string) map[string]bool {
		path := filepath.Join(t.TempDir(), layer+".zip")
		if err := os.WriteFile(path, []byte("PK"), 0o600); err != nil {
			t.Fatal(err)
		}
		spec := functionsSpec(t)
		spec.TenantID, spec.Functions[0].Name, spec.Functions[0].Layers = id, function, []string{path}
		r := componenttest.MustRun(t, "functions-"+id, stacks.Functions(spec), others())
		made := map[string]bool{}
		for _, res := range r.Custom() {
			if n, ok := cmp.Or(res.Inputs["name"], res.Inputs["layerName"]).(string); ok && res.Type != "aws:iam/rolePolicy:RolePolicy" && res.Type != "aws:lambda/alias:Alias" {
				made[res.Type+" "+n] = true
			}
		}
		return made
	}
	one, other := names("acme", "score", "tax-rates"), names("acme-score", "tax", "rates")
	if len(one) < 6 {
		t.Errorf("the names are %v", one)
	}
	for name := range one {
		if other[name] {
			t.Errorf("two tenants have %s", name)
		}
	}
}
