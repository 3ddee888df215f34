package policies

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

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
