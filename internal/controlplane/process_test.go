package controlplane

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/internal/issuer"
	"github.com/tenantform/tenantform/internal/settings"
	"github.com/tenantform/tenantform/internal/telemetry"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/service"
	"github.com/tenantform/tenantform/tenants"
)

// asProcess makes the test binary be a process of the control plane: what only a
// process has, signals and an end, is tested on one.
const asProcess = "TENANTFORM_TEST_AS_PROCESS"

// temporal1 is the tests' one Temporal server.
var temporal1 struct {
	once sync.Once
	*workflows.DevServer
	err  error
	dir  string
	next atomic.Int32
}

const spaces = 20

func TestMain(m *testing.M) {
	if p := os.Getenv(asProcess); p != "" {
		os.Exit(process(settings.Process(p)))
	}
	for name, path := range map[string]string{"TENANTFORM_PULUMI": "../../bin/pulumi", "TENANTFORM_TEMPORAL": "../../bin/temporal"} {
		if built, err := filepath.Abs(path); err == nil && os.Getenv(name) == "" {
			if _, err := os.Stat(built); err == nil {
				_ = os.Setenv(name, built)
			}
		}
	}
	code := m.Run()
	if temporal1.DevServer != nil {
		_ = temporal1.Stop()
	}
	if temporal1.dir != "" {
		_ = os.RemoveAll(temporal1.dir)
	}
	os.Exit(code)
}

// process is what the command does for a process, without its flags.
func process(p settings.Process) int {
	env := map[string]string{}
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		env[name] = value
	}
	s, err := settings.Load(settings.Args{Process: p, Env: env})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	signals, interrupt := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		close(interrupt)
	}()
	o := &Options{Log: telemetry.NewLogger(os.Stderr, settings.LogJSON, "debug"), Version: "test", Interrupt: interrupt, Started: func(at Started) {
		_ = json.NewEncoder(os.Stdout).Encode(at)
	}}
	switch p {
	case settings.Serve:
		err = Serve(ctx, s, o)
	case settings.Work:
		err = Work(ctx, s, o)
	case settings.Dev:
		err = Dev(ctx, s, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return 0
}

// house is what processes of the control plane live in.
type house struct {
	t         *testing.T
	dir       string
	namespace string
	env       map[string]string
	issuer    *issuer.Issuer
	token     string
}

// newHouse makes a house: a namespace of the tests' Temporal server, an issuer,
// queues in files, and the shared stacks.
func newHouse(t *testing.T) *house {
	t.Helper()
	temporal1.once.Do(func() {
		if temporal1.dir, temporal1.err = os.MkdirTemp("", "tenantform-temporal.*"); temporal1.err != nil {
			return
		}
		var names []string
		for i := range spaces {
			names = append(names, fmt.Sprintf("house-%d", i))
		}
		temporal1.DevServer, temporal1.err = workflows.StartDevServer(context.Background(), filepath.Join(temporal1.dir, "temporal.db"), &workflows.DevServerOptions{Namespaces: names})
	})
	if temporal1.err != nil {
		t.Fatal(temporal1.err)
	}
	h := &house{t: t, dir: t.TempDir(), namespace: fmt.Sprintf("house-%d", temporal1.next.Add(1)-1)}
	l, err := issuer.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.issuer, err = issuer.Open(issuer.Args{Dir: filepath.Join(h.dir, "issuer"), URL: "http://" + l.Addr().String(), Audience: "tenantform"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = h.issuer.Serve(t.Context(), l) }()
	if h.token, err = h.issuer.Token(issuer.Grant{Subject: "tester", Roles: []auth.Role{auth.RoleDelivery}}); err != nil {
		t.Fatal(err)
	}
	h.env = map[string]string{
		"TENANTFORM_DIR": h.dir, "TENANTFORM_SERVER_ADDRESS": "127.0.0.1:0", "TENANTFORM_MONITORING_ADDRESS": "127.0.0.1:0",
		"TENANTFORM_TEMPORAL_ADDRESS": temporal1.Address, "TENANTFORM_TEMPORAL_NAMESPACE": h.namespace,
		"TENANTFORM_AUTH_ISSUER": h.issuer.URL(), "TENANTFORM_EVENTS_TOPIC": spool(h.dir+"/events", "subscriptions=billing"),
		"TENANTFORM_EVENTS_ANSWERS": spool(h.dir+"/answers", "subscription=control-plane"), "TENANTFORM_EVENTS_DEAD_LETTERS": spool(h.dir+"/dead", "subscriptions=all"),
		"TENANTFORM_DISPATCH_EVERY": "50ms", "TENANTFORM_DISPATCH_SWEEP": "2s", "TENANTFORM_WORKER_HEARTBEAT": "3s", "TENANTFORM_WORKER_RETRY_PAUSE": "200ms",
		"TENANTFORM_WORKER_SLOTS": "4",
	}
	return h
}

// withBilling adds a business service that does what it is asked.
func (h *house) withBilling() {
	h.t.Helper()
	h.withBillingThat(func(context.Context, service.Request) (service.Outputs, error) { return nil, nil })
}

// withBillingThat adds a business service that does the same with each request.
func (h *house) withBillingThat(does service.Handler) {
	h.t.Helper()
	path := filepath.Join(h.dir, "services.yaml")
	if err := os.WriteFile(path, []byte("services:\n  - name: billing\n    timeoutSec: 60\n"), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.env["TENANTFORM_SERVICES"] = path
	s, err := service.New("billing", spool(h.dir+"/events", "subscription=billing"), spool(h.dir+"/answers", ""), nil)
	if err != nil {
		h.t.Fatal(err)
	}
	s.OnCreate(does)
	s.OnDelete(does)
	var all sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	all.Go(func() { _ = s.Run(ctx) })
	h.t.Cleanup(func() { cancel(); all.Wait() })
}

// shared brings the shared stacks up.
func (h *house) shared() {
	h.t.Helper()
	s := h.settings(settings.Work)
	p, err := assemble(h.t.Context(), settings.Work, s, (*Options)(nil).filled())
	if err != nil {
		h.t.Fatal(err)
	}
	defer p.close()
	w, err := p.workshop(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	d := &dev{parts: p, dir: h.dir}
	if err := d.bringUp(h.t.Context(), w); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) settings(p settings.Process) *settings.Settings {
	h.t.Helper()
	s, err := settings.Load(settings.Args{Process: p, Env: h.env})
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// proc is a process under way.
type proc struct {
	Started
	t    *testing.T
	cmd  *exec.Cmd
	log  *lockedBuffer
	done chan struct{}
	code int
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// launch starts a process without waiting for it to be reached.
func (h *house) launch(p settings.Process, extra ...string) (*proc, *bufio.Reader) {
	h.t.Helper()
	path, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	r := &proc{t: h.t, cmd: exec.Command(path), log: &lockedBuffer{}, done: make(chan struct{})}
	r.cmd.Env = append(os.Environ(), asProcess+"="+string(p))
	for name, value := range h.env {
		r.cmd.Env = append(r.cmd.Env, name+"="+value)
	}
	r.cmd.Env = append(r.cmd.Env, extra...)
	r.cmd.Stderr = r.log
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	h.t.Cleanup(func() {
		_ = r.cmd.Process.Kill()
		<-r.done
		if h.t.Failed() {
			h.t.Logf("log of %s:\n%s", p, r.log)
		}
	})
	return r, lines
}

// start starts a process and waits until it is reached.
func (h *house) start(p settings.Process, extra ...string) *proc {
	h.t.Helper()
	r, lines := h.launch(p, extra...)
	line, err := lines.ReadString('\n')
	go r.wait(lines)
	if err == nil {
		err = json.Unmarshal([]byte(line), &r.Started)
	}
	if err != nil {
		h.t.Fatalf("%s does not begin: %v\n%s", p, err, r.log)
	}
	return r
}

func (r *proc) wait(out io.Reader) {
	_, _ = io.Copy(io.Discard, out)
	_ = r.cmd.Wait()
	r.code = r.cmd.ProcessState.ExitCode()
	close(r.done)
}

// end sends a signal and waits until the process has ended.
func (r *proc) end(s syscall.Signal) int {
	r.t.Helper()
	_ = r.cmd.Process.Signal(s)
	return r.ended(time.Minute)
}

func (r *proc) ended(limit time.Duration) int {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(limit):
		r.t.Fatalf("the process has not ended in %s\n%s", limit, r.log)
	}
	return r.code
}

// get gives the status and body of a page.
func (h *house) get(url string) (int, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, url, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(body)
}

// post sends a request that writes, and gives the operation that it began.
func (h *house) post(url, body string, header ...string) wire.Operation {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		h.t.Fatalf("%s: %s %s %v", url, res.Status, answer, err)
	}
	var got struct{ Operation wire.Operation }
	if err := json.Unmarshal(answer, &got); err != nil || got.Operation.ID == "" {
		h.t.Fatalf("%s: %s, %v", url, answer, err)
	}
	return got.Operation
}

// rehearse sends a request that only asks what would be.
func (h *house) rehearse(url, body string) (int, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.token)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(answer)
}

func (h *house) create(api, id string, header ...string) wire.Operation {
	h.t.Helper()
	return h.post(api+"/v1/tenants", fmt.Sprintf(`{"id":%q,"name":%q,"adminEmail":"ops@%s.example","tier":"standard","region":"eu-west-1"}`, id, id, id), header...)
}

// until waits until something holds.
func (h *house) until(what string, holds func() bool) {
	h.t.Helper()
	for end := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			h.t.Fatalf("%s: not in two minutes", what)
		}
	}
}

// operation gives an operation by the API.
func (h *house) operation(api, id string) wire.Operation {
	h.t.Helper()
	_, body := h.get(api + "/v1/operations/" + id)
	var op wire.Operation
	_ = json.Unmarshal([]byte(body), &op) // what is no operation has not ended
	return op
}

// done waits for an operation's success.
func (h *house) done(api string, op wire.Operation) {
	h.t.Helper()
	var last wire.Operation
	h.until("operation "+op.ID, func() bool {
		last = h.operation(api, op.ID)
		return last.Progress == string(tenants.ProgressSucceeded) || last.Progress == string(tenants.ProgressFailed)
	})
	if last.Progress != string(tenants.ProgressSucceeded) {
		h.t.Fatalf("the operation has failed: %+v", last)
	}
}

// readiness gives the checks that are red, and whether all are well.
func (h *house) readiness(monitoring string) (red []string, ready bool) {
	h.t.Helper()
	status, body := h.get(monitoring + "/readyz")
	var r telemetry.Readiness
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		h.t.Fatalf("readyz: %d %s", status, body)
	}
	for _, c := range r.Checks {
		if !c.Ready {
			red = append(red, c.Name)
			if c.Error == "" {
				h.t.Errorf("%s does not say why", c.Name)
			}
		}
	}
	if r.Ready != (status == http.StatusOK) || r.Ready != (len(red) == 0) {
		h.t.Errorf("readyz: %d %s", status, body)
	}
	return red, r.Ready
}

// lines gives the JSON lines of a log in which a text occurs.
func (r *proc) lines(with string) []map[string]any {
	var out []map[string]any
	for line := range strings.Lines(r.log.String()) {
		var fields map[string]any
		if strings.Contains(line, with) && json.Unmarshal([]byte(line), &fields) == nil {
			out = append(out, fields)
		}
	}
	return out
}

// temporalsOf gives the Temporal servers of a file.
func temporalsOf(t *testing.T, dir string) []int {
	t.Helper()
	return orphans(filepath.Join(dir, "dev", "temporal.db"), filepath.Join(dir, "dev", "temporal.pid"))
}
