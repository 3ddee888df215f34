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

func waiver(change func(*Waiver)) Waiver {
	w := Waiver{Rule: "one", Stack: "tenant-*", Resource: "aws:s3/bucketV2:BucketV2 acme-*", Reason: "until the move is finished",
		Owner: "storage team", Expires: today.AddDate(0, 1, 0), Source: "waivers.yaml:3"}
	if change != nil {
		change(&w)
	}
	return w
}

func TestWaivers(t *testing.T) {
	for name, c := range map[string]struct {
		waiver  Waiver
		allowed bool
		told    string // rule of the finding about the waiver
		used    int    // findings excused; -1: the waiver is not for this stack
	}{
		"by type and name": {waiver(nil), true, "", 1},
		"by URN":           {waiver(func(w *Waiver) { w.Stack, w.Resource = "tenant-acme", bucketURN }), true, "", 1},
		"another stack":    {waiver(func(w *Waiver) { w.Stack = "pool-*" }), false, "", -1},
		"another resource": {waiver(func(w *Waiver) { w.Resource = "* beta-files" }), false, WaiverUnused, 0},
		"no prefix of it":  {waiver(func(w *Waiver) { w.Resource = "aws:s3/bucketV2:BucketV2 acme" }), false, WaiverUnused, 0},
		"expired":          {waiver(func(w *Waiver) { w.Expires = today }), false, WaiverExpired, 0},
		"on its last day":  {waiver(func(w *Waiver) { w.Expires = today.Add(time.Second) }), true, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := decide(t, Options{Waivers: []Waiver{c.waiver}}, "production")
			if r.Allowed() != c.allowed {
				t.Errorf("allowed %v, want %v: %+v", r.Allowed(), c.allowed, r.Findings)
			}
			told := ""
			for _, f := range r.Findings {
				if f.Rule != "one" {
					told = f.Rule
				}
			}
			if told != c.told {
				t.Errorf("told %q, want %q", told, c.told)
			}
			if c.used < 0 && len(r.Waivers) > 0 || c.used >= 0 && (len(r.Waivers) != 1 || r.Waivers[0].Findings != c.used) {
				t.Errorf("waivers: %+v", r.Waivers)
			}
		})
	}
}

func TestBadWaiversAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		bundle fstest.MapFS
		change func(*Waiver)
		words  []string
	}{
		"unknown rule":    {nil, func(w *Waiver) { w.Rule = "two" }, []string{"waivers[0].rule", "two"}},
		"every rule":      {nil, func(w *Waiver) { w.Rule = "*" }, []string{"waivers[0].rule"}},
		"no stack":        {nil, func(w *Waiver) { w.Stack = "" }, []string{"waivers[0].stack"}},
		"every resource":  {nil, func(w *Waiver) { w.Resource = "**" }, []string{"waivers[0].resource"}},
		"no reason":       {nil, func(w *Waiver) { w.Reason = "because" }, []string{"waivers[0].reason", "because"}},
		"no owner":        {nil, func(w *Waiver) { w.Owner = " " }, []string{"waivers[0].owner"}},
		"no end":          {nil, func(w *Waiver) { w.Expires = time.Time{} }, []string{"waivers[0].expires"}},
		"far end":         {nil, func(w *Waiver) { w.Expires = today.AddDate(2, 0, 0) }, []string{"waivers[0].expires", "2028-11-21", "within a year"}},
		"never":           {oneRule(`"yes"`, `"never"`), nil, []string{"waivers[0].rule", "never"}},
		"exact, wildcard": {oneRule(`"yes"`, `"exact"`), nil, []string{"waivers[0].resource", "not waived by a wildcard"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New(t.Context(), &Options{Bundle: mapOr(c.bundle), Waivers: []Waiver{waiver(c.change)}, Now: func() time.Time { return today }})
			if err == nil {
				t.Fatal("accepted")
			}
			for _, w := range c.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error does not say %q: %v", w, err)
				}
			}
		})
	}
	exact := waiver(func(w *Waiver) { w.Stack, w.Resource = "tenant-acme", bucketURN })
	if r := decide(t, Options{Bundle: oneRule(`"yes"`, `"exact"`), Waivers: []Waiver{exact}}, "dev"); !r.Allowed() {
		t.Errorf("a resource named in full is not waived: %+v", r.Findings)
	}
}

// TestLevelsOfWaivers raises and lowers what is said about waivers, by id alone.
func TestLevelsOfWaivers(t *testing.T) {
	unused := waiver(func(w *Waiver) { w.Resource = "* beta-files" })
	for name, c := range map[string]struct {
		settings []Setting
		level    Level // of the finding; empty: there is none
	}{
		"by itself":     {nil, LevelAdvisory},
		"every rule":    {[]Setting{{Level: LevelMandatory}}, LevelAdvisory},
		"its category":  {[]Setting{{Category: "tenancy", Level: LevelMandatory}}, LevelAdvisory},
		"mandatory":     {[]Setting{{Rule: WaiverUnused, Level: LevelMandatory}}, LevelMandatory},
		"in production": {[]Setting{{Rule: WaiverUnused, Environment: "production", Level: LevelMandatory}}, LevelAdvisory},
		"disabled":      {[]Setting{{Rule: WaiverUnused, Level: LevelDisabled}}, ""},
	} {
		r := decide(t, Options{Bundle: oneRule("enforcement: mandatory", "enforcement: advisory"), Waivers: []Waiver{unused}, Enforcement: Enforcement{Settings: c.settings}}, "dev")
		var level Level
		for _, f := range r.Findings {
			if f.Rule == WaiverUnused {
				level = f.Level
			}
		}
		if level != c.level || (len(r.Disabled()) == 1) != (c.level == "") {
			t.Errorf("%s: the finding has level %q, want %q: %+v", name, level, c.level, r)
		}
	}
	about := waiver(func(w *Waiver) { w.Rule = WaiverUnused })
	if len(about.Faults("w", []Rule{{ID: "one"}}, today)) == 0 {
		t.Error("a finding about a waiver is waived")
	}
}

// TestEvaluateWaivers tells of waivers for stacks that there are not.
func TestEvaluateWaivers(t *testing.T) {
	here, nowhere := waiver(nil), waiver(func(w *Waiver) { w.Stack = "tenant-acmee" })
	o := Options{Bundle: oneRule(), Waivers: []Waiver{here, nowhere}, Now: func() time.Time { return today }}
	e, err := New(t.Context(), &o)
	if err != nil {
		t.Fatal(err)
	}
	seen := decide(t, o, "dev")
	r := e.EvaluateWaivers("dev", seen, Report{Verdict: VerdictAllow})
	if !r.Allowed() || len(r.Findings) != 1 || r.Findings[0].Rule != WaiverUnused || !strings.Contains(r.Findings[0].Message, "tenant-acmee") {
		t.Errorf("of two stacks: %+v", r)
	}
	o.Enforcement = Enforcement{Settings: []Setting{{Rule: WaiverUnused, Environment: "production", Level: LevelMandatory}}}
	if e, err = New(t.Context(), &o); err != nil {
		t.Fatal(err)
	}
	if r := e.EvaluateWaivers("production", seen); r.Allowed() || len(r.Denials()) != 1 {
		t.Errorf("where it is mandatory: %+v", r)
	}
	if e.EvaluateWaivers("dev").Allowed() || (*Evaluator)(nil).EvaluateWaivers("dev", seen).Allowed() {
		t.Error("without a report, or without rules, waivers are in order")
	}
}

// TestWaiversNameSomething refuses patterns that every resource of a stack fits.
func TestWaiversNameSomething(t *testing.T) {
	for pattern, want := range map[string]bool{
		"u*": false, "urn:*": false, "urn:pulumi:*": false, "urn:pulumi:dev::*": false, "urn:pulumi:tenant-acme::tenantform::*": false, "*:*": false,
		"*acme*": false, "aws:*": false, "a*": false, "*s": false, "* *": false, "* a*": false, "*::ten*": false, " ": false, "": false,
		"*$*::*": false, "*tenantform:silo:Silo$*": false,
		bucketURN: true, "x": true, "*-files": true, "* acme-files": true, "* acme-*": true, "aws:s3/bucketV2:BucketV2 *": true,
		"aws:s3/bucketV2:BucketV2 a*": true, "*aws:s3/bucketV2:BucketV2::*": true, "*$aws:s3/bucketV2:BucketV2::a*": true,
		"urn:pulumi:*::aws:s3/bucketV2:BucketV2::*": true, "*logs": true,
	} {
		w := waiver(func(w *Waiver) { w.Resource = pattern })
		if got := len(w.Faults("w", []Rule{{ID: "one", Waivable: WaivableYes}}, today)) == 0; got != want {
			t.Errorf("%q is accepted: %v", pattern, got)
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

func TestBaseline(t *testing.T) {
	before := decide(t, Options{}, "production")
	rules := []Rule{{ID: "one", Scope: ScopeResource, Waivable: WaivableYes}}
	b := NewBaseline(rules, before, before)
	if len(b.Findings) != 1 {
		t.Fatalf("recorded: %+v", b.Findings)
	}
	text, err := b.JSON()
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseBaseline("b.json", text)
	if err != nil {
		t.Fatal(err)
	}
	after := decide(t, Options{Baseline: &read}, "production")
	if !after.Allowed() || len(after.Findings) != 1 || !after.Findings[0].Existing {
		t.Errorf("a finding that was there denies: %+v", after)
	}
	if again := NewBaseline(rules, after); len(again.Findings) != 1 {
		t.Errorf("a baseline written with the baseline in force forgets: %+v", again)
	}
	read.Findings[0].Property = "q"
	if decide(t, Options{Baseline: &read}, "production").Allowed() {
		t.Error("a finding on another property is taken for the old one")
	}
	for _, change := range [][]string{{"scope: resource", "scope: operation"}, {`"yes"`, `"never"`}} {
		bundle := oneRule(change...)
		r := decide(t, Options{Bundle: bundle, Baseline: &b}, "production")
		if r.Allowed() {
			t.Errorf("%v: a baseline excuses it", change)
		}
	}
	if n := len(NewBaseline([]Rule{{ID: "one", Scope: ScopeOperation, Waivable: WaivableYes}}, before).Findings); n != 0 {
		t.Errorf("%d findings about an operation are recorded", n)
	}
	for _, text := range []string{"", "[]", `{"version":1,"findings":[]}`, `{"version":3,"findings":[]}`, `{"version":2,"findings":[],"more":1}`} {
		if _, err := ParseBaseline("b.json", []byte(text)); err == nil {
			t.Errorf("%q is taken for a baseline", text)
		}
	}
}

// TestBaselineTellsFindingsOnOnePropertyApart adds a second, worse statement to
// the document whose first is known, and then changes the first one.
func TestBaselineTellsFindingsOnOnePropertyApart(t *testing.T) {
	long := strings.Repeat("x", 2*MaxValue)
	of := func(statements string) fstest.MapFS {
		return bundleOf(mainRego, metadata+`findings contains {"urn": r.urn, "property": "policy", "value": s, "message": "too much", "unknown": false} if {
	some r in input.plan.resources
	r.name != "fine"
	some s in `+statements+`
}
`)
	}
	first, worse := `{"Sid": "`+long+`", "Action": "s3:Get*"}`, `{"Sid": "`+long+`", "Action": "*"}`
	rules := []Rule{{ID: "one", Scope: ScopeResource, Waivable: WaivableYes}}
	b := NewBaseline(rules, decide(t, Options{Bundle: of("[" + first + "]")}, "production"))
	for name, c := range map[string]struct {
		statements        string
		existing, denying int
	}{
		"the same":         {"[" + first + "]", 1, 0},
		"a second, worse":  {"[" + first + ", " + worse + "]", 1, 1},
		"one in its place": {"[" + worse + "]", 0, 1},
	} {
		r := decide(t, Options{Bundle: of(c.statements), Baseline: &b}, "production")
		if n := len(r.Findings) - len(r.Denials()); n != c.existing || len(r.Denials()) != c.denying || r.Allowed() != (c.denying == 0) {
			t.Errorf("%s: %d existing and %d that deny: %+v", name, n, len(r.Denials()), r.Findings)
		}
	}
	both := NewBaseline(rules, decide(t, Options{Bundle: of("[" + first + ", " + worse + "]")}, "production"))
	if len(both.Findings) != 2 {
		t.Errorf("two statements are recorded as %+v", both.Findings)
	}
	bare := b
	bare.Findings = []KnownFinding{{Rule: "one", URN: bucketURN, Property: "policy"}}
	if decide(t, Options{Bundle: of("[" + first + "]"), Baseline: &bare}, "production").Allowed() {
		t.Error("an entry without a digest excuses whatever is there")
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

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"abc", "abc", true}, {"abc", "abcd", false}, {"a*", "abc", true}, {"*c", "abc", true}, {"a*c", "abc", true}, {"a*b*c", "axxbyyc", true},
		{"a*a", "a", false}, {"*", "", true}, {"", "", true}, {"", "x", false}, {"a**c", "abc", true}, {"*b*", "abc", true}, {"*x*", "abc", false},
		{"a.c", "abc", false}, {"ab*bc", "abc", false},
	} {
		if got := matches(c.pattern, c.text); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.text, got)
		}
	}
}

// TestAbout holds a report on a part of a plan to the findings about the part.
func TestAbout(t *testing.T) {
	whole := Report{Verdict: VerdictDeny, RulesRun: 2, Findings: []Finding{{Rule: "a", URN: "x"}, {Rule: "b", URN: "y", Level: LevelAdvisory}}}
	part := func(urns ...string) plan.Plan {
		var p plan.Plan
		for _, u := range urns {
			p.Resources = append(p.Resources, plan.Resource{URN: u})
		}
		return p
	}
	all := part("x", "y", "z")
	if r := whole.About(all, part("x")); r.Allowed() || len(r.Findings) != 1 {
		t.Errorf("about x: %+v", r)
	}
	if r := whole.About(all, part("y", "z")); !r.Allowed() || len(r.Findings) != 1 || r.RulesRun != 2 {
		t.Errorf("about y: %+v", r)
	}
	whole.Findings = append(whole.Findings, Finding{Rule: "c"})
	if r := whole.About(all, part("z")); r.Allowed() || len(r.Findings) != 1 {
		t.Errorf("about the run: %+v", r)
	}
	if len(whole.Findings) != 3 {
		t.Error("the report on the whole was changed")
	}
	for name, r := range map[string]Report{
		"the zero report":                      {},
		"a denial without a finding":           {Verdict: VerdictDeny},
		"a denial with advice alone":           {Verdict: VerdictDeny, Findings: []Finding{{Rule: "a", URN: "x", Level: LevelAdvisory}}},
		"an allowance in spite of a denial":    {Verdict: VerdictAllow, Findings: []Finding{{Rule: "a", URN: "x"}}},
		"no verdict, and a denial that is not": {Findings: []Finding{{Rule: "a", URN: "x"}}},
	} {
		if got := r.About(all, part("z")); got.Allowed() {
			t.Errorf("%s became an allowance: %+v", name, got)
		}
	}
}

// TestAboutKeepsWhatIsUncovered keeps findings on resources that stay as they are
// where what the run changes may be what kept them in order.
func TestAboutKeepsWhatIsUncovered(t *testing.T) {
	of := func(urn string, op plan.Operation, needs ...string) plan.Resource {
		return plan.Resource{URN: urn, Type: "aws:s3/x:X", Custom: true, Operation: op, Dependencies: needs}
	}
	byProperty := of("policy", plan.OperationSame)
	byProperty.PropertyDependencies = map[string][]string{"bucket": {"key"}}
	for name, c := range map[string]struct {
		plan []plan.Resource
		kept string
	}{
		"depends on what is updated":        {[]plan.Resource{of("key", plan.OperationUpdate), of("bucket", plan.OperationSame, "key")}, "bucket"},
		"by a property":                     {[]plan.Resource{of("key", plan.OperationUpdate), byProperty}, "policy"},
		"what goes depended on it":          {[]plan.Resource{of("bucket", plan.OperationSame), of("block", plan.OperationDelete, "bucket")}, "bucket"},
		"what is new depends on it":         {[]plan.Resource{of("bucket", plan.OperationSame), of("block", plan.OperationCreate, "bucket")}, ""},
		"depends on what stays":             {[]plan.Resource{of("key", plan.OperationSame), of("bucket", plan.OperationSame, "key")}, ""},
		"depends on what is read every run": {[]plan.Resource{of("key", plan.OperationRead), of("bucket", plan.OperationSame, "key")}, ""},
	} {
		whole := plan.Plan{Resources: c.plan}
		r := Report{Verdict: VerdictDeny}
		for _, p := range c.plan {
			if p.Operation == plan.OperationSame {
				r.Findings = append(r.Findings, Finding{Rule: "a", URN: p.URN})
			}
		}
		kept := ""
		got := r.About(whole, whole.Touched())
		for _, f := range got.Findings {
			kept += f.URN
		}
		if kept != c.kept || got.Allowed() != (c.kept == "") {
			t.Errorf("%s: kept %q, want %q; allowed: %v", name, kept, c.kept, got.Allowed())
		}
	}
}
