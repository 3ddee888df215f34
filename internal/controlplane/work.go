package controlplane

import (
	"context"
	"net/mail"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/localcloud"
	mails "github.com/tenantform/tenantform/internal/mail"
	"github.com/tenantform/tenantform/internal/settings"
	"github.com/tenantform/tenantform/internal/telemetry"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// Work does the steps of operations until ctx ends. It then takes no more, lets
// what is under way go on for the grace of the settings, and hands it over. It
// begins without Temporal, and is not ready until that takes it. CodeConflict: on
// the local target another worker has the directory. Other errors are CodeInvalid
// for settings, and those of a part that could not begin.
func Work(ctx context.Context, s *settings.Settings, opts *Options) error {
	o := opts.filled()
	p, err := assemble(ctx, settings.Work, s, o)
	if err != nil {
		return err
	}
	defer p.close()
	w, err := p.workshop(ctx)
	if err != nil {
		return err
	}
	monitoring, err := listen(ctx, "monitoring.address", s.Monitoring.Address)
	if err != nil {
		return err
	}
	o.Started(Started{Monitoring: "http://" + reached(monitoring)})
	return p.watched(ctx, monitoring, w.run)
}

// workshop is what a worker has beside the parts of every process.
type workshop struct {
	*parts
	engine    *engine
	slots     *workflows.Slots
	activity  *workflows.Activities
	interrupt chan struct{} // closed: what is under way stops soon
	once      sync.Once
	taken     taken
}

// taken is whether Temporal takes the worker; not yet, as the zero value.
type taken struct {
	mu   sync.Mutex
	told bool
	err  error
}

// tell keeps what became of the worker's latest try.
func (t *taken) tell(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.told, t.err = true, err
}

// look is a check of readiness.
func (t *taken) look(context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.told {
		return tenants.Errorf(tenants.CodeUnavailable, "the worker has not begun")
	}
	return t.err
}

// workshop opens it; the parts close it.
func (p *parts) workshop(ctx context.Context) (*workshop, error) {
	s := p.settings
	w := &workshop{parts: p, interrupt: make(chan struct{})}
	p.ready.Checks = append(p.ready.Checks, telemetry.Check{Name: "worker", Look: w.taken.look})
	if s.Target == settings.TargetLocal {
		release, err := hold(s.Dir, "worker.lock", "on the local target the cloud lives in its process, and there is one a directory; end it, or name another directory")
		if err != nil {
			return nil, err
		}
		p.closing(release)
	}
	cli, err := automation.FindPulumi(nearby("pulumi"))
	if err != nil {
		return nil, err
	}
	gate, err := policies.New(ctx, nil)
	if err != nil {
		return nil, err
	}
	if err := w.open(ctx, cli, gate); err != nil {
		return nil, err
	}
	sender, product, err := p.mails(ctx)
	if err != nil {
		return nil, err
	}
	topic, err := openTopic(ctx, s, "events.topic", s.Events.Topic)
	if err != nil {
		return nil, err
	}
	p.closing(p.shutdown(topic))
	w.slots = workflows.SlotsByMemory(workflows.MemoryOfAWSRun)
	if s.Target == settings.TargetLocal {
		w.slots = workflows.SlotsByMemory(workflows.MemoryOfLocalRun)
	}
	if s.Worker.Slots > 0 {
		w.slots = workflows.NewSlots(s.Worker.Slots)
	}
	p.metrics.Slots(w.slots.Len())
	w.activity = p.activities(topic)
	w.activity.Slots, w.activity.Holder = w.slots, w.engine
	w.activity.Steps = &steps{Lifecycle: p.lifecycle, metrics: p.metrics, traces: p.traces}
	w.activity.Notifier = &notifier{
		sender: sender, product: product, deadline: s.Mail.MoveDeadline, catalogue: p.catalogue, metrics: p.metrics, traces: p.traces, log: p.options.Log,
	}
	return w, nil
}

// nearby gives where a tool may be that a checkout has built: beside the program,
// and in bin.
func nearby(name string) []string {
	places := []string{filepath.Join("bin", name)}
	if program, err := os.Executable(); err == nil {
		places = append(places, filepath.Join(filepath.Dir(program), name))
	}
	return places
}

// open makes the engine and what it works on.
func (w *workshop) open(ctx context.Context, cli automation.CLI, gate *policies.Evaluator) error {
	s := w.settings
	opts := &automation.Options{
		Pulumi: cli, Catalogue: w.catalogue, Interrupt: w.interrupt, BackendURL: s.State.URL, Secrets: s.State.SecretsProvider, Log: w.options.Log,
		Progress: func(ev automation.Event) {
			w.broker.Progress(ev)
			w.options.Progress(ev)
		},
	}
	if s.Target == settings.TargetLocal {
		// What is under way outlives ctx; closing the parts ends it.
		cloud, err := localcloud.Start(context.WithoutCancel(ctx), filepath.Join(s.Dir, "cloud"), nil)
		if err != nil {
			return err
		}
		w.closing(func() { _ = cloud.Close() })
		opts.Env, opts.Locator = cloud.Env(), cloud
	} else {
		opts.Pass = automation.AWSEnvironment()
	}
	made, err := automation.New(s.Dir, gate, opts)
	if err != nil {
		return err
	}
	w.engine = &engine{Engine: made, metrics: w.metrics, traces: w.traces}
	w.lifecycle.Engine, w.lifecycle.Gate = w.engine, gate
	return nil
}

// mails opens the driver of mails.
func (p *parts) mails(ctx context.Context) (mails.Sender, mails.Product, error) {
	m := p.settings.Mail
	product := mails.Product{Name: m.Product, Support: m.Support}
	from := mails.From{Name: m.FromName, Address: m.FromAddress}
	var sender mails.Sender
	var err error
	switch m.Driver {
	case settings.MailSMTP:
		sender, err = mails.NewSMTP(mails.SMTPServer{
			Host: m.SMTPHost, Port: m.SMTPPort, Username: m.SMTPUsername, Password: m.SMTPPassword.Reveal(), Implicit: m.SMTPImplicitTLS,
		}, from)
	case settings.MailSES:
		sender, err = mails.NewSES(ctx, mails.SESAccount{Region: m.SESRegion, ConfigurationSet: m.ConfigurationSet}, from)
	default:
		if from.Address == "" {
			from.Address = "tenantform@localhost.localdomain"
		}
		sender, err = mails.OpenDirectory(m.Directory, from)
	}
	if _, wrong := mail.ParseAddress(from.Address); wrong != nil && err != nil {
		return nil, product, tenants.Invalid(p.settings.Fault("mail.fromAddress", from.Address, "a mail address"))
	}
	return sender, product, err
}

// handOver has what is under way stop soon.
func (w *workshop) handOver() { w.once.Do(func() { close(w.interrupt) }) }

// Pauses between two tries to reach a Temporal that is away.
const (
	shortPause = time.Second
	longPause  = 30 * time.Second
)

// run works until ctx ends, also over times in which Temporal is away.
func (w *workshop) run(ctx context.Context) error {
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-w.options.Interrupt:
			w.handOver()
		case <-over:
		}
	}()
	for pause := shortPause; ; pause = min(2*pause, longPause) {
		began := time.Now()
		worker := &workflows.Worker{
			Temporal: w.temporal, Activities: w.activity, Accounts: []string{w.settings.Account, w.settings.FunctionsAccount}, PerAccount: w.settings.Worker.PerAccount,
			Grace: w.settings.Worker.Grace, HandOver: w.handOver, Tell: w.taken.tell, Log: w.options.Log,
		}
		err := worker.Run(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(began) > longPause {
			pause = shortPause
		}
		w.options.Log.WarnContext(ctx, "the worker does not work; it tries again", "in", pause.String(), "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}
