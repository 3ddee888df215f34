package blueprints

import (
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/policies"
)

// Evaluator decides on a plan.
type Evaluator interface {
	Evaluate(ctx context.Context, in policies.Input) (policies.Report, error)
}

var _ Evaluator = (*policies.Evaluator)(nil)

// Input gives what the policies would be given for the creation of all that the
// run registered.
func (r Run) Input(at Site) policies.Input {
	in := policies.Input{
		Version: policies.InputVersion,
		Plan:    plan.Plan{Project: componenttest.Project, Stack: stackName},
		Subject: policies.Subject{Environment: at.Location.Environment, Region: at.Location.Region, Account: at.Location.AccountID},
	}
	ids := map[string]bool{}
	for _, res := range r.Recording.Custom() {
		ids[componenttest.ID(res.Name)] = true
	}
	for _, res := range r.Recording.Resources {
		p := plan.Resource{
			URN: res.URN(stackName), Type: res.Type, Name: res.Name, Operation: plan.OperationCreate, Custom: res.Custom,
			Parent: res.Parent, Dependencies: res.Dependencies, PropertyDependencies: res.PropertyDependencies,
			Provider: plan.Provider{Region: Region},
		}
		if p.Custom {
			p.Inputs, _ = beforeTheRun(res.Inputs, ids).(map[string]any)
		}
		in.Plan.Resources = append(in.Plan.Resources, p)
	}
	return in
}

// beforeTheRun gives a recorded value as a preview has it: what AWS makes up, ids
// and what the recorder stands in for, is not known.
func beforeTheRun(value any, ids map[string]bool) any {
	switch v := value.(type) {
	case string:
		if ids[v] || componenttest.MadeUp(v) {
			return map[string]any{plan.UnknownKey: true}
		}
	case []any:
		list := make([]any, len(v))
		for i, e := range v {
			list[i] = beforeTheRun(e, ids)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, e := range v {
			m[k] = beforeTheRun(e, ids)
		}
		return m
	}
	return value
}

// Guards are the ids of the rules that speak of a component, sorted.
type Guards struct {
	// Rules find fault with one of its samples in production, or do so when one thing
	// about one of its resources is spoilt.
	Rules []string
	// Asks are those that find fault with the minimal sample as it is: production
	// needs an argument that may be left out elsewhere.
	Asks []string
}

// Guards asks the policies about the samples in production, as they are and with
// one thing about one resource spoilt: the resource left out, deleted or replaced,
// or one of its inputs left out, not known, switched, or opened to everybody. The
// error says so when the full sample as it is is refused.
func (b Blueprint) Guards(ctx context.Context, gate Evaluator, code string) (Guards, error) {
	at := NewSite(location.Production, code)
	found, asks := map[string]bool{}, map[string]bool{}
	for i, sample := range []Sample{b.Full, b.Minimal} {
		r, err := b.Record(sample, at)
		if err != nil {
			return Guards{}, err
		}
		in := r.Input(at)
		report, err := gate.Evaluate(ctx, in)
		if err != nil {
			return Guards{}, fmt.Errorf("%s: %w", b.Name(), err)
		}
		minimal := i > 0
		if !minimal && !report.Allowed() {
			return Guards{}, fmt.Errorf("the policies refuse the full sample of %s: %s: %s", b.Name(), report.Findings[0].Rule, report.Findings[0].Message)
		}
		for _, f := range report.Findings {
			found[f.Rule] = true
			if minimal {
				asks[f.Rule] = true
			}
		}
		if err := refusals(ctx, gate, in, r.Own, found); err != nil {
			return Guards{}, fmt.Errorf("%s: %w", b.Name(), err)
		}
	}
	return Guards{Rules: slices.Sorted(maps.Keys(found)), Asks: slices.Sorted(maps.Keys(asks))}, nil
}

// refusals adds the rules that find something when the plan is spoilt.
func refusals(ctx context.Context, gate Evaluator, in policies.Input, own []componenttest.Resource, found map[string]bool) error {
	var spoilt []policies.Input
	tried := map[string]bool{}
	for _, res := range own {
		spoilt = append(spoilt, spoil(in, res, tried)...)
	}
	var (
		workers sync.WaitGroup
		lock    sync.Mutex
		failed  error
		next    int
	)
	take := func() (policies.Input, bool) {
		lock.Lock()
		defer lock.Unlock()
		if failed != nil || next == len(spoilt) {
			return policies.Input{}, false
		}
		next++
		return spoilt[next-1], true
	}
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for in, ok := take(); ok; in, ok = take() {
				report, err := gate.Evaluate(ctx, in)
				lock.Lock()
				if err != nil {
					failed = err
				}
				for _, f := range report.Findings {
					found[f.Rule] = true
				}
				lock.Unlock()
			}
		})
	}
	workers.Wait()
	return failed
}

// everybody is a policy document that no rule can like.
const everybody = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`

// spoil gives plans in which one thing about a resource is spoilt. What was tried
// on another resource of the type with the same value is not tried again.
func spoil(in policies.Input, res componenttest.Resource, tried map[string]bool) []policies.Input {
	urn := res.URN(stackName)
	i := slices.IndexFunc(in.Plan.Resources, func(r plan.Resource) bool { return r.URN == urn })
	with := func(change func(*plan.Resource)) policies.Input {
		out := in
		out.Plan.Resources = slices.Clone(in.Plan.Resources)
		change(&out.Plan.Resources[i])
		return out
	}
	without := in
	without.Plan.Resources = slices.Delete(slices.Clone(in.Plan.Resources), i, i+1)
	all := []policies.Input{
		without,
		with(func(r *plan.Resource) {
			r.Operation, r.OldInputs, r.Inputs, r.ID = plan.OperationDelete, r.Inputs, nil, "id"
		}),
		with(func(r *plan.Resource) { r.Operation, r.OldInputs, r.ID = plan.OperationReplace, r.Inputs, "id" }),
	}
	for property, value := range res.Inputs {
		for _, bad := range spoilValue(value) {
			id := fmt.Sprintf("%s %s %v %v", res.Type, property, value, bad)
			if tried[id] {
				continue
			}
			tried[id] = true
			all = append(all, with(func(r *plan.Resource) {
				r.Inputs, r.PropertyDependencies = maps.Clone(r.Inputs), maps.Clone(r.PropertyDependencies)
				delete(r.PropertyDependencies, property)
				if bad == nil {
					delete(r.Inputs, property)
				} else {
					r.Inputs[property] = bad
				}
			}))
		}
	}
	return all
}

// spoilValue gives values to put in the place of one; nil leaves the property out.
func spoilValue(value any) []any {
	all := []any{nil, map[string]any{plan.UnknownKey: true}}
	switch v := value.(type) {
	case bool:
		all = append(all, !v)
	case float64:
		all = append(all, 0.0, v*1000)
	case string:
		all = append(all, "")
		if strings.HasPrefix(v, "{") {
			all = append(all, everybody)
		}
	case []any:
		all = append(all, []any{})
		for i, e := range v {
			for _, bad := range spoilValue(e)[1:] {
				list := slices.Clone(v)
				list[i] = bad
				all = append(all, list)
			}
		}
	case map[string]any:
		for key, e := range v {
			for _, bad := range spoilValue(e) {
				m := maps.Clone(v)
				if bad == nil {
					delete(m, key)
				} else {
					m[key] = bad
				}
				all = append(all, m)
			}
		}
	}
	return all
}
