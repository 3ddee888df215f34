package controlplane

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	netmail "net/mail"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	"github.com/tenantform/tenantform/internal/mail"
	"github.com/tenantform/tenantform/internal/telemetry"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// postbox is an SMTP server that counts what it takes, by Message-ID.
type postbox struct {
	mu     sync.Mutex
	taken  map[string]int
	busy   int  // how many mails it puts off first
	hangUp bool // it does not say that it has taken a mail
}

type session struct {
	box  *postbox
	conn *smtp.Conn
}

func (p *postbox) NewSession(c *smtp.Conn) (smtp.Session, error) { return &session{p, c}, nil }

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(string, *smtp.RcptOptions) error {
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	if s.box.busy > 0 {
		s.box.busy--
		return &smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 2, 1}, Message: "busy"}
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	m, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.taken[m.Header.Get("Message-Id")]++
	if s.box.hangUp {
		_ = s.conn.Conn().Close()
	}
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// serve runs the server on a free port of the loopback, and gives a driver for it.
func (p *postbox) serve(t *testing.T, from mail.From) mail.Sender {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(p)
	server.Domain = "localhost"
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { _ = server.Close(); _ = l.Close(); <-done })
	s, err := mail.NewSMTP(mail.SMTPServer{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Timeout: 5 * time.Second}, from)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fault is what becomes of a process around the sending of a mail.
type fault struct {
	mail.Sender
	before bool // it dies before the driver is called
	after  bool // it dies after the driver was called
	dead   bool
}

var errKilled = errors.New("the process was killed")

func (f *fault) Send(ctx context.Context, m mail.Message) error {
	if f.before {
		f.dead = true
		return errKilled
	}
	err := f.Sender.Send(ctx, m)
	if f.after {
		f.dead = true
		return errKilled
	}
	return err
}

// mortal is a ledger that a killed process does not reach any more.
type mortal struct {
	workflows.Ledger
	process *fault
}

func (m mortal) Advance(ctx context.Context, a tenants.Advance) (tenants.Tenant, error) {
	if m.process.dead {
		return tenants.Tenant{}, errKilled
	}
	return m.Ledger.Advance(ctx, a)
}

// office is a ledger with an operation that is to send its notice.
type office struct {
	t      *testing.T
	store  *sqlstore.Store
	op     tenants.Operation
	log    bytes.Buffer
	tenant tenants.Tenant
}

func newOffice(t *testing.T) *office {
	store, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	o := &office{t: t, store: store}
	o.begin(tenants.Tenant{ID: "acme", Name: "Acme", AdminEmail: "ops@acme.example", Tier: "standard", Region: "eu-west-1", CostCenter: "c", Status: tenants.StatusCreating}, "op1", "")
	return o
}

func (o *office) begin(tenant tenants.Tenant, id, retryOf string) {
	o.t.Helper()
	begun, err := o.store.Begin(o.t.Context(), tenants.Change{
		Tenant: tenant, Create: retryOf == "", Audit: tenants.AuditEntry{Actor: "me", Action: "tenant.create"},
		Operation: tenants.Operation{
			ID: id, Kind: tenants.OperationCreate, Initiator: "me", RetryOf: retryOf, Steps: []tenants.Step{{Name: workflows.NotifyStep}, {Name: workflows.FinishStep}},
		},
	})
	if err != nil {
		o.t.Fatal(err)
	}
	o.op, o.tenant = begun.Operation, begun.Tenant
}

// retry ends the operation as failed, and begins one that takes it up.
func (o *office) retry() {
	o.t.Helper()
	op, err := o.store.Operation(o.t.Context(), o.op.ID)
	if err != nil {
		o.t.Fatal(err)
	}
	t, err := o.store.Get(o.t.Context(), op.TenantID)
	if err != nil {
		o.t.Fatal(err)
	}
	op.Progress, op.EndedAt, op.Error, t.Status = tenants.ProgressFailed, time.Now(), "it took too long", tenants.StatusCreateFailed
	if t, err = o.store.Advance(o.t.Context(), tenants.Advance{Operation: op, Tenant: &t}); err != nil {
		o.t.Fatal(err)
	}
	t.Status = tenants.StatusCreating
	o.begin(t, "op2", op.ID)
}

// notify does the step as a process with a fault does it.
func (o *office) notify(process *fault) error {
	o.t.Helper()
	catalogue, err := tenantfile.DefaultCatalogue()
	if err != nil {
		o.t.Fatal(err)
	}
	traces, err := telemetry.NewTraces(o.t.Context(), telemetry.TracesOptions{})
	if err != nil {
		o.t.Fatal(err)
	}
	a := &workflows.Activities{Ledger: mortal{o.store, process}, Notifier: &notifier{
		sender: process, product: mail.Product{Name: "Example"}, catalogue: catalogue, metrics: telemetry.NewMetrics("x", "y"), traces: traces,
		log: slog.New(slog.NewTextHandler(&o.log, nil)),
	}}
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	env.RegisterActivityWithOptions(a.Notify, activity.RegisterOptions{Name: "Notify"})
	_, err = env.ExecuteActivity("Notify", map[string]string{"operationId": o.op.ID, "tenantId": o.op.TenantID, "step": workflows.NotifyStep})
	return err
}

// step gives the step's record.
func (o *office) step() tenants.Step {
	o.t.Helper()
	op, err := o.store.Operation(o.t.Context(), o.op.ID)
	if err != nil {
		o.t.Fatal(err)
	}
	return op.Steps[0]
}

// TestWelcomeComesOnce kills processes around the acceptance of the welcome mail,
// and loses acceptances: by SMTP it comes once at most, and is missed aloud; as a
// file it comes once.
func TestWelcomeComesOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		busy   int     // how many mails the server puts off first
		hangUp bool    // it does not say that it has taken a mail
		tries  []fault // the last one is to succeed
		retry  bool    // an operation that takes up the first does the last try
		bySMTP int     // deliveries
		warned bool
	}{
		{name: "undisturbed", tries: []fault{{}}, bySMTP: 1},
		{name: "done again", tries: []fault{{}, {}}, bySMTP: 1},
		{name: "killed after the acceptance", tries: []fault{{after: true}, {}}, bySMTP: 1, warned: true},
		{name: "killed again and again", tries: []fault{{after: true}, {after: true}, {}}, bySMTP: 1, warned: true},
		{name: "killed before the driver", tries: []fault{{before: true}, {}}, bySMTP: 0, warned: true},
		{name: "the acceptance is not heard", hangUp: true, tries: []fault{{}, {}}, bySMTP: 1, warned: true},
		{name: "put off", busy: 2, tries: []fault{{}, {}, {}}, bySMTP: 1},
		{name: "put off, then killed", busy: 1, tries: []fault{{}, {after: true}, {}}, bySMTP: 1, warned: true},
		{name: "killed, and taken up by a retry", tries: []fault{{after: true}, {}}, retry: true, bySMTP: 1, warned: true},
		{name: "put off, and taken up by a retry", busy: 1, tries: []fault{{}, {}}, retry: true, bySMTP: 1},
		{name: "sent, and taken up by a retry", tries: []fault{{}, {}}, retry: true, bySMTP: 1},
	} {
		from := mail.From{Address: "no-reply@example.example"}
		try := func(t *testing.T, o *office, sender mail.Sender) {
			for i, f := range c.tries {
				if c.retry && i == len(c.tries)-1 {
					o.retry()
				}
				f.Sender = sender
				if err := o.notify(&f); i == len(c.tries)-1 && err != nil {
					t.Errorf("the last try: %v", err)
				}
			}
			if s := o.step(); s.Progress != tenants.ProgressSucceeded {
				t.Errorf("it ended as %+v", s)
			}
		}
		t.Run("smtp/"+c.name, func(t *testing.T) {
			o, box := newOffice(t), &postbox{taken: map[string]int{}, busy: c.busy, hangUp: c.hangUp}
			try(t, o, box.serve(t, from))
			total := 0
			for id, n := range box.taken {
				if total += n; id != "<op1-create@example.example>" {
					t.Errorf("a mail %s came", id)
				}
			}
			if total != c.bySMTP {
				t.Errorf("the welcome came %d times, want %d: %v", total, c.bySMTP, box.taken)
			}
			if warned := strings.Contains(o.log.String(), "notice=op1-create"); warned != c.warned || warned && !strings.Contains(o.log.String(), "level=WARN") {
				t.Errorf("warned: %t, want %t: %s", warned, c.warned, o.log.String())
			}
		})
		t.Run("directory/"+c.name, func(t *testing.T) {
			o, dir := newOffice(t), t.TempDir()
			files, err := mail.OpenDirectory(dir, from)
			if err != nil {
				t.Fatal(err)
			}
			try(t, o, files)
			found, err := filepath.Glob(filepath.Join(dir, "*"))
			if want := []string{filepath.Join(dir, "op1-create.eml")}; err != nil || !slices.Equal(found, want) {
				t.Errorf("%v, want %v, %v", found, want, err)
			}
			if o.log.Len() > 0 {
				t.Errorf("it warns: %s", o.log.String())
			}
		})
	}
}
