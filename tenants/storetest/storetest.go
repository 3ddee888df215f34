// Package storetest is the conformance suite that every tenants.Store, every
// tenants.Journal and every tenants.Ledger passes.
package storetest

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Tenant gives a tenant in which every field that a store keeps has a value. Its
// range of addresses follows from its id.
func Tenant(id string) tenants.Tenant {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id))
	sum := h.Sum(nil)
	return tenants.Tenant{
		NetworkCIDR: fmt.Sprintf("10.%d.%d.%d/32", sum[0], sum[1], sum[2]),
		ID:          id, Name: "Ünï " + id, AdminEmail: "admin@" + id + ".example", Tier: "standard", Region: "eu-west-1", CostCenter: "cc",
		Status: tenants.StatusCreating, Placements: []tenants.Placement{{Model: tenants.ModelPool, Cell: "a"}, {Model: tenants.ModelSilo}},
		Functions: []tenants.Function{{Name: "greeting", Runtime: "python3.13", Handler: "app.handler", Archive: "a.zip", Layers: []string{"l.zip"},
			Grants: []tenants.Grant{{Actions: []string{"s3:GetObject"}, Resources: []string{"*"}}}, Tags: map[string]string{"team": "blue"}}},
		Origins:  []string{"https://" + id + ".example"},
		Products: []tenants.Product{{Name: "crm", Licences: 7, AddedAt: time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)}},
		Settings: tenants.Settings{UserPoolID: "eu-west-1_A", AppClientID: "client", Endpoint: "https://api.example", IssuerURL: "https://issuer.example"},
		Services: []tenants.ServiceState{{Service: "billing", Progress: tenants.ProgressFailed, Attempt: 2, Error: "no", EndedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}},
	}
}

// RunStore checks a store; open gives an empty one for each test.
func RunStore(t *testing.T, open func(t *testing.T) tenants.Store) {
	tests := map[string]func(*testing.T, tenants.Store){
		"create and get":    createAndGet,
		"create twice":      createTwice,
		"create again":      createAgain,
		"invalid id":        invalidID,
		"not found":         notFound,
		"list":              list,
		"update":            update,
		"stale update":      staleUpdate,
		"values are copies": copies,
		"at once":           atOnce,
		"created at once":   createdAtOnce,
		"cancelled":         cancelled,
		"networks apart":    networksApart,
		"networks at once":  networksAtOnce,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func createAndGet(t *testing.T, s tenants.Store) {
	began := time.Now().Add(-time.Second)
	in := Tenant("acme")
	in.Version, in.CreatedAt, in.UpdatedAt = 77, time.Unix(1, 0), time.Unix(2, 0) // not the caller's to choose
	got, err := s.Create(t.Context(), in)
	must(t, err)
	if got.Version != 1 || got.CreatedAt.Before(began) || got.CreatedAt.After(time.Now().Add(time.Second)) || !got.UpdatedAt.Equal(got.CreatedAt) {
		t.Errorf("version %d, created %s, updated %s", got.Version, got.CreatedAt, got.UpdatedAt)
	}
	want := Tenant("acme")
	want.Version, want.CreatedAt, want.UpdatedAt = 1, got.CreatedAt, got.UpdatedAt
	same(t, got, want)
	read, err := s.Get(t.Context(), "acme")
	must(t, err)
	same(t, read, got)
}

func createTwice(t *testing.T, s tenants.Store) {
	first, err := s.Create(t.Context(), Tenant("acme"))
	must(t, err)
	second := Tenant("acme")
	second.Name = "Other"
	_, err = s.Create(t.Context(), second)
	code(t, err, tenants.CodeConflict)
	got, err := s.Get(t.Context(), "acme")
	must(t, err)
	same(t, got, first)
}

func createAgain(t *testing.T, s tenants.Store) {
	first, err := s.Create(t.Context(), Tenant("acme"))
	must(t, err)
	gone := first
	gone.Status = tenants.StatusDeleted
	gone, err = s.Update(t.Context(), gone)
	must(t, err)
	second, err := s.Create(t.Context(), Tenant("acme"))
	must(t, err)
	if second.Version <= gone.Version || second.Status != tenants.StatusCreating {
		t.Errorf("version %d after %d, status %s", second.Version, gone.Version, second.Status)
	}
	_, err = s.Update(t.Context(), first)
	code(t, err, tenants.CodeConflict)
}

func invalidID(t *testing.T, s tenants.Store) {
	for _, id := range []string{"", "../acme", "a/b", "Acme", "pool-a"} {
		v := Tenant("acme")
		v.ID = id
		_, err := s.Create(t.Context(), v)
		code(t, err, tenants.CodeInvalid)
		_, err = s.Get(t.Context(), id)
		code(t, err, tenants.CodeNotFound)
		_, err = s.Update(t.Context(), v)
		code(t, err, tenants.CodeNotFound)
	}
}

func notFound(t *testing.T, s tenants.Store) {
	_, err := s.Get(t.Context(), "nobody")
	code(t, err, tenants.CodeNotFound)
	_, err = s.Update(t.Context(), Tenant("nobody"))
	code(t, err, tenants.CodeNotFound)
}

func list(t *testing.T, s tenants.Store) {
	all, err := s.List(t.Context())
	must(t, err)
	if len(all) != 0 {
		t.Errorf("an empty store lists %v", ids(all))
	}
	for _, id := range []string{"cedar", "acme", "birch", "acme-eu"} {
		_, err := s.Create(t.Context(), Tenant(id))
		must(t, err)
	}
	gone, err := s.Get(t.Context(), "birch")
	must(t, err)
	gone.Status = tenants.StatusDeleted
	gone, err = s.Update(t.Context(), gone)
	must(t, err)
	all, err = s.List(t.Context())
	must(t, err)
	if got, want := ids(all), []string{"acme", "acme-eu", "cedar"}; !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
	read, err := s.Get(t.Context(), "birch")
	must(t, err)
	same(t, read, gone)
}

func update(t *testing.T, s tenants.Store) {
	first, err := s.Create(t.Context(), Tenant("acme"))
	must(t, err)
	change := first
	change.Tier, change.Status, change.Placements, change.Functions = "premium", tenants.StatusActive, nil, nil
	change.CreatedAt, change.UpdatedAt = time.Unix(1, 0), time.Unix(2, 0)
	second, err := s.Update(t.Context(), change)
	must(t, err)
	if second.Version != first.Version+1 || !second.CreatedAt.Equal(first.CreatedAt) || second.UpdatedAt.Before(first.UpdatedAt) {
		t.Errorf("version %d after %d, created %s after %s, updated %s", second.Version, first.Version, second.CreatedAt, first.CreatedAt, second.UpdatedAt)
	}
	if second.Tier != "premium" || len(second.Placements) != 0 || len(second.Functions) != 0 {
		t.Errorf("got %+v", second)
	}
	read, err := s.Get(t.Context(), "acme")
	must(t, err)
	same(t, read, second)
}

func staleUpdate(t *testing.T, s tenants.Store) {
	first, err := s.Create(t.Context(), Tenant("acme"))
	must(t, err)
	second, err := s.Update(t.Context(), first)
	must(t, err)
	for _, version := range []int64{0, first.Version, second.Version + 1} {
		stale := second
		stale.Version, stale.Name = version, "Stale"
		_, err := s.Update(t.Context(), stale)
		code(t, err, tenants.CodeConflict)
	}
	read, err := s.Get(t.Context(), "acme")
	must(t, err)
	same(t, read, second)
}

func copies(t *testing.T, s tenants.Store) {
	in := Tenant("acme")
	first, err := s.Create(t.Context(), in)
	must(t, err)
	in.Placements[0].Cell = "changed"
	in.Functions[0].Tags["team"] = "changed"
	read, err := s.Get(t.Context(), "acme")
	must(t, err)
	read.Placements[0].Cell = "changed"
	read, err = s.Get(t.Context(), "acme")
	must(t, err)
	if read.Placements[0].Cell != "a" || read.Functions[0].Tags["team"] != "blue" || first.Placements[0].Cell != "a" {
		t.Errorf("changing a value changed the store: %+v", read)
	}
}

// atOnce lets goroutines count in one tenant, each with a retry on conflict.
func atOnce(t *testing.T, s tenants.Store) {
	const workers, each = 8, 10
	_, err := s.Create(t.Context(), Tenant("acme"))
	must(t, err)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for done := 0; done < each; {
				v, err := s.Get(t.Context(), "acme")
				if err == nil {
					n, _ := strconv.Atoi(v.Name)
					v.Name = strconv.Itoa(n + 1)
					_, err = s.Update(t.Context(), v)
				}
				switch {
				case err == nil:
					done++
				case tenants.CodeOf(err) != tenants.CodeConflict:
					t.Errorf("%v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	v, err := s.Get(t.Context(), "acme")
	must(t, err)
	if v.Name != strconv.Itoa(workers*each) || v.Version != 1+workers*each {
		t.Errorf("counted to %s in version %d, want %d", v.Name, v.Version, workers*each)
	}
}

// createdAtOnce lets goroutines create the same tenant, which was never there and
// then was deleted; one of them does.
func createdAtOnce(t *testing.T, s tenants.Store) {
	for range 6 {
		var wg sync.WaitGroup
		var created atomic.Int32
		for i := range 8 {
			wg.Go(func() {
				v := Tenant("acme")
				v.Name = strconv.Itoa(i)
				stored, err := s.Create(t.Context(), v)
				switch {
				case err == nil && stored.Name == v.Name:
					created.Add(1)
				case tenants.CodeOf(err) != tenants.CodeConflict:
					t.Errorf("%+v, %v", stored, err)
				}
			})
		}
		wg.Wait()
		if created.Load() != 1 {
			t.Errorf("%d of 8 created the same tenant", created.Load())
		}
		v, err := s.Get(t.Context(), "acme")
		must(t, err)
		v.Status = tenants.StatusDeleted
		_, err = s.Update(t.Context(), v)
		must(t, err)
	}
}

// networksApart holds a store to its word that a range is one tenant's alone.
func networksApart(t *testing.T, s tenants.Store) {
	in := func(id, cidr string) tenants.Tenant {
		v := Tenant(id)
		v.NetworkCIDR = cidr
		return v
	}
	first, err := s.Create(t.Context(), in("acme", "10.64.16.0/20"))
	must(t, err)
	for _, cidr := range []string{"10.64.16.0/20", "10.64.31.0/24", "10.64.0.0/16"} {
		_, err := s.Create(t.Context(), in("birch", cidr))
		code(t, err, tenants.CodeConflict)
	}
	_, err = s.Create(t.Context(), in("birch", "10.64.16.7/20"))
	code(t, err, tenants.CodeInvalid)
	_, err = s.Get(t.Context(), "birch")
	code(t, err, tenants.CodeNotFound)
	second, err := s.Create(t.Context(), in("birch", ""))
	must(t, err)
	_, err = s.Create(t.Context(), in("cedar", ""))
	must(t, err)

	second.NetworkCIDR = "10.64.24.0/21"
	_, err = s.Update(t.Context(), second)
	code(t, err, tenants.CodeConflict)
	second.NetworkCIDR = "10.64.32.0/20"
	second, err = s.Update(t.Context(), second)
	must(t, err)
	if second.NetworkCIDR != "10.64.32.0/20" {
		t.Errorf("the range is %q", second.NetworkCIDR)
	}

	first.Status = tenants.StatusDeleted // its record stays, its range is free
	first, err = s.Update(t.Context(), first)
	must(t, err)
	second.NetworkCIDR = first.NetworkCIDR
	_, err = s.Update(t.Context(), second)
	must(t, err)
	_, err = s.Create(t.Context(), in("acme", first.NetworkCIDR))
	code(t, err, tenants.CodeConflict)
}

// networksAtOnce lets goroutines take the same range; one of them gets it.
func networksAtOnce(t *testing.T, s tenants.Store) {
	const workers = 8
	var wg sync.WaitGroup
	var got atomic.Int32
	for i := range workers {
		v, err := s.Create(t.Context(), Tenant(fmt.Sprintf("tenant-%d", i)))
		must(t, err)
		v.NetworkCIDR = "192.168.16.0/20"
		wg.Go(func() {
			switch _, err := s.Update(t.Context(), v); {
			case err == nil:
				got.Add(1)
			case tenants.CodeOf(err) != tenants.CodeConflict:
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	if got.Load() != 1 {
		t.Errorf("%d tenants have the range, want 1", got.Load())
	}
}

func cancelled(t *testing.T, s tenants.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Create(ctx, Tenant("acme")); err == nil {
		t.Error("a cancelled create was carried out")
	}
	_, err := s.Get(t.Context(), "acme")
	code(t, err, tenants.CodeNotFound)
	if _, err := s.List(ctx); err == nil {
		t.Error("a cancelled list was answered")
	}
}

// Operation gives an operation of a tenant in which every field has a value.
func Operation(id, tenantID string, began time.Time) tenants.Operation {
	return tenants.Operation{
		ID: id, TenantID: tenantID, Kind: tenants.OperationMove, Initiator: "ann", Reason: "grew", FromTier: "free", ToTier: "premium", FromStatus: tenants.StatusActive,
		Progress: tenants.ProgressRunning, StartedAt: began,
		Steps: []tenants.Step{{Name: "place", Progress: tenants.ProgressSucceeded, StartedAt: began, EndedAt: began.Add(time.Second)},
			{Name: "cut over", Progress: tenants.ProgressFailed, StartedAt: began, Error: "no", HandedOver: began.Add(time.Second)}},
		CorrelationID: "corr-" + id, TenantHash: "hash-" + id, RetryOf: "before-" + id, Request: json.RawMessage(`{"tier":"premium"}`),
		Services: []tenants.ServiceState{{Service: "billing", Progress: tenants.ProgressRunning, Attempt: 1}},
	}
}

// RunJournal checks a journal; open gives an empty one for each test.
func RunJournal(t *testing.T, open func(t *testing.T) tenants.Journal) {
	tests := map[string]func(*testing.T, tenants.Journal){
		"record and read": func(t *testing.T, j tenants.Journal) {
			none, err := j.Operations(t.Context(), "acme")
			must(t, err)
			want := []tenants.Operation{Operation("b", "acme", began), Operation("a", "acme", began.Add(time.Minute)), Operation("c", "acme", began.Add(time.Hour))}
			for _, i := range []int{2, 0, 1} {
				must(t, j.Record(t.Context(), want[i]))
			}
			must(t, j.Record(t.Context(), Operation("d", "birch", began)))
			got, err := j.Operations(t.Context(), "acme")
			must(t, err)
			same(t, got, want)
			if len(none) != 0 {
				t.Errorf("an empty journal gave %v", none)
			}
		},
		"replace as it goes on": func(t *testing.T, j tenants.Journal) {
			op := Operation("a", "acme", began)
			must(t, j.Record(t.Context(), op))
			op.Steps[1].Progress, op.Steps[1].Error = tenants.ProgressSucceeded, ""
			op.Progress, op.EndedAt = tenants.ProgressSucceeded, began.Add(time.Hour)
			must(t, j.Record(t.Context(), op))
			must(t, j.Record(t.Context(), op))
			got, err := j.Operations(t.Context(), "acme")
			must(t, err)
			same(t, got, []tenants.Operation{op})
		},
		"what has ended stays": func(t *testing.T, j tenants.Journal) {
			op := Operation("a", "acme", began)
			op.Progress, op.EndedAt, op.Error = tenants.ProgressFailed, began.Add(time.Hour), "broke"
			must(t, j.Record(t.Context(), op))
			for _, change := range []func(*tenants.Operation){
				func(o *tenants.Operation) { o.Progress, o.EndedAt = tenants.ProgressRunning, time.Time{} },
				func(o *tenants.Operation) { o.Error = "" },
				func(o *tenants.Operation) { o.Steps = nil },
				func(o *tenants.Operation) { o.Kind = tenants.OperationDelete },
			} {
				other := op
				change(&other)
				code(t, j.Record(t.Context(), other), tenants.CodeConflict)
			}
			got, err := j.Operations(t.Context(), "acme")
			must(t, err)
			same(t, got, []tenants.Operation{op})
		},
		"an id is one operation": func(t *testing.T, j tenants.Journal) {
			must(t, j.Record(t.Context(), Operation("a", "acme", began)))
			code(t, j.Record(t.Context(), Operation("a", "acme", began.Add(time.Second))), tenants.CodeConflict)
		},
		"a wish to cancel stays": wishStays,
		"invalid": func(t *testing.T, j tenants.Journal) {
			for _, change := range []func(*tenants.Operation){
				func(o *tenants.Operation) { o.ID = "../a" }, func(o *tenants.Operation) { o.TenantID = "" }, func(o *tenants.Operation) { o.Initiator = "" },
			} {
				op := Operation("a", "acme", began)
				change(&op)
				code(t, j.Record(t.Context(), op), tenants.CodeInvalid)
			}
			_, err := j.Operations(t.Context(), "../acme")
			code(t, err, tenants.CodeInvalid)
		},
		"at once": func(t *testing.T, j tenants.Journal) {
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					if err := j.Record(t.Context(), Operation(fmt.Sprintf("op-%02d", i), "acme", began)); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			got, err := j.Operations(t.Context(), "acme")
			must(t, err)
			if len(got) != 20 {
				t.Errorf("%d of 20 operations are there", len(got))
			}
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

func wishStays(t *testing.T, j tenants.Journal) {
	op := Operation("a", "acme", began)
	op.CancelRequested = true
	must(t, j.Record(t.Context(), op))
	op.CancelRequested, op.Progress, op.EndedAt = false, tenants.ProgressFailed, began.Add(time.Hour)
	must(t, j.Record(t.Context(), op))
	must(t, j.Record(t.Context(), op))
	got, err := j.Operations(t.Context(), "acme")
	must(t, err)
	op.CancelRequested = true
	same(t, got, []tenants.Operation{op})
}

func ids(all []tenants.Tenant) []string {
	out := make([]string, len(all))
	for i, t := range all {
		out[i] = t.ID
	}
	return out
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func code(t *testing.T, err error, want tenants.Code) {
	t.Helper()
	if tenants.CodeOf(err) != want {
		t.Errorf("error %v has code %q, want %q", err, tenants.CodeOf(err), want)
	}
}

func same[T any](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}
