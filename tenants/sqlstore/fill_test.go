package sqlstore_test

import (
	"fmt"
	"testing"

	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
	"github.com/tenantform/tenantform/tenants/storetest"
)

// many is how many tenants a store has where its speed is looked at.
const many = 10_000

// customer gives the i-th of many tenants that differ as customers do.
func customer(i int) tenants.Change {
	id := fmt.Sprintf("customer-%05d", i)
	c := storetest.Opening(id, "op-"+id)
	c.Key = &tenants.IdempotencyKey{Key: id, Actor: "ann", RequestHash: "h"}
	c.Tenant.Name = fmt.Sprintf("%s %s %d", []string{"Acme", "Birch", "Cedar", "Delta"}[i%4], []string{"Ltd", "GmbH", "Inc"}[i%3], i)
	c.Tenant.Tier = []string{"free", "free", "free", "standard", "premium"}[i%5]
	c.Tenant.Region = []string{"eu-west-1", "us-east-1", "ap-southeast-2"}[i%3]
	c.Tenant.Placements = []tenants.Placement{{Model: []tenants.Model{tenants.ModelPool, tenants.ModelSilo}[i%5/4], Cell: []string{"a", ""}[i%5/4]}}
	c.Tenant.NetworkCIDR = ""
	if i%5 == 4 {
		c.Tenant.NetworkCIDR = fmt.Sprintf("10.%d.%d.0/24", i/256, i%256)
	}
	if i%100 != 0 {
		c.Tenant.Products = nil
	}
	return c
}

// filled gives a store with many tenants, each of which is being created.
func filled(t testing.TB, d database, where string) *sqlstore.Store {
	t.Helper()
	s := open(t, d.kind, where, nil)
	const batch = 1000
	for from := 0; from < many; from += batch {
		var changes []tenants.Change
		for i := range batch {
			changes = append(changes, customer(from+i))
		}
		if err := sqlstore.Fill(t.Context(), s, changes); err != nil {
			t.Fatal(err)
		}
	}
	if d.kind == "postgres" {
		run(t, raw(t, d.kind, where), "ANALYZE") // as autovacuum does; nobody does it for SQLite
	}
	return s
}
