package policies

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"runtime"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/tenantform/tenantform/tenants"
)

// decide asks the rules about an input. The embedded rules are spread over as many
// goroutines as there are processors for, and those that look at no type of the
// plan find nothing without being asked.
func (e *Evaluator) decide(ctx context.Context, in Input) (out outcome) {
	defer recovered(&out)
	input, err := term(in)
	if err != nil {
		return outcome{reason: ReasonInput, err: tenants.Errorf(tenants.CodeInvalid, "the plan cannot be given to the rules: %w", err)}
	}
	input = indexed(input)
	if e.relevance == nil {
		return e.ask(ctx, input)
	}
	shares := e.shares(in)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	answers := make(chan outcome, len(shares))
	for _, rules := range shares {
		go func() { answers <- e.askFor(ctx, input, rules) }()
	}
	out.decision = decision{Version: InputVersion, Resources: len(in.Plan.Resources), Findings: map[string]json.RawMessage{}}
	asked := 0
	for _, rules := range shares {
		got := <-answers
		if got.err != nil {
			return got
		}
		asked += len(rules)
		out.decision.Resources = min(out.decision.Resources, got.decision.Resources)
		maps.Copy(out.decision.Findings, got.decision.Findings)
	}
	if len(out.decision.Findings) == asked {
		for _, r := range e.rules {
			if _, ok := out.decision.Findings[r.ID]; !ok {
				out.decision.Findings[r.ID] = json.RawMessage("[]")
			}
		}
	}
	return out
}

// recovered makes a panic an outcome that denies.
func recovered(out *outcome) {
	if p := recover(); p != nil {
		*out = outcome{reason: ReasonEvaluation, err: tenants.Errorf(tenants.CodeInternal, "the evaluation panicked: %v", p)}
	}
}

// askFor asks for some rules alone.
func (e *Evaluator) askFor(ctx context.Context, input ast.Value, rules []string) (out outcome) {
	defer recovered(&out)
	fields := [][2]*ast.Term{field("rules", stringsTerm(rules))}
	input.(ast.Object).Foreach(func(k, v *ast.Term) { fields = append(fields, [2]*ast.Term{k, v}) })
	return e.ask(ctx, ast.NewObject(fields...))
}

func (e *Evaluator) ask(ctx context.Context, input ast.Value) (out outcome) {
	defer recovered(&out)
	set, err := e.query.Eval(ctx, rego.EvalParsedInput(input), rego.EvalSortSets(true))
	if err != nil {
		return outcome{reason: ReasonEvaluation, err: tenants.Errorf(tenants.CodeInternal, "the rules could not be evaluated: %w", err)}
	}
	if len(set) != 1 {
		return outcome{reason: ReasonUndefined, err: tenants.Errorf(tenants.CodeInternal, "the rules gave no decision")}
	}
	text, err := json.Marshal(set[0].Bindings["x"])
	if err == nil {
		err = strict(text, &out.decision)
	}
	if err == nil && (out.decision.Version != InputVersion || out.decision.Findings == nil) {
		err = errors.New("version or findings are missing")
	}
	if err != nil {
		return outcome{reason: ReasonUndefined, err: tenants.Errorf(tenants.CodeInternal, "the rules' decision is malformed: %w", err)}
	}
	return out
}

// smallPlan is up to how many resources a plan is decided on in one go: more
// goroutines would each group the same few once more.
const smallPlan = 50

// shares gives the rules that look at something in the plan, in one part a
// goroutine. Rules that look into documents stay together, because they share what
// they work out.
func (e *Evaluator) shares(in Input) [][]string {
	live := map[string]bool{}
	for _, r := range in.Plan.Resources {
		if alive(string(r.Operation)) {
			live[r.Type] = true
		}
	}
	var heavy, light []string
	for _, r := range e.rules {
		switch {
		case !e.relevance.looks(r.ID, live):
		case e.relevance.heavy[r.ID]:
			heavy = append(heavy, r.ID)
		default:
			light = append(light, r.ID)
		}
	}
	all := slices.Concat(heavy, light)
	if len(all) == 0 || len(in.Plan.Resources) <= smallPlan || runtime.GOMAXPROCS(0) == 1 {
		return [][]string{all}
	}
	n := min(runtime.GOMAXPROCS(0)/2, 4)
	return append(slices.Collect(slices.Chunk(heavy, max(1, (len(heavy)+n-1)/n))), slices.Collect(slices.Chunk(light, max(1, (len(light)+n-1)/n)))...)
}

// relevant finds which rules need not be asked about every plan: those of which
// the text says so, and that find nothing where there is nothing.
func (e *Evaluator) relevant(ctx context.Context, src source) (*relevance, error) {
	r := relevant(src)
	nothing := ast.NewObject(field("plan", ast.ObjectTerm(field("resources", ast.ArrayTerm()))))
	got := e.askFor(ctx, nothing, slices.Sorted(maps.Keys(r.types)))
	if got.err != nil {
		return nil, got.err
	}
	for id := range r.types {
		if string(got.decision.Findings[id]) != "[]" {
			delete(r.types, id)
		}
	}
	return &r, nil
}
