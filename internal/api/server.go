package api

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

// server is what handlers share.
type server struct {
	Args
	opts    Options
	limits  Limits
	log     *slog.Logger
	now     func() time.Time
	reads   *rates
	writes  *rates
	refused *rates // entries in the audit journal about refused writes
	watches *places
	routes  *assembly
	docs    docs
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
	s.reads = newRates(s.limits.ReadsPerSecond, s.limits.ReadBurst, s.now)
	s.writes = newRates(s.limits.WritesPerSecond, s.limits.WriteBurst, s.now)
	s.refused = newRates(refusedPerSecond, refusedBurst, s.now)
	s.watches = &places{all: s.limits.Watches, each: s.limits.WatchesEach}
	s.routes = assemble(s)
	var err error
	s.docs, err = makeDocs(s.routes)
	return s, err
}

func (a Args) check() error {
	var missing []tenants.FieldError
	need := func(field string, given bool) {
		if !given {
			missing = append(missing, tenants.FieldError{Field: field, Allowed: "a value; the API cannot do without"})
		}
	}
	need("ledger", a.Ledger != nil)
	need("verifier", a.Verifier != nil)
	need("catalogue", len(a.Catalogue.Tiers) > 0)
	need("complete", a.Complete != nil)
	need("planner", a.Planner != nil)
	need("canceller", a.Canceller != nil)
	need("watch", a.Watch != nil)
	return tenants.Invalid(missing...)
}

func (l Limits) check() error {
	var wrong []tenants.FieldError
	for name, value := range map[string]float64{
		"readsPerSecond": l.ReadsPerSecond, "readBurst": float64(l.ReadBurst), "writesPerSecond": l.WritesPerSecond, "writeBurst": float64(l.WriteBurst),
		"bodyBytes": float64(l.BodyBytes), "timeout": float64(l.Timeout), "watches": float64(l.Watches), "watchesEach": float64(l.WatchesEach),
		"watchTime": float64(l.WatchTime), "heartbeat": float64(l.Heartbeat),
	} {
		if !(value >= 0) || math.IsInf(value, 0) {
			wrong = append(wrong, tenants.FieldError{Field: "limits." + name, Value: strconv.FormatFloat(value, 'g', -1, 64), Allowed: "a number above 0, or 0 for the default"})
		}
	}
	return tenants.Invalid(wrong...)
}

// logger gives a logger that names the request in every line.
func (s *server) logger(ctx context.Context) *slog.Logger {
	return s.log.With("correlation_id", CorrelationID(ctx))
}

// readTime is how long a reader may leave an answer unread that took as long as
// it may.
const readTime = 10 * time.Second

// recorder knows how an answer was begun.
type recorder struct {
	http.ResponseWriter
	status int // 0: not begun
}

// Unwrap lets http.ResponseController find what the answer is written to.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// WriteHeader begins the answer; once.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
		r.ResponseWriter.WriteHeader(status)
	}
}

// Write begins the answer where nobody has, and writes a part of it.
func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(p)
}

var _ http.Handler = (*server)(nil)

// ServeHTTP answers a request, whatever becomes of its handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.now()
	ctx, wrong := correlated(r)
	r = r.WithContext(ctx)
	rec := &recorder{ResponseWriter: w}
	header := rec.Header()
	header.Set(wire.HeaderCorrelationID, CorrelationID(ctx))
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	c := &call{method: r.Method, path: r.URL.Path}
	defer func() {
		cause := recover()
		if cause != nil && cause != http.ErrAbortHandler { //nolint:errorlint // it is the value that net/http compares with
			s.logger(ctx).ErrorContext(ctx, "handler panicked", "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
			if rec.status == 0 {
				s.writeProblem(rec, r, tenants.Errorf(tenants.CodeInternal, "handler panicked"))
				cause = nil
			}
		}
		s.tell(ctx, c, rec.status, s.now().Sub(began))
		if cause != nil { // half an answer must not look like a whole one
			panic(http.ErrAbortHandler)
		}
	}()
	s.serve(rec, r, c, wrong)
}

// tell tells the metrics and the log of an answered request.
func (s *server) tell(ctx context.Context, c *call, status int, took time.Duration) {
	method := c.method
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		method = "other"
	}
	if s.opts.Metrics != nil {
		s.opts.Metrics.Request(method, c.route, status, took)
	}
	if span := trace.SpanFromContext(ctx); span.IsRecording() && c.route != "" {
		span.SetName(method + " " + c.route)
		span.SetAttributes(attribute.String("http.route", c.route))
	}
	level := slog.LevelDebug
	if c.isWrite() {
		level = slog.LevelInfo
	}
	s.logger(ctx).Log(ctx, level, "request", "method", method, "route", c.route, "status", status, "seconds", took.Seconds(), "subject", c.principal.Subject)
}

// serve finds out who asks for what, and whether they may ask so often.
func (s *server) serve(w http.ResponseWriter, r *http.Request, c *call, wrong error) {
	handler, found := s.routes.find(r, c)
	if c.route != eventsPath {
		ctx, cancel := context.WithTimeout(r.Context(), s.limits.Timeout)
		defer cancel()
		r = r.WithContext(ctx)
		// A writer without deadlines, as in tests, has no reader who is slow.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.limits.Timeout + readTime))
	}
	if !s.opts.PublicDocs || !c.isDocs() {
		token, err := auth.BearerToken(r.Header)
		if err == nil {
			c.principal, err = s.Verifier.Verify(r.Context(), token)
		}
		if err != nil {
			auth.Refuse(w, r, s, err)
			return
		}
		rates, what := s.reads, "reads"
		if c.isWrite() {
			rates, what = s.writes, "writes"
		}
		if wait, ok := rates.take(c.principal.Subject); !ok {
			s.writeProblem(w, r, tooMany(wait, what))
			return
		}
	}
	switch {
	case wrong != nil:
		s.writeProblem(w, r, wrong)
		return
	case found != nil:
		s.writeProblem(w, r, found)
		return
	}
	if err := checkQuery(r.URL.RawQuery); err != nil {
		s.writeProblem(w, r, err)
		return
	}
	r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
	// There is one representation of everything, whatever is asked for.
	r.Header = r.Header.Clone()
	r.Header.Del("Accept")
	handler.ServeHTTP(w, r)
}

// checkQuery refuses what could be taken for something else than was meant: a
// dry run above all.
func checkQuery(raw string) error {
	query, err := url.ParseQuery(raw)
	if err != nil {
		return tenants.Invalid(tenants.FieldError{Field: "query", Value: shown(raw), Allowed: "parameters in the form name=value&name=value, percent-encoded"})
	}
	var fields []tenants.FieldError
	for name, values := range query {
		switch {
		case len(values) > 1:
			fields = append(fields, tenants.FieldError{Field: shown(name), Value: strings.Join(values, ", "), Allowed: "one value"})
		case name == "dryRun" && values[0] == "":
			fields = append(fields, tenants.FieldError{Field: name, Allowed: "true or false"})
		}
	}
	return tenants.Invalid(fields...)
}

// find gives the handler of a request, or the error where it has none.
func (a *assembly) find(r *http.Request, c *call) (http.Handler, error) {
	if p := r.URL.Path; !strings.HasPrefix(p, "/") || path.Clean(p) != p {
		return nil, notHere(p)
	}
	handler, pattern := a.mux.Handler(r)
	if pattern != "" {
		_, c.route, _ = strings.Cut(pattern, " ")
		return a.mux, nil
	}
	// The multiplexer answers 404 or 405 then, in plain text.
	probe := &probe{header: http.Header{}}
	handler.ServeHTTP(probe, r)
	if probe.status != http.StatusMethodNotAllowed {
		return nil, notHere(r.URL.Path)
	}
	allow := probe.header.Get("Allow")
	return nil, &refusal{status: http.StatusMethodNotAllowed, header: http.Header{"Allow": {allow}},
		error: tenants.Errorf(tenants.CodeInvalid, "the method %s does nothing here; allowed are %s", shown(r.Method), allow)}
}

func notHere(path string) error {
	return tenants.Errorf(tenants.CodeNotFound, "there is nothing at %q; see /openapi.json for what there is", shown(path))
}

// probe takes an answer that nobody is to see.
type probe struct {
	header http.Header
	status int
}

func (p *probe) Header() http.Header         { return p.header }
func (p *probe) WriteHeader(status int)      { p.status = status }
func (p *probe) Write(b []byte) (int, error) { return len(b), nil }
