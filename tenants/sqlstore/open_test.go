package sqlstore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
	"github.com/tenantform/tenantform/tenants/storetest"
)

// TestFilesArePrivate looks at what others may do with the files of a store, also
// with one that was readable before.
func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "odd ?name#1%41")
	path := filepath.Join(dir, "a b&c.db")
	for range 2 {
		s := open(t, "sqlite", path, nil)
		if _, err := s.AddAudit(t.Context(), tenants.AuditEntry{Actor: "ann", Action: "a"}); err != nil {
			t.Fatal(err)
		}
		var names []string
		err := filepath.WalkDir(filepath.Dir(dir), func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := e.Info()
			if err != nil {
				return err
			}
			if info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s has mode %s", path, info.Mode())
			}
			if !e.IsDir() {
				names = append(names, e.Name())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"a b&c.db", "a b&c.db-shm", "a b&c.db-wal", "a b&c.db.upgrade"}; !slices.Equal(names, want) {
			t.Fatalf("the files are %q, want %q", names, want)
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReopen finds what was written before the store was closed.
func TestReopen(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		where := d.where(t)
		s, err := openKind(t, d.kind, where, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		begun, err := s.Begin(t.Context(), storetest.Opening("acme", "op-1"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Ping(t.Context()); tenants.CodeOf(err) == "" {
			t.Error("a closed store answers")
		}
		if _, err := s.Get(t.Context(), "acme"); tenants.CodeOf(err) == "" {
			t.Error("a closed store gives tenants")
		}
		again := open(t, d.kind, where, nil)
		got, err := again.Get(t.Context(), "acme")
		if err != nil || got.Version != begun.Tenant.Version {
			t.Errorf("after it was opened again: %+v, %v", got, err)
		}
	})
}

// TestOpenAtOnce lets several open a database that is new: the schema is made once.
func TestOpenAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		where := d.where(t)
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				s, err := openKind(t, d.kind, where, &sqlstore.Options{Conns: 2})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := s.AddAudit(t.Context(), tenants.AuditEntry{Actor: "ann", Action: "a"}); err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n, err := open(t, d.kind, where, nil).VerifyAudit(t.Context()); n != 6 || err != nil {
			t.Errorf("%d of 6 entries are there, %v", n, err)
		}
	})
}

// TestNewerSchema refuses a database that a later version has changed, and leaves
// it as it is.
func TestNewerSchema(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		where := d.where(t)
		open(t, d.kind, where, nil)
		db := raw(t, d.kind, where)
		applied := "true"
		if d.kind == "sqlite" {
			applied = "1"
		}
		run(t, db, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, "+applied+")")
		_, err := openKind(t, d.kind, where, nil)
		if tenants.CodeOf(err) != tenants.CodeFailedPrecondition || !strings.Contains(err.Error(), "schema 99") {
			t.Errorf("a newer schema: %v (%s)", err, tenants.CodeOf(err))
		}
		run(t, db, "DELETE FROM goose_db_version WHERE version_id = 99")
		open(t, d.kind, where, nil)
	})
}

// TestFailedUpgrade lets a migration fail in the middle: nothing of it is left, and
// the next try succeeds.
func TestFailedUpgrade(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		where := d.where(t)
		if d.kind == "sqlite" {
			if err := os.MkdirAll(filepath.Dir(where), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		db := raw(t, d.kind, where)
		run(t, db, "CREATE TABLE idempotency_keys (other INTEGER)") // the last of the tables
		_, err := openKind(t, d.kind, where, nil)
		if tenants.CodeOf(err) != tenants.CodeInternal || !strings.Contains(err.Error(), "idempotency_keys") {
			t.Errorf("the upgrade: %v (%s)", err, tenants.CodeOf(err))
		}
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM tenants").Scan(&n); err == nil {
			t.Error("a part of the migration is left")
		}
		run(t, db, "DROP TABLE idempotency_keys")
		open(t, d.kind, where, nil)
	})
}

// TestSchemasAreAlike compares the tables of the two databases.
func TestSchemasAreAlike(t *testing.T) {
	columns := map[string][]string{}
	for _, d := range databases() {
		where := d.where(t)
		open(t, d.kind, where, nil)
		query := "SELECT table_name || '.' || column_name || ' ' || is_nullable FROM information_schema.columns WHERE table_schema = 'public'"
		if d.kind == "sqlite" {
			query = `SELECT t.name || '.' || c.name || ' ' || iif(c."notnull", 'NO', 'YES') FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'`
		}
		rows, err := raw(t, d.kind, where).QueryContext(t.Context(), query)
		for line := range strings.Lines(lines(t, rows, err, 0)) {
			if !strings.HasPrefix(line, "goose_") && !strings.HasPrefix(line, "sqlite_") {
				columns[d.kind] = append(columns[d.kind], strings.TrimSpace(line))
			}
		}
		slices.Sort(columns[d.kind])
	}
	if !slices.Equal(columns["sqlite"], columns["postgres"]) || len(columns["sqlite"]) < 40 {
		t.Errorf("SQLite has\n%s\nPostgreSQL has\n%s", strings.Join(columns["sqlite"], "\n"), strings.Join(columns["postgres"], "\n"))
	}
}

// TestAuditIsAddedToOnly asks the database itself to change the journal.
func TestAuditIsAddedToOnly(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		where := d.where(t)
		s := open(t, d.kind, where, nil)
		if _, err := s.AddAudit(t.Context(), tenants.AuditEntry{Actor: "ann", Action: "a"}); err != nil {
			t.Fatal(err)
		}
		db := raw(t, d.kind, where)
		statements := []string{"UPDATE audit SET actor = 'eve'", "DELETE FROM audit"}
		if d.kind == "postgres" {
			statements = append(statements, "TRUNCATE audit")
		}
		for _, statement := range statements {
			if _, err := db.ExecContext(t.Context(), statement); err == nil || !strings.Contains(err.Error(), "only added to") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	})
}

// TestUnreachable opens what cannot be opened: the error says where, and repeats
// no password.
func TestUnreachable(t *testing.T) {
	const password = "hunter2-secret"
	notADatabase := filepath.Join(t.TempDir(), "text.db")
	if err := os.WriteFile(notADatabase, []byte(strings.Repeat("this is not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		kind, where string
		code        tenants.Code
	}{
		{"postgres", "postgres://tenantform:" + password + "@127.0.0.1:1/tenantform", tenants.CodeUnavailable},
		{"postgres", "host=/nonexistent user=tenantform password=" + password, tenants.CodeUnavailable},
		{"postgres", "postgres://tenantform:" + password + "@[::1/x", tenants.CodeInvalid},
		{"postgres", "host=127.0.0.1 password=" + password + " sslmode=perhaps", tenants.CodeInvalid},
		{"sqlite", filepath.Join(notADatabase, "below"), tenants.CodeUnavailable},
		{"sqlite", t.TempDir(), tenants.CodeUnavailable},
		{"sqlite", notADatabase, tenants.CodeInternal},
	} {
		_, err := openKind(t, tt.kind, tt.where, nil)
		if tenants.CodeOf(err) != tt.code {
			t.Errorf("%s %s: %v (%s), want %s", tt.kind, tt.where, err, tenants.CodeOf(err), tt.code)
		}
		for ; err != nil; err = errors.Unwrap(err) {
			if strings.Contains(err.Error(), password) {
				t.Errorf("the error repeats the password: %v", err)
			}
		}
	}
}

// TestFaultsAreClassified takes the server away under a store.
func TestFaultsAreClassified(t *testing.T) {
	where := server.Database(t)
	s := open(t, "postgres", where, nil)
	if _, err := s.Begin(t.Context(), storetest.Opening("acme", "op-1")); err != nil {
		t.Fatal(err)
	}
	db := raw(t, "postgres", where)
	run(t, db, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tenantform' AND datname = current_database()")
	// A lost connection is one failed call at most; the pool makes a new one.
	var err error
	for range 2 * sqlstore.DefaultConns {
		if _, err = s.Get(t.Context(), "acme"); err == nil {
			break
		}
		if tenants.CodeOf(err) != tenants.CodeUnavailable {
			t.Fatalf("a lost connection: %v (%s)", err, tenants.CodeOf(err))
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	// A session that only reads is a fault that passes: a standby becomes the primary.
	reading := open(t, "postgres", where+"&default_transaction_read_only=on", nil)
	if _, err := reading.AddAudit(t.Context(), tenants.AuditEntry{Actor: "ann", Action: "a"}); tenants.CodeOf(err) != tenants.CodeUnavailable {
		t.Errorf("a session that only reads: %v (%s)", err, tenants.CodeOf(err))
	}
}
