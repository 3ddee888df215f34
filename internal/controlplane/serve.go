package controlplane

import (
	"context"
	"crypto/tls"
	"iter"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/tenantform/tenantform/internal/api"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/settings"
	"github.com/tenantform/tenantform/internal/telemetry"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
)

// How often a watched operation is read, and idempotency keys are forgotten.
const (
	watchEvery  = time.Second
	expireEvery = time.Hour
)

// Serve takes requests, starts the workflows of operations, and hands the
// services' answers to them, until ctx ends. It begins without Temporal and the
// issuer, and is not ready until they answer. The error is CodeInvalid for
// settings, and that of a part that could not begin.
func Serve(ctx context.Context, s *settings.Settings, opts *Options) error {
	o := opts.filled()
	p, err := assemble(ctx, settings.Serve, s, o)
	if err != nil {
		return err
	}
	defer p.close()
	verifier, err := newVerifier(s)
	if err != nil {
		return err
	}
	p.ready.Checks = append(p.ready.Checks, telemetry.Check{Name: "issuer", Look: keysReachable(s.Auth.Issuer, s.Auth.KeysURL)})
	api, err := listen(ctx, "server.address", s.Server.Address)
	if err != nil {
		return err
	}
	monitoring, err := listen(ctx, "monitoring.address", s.Monitoring.Address)
	if err != nil {
		_ = api.Close()
		return err
	}
	scheme := "http"
	if s.Server.TLSCertificate != "" {
		scheme = "https"
	}
	o.Started(Started{API: scheme + "://" + reached(api), Monitoring: "http://" + reached(monitoring)})
	return p.watched(ctx, monitoring, func(ctx context.Context) error { return p.serve(ctx, api, verifier) })
}

// watched does the process's work until ctx ends. Monitoring, and whatever else
// the work needs around it, lasts as long as that takes; the loss of one of those
// ends the work.
func (p *parts) watched(ctx context.Context, monitoring net.Listener, work func(context.Context) error, around ...func(context.Context) error) error {
	defer context.AfterFunc(ctx, p.ready.Stopping)()
	around = append(around, func(ctx context.Context) error { return p.monitor(ctx, monitoring) }, func(lasting context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(lasting, cancel)()
		return work(ctx)
	})
	return together(context.WithoutCancel(ctx), around...)
}

// serve is the work of a serving process.
func (p *parts) serve(ctx context.Context, l net.Listener, verifier auth.TokenVerifier) error {
	nudge := make(chan struct{}, 1)
	handler, err := p.api(ctx, verifier, func() {
		select {
		case nudge <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return err
	}
	server := server(handler, p.options.Log)
	if s := p.settings.Server; s.TLSCertificate != "" {
		get, err := certificate(s.TLSCertificate, s.TLSKey)
		if err != nil {
			return err
		}
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: get, NextProtos: []string{"h2", "http/1.1"}}
		l = tls.NewListener(l, server.TLSConfig)
	}
	p.metrics.Outbox(p.ledger.outbox)
	dispatcher := &workflows.Dispatcher{
		Outbox: p.ledger, Client: p.client, Abandon: p.activities(nil).Abandon,
		Every: p.settings.Dispatch.Every, Sweep: p.settings.Dispatch.Sweep, Nudge: nudge, Log: p.options.Log,
	}
	return together(ctx,
		func(ctx context.Context) error { return serveHTTP(ctx, server, l) },
		func(ctx context.Context) error { dispatcher.Run(ctx); return nil },
		p.consume,
		func(ctx context.Context) error { every(ctx, expireEvery, p.expire); return nil },
	)
}

// api makes the API's handler.
func (p *parts) api(ctx context.Context, verifier auth.TokenVerifier, nudge func()) (http.Handler, error) {
	handler, err := api.New(api.Args{
		Ledger: p.ledger, Verifier: verifier, Catalogue: p.catalogue, Complete: p.lifecycle.Complete, Planner: p.lifecycle, Canceller: p.client,
		Watch: func(ctx context.Context, operationID string) iter.Seq2[workflows.Update, error] {
			return p.broker.Watch(ctx, p.ledger, operationID, watchEvery)
		},
	}, &api.Options{
		Services: p.services, Nudge: nudge, Log: p.options.Log, Version: p.options.Version, PublicDocs: p.settings.Server.PublicDocs, Metrics: p.metrics,
		Limits: api.Limits{ReadsPerSecond: p.settings.Server.Reads, WritesPerSecond: p.settings.Server.Writes},
	})
	if err != nil {
		return nil, err
	}
	return streams(ctx, p.traces.Middleware(handler)), nil
}

// consume hands the services' answers on.
func (p *parts) consume(ctx context.Context) error {
	known := map[string]bool{}
	for _, s := range p.services.Services {
		known[s.Name] = true
	}
	a := events.Answers{
		Consumer: events.Consumer{QueueURL: p.settings.Events.Answers, DeadLetters: p.dead, Counter: counter{p.metrics}, Log: p.options.Log},
		Handler:  &answers{ledger: p.ledger, client: p.client, traces: p.traces, log: p.options.Log},
		Known:    func(service string) bool { return known[service] },
	}
	err := a.Run(ctx)
	if tenants.CodeOf(err) == tenants.CodeInvalid && err != nil {
		return tenants.Invalid(p.settings.Fault("events.answers", p.settings.Events.Answers, err.Error()))
	}
	return err
}

// expire forgets idempotency keys that are old.
func (p *parts) expire(ctx context.Context) {
	n, err := p.ledger.Expire(ctx)
	switch {
	case err != nil && ctx.Err() == nil:
		p.options.Log.WarnContext(ctx, "old idempotency keys are still there", "error", err)
	case err == nil:
		p.metrics.Expired(n)
	}
}

func newVerifier(s *settings.Settings) (*auth.Verifier, error) {
	roles := map[string]auth.Role{}
	for _, each := range s.Auth.RoleNames {
		name, role, _ := strings.Cut(each, "=")
		roles[name] = auth.Role(role)
	}
	v, err := auth.NewVerifier(auth.Args{Issuer: s.Auth.Issuer, Audience: s.Auth.Audience}, &auth.Options{
		KeysURL: s.Auth.KeysURL, RoleNames: roles, Claims: auth.Claims{Name: s.Auth.NameClaim, Roles: s.Auth.RolesClaim, Tenant: s.Auth.TenantClaim},
	})
	return v, named(s, err, map[string]string{"issuer": "auth.issuer", "audience": "auth.audience", "keysUrl": "auth.keysUrl", "keysURL": "auth.keysUrl", "roleNames": "auth.roleNames"})
}

// named gives an error whose fields are named as their settings' sources name them.
func named(s *settings.Settings, err error, names map[string]string) error {
	e, ok := err.(*tenants.Error) //nolint:errorlint // only an error that is nothing else is rewritten
	if !ok {
		return err
	}
	out := *e
	out.Fields = nil
	for _, f := range e.Fields {
		field, _, _ := strings.Cut(f.Field, ".")
		if name, ok := names[field]; ok {
			f = s.Fault(name, f.Value, f.Allowed)
		}
		out.Fields = append(out.Fields, f)
	}
	return &out
}

// reached gives the address at which a listener is reached from this machine.
func reached(l net.Listener) string {
	host, port, err := net.SplitHostPort(l.Addr().String())
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsUnspecified() {
		return l.Addr().String()
	}
	return net.JoinHostPort("127.0.0.1", port)
}
