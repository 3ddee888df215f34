package tenants_test

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/tenants"
	"pgregory.net/rapid"
)

func catalogue() tenants.Catalogue {
	base := tenants.Tier{
		Name: "free", Model: tenants.ModelPool, Cell: "a", RateLimit: 5, BurstLimit: 10, MonthlyQuota: 1000,
		FunctionMemoryMB: 128, FunctionTimeoutSec: 10, FunctionConcurrent: 1, FunctionCount: 2, LogRetentionDays: 7,
	}
	premium := base
	premium.Name, premium.Model, premium.Cell = "premium", tenants.ModelSilo, ""
	return tenants.Catalogue{Tiers: []tenants.Tier{base, premium}}
}

func tenant() tenants.Tenant {
	return tenants.Tenant{
		ID: "acme", Name: "Acme Ltd", AdminEmail: "admin@acme.example", Tier: "free", Region: "eu-west-1", CostCenter: "cc-1",
		Status: tenants.StatusActive, Placements: []tenants.Placement{{Model: tenants.ModelPool, Cell: "a"}},
		Functions: []tenants.Function{{Name: "greeting", Runtime: "python3.13", Handler: "app.handler", Archive: "greeting",
			Layers: []string{"layer"}, Grants: []tenants.Grant{{Actions: []string{"s3:GetObject"}, Resources: []string{"arn:aws:s3:::b/*"}}},
			Tags: map[string]string{"team": "blue"}}},
	}
}

// check compares the fields that were refused with those that should be, each
// written "path=value".
func check(t *testing.T, got []tenants.FieldError, want ...string) {
	t.Helper()
	var lines []string
	for _, f := range got {
		lines = append(lines, f.Field+"="+f.Value)
		if f.Allowed == "" {
			t.Errorf("%s does not say what is allowed", f.Field)
		}
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("refused:\n%s\nwant:\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestTenantValidate(t *testing.T) {
	long := strings.Repeat("a", 300)
	tests := map[string]struct {
		change func(*tenants.Tenant)
		want   []string
	}{
		"fine":          {func(*tenants.Tenant) {}, nil},
		"new":           {func(t *tenants.Tenant) { t.Status, t.Placements, t.CostCenter = "", nil, "" }, nil},
		"zero":          {func(t *tenants.Tenant) { *t = tenants.Tenant{} }, []string{"id=", "name=", "adminEmail=", "tier=", "region="}},
		"name empty":    {func(t *tenants.Tenant) { t.Name = "" }, []string{"name="}},
		"name spaces":   {func(t *tenants.Tenant) { t.Name = " Acme" }, []string{"name= Acme"}},
		"name two rows": {func(t *tenants.Tenant) { t.Name = "a\nb" }, []string{"name=a\nb"}},
		"name 100":      {func(t *tenants.Tenant) { t.Name = strings.Repeat("é", 100) }, nil},
		"name 101":      {func(t *tenants.Tenant) { t.Name = strings.Repeat("é", 101) }, []string{"name=" + strings.Repeat("é", 101)}},
		"name not text": {func(t *tenants.Tenant) { t.Name = "a\xffb" }, []string{"name=a\xffb"}},
		"email none":    {func(t *tenants.Tenant) { t.AdminEmail = "" }, []string{"adminEmail="}},
		"email no at":   {func(t *tenants.Tenant) { t.AdminEmail = "acme.example" }, []string{"adminEmail=acme.example"}},
		"email no dot":  {func(t *tenants.Tenant) { t.AdminEmail = "root@localhost" }, []string{"adminEmail=root@localhost"}},
		"email named":   {func(t *tenants.Tenant) { t.AdminEmail = "A <a@b.example>" }, []string{"adminEmail=A <a@b.example>"}},
		"email header":  {func(t *tenants.Tenant) { t.AdminEmail = "a@b.example\r\nBcc: x@y.example" }, []string{"adminEmail=a@b.example\r\nBcc: x@y.example"}},
		"tier unknown":  {func(t *tenants.Tenant) { t.Tier = "gold" }, []string{"tier=gold"}},
		"region odd":    {func(t *tenants.Tenant) { t.Region = "Europe" }, []string{"region=Europe"}},
		"region long":   {func(t *tenants.Tenant) { t.Region = "us-northeasterly-1" }, []string{"region=us-northeasterly-1"}},
		"region gov":    {func(t *tenants.Tenant) { t.Region = "us-gov-west-1" }, nil},
		"region iso":    {func(t *tenants.Tenant) { t.Region = "us-isof-south-1" }, nil},
		"region eusc":   {func(t *tenants.Tenant) { t.Region = "eusc-de-east-1" }, nil},
		"cost centre":   {func(t *tenants.Tenant) { t.CostCenter = "a*b" }, []string{"costCenter=a*b"}},
		"status":        {func(t *tenants.Tenant) { t.Status = "sleeping" }, []string{"status=sleeping"}},
		"model":         {func(t *tenants.Tenant) { t.Placements[0].Model = "bridge" }, []string{"placements[0].model=bridge"}},
		"pool, no cell": {func(t *tenants.Tenant) { t.Placements[0].Cell = "" }, []string{"placements[0].cell="}},
		"silo, cell": {func(t *tenants.Tenant) { t.Placements[0] = tenants.Placement{Model: tenants.ModelSilo, Cell: "a"} },
			[]string{"placements[0].cell=a"}},
		"placed twice": {func(t *tenants.Tenant) { t.Placements = append(t.Placements, t.Placements[0]) }, []string{"placements[1]=pool/a"}},
		"in a move": {func(t *tenants.Tenant) {
			t.Placements = append(t.Placements, tenants.Placement{Model: tenants.ModelSilo})
		}, nil},
		"function missing": {func(t *tenants.Tenant) { t.Functions[0] = tenants.Function{} }, []string{"functions[0].name=", "functions[0].runtime=", "functions[0].handler=", "functions[0].archive="}},
		"function hyphen":  {func(t *tenants.Tenant) { t.Functions[0].Name = "send-mail" }, []string{"functions[0].name=send-mail"}},
		"function 24":      {func(t *tenants.Tenant) { t.Functions[0].Name = long[:24] }, nil},
		"function 25":      {func(t *tenants.Tenant) { t.Functions[0].Name = long[:25] }, []string{"functions." + long[:25] + ".name=" + long[:25]}},
		"function twice": {func(t *tenants.Tenant) { t.Functions = append(t.Functions, t.Functions[0]) },
			[]string{"functions[1].name=greeting"}},
		"functions many": {func(t *tenants.Tenant) {
			for _, name := range []string{"b", "c"} {
				f := t.Functions[0]
				f.Name = name
				t.Functions = append(t.Functions, f)
			}
		}, []string{"functions=3 functions"}},
		"runtime":       {func(t *tenants.Tenant) { t.Functions[0].Runtime = "Python 3" }, []string{"functions.greeting.runtime=Python 3"}},
		"runtime al":    {func(t *tenants.Tenant) { t.Functions[0].Runtime = "provided.al2023" }, nil},
		"handler space": {func(t *tenants.Tenant) { t.Functions[0].Handler = "a b" }, []string{"functions.greeting.handler=a b"}},
		"handler long":  {func(t *tenants.Tenant) { t.Functions[0].Handler = long[:129] }, []string{"functions.greeting.handler=" + long[:129]}},
		"layers":        {func(t *tenants.Tenant) { t.Functions[0].Layers = []string{"a", "b", "c", "d", "e", "f"} }, []string{"functions.greeting.layers=6 layers"}},
		"layer empty":   {func(t *tenants.Tenant) { t.Functions[0].Layers = []string{""} }, []string{"functions.greeting.layers[0]="}},
		"grant empty":   {func(t *tenants.Tenant) { t.Functions[0].Grants[0] = tenants.Grant{} }, []string{"functions.greeting.grants[0].actions=", "functions.greeting.grants[0].resources="}},
		"grant action":  {func(t *tenants.Tenant) { t.Functions[0].Grants[0].Actions[0] = "read" }, []string{"functions.greeting.grants[0].actions[0]=read"}},
		"grant arn":     {func(t *tenants.Tenant) { t.Functions[0].Grants[0].Resources[0] = "bucket" }, []string{"functions.greeting.grants[0].resources[0]=bucket"}},
		"grant of all": {func(t *tenants.Tenant) {
			t.Functions[0].Grants[0] = tenants.Grant{Actions: []string{"*"}, Resources: []string{"*"}}
		}, nil},
		"tag required": {func(t *tenants.Tenant) { t.Functions[0].Tags["Tenant-Id"] = "birch" }, []string{"functions.greeting.tags=Tenant-Id"}},
		"tag aws":      {func(t *tenants.Tenant) { t.Functions[0].Tags["aws:x"] = "y" }, []string{"functions.greeting.tags=aws:x"}},
		"tag key":      {func(t *tenants.Tenant) { t.Functions[0].Tags[long] = "y" }, []string{"functions.greeting.tags=" + long}},
		"tag value":    {func(t *tenants.Tenant) { t.Functions[0].Tags["team"] = long }, []string{"functions.greeting.tags.team=" + long}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := tenant()
			tt.change(&v)
			check(t, v.Validate(catalogue()), tt.want...)
		})
	}
}

func TestValidateID(t *testing.T) {
	good := []string{"abc", "a1b", "acme", "acme-eu", "a-b-c", "pools", "poolside", "platforms-eu", strings.Repeat("a", 28),
		"silo", "data", "work-shop", "data-eu", "acme-database", "acme-workshop", "acme-pools", "sgs", "acme-sg", "sthrees", "amzn-s3"}
	bad := []string{"", "ab", strings.Repeat("a", 29), "Acme", "1abc", "-abc", "abc-", "a--b", "a_b", "a.b", "a/b", "../x", "ac me", "acmé", "abc\n",
		"shared", "pool", "platform", "tenantform", "pool-a", "platform-x", "shared-x", "tenantform-deployer",
		"acme-silo", "acme-data", "acme-work", "acme-logs", "acme-logs-1", "acme-pool", "acme-pool-a", "acme-silo-eu", "acme-eu-data-1", "silo-silo", "a-b-c-work",
		"sg-acme", "sthree", "sthree-x", "amzn-s3-demo", "amzn-s3-demo-x"}
	for _, id := range good {
		check(t, tenants.ValidateID("id", id))
	}
	for _, id := range bad {
		check(t, tenants.ValidateID("tenants[0].id", id), "tenants[0].id="+id)
	}
}

// TestWhyAnIDIsRefused wants the word that is in the way, and whose it is.
func TestWhyAnIDIsRefused(t *testing.T) {
	for id, words := range map[string][]string{
		"platform-x":     {"platform", "shared resources"},
		"sthree-x":       {"sthree", "bucket"},
		"sg-x":           {"sg", "security group"},
		"acme-eu-silo-x": {"word silo", "tenant acme-eu would"},
	} {
		faults := tenants.ValidateID("id", id)
		for _, w := range words {
			if len(faults) != 1 || !strings.Contains(faults[0].Allowed, w) {
				t.Errorf("%s: %v, want one that says %q", id, faults, w)
			}
		}
	}
}

func TestValidateCell(t *testing.T) {
	for _, cell := range []string{"a", "1", "eu-1", "pools", "silo", "data"} {
		check(t, tenants.ValidateCell("cell", cell))
	}
	for _, cell := range []string{"", "A", "a--b", "-a", strings.Repeat("a", 21), "pool", "b-pool-a"} {
		check(t, tenants.ValidateCell("cell", cell), "cell="+cell)
	}
}

// TestNamesAreOneTenants takes names apart as a reader does, by the first mark,
// and gets back who has them: no two tenants, and no two cells, have one name.
func TestNamesAreOneTenants(t *testing.T) {
	word := rapid.SampledFrom([]string{"a", "b", "pool", "silo", "data", "work", "logs"})
	text := func(t *rapid.T, label string) string {
		return strings.Join(rapid.SliceOfN(word, 1, 4).Draw(t, label), "-")
	}
	first := regexp.MustCompile(`^(.+?)-(silo|pool|data|work|logs)(-|$)`)
	rapid.Check(t, func(t *rapid.T) {
		id, cell := "t"+text(t, "id"), text(t, "cell")
		if tenants.ValidateID("id", id) != nil || tenants.ValidateCell("cell", cell) != nil {
			t.Skip("refused")
		}
		for _, rest := range []string{"silo", "silo-worker", "data-111111111111-eu-west-1", "work-111111111111-eu-west-1", "logs-111111111111-eu-west-1", tenants.PoolStackName(cell)} {
			if m := first.FindStringSubmatch(id + "-" + rest); m == nil || m[1] != id {
				t.Fatalf("%s of tenant %s reads as that of %v", id+"-"+rest, id, m)
			}
		}
	})
}

// TestNamesFit checks the sum that MaxIDLength comes from with ids, functions
// and regions that validation accepts.
func TestNamesFit(t *testing.T) {
	bucket := regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
	lambda := regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)
	id := rapid.OneOf(rapid.StringMatching(`[a-z][a-z0-9-]{2,32}`), rapid.String())
	function := rapid.OneOf(rapid.StringMatching(`[a-z][a-z0-9_]{0,30}`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		v, name := id.Draw(t, "id"), function.Draw(t, "function")
		if tenants.ValidateID("id", v) != nil {
			t.Skip("refused")
		}
		for _, region := range []string{"eu-west-1", "us-isof-south-1", "ap-northeasts-01"} {
			if tenants.ValidateRegion("region", region) != nil {
				t.Fatalf("%s is refused", region)
			}
			if b := v + "-data-123456789012-" + region; !bucket.MatchString(b) {
				t.Fatalf("%s is no bucket's name", b)
			}
		}
		f := tenants.Function{Name: name, Runtime: "python3.13", Handler: "a.b", Archive: "a"}
		if f.Validate("f") == nil {
			full := v + "-" + name
			if !lambda.MatchString(full) {
				t.Fatalf("%s is no function's name", full)
			}
			if full[:strings.LastIndex(full, "-")] != v {
				t.Fatalf("%s could belong to another tenant than %s", full, v)
			}
		}
	})
}

func TestCatalogueValidate(t *testing.T) {
	set := func(change func(*tenants.Tier)) func(*tenants.Catalogue) {
		return func(c *tenants.Catalogue) { change(&c.Tiers[0]) }
	}
	tests := map[string]struct {
		change func(*tenants.Catalogue)
		want   []string
	}{
		"fine":         {func(*tenants.Catalogue) {}, nil},
		"empty":        {func(c *tenants.Catalogue) { c.Tiers = nil }, []string{"tiers="}},
		"twice":        {func(c *tenants.Catalogue) { c.Tiers[1].Name = "free" }, []string{"tiers[1].name=free"}},
		"name":         {set(func(t *tenants.Tier) { t.Name = "Free Tier" }), []string{"tiers[0].name=Free Tier"}},
		"name none":    {set(func(t *tenants.Tier) { t.Name = "" }), []string{"tiers[0].name="}},
		"name taken":   {set(func(t *tenants.Tier) { t.Name = "shared" }), []string{"tiers.shared.name=shared"}},
		"model":        {set(func(t *tenants.Tier) { t.Model = "bridge" }), []string{"tiers.free.model=bridge"}},
		"cell missing": {set(func(t *tenants.Tier) { t.Cell = "" }), []string{"tiers.free.cell="}},
		"cell odd":     {set(func(t *tenants.Tier) { t.Cell = "A/b" }), []string{"tiers.free.cell=A/b"}},
		"cell long":    {set(func(t *tenants.Tier) { t.Cell = strings.Repeat("a", 21) }), []string{"tiers.free.cell=" + strings.Repeat("a", 21)}},
		"silo's cell":  {func(c *tenants.Catalogue) { c.Tiers[1].Cell = "a" }, []string{"tiers.premium.cell=a"}},
		"rate zero":    {set(func(t *tenants.Tier) { t.RateLimit = 0 }), []string{"tiers.free.rateLimit=0"}},
		"rate part":    {set(func(t *tenants.Tier) { t.RateLimit = 0.5 }), nil},
		"rate less":    {set(func(t *tenants.Tier) { t.RateLimit = -5 }), []string{"tiers.free.rateLimit=-5"}},
		"rate nan":     {set(func(t *tenants.Tier) { t.RateLimit = math.NaN() }), []string{"tiers.free.rateLimit=NaN"}},
		"rate inf":     {set(func(t *tenants.Tier) { t.RateLimit = math.Inf(1) }), []string{"tiers.free.rateLimit=+Inf"}},
		"burst zero":   {set(func(t *tenants.Tier) { t.BurstLimit = 0 }), []string{"tiers.free.burstLimit=0"}},
		"burst low":    {set(func(t *tenants.Tier) { t.BurstLimit = 4 }), []string{"tiers.free.burstLimit=4"}},
		"budget":       {set(func(t *tenants.Tier) { t.MonthlyBudgetUSD = -1 }), []string{"tiers.free.monthlyBudgetUSD=-1"}},
		"high budget":  {set(func(t *tenants.Tier) { t.MonthlyBudgetUSD = 2e7 }), []string{"tiers.free.monthlyBudgetUSD=2e+07"}},
		"pool's plan":  {set(func(t *tenants.Tier) { t.ThreatProtection = true }), []string{"tiers.free.threatProtection=true"}},
		"quota":        {set(func(t *tenants.Tier) { t.MonthlyQuota = -1 }), []string{"tiers.free.monthlyQuota=-1"}},
		"memory low":   {set(func(t *tenants.Tier) { t.FunctionMemoryMB = 127 }), []string{"tiers.free.functionMemoryMB=127"}},
		"memory most":  {set(func(t *tenants.Tier) { t.FunctionMemoryMB = 10240 }), nil},
		"memory high":  {set(func(t *tenants.Tier) { t.FunctionMemoryMB = 10241 }), []string{"tiers.free.functionMemoryMB=10241"}},
		"timeout low":  {set(func(t *tenants.Tier) { t.FunctionTimeoutSec = 0 }), []string{"tiers.free.functionTimeoutSec=0"}},
		"timeout high": {set(func(t *tenants.Tier) { t.FunctionTimeoutSec = 901 }), []string{"tiers.free.functionTimeoutSec=901"}},
		"concurrency":  {set(func(t *tenants.Tier) { t.FunctionConcurrent = 0 }), []string{"tiers.free.functionConcurrency=0"}},
		"count":        {set(func(t *tenants.Tier) { t.FunctionCount = 0 }), []string{"tiers.free.functionCount=0"}},
		"sum at limit": {set(func(t *tenants.Tier) { t.FunctionConcurrent, t.FunctionCount = 450, 2 }), nil},
		"sum":          {set(func(t *tenants.Tier) { t.FunctionConcurrent, t.FunctionCount = 451, 2 }), []string{"tiers.free.functionConcurrency=451"}},
		"sum overflow": {set(func(t *tenants.Tier) { t.FunctionConcurrent, t.FunctionCount = math.MaxInt32, math.MaxInt32 }), []string{"tiers.free.functionConcurrency=2147483647"}},
		"limit raised": {func(c *tenants.Catalogue) {
			c.ConcurrencyLimit = 5000
			c.Tiers[0].FunctionConcurrent, c.Tiers[0].FunctionCount = 10, 490
		}, nil},
		"limit odd":  {func(c *tenants.Catalogue) { c.ConcurrencyLimit = 100 }, []string{"concurrencyLimit=100"}},
		"retention":  {set(func(t *tenants.Tier) { t.LogRetentionDays = 8 }), []string{"tiers.free.logRetentionDays=8"}},
		"retention0": {set(func(t *tenants.Tier) { t.LogRetentionDays = 0 }), []string{"tiers.free.logRetentionDays=0"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := catalogue()
			tt.change(&c)
			check(t, c.Validate(), tt.want...)
		})
	}
}

func TestCatalogueTier(t *testing.T) {
	c := catalogue()
	if got, err := c.Tier("premium"); err != nil || got.Placement() != (tenants.Placement{Model: tenants.ModelSilo}) {
		t.Errorf("Tier(premium) = %+v, %v", got, err)
	}
	if got, err := c.Tier("free"); err != nil || got.Placement().String() != "pool/a" {
		t.Errorf("Tier(free) = %+v, %v", got, err)
	}
	_, err := c.Tier("gold")
	if tenants.CodeOf(err) != tenants.CodeInvalid || !strings.Contains(err.Error(), "free, premium") {
		t.Errorf("Tier(gold): %v, want an invalid error that names the tiers", err)
	}
}

func TestFieldErrorIsOneLine(t *testing.T) {
	f := tenants.FieldError{Source: "tenants.yaml:3", Field: "tenants[0].name", Value: "a\n" + strings.Repeat("b", 500), Allowed: "less"}
	line := f.String()
	if strings.Contains(line, "\n") || len(line) > 250 || !strings.HasPrefix(line, `tenants.yaml:3: tenants[0].name is "a\nbbb`) {
		t.Errorf("%s", line)
	}
	f = tenants.FieldError{Field: "tier", Allowed: "one of free"}
	if got := f.String(); got != "tier is missing; allowed: one of free" {
		t.Errorf("%s", got)
	}
}

func TestErrorCodes(t *testing.T) {
	if tenants.Invalid() != nil {
		t.Error("Invalid without fields is an error")
	}
	cause := fmt.Errorf("disk full")
	err := fmt.Errorf("while saving: %w", tenants.Errorf(tenants.CodeUnavailable, "cannot write: %w", cause))
	if tenants.CodeOf(err) != tenants.CodeUnavailable || tenants.CodeOf(cause) != tenants.CodeInternal || tenants.CodeOf(nil) != "" {
		t.Errorf("codes: %q %q %q", tenants.CodeOf(err), tenants.CodeOf(cause), tenants.CodeOf(nil))
	}
	if got := (&tenants.Error{}).Error(); got != "internal" {
		t.Errorf("the zero error says %q", got)
	}
}
