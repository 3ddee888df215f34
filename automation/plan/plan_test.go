package plan_test

import (
	"fmt"
	"testing"

	"github.com/tenantform/tenantform/automation/plan"
)

func resource(name string, op plan.Operation, before, after map[string]any) plan.Resource {
	return plan.Resource{URN: "urn:pulumi:s::p::aws:x/y:Y::" + name, Type: "aws:x/y:Y", Name: name, Custom: true, Operation: op, OldInputs: before, Inputs: after}
}

func shown(p plan.Plan) string {
	var out string
	for _, r := range p.Resources {
		out += fmt.Sprintf("%s %s %v->%v; ", r.Name, r.Operation, r.OldInputs, r.Inputs)
	}
	return out
}

func TestRelative(t *testing.T) {
	one, two := map[string]any{"v": 1}, map[string]any{"v": 2}
	prev := plan.Plan{Resources: []plan.Resource{
		resource("made", plan.OperationCreate, nil, one), resource("kept", plan.OperationSame, one, one),
		resource("changed", plan.OperationUpdate, one, two), resource("dropped", plan.OperationCreate, nil, one),
		resource("gone", plan.OperationDelete, one, nil),
	}}
	next := plan.Plan{Resources: []plan.Resource{
		resource("made", plan.OperationCreate, nil, two), resource("kept", plan.OperationDelete, one, nil),
		resource("changed", plan.OperationUpdate, one, two), resource("gone", plan.OperationDelete, one, nil),
		resource("more", plan.OperationCreate, nil, one),
	}}
	const want = "made update map[v:1]->map[v:2]; kept delete map[v:1]->map[]; changed same map[v:2]->map[v:2]; more create map[]->map[v:1]; dropped delete map[v:1]->map[]; "
	if got := shown(plan.Relative(prev, next)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	// The protection before is the one that prev leaves.
	for i := range prev.Resources {
		prev.Resources[i].WasProtected, prev.Resources[i].Protected = new(true), false
	}
	for i := range next.Resources {
		next.Resources[i].WasProtected, next.Resources[i].Protected = new(true), next.Resources[i].Operation == plan.OperationDelete
	}
	for _, r := range plan.Relative(prev, next).Resources {
		if of := r.Name != "more"; r.Protected || r.WasProtected == nil || *r.WasProtected == of {
			t.Errorf("%s is protected %v and was %v", r.Name, r.Protected, r.WasProtected)
		}
	}
}

func TestTouchedAndChanges(t *testing.T) {
	p := plan.Plan{Resources: []plan.Resource{
		{Name: "component", Type: "tenantform:silo:Silo", Operation: plan.OperationSame},
		{Name: "provider", Type: "pulumi:providers:aws", Custom: true, Operation: plan.OperationUpdate},
		resource("same", plan.OperationSame, nil, nil), resource("new", plan.OperationCreate, nil, nil), resource("read", plan.OperationRead, nil, nil),
	}}
	var names []string
	for _, r := range p.Touched().Resources {
		names = append(names, r.Name)
	}
	if got := fmt.Sprint(names); got != "[component provider new read]" {
		t.Errorf("touched: %s", got)
	}
	if got := fmt.Sprint(p.Changes()); got != "map[create:1]" {
		t.Errorf("changes: %s", got)
	}
	if p.Empty() || !(plan.Plan{Resources: p.Resources[:3]}).Empty() {
		t.Error("a plan is empty when no resource of a cloud changes")
	}
}

func TestDeletionProtected(t *testing.T) {
	for _, c := range []struct {
		inputs map[string]any
		want   bool
	}{
		{map[string]any{"deletionProtectionEnabled": true}, true},
		{map[string]any{"deletionProtection": "ACTIVE"}, true},
		{map[string]any{"deletionProtection": "INACTIVE"}, false},
		{map[string]any{"deletionProtectionEnabled": false}, false},
		{nil, false},
	} {
		if got := (plan.Resource{OldInputs: c.inputs}).DeletionProtected(); got != c.want {
			t.Errorf("%v: %v", c.inputs, got)
		}
	}
}
