package controlplane

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/internal/settings"
	"github.com/tenantform/tenantform/internal/telemetry"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/servicefile"
	"github.com/tenantform/tenantform/tenants/sqlstore"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// parts are what every process is made of.
type parts struct {
	settings  *settings.Settings
	options   Options
	metrics   *telemetry.Metrics
	traces    *telemetry.Traces
	ready     *telemetry.Ready
	catalogue tenants.Catalogue
	services  tenants.ServiceCatalogue
	store     *sqlstore.Store
	ledger    *ledger
	temporal  client.Client
	client    *workflows.Client
	broker    *workflows.Broker
	dead      *events.Publisher
	lifecycle *lifecycle.Lifecycle // without an engine
	closers   []func()
}

// Check says what is wrong with what settings lead to: the catalogues, networks
// and zones. Nothing is changed or asked over a network.
func Check(s *settings.Settings) error {
	_, _, err := catalogues(s)
	return err
}

// catalogues reads the catalogues, and checks what depends on other packages.
func catalogues(s *settings.Settings) (tenants.Catalogue, tenants.ServiceCatalogue, error) {
	var fields []tenants.FieldError
	for _, f := range (stacks.SiloNetworks{Supernet: s.Supernet}).Faults() {
		fields = append(fields, s.Fault("supernet", s.Supernet, f.Allowed))
	}
	fields = append(fields, stacks.ZoneFaults(s.Source("zones"), s.Zones)...)
	fields = append(fields, stacks.ZoneFaults(s.Source("functionsZones"), s.FunctionsZones)...)
	catalogue, err := tenantfile.DefaultCatalogue()
	if s.Tiers != "" {
		catalogue, err = tenantfile.ReadCatalogue(s.Tiers)
	}
	var services tenants.ServiceCatalogue
	var err2 error
	if s.Services != "" {
		services, err2 = servicefile.Read(s.Services)
	}
	if err == nil {
		for tier := range s.Worker.WeightsByTier() {
			if _, unknown := catalogue.Tier(tier); unknown != nil {
				fields = append(fields, s.Fault("worker.weights", tier, "one of "+strings.Join(catalogue.Names(), ", ")))
			}
		}
	}
	return catalogue, services, errors.Join(tenants.Invalid(fields...), err, err2)
}

// assemble opens what every process needs. The caller closes the parts.
func assemble(ctx context.Context, process settings.Process, s *settings.Settings, o Options) (p *parts, err error) {
	p = &parts{settings: s, options: o, metrics: telemetry.NewMetrics(string(process), o.Version), ready: &telemetry.Ready{}, broker: &workflows.Broker{}}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.catalogue, p.services, err = catalogues(s); err != nil {
		return p, err
	}
	if p.traces, err = telemetry.NewTraces(ctx, telemetry.TracesOptions{
		Endpoint: s.Traces.Endpoint, Headers: s.Traces.HeadersByName(), Ratio: s.Traces.Ratio, Process: string(process), Version: o.Version, Exporter: o.Exporter,
	}); err != nil {
		return p, err
	}
	p.closing(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = p.traces.Shutdown(ctx) // an endpoint that does not answer loses spans, nothing else
	})
	if p.store, err = openStore(ctx, s.Store); err != nil {
		return p, err
	}
	p.closing(func() { _ = p.store.Close() })
	p.ledger = &ledger{Ledger: p.store, metrics: p.metrics, traces: p.traces}
	if p.temporal, err = dialTemporal(s.Temporal, o.Log, p.metrics, &p.ledger.known); err != nil {
		return p, err
	}
	p.closing(p.temporal.Close)
	p.client = workflows.NewClient(p.temporal)
	if process == settings.Serve {
		p.broker.Elsewhere = p.client // the runs are the workers'
	}
	if p.dead, err = openTopic(ctx, s, "events.deadLetters", s.Events.DeadLetters); err != nil {
		return p, err
	}
	p.closing(p.shutdown(p.dead))
	p.lifecycle = &lifecycle.Lifecycle{
		Store: p.ledger, Journal: p.ledger, Catalogue: p.catalogue, Networks: stacks.SiloNetworks{Supernet: s.Supernet}, Unsigned: s.UnsignedFunctions,
		Settings: stacks.Settings{
			Environment: s.Environment, Region: s.Region, AccountID: s.Account, FunctionsAccountID: s.FunctionsAccount, Zones: s.Zones, FunctionsZones: s.FunctionsZones,
		},
	}
	if s.Target == settings.TargetLocal { // also where moves are only planned
		p.lifecycle.Transfer = p.localTransfer
	}
	p.ready.Checks = []telemetry.Check{{Name: "ledger", Look: p.store.Ping}, {Name: "temporal", Look: temporalAnswers(p.temporal)}}
	return p, nil
}

// localTransfer takes users and data over on the local target.
func (p *parts) localTransfer(ctx context.Context, id string, from, to tenants.Placement) error {
	p.options.Log.InfoContext(ctx, "the local cloud keeps no users and no items, so there is nothing to take over", "tenant", id, "from", from.String(), "to", to.String())
	return nil
}

func (p *parts) closing(f func()) { p.closers = append(p.closers, f) }

// close lets go of everything, in the opposite order.
func (p *parts) close() {
	for i := len(p.closers) - 1; i >= 0; i-- {
		p.closers[i]()
	}
	p.closers = nil
}

// shutdown lets go of a topic.
func (p *parts) shutdown(t *events.Publisher) func() {
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := t.Shutdown(ctx); err != nil {
			p.options.Log.Warn("a topic was not closed", "error", err)
		}
	}
}

func openTopic(ctx context.Context, s *settings.Settings, name, topic string) (*events.Publisher, error) {
	t, err := events.OpenPublisher(ctx, topic)
	if tenants.CodeOf(err) == tenants.CodeInvalid && err != nil {
		return nil, tenants.Invalid(s.Fault(name, topic, err.Error()))
	}
	return t, err
}

// openStore opens the ledger.
func openStore(ctx context.Context, s settings.Store) (*sqlstore.Store, error) {
	o := &sqlstore.Options{Conns: s.Connections}
	if path, ok := strings.CutPrefix(s.URL, "sqlite:"); ok {
		return sqlstore.OpenSQLite(ctx, path, o)
	}
	u, err := url.Parse(s.URL)
	if err != nil {
		return nil, tenants.Invalid(tenants.FieldError{Field: "store.url", Value: "(not shown)", Allowed: "a URL"})
	}
	if !s.Password.Empty() {
		u.User = url.UserPassword(u.User.Username(), s.Password.Reveal())
	}
	return sqlstore.OpenPostgres(ctx, u.String(), o)
}

// activities are what both kinds of process do to operations.
func (p *parts) activities(topic *events.Publisher) *workflows.Activities {
	w := p.settings.Worker
	return &workflows.Activities{
		Ledger: p.ledger, Publisher: &publisher{topic: topic, dead: p.dead, metrics: p.metrics, traces: p.traces}, Services: p.services, Broker: p.broker,
		Timing: workflows.Timing{Step: w.StepDeadline, Heartbeat: w.Heartbeat, Retry: w.RetryPause}, Weights: w.WeightsByTier(), Log: p.options.Log,
	}
}
