package wire

// CreateTenant asks for a new tenant.
type CreateTenant struct {
	ID         string       `json:"id,omitempty" doc:"Missing: made from the name" example:"acme"`
	Name       string       `json:"name" doc:"For people" example:"Acme Ltd"`
	AdminEmail string       `json:"adminEmail" doc:"The tenant's administrator, who is told when it is ready" example:"ops@acme.example"`
	Tier       string       `json:"tier" doc:"A name in the catalogue of tiers" example:"standard"`
	Region     string       `json:"region,omitempty" doc:"AWS region where it is to live; missing: the platform's own" example:"eu-west-1"`
	CostCenter string       `json:"costCenter,omitempty" doc:"Value of the tag cost-center; missing: the id"`
	Origins    []string     `json:"origins,omitempty" nullable:"false" doc:"Web origins of its application" example:"[\"https://acme.example\"]"`
	Products   []NewProduct `json:"products,omitempty" nullable:"false" doc:"What it has licences for"`
	Reason     string       `json:"reason,omitempty" doc:"Why; it goes into the audit journal"`
}

// NewProduct is something that a new tenant is to have licences for.
type NewProduct struct {
	Name     string `json:"name" example:"reports"`
	Licences int    `json:"licences,omitempty" doc:"How many; 0: they are not counted"`
}

// PatchTenant changes a tenant, as a JSON merge patch (RFC 7396): what is missing
// stays, and null takes away what can be missing.
type PatchTenant struct {
	Name       *string   `json:"name,omitempty"`
	AdminEmail *string   `json:"adminEmail,omitempty"`
	CostCenter *string   `json:"costCenter,omitempty" nullable:"true" doc:"null or empty: the id again"`
	Origins    *[]string `json:"origins,omitempty" nullable:"true" doc:"All of them; null or empty: none"`
	Reason     string    `json:"reason,omitempty" doc:"Why; it goes into the audit journal"`
}

// MoveTenant asks for a move to another tier.
type MoveTenant struct {
	Tier      string `json:"tier" doc:"The tier to move to"`
	Reason    string `json:"reason,omitempty" doc:"Why; it goes into the audit journal"`
	DataMoved bool   `json:"dataMoved,omitempty" doc:"Users and data have been taken over already"`
}

// Reason says why something is asked for.
type Reason struct {
	Reason string `json:"reason,omitempty" doc:"Why; it goes into the audit journal"`
}

// PutProduct gives a tenant a product, or changes its licences.
type PutProduct struct {
	Licences int    `json:"licences" doc:"How many; 0: they are not counted"`
	Reason   string `json:"reason,omitempty" doc:"Why; it goes into the audit journal"`
}

// Change is the answer to a write.
type Change struct {
	Tenant    Tenant     `json:"tenant" doc:"As it is now; of a dry run, as it would be"`
	Operation *Operation `json:"operation,omitempty" doc:"What was begun; missing where there is nothing more to do"`
	// Services are only in the answer to a dry run.
	Services []string `json:"services,omitempty" nullable:"false" doc:"The business services that would be asked; only in the answer to a dry run"`
	DryRun   bool     `json:"dryRun,omitempty" doc:"Nothing was changed"`
}
