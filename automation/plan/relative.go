package plan

import "reflect"

// Relative gives what next would do once prev had been done, when both are
// previews of one stack from the same state: what prev already creates or
// changes is no longer a change of next, and what next deletes is deleted as
// prev left it. It is how the later steps of an operation are shown before its
// first has run. Ids that only prev's run would make known stay unknown.
func Relative(prev, next Plan) Plan {
	before := make(map[string]Resource, len(prev.Resources))
	for _, r := range prev.Resources {
		before[r.URN] = r
	}
	out := Plan{Project: next.Project, Stack: next.Stack, Resources: make([]Resource, 0, len(next.Resources))}
	seen := make(map[string]bool, len(next.Resources))
	for _, r := range next.Resources {
		seen[r.URN] = true
		p, known := before[r.URN]
		switch {
		case !known || p.Operation == OperationDelete:
		case r.Operation == OperationDelete:
			r.OldInputs, r.WasProtected, r.Protected = p.Inputs, &p.Protected, p.Protected
		case reflect.DeepEqual(p.Inputs, r.Inputs):
			r.Operation, r.OldInputs, r.WasProtected, r.Changed, r.ReplaceKeys = OperationSame, p.Inputs, &p.Protected, nil, nil
		default:
			r.Operation, r.OldInputs, r.WasProtected = OperationUpdate, p.Inputs, &p.Protected
		}
		if known && p.Operation == OperationDelete && r.Operation == OperationDelete {
			continue
		}
		out.Resources = append(out.Resources, r)
	}
	for _, p := range prev.Resources {
		if !seen[p.URN] && (p.Operation == OperationCreate || p.Operation == OperationReplace) {
			p.Operation, p.OldInputs, p.WasProtected, p.Inputs = OperationDelete, p.Inputs, new(p.Protected), nil
			out.Resources = append(out.Resources, p)
		}
	}
	return out
}

// DeletionProtected tells whether a resource as it is now refuses deletion by
// a property of its own, as data stores of AWS do.
func (r Resource) DeletionProtected() bool {
	for _, key := range []string{"deletionProtectionEnabled", "deletionProtection"} {
		switch v := r.OldInputs[key].(type) {
		case bool:
			if v {
				return true
			}
		case string:
			if v == "true" || v == "ACTIVE" {
				return true
			}
		}
	}
	return false
}
