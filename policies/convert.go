package policies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/tenantform/tenantform/automation/plan"
)

// maxDepth is how deep a value of a plan may be nested. Deeper ones are
// refused, so that no plan can exhaust the stack.
const maxDepth = 200

// term makes the Rego form of an Input, equal to that of its JSON, but without
// going through JSON. Values are marked on the way, as by plan.Mark, so that an
// unknown or secret that its producer left raw is not taken for text.
func term(in Input) (ast.Value, error) {
	resources := make([]*ast.Term, len(in.Plan.Resources))
	for i, r := range in.Plan.Resources {
		t, err := resourceTerm(r)
		if err != nil {
			return nil, fmt.Errorf("resource %s: %w", r.URN, err)
		}
		resources[i] = t
	}
	subject, err := viaJSON(in.Subject)
	if err != nil {
		return nil, err
	}
	catalogue, err := viaJSON(in.Catalogue)
	if err != nil {
		return nil, err
	}
	return ast.NewObject(
		field("version", ast.InternedTerm(in.Version)),
		field("plan", ast.NewTerm(ast.NewObject(
			field("project", ast.StringTerm(in.Plan.Project)),
			field("stack", ast.StringTerm(in.Plan.Stack)),
			field("resources", ast.ArrayTerm(resources...)),
		))),
		field("subject", subject),
		field("catalogue", catalogue),
	), nil
}

func resourceTerm(r plan.Resource) (*ast.Term, error) {
	fields := [][2]*ast.Term{
		field("urn", ast.StringTerm(r.URN)),
		field("type", ast.StringTerm(r.Type)),
		field("name", ast.StringTerm(r.Name)),
		field("operation", ast.StringTerm(string(r.Operation))),
		field("custom", ast.InternedTerm(r.Custom)),
		field("protected", ast.InternedTerm(r.Protected)),
	}
	if r.WasProtected != nil {
		fields = append(fields, field("wasProtected", ast.InternedTerm(*r.WasProtected)))
	}
	provider := [][2]*ast.Term{}
	for _, f := range []struct {
		into       *[][2]*ast.Term
		key, value string
	}{
		{&fields, "id", r.ID},
		{&fields, "parent", r.Parent},
		{&provider, "urn", r.Provider.URN},
		{&provider, "region", r.Provider.Region},
		{&provider, "account", r.Provider.Account},
	} {
		if f.value != "" {
			*f.into = append(*f.into, field(f.key, ast.StringTerm(f.value)))
		}
	}
	fields = append(fields, field("provider", ast.NewTerm(ast.NewObject(provider...))))
	for _, f := range []struct {
		key   string
		value map[string]any
	}{{"inputs", r.Inputs}, {"oldInputs", r.OldInputs}} {
		if len(f.value) == 0 {
			continue
		}
		t, err := valueTerm(f.value, 0)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.key, err)
		}
		fields = append(fields, field(f.key, t))
	}
	for _, f := range []struct {
		key   string
		value []string
	}{{"dependencies", r.Dependencies}, {"changed", r.Changed}, {"replaceKeys", r.ReplaceKeys}} {
		if len(f.value) > 0 {
			fields = append(fields, field(f.key, stringsTerm(f.value)))
		}
	}
	if len(r.PropertyDependencies) > 0 {
		deps := make([][2]*ast.Term, 0, len(r.PropertyDependencies))
		for k, v := range r.PropertyDependencies {
			deps = append(deps, field(k, stringsTerm(v)))
		}
		fields = append(fields, field("propertyDependencies", ast.NewTerm(ast.NewObject(deps...))))
	}
	return ast.NewTerm(ast.NewObject(fields...)), nil
}

// valueTerm makes the Rego form of one value of a plan.
func valueTerm(v any, depth int) (*ast.Term, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("a value is nested deeper than %d", maxDepth)
	}
	if marked, ok := plan.Raw(v); ok {
		v = marked
	}
	switch v := v.(type) {
	case nil:
		return ast.NullTerm(), nil
	case bool:
		return ast.InternedTerm(v), nil
	case string:
		return ast.StringTerm(v), nil
	case int:
		return ast.InternedTerm(v), nil
	case float64:
		return number(json.Number(strconv.FormatFloat(v, 'g', -1, 64)))
	case json.Number:
		return number(v)
	case []any:
		terms := make([]*ast.Term, len(v))
		for i, e := range v {
			t, err := valueTerm(e, depth+1)
			if err != nil {
				return nil, fmt.Errorf("[%d]: %w", i, err)
			}
			terms[i] = t
		}
		return ast.ArrayTerm(terms...), nil
	case map[string]any:
		fields := make([][2]*ast.Term, 0, len(v))
		for k, e := range v {
			t, err := valueTerm(e, depth+1)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", k, err)
			}
			fields = append(fields, field(k, t))
		}
		return ast.NewTerm(ast.NewObject(fields...)), nil
	}
	var plain any
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &plain); err != nil {
		return nil, err
	}
	return valueTerm(plain, depth+1)
}

// number refuses what JSON has no form for, NaN and the infinities.
func number(n json.Number) (*ast.Term, error) {
	if n == "" || n[0] != '-' && (n[0] < '0' || n[0] > '9') || !json.Valid([]byte(n)) {
		return nil, fmt.Errorf("%q is no JSON number", string(n))
	}
	return ast.NumberTerm(n), nil
}

func viaJSON(v any) (*ast.Term, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	t, err := ast.ValueFromReader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return ast.NewTerm(t), nil
}

func stringsTerm(values []string) *ast.Term {
	terms := make([]*ast.Term, len(values))
	for i, s := range values {
		terms[i] = ast.StringTerm(s)
	}
	return ast.ArrayTerm(terms...)
}

func field(key string, value *ast.Term) [2]*ast.Term {
	return [2]*ast.Term{ast.InternedTerm(key), value}
}
