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

// Evaluator decides on a plan, and tells what rules find.
type Evaluator interface {
	Evaluate(ctx context.Context, in policies.Input) (policies.Report, error)
	Probe(ctx context.Context, in policies.Input, rules []string) ([]policies.Finding, error)
	Concerned(resourceType string) []policies.Rule
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
	found, asks, tried := map[string]bool{}, map[string]bool{}, map[string]bool{}
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
		if err := refusals(ctx, gate, questions(gate, in, r.Own, tried), found); err != nil {
			return Guards{}, fmt.Errorf("%s: %w", b.Name(), err)
		}
	}
	return Guards{Rules: slices.Sorted(maps.Keys(found)), Asks: slices.Sorted(maps.Keys(asks))}, nil
}

// question is a plan, and the rules that are asked about it.
type question struct {
	in    policies.Input
	rules []string
}

// together is how many spoilt resources one plan shows to the rules that look at
// each resource by itself.
const together = 250

// questions gives what is asked about a plan with one thing spoilt. Rules of which a
// finding follows from one resource alone see spoilt resources beside the plan's own,
// many at once; the others see a plan a spoilt thing.
func questions(gate Evaluator, in policies.Input, own []componenttest.Resource, tried map[string]bool) []question {
	var all []question
	var crowd []plan.Resource
	alone := map[string]bool{}
	for _, res := range own {
		var others []string
		for _, r := range gate.Concerned(res.Type) {
			if r.Scope == policies.ScopeResource {
				alone[r.ID] = true
			} else {
				others = append(others, r.ID)
			}
		}
		i := slices.IndexFunc(in.Plan.Resources, func(r plan.Resource) bool { return r.URN == res.URN(stackName) })
		without := in
		without.Plan.Resources = slices.Delete(slices.Clone(in.Plan.Resources), i, i+1)
		all = append(all, question{without, others})
		for _, spoilt := range spoil(in.Plan.Resources[i], res.Inputs, tried) {
			out := in
			out.Plan.Resources = slices.Clone(in.Plan.Resources)
			out.Plan.Resources[i] = spoilt
			all = append(all, question{out, others})
			spoilt.URN += fmt.Sprintf("-spoilt-%d", len(crowd))
			crowd = append(crowd, spoilt)
		}
	}
	for some := range slices.Chunk(crowd, together) {
		out := in
		out.Plan.Resources = slices.Concat(in.Plan.Resources, some)
		all = append([]question{{out, slices.Sorted(maps.Keys(alone))}}, all...)
	}
	return all
}

// refusals adds the rules that find something in one of the plans. It does not ask
// again those that have.
func refusals(ctx context.Context, gate Evaluator, all []question, found map[string]bool) error {
	var (
		workers sync.WaitGroup
		lock    sync.Mutex
		failed  error
		next    int
	)
	take := func() (question, bool) {
		lock.Lock()
		defer lock.Unlock()
		if failed != nil || next == len(all) {
			return question{}, false
		}
		next++
		q := all[next-1]
		q.rules = slices.DeleteFunc(slices.Clone(q.rules), func(id string) bool { return found[id] })
		return q, true
	}
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for q, ok := take(); ok; q, ok = take() {
				findings, err := gate.Probe(ctx, q.in, q.rules)
				lock.Lock()
				if err != nil {
					failed = err
				}
				for _, f := range findings {
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

// spoil gives a resource of a plan with one thing spoilt: deleted, replaced, or with
// something bad in the place of one of its recorded inputs. What was tried on another
// resource of the type with the same value is not tried again.
func spoil(res plan.Resource, recorded map[string]any, tried map[string]bool) []plan.Resource {
	with := func(change func(*plan.Resource)) plan.Resource {
		out := res
		change(&out)
		return out
	}
	all := []plan.Resource{
		with(func(r *plan.Resource) {
			r.Operation, r.OldInputs, r.Inputs, r.ID = plan.OperationDelete, r.Inputs, nil, "id"
		}),
		with(func(r *plan.Resource) { r.Operation, r.OldInputs, r.ID = plan.OperationReplace, r.Inputs, "id" }),
	}
	for property, value := range recorded {
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
