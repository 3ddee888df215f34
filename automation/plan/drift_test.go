package plan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/tenants"
)

// object is a JSON object.
type object = map[string]any

// refreshed makes a step of a refresh on a resource of a name.
func refreshed(op, name string, before, after object, more object) object {
	const typ = "aws:x/y:Y"
	urn := "urn:pulumi:s::p::" + typ + "::" + name
	state := func(of object) any {
		if of == nil {
			return nil
		}
		out := object{"urn": urn, "type": typ, "custom": true, "id": "id-" + name}
		for k, v := range of {
			out[k] = v
		}
		return out
	}
	s := object{"op": op, "urn": urn, "oldState": state(before), "newState": state(after)}
	for k, v := range more {
		s[k] = v
	}
	return s
}

// observe reads a refresh of some steps.
func observe(t *testing.T, steps ...object) (plan.Observed, error) {
	t.Helper()
	counts := object{}
	for _, s := range steps {
		op := s["op"].(string)
		if op == "refresh" {
			op = "same"
		}
		n, _ := counts[op].(int)
		counts[op] = n + 1
	}
	text, err := json.Marshal(object{"steps": steps, "duration": 1, "changeSummary": counts})
	if err != nil {
		t.Fatal(err)
	}
	return plan.ObservedFromRefreshJSON(strings.NewReader(string(text)), nil)
}

// told shows what drifted, a line each.
func told(o plan.Observed) string {
	lines := make([]string, 0, len(o.Drifted))
	for _, d := range o.Drifted {
		line := string(d.Kind) + " " + d.Name
		for _, p := range d.Properties {
			line += fmt.Sprintf(" %s: %v -> %v;", p.Path, p.Recorded, p.Found)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestDifferences(t *testing.T) {
	secret, inOut := "[secret]", func(inputs, outputs object) object { return object{"inputs": inputs, "outputs": outputs} }
	same := func(p object) object { return inOut(p, p) }
	detail := func(paths ...string) object {
		d := object{}
		for _, p := range paths {
			d[p] = object{"kind": "update"}
		}
		return object{"detailedDiff": d}
	}
	for name, c := range map[string]struct {
		step object
		want string
	}{
		"unchanged":   {refreshed("refresh", "a", same(object{"v": 1}), same(object{"v": 1}), nil), ""},
		"gone":        {refreshed("delete", "a", same(object{"v": 1}), nil, nil), "deleted a"},
		"nested":      {refreshed("update", "a", same(object{"v": object{"w": true}}), same(object{"v": object{"w": false}}), detail("v.w")), "changed a v.w: true -> false;"},
		"in a list":   {refreshed("update", "a", same(object{"l": []any{1, 2}}), same(object{"l": []any{1, 3}}), detail("l[1]")), "changed a l[1]: 2 -> 3;"},
		"a dotted":    {refreshed("update", "a", same(object{"t": object{"a.b": "x"}}), same(object{"t": object{"a.b": "y"}}), detail(`t["a.b"]`)), `changed a t["a.b"]: x -> y;`},
		"added":       {refreshed("update", "a", same(object{}), same(object{"t": object{"o": "me"}}), detail("t.o")), "changed a t.o: <nil> -> me;"},
		"taken away":  {refreshed("update", "a", inOut(object{"v": 1}, object{"v": 1}), inOut(object{}, object{"v": 1}), detail("v")), "changed a v: 1 -> <nil>;"},
		"a default":   {refreshed("update", "a", inOut(object{}, object{"c": "STANDARD"}), same(object{"c": "RARE"}), detail("c")), "changed a c: STANDARD -> RARE;"},
		"no detail":   {refreshed("update", "a", same(object{"v": 1, "__defaults": 1}), same(object{"v": 2, "__defaults": 2}), nil), "changed a v: 1 -> 2;"},
		"no trace":    {refreshed("update", "a", same(object{"v": 1}), same(object{"v": 1}), object{"diffReasons": []string{"v"}}), "changed a v: 1 -> 1;"},
		"no reason":   {refreshed("update", "a", same(object{"v": 1}), same(object{"v": 1}), nil), "changed a : <nil> -> <nil>;"},
		"an output":   {refreshed("refresh", "a", inOut(object{}, object{"r": []any{}}), inOut(object{}, object{"r": []any{"new"}}), nil), "beside a r: [] -> [new];"},
		"only read":   {refreshed("update", "a", object{"external": true, "outputs": object{"v": 1}}, object{"external": true, "outputs": object{"v": 2}}, nil), "beside a v: 1 -> 2;"},
		"to be gone":  {refreshed("delete", "a", object{"delete": true, "inputs": object{}}, nil, nil), ""},
		"list longer": {refreshed("refresh", "a", inOut(nil, object{"r": []any{1}}), inOut(nil, object{"r": []any{1, 2}}), nil), "beside a r: [1] -> [1 2];"},

		"secret":                {refreshed("update", "a", same(object{"p": secret}), same(object{"p": "canary"}), detail("p")), "changed a p: map[$secret:true] -> map[$secret:true];"},
		"secret below":          {refreshed("update", "a", same(object{"p": object{"q": secret}}), same(object{"p": object{"q": "canary"}}), detail("p.q")), "changed a p.q: map[$secret:true] -> map[$secret:true];"},
		"secret in an output":   {refreshed("refresh", "a", inOut(object{"p": secret}, object{"p": secret}), inOut(object{"p": secret}, object{"p": "canary"}), nil), ""},
		"secret by input":       {refreshed("refresh", "a", inOut(object{"p": secret}, object{"p": "canary1"}), inOut(object{"p": secret}, object{"p": "canary2"}), nil), ""},
		"secret now":            {refreshed("update", "a", same(object{"p": "canary"}), same(object{"p": secret}), detail("p")), "changed a p: map[$secret:true] -> map[$secret:true];"},
		"secret taken away":     {refreshed("update", "a", same(object{"p": secret}), same(object{}), detail("p")), "changed a p: map[$secret:true] -> <nil>;"},
		"secret in a list":      {refreshed("refresh", "a", same(object{"l": []any{secret, 1}}), same(object{"l": []any{"canary", 1}}), nil), ""},
		"secret moved":          {refreshed("update", "a", same(object{"l": []any{secret, 1}}), same(object{"l": []any{1, "canary"}}), detail("l[1]")), "changed a l[1]: map[$secret:true] -> map[$secret:true];"},
		"secret became another": {refreshed("update", "a", same(object{"p": object{"q": secret}}), same(object{"p": "canary"}), detail("p")), "changed a p: map[$secret:true] -> map[$secret:true];"},
	} {
		t.Run(name, func(t *testing.T) {
			o, err := observe(t, c.step, refreshed("refresh", "other", same(object{}), same(object{}), nil))
			if err != nil {
				t.Fatal(err)
			}
			if got := told(o); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			if all, _ := json.Marshal(o); strings.Contains(string(all), "canary") {
				t.Errorf("a secret shows: %s", all)
			}
		})
	}
}

// TestOutcomesTellWhatTheJSONLeavesOut gives steps as the CLI prints them where a
// provider gives no detailed difference: unchanged, with the old properties.
func TestOutcomesTellWhatTheJSONLeavesOut(t *testing.T) {
	const urn = "urn:pulumi:s::p::aws:x/y:Y::"
	old := object{"v": 1.0, "p": "[secret]"}
	steps := []object{
		refreshed("refresh", "plain", object{"inputs": old, "outputs": old}, object{"inputs": old, "outputs": old}, nil),
		refreshed("refresh", "read", object{"inputs": object{}, "outputs": old}, object{"inputs": object{}, "outputs": old}, nil),
		refreshed("refresh", "gone", object{"inputs": old}, object{"inputs": old}, nil),
		refreshed("refresh", "same", object{"inputs": old, "outputs": old}, object{"inputs": old, "outputs": old}, nil),
		refreshed("refresh", "told", object{"inputs": old, "outputs": old}, object{"inputs": old, "outputs": old}, nil),
	}
	text, err := json.Marshal(object{"steps": steps, "duration": 1, "changeSummary": object{"update": 2, "delete": 1, "same": 2}})
	if err != nil {
		t.Fatal(err)
	}
	outcome := func(name, op string, before, after object) plan.Outcome {
		o := plan.Outcome{URN: urn + name, Operation: op, Old: &plan.Properties{ID: "id-" + name, Inputs: before, Outputs: before}}
		if after != nil {
			o.New = &plan.Properties{ID: "id-" + name, Inputs: after, Outputs: after}
		}
		return o
	}
	read := outcome("read", "update", old, object{"v": 2.0})
	read.Old.External, read.New.External = true, true
	told5 := outcome("told", "same", old, object{"v": 1.0, "p": "canary", "w": 3.0})
	told5.New.Inputs = old
	other := outcome("same", "delete", old, nil)
	other.Old.Delete = true // of what a replacement left to be deleted
	all := []plan.Outcome{
		outcome("plain", "update", old, object{"v": 2.0, "p": "canary"}), read, outcome("gone", "delete", old, nil), told5, other,
		outcome("same", "same", old, old), {URN: urn + "none", Operation: "update"},
	}
	if _, err := plan.ObservedFromRefreshJSON(strings.NewReader(string(text)), all[1:]); err == nil || !strings.Contains(err.Error(), "do not say what became of "+urn+"plain") {
		t.Errorf("outcomes that lack a resource: %v", err)
	}
	o, err := plan.ObservedFromRefreshJSON(strings.NewReader(string(text)), all)
	if err != nil {
		t.Fatal(err)
	}
	const want = "changed plain v: 1 -> 2;\nbeside read p: map[$secret:true] -> <nil>; v: 1 -> 2;\ndeleted gone\nbeside told w: <nil> -> 3;"
	if got := told(o); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := shown(o.Deployed); !strings.HasPrefix(got, "plain same map[p:map[$secret:true] v:2]") || strings.Contains(got, "gone") || strings.Contains(fmt.Sprint(o), "canary") {
		t.Errorf("deployed: %s", got)
	}
	// Without them the output is taken as it is.
	if o, err := plan.ObservedFromRefreshJSON(strings.NewReader(string(text)), nil); err == nil || !strings.Contains(err.Error(), `1 of "delete"`) {
		t.Errorf("a deletion that is not shown: %v, %v", told(o), err)
	}
}

func TestDeployedIsWhatIsThereNow(t *testing.T) {
	o, err := observe(t,
		refreshed("update", "changed", object{"inputs": object{"v": 1}}, object{"inputs": object{"v": 2}}, nil),
		refreshed("delete", "gone", object{"inputs": object{"v": 1}}, nil, nil),
		refreshed("refresh", "read", object{"external": true, "inputs": object{}}, object{"external": true, "inputs": object{}}, nil))
	if err != nil {
		t.Fatal(err)
	}
	if got := shown(o.Deployed); got != "changed same map[v:2]->map[v:2]; read read map[]->map[]; " || !o.Deployed.Empty() || o.Deployed.Stack != "s" || o.Deployed.Project != "p" {
		t.Errorf("deployed: %s, %+v", got, o.Deployed)
	}
}

func TestObservedRefuses(t *testing.T) {
	if _, err := observe(t, refreshed("create", "a", nil, object{}, nil)); tenants.CodeOf(err) != tenants.CodeInvalid || !strings.Contains(err.Error(), "not of a refresh") {
		t.Errorf("a creation: %v", err)
	}
	for _, text := range []string{"", "null", `{"steps":[{"op":"refresh"`, `{"steps":[{"op":"refresh","urn":"x"}],"duration":1,"changeSummary":{}}`, `{"steps":[{"oldState":{"outputs":[1]}}]}`} {
		if _, err := plan.ObservedFromRefreshJSON(strings.NewReader(text), nil); tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := plan.ObservedFromRefreshJSON(strings.NewReader(`{"duration":1}`), nil); !errors.Is(err, plan.ErrEmpty) {
		t.Errorf("an empty stack: %v", err)
	}
}

func FuzzObserved(f *testing.F) {
	f.Add(`{"steps":[{"op":"update","urn":"urn:pulumi:s::p::aws:x/y:Y::a","oldState":{"urn":"urn:pulumi:s::p::aws:x/y:Y::a","type":"aws:x/y:Y","custom":true,"id":"i","inputs":{"l":[1]}},` +
		`"newState":{"urn":"urn:pulumi:s::p::aws:x/y:Y::a","type":"aws:x/y:Y","custom":true,"id":"i","inputs":{"l":[2]}},"detailedDiff":{"l[0][\"x\"].y[":{}}}],"duration":1,"changeSummary":{"update":1}}`)
	f.Fuzz(func(_ *testing.T, text string) { _, _ = plan.ObservedFromRefreshJSON(strings.NewReader(text), nil) })
}
