package policies

import (
	"strings"
	"testing"
	"testing/fstest"
)

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
