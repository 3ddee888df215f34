package conformance_test

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
)

// life is what a program goes through on the provider.
type life struct {
	name    string   // of the component or stack, for the report
	stack   string   // the stack's name
	account string   // where a component is; a stack knows itself
	covers  []string // names of the catalogue
	before  func(*testing.T, *rig)
	program pulumi.RunFunc // what comes up
	changed pulumi.RunFunc // after the update, which replaces nothing
	release pulumi.RunFunc // what goes before the end, where something is protected; nil otherwise
	look    func(*testing.T, *rig)
	later   func(*testing.T, *rig) // looks after the update; nil where the engine's account of it is enough
	gone    func(*testing.T, *rig)
	stays   bool // others need it; it ends with the test
}

// traveller takes one life through its steps.
type traveller struct {
	*rig
	t    *testing.T
	life life
	rep  *report
	// there are the resources that the emulator took, when it did not take all.
	there   []string
	nothing bool     // of it was taken
	refused []string // types
	// protected says that something refuses its deletion.
	protected bool
}

// run takes one step, records it, and holds it to changes of one kind.
func (v *traveller) run(what string, want plan.Operation, do func() (automation.Result, error)) bool {
	v.t.Helper()
	v.failures.begin(v.life.stack)
	res, err := do()
	v.rep.step(v.life.name, what, res, err)
	v.protected = v.protected || slices.ContainsFunc(res.Plan.Resources, isProtected)
	v.t.Logf("%s: %.1f s %v", what, res.Seconds, res.Changes)
	if err != nil {
		v.t.Errorf("%s: %v", what, err)
		return false
	}
	v.only(what, res, want)
	return true
}

// only fails the test when a run made changes of another kind than the one that is
// wanted, or none of it; want is "" for a run that has nothing to do.
func (v *traveller) only(what string, res automation.Result, want plan.Operation) {
	v.t.Helper()
	excused := map[plan.Operation]int{}
	for _, c := range res.Plan.Resources {
		if what != "up" && c.Real() && v.unserved.excuses(c) {
			excused[c.Operation]++
		}
	}
	n, others := 0, false
	for op, count := range res.Changes {
		count -= excused[op]
		switch op {
		case want:
			n += count
		case plan.OperationSame, plan.OperationRead:
		default:
			others = others || count > 0
		}
	}
	if !others && (want == "" || n > 0) {
		return
	}
	v.t.Errorf("%s: %v, want only %q", what, res.Changes, want)
	for _, c := range res.Plan.Resources {
		if c.Operation != plan.OperationSame && c.Operation != want {
			v.t.Logf("%s %s: %v", c.Operation, c.URN, c.Changed)
			for _, name := range c.Changed {
				v.t.Logf("%s was %v, is %v", name, c.OldInputs[name], c.Inputs[name])
			}
		}
	}
}

func (v *traveller) of(program pulumi.RunFunc) automation.Stack {
	return automation.Stack{Name: v.life.stack, Program: program, Targets: v.there}
}

// begin brings everything up, looks at it, and changes something.
func (v *traveller) begin() {
	v.t.Helper()
	if v.life.before != nil {
		v.life.before(v.t, v.rig)
	}
	if !v.up() {
		return
	}
	if v.nothing {
		v.checked()
		return
	}
	v.life.look(v.t, v.rig)
	v.run("up again", "", func() (automation.Result, error) { return v.Up(v.t.Context(), v.of(v.life.program)) })
	if v.there != nil {
		v.checked()
	}
	if v.run("update", plan.OperationUpdate, func() (automation.Result, error) { return v.Up(v.t.Context(), v.of(v.life.changed)) }) && v.life.later != nil {
		v.life.later(v.t, v.rig)
	}
}

// up brings everything up that the emulator serves. What it refuses has to be
// known; see unserved.
func (v *traveller) up() bool {
	v.t.Helper()
	v.failures.begin(v.life.stack)
	res, err := v.Up(v.t.Context(), automation.Stack{Name: v.life.stack, Program: v.life.program})
	v.rep.step(v.life.name, "up", res, err)
	v.protected = slices.ContainsFunc(res.Plan.Resources, isProtected)
	v.t.Logf("up: %.1f s %v", res.Seconds, res.Changes)
	failures, created := v.failures.of(v.life.stack)
	if err == nil {
		v.only("up", res, plan.OperationCreate)
		v.rep.served(res.Plan, created)
		return true
	}
	for urn, said := range failures {
		if v.unserved.knows(typeOf(urn), said) {
			v.rep.refuse(v.life.name, typeOf(urn), said)
			v.refused = append(v.refused, typeOf(urn))
			continue
		}
		v.t.Errorf("up: %s: %s", urn, said)
		if notImplemented(said) {
			v.t.Errorf("the emulator does not serve %s; say so in %s", typeOf(urn), unservedFile)
		}
	}
	if len(v.refused) == 0 || len(v.refused) < len(failures) {
		v.t.Errorf("up: %v", err)
		return false
	}
	slices.Sort(v.refused)
	v.refused = slices.Compact(v.refused)
	v.rep.served(res.Plan, created)
	v.nothing = true
	missing := func(urn string) bool { return strings.HasPrefix(typeOf(urn), "aws:") && !created[urn] }
	for _, r := range res.Plan.Resources {
		if created[r.URN] || !r.Custom && !slices.ContainsFunc(r.Dependencies, missing) {
			v.there = append(v.there, r.URN)
			v.nothing = v.nothing && !r.Real()
		} else if _, said := failures[r.URN]; !said && r.Real() {
			v.rep.wait(v.life.name, r.Type)
		}
	}
	return true
}

// isProtected tells whether a resource will refuse its deletion, or have another
// bucket refuse it by filling that with logs.
func isProtected(r plan.Resource) bool {
	r.OldInputs = r.Inputs
	return r.DeletionProtected() || r.Type == "aws:s3/bucketLoggingV2:BucketLoggingV2"
}

// checked holds what the emulator does not take to the provider's own check: with
// the program as it is, and each refused type with a wrong property.
func (v *traveller) checked() {
	v.t.Helper()
	v.run("preview of the rest", plan.OperationCreate, func() (automation.Result, error) {
		return v.Preview(v.t.Context(), automation.Stack{Name: v.life.stack, Program: v.life.program})
	})
	for _, typ := range v.refused {
		if v.rep.isMistaken(typ) {
			continue // by another life
		}
		_, err := v.Preview(v.t.Context(), automation.Stack{Name: v.life.stack, Program: spoilt(v.life.program, typ)})
		var failure *automation.Failure
		if !errors.As(err, &failure) || failure.Type != typ {
			v.t.Errorf("the provider accepts %s with an object in the place of a text: %v", typ, err)
			continue
		}
		v.rep.mistaken(typ, failure.Reason)
	}
}

// spoilt gives a program in which the resources of a type have an object where a
// text belongs.
func spoilt(program pulumi.RunFunc, typ string) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		if err := ctx.RegisterResourceTransform(func(_ context.Context, args *pulumi.ResourceTransformArgs) *pulumi.ResourceTransformResult {
			if args.Type != typ {
				return nil
			}
			props := maps.Clone(args.Props)
			for _, name := range slices.Sorted(maps.Keys(props)) {
				if reflect.TypeOf(props[name]).Kind() == reflect.String {
					props[name] = pulumi.Map{"no": pulumi.String("text")}
					break
				}
			}
			return &pulumi.ResourceTransformResult{Props: props, Opts: args.Opts}
		}); err != nil {
			return err
		}
		return program(ctx)
	}
}

// released gives a program that lets go of what it protects from deletion.
func released(program pulumi.RunFunc) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		if err := ctx.RegisterResourceTransform(func(_ context.Context, args *pulumi.ResourceTransformArgs) *pulumi.ResourceTransformResult {
			props := maps.Clone(args.Props)
			switch args.Type {
			case "aws:dynamodb/table:Table":
				props["deletionProtectionEnabled"] = pulumi.Bool(false)
			case "aws:cognito/userPool:UserPool":
				props["deletionProtection"] = pulumi.String("INACTIVE")
			case "aws:rds/cluster:Cluster":
				props["deletionProtection"] = pulumi.Bool(false)
			case "aws:s3/bucketV2:BucketV2": // the emulator writes access logs
				props["forceDestroy"] = pulumi.Bool(true)
			default:
				return nil
			}
			return &pulumi.ResourceTransformResult{Props: props, Opts: args.Opts}
		}); err != nil {
			return err
		}
		return program(ctx)
	}
}

// end takes everything away.
func (v *traveller) end() {
	v.t.Helper()
	want := plan.OperationDelete
	if v.nothing {
		v.protected, want = false, ""
	}
	if v.protected && v.life.release == nil {
		v.life.release = released(v.life.changed)
	}
	if v.life.release != nil {
		v.run("release", plan.OperationUpdate, func() (automation.Result, error) { return v.Up(v.t.Context(), v.of(v.life.release)) })
	}
	if v.run("destroy", want, func() (automation.Result, error) {
		return v.Destroy(v.t.Context(), automation.Stack{Name: v.life.stack})
	}) {
		v.life.gone(v.t, v.rig)
	}
}

// TestConformance takes every component and every stack's program through its life
// on the real provider.
func TestConformance(t *testing.T) {
	r := newRig(t)
	code := archive(t)
	for _, l := range append(components(code), programs(code)...) {
		r.report.expect(l.name)
	}
	t.Run("components", func(t *testing.T) {
		for _, l := range components(code) {
			t.Run(strings.ReplaceAll(l.name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				v := &traveller{rig: r, t: t, life: l, rep: r.report}
				v.begin()
				v.end()
			})
		}
	})
	t.Run("stacks", func(t *testing.T) {
		all := programs(code)
		left := map[string]*traveller{}
		for _, l := range all {
			t.Run(strings.ReplaceAll(l.name, " ", "-"), func(t *testing.T) {
				v := &traveller{rig: r, t: t, life: l, rep: r.report}
				v.begin()
				if left[l.name] = v; !l.stays {
					v.end()
				}
			})
		}
		for _, l := range slices.Backward(all) {
			if v := left[l.name]; l.stays && v != nil {
				t.Run("end-of-"+strings.ReplaceAll(l.name, " ", "-"), func(t *testing.T) { v.t = t; v.end() })
			}
		}
	})
	r.report.write(t, r)
}
