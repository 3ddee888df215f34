package service

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/tenantform/tenantform/internal/events"
)

// Kind is what is being done to a tenant.
type Kind string

// The kinds of operation.
const (
	Create     Kind = "create"     // the tenant is new; its infrastructure is there
	Update     Kind = "update"     // its record has changed: name, products, cost centre
	Move       Kind = "move"       // it goes to another tier
	Deactivate Kind = "deactivate" // its users are locked out, and nothing is removed
	Activate   Kind = "activate"   // the contrary
	Delete     Kind = "delete"     // it goes for good; its infrastructure is still there
	Reconcile  Kind = "reconcile"  // everything is made as the record says
)

// Request is what the control plane asks for.
type Request struct {
	Service       string // the name of the service that is asked
	OperationID   string
	Kind          Kind
	Attempt       int       // from 1; a later attempt asks for the same again
	AnswerBy      time.Time // an answer after it does not count
	CorrelationID string    // the same in every log line of the operation, wherever it is written
	TraceParent   string    // W3C trace context; may be empty
	FromTier      string    // of a move
	ToTier        string    // of a move
	Tenant        Tenant
	Log           *slog.Logger // writes lines that name the operation, the tenant and the correlation id
}

// Tenant is what a service is told of a tenant: as the operation leaves it, or as
// it was before a deletion. It holds no secret.
type Tenant struct {
	ID         string // never changes
	Name       string // for people
	AdminEmail string
	Tier       string
	Model      string // pool or silo; empty before there is infrastructure
	Region     string // AWS region
	CostCenter string // may be empty
	Status     string
	Origins    []string
	Products   []Product
	Settings   Settings
}

// Product is something that a tenant has licences for.
type Product struct {
	Name     string
	Licences int // 0: they are not counted
}

// Settings are outputs of the tenant's infrastructure; empty before there is any.
type Settings struct {
	UserPoolID  string
	AppClientID string
	Endpoint    string
	IssuerURL   string
}

// Outputs are what a service made, an account's number for example. They go out in
// the event that answers, for whoever reads those events; the control plane keeps
// none of them, and gives them to no other service. There are at most 50, with
// names of letters, digits, dots, hyphens and underscores, and values of at most
// 2000 bytes. No secrets.
type Outputs map[string]string

// Handler does what is asked for, and returns after it is done. Nil means that it
// succeeded. An error of Refuse ends it at once, and is told to the delivery team;
// any other is logged, the Handler is called again a little later, and after
// Options.Attempts the answer says only that the service failed. The context ends
// when the time to answer is over, or the service has been told to stop and its
// grace is over.
type Handler func(ctx context.Context, r Request) (Outputs, error)

// Refusal is a failure that trying again does not mend. Its text is shown to the
// delivery team: it says what is wrong and what to do, and holds no secret.
type Refusal struct{ Reason string }

// Error gives the reason.
func (r *Refusal) Error() string { return r.Reason }

// Refuse makes a Refusal.
func Refuse(format string, args ...any) error { return &Refusal{Reason: fmt.Sprintf(format, args...)} }

func requestOf(e events.Event, r events.Requested, ask events.Ask) Request {
	out := Request{
		Service: ask.Service, OperationID: r.OperationID, Kind: Kind(r.Kind), Attempt: r.Attempt, AnswerBy: ask.AnswerBy,
		CorrelationID: e.CorrelationID, TraceParent: e.TraceParent, FromTier: r.FromTier, ToTier: r.ToTier,
		Tenant: Tenant{
			ID: r.Tenant.ID, Name: r.Tenant.Name, AdminEmail: r.Tenant.AdminEmail, Tier: r.Tenant.Tier, Model: string(r.Tenant.Model),
			Region: r.Tenant.Region, CostCenter: r.Tenant.CostCenter, Status: string(r.Tenant.Status), Origins: r.Tenant.Origins,
			Settings: Settings(r.Tenant.Settings),
		},
	}
	for _, p := range r.Tenant.Products {
		out.Tenant.Products = append(out.Tenant.Products, Product(p))
	}
	return out
}
