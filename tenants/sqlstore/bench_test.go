package sqlstore_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/pgtest"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
)

// durable is the PostgreSQL server of the benchmarks: it waits for the disk.
var durable = pgtest.Shared{Durable: true}

// BenchmarkLedger measures each store with 10,000 tenants. A call's latency is
// given as the median and the 99th percentile, in milliseconds; "begin" says how
// many creations are accepted a second, by one caller and by sixteen.
func BenchmarkLedger(b *testing.B) {
	for _, d := range []database{
		{"sqlite", func(t testing.TB) string { return filepath.Join(t.TempDir(), "ledger.db") }},
		{"postgres", func(t testing.TB) string { return durable.Database(t) }},
	} {
		b.Run(d.kind, func(b *testing.B) {
			s := filled(b, d, d.where(b))
			for _, r := range reads(b, s) {
				b.Run(r.name, func(b *testing.B) { latency(b, 1, r.call) })
			}
			// The page that is read most, while others write as fast as they can.
			b.Run("list-while-writing", func(b *testing.B) {
				stop := writing(b, s)
				defer stop()
				latency(b, 1, reads(b, s)[1].call)
			})
			for _, callers := range []int{1, 16} {
				b.Run("begin-"+strconv.Itoa(callers), func(b *testing.B) { begins(b, s, callers) })
			}
		})
	}
}

// read is a call that is measured; n differs from call to call.
type read struct {
	name string
	call func(ctx context.Context, n int) error
}

func reads(b *testing.B, s *sqlstore.Store) []read {
	search := func(q tenants.Query) func(context.Context, int) error {
		return func(ctx context.Context, _ int) error {
			page, err := s.Search(ctx, q)
			if err == nil && len(page.Tenants) == 0 {
				err = fmt.Errorf("%+v finds nothing", q)
			}
			return err
		}
	}
	middle := tenants.Query{Limit: tenants.MaxPageLimit}
	for range 10 {
		page, err := s.Search(b.Context(), middle)
		if err != nil {
			b.Fatal(err)
		}
		middle.After = page.Next
	}
	middle.Limit = 0
	id := func(n int) string { return fmt.Sprintf("customer-%05d", n*7919%many) }
	return []read{
		{"get", func(ctx context.Context, n int) error { _, err := s.Get(ctx, id(n)); return err }},
		{"list", search(tenants.Query{})},
		{"list-middle", search(middle)},
		{"list-500", search(tenants.Query{Limit: 500})},
		{"tier", search(tenants.Query{Tier: "premium"})},
		{"status-region", search(tenants.Query{Status: tenants.StatusCreating, Region: "us-east-1"})},
		{"product", search(tenants.Query{Product: "crm"})},
		{"service", search(tenants.Query{Service: "billing"})},
		{"model", search(tenants.Query{Model: tenants.ModelPool})},
		{"text-rare", search(tenants.Query{Text: "7776"})},
		{"text-common", search(tenants.Query{Text: "acme gmbh"})},
		{"text-every", search(tenants.Query{Text: "admin"})},
		{"origin", func(ctx context.Context, n int) error {
			_, err := s.ByOrigin(ctx, "https://"+id(n)+".example")
			return err
		}},
		{"operation", func(ctx context.Context, n int) error { _, err := s.Operation(ctx, "op-"+id(n)); return err }},
		{"operations-of-tenant", func(ctx context.Context, n int) error {
			_, err := s.SearchOperations(ctx, tenants.OperationQuery{TenantID: id(n)})
			return err
		}},
		{"operations-running", func(ctx context.Context, _ int) error {
			_, err := s.SearchOperations(ctx, tenants.OperationQuery{Progress: tenants.ProgressRunning})
			return err
		}},
		{"orders", func(ctx context.Context, _ int) error { _, err := s.Orders(ctx, 100); return err }},
		{"audit-of-tenant", func(ctx context.Context, n int) error { _, err := s.Audit(ctx, 0, id(n), 50); return err }},
	}
}

// latency measures a call, made by several callers at once.
func latency(b *testing.B, callers int, call func(ctx context.Context, n int) error) {
	took := make([]time.Duration, b.N)
	var wg sync.WaitGroup
	b.ResetTimer()
	for caller := range callers {
		wg.Go(func() {
			for n := caller; n < b.N; n += callers {
				began := time.Now()
				if err := call(b.Context(), n); err != nil {
					b.Error(err)
					return
				}
				took[n] = time.Since(began)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// begins measures how fast creations are accepted.
func begins(b *testing.B, s *sqlstore.Store, callers int) {
	run := strconv.FormatInt(time.Now().UnixNano(), 36)
	latency(b, callers, func(ctx context.Context, n int) error {
		c := customer(n)
		c.Tenant.ID = fmt.Sprintf("n%s-%d", run, n)
		c.Tenant.Origins, c.Tenant.NetworkCIDR = []string{"https://" + c.Tenant.ID + ".example"}, ""
		c.Operation.ID = "op-" + c.Tenant.ID
		c.Key.Key = c.Tenant.ID
		_, err := s.Begin(ctx, c)
		return err
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "creates/s")
}

// writing lets four callers write until stop is called.
func writing(b *testing.B, s *sqlstore.Store) (stop func()) {
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.AddAudit(ctx, tenants.AuditEntry{Actor: "ann", Action: "look"}); err != nil && ctx.Err() == nil {
					b.Error(err)
					return
				}
			}
		})
	}
	return func() {
		cancel()
		wg.Wait()
	}
}
