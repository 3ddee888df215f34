package wire

import (
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Tenant is a tenant as the API shows it: without what is nobody's business
// outside, as are the range of its network and the files of its functions.
type Tenant struct {
	ID         string         `json:"id" doc:"Never changes, also not in a move" example:"acme"`
	Name       string         `json:"name" doc:"For people" example:"Acme Ltd"`
	AdminEmail string         `json:"adminEmail" doc:"The tenant's administrator" example:"ops@acme.example"`
	Tier       string         `json:"tier" doc:"A name in the catalogue of tiers" example:"standard"`
	Region     string         `json:"region" doc:"AWS region where it lives" example:"eu-west-1"`
	CostCenter string         `json:"costCenter" doc:"Value of the tag cost-center"`
	Status     string         `json:"status" doc:"Where it is in its life" enum:"creating,active,updating,moving,inactive,deleting,deleted,create_failed,update_failed,move_failed,delete_failed"`
	Placements []Placement    `json:"placements" nullable:"false" doc:"Where it lives: none before its creation and after its deletion, two during a move, otherwise one"`
	Functions  []Function     `json:"functions" nullable:"false" doc:"The code that it supplied"`
	Origins    []string       `json:"origins" nullable:"false" doc:"Web origins of its application; each is one tenant's alone"`
	Products   []Product      `json:"products" nullable:"false" doc:"What it has licences for"`
	Settings   Settings       `json:"settings" doc:"What its application needs to know; empty until it is provisioned"`
	Services   []ServiceState `json:"services" nullable:"false" doc:"How each business service stands towards it"`
	Version    int64          `json:"version" doc:"Counted up with each change; the entity tag is this number in quotes"`
	CreatedAt  time.Time      `json:"createdAt"`
	UpdatedAt  time.Time      `json:"updatedAt"`
}

// Placement is where a tenant lives.
type Placement struct {
	Model string `json:"model" enum:"pool,silo" doc:"A share of a pool, or infrastructure of its own"`
	Cell  string `json:"cell,omitempty" doc:"The pool's cell; empty for a silo"`
}

// Function is code that a tenant supplied.
type Function struct {
	Name    string `json:"name"`
	Runtime string `json:"runtime" example:"python3.13"`
	Handler string `json:"handler" example:"index.handler"`
}

// Product is something that a tenant has licences for.
type Product struct {
	Name     string    `json:"name" example:"reports"`
	Licences int       `json:"licences" doc:"How many; 0: they are not counted"`
	AddedAt  time.Time `json:"addedAt"`
}

// Settings are the outputs of a tenant's stack that its application needs.
type Settings struct {
	UserPoolID  string `json:"userPoolId,omitempty" doc:"Cognito user pool"`
	AppClientID string `json:"appClientId,omitempty" doc:"The pool's client for the application"`
	Endpoint    string `json:"endpoint,omitempty" doc:"URL of the tenant's API"`
	IssuerURL   string `json:"issuerUrl,omitempty" doc:"Issuer of the tokens that the API takes"`
}

// ServiceState is how a business service stands towards a tenant, or towards one
// operation on it.
type ServiceState struct {
	Service  string    `json:"service"`
	Progress string    `json:"progress" enum:"pending,running,succeeded,failed" doc:"running: asked, and not answered yet"`
	Attempt  int       `json:"attempt" doc:"How often it was asked"`
	Error    string    `json:"error,omitempty"`
	EndedAt  time.Time `json:"endedAt,omitzero"`
}

// Tenants is a page of tenants, by id.
type Tenants struct {
	Tenants []Tenant `json:"tenants" nullable:"false"`
	Next    string   `json:"next,omitempty" doc:"The cursor of the page that follows, to be given as after; missing where none does"`
}

// Products are those of one tenant.
type Products struct {
	Products []Product `json:"products" nullable:"false"`
}

// FromTenant gives a tenant as the API shows it.
func FromTenant(t tenants.Tenant) Tenant {
	out := Tenant{
		ID: t.ID, Name: t.Name, AdminEmail: t.AdminEmail, Tier: t.Tier, Region: t.Region, CostCenter: t.CostCenter, Status: string(t.Status),
		Placements: []Placement{}, Functions: []Function{}, Origins: append([]string{}, t.Origins...), Products: FromProducts(t.Products),
		Settings: Settings(t.Settings), Services: fromStates(t.Services), Version: t.Version, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
	}
	for _, p := range t.Placements {
		out.Placements = append(out.Placements, Placement{Model: string(p.Model), Cell: p.Cell})
	}
	for _, f := range t.Functions {
		out.Functions = append(out.Functions, Function{Name: f.Name, Runtime: f.Runtime, Handler: f.Handler})
	}
	return out
}

// Record gives the tenant in the vocabulary of package tenants, as far as the API
// shows it.
func (t Tenant) Record() tenants.Tenant {
	out := tenants.Tenant{
		ID: t.ID, Name: t.Name, AdminEmail: t.AdminEmail, Tier: t.Tier, Region: t.Region, CostCenter: t.CostCenter, Status: tenants.Status(t.Status),
		Origins: t.Origins, Settings: tenants.Settings(t.Settings), Services: states(t.Services),
		Version: t.Version, CreatedAt: t.CreatedAt, UpdatedAt: t.UpdatedAt,
	}
	for _, p := range t.Placements {
		out.Placements = append(out.Placements, tenants.Placement{Model: tenants.Model(p.Model), Cell: p.Cell})
	}
	for _, f := range t.Functions {
		out.Functions = append(out.Functions, tenants.Function{Name: f.Name, Runtime: f.Runtime, Handler: f.Handler})
	}
	for _, p := range t.Products {
		out.Products = append(out.Products, tenants.Product(p))
	}
	return out
}

// FromProducts gives products as the API shows them.
func FromProducts(products []tenants.Product) []Product {
	out := []Product{}
	for _, p := range products {
		out = append(out, Product(p))
	}
	return out
}

func fromStates(states []tenants.ServiceState) []ServiceState {
	out := []ServiceState{}
	for _, s := range states {
		out = append(out, ServiceState{Service: s.Service, Progress: fromProgress(s.Progress), Attempt: s.Attempt, Error: s.Error, EndedAt: s.EndedAt})
	}
	return out
}

func states(states []ServiceState) []tenants.ServiceState {
	var out []tenants.ServiceState
	for _, s := range states {
		out = append(out, tenants.ServiceState{Service: s.Service, Progress: progress(s.Progress), Attempt: s.Attempt, Error: s.Error, EndedAt: s.EndedAt})
	}
	return out
}
