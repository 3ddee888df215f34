package controlplane

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/tenantform/tenantform/internal/pgtest"
	"github.com/tenantform/tenantform/internal/settings"
	"github.com/tenantform/tenantform/service"
)

// gate stands between processes and PostgreSQL; while it is shut nobody gets through.
type gate struct {
	target string
	mu     sync.Mutex
	closed bool
	conns  []net.Conn
}

// newGate gives a gate before a server, and the directory of its socket.
func newGate(t *testing.T, server string) (*gate, string) {
	t.Helper()
	const socket = ".s.PGSQL.5432"
	dir, err := os.MkdirTemp("/tmp", "tenantform-gate-") // a test's own directory makes the path of a socket too long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{target: filepath.Join(server, socket)}
	t.Cleanup(func() {
		_ = l.Close()
		g.shut()
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			g.let(c)
		}
	}()
	return g, dir
}

// let lets a connection through, or closes it.
func (g *gate) let(c net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	to, err := net.Dial("unix", g.target)
	if err != nil || g.closed {
		_ = c.Close()
		if err == nil {
			_ = to.Close()
		}
		return
	}
	g.conns = append(g.conns, c, to)
	for _, pair := range [][2]net.Conn{{c, to}, {to, c}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].Close()
		}()
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.conns = nil
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = false
}

// TestAnAnswerOutlastsItsLedger takes the ledger away from the server before a
// service answers, for longer than an answer is tried that has a fault of its own.
func TestAnAnswerOutlastsItsLedger(t *testing.T) {
	t.Parallel()
	database, err := pgtest.Start(false)
	if errors.Is(err, pgtest.ErrMissing) && os.Getenv(pgtest.Environment) != "required" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = database.Stop() })
	store, err := database.Create()
	if err != nil {
		t.Fatal(err)
	}
	h := newHouse(t)
	h.env["TENANTFORM_STORE_URL"] = store
	h.shared()
	asked, answer := make(chan struct{}), make(chan struct{})
	h.withBillingThat(func(context.Context, service.Request) (service.Outputs, error) {
		close(asked)
		<-answer
		return nil, nil
	})
	where, err := url.Parse(store)
	if err != nil {
		t.Fatal(err)
	}
	query := where.Query()
	server, through := newGate(t, query.Get("host"))
	query.Set("host", through)
	where.RawQuery = query.Encode()
	serve := h.start(settings.Serve, "TENANTFORM_STORE_URL="+where.String())
	h.start(settings.Work)
	op := h.create(serve.API, "acme")
	select {
	case <-asked:
	case <-time.After(2 * time.Minute):
		t.Fatal("the service is not asked")
	}
	server.shut()
	close(answer)
	h.until("the answer is tried more than five times", func() bool { return len(serve.lines("the event will be tried again")) > 5 })
	server.open()
	h.done(serve.API, op)
	if given := serve.lines("the message was given up"); len(given) != 0 {
		t.Errorf("given up: %v", given)
	}
}

// TestAWorkerThatTemporalDoesNotTakeIsNotReady begins a worker for a namespace
// that is made later, as after the loss of Temporal's database.
func TestAWorkerThatTemporalDoesNotTakeIsNotReady(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.namespace += "-later"
	h.env["TENANTFORM_TEMPORAL_NAMESPACE"] = h.namespace
	work := h.start(settings.Work)
	h.until("the worker says why it does not work", func() bool {
		return len(work.lines("the worker does not work")) > 0
	})
	if red, _ := h.readiness(work.Monitoring); !slices.Equal(red, []string{"worker"}) {
		t.Errorf("red: %v, want the worker", red)
	}
	namespaces, err := client.NewNamespaceClient(client.Options{HostPort: temporal1.Address})
	if err != nil {
		t.Fatal(err)
	}
	defer namespaces.Close()
	if err := namespaces.Register(t.Context(), &workflowservice.RegisterNamespaceRequest{
		Namespace: h.namespace, WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	}); err != nil {
		t.Fatal(err)
	}
	h.until("the worker is ready", func() bool {
		_, ready := h.readiness(work.Monitoring)
		return ready
	})
}
