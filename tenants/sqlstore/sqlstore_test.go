package sqlstore_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/pgtest"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
	"github.com/tenantform/tenantform/tenants/storetest"
)

// server is the PostgreSQL server of the tests that need one.
var server pgtest.Shared

// TestMain is also the other process of the tests that need one.
func TestMain(m *testing.M) {
	if kind := os.Getenv("SQLSTORE_TEST_KIND"); kind != "" {
		if err := otherProcess(kind, os.Getenv("SQLSTORE_TEST_WHERE"), os.Getenv("SQLSTORE_TEST_NAME")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	for _, s := range []*pgtest.Shared{&server, &durable} {
		if err := s.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// database is one of the kinds of databases, for tests that run on each.
type database struct {
	kind  string
	where func(t testing.TB) string // a new, empty one: a path, or a connection string
}

func databases() []database {
	return []database{
		{"sqlite", func(t testing.TB) string { return filepath.Join(t.TempDir(), "state", "ledger.db") }},
		{"postgres", func(t testing.TB) string { return server.Database(t) }},
	}
}

// onEach runs a test on each kind of database.
func onEach(t *testing.T, test func(t *testing.T, d database)) {
	for _, d := range databases() {
		t.Run(d.kind, func(t *testing.T) { test(t, d) })
	}
}

func open(t testing.TB, kind, where string, options *sqlstore.Options) *sqlstore.Store {
	t.Helper()
	s, err := openKind(t, kind, where, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func openKind(t testing.TB, kind, where string, options *sqlstore.Options) (*sqlstore.Store, error) {
	if kind == "sqlite" {
		return sqlstore.OpenSQLite(t.Context(), where, options)
	}
	return sqlstore.OpenPostgres(t.Context(), where, options)
}

// raw opens a database behind the store's back.
func raw(t testing.TB, kind, where string) *sql.DB {
	t.Helper()
	driver := "pgx"
	if kind == "sqlite" {
		driver, where = "sqlite", "file:"+where+"?_pragma=busy_timeout(10000)"
	}
	db, err := sql.Open(driver, where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func run(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func TestConformance(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		fresh := func(t *testing.T) *sqlstore.Store { return open(t, d.kind, d.where(t), nil) }
		t.Run("store", func(t *testing.T) {
			storetest.RunStore(t, func(t *testing.T) tenants.Store { return fresh(t) })
		})
		t.Run("journal", func(t *testing.T) {
			storetest.RunJournal(t, func(t *testing.T) tenants.Journal { return fresh(t) })
		})
		t.Run("ledger", func(t *testing.T) {
			storetest.RunLedger(t, func(t *testing.T, now func() time.Time) storetest.Subject { return subject(t, d, now) })
		})
	})
}

// tables are the parts of storetest.Subject.
func tables() map[string]string {
	return map[string]string{"tenants": "tenants", "terms": "tenant_terms", "origins": "tenant_origins", "operations": "operations",
		"outbox": "outbox", "audit": "audit", "keys": "idempotency_keys"}
}

func subject(t *testing.T, d database, now func() time.Time) storetest.Subject {
	where := d.where(t)
	options := &sqlstore.Options{Now: now}
	s := storetest.Subject{Ledger: open(t, d.kind, where, options), Other: open(t, d.kind, where, options)}
	db := raw(t, d.kind, where)
	for part := range tables() {
		s.Parts = append(s.Parts, part)
	}
	s.Break = func(t *testing.T, part string) func() { return refuse(t, d.kind, db, tables()[part]) }
	unguarded := false
	unguard := func(t *testing.T) {
		if unguarded {
			return
		}
		unguarded = true
		if d.kind == "sqlite" {
			run(t, db, "DROP TRIGGER audit_never_changes")
			run(t, db, "DROP TRIGGER audit_never_shrinks")
			return
		}
		run(t, db, "DROP TRIGGER audit_never_changes ON audit")
	}
	s.Alter = func(t *testing.T, seq int64, column string, value any) {
		unguard(t)
		run(t, db, "UPDATE audit SET "+column+" = $1 WHERE seq = $2", value, seq)
	}
	s.Erase = func(t *testing.T, seq int64) {
		unguard(t)
		run(t, db, "DELETE FROM audit WHERE seq = $1", seq)
	}
	return s
}

// refuse lets every write to a table fail, until mend is called.
func refuse(t *testing.T, kind string, db *sql.DB, table string) (mend func()) {
	if kind == "sqlite" {
		for _, event := range []string{"INSERT", "UPDATE", "DELETE"} {
			run(t, db, "CREATE TRIGGER broken_"+event+" BEFORE "+event+" ON "+table+" BEGIN SELECT RAISE(ABORT, 'broken for a test'); END")
		}
		return func() {
			for _, event := range []string{"INSERT", "UPDATE", "DELETE"} {
				run(t, db, "DROP TRIGGER broken_"+event)
			}
		}
	}
	run(t, db, `CREATE OR REPLACE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken for a test'; END; $$`)
	run(t, db, "CREATE TRIGGER broken BEFORE INSERT OR UPDATE OR DELETE ON "+table+" FOR EACH STATEMENT EXECUTE FUNCTION broken()")
	return func() { run(t, db, "DROP TRIGGER broken ON "+table) }
}
