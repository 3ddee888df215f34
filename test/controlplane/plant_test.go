//go:build linux

package controlplane

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/internal/api/client"
	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/issuer"
	"github.com/tenantform/tenantform/internal/localcloud"
	"github.com/tenantform/tenantform/internal/pgtest"
	"github.com/tenantform/tenantform/internal/testtime"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
)

// made is what all tests share: the programs, built once, and a directory in which
// the shared stacks are up, which each plant begins with a copy of.
var made struct {
	once     sync.Once
	err      error
	dir      string
	postgres pgtest.Shared
}

func TestMain(m *testing.M) {
	code := m.Run()
	if err := made.postgres.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	if made.dir != "" {
		_ = os.RemoveAll(made.dir)
	}
	os.Exit(code)
}

// tool gives the path of a command line tool.
func tool(name string) (string, error) {
	if name == "temporal" {
		return workflows.FindTemporal("../../bin/temporal")
	}
	cli, err := automation.FindPulumi([]string{"../../bin/pulumi"})
	if err != nil {
		return "", err
	}
	return filepath.Abs(cli.Path)
}

// environment is what every process has.
func environment() ([]string, error) {
	pulumi, err := tool("pulumi")
	if err != nil {
		return nil, err
	}
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + made.dir, "TMPDIR=" + os.TempDir(), "TENANTFORM_PULUMI=" + pulumi}
	for _, name := range []string{"GOCOVERDIR", "GOMEMLIMIT"} {
		if v := os.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env, nil
}

// build builds the programs, and brings the shared stacks up with them.
func build(t testing.TB) {
	t.Helper()
	made.once.Do(func() {
		if made.dir, made.err = os.MkdirTemp("", "tenantform-plant.*"); made.err != nil {
			return
		}
		for name, from := range map[string]string{"tenantform": "../../cmd/tenantform", "billing": "../../examples/service"} {
			if out, err := exec.Command("go", "build", "-o", filepath.Join(made.dir, name), from).CombinedOutput(); err != nil {
				made.err = fmt.Errorf("go build %s: %w\n%s", from, err, out)
				return
			}
		}
		var env []string
		if env, made.err = environment(); made.err != nil {
			return
		}
		for _, stack := range []string{"platform", "pool-a", "pool-b"} {
			up := exec.Command(filepath.Join(made.dir, "tenantform"), "stack", "up", stack, "--dir", filepath.Join(made.dir, "shared"), "--tiers", "testdata/tiers.yaml", "--quiet")
			up.Env = env
			if out, err := up.CombinedOutput(); err != nil {
				made.err = fmt.Errorf("stack up %s: %w\n%s", stack, err, out)
				return
			}
		}
	})
	if made.err != nil {
		t.Fatal(made.err)
	}
}

// plant is a control plane of processes, and what a test sees of it from outside.
type plant struct {
	t        testing.TB
	dir      string
	home     string // what --dir is
	store    string // URL of the ledger
	port     int    // of Temporal
	temporal *workflows.DevServer
	server   *process
	worker   *process
	billing  *process
	api      *client.Client
	token    string
	ledger   *sqlstore.Store
	cloud    *localcloud.Cloud
	shared   int    // resources of the shared stacks
	target   string // tier that tenants are moved to
}

// ground is what a plant's ledger is in.
type ground struct {
	name  string
	store func(t testing.TB, dir string) string
}

func sqlite() ground {
	return ground{"SQLite", func(_ testing.TB, dir string) string { return "sqlite:" + filepath.Join(dir, "ledger.db") }}
}

func postgres() ground {
	return ground{"PostgreSQL", func(t testing.TB, _ string) string { return made.postgres.Database(t) }}
}

// havePostgres tells whether tests on PostgreSQL are run here, rather than skipped.
func havePostgres() bool {
	var p prober
	done := make(chan struct{})
	go func() {
		defer close(done)
		made.postgres.Database(&p)
	}()
	<-done
	return !p.skipped
}

// prober is a test that wants to know whether it would be skipped.
type prober struct{ skipped bool }

// Helper does nothing.
func (*prober) Helper() {}

// Fatal ends the goroutine; the test itself will fail.
func (*prober) Fatal(...any) { runtime.Goexit() }

// Skip ends the goroutine.
func (p *prober) Skip(...any) {
	p.skipped = true
	runtime.Goexit()
}

// newPlant makes a plant whose processes run.
func newPlant(t testing.TB, g ground) *plant {
	t.Helper()
	build(t)
	p := &plant{t: t, dir: t.TempDir(), target: "standard"}
	p.home, p.store = filepath.Join(p.dir, "home"), g.store(t, p.dir)
	if err := os.CopyFS(p.home, os.DirFS(filepath.Join(made.dir, "shared"))); err != nil {
		t.Fatal(err)
	}
	p.observe()
	p.port = freePort(t)
	p.startTemporal()
	t.Cleanup(func() { _ = p.temporal.Stop() })
	at := p.startIssuer()
	p.processes(at)
	for _, each := range []*process{p.billing, p.server, p.worker} {
		each.start()
		t.Cleanup(func() {
			if err := each.stop(); err != nil {
				t.Errorf("%s: %v\n%s", each.name, err, each.said(2000))
			}
		})
	}
	p.server.ready()
	p.worker.ready()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("server:\n%s\nworker:\n%s", p.server.said(3000), p.worker.said(3000))
		}
	})
	return p
}

// observe opens what the test looks at beside the processes.
func (p *plant) observe() {
	p.t.Helper()
	var err error
	if p.cloud, err = localcloud.Start(p.t.Context(), filepath.Join(p.home, "cloud"), nil); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = p.cloud.Close() })
	p.shared = p.resources()
	p.ledger = openLedger(p.t, p.store)
}

// openLedger opens a ledger until the test ends.
func openLedger(t testing.TB, url string) *sqlstore.Store {
	t.Helper()
	open := sqlstore.OpenPostgres
	path, file := strings.CutPrefix(url, "sqlite:")
	if file {
		open = sqlstore.OpenSQLite
	}
	l, err := open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// startTemporal starts the Temporal server where it was before.
func (p *plant) startTemporal() {
	p.t.Helper()
	path, err := tool("temporal")
	if err != nil {
		p.t.Fatal(err)
	}
	p.temporal, err = workflows.StartDevServer(context.Background(), filepath.Join(p.dir, "temporal.db"), &workflows.DevServerOptions{Path: path, Port: p.port})
	if err != nil {
		p.t.Fatal(err)
	}
}

// startIssuer serves the keys of the tokens, and gives where.
func (p *plant) startIssuer() string {
	p.t.Helper()
	l, err := issuer.Listen("127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	at := "http://" + l.Addr().String()
	i, err := issuer.Open(issuer.Args{Dir: filepath.Join(p.dir, "issuer"), URL: at, Audience: "tenantform"}, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	testtime.Run(p.t, func(ctx context.Context) error { return i.Serve(ctx, l) })
	if p.token, err = i.Token(issuer.Grant{Subject: "ann", Name: "Ann", Roles: []auth.Role{auth.RoleDelivery}, Lifetime: 4 * time.Hour}); err != nil {
		p.t.Fatal(err)
	}
	return at
}

// processes says how the processes are started.
func (p *plant) processes(issuerURL string) {
	p.t.Helper()
	env, err := environment()
	if err != nil {
		p.t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		p.t.Fatal(err)
	}
	spool := "spool://" + filepath.ToSlash(p.dir)
	settings := map[string]string{
		"DIR": p.home, "TARGET": "local", "TIERS": filepath.Join(here, "testdata/tiers.yaml"), "SERVICES": filepath.Join(here, "testdata/services.yaml"),
		"STORE_URL": p.store, "TEMPORAL_ADDRESS": net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)), "AUTH_ISSUER": issuerURL,
		"DISPATCH_EVERY": "200ms", "DISPATCH_SWEEP": "2s", "EVENTS_TOPIC": spool + "/events?subscriptions=billing,search,silent",
		"EVENTS_ANSWERS": spool + "/answers?subscription=control-plane", "EVENTS_DEAD_LETTERS": spool + "/dead-letters?subscriptions=all",
		"WORKER_HEARTBEAT": "2s", "WORKER_RETRY_PAUSE": "200ms", "SERVER_READS": "100000", "SERVER_WRITES": "100000",
	}
	for name, value := range settings {
		env = append(env, "TENANTFORM_"+name+"="+value)
	}
	at := func(name string) *process {
		monitoring := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(p.t)))
		return &process{
			t: p.t, name: name, path: filepath.Join(made.dir, "tenantform"), args: []string{name}, log: filepath.Join(p.dir, name+".log"), at: monitoring,
			env: append(slices.Clone(env), "TENANTFORM_MONITORING_ADDRESS="+monitoring),
		}
	}
	p.server, p.worker = at("serve"), at("worker")
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(freePort(p.t)))
	p.server.env = append(p.server.env, "TENANTFORM_SERVER_ADDRESS="+address)
	p.billing = &process{
		t: p.t, name: "billing", path: filepath.Join(made.dir, "billing"), log: filepath.Join(p.dir, "billing.log"),
		args: []string{"-events", spool + "/events?subscription=billing", "-answers", spool + "/answers", "-data", filepath.Join(p.dir, "billing")},
	}
	if p.api, err = client.New(client.Args{URL: "http://" + address, Token: func(context.Context) (string, error) { return p.token, nil }}, &client.Options{Attempts: 20}); err != nil {
		p.t.Fatal(err)
	}
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// resources counts what is in the cloud.
func (p *plant) resources() int {
	p.t.Helper()
	all, err := p.cloud.Resources()
	if err != nil {
		p.t.Fatal(err)
	}
	return len(all)
}

// of gives the resources of one tenant: those that are tagged or named so.
func (p *plant) of(id string) []localcloud.Resource {
	p.t.Helper()
	all, err := p.cloud.Resources()
	if err != nil {
		p.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(r localcloud.Resource) bool {
		data, err := json.Marshal(r)
		return err != nil || !strings.Contains(string(data), id)
	})
}

// mails gives the kinds of the mails that were sent to a tenant's administrator.
func (p *plant) mails(address string) []string {
	p.t.Helper()
	files, err := filepath.Glob(filepath.Join(p.home, "mails", "*.eml"))
	if err != nil {
		p.t.Fatal(err)
	}
	var kinds []string
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			p.t.Fatal(err)
		}
		if strings.Contains(string(data), address) {
			name := strings.TrimSuffix(filepath.Base(path), ".eml")
			kinds = append(kinds, name[strings.LastIndex(name, "-")+1:])
		}
	}
	slices.Sort(kinds)
	return kinds
}

func (p *plant) tenant(id string) tenants.Tenant {
	p.t.Helper()
	t, err := p.ledger.Get(p.t.Context(), id)
	if err != nil {
		p.t.Fatal(err)
	}
	return t
}

func (p *plant) operation(id string) tenants.Operation {
	p.t.Helper()
	op, err := p.ledger.Operation(p.t.Context(), id)
	if err != nil {
		p.t.Fatal(err)
	}
	return op
}

// ended waits for an operation's end.
func (p *plant) ended(id string) tenants.Operation {
	p.t.Helper()
	return p.endedWithin(id, patience)
}

// endedWithin waits for the end of an operation that others may go before.
func (p *plant) endedWithin(id string, patience time.Duration) tenants.Operation {
	p.t.Helper()
	var op tenants.Operation
	for limit := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if op = p.operation(id); op.Progress.Ended() {
			return op
		}
		if time.Now().After(limit) {
			p.t.Fatalf("%s of %s has not ended within %s: %s", op.Kind, op.TenantID, patience, steps(op))
		}
	}
}

// done waits for an operation that succeeds.
func (p *plant) done(c wire.Change, err error) tenants.Operation {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	if c.Operation == nil {
		p.t.Fatalf("no operation was begun: %+v", c)
	}
	op := p.ended(c.Operation.ID)
	if op.Progress != tenants.ProgressSucceeded {
		p.t.Fatalf("%s of %s failed: %s; %s", op.Kind, op.TenantID, op.Error, steps(op))
	}
	return op
}

// failed waits for an operation that fails.
func (p *plant) failed(c wire.Change, err error) tenants.Operation {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
	op := p.ended(c.Operation.ID)
	if op.Progress != tenants.ProgressFailed || op.Error == "" {
		p.t.Fatalf("%s of %s succeeded, or does not say why it failed: %s", op.Kind, op.TenantID, steps(op))
	}
	return op
}

func steps(op tenants.Operation) string {
	var all []string
	for _, s := range op.Steps {
		all = append(all, s.Name+":"+string(s.Progress))
	}
	return strings.Join(all, " ")
}

// newcomer is the request for a tenant.
func newcomer(id, tier string, products ...string) wire.CreateTenant {
	c := wire.CreateTenant{ID: id, Name: "Tenant " + id, AdminEmail: "ops@" + id + ".example", Tier: tier, CostCenter: "4711", Reason: "a test"}
	for _, name := range products {
		c.Products = append(c.Products, wire.NewProduct{Name: name})
	}
	return c
}

// send sends a request as it is.
func (p *plant) send(method, path, body string, headers map[string]string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.api.URL()+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	return http.DefaultClient.Do(r)
}
