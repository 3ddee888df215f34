package api

import (
	"cmp"
	"context"
	"iter"
	"log/slog"
	"net/http"
	"time"

	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
)

// Args are what the API cannot do without.
type Args struct {
	Ledger    tenants.Ledger
	Verifier  auth.TokenVerifier
	Catalogue tenants.Catalogue
	// Complete fills what has a default in a tenant that is to be created, and
	// checks it, as lifecycle.Lifecycle does.
	Complete  func(*tenants.Tenant) error
	Planner   Planner
	Canceller Canceller
	// Watch gives an operation as it is and then whatever happens to it, as
	// workflows.Broker does.
	Watch func(ctx context.Context, operationID string) iter.Seq2[workflows.Update, error]
}

// Planner says which steps an operation would have; *lifecycle.Lifecycle is one.
type Planner interface {
	Plan(ctx context.Context, t tenants.Tenant, op tenants.Operation) (lifecycle.Plan, error)
}

// Canceller asks an operation that is under way to end; *workflows.Client is one.
type Canceller interface {
	// Cancel is CodeNotFound when nothing of the operation is under way.
	Cancel(ctx context.Context, operationID string) error
}

// Metrics is told of every request that was answered.
type Metrics interface {
	// Request is told the route as it is in the OpenAPI document,
	// "/v1/tenants/{id}" for example, and empty where none was found. Methods that
	// HTTP does not know are "other".
	Request(method, route string, status int, took time.Duration)
}

// Options are what may be left out; nil and the zero value are fine.
type Options struct {
	Services tenants.ServiceCatalogue
	// Nudge is called when something was put into the outbox; it never blocks.
	Nudge      func()
	Log        *slog.Logger     // nothing is logged when nil
	Now        func() time.Time // time.Now when nil
	Version    string           // of the program; "dev" when empty
	Limits     Limits
	PublicDocs bool // /openapi.json and /docs need no token
	Metrics    Metrics
}

// Limits are what one who asks may use. The zero value of each is its default.
type Limits struct {
	ReadsPerSecond  float64       // of a principal, steady; 50
	ReadBurst       int           // at once; 100
	WritesPerSecond float64       // of a principal, steady; 10
	WriteBurst      int           // at once; 50
	BodyBytes       int64         // of a request; 64 KiB
	Timeout         time.Duration // of a request, but for a watch; 30 s
	Watches         int           // streams of events at once, in all; 1000
	WatchesEach     int           // of a principal; 20
	// WatchTime is how long a stream lasts before its client has to open it again,
	// with a token that is good then; 15 min.
	WatchTime time.Duration
	Heartbeat time.Duration // between two signs of life in a stream; 15 s
}

func (l Limits) filled() Limits {
	return Limits{
		ReadsPerSecond: cmp.Or(l.ReadsPerSecond, 50), ReadBurst: cmp.Or(l.ReadBurst, 100),
		WritesPerSecond: cmp.Or(l.WritesPerSecond, 10), WriteBurst: cmp.Or(l.WriteBurst, 50),
		BodyBytes: cmp.Or(l.BodyBytes, 64<<10), Timeout: cmp.Or(l.Timeout, 30*time.Second),
		Watches: cmp.Or(l.Watches, 1000), WatchesEach: cmp.Or(l.WatchesEach, 20),
		WatchTime: cmp.Or(l.WatchTime, 15*time.Minute), Heartbeat: cmp.Or(l.Heartbeat, 15*time.Second),
	}
}

// New makes the API's handler. Mount it at the root. The error is CodeInvalid and
// names what is missing or wrong.
func New(args Args, opts *Options) (http.Handler, error) {
	if err := args.check(); err != nil {
		return nil, err
	}
	if opts != nil {
		if err := opts.Limits.check(); err != nil {
			return nil, err
		}
	}
	return newServer(args, opts)
}

// Document gives the OpenAPI document, as indented JSON. It is what a handler
// serves, but for the program's version.
func Document() ([]byte, error) {
	s, err := newServer(Args{}, nil)
	if err != nil {
		return nil, err
	}
	return s.docs.document, nil
}
