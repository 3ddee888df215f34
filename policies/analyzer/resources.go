package analyzer

import (
	"fmt"
	"slices"
	"strings"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/tenantform/tenantform/automation/plan"
)

// What the engine sends is made into the plan.Resource that the other channels
// give. By nature these differ:
//
//   - Operation is not told: every resource counts as one that stays. OldInputs,
//     WasProtected, Changed and ReplaceKeys are missing, and nothing that is deleted is there.
//   - ID is there only where the provider has it among the outputs.
//   - A resource that is only read has its outputs as Inputs.
//   - Inputs lack the keys that begin with "__", which the engine keeps to itself.
//   - Custom is told by the provider: a component that a provider makes counts
//     as custom.

// single makes a resource of what is told before it is operated on.
func single(req *pulumirpc.AnalyzeRequest) (plan.Resource, error) {
	r, err := common(req.GetUrn(), req.GetType(), req.GetProvider(), req.GetOptions())
	if err != nil {
		return plan.Resource{}, err
	}
	r.Inputs = values(req.GetProperties())
	return r, nil
}

func common(urn, typ string, provider *pulumirpc.AnalyzerProviderResource, options *pulumirpc.AnalyzerResourceOptions) (plan.Resource, error) {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) != 4 || !strings.HasPrefix(urn, "urn:pulumi:") || slices.Contains(parts, "") || typ == "" {
		return plan.Resource{}, fmt.Errorf("the engine names a resource %q of type %q", urn, typ)
	}
	r := plan.Resource{
		URN: urn, Type: typ, Name: parts[3], Operation: plan.OperationSame,
		Protected: options.GetProtect(), Parent: options.GetParent(),
	}
	r.Custom = provider != nil || strings.HasPrefix(typ, "pulumi:providers:")
	if provider != nil {
		r.Provider.URN = provider.GetUrn()
		r.Provider.Region, r.Provider.Account = plan.ProviderSettings(values(provider.GetProperties()))
	}
	return r, nil
}

// whole makes the resources of a stack, in the order in which they were
// announced. The engine gives outputs here; the inputs are those of Analyze.
func (s *Server) whole(told []*pulumirpc.AnalyzerResource) ([]plan.Resource, error) {
	order := func(r *pulumirpc.AnalyzerResource) int {
		if i, ok := s.at[r.GetUrn()]; ok {
			return i
		}
		return len(s.seen)
	}
	told = slices.SortedFunc(slices.Values(told), func(a, b *pulumirpc.AnalyzerResource) int {
		if d := order(a) - order(b); d != 0 {
			return d
		}
		return strings.Compare(a.GetUrn(), b.GetUrn())
	})
	all := make([]plan.Resource, 0, len(told))
	for _, t := range told {
		if defaultProvider(t.GetUrn(), t.GetType()) {
			continue // the other channels do not show it; its settings are with its resources
		}
		r, err := common(t.GetUrn(), t.GetType(), t.GetProvider(), t.GetOptions())
		if err != nil {
			return nil, err
		}
		outputs := values(t.GetProperties())
		if i, ok := s.at[r.URN]; ok {
			r.Inputs = s.seen[i].Inputs
		} else {
			r.Inputs = outputs
			if len(s.seen) > 0 && r.Custom {
				r.Operation = plan.OperationRead // all that the program manages was announced
			}
		}
		if r.Custom {
			id, _ := outputs["id"].(string)
			r.ID = plan.VisibleID(id, r.Inputs)
		}
		r.Parent, r.Dependencies = t.GetParent(), t.GetDependencies()
		for property, d := range t.GetPropertyDependencies() {
			if len(d.GetUrns()) == 0 {
				continue
			}
			if r.PropertyDependencies == nil {
				r.PropertyDependencies = map[string][]string{}
			}
			r.PropertyDependencies[property] = d.GetUrns()
		}
		all = append(all, r)
	}
	return all, nil
}

// values gives properties with unknowns and secrets marked; never nil.
func values(s *structpb.Struct) map[string]any {
	out := make(map[string]any, len(s.GetFields()))
	for k, v := range s.GetFields() {
		out[k] = plan.Mark(v.AsInterface())
	}
	return out
}

func defaultProvider(urn, typ string) bool {
	name := urn[strings.LastIndex(urn, "::")+len("::"):]
	return strings.HasPrefix(typ, "pulumi:providers:") && (name == "default" || strings.HasPrefix(name, "default_"))
}
