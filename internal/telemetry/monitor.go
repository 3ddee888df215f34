package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Check is one thing that a process needs to be ready.
type Check struct {
	Name string
	// Look gives why it cannot be had; what of it may be shown is shown.
	Look func(ctx context.Context) error
}

// State is what a check found.
type State struct {
	Name  string `json:"name"`
	Ready bool   `json:"ready"`
	Error string `json:"error,omitempty"` // why not; without causes, which are for logs
}

// Readiness is what /readyz answers with.
type Readiness struct {
	Ready  bool    `json:"ready"`
	Checks []State `json:"checks"`
}

// How long one look may take, and how long what it found is good.
const (
	lookTime = 3 * time.Second
	fresh    = time.Second
)

// Ready tells whether a process can do its work. Looks of several askers are one,
// and at most one a second. Its fields are set before the first use.
type Ready struct {
	Checks   []Check
	mu       sync.Mutex
	at       time.Time
	last     Readiness
	stopping bool
}

// Stopping makes it not ready for good: the process ends.
func (r *Ready) Stopping() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopping, r.at = true, time.Time{}
}

// Look looks at all that the process needs.
func (r *Ready) Look(ctx context.Context) Readiness {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.at.IsZero() && time.Since(r.at) < fresh {
		return r.last
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	states := make([]State, len(r.Checks))
	var all sync.WaitGroup
	for i, c := range r.Checks {
		all.Go(func() {
			states[i] = State{Name: c.Name, Ready: true}
			if err := c.Look(ctx); err != nil {
				states[i] = State{Name: c.Name, Error: public(err)}
			}
		})
	}
	all.Wait()
	out := Readiness{Ready: !r.stopping, Checks: states}
	if r.stopping {
		out.Checks = append(out.Checks, State{Name: "process", Error: "it is stopping"})
	}
	for _, s := range states {
		out.Ready = out.Ready && s.Ready
	}
	r.at, r.last = time.Now(), out
	return out
}

// maxShown is how many bytes of an error are shown.
const maxShown = 300

// public gives what may be shown of an error: the message of one that has a code.
func public(err error) string {
	e, ok := errors.AsType[*tenants.Error](err)
	if !ok {
		return "it does not answer"
	}
	return strings.ToValidUTF8(e.Error()[:min(len(e.Error()), maxShown)], "")
}

// Handler answers GET /healthz (the process is up), /readyz (it can do its work;
// 503 when not) and /metrics. It is for a listener of its own.
func Handler(ready *Ready, metrics *Metrics) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		found := ready.Look(r.Context())
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if !found.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(found)
	})
	mux.Handle("GET /metrics", metrics.Handler())
	return mux
}
