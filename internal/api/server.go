package api

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// server is what handlers share.
type server struct {
	Args
	opts   Options
	limits Limits
	log    *slog.Logger
	now    func() time.Time
}

func newServer(args Args, opts *Options) (*server, error) {
	s := &server{Args: args}
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.Version == "" {
		s.opts.Version = "dev"
	}
	s.limits, s.log, s.now = s.opts.Limits.filled(), s.opts.Log, s.opts.Now
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	var missing []tenants.FieldError
	need := func(field string, given bool) {
		if !given {
			missing = append(missing, tenants.FieldError{Field: field, Allowed: "a value; the API cannot do without"})
		}
	}
	need("ledger", args.Ledger != nil)
	need("verifier", args.Verifier != nil)
	need("complete", args.Complete != nil)
	need("planner", args.Planner != nil)
	need("canceller", args.Canceller != nil)
	need("watch", args.Watch != nil)
	return s, tenants.Invalid(missing...)
}

func (s *server) handler() (http.Handler, error) { return http.NewServeMux(), nil }

func document(string) ([]byte, error) { return nil, nil }
