package policies

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/tenants"
)

var today = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const bucketURN = "urn:pulumi:tenant-acme::tenantform::tenantform:silo:Silo$aws:s3/bucketV2:BucketV2::acme-files"

// oneRule is a rule that objects to every resource whose name is not "fine".
func oneRule(changes ...string) fstest.MapFS {
	text := metadata + `findings contains {"urn": r.urn, "property": "p", "value": r.name, "message": "not fine", "unknown": false} if {
	some r in input.plan.resources
	r.name != "fine"
}
`
	return bundleOf(mainRego, strings.NewReplacer(changes...).Replace(text))
}

func decide(t *testing.T, o Options, environment string) Report {
	t.Helper()
	if o.Bundle == nil {
		o.Bundle = oneRule()
	}
	o.Now = func() time.Time { return today }
	e, err := New(t.Context(), &o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Evaluate(t.Context(), Input{
		Version: InputVersion, Subject: Subject{Environment: environment},
		Plan: plan.Plan{Project: "tenantform", Stack: "tenant-acme", Resources: []plan.Resource{
			{URN: bucketURN, Type: "aws:s3/bucketV2:BucketV2", Name: "acme-files", Operation: plan.OperationSame},
			{URN: "urn:other", Type: "a:b:c", Name: "fine", Operation: plan.OperationSame},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLevels(t *testing.T) {
	network := Setting{Category: "network", Environment: "dev", Level: LevelAdvisory}
	for name, c := range map[string]struct {
		bundle      fstest.MapFS
		settings    []Setting
		environment string
		allowed     bool
		findings    int
	}{
		"mandatory":                   {nil, nil, "dev", false, 1},
		"advisory in dev":             {nil, []Setting{network}, "dev", true, 1},
		"mandatory elsewhere":         {nil, []Setting{network}, "staging", false, 1},
		"the last setting wins":       {nil, []Setting{network, {Rule: "one", Level: LevelMandatory}}, "dev", false, 1},
		"advisory by the rule":        {oneRule("enforcement: mandatory", "enforcement: advisory"), nil, "production", true, 1},
		"in production only, dev":     {oneRule("enforcement: mandatory", "enforcement: production"), nil, "dev", true, 1},
		"in production":               {oneRule("enforcement: mandatory", "enforcement: production"), nil, "production", false, 1},
		"in production, in staging":   {oneRule("enforcement: mandatory", "enforcement: production"), nil, "staging", true, 1},
		"in production of any name":   {oneRule("enforcement: mandatory", "enforcement: production"), nil, "Prod", false, 1},
		"a name is production's":      {nil, []Setting{{Environment: "production", Level: LevelAdvisory}}, "live", true, 1},
		"in production when unknown":  {oneRule("enforcement: mandatory", "enforcement: production"), nil, "", false, 1},
		"disabled by a category":      {nil, []Setting{{Category: "network", Level: LevelDisabled}, {Rule: "one", Level: LevelAdvisory}}, "dev", true, 1},
		"exact, by a category":        {oneRule(`"yes"`, `"exact"`), []Setting{{Category: "network", Level: LevelDisabled}}, "dev", false, 1},
		"a category is not for never": {oneRule(`"yes"`, `"never"`), []Setting{network}, "dev", false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := decide(t, Options{Bundle: mapOr(c.bundle), Enforcement: Enforcement{Settings: c.settings}}, c.environment)
			if r.Allowed() != c.allowed || len(r.Findings) != c.findings || r.RulesRun != 1 || len(r.Rules) != 1 {
				t.Errorf("allowed %v, want %v: %+v", r.Allowed(), c.allowed, r)
			}
		})
	}
}

func mapOr(m fstest.MapFS) fstest.MapFS {
	if m == nil {
		return oneRule()
	}
	return m
}

func TestNothingIsLeftToRun(t *testing.T) {
	e, err := New(t.Context(), &Options{Bundle: oneRule(), Enforcement: Enforcement{Settings: []Setting{{Category: "network", Level: LevelDisabled}}}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Evaluate(t.Context(), onePlan())
	if err == nil || r.Allowed() || r.Findings[0].Rule != ReasonDisabled {
		t.Errorf("with every rule disabled: %+v, %v", r, err)
	}
}

// TestDisabledRulesDoNotCount tells of rules that were left out, and counts the
// others alone.
func TestDisabledRulesDoNotCount(t *testing.T) {
	second := strings.NewReplacer("rules.one", "rules.two", "category: network", "category: storage", `"yes"`, `"exact"`).Replace(metadata) + "findings := set()"
	own := []Own{{Name: "mine", FS: fstest.MapFS{"rules/two/rule.rego": {Data: []byte(second)}}}}
	for name, c := range map[string]struct {
		setting  Setting
		disabled int
	}{
		"by id":                  {Setting{Rule: "one", Level: LevelDisabled}, 1},
		"exact, by id":           {Setting{Rule: "two", Level: LevelDisabled}, 1},
		"by category":            {Setting{Category: "network", Level: LevelDisabled}, 1},
		"exact, by its category": {Setting{Category: "storage", Level: LevelDisabled}, 0},
	} {
		r := decide(t, Options{Own: own, Enforcement: Enforcement{Settings: []Setting{c.setting}}}, "dev")
		if len(r.Disabled()) != c.disabled || r.RulesRun != 2-c.disabled || len(r.Rules) != 2 {
			t.Errorf("%s: %d disabled and %d run: %+v", name, len(r.Disabled()), r.RulesRun, r.Rules)
		}
	}
}

func TestBadSettingsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		setting Setting
		word    string
	}{
		"level":       {Setting{Rule: "one", Level: "warn"}, "warn"},
		"rule":        {Setting{Rule: "two", Level: LevelAdvisory}, "two"},
		"category":    {Setting{Category: "sky", Level: LevelAdvisory}, "sky"},
		"environment": {Setting{Environment: "prod", Level: LevelAdvisory}, "prod"},
		"every rule":  {Setting{Level: LevelDisabled}, "a rule or a category"},
		"never":       {Setting{Rule: "one", Level: LevelDisabled}, "never waived"},
	} {
		t.Run(name, func(t *testing.T) {
			bundle := oneRule()
			if name == "never" {
				bundle = oneRule(`"yes"`, `"never"`)
			}
			_, err := New(t.Context(), &Options{Bundle: bundle, Enforcement: Enforcement{Settings: []Setting{c.setting}}})
			if err == nil || !strings.Contains(err.Error(), c.word) || !strings.Contains(err.Error(), "enforcement[0]") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestOwnRules(t *testing.T) {
	own := func(files map[string]string) []Own {
		m := fstest.MapFS{}
		for name, text := range files {
			m[name] = &fstest.MapFile{Data: []byte(text)}
		}
		return []Own{{Name: "mine", FS: m}}
	}
	second := strings.Replace(metadata, "rules.one", "rules.two", 1)
	r := decide(t, Options{Own: own(map[string]string{"rules/two/rule.rego": second + "findings := set()"})}, "dev")
	if r.RulesRun != 2 || r.Rules[1].Source != "mine" || r.Rules[0].Source != builtIn || r.Allowed() {
		t.Errorf("added: %+v", r)
	}
	r = decide(t, Options{Own: own(map[string]string{"rules/other/rule.rego": metadata + "findings := set()"})}, "dev")
	if r.RulesRun != 1 || r.Rules[0].Source != "mine" || !r.Allowed() || len(r.Replaced()) != 1 || r.Rules[0].Replaces != builtIn {
		t.Errorf("replaced: %+v", r)
	}
	for name, files := range map[string]map[string]string{
		"no rule":           {"lib/x/x.rego": "package x\ny := 1"},
		"the decision":      {"main.rego": mainRego, "rules/two/rule.rego": second + "findings := set()"},
		"does not compile":  {"rules/two/rule.rego": second + "findings := nothing.at_all"},
		"reaches out":       {"rules/two/rule.rego": second + `findings contains 1 if http.send({"method": "get", "url": "http://127.0.0.1"})`},
		"lacks metadata":    {"rules/two/rule.rego": "package tenantform.rules.two\nfindings := set()"},
		"is no Rego at all": {"rules/two/rule.rego": "{"},
	} {
		if _, err := New(t.Context(), &Options{Bundle: oneRule(), Own: own(files)}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestOwnRulesWeakenNothing holds rules of one's own to what may be replaced.
func TestOwnRulesWeakenNothing(t *testing.T) {
	second := strings.Replace(metadata, "rules.one", "rules.two", 1) + "findings := set()"
	for name, c := range map[string]struct {
		bundle []string // what is changed in the bundle's rule
		own    []string // and in the one that replaces it
		files  map[string]string
		want   string
	}{
		"never waived":             {bundle: []string{`"yes"`, `"never"`}, own: []string{`"yes"`, `"never"`}, want: "never waived and cannot be replaced"},
		"exact, then yes":          {bundle: []string{`"yes"`, `"exact"`}, want: `waivable is "yes"; allowed: exact or stricter`},
		"advisory":                 {own: []string{"enforcement: mandatory", "enforcement: advisory"}, want: `enforcement is "advisory"; allowed: mandatory or stricter`},
		"in production only":       {own: []string{"enforcement: mandatory", "enforcement: production"}, want: "mandatory or stricter"},
		"another scope":            {own: []string{"scope: resource", "scope: operation"}, want: `scope is "operation"; allowed: resource`},
		"another category":         {own: []string{"category: network", "category: storage"}, want: `category is "storage"; allowed: network`},
		"stricter":                 {bundle: []string{"enforcement: mandatory", "enforcement: advisory"}, own: []string{`"yes"`, `"exact"`}},
		"settings":                 {files: map[string]string{"tenantform/settings/data.json": `{"x": 1}`}, want: "below tenantform"},
		"settings in the root":     {files: map[string]string{"data.json": `{"tenantform": {"settings": {"x": 1}}}`}, want: "below tenantform"},
		"data of one's own":        {files: map[string]string{"mine/data.json": `{"x": 1}`}},
		"a library's own package":  {files: map[string]string{"lib/x.rego": "package tenantform\nx := 1"}, want: "of package tenantform, which holds"},
		"a package above the rule": {files: map[string]string{"lib/x.rego": "package tenantform.rules\none.findings contains 1 if false"}, want: "of package tenantform.rules, which holds"},
		"a library":                {files: map[string]string{"lib/x.rego": "package tenantform.lib.mine\nx := 1"}},
	} {
		m := fstest.MapFS{"rules/two/rule.rego": {Data: []byte(second)}}
		if len(c.files) == 0 {
			m["rules/other/rule.rego"] = &fstest.MapFile{Data: []byte(strings.NewReplacer(c.own...).Replace(metadata) + "findings := set()")}
		}
		for name, text := range c.files {
			m[name] = &fstest.MapFile{Data: []byte(text)}
		}
		_, err := New(t.Context(), &Options{Bundle: oneRule(c.bundle...), Own: []Own{{Name: "mine", FS: m}}})
		if (err == nil) != (c.want == "") || err != nil && (tenants.CodeOf(err) != tenants.CodeInvalid || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
