// Package plan holds the normalised form of what a run would change. The
// Automation API's preview, the output of "pulumi preview --json" and the
// policies all speak of a run in these types. Standard library only.
package plan

import "strings"

// Operation is what happens to a resource.
type Operation string

// The operations. A replacement is one operation, whatever steps the engine
// breaks it into.
const (
	OperationSame    Operation = "same"
	OperationCreate  Operation = "create"
	OperationUpdate  Operation = "update"
	OperationReplace Operation = "replace"
	OperationDelete  Operation = "delete"
	OperationRead    Operation = "read"
)

// Marked values. Within Inputs, Outputs and the like an unknown or secret value is an
// object with exactly one of these keys, so that no rule can take it for text:
//
//	{"$unknown": true}   not known before the run
//	{"$secret": true}    known and masked
const (
	UnknownKey = "$unknown"
	SecretKey  = "$secret"
)

// Plan is what a run of one stack would do. Resources are in the engine's order.
type Plan struct {
	Project   string     `json:"project"`
	Stack     string     `json:"stack"`
	Resources []Resource `json:"resources"`
}

// Resource is one resource of a plan.
type Resource struct {
	URN       string    `json:"urn"`
	Type      string    `json:"type"`
	Name      string    `json:"name"`         // the URN's last part
	ID        string    `json:"id,omitempty"` // what the provider calls it; empty for what does not exist yet, for components, and where an input is secret
	Operation Operation `json:"operation"`
	Custom    bool      `json:"custom"`    // managed by a provider; false for components and the stack itself
	Protected bool      `json:"protected"` // the engine refuses to delete it
	// WasProtected tells whether it was protected before the run. It is missing for
	// what did not exist, and where it is not told, as to a policy pack.
	WasProtected *bool `json:"wasProtected,omitempty"`
	// Inputs are the new inputs; nil for a delete.
	Inputs map[string]any `json:"inputs,omitempty"`
	// OldInputs are those of the last run; nil for a create.
	OldInputs map[string]any `json:"oldInputs,omitempty"`
	// Parent is a URN; empty for the stack itself.
	Parent string `json:"parent,omitempty"`
	// Dependencies are URNs.
	Dependencies []string `json:"dependencies,omitempty"`
	// PropertyDependencies names, for an input property, the URNs it comes from.
	PropertyDependencies map[string][]string `json:"propertyDependencies,omitempty"`
	// Provider is what manages the resource; zero for components.
	Provider Provider `json:"provider"`
	// Changed are the paths of the properties that differ, sorted.
	Changed []string `json:"changed,omitempty"`
	// ReplaceKeys are the properties that force a replacement, sorted.
	ReplaceKeys []string `json:"replaceKeys,omitempty"`
}

// Provider is the provider that manages a resource.
type Provider struct {
	URN     string `json:"urn,omitempty"`
	Region  string `json:"region,omitempty"`  // empty when it is not among the provider's inputs
	Account string `json:"account,omitempty"` // the one allowed account, or that of the role it assumes; else empty
}

// Changes counts the resources a plan would create, update, replace and delete.
// Sames and reads do not count; neither do what is no resource of a cloud:
// components, the stack itself, providers.
func (p Plan) Changes() map[Operation]int {
	n := map[Operation]int{}
	for _, r := range p.Resources {
		if r.Real() && r.Operation != OperationSame && r.Operation != OperationRead {
			n[r.Operation]++
		}
	}
	return n
}

// Touched gives the plan without the resources of a cloud that stay as they are.
func (p Plan) Touched() Plan {
	out := Plan{Project: p.Project, Stack: p.Stack}
	for _, r := range p.Resources {
		if !r.Real() || r.Operation != OperationSame {
			out.Resources = append(out.Resources, r)
		}
	}
	return out
}

// Real tells whether a resource is one of a cloud.
func (r Resource) Real() bool { return r.Custom && !strings.HasPrefix(r.Type, "pulumi:") }

// Empty tells whether a plan would change nothing.
func (p Plan) Empty() bool { return len(p.Changes()) == 0 }
