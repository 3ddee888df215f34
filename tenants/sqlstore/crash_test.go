package sqlstore_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
	"github.com/tenantform/tenantform/tenants/storetest"
)

// otherProcess opens the store and works in it. With a name that begins with
// "contest" it tries to create tenants that others want to create too.
func otherProcess(kind, where, name string) error {
	ctx := context.Background()
	openStore := sqlstore.OpenSQLite
	if kind == "postgres" {
		openStore = sqlstore.OpenPostgres
	}
	store, err := openStore(ctx, where, nil)
	if err != nil {
		return err
	}
	if strings.HasPrefix(name, "contest") {
		return contest(ctx, store, name)
	}
	return beginForEver(ctx, store, name)
}

// contested is how many tenants several processes try to create.
const contested = 40

// contest tries to create each of the tenants, and prints the ids of those that it did.
func contest(ctx context.Context, store *sqlstore.Store, name string) error {
	for i := range contested {
		id := fmt.Sprintf("contested-%d", i)
		switch _, err := store.Begin(ctx, storetest.Opening(id, name+"-"+id)); tenants.CodeOf(err) {
		case "":
			_, _ = os.Stdout.WriteString(id + "\n") // one write, one line
		case tenants.CodeConflict:
		default:
			return err
		}
	}
	return nil
}

// beginForEver is what the process does that is killed: it begins operations from
// several goroutines, and prints the id of each tenant once it has been told that
// all is kept.
func beginForEver(ctx context.Context, store *sqlstore.Store, name string) error {
	var err error
	var wg sync.WaitGroup
	var failed sync.Once
	for worker := range 4 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("%s-%d-%d", name, worker, i)
				c := storetest.Opening(id, "op-"+id)
				c.Tenant.NetworkCIDR = ""
				c.Key = &tenants.IdempotencyKey{Key: id, Actor: "ann", RequestHash: "h"}
				if _, berr := store.Begin(ctx, c); berr != nil {
					failed.Do(func() { err = berr })
					return
				}
				_, _ = os.Stdout.WriteString(id + "\n") // one write, one line
			}
		})
	}
	wg.Wait()
	return err
}

// TestKilled kills a process in the middle of many Begins, again and again. What
// it was told is kept must be there; and whatever is there is whole.
func TestKilled(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		where := d.where(t)
		s := open(t, d.kind, where, nil)
		var acknowledged []string
		for round := range 6 {
			acknowledged = append(acknowledged, killed(t, d.kind, where, fmt.Sprintf("round%d", round))...)
			quiet(t, d.kind, where)
			answered(t, s, whole(t, s, acknowledged))
		}
		if len(acknowledged) < 50 {
			t.Errorf("only %d tenants were created; the process was killed before it worked", len(acknowledged))
		}
		t.Logf("%d tenants were acknowledged before the process was killed", len(acknowledged))
	})
}

// TestProcessesAtOnce lets real processes open a new store at once and create the
// same tenants: each tenant is created by one of them.
func TestProcessesAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, d database) {
		where := d.where(t)
		var wg sync.WaitGroup
		outputs := make([][]byte, 4)
		for i := range outputs {
			cmd := process(t, d.kind, where, fmt.Sprintf("contest-%d", i))
			wg.Go(func() {
				var err error
				if outputs[i], err = cmd.Output(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		created := strings.Fields(string(bytes.Join(outputs, nil)))
		slices.Sort(created)
		if len(created) != contested || len(slices.Compact(created)) != contested {
			t.Errorf("%d tenants were created, want %d: %v", len(created), contested, created)
		}
		whole(t, open(t, d.kind, where, nil), created)
	})
}

// process gives the command that runs otherProcess.
func process(t *testing.T, kind, where, name string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if kind == "postgres" {
		where += "&application_name=" + url.QueryEscape("killed")
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), "SQLSTORE_TEST_KIND="+kind, "SQLSTORE_TEST_WHERE="+where, "SQLSTORE_TEST_NAME="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// killed runs the process, kills it once it has worked for a random time, and
// gives the ids that it printed.
func killed(t *testing.T, kind, where, name string) []string {
	t.Helper()
	cmd := process(t, kind, where, name)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var ids []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if ids = append(ids, lines.Text()); len(ids) == 1 {
			time.AfterFunc(50*time.Millisecond+rand.N(200*time.Millisecond), func() {
				if err := cmd.Process.Kill(); err != nil {
					t.Error(err)
				}
			})
		}
	}
	_ = cmd.Wait() // it says that it was killed
	if len(ids) == 0 {
		t.Fatal("the process created nothing")
	}
	if last := ids[len(ids)-1]; len(last) < len("round0-0-0") {
		ids = ids[:len(ids)-1] // the line was cut
	}
	return ids
}

// quiet waits until PostgreSQL has noticed that the process is gone.
func quiet(t *testing.T, kind, where string) {
	t.Helper()
	if kind != "postgres" {
		return
	}
	db := raw(t, kind, where)
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		var n int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'killed'").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections of the killed process are still there", n)
		}
	}
}

// whole checks that tenants, operations, orders and audit entries are there
// together, and gives the ids of the tenants.
func whole(t *testing.T, s *sqlstore.Store, acknowledged []string) []string {
	t.Helper()
	ctx := t.Context()
	all, err := s.List(ctx)
	if err != nil {
		t.Fatal(err)
	}
	there := make([]string, len(all))
	for i, tenant := range all {
		there[i] = tenant.ID
	}
	orders, err := s.Orders(ctx, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	var ordered []string
	for _, o := range orders {
		ordered = append(ordered, o.TenantID)
	}
	entries, err := s.Audit(ctx, 0, "", 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	var noted []string
	for _, e := range entries {
		noted = append(noted, e.TenantID)
	}
	slices.Sort(ordered)
	slices.Sort(noted)
	if !slices.Equal(there, ordered) || !slices.Equal(there, noted) {
		t.Fatalf("%d tenants, %d orders, %d audit entries are not those of the same tenants", len(there), len(ordered), len(noted))
	}
	for _, o := range orders {
		op, err := s.Operation(ctx, o.OperationID)
		if err != nil || op.TenantID != o.TenantID || op.Progress != tenants.ProgressRunning {
			t.Fatalf("order %+v: its operation is %+v, %v", o, op, err)
		}
	}
	for _, id := range acknowledged {
		if _, found := slices.BinarySearch(there, id); !found {
			t.Fatalf("tenant %s was acknowledged and is lost", id)
		}
	}
	if n, err := s.VerifyAudit(ctx); err != nil || int(n) != len(there) {
		t.Fatalf("%d of %d audit entries are sound: %v", n, len(there), err)
	}
	return there
}

// answered checks that the answers to the keys of some tenants are kept.
func answered(t *testing.T, s *sqlstore.Store, there []string) {
	t.Helper()
	for _, id := range there[max(0, len(there)-20):] {
		c := storetest.Opening(id, "again")
		c.Key = &tenants.IdempotencyKey{Key: id, Actor: "ann", RequestHash: "h"}
		if again, err := s.Begin(t.Context(), c); err != nil || !again.Replayed || again.Operation.ID != "op-"+id {
			t.Fatalf("the key of tenant %s gave %+v, %v", id, again, err)
		}
	}
}
