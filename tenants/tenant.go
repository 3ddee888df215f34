package tenants

import (
	"time"
)

// Model says how a tenant's infrastructure is shared.
type Model string

// The models.
const (
	ModelPool Model = "pool" // a share of a pool's infrastructure
	ModelSilo Model = "silo" // infrastructure of its own
)

// Tenant is a customer of the SaaS. Its ID never changes, also not in a move.
type Tenant struct {
	ID         string      `json:"id"`
	Name       string      `json:"name"`       // shown to people; 1 to 100 characters
	AdminEmail string      `json:"adminEmail"` // the tenant's administrator
	Tier       string      `json:"tier"`       // a name in the catalogue
	Region     string      `json:"region"`     // AWS region where it lives
	CostCenter string      `json:"costCenter"` // value of the cost-center tag; the id when empty
	Status     Status      `json:"status"`
	Placements []Placement `json:"placements"` // none before creation and after deletion, two in a move, otherwise one
	Functions  []Function  `json:"functions,omitempty"`
	// NetworkCIDR is the IPv4 range of the network of the tenant's silo, which no
	// other tenant has. It is empty where there is no silo, and for a silo that is
	// older than the handing out of ranges.
	NetworkCIDR string `json:"networkCidr,omitempty"`
	// Origins are the web origins of the tenant's application, "https://acme.example"
	// for example, as ValidateOrigin takes them. An origin is one tenant's alone
	// among those that are not deleted.
	Origins  []string  `json:"origins,omitempty"`
	Products []Product `json:"products,omitempty"` // what the tenant has licences for; each once
	// Settings are those outputs of the tenant's stack that an application needs.
	Settings  Settings       `json:"settings,omitzero"`
	Services  []ServiceState `json:"services,omitempty"` // how each business service stands towards the tenant; each once
	Version   int64          `json:"version"`            // counted up by the store with each write; 0 before the first
	CreatedAt time.Time      `json:"createdAt"`
	UpdatedAt time.Time      `json:"updatedAt"`
}

// Placement is where a tenant lives: in a cell of a pool, or in its own silo.
type Placement struct {
	Model Model  `json:"model"`
	Cell  string `json:"cell,omitempty"` // the pool's cell; empty for a silo
}

// String gives "pool/a" or "silo".
func (p Placement) String() string {
	if p.Cell == "" {
		return string(p.Model)
	}
	return string(p.Model) + "/" + p.Cell
}

// Function is code that a tenant supplied.
type Function struct {
	Name    string            `json:"name"`
	Runtime string            `json:"runtime"`        // a Lambda runtime identifier, "python3.13" for example
	Handler string            `json:"handler"`        // as Lambda names it, "index.handler" for example
	Archive string            `json:"archive"`        // path of the zip
	Layers  []string          `json:"layers"`         // paths of zips with vendor code; may be empty
	Grants  []Grant           `json:"grants"`         // AWS permissions; none means an explicit deny of everything
	Tags    map[string]string `json:"tags,omitempty"` // more tags; the required ones cannot be replaced
}

// Grant is one permission of a function's role.
type Grant struct {
	Actions   []string `json:"actions"`
	Resources []string `json:"resources"`
}

// StackName gives the name of the tenant's one stack, whatever its tier.
func StackName(tenantID string) string { return "tenant-" + tenantID }

// PoolStackName gives the name of a pool cell's shared stack.
func PoolStackName(cell string) string { return "pool-" + cell }

// FunctionsStackName gives the name of the stack with the tenant's own code.
func FunctionsStackName(tenantID string) string { return "functions-" + tenantID }

// PlatformStackName is the name of the stack that is there once an account.
const PlatformStackName = "platform"
