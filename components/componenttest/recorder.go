// Package componenttest runs Pulumi programs against a recorder, so that tests
// can read what a component registers: types, names, inputs and parents.
package componenttest

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The project and organization of recorded runs.
const (
	Project      = "tenantform"
	Organization = "organization"
)

// Resource is one registration.
type Resource struct {
	Type   string
	Name   string
	Custom bool
	Parent string         // URN; "" for none
	Inputs map[string]any // plain values; secrets are unwrapped
	Secret map[string]bool
	// Provider is the provider's reference, urn::id; "" for components.
	Provider string
	// Dependencies are the URNs that the resource depends on, and
	// PropertyDependencies, for an input, those that it comes from.
	Dependencies         []string
	PropertyDependencies map[string][]string
}

// URN gives the resource's URN in the recorded run of a stack.
func (r Resource) URN(stack string) string {
	parent := resource.URN(r.Parent)
	var above tokens.Type
	if r.Parent != "" && parent.QualifiedType() != resource.RootStackType {
		above = parent.QualifiedType()
	}
	return string(resource.NewURN(tokens.QName(stack), Project, above, tokens.Type(r.Type), r.Name))
}

// Recording is what a program did.
type Recording struct {
	Resources []Resource
	Outputs   map[string]pulumi.Output
	// stacks are the outputs of other stacks, by the name of the stack.
	stacks map[string]map[string]any
	mu     sync.Mutex
}

// Stacks are outputs that stack references read, by the full name of the stack.
type Stacks map[string]map[string]any

// Run runs a program and gives what it registered up to its end or its error.
func Run(stack string, program pulumi.RunFunc, stacks Stacks) (*Recording, error) {
	r := &Recording{stacks: stacks}
	err := pulumi.RunErr(program, pulumi.WithMocksWithOrganization(Organization, Project, stack, r))
	return r, err
}

// MustRun is Run for a program that is expected to succeed.
func MustRun(t testing.TB, stack string, program pulumi.RunFunc, stacks Stacks) *Recording {
	t.Helper()
	r, err := Run(stack, program, stacks)
	if err != nil {
		t.Fatalf("the program failed: %v", err)
	}
	return r
}

// Call is the recorder's answer to functions of a provider: components call none.
func (r *Recording) Call(args pulumi.MockCallArgs) (resource.PropertyMap, error) {
	return nil, fmt.Errorf("a component looked something up: %s", args.Token)
}

// NewResource records a registration and answers with an id and ARN that are
// made from the resource's name.
func (r *Recording) NewResource(args pulumi.MockResourceArgs) (string, resource.PropertyMap, error) {
	out := args.Inputs.Copy()
	if args.TypeToken == "pulumi:pulumi:StackReference" {
		name := args.Inputs["name"].StringValue()
		values, ok := r.stacks[name]
		if !ok {
			return "", nil, fmt.Errorf("unknown stack %q", name)
		}
		out["outputs"] = resource.NewProperty(resource.NewPropertyMapFromMap(values))
		return name, out, nil
	}
	res := Resource{Type: args.TypeToken, Name: args.Name, Custom: args.Custom, Provider: args.Provider, Secret: map[string]bool{}}
	if args.RegisterRPC != nil {
		res.Parent = args.RegisterRPC.GetParent()
		res.Dependencies = args.RegisterRPC.GetDependencies()
		res.PropertyDependencies = map[string][]string{}
		for property, from := range args.RegisterRPC.GetPropertyDependencies() {
			res.PropertyDependencies[property] = from.GetUrns()
		}
	}
	for k, v := range args.Inputs {
		res.Secret[string(k)] = v.ContainsSecrets()
	}
	res.Inputs = args.Inputs.Mappable()
	r.mu.Lock()
	r.Resources = append(r.Resources, res)
	r.mu.Unlock()

	id := ID(args.Name)
	out["arn"] = resource.NewProperty(ARN(args.TypeToken, args.Name))
	out["keyId"] = resource.NewProperty(id)
	out["streamArn"] = resource.NewProperty(madeUpARN + "stream:" + args.Name)
	out["value"] = resource.NewProperty(madeUpValue)
	out["invokeUrl"] = resource.NewProperty("https://recorded.example/" + args.Name)
	return id, out, nil
}

const (
	madeUpARN   = "arn:recorded:"
	madeUpValue = "recorded-value"
)

// ID gives the id that the recorder answers with for a resource.
func ID(name string) string { return name + "-id" }

// ARN gives the ARN that the recorder answers with for a resource.
func ARN(token, name string) string { return madeUpARN + token + ":" + name }

// MadeUp tells whether a text holds something that the recorder answered with,
// and that is not known before a real run. Ids do not count; see ID.
func MadeUp(text string) bool {
	return strings.Contains(text, madeUpARN) || strings.Contains(text, madeUpValue) || strings.Contains(text, "://recorded.example/")
}

// OfType gives the resources of a type, "aws:ec2/vpc:Vpc" for example.
func (r *Recording) OfType(token string) []Resource {
	var found []Resource
	for _, res := range r.Resources {
		if res.Type == token {
			found = append(found, res)
		}
	}
	return found
}

// One gives the one resource of a type and fails when there are none or several.
func (r *Recording) One(t testing.TB, token string) Resource {
	t.Helper()
	found := r.OfType(token)
	if len(found) != 1 {
		t.Fatalf("%d resources of type %s, want 1", len(found), token)
	}
	return found[0]
}

// Custom gives the resources of AWS: neither components nor providers.
func (r *Recording) Custom() []Resource {
	var found []Resource
	for _, res := range r.Resources {
		if strings.HasPrefix(res.Type, "aws:") {
			found = append(found, res)
		}
	}
	return found
}
