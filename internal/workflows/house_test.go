package workflows

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/lifecycle"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/internal/pgtest"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/stacks"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// spaces is how many namespaces the tests' Temporal server has: one a house.
const spaces = 60

// server is the tests' one Temporal server; see TestMain.
var server struct {
	once sync.Once
	*DevServer
	err  error
	dir  string
	next atomic.Int32
}

// postgres is the server of the houses whose ledger is in PostgreSQL.
var postgres pgtest.Shared

func TestMain(m *testing.M) {
	code := m.Run()
	if err := postgres.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if server.DevServer != nil {
		_ = server.Stop()
	}
	if server.dir != "" {
		_ = os.RemoveAll(server.dir)
	}
	os.Exit(code)
}

// temporalAt gives a client in a namespace of the tests' server.
func temporalAt(t *testing.T) (c client.Client, namespace string) {
	t.Helper()
	server.once.Do(func() {
		if server.dir, server.err = os.MkdirTemp("", "tenantform-temporal.*"); server.err != nil {
			return
		}
		path, err := FindTemporal("../../bin/temporal")
		if err != nil {
			server.err = err
			return
		}
		var names []string
		for i := range spaces {
			names = append(names, fmt.Sprintf("house-%d", i))
		}
		server.DevServer, server.err = StartDevServer(context.Background(), filepath.Join(server.dir, "temporal.db"),
			&DevServerOptions{Path: path, Namespaces: names})
	})
	if server.err != nil {
		t.Fatal(server.err)
	}
	n := server.next.Add(1) - 1
	if n >= spaces {
		t.Fatalf("the tests need more than %d namespaces", spaces)
	}
	namespace = fmt.Sprintf("house-%d", n)
	return dial(t, server.Address, namespace), namespace
}

func dial(t *testing.T, address, namespace string) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: address, Namespace: namespace, Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// house is a control plane without its API: ledger, Temporal, engine, cloud.
type house struct {
	t         *testing.T
	dir       string
	namespace string
	temporal  client.Client
	client    *Client
	ledger    *sqlstore.Store
	cloud     *localcloud.Cloud  // nil on paper
	engine    *automation.Engine // nil on paper
	steps     *lifecycle.Lifecycle
	a         *Activities
	town      *town
	interrupt chan struct{} // closed: the engine stops what it does
}

// quick are times for tests.
var quick = Timing{Step: 3 * time.Minute, Tries: 5 * time.Minute, Heartbeat: 3 * time.Second, Retry: 200 * time.Millisecond}

// newHouse makes a house over the real engine and the local cloud.
func newHouse(t *testing.T) *house {
	t.Helper()
	c, namespace := temporalAt(t)
	return houseIn(t, t.TempDir(), c, namespace)
}

func houseIn(t *testing.T, dir string, c client.Client, namespace string) *house {
	t.Helper()
	h := paperIn(t, dir, c, namespace)
	var err error
	if h.cloud, err = localcloud.Start(t.Context(), filepath.Join(dir, "cloud"), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.cloud.Close() })
	gate, err := policies.New(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	cli, err := automation.FindPulumi([]string{"../../bin/pulumi"})
	if err != nil {
		t.Fatal(err)
	}
	h.engine, err = automation.New(dir, gate, &automation.Options{
		Pulumi: cli, Env: h.cloud.Env(), Catalogue: h.steps.Catalogue, Locator: h.cloud, Progress: h.a.Broker.Progress,
		Interrupt: h.interrupt,
	})
	if err != nil {
		t.Fatal(err)
	}
	h.steps.Engine, h.steps.Gate, h.a.Holder = h.engine, gate, h.engine
	return h
}

// newPaper makes a house whose engine brings nothing up.
func newPaper(t *testing.T) *house {
	t.Helper()
	c, namespace := temporalAt(t)
	return paperIn(t, t.TempDir(), c, namespace)
}

// onPostgres gives the directory of a house whose ledger is in PostgreSQL. Its
// other processes find the database by what is in there.
func onPostgres(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, connection), []byte(postgres.Database(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// connection is the file that says where the ledger is that is not in the directory.
const connection = "ledger.connection"

func openLedger(ctx context.Context, dir string) (*sqlstore.Store, error) {
	where, err := os.ReadFile(filepath.Join(dir, connection))
	switch {
	case err == nil:
		return sqlstore.OpenPostgres(ctx, string(where), nil)
	case os.IsNotExist(err):
		return sqlstore.OpenSQLite(ctx, filepath.Join(dir, "ledger.db"), nil)
	}
	return nil, err
}

func paperIn(t *testing.T, dir string, c client.Client, namespace string) *house {
	t.Helper()
	ledger, err := openLedger(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ledger.Close() })
	catalogue, err := tenantfile.DefaultCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	paper := &paper{}
	h := &house{t: t, dir: dir, namespace: namespace, temporal: c, client: NewClient(c), ledger: ledger, town: &town{dir: dir}, interrupt: make(chan struct{})}
	h.town.answer = h.client.Answer
	h.steps = &lifecycle.Lifecycle{
		Engine: paper, Store: ledger, Journal: ledger, Catalogue: catalogue,
		Settings: stacks.Settings{Environment: "dev", Region: "eu-west-1", AccountID: "111111111111", FunctionsAccountID: "222222222222"},
		Transfer: func(context.Context, string, tenants.Placement, tenants.Placement) error { return nil },
	}
	h.a = &Activities{
		Ledger: ledger, Steps: h.steps, Holder: paper, Publisher: h.town, Notifier: h.town, Broker: &Broker{}, Timing: quick, Slots: NewSlots(4),
	}
	return h
}

// work runs a worker and a dispatcher until the test, or stop, ends them.
func (h *house) work() (stop func()) { return h.workFor(20 * time.Second) }

// workFor is work with a grace.
func (h *house) workFor(grace time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	w := &Worker{
		Temporal: h.temporal, Activities: h.a, Accounts: []string{h.steps.Settings.AccountID, h.steps.Settings.FunctionsAccountID},
		Grace: grace, HandOver: func() { close(h.interrupt) },
	}
	d := h.dispatcher()
	all.Go(func() {
		if err := w.Run(ctx); err != nil {
			h.t.Errorf("worker: %v", err)
		}
	})
	all.Go(func() { d.Run(ctx) })
	stop = func() {
		cancel()
		all.Wait()
	}
	h.t.Cleanup(stop)
	return stop
}

func (h *house) dispatcher() *Dispatcher {
	return &Dispatcher{Outbox: h.ledger, Client: h.client, Abandon: h.a.Abandon, Every: 50 * time.Millisecond, Sweep: 2 * time.Second}
}

func tenantNamed(id, tier string) tenants.Tenant {
	return tenants.Tenant{ID: id, Name: id, AdminEmail: "ops@" + id + ".example", Tier: tier, Region: "eu-west-1", CostCenter: id}
}

// begin writes an operation into the ledger as the API does.
func (h *house) begin(t tenants.Tenant, op tenants.Operation, status tenants.Status) tenants.Operation {
	h.t.Helper()
	op.ID, op.Initiator, op.CorrelationID = strings.ToLower(rand.Text()), "tester", "test-"+op.RetryOf
	t.Status = status
	begun, err := h.ledger.Begin(h.t.Context(), tenants.Change{
		Tenant: t, Create: t.Version == 0, Operation: op, Audit: tenants.AuditEntry{Actor: "tester", Action: "tenant." + string(op.Kind)},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return begun.Operation
}

func (h *house) create(id, tier string) tenants.Operation {
	h.t.Helper()
	return h.begin(tenantNamed(id, tier), tenants.Operation{Kind: tenants.OperationCreate}, tenants.StatusCreating)
}

// on begins an operation on a tenant that there is.
func (h *house) on(id string, op tenants.Operation, status tenants.Status) tenants.Operation {
	h.t.Helper()
	t := h.tenant(id)
	if op.Kind == tenants.OperationMove && op.FromTier == "" {
		op.FromTier = t.Tier
	}
	if status == "" {
		status = t.Status
	}
	return h.begin(t, op, status)
}

func (h *house) move(id, tier, retryOf string) tenants.Operation {
	h.t.Helper()
	return h.on(id, tenants.Operation{Kind: tenants.OperationMove, ToTier: tier, RetryOf: retryOf}, tenants.StatusMoving)
}

func (h *house) remove(id, retryOf string) tenants.Operation {
	h.t.Helper()
	return h.on(id, tenants.Operation{Kind: tenants.OperationDelete, RetryOf: retryOf}, tenants.StatusDeleting)
}

func (h *house) tenant(id string) tenants.Tenant {
	h.t.Helper()
	t, err := h.ledger.Get(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return t
}

// patience is how long a test waits for an operation.
const patience = 4 * time.Minute

// ended waits for an operation's end.
func (h *house) ended(id string) tenants.Operation {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	var last tenants.Operation
	for u, err := range h.a.Broker.Watch(ctx, h.ledger, id, 200*time.Millisecond) {
		if err != nil {
			h.t.Fatal(err)
		}
		last = u.Operation
	}
	if !last.Progress.Ended() {
		h.t.Fatalf("operation %s has not ended: %s", id, progress(last))
	}
	return last
}

// done waits for an operation that succeeds.
func (h *house) done(op tenants.Operation) tenants.Operation {
	h.t.Helper()
	op = h.ended(op.ID)
	if op.Progress != tenants.ProgressSucceeded {
		h.t.Fatalf("%s of %s: %s: %s", op.Kind, op.TenantID, op.Error, progress(op))
	}
	return op
}

// failed waits for an operation that fails.
func (h *house) failed(op tenants.Operation) tenants.Operation {
	h.t.Helper()
	op = h.ended(op.ID)
	if op.Progress != tenants.ProgressFailed || op.Error == "" {
		h.t.Fatalf("%s of %s succeeded, or does not say why it failed: %s", op.Kind, op.TenantID, progress(op))
	}
	return op
}

func progress(op tenants.Operation) string {
	var all []string
	for _, s := range op.Steps {
		all = append(all, s.Name+":"+string(s.Progress))
	}
	return strings.Join(all, " ")
}

func (h *house) stackUp(name string) {
	h.t.Helper()
	s, err := h.steps.Stack(h.t.Context(), name)
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := h.engine.Up(h.t.Context(), s); err != nil {
		h.t.Fatalf("%s: %v", name, err)
	}
}

func (h *house) count() int {
	h.t.Helper()
	all, err := h.cloud.Resources()
	if err != nil {
		h.t.Fatal(err)
	}
	return len(all)
}
