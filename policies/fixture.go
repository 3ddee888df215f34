package policies

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/tenants"
)

// The place of a fixture's resources that name none.
const (
	fixtureProject = "tenantform"
	fixtureRegion  = "eu-west-1"
	fixtureAccount = "111111111111"
)

// fixture is what matters of an Input that a rule is tested with.
type fixture struct {
	Stack     string             `json:"stack"` // "tenant-acme" when empty, or "pool-a", "platform", "functions-acme" as the subject's program says
	Subject   *Subject           `json:"subject"`
	Catalogue *tenants.Catalogue `json:"catalogue"`
	Resources []fixtureResource  `json:"resources"`
}

// fixtureResource is one resource of a short fixture. Others are named by name.
type fixtureResource struct {
	Type      string              `json:"type"`
	Name      string              `json:"name"`
	ID        string              `json:"id"`
	Operation plan.Operation      `json:"operation"` // create when empty
	Parent    string              `json:"parent"`    // the stack when empty
	Inputs    map[string]any      `json:"inputs"`
	OldInputs map[string]any      `json:"oldInputs"`
	From      map[string][]string `json:"from"` // property -> the resources it comes from
	DependsOn []string            `json:"dependsOn"`
	Protected bool                `json:"protected"`
	// WasProtected is missing where nothing is said of it.
	WasProtected *bool    `json:"wasProtected"`
	Changed      []string `json:"changed"`
	Replace      []string `json:"replaceKeys"`
	Region       string   `json:"region"`
	Account      string   `json:"account"`
}

// ReadFixture gives the input that a rule is tested with. A fixture is an Input
// as JSON, or, shorter, what matters of one:
//
//	{
//	  "subject": {"program": "tenant", "tenantId": "acme"},
//	  "resources": [
//	    {"type": "aws:s3/bucketV2:BucketV2", "name": "files", "inputs": {"bucket": "acme-files"}},
//	    {"type": "aws:s3/bucketPolicy:BucketPolicy", "name": "policy", "from": {"bucket": ["files"]}, "inputs": {"bucket": {"$unknown": true}}}
//	  ]
//	}
//
// In a short one every field has a default: the subject is tenant "acme" of tier "premium" in production, the
// catalogue has the pooled tiers free and standard of cell a and the silo tier
// premium, and a resource is created below the stack by the core account's
// provider. Types that are not AWS's or a provider's are components.
func ReadFixture(fsys fs.FS, name string) (Input, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return Input{}, err
	}
	in, err := ParseFixture(data)
	if err != nil {
		return Input{}, fmt.Errorf("%s: %w", name, err)
	}
	return in, nil
}

// ParseFixture is ReadFixture for the content of a fixture.
func ParseFixture(data []byte) (Input, error) {
	var whole struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &whole); err != nil {
		return Input{}, err
	}
	if whole.Version != 0 {
		var in Input
		return in, strict(data, &in)
	}
	var s fixture
	if err := strict(data, &s); err != nil {
		return Input{}, err
	}
	return s.input()
}

func (s fixture) input() (Input, error) {
	in := Input{Version: InputVersion, Catalogue: fixtureCatalogue(), Subject: Subject{
		Program: ProgramTenant, TenantID: "acme", Environment: "production", Region: fixtureRegion, Account: fixtureAccount, Tiers: []string{"premium"},
	}}
	if s.Subject != nil {
		in.Subject = *s.Subject
	}
	if s.Catalogue != nil {
		in.Catalogue = *s.Catalogue
	}
	in.Plan.Project, in.Plan.Stack = fixtureProject, s.stack(in.Subject)
	stack := plan.Resource{Type: "pulumi:pulumi:Stack", Name: fixtureProject + "-" + in.Plan.Stack, Operation: plan.OperationCreate}
	stack.URN = fixtureURN(in.Plan.Stack, stack.Type, stack.Name)
	in.Plan.Resources = []plan.Resource{stack}
	byName := map[string]string{"": stack.URN}
	for i, r := range s.Resources {
		if r.Type == "" || r.Name == "" || byName[r.Name] != "" {
			return Input{}, fmt.Errorf("resources[%d]: type and name are needed, and each name once", i)
		}
		parent, ok := byName[r.Parent]
		if !ok {
			return Input{}, fmt.Errorf("resource %s: its parent %s must come before it", r.Name, r.Parent)
		}
		made := r.plan(in.Plan.Stack, parent, in.Subject)
		byName[r.Name] = made.URN
		in.Plan.Resources = append(in.Plan.Resources, made)
	}
	for i, r := range s.Resources {
		made := &in.Plan.Resources[i+1]
		for property, names := range r.From {
			urns, err := urnsOf(byName, names)
			if err != nil {
				return Input{}, fmt.Errorf("resource %s: %w", r.Name, err)
			}
			if made.PropertyDependencies == nil {
				made.PropertyDependencies = map[string][]string{}
			}
			made.PropertyDependencies[property] = urns
			made.Dependencies = append(made.Dependencies, urns...)
		}
		urns, err := urnsOf(byName, r.DependsOn)
		if err != nil {
			return Input{}, fmt.Errorf("resource %s: %w", r.Name, err)
		}
		made.Dependencies = append(made.Dependencies, urns...)
	}
	return NewInput(in.Plan, in.Subject, in.Catalogue), nil
}

func urnsOf(byName map[string]string, names []string) ([]string, error) {
	var urns []string
	for _, n := range names {
		if byName[n] == "" {
			return nil, fmt.Errorf("there is no resource %s", n)
		}
		urns = append(urns, byName[n])
	}
	return urns, nil
}

func (s fixture) stack(subject Subject) string {
	switch {
	case s.Stack != "":
		return s.Stack
	case subject.Program == ProgramPool:
		return tenants.PoolStackName("a")
	case subject.Program == ProgramPlatform:
		return tenants.PlatformStackName
	case subject.Program == ProgramFunctions:
		return tenants.FunctionsStackName(subject.TenantID)
	case subject.TenantID != "":
		return tenants.StackName(subject.TenantID)
	}
	return "dev"
}

func (r fixtureResource) plan(stack, parent string, subject Subject) plan.Resource {
	p := plan.Resource{
		URN: fixtureURN(stack, typesAbove(parent)+r.Type, r.Name), Type: r.Type, Name: r.Name, ID: r.ID, Operation: r.Operation, Parent: parent,
		Custom: strings.HasPrefix(r.Type, "aws:") || strings.HasPrefix(r.Type, "pulumi:providers:"), Protected: r.Protected,
		Inputs: r.Inputs, OldInputs: r.OldInputs, Changed: r.Changed, ReplaceKeys: r.Replace, WasProtected: r.WasProtected,
	}
	if p.Operation == "" {
		p.Operation = plan.OperationCreate
	}
	if p.Custom && strings.HasPrefix(r.Type, "aws:") {
		p.Provider = plan.Provider{URN: fixtureURN(stack, "pulumi:providers:aws", "core"), Region: subject.Region, Account: subject.Account}
		if r.Region != "" {
			p.Provider.Region = r.Region
		}
		if r.Account != "" {
			p.Provider.Account = r.Account
		}
	}
	return p
}

// chain gives the types of a parent as they are in the URN of a child.
func typesAbove(parent string) string {
	types := strings.Split(parent, "::")[2]
	if types == "pulumi:pulumi:Stack" {
		return ""
	}
	return types + "$"
}

func fixtureURN(stack, types, name string) string {
	return "urn:pulumi:" + stack + "::" + fixtureProject + "::" + types + "::" + name
}

// fixtureCatalogue gives the tiers of short fixtures.
func fixtureCatalogue() tenants.Catalogue {
	tier := tenants.Tier{
		Name: "free", Model: tenants.ModelPool, Cell: "a", RateLimit: 5, BurstLimit: 10, MonthlyQuota: 1000,
		FunctionMemoryMB: 128, FunctionTimeoutSec: 10, FunctionConcurrent: 1, FunctionCount: 2, LogRetentionDays: 30,
	}
	standard, premium := tier, tier
	standard.Name, standard.RateLimit = "standard", 20
	premium.Name, premium.Model, premium.Cell, premium.DeletionProtection = "premium", tenants.ModelSilo, "", true
	return tenants.Catalogue{Tiers: []tenants.Tier{tier, standard, premium}}
}
