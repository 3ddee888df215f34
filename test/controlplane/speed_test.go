//go:build linux

package controlplane

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tenantform/tenantform/internal/pgtest"
	"github.com/tenantform/tenantform/internal/workflows"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
)

// speedReport names the file that TestSpeed writes; without it nothing is measured.
const speedReport = "TENANTFORM_CONTROL_SPEED"

// many is how many tenants the ledger has when its speed is looked at.
const many = 10_000

// durable is the PostgreSQL server of the measurements: it waits for the disk.
var durable = pgtest.Shared{Durable: true}

// latency is how long calls took.
type latency struct {
	what string
	n    int
	p50  time.Duration
	p99  time.Duration
	rate float64 // calls a second, all callers together
}

// measure makes n calls by so many callers at once, each of which rests between
// two calls.
func measure(t testing.TB, what string, callers, n int, rest time.Duration, call func(i int) error) latency {
	t.Helper()
	took, failures := make([]time.Duration, n), make([]error, callers)
	began := time.Now()
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := c; i < n; i += callers {
				at := time.Now()
				if err := call(i); err != nil {
					failures[c] = fmt.Errorf("%s: %w", what, err)
					return
				}
				took[i] = time.Since(at)
				time.Sleep(rest)
			}
		})
	}
	wg.Wait()
	all := time.Since(began)
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	l := spread(what, took)
	l.rate = float64(n) / all.Seconds()
	return l
}

func spread(what string, took []time.Duration) latency {
	slices.Sort(took)
	return latency{what: what, n: len(took), p50: took[len(took)/2], p99: took[len(took)*99/100]}
}

// customer gives the i-th of many tenants that differ as customers do.
func customer(i int) tenants.Tenant {
	id := fmt.Sprintf("customer-%05d", i)
	return tenants.Tenant{
		ID: id, Name: fmt.Sprintf("%s %s %d", []string{"Acme", "Birch", "Cedar", "Delta"}[i%4], []string{"Ltd", "GmbH", "Inc"}[i%3], i),
		AdminEmail: "admin@" + id + ".example", Tier: []string{"free", "free", "free", "standard", "premium"}[i%5],
		Region: []string{"eu-west-1", "us-east-1"}[i%2], CostCenter: id, Status: tenants.StatusCreating,
		Placements: []tenants.Placement{{Model: tenants.ModelPool, Cell: "a"}}, Origins: []string{"https://" + id + ".example"},
		Settings: tenants.Settings{UserPoolID: "eu-west-1_" + id, AppClientID: id, Endpoint: "https://" + id + ".execute-api.eu-west-1.amazonaws.com/live"},
		Services: []tenants.ServiceState{{Service: "billing", Progress: tenants.ProgressSucceeded, Attempt: 1}},
	}
}

// analyze gives PostgreSQL the statistics that it makes by itself within a minute
// or so of such a change.
func analyze(t testing.TB, url string) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err == nil {
		_, err = db.ExecContext(t.Context(), "ANALYZE")
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// fill gives a ledger many tenants, each of which is active.
func fill(t testing.TB, l *sqlstore.Store) {
	t.Helper()
	audit := tenants.AuditEntry{Actor: "ann", Role: "delivery", Action: "tenant.create"}
	measure(t, "fill", 8, many, 0, func(i int) error {
		begun, err := l.Write(t.Context(), tenants.Change{Tenant: customer(i), Create: true, Audit: audit})
		if err == nil {
			begun.Tenant.Status = tenants.StatusActive
			_, err = l.Write(t.Context(), tenants.Change{Tenant: begun.Tenant, Audit: audit})
		}
		return err
	})
}

// calls are what is asked of a ledger, directly and through the API.
var calls = []struct {
	what  string
	query tenants.Query
	path  string // of the API; a %s is a tenant's id
}{
	{"one tenant", tenants.Query{}, "/v1/tenants/%s"},
	{"list of 50", tenants.Query{Limit: 50}, "/v1/tenants?limit=50"},
	{"list of 500", tenants.Query{Limit: 500}, "/v1/tenants?limit=500"},
	{"list of 50, one tier", tenants.Query{Tier: "premium", Limit: 50}, "/v1/tenants?tier=premium&limit=50"},
	{"list of 50, text, 5 of 6 fit", tenants.Query{Text: "customer", Limit: 50}, "/v1/tenants?q=customer&limit=50"},
	{"list of 50, text, few fit", tenants.Query{Text: "acme 777", Limit: 50}, "/v1/tenants?q=acme+777&limit=50"},
}

func someone(i int) string { return fmt.Sprintf("customer-%05d", i*7919%many) }

// speeds are what is measured of one ledger.
type speeds struct {
	ledger        string
	direct        []latency // of the ledger's calls
	begins        []latency // creations by Ledger.Begin
	http          []latency // of the API's answers
	creates       []latency // creations by the API
	lags          []latency // from a creation to its workflow
	server        [2]int64  // memory of serve, bytes: before and after all that
	serverTemp    int64     // of Temporal
	life          []latency // operations end to end; rate is what counts
	worker, peaks int64     // memory of the worker, and of the pulumi commands together at most
}

// begins measures creations by the ledger alone, and takes their orders away again.
func (s *speeds) ledgerAlone(t testing.TB, l *sqlstore.Store) {
	t.Helper()
	for _, c := range calls {
		s.direct = append(s.direct, measure(t, c.what, 1, 2000, 0, func(i int) error {
			if strings.Contains(c.path, "%s") {
				_, err := l.Get(t.Context(), someone(i))
				return err
			}
			page, err := l.Search(t.Context(), c.query)
			if err == nil && len(page.Tenants) == 0 {
				err = errors.New("nothing was found")
			}
			return err
		}))
	}
	for _, callers := range []int{1, 16} {
		s.begins = append(s.begins, measure(t, strconv.Itoa(callers)+" at once", callers, 1000, 0, func(i int) error {
			c := customer(many)
			c.ID, c.Origins = fmt.Sprintf("direct-%d-%d", callers, i), nil
			_, err := l.Begin(t.Context(), tenants.Change{
				Tenant: c, Create: true, Audit: tenants.AuditEntry{Actor: "ann", Action: "tenant.create"},
				Operation: tenants.Operation{ID: "op-" + c.ID, Kind: tenants.OperationCreate, Initiator: "ann", ToTier: "free"},
				Key:       &tenants.IdempotencyKey{Key: c.ID, Actor: "ann", RequestHash: "h"},
			})
			return err
		}))
	}
	for {
		due, err := l.Orders(t.Context(), 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 {
			return
		}
		for _, o := range due {
			op, err := l.Operation(t.Context(), o.OperationID)
			if err == nil {
				op.Progress, op.EndedAt = tenants.ProgressFailed, time.Now()
				_, err = l.Advance(t.Context(), tenants.Advance{Operation: op})
			}
			if err = errors.Join(err, l.Started(t.Context(), o.Seq)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// get asks the API for something, and reads the answer.
func (p *plant) get(c *http.Client, path string) error {
	r, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.api.URL()+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+p.token)
	res, err := c.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, res.Status)
	}
	_, err = io.Copy(io.Discard, res.Body)
	return err
}

// throughAPI measures the server's answers, with no worker that would do anything.
func (s *speeds) throughAPI(p *plant) {
	p.t.Helper()
	web := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	pid := p.server.cmd.Process.Pid
	s.server[0], _ = resident(pid)
	for _, callers := range []int{1, 16} {
		for _, c := range calls {
			what := c.what
			if callers > 1 {
				if c.what != "list of 50" {
					continue
				}
				what += ", 16 at once"
			}
			s.http = append(s.http, measure(p.t, what, callers, 2000, 0, func(i int) error {
				path := c.path
				if strings.Contains(path, "%s") {
					path = fmt.Sprintf(path, someone(i))
				}
				return p.get(web, path)
			}))
		}
	}
	s.accepted(p, "one at a time, some 10 a second", 1, 200, 100*time.Millisecond)
	s.accepted(p, "16 at once", 16, 500, 0)
	s.server[1], _ = resident(pid)
	s.serverTemp, _ = resident(p.temporal.PID())
}

// accepted measures creations by the API, and when their workflows were started.
func (s *speeds) accepted(p *plant, what string, callers, n int, rest time.Duration) {
	p.t.Helper()
	run := strconv.FormatInt(time.Now().UnixNano()%1e9, 36)
	operations := make([]string, n)
	s.creates = append(s.creates, measure(p.t, what, callers, n, rest, func(i int) error {
		c, err := p.api.CreateTenant(p.t.Context(), newcomer(fmt.Sprintf("n%s-%d", run, i), "free"), nil)
		if err == nil {
			operations[i] = c.Operation.ID
		}
		return err
	}))
	until(p.t, "the outbox is empty", func() bool {
		due, err := p.ledger.Orders(p.t.Context(), 1)
		return err == nil && len(due) == 0
	})
	c, err := client.Dial(client.Options{HostPort: p.temporal.Address, Logger: quiet{}})
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	lags := make([]time.Duration, n)
	for i, id := range operations {
		d, err := c.DescribeWorkflowExecution(p.t.Context(), workflows.WorkflowID(id), "")
		if err != nil {
			p.t.Fatal(err)
		}
		lags[i] = d.GetWorkflowExecutionInfo().GetStartTime().AsTime().Sub(p.operation(id).StartedAt)
	}
	s.lags = append(s.lags, spread(what, lags))
}

// quiet is a logger that says nothing.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// endToEnd measures operations with everything that belongs to them.
func (s *speeds) endToEnd(p *plant) {
	p.t.Helper()
	const n = 24
	ctx, cancel := context.WithCancel(p.t.Context())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		for ctx.Err() == nil {
			sum := int64(0)
			for _, pid := range commands(p.worker.cmd.Process.Pid, "pulumi") {
				now, _ := resident(pid)
				sum += now
			}
			s.peaks = max(s.peaks, sum)
			time.Sleep(200 * time.Millisecond)
		}
	}()
	for _, kind := range kinds {
		began := time.Now()
		var wg sync.WaitGroup
		operations := make([]string, n)
		for i := range n {
			wg.Go(func() { operations[i] = p.starts(kind, fmt.Sprintf("load-%02d", i)) })
		}
		wg.Wait()
		took := make([]time.Duration, n)
		for i, id := range operations {
			op := p.ended(id)
			if op.Progress != tenants.ProgressSucceeded {
				p.t.Fatalf("%s of %s: %s", kind, op.TenantID, op.Error)
			}
			took[i] = op.EndedAt.Sub(op.StartedAt)
		}
		l := spread(string(kind), took)
		l.rate = float64(n) / time.Since(began).Minutes()
		s.life = append(s.life, l)
	}
	cancel()
	<-watched
	_, s.worker = resident(p.worker.cmd.Process.Pid)
}

// TestSpeed measures the control plane, and writes the page of what it found.
func TestSpeed(t *testing.T) {
	path := os.Getenv(speedReport)
	if path == "" {
		t.Skip("it measures only when " + speedReport + " names the page to write; see \"make bench-control\"")
	}
	t.Cleanup(func() {
		if err := durable.Stop(); err != nil {
			t.Error(err)
		}
	})
	var all []*speeds
	for _, g := range []ground{sqlite(), {"PostgreSQL", func(t testing.TB, _ string) string { return durable.Database(t) }}} {
		t.Run(g.name, func(t *testing.T) {
			s := &speeds{ledger: g.name}
			full := ground{g.name, func(t testing.TB, dir string) string {
				url := g.store(t, dir)
				l := openLedger(t, url)
				fill(t, l)
				if !strings.HasPrefix(url, "sqlite:") {
					analyze(t, url)
				}
				s.ledgerAlone(t, l)
				return url
			}}
			t.Run("answers", func(t *testing.T) {
				p := newPlant(t, full)
				if err := p.worker.stop(); err != nil {
					t.Fatal(err)
				}
				s.throughAPI(p)
			})
			t.Run("operations", func(t *testing.T) { s.endToEnd(newPlant(t, g)) })
			all = append(all, s)
		})
	}
	if t.Failed() || len(all) == 0 {
		return
	}
	text := speedPage(all)
	t.Log(text)
	if err := os.WriteFile(filepath.Clean(path), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
