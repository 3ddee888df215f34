package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// population fills a ledger with tenants that differ in what they are found by,
// and gives them by id.
func (b *bench) population() map[string]tenants.Tenant {
	b.Helper()
	all := map[string]tenants.Tenant{}
	regions := []string{"eu-west-1", "us-east-1"}
	tiers := []string{"free", "standard", "premium"}
	for i := range 24 {
		t := Tenant(fmt.Sprintf("tenant-%02d", i))
		t.Name, t.AdminEmail = fmt.Sprintf("Firm %c%d Ltd", 'A'+i%4, i), fmt.Sprintf("Root%d@firm.example", i)
		t.Region, t.Tier = regions[i%2], tiers[i%3]
		t.Placements = [][]tenants.Placement{{{Model: tenants.ModelPool, Cell: "a"}}, {{Model: tenants.ModelSilo}}, nil,
			{{Model: tenants.ModelPool, Cell: "a"}, {Model: tenants.ModelSilo}}}[i%4]
		t.Products, t.Services = nil, nil
		if i%3 == 0 {
			t.Products = []tenants.Product{{Name: "crm"}, {Name: "erp"}}
		}
		if i%5 == 0 {
			t.Services = []tenants.ServiceState{{Service: "billing"}}
		}
		t.Status = []tenants.Status{tenants.StatusActive, tenants.StatusInactive, tenants.StatusDeleted}[i/3%3]
		t, err := b.l.Create(b.ctx, t)
		must(b.T, err)
		all[t.ID] = t
	}
	return all
}

func searchFilters(b *bench) {
	all := b.population()
	model := func(t tenants.Tenant, m tenants.Model) bool {
		return slices.ContainsFunc(t.Placements, func(p tenants.Placement) bool { return p.Model == m })
	}
	for _, tier := range []string{"", "premium", "none"} {
		for _, status := range []tenants.Status{"", tenants.StatusInactive, tenants.StatusDeleted, tenants.StatusMoving} {
			for _, region := range []string{"", "us-east-1"} {
				for _, m := range []tenants.Model{"", tenants.ModelPool, tenants.ModelSilo} {
					for _, product := range []string{"", "erp", "nothing"} {
						for _, service := range []string{"", "billing"} {
							q := tenants.Query{Tier: tier, Status: status, Region: region, Model: m, Product: product, Service: service, Limit: 100}
							b.finds(all, q, func(t tenants.Tenant) bool {
								return (tier == "" || t.Tier == tier) && (t.Status == status || status == "" && t.Status != tenants.StatusDeleted) &&
									(region == "" || t.Region == region) && (m == "" || model(t, m)) &&
									(product == "" || slices.ContainsFunc(t.Products, func(p tenants.Product) bool { return p.Name == product })) &&
									(service == "" || slices.ContainsFunc(t.Services, func(s tenants.ServiceState) bool { return s.Service == service }))
							})
						}
					}
				}
			}
		}
	}
}

// finds checks that a query gives just the tenants that fit, whole and in order.
func (b *bench) finds(all map[string]tenants.Tenant, q tenants.Query, fits func(tenants.Tenant) bool) {
	b.Helper()
	page, err := b.l.Search(b.ctx, q)
	must(b.T, err)
	want := []tenants.Tenant{}
	for _, t := range all {
		if fits(t) {
			want = append(want, t)
		}
	}
	slices.SortFunc(want, func(a, b tenants.Tenant) int { return strings.Compare(a.ID, b.ID) })
	if !slices.Equal(ids(page.Tenants), ids(want)) {
		b.Errorf("%+v found %v, want %v", q, ids(page.Tenants), ids(want))
		return
	}
	same(b.T, page.Tenants, want)
	if page.Next != "" {
		b.Errorf("%+v: all was found, and there is a cursor", q)
	}
}

func searchText(b *bench) {
	all := map[string]tenants.Tenant{}
	for id, name := range map[string]string{"acme": "Acme Corporation", "acme-eu": "Acme Europe", "birch": "M\u00fcller & S\u00f6hne", "cedar": "50% off_line", "delta": "\u0395\u039b\u039b\u0391\u03a3 acmeology"} {
		t := Tenant(id)
		t.Name, t.AdminEmail = name, "Boss@"+id+".example"
		t, err := b.l.Create(b.ctx, t)
		must(b.T, err)
		all[id] = t
	}
	for text, want := range map[string][]string{
		"acme": {"acme", "acme-eu", "delta"}, "ACME corp": {"acme"}, "corp acme": {"acme"}, "eu": {"acme-eu"}, "cme": {}, "m\u00dcll": {"birch"}, "s\u00f6hne m\u00fcller": {"birch"},
		"boss@acme.example": {"acme", "acme-eu", "delta"}, "boss@acme-eu.example": {"acme-eu"}, "50": {"cedar"}, "50%": {"cedar"}, "line": {"cedar"}, "of_": {"cedar"}, "%": nil,
		"\u03b5\u03bb": {"delta"}, "   ": {"acme", "acme-eu", "birch", "cedar", "delta"}, "acme zebra": {}, "exam": {"acme", "acme-eu", "birch", "cedar", "delta"},
	} {
		page, err := b.l.Search(b.ctx, tenants.Query{Text: text})
		if want == nil {
			code(b.T, err, tenants.CodeInvalid)
			continue
		}
		must(b.T, err)
		if got := ids(page.Tenants); !slices.Equal(got, want) {
			b.Errorf("%q found %v, want %v", text, got, want)
		}
	}
	// What a tenant is found by follows what it is.
	t := all["birch"]
	t.Name = "Oak"
	t, err := b.l.Update(b.ctx, t)
	must(b.T, err)
	for text, want := range map[string][]string{"m\u00fcller": {}, "oak": {"birch"}, "birch": {"birch"}} {
		page, err := b.l.Search(b.ctx, tenants.Query{Text: text})
		must(b.T, err)
		if got := ids(page.Tenants); !slices.Equal(got, want) {
			b.Errorf("after the new name %q found %v, want %v", text, got, want)
		}
	}
	t.Status = tenants.StatusDeleted
	_, err = b.l.Update(b.ctx, t)
	must(b.T, err)
	if page, err := b.l.Search(b.ctx, tenants.Query{Text: "oak"}); err != nil || len(page.Tenants) != 0 {
		b.Errorf("a deleted tenant was found: %v, %v", ids(page.Tenants), err)
	}
}

// termsFollow changes a tenant's products and services: it is found by what it has.
func termsFollow(b *bench) {
	t, err := b.l.Create(b.ctx, Tenant("acme"))
	must(b.T, err)
	found := func(q tenants.Query) int {
		page, err := b.l.Search(b.ctx, q)
		must(b.T, err)
		return len(page.Tenants)
	}
	if found(tenants.Query{Product: "crm"}) != 1 || found(tenants.Query{Service: "billing"}) != 1 || found(tenants.Query{Model: tenants.ModelPool}) != 1 {
		b.Error("it is not found by what it has")
	}
	t.Products, t.Services, t.Placements = []tenants.Product{{Name: "erp"}}, nil, []tenants.Placement{{Model: tenants.ModelSilo}}
	_, err = b.l.Update(b.ctx, t)
	must(b.T, err)
	if found(tenants.Query{Product: "crm"}) != 0 || found(tenants.Query{Service: "billing"}) != 0 || found(tenants.Query{Model: tenants.ModelPool}) != 0 || found(tenants.Query{Product: "erp", Model: tenants.ModelSilo}) != 1 {
		b.Error("it is found by what it had")
	}
}

// searchPages reads pages while tenants come and go: those that are there all the
// while are given once each, in order.
func searchPages(b *bench) {
	create := func(id string) {
		_, err := b.l.Create(b.ctx, Tenant(id))
		must(b.T, err)
	}
	var steady []string
	for i := range 23 {
		steady = append(steady, fmt.Sprintf("steady-%02d", i))
		create(steady[i])
	}
	for i, q := range []tenants.Query{{Limit: 1, Text: "steady"}, {Limit: 4}, {Limit: 7, Model: tenants.ModelPool}, {Limit: 3, Product: "crm", Text: "steady"},
		{Limit: 23, Service: "billing", Model: tenants.ModelSilo}, {Limit: 2, Tier: "standard"}, {Limit: 500, Region: "eu-west-1"}} {
		asked := fmt.Sprintf("%+v", q)
		var got []string
		for n := 0; ; n++ {
			page, err := b.l.Search(b.ctx, q)
			must(b.T, err)
			if len(page.Tenants) > q.Limit || n > 500 {
				b.Fatalf("%s: page %d has %d tenants", asked, n, len(page.Tenants))
			}
			for _, t := range page.Tenants {
				if slices.Contains(steady, t.ID) {
					got = append(got, t.ID)
				}
			}
			if page.Next == "" {
				break
			}
			q.After = page.Next
			if n > 9 {
				continue
			}
			create(fmt.Sprintf("aaa-steady-%d-%d", i, n))                     // before the place
			create(fmt.Sprintf("steady-%02d-%d-%d", n, i, n))                 // near it
			create(fmt.Sprintf("zzz-%d-%d-steady", i, n))                     // behind it
			gone, err := b.l.Get(b.ctx, page.Tenants[len(page.Tenants)-1].ID) // the one that the cursor names
			must(b.T, err)
			if !slices.Contains(steady, gone.ID) {
				gone.Status = tenants.StatusDeleted
				_, err = b.l.Update(b.ctx, gone)
				must(b.T, err)
			}
		}
		if !slices.Equal(got, steady) {
			b.Errorf("%s: the pages gave %v", asked, got)
		}
	}
	page, err := b.l.Search(b.ctx, tenants.Query{})
	must(b.T, err)
	if len(page.Tenants) != tenants.DefaultPageLimit || page.Next == "" {
		b.Errorf("a page without a limit has %d tenants", len(page.Tenants))
	}
}

func searchInvalid(b *bench) {
	for i := range 3 {
		_, err := b.l.Create(b.ctx, Tenant(fmt.Sprintf("tenant-%d", i)))
		must(b.T, err)
		must(b.T, b.l.Record(b.ctx, Operation(fmt.Sprintf("op-%d", i), "tenant-1", began)))
	}
	page, err := b.l.Search(b.ctx, tenants.Query{Limit: 1})
	must(b.T, err)
	ops, err := b.l.SearchOperations(b.ctx, tenants.OperationQuery{Limit: 1})
	must(b.T, err)
	for _, q := range []tenants.Query{{Limit: -1}, {Limit: tenants.MaxPageLimit + 1}, {Status: "sleeping"}, {Model: "bridge"}, {Tier: "a\x00"}, {After: "x"}, {After: "????"},
		{After: page.Next, Tier: "free"}, {After: ops.Next}, {After: page.Next + "A"}, {Text: "?!"}, {Text: "a b c d e f g h i"}} {
		_, err := b.l.Search(b.ctx, q)
		code(b.T, err, tenants.CodeInvalid)
	}
	for _, q := range []tenants.OperationQuery{{Limit: -1}, {Limit: tenants.MaxPageLimit + 1}, {Kind: "paint"}, {Progress: "half"}, {TenantID: "../acme"}, {After: "x"},
		{After: page.Next}, {After: ops.Next, Kind: tenants.OperationMove}} {
		_, err := b.l.SearchOperations(b.ctx, q)
		code(b.T, err, tenants.CodeInvalid)
	}
}

func searchOperations(b *bench) {
	var all []tenants.Operation
	kinds := tenants.OperationKinds()
	for i := range 30 {
		op := Operation(fmt.Sprintf("op-%02d", i), fmt.Sprintf("tenant-%d", i%3), began.Add(time.Duration(i/2)*time.Second))
		op.Kind = kinds[i%len(kinds)]
		if i%4 == 0 {
			op.Progress, op.EndedAt = tenants.ProgressFailed, began.Add(time.Hour)
		}
		must(b.T, b.l.Record(b.ctx, op))
		all = append(all, op)
	}
	slices.Reverse(all)
	for _, q := range []tenants.OperationQuery{{}, {TenantID: "tenant-1"}, {Kind: tenants.OperationDelete}, {Progress: tenants.ProgressFailed}, {TenantID: "nobody"},
		{TenantID: "tenant-2", Kind: tenants.OperationMove, Progress: tenants.ProgressRunning}} {
		want := []string{}
		for _, op := range all {
			if (q.TenantID == "" || op.TenantID == q.TenantID) && (q.Kind == "" || op.Kind == q.Kind) && (q.Progress == "" || op.Progress == q.Progress) {
				want = append(want, op.ID)
			}
		}
		for _, size := range []int{1, 4, 30} {
			q.Limit, q.After = size, ""
			got := []string{}
			for n := 0; ; n++ {
				page, err := b.l.SearchOperations(b.ctx, q)
				must(b.T, err)
				if n > 100 {
					b.Fatalf("%+v: the pages have no end", q)
				}
				for _, op := range page.Operations {
					if !strings.HasPrefix(op.ID, "new-") {
						got = append(got, op.ID)
					}
				}
				if page.Next == "" {
					break
				}
				q.After = page.Next
				must(b.T, b.l.Record(b.ctx, Operation(fmt.Sprintf("new-%d", time.Now().UnixNano()), "tenant-1", began.Add(2*time.Hour))))
			}
			if !slices.Equal(got, want) {
				b.Errorf("%+v in pages of %d found\n%v, want\n%v", q, size, got, want)
			}
		}
	}
}

func origins(b *bench) {
	c := Opening("acme", "op-1")
	c.Tenant.Origins = []string{"https://b.example", "https://a.example"}
	begun := b.begin(c)
	for _, origin := range c.Tenant.Origins {
		t, err := b.Other.ByOrigin(b.ctx, origin)
		must(b.T, err)
		same(b.T, t, begun.Tenant)
	}
	for _, origin := range []string{"", "https://c.example", "https://a.example/", "HTTPS://a.example", "https://a.example\x00"} {
		_, err := b.l.ByOrigin(b.ctx, origin)
		code(b.T, err, tenants.CodeNotFound)
	}
	d := Opening("birch", "op-2")
	d.Tenant.Origins = []string{"https://c.example", "https://a.example"}
	err := b.refused(tenants.CodeConflict, func() error { _, err := b.l.Begin(b.ctx, d); return err })
	mentions(b.T, err, "https://a.example", "acme")
	b.unchanged(tenants.CodeConflict, func() error { _, err := b.l.Create(b.ctx, d.Tenant); return err })
	_, err = b.l.ByOrigin(b.ctx, "https://c.example")
	code(b.T, err, tenants.CodeNotFound)

	t := b.end(begun.Operation, tenants.ProgressSucceeded, tenants.StatusActive)
	t.Origins = []string{"https://b.example"} // gives one up
	_, err = b.l.Update(b.ctx, t)
	must(b.T, err)
	birch := b.begin(d)
	got, err := b.l.ByOrigin(b.ctx, "https://a.example")
	must(b.T, err)
	same(b.T, got, birch.Tenant)

	gone := birch.Tenant // a deleted tenant keeps its record, not its origins
	gone.Status = tenants.StatusDeleted
	gone, err = b.l.Update(b.ctx, gone)
	must(b.T, err)
	_, err = b.l.ByOrigin(b.ctx, "https://a.example")
	code(b.T, err, tenants.CodeNotFound)
	e := Opening("cedar", "op-3")
	e.Tenant.Origins = d.Tenant.Origins
	b.begin(e)
	gone.Status = tenants.StatusActive
	b.unchanged(tenants.CodeConflict, func() error { _, err := b.l.Update(b.ctx, gone); return err })
}

// originsAtOnce lets goroutines take the same origins, in different orders.
func originsAtOnce(b *bench) {
	for round := range 4 {
		won := b.contest(8, func(i int) tenants.Change {
			c := Opening(fmt.Sprintf("tenant-%d-%d", round, i), fmt.Sprintf("op-%d-%d", round, i))
			c.Tenant.Origins = []string{fmt.Sprintf("https://a%d.example", round), fmt.Sprintf("https://b%d.example", round)}
			if i%2 == 1 {
				slices.Reverse(c.Tenant.Origins)
			}
			return c
		})
		if won != 1 {
			b.Errorf("%d tenants have the same origins", won)
		}
	}
	taken := 0
	page, err := b.l.Search(b.ctx, tenants.Query{})
	must(b.T, err)
	for _, t := range page.Tenants {
		taken += len(t.Origins)
	}
	if taken != 8 {
		b.Errorf("%d origins are taken, want 8", taken)
	}
}
