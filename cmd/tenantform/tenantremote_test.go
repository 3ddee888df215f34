package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/tenants"
)

func TestCreateAndWatch(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	got := p.done(t, append(newAcme, "--watch", "--origin", "https://acme.example")...)
	shows(t, "standard error", got.errors,
		"acme: create, step 1 of 3: bring up the tenant's stack\n", "tenant-acme  create   iam.Role acme-role  1.5s\n", "acme: create, step 1 of 3: done in ",
		"acme: create, step 2 of 3: have the business services do their part\n", "acme: the service billing is asked\n", "acme: the service billing has done its part\n", "acme: create, step 2 of 3: done in", "acme: create, step 3 of 3: record the outcome\n", "acme: create, step 3 of 3: done in")
	shows(t, "standard output", got.out, "tenant acme: create is done (standard, pool/a, active)\n", "provision", "services", "finish")
	if strings.Contains(got.errors+got.out, "\x1b") || strings.Contains(got.errors, "\r") {
		t.Errorf("escape codes in a pipe: %q", got.errors)
	}

	got = p.done(t, "tenant", "get", "acme")
	shows(t, "tenant get", got.out, "Acme Ltd", "pool/a", "origin", "https://acme.example", "last operation: create in standard, succeeded, by tester", "reason: a new customer", "1. provision   succeeded", "service billing: succeeded")
	view := decode[remoteView](t, p.done(t, "tenant", "get", "acme", "-o", "json"))
	if view.Tenant.Status != "active" || view.LastOperation == nil || view.LastOperation.Reason != "a new customer" {
		t.Errorf("%+v", view)
	}
	if got := p.ask(t, "tenant", "create", "--name", "Acme Ltd", "--email", "ops@acme.example", "--tier", "gold", "--watch"); got.code != exitInvalid || !strings.Contains(got.errors, `--tier is "gold"; allowed: one of free`) {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
}

func TestAnOperationThatFails(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.fail.Store("services", "billing has no such customer")
	got := p.ask(t, append(newAcme, "--watch")...)
	op := decode[[]wire.Operation](t, p.done(t, "operation", "list", "-o", "json"))[0]
	if got.code != exitFailed || got.out != "" {
		t.Errorf("exit code %d, standard output %q", got.code, got.out)
	}
	shows(t, "standard error", got.errors, "acme: create, step 2 of 3: failed: billing has no such customer\n",
		"tenantform: creation of tenant acme failed at step services: billing has no such customer; take it up again with \"tenantform operation retry "+op.ID+" --watch\"\n")
	shows(t, "operation get", p.done(t, "operation", "get", op.ID).out, op.ID, "acme", "operation: create in standard, failed", "2. services    failed", "error: billing has no such customer", "tenantform operation retry "+op.ID+" --watch")

	again := p.ask(t, "operation", "retry", op.ID, "--watch", "-o", "json", "--reason", "billing is back")
	doc := decode[struct {
		Error  errorBody
		Result wire.Change
	}](t, again)
	if again.code != exitFailed || doc.Error.Code != tenants.CodeInternal || doc.Result.Operation == nil || doc.Result.Operation.RetryOf != op.ID || doc.Result.Operation.Progress != "failed" || doc.Result.Tenant.Status != "create_failed" {
		t.Errorf("exit code %d: %+v", again.code, doc)
	}
	p.fail.Clear()
	shows(t, "the retry", p.done(t, "operation", "retry", doc.Result.Operation.ID, "--watch").out, "tenant acme: create is done")
	if got := p.ask(t, "operation", "retry", op.ID); got.code != exitPrecondition {
		t.Errorf("a retry of what was retried: exit code %d: %s", got.code, got.errors)
	}
	if got := p.ask(t, "operation", "watch", op.ID); got.code != exitFailed || !strings.Contains(got.errors, "failed at step services") {
		t.Errorf("watching what has failed: exit code %d: %s", got.code, got.errors)
	}
}

func TestWithoutWatch(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	got := p.done(t, append(newAcme, "--idempotency-key", "key-1")...)
	op := decode[[]wire.Operation](t, p.done(t, "operation", "list", "--tenant", "acme", "-o", "json"))[0]
	if want := "creation of tenant acme has begun: operation " + op.ID + "\nwatch it with \"tenantform operation watch " + op.ID + "\"\n"; got.out != want || got.errors != "" {
		t.Errorf("%q, %q, want %q", got.out, got.errors, want)
	}
	shows(t, "operation watch", p.done(t, "operation", "watch", op.ID).out, "tenant acme: create is done (standard, pool/a, active)")
	if got := p.ask(t, "operation", "cancel", op.ID); got.code != exitPrecondition {
		t.Errorf("cancelling what has ended: exit code %d: %s", got.code, got.errors)
	}
	all := decode[[]wire.Change](t, p.done(t, append(newAcme, "--idempotency-key", "key-1", "-o", "json")...))
	if len(all) != 1 || all[0].Operation.ID != op.ID {
		t.Errorf("the same key: %+v", all)
	}
	if got := p.ask(t, newAcme...); got.code != exitConflict {
		t.Errorf("the same without the key: exit code %d: %s", got.code, got.errors)
	}
	if n := len(decode[[]wire.Operation](t, p.done(t, "operation", "list", "-o", "json"))); n != 1 {
		t.Errorf("%d operations", n)
	}
}

func TestDryRuns(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	shows(t, "creation", p.done(t, append(newAcme, "--dry-run", "--watch")...).out, "creation of tenant acme in standard: ", "1. provision: ", "business services that would be asked: billing", "nothing was changed")
	if got := p.done(t, "tenant", "list"); got.out != "there are no tenants yet\n" {
		t.Errorf("a dry run changed something: %s", got.out)
	}
	p.done(t, append(newAcme, "--watch")...)
	before := p.done(t, "tenant", "get", "acme", "-o", "json").out
	for name, args := range map[string][]string{
		"move":       {"tenant", "move", "acme", "--tier", "premium"},
		"delete":     {"tenant", "delete", "acme"},
		"update":     {"tenant", "update", "acme", "--name", "Acme Limited"},
		"deactivate": {"tenant", "deactivate", "acme"},
		"reconcile":  {"tenant", "reconcile", "acme"},
		"products":   {"tenant", "products", "set", "acme", "reports", "--licences", "3"},
	} {
		got := p.done(t, append(args, "--dry-run", "-o", "json")...)
		if c := decode[wire.Change](t, got); !c.DryRun || c.Tenant.ID != "acme" {
			t.Errorf("%s: %s", name, got.out)
		}
	}
	shows(t, "move", p.done(t, "tenant", "move", "acme", "--tier", "premium", "--dry-run").out, "move of tenant acme from standard to premium: ", "prepare: ", "retire: ")
	if after := p.done(t, "tenant", "get", "acme", "-o", "json").out; after != before {
		t.Errorf("a dry run changed something:\n%s%s", before, after)
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.done(t, append(newAcme, "--watch", "-q")...)
	p.done(t, "tenant", "update", "acme", "--name", "Acme Limited", "--origin", "https://a.example,https://b.example", "--watch")
	p.done(t, "tenant", "products", "set", "acme", "reports", "--licences", "3", "--watch")
	shows(t, "products list", p.done(t, "tenant", "products", "list", "acme").out, "PRODUCT", "reports  3")
	shows(t, "config", p.done(t, "tenant", "config", "--origin", "https://b.example").out, "tenant", "acme", "Acme Limited", "status", "active")
	if c := decode[wire.Config](t, p.done(t, "tenant", "config", "acme", "-o", "json")); c.TenantID != "acme" || c.Tier != "standard" {
		t.Errorf("%+v", c)
	}
	p.done(t, "tenant", "products", "remove", "acme", "reports", "--watch")
	if got := p.done(t, "tenant", "products", "list", "acme").out; got != "tenant acme has no products\n" {
		t.Errorf("%s", got)
	}
	if got := p.ask(t, "tenant", "update", "acme", "--name", "Late", "--if-version", "1"); got.code != exitConflict {
		t.Errorf("an old version: exit code %d: %s", got.code, got.errors)
	}
	if got := p.ask(t, "tenant", "update", "acme", "--email", "nobody"); got.code != exitInvalid || !strings.Contains(got.errors, "--email") {
		t.Errorf("a bad address: exit code %d: %s", got.code, got.errors)
	}
	shows(t, "deactivation", p.done(t, "tenant", "deactivate", "acme", "--reason", "unpaid", "--watch").out, "deactivate is done", "inactive")
	shows(t, "list", p.done(t, "tenant", "list", "--status", "inactive").out, "acme")
	if got := p.done(t, "tenant", "list", "--status", "active").out; got != "no tenant is like that\n" {
		t.Errorf("%s", got)
	}
	shows(t, "activation", p.done(t, "tenant", "activate", "acme", "--watch").out, "activate is done", "active")
	shows(t, "move", p.done(t, "tenant", "move", "acme", "--tier", "premium", "--reason", "grew", "--watch").out, "move is done (premium")
	if got := p.ask(t, "tenant", "delete", "acme"); got.code != exitInvalid || !strings.Contains(got.errors, "no terminal to ask at: Delete tenant acme (Acme Limited; premium, pool/a) with its users, its data and 0 functions?") {
		t.Errorf("deletion that nobody agreed to: exit code %d: %s", got.code, got.errors)
	}
	shows(t, "deletion", p.done(t, "tenant", "delete", "acme", "--yes", "--reason", "left", "--watch").out, "delete is done", "deleted")

	shows(t, "audit list", p.done(t, "audit", "list", "--tenant", "acme").out, "tenant.create", "a new customer", "tenant.delete", "left")
	if all := decode[[]wire.AuditEntry](t, p.done(t, "audit", "list", "--limit", "2", "--after", "1", "-o", "json")); len(all) != 2 || all[0].Seq != 2 {
		t.Errorf("%+v", all)
	}
	shows(t, "audit verify", p.done(t, "audit", "verify").out, "the audit journal is whole: ")
	shows(t, "services", p.done(t, "service", "list").out, "billing", "create, update", "all tenants", "1h0m0s", "fails the operation", "Sends bills")
	shows(t, "operations", p.done(t, "operation", "list", "--kind", "move").out, "ID", "acme", "move", "succeeded", "tester")
}

func TestAFileOfTenants(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	file := filepath.Join("..", "..", "examples", "quickstart", "tenants.yaml")
	if got := p.ask(t, "tenant", "create", "--file", file); got.code != exitInvalid || !strings.Contains(got.errors, "tenants.acme.functions is \"greeting\"") || !strings.Contains(got.errors, "--without-functions") {
		t.Errorf("functions: exit code %d: %s", got.code, got.errors)
	}
	all := decode[[]wire.Change](t, p.done(t, "tenant", "create", "--file", file, "--without-functions", "--watch", "-o", "json", "--idempotency-key", "file"))
	if len(all) != 3 || all[2].Tenant.ID != "cedar" || all[2].Tenant.Status != "active" || all[2].Tenant.CostCenter != "enterprise" {
		t.Errorf("%+v", all)
	}
	if _, ok := p.keys.Load("file-birch"); !ok {
		t.Error("the tenants of a file share a key")
	}
	if got := p.ask(t, "tenant", "create", "birch", "--file", file); got.code != exitInvalid || !strings.Contains(got.errors, "--skip-existing") {
		t.Errorf("twice: exit code %d: %s", got.code, got.errors)
	}
	if got := p.done(t, "tenant", "create", "birch", "cedar", "--file", file, "--skip-existing"); got.out != "every tenant of the file exists already\n" {
		t.Errorf("%s", got.out)
	}
	if got := p.ask(t, "tenant", "create", "--file", file, "--name", "X"); got.code != exitInvalid {
		t.Errorf("a name beside a file: exit code %d", got.code)
	}
}

// TestCtrlC ends the watching of an operation, which goes on.
func TestCtrlC(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	end := make(chan struct{})
	p.stay.Store("provision", end)
	c := spawnWith(t, []string{"TENANTFORM_DIR=" + p.dir}, append(newAcme, "--watch")...)
	c.until(t, "tenant-acme  create   iam.Role")
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	code := c.end(t)
	op := decode[[]wire.Operation](t, p.done(t, "operation", "list", "-o", "json"))[0]
	if code != exitInterrupted || op.Progress != "running" {
		t.Errorf("exit code %d, operation %s", code, op.Progress)
	}
	if said := c.seen.String(); strings.Contains(said, "finishing what is under way") || strings.Contains(said, "interrupting") {
		t.Errorf("it speaks of a run of its own:\n%s", said)
	}
	shows(t, "standard error", c.seen.String(), "operation "+op.ID+" (creation of tenant acme) goes on; watch it with \"tenantform operation watch "+op.ID+"\", cancel it with \"tenantform operation cancel "+op.ID+"\"")
	shows(t, "cancel", p.done(t, "operation", "cancel", op.ID).out, "ends before the next step at which it can")
	if got := decode[wire.Operation](t, p.done(t, "operation", "get", op.ID, "-o", "json")); !got.CancelRequested {
		t.Errorf("%+v", got)
	}
	close(end)
	p.ask(t, "operation", "watch", op.ID)
	shows(t, "cancelling again", p.done(t, "operation", "cancel", op.ID).out, "was asked to end, and has ended")
}

func TestWatchOnATerminal(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	end := make(chan struct{})
	p.stay.Store("services", end)
	time.AfterFunc(time.Second, func() { close(end) })
	shown, code := onTerminalWith(t, []string{"TENANTFORM_DIR=" + p.dir}, "", append(newAcme, "--watch")...)
	if code != exitDone {
		t.Fatalf("exit code %d:\n%s", code, shown)
	}
	shows(t, "the terminal", shown, "acme: create 2/3 services ", "\r\x1b[K", "tenant acme: create is done")
	p.stay.Clear()
	shown, code = onTerminalWith(t, []string{"TENANTFORM_DIR=" + p.dir}, "acme\n", "tenant", "delete", "acme", "--watch")
	if code != exitDone || !strings.Contains(shown, `Type "acme" to go on`) || !strings.Contains(shown, "delete is done") {
		t.Errorf("exit code %d:\n%s", code, shown)
	}
}

func TestWhereTheControlPlaneIs(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	empty := filepath.Join(t.TempDir(), "state")
	token := write(t, filepath.Join(t.TempDir(), "token"), planeToken+"\n")
	wrong := write(t, filepath.Join(t.TempDir(), "wrong"), "another")
	two := write(t, filepath.Join(t.TempDir(), "two"), "two words")
	dir := func(d string) string { return "TENANTFORM_DIR=" + d }
	for name, k := range map[string]struct {
		env  []string
		args []string
		code int
		want string
	}{
		"none":                     {env: []string{dir(empty)}, code: exitPrecondition, want: "no control plane is known; start one with \"tenantform dev\", name one with --api-url, or use --direct"},
		"direct":                   {env: []string{dir(empty)}, args: []string{"--direct"}, want: "there are no tenants yet"},
		"direct by variable":       {env: []string{dir(p.dir), "TENANTFORM_DIRECT=true"}, want: "there are no tenants yet"},
		"dev":                      {env: []string{dir(p.dir)}, want: "there are no tenants yet"},
		"flags":                    {env: []string{dir(empty)}, args: []string{"--api-url", p.URL, "--token-file", token}, want: "there are no"},
		"variables":                {env: []string{dir(empty), "TENANTFORM_API_URL=" + p.URL, "TENANTFORM_TOKEN_FILE=" + token}, want: "there are no"},
		"a token by variable":      {env: []string{dir(empty), "TENANTFORM_API_URL=" + p.URL, "TENANTFORM_TOKEN=" + planeToken}, want: "there are no"},
		"a flag over the token":    {env: []string{dir(p.dir), "TENANTFORM_TOKEN=another"}, args: []string{"--token-file", token}, want: "there are no"},
		"the token over a file":    {env: []string{dir(p.dir), "TENANTFORM_TOKEN=" + planeToken, "TENANTFORM_TOKEN_FILE=" + wrong}, want: "there are no"},
		"an address over direct":   {env: []string{dir(empty), "TENANTFORM_DIRECT=true"}, args: []string{"--api-url", p.URL, "--token-file", wrong}, code: exitRefused, want: "the token is not that of the tests"},
		"another token":            {env: []string{dir(p.dir), "TENANTFORM_TOKEN=another"}, code: exitRefused, want: "the token is not that of the tests"},
		"no token":                 {env: []string{dir(p.dir)}, args: []string{"--api-url", p.URL}, code: exitInvalid, want: "--token-file is missing"},
		"no such file":             {env: []string{dir(p.dir)}, args: []string{"--token-file", "nowhere"}, code: exitInvalid, want: `--token-file is "nowhere"; allowed: a file with a token that can be read`},
		"a file of something else": {env: []string{dir(p.dir)}, args: []string{"--token-file", two}, code: exitInvalid, want: "a file with a token and nothing else"},
		"plain http":               {env: []string{dir(p.dir), "TENANTFORM_API_URL=http://tenants.example"}, args: []string{"--token-file", token}, code: exitInvalid, want: `TENANTFORM_API_URL is "http://tenants.example"; allowed: https`},
	} {
		t.Run(name, func(t *testing.T) {
			got := asClient(t, k.env, append([]string{"tenant", "list"}, k.args...)...)
			if got.code != k.code || !strings.Contains(got.out+got.errors, k.want) {
				t.Errorf("exit code %d: %s%s", got.code, got.out, got.errors)
			}
		})
	}
	for _, args := range [][]string{{"tenant", "reconcile", "acme"}, {"operation", "list"}, {"service", "list"}, {"audit", "verify"}} {
		got := asClient(t, []string{dir(p.dir), "TENANTFORM_DIRECT=true"}, args...)
		if got.code != exitPrecondition || !strings.Contains(got.errors, "asks a control plane: leave out TENANTFORM_DIRECT") {
			t.Errorf("%v: exit code %d: %s", args, got.code, got.errors)
		}
	}
	for _, args := range [][]string{{"tenant", "list", "--tier", "free"}, append(newAcme, "--idempotency-key", "x"), append(newAcme, "--origin", "https://a.example")} {
		if got := asClient(t, []string{dir(empty)}, append(args, "--direct")...); got.code != exitInvalid || !strings.Contains(got.errors, "nothing with --direct") {
			t.Errorf("%v: exit code %d: %s", args, got.code, got.errors)
		}
	}
}

// TestAForeignClientFile has a directory that came from somebody else: no token,
// and no other file, goes where it says.
func TestAForeignClientFile(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	secret := write(t, filepath.Join(t.TempDir(), "secret"), planeToken)
	for name, content := range map[string]string{
		"another machine":            `{"url": "https://tenants.example", "tokenFile": "token"}`,
		"a name that begins alike":   `{"url": "https://127.0.0.1.example", "tokenFile": "token"}`,
		"a file elsewhere":           fmt.Sprintf(`{"url": %q, "tokenFile": %q}`, p.URL, secret),
		"a file elsewhere, in steps": fmt.Sprintf(`{"url": %q, "tokenFile": "../../../%s"}`, p.URL, secret),
		"no JSON":                    `{"url": `,
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "dev", "client.json"), content)
		write(t, filepath.Join(dir, "dev", "token"), planeToken)
		if got := asClient(t, []string{"TENANTFORM_DIR=" + dir}, "tenant", "list"); got.code != exitPrecondition || !strings.Contains(got.errors, "client.json") {
			t.Errorf("%s: exit code %d: %s", name, got.code, got.errors)
		}
	}
}

func TestCompletionAsksTheControlPlane(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	p.done(t, append(newAcme, "--watch")...)
	for _, k := range []struct {
		args []string
		want string
	}{
		{[]string{"tenant", "get", ""}, "acme\n"},
		{[]string{"tenant", "move", "acme", "--tier", ""}, "free\nstandard\npremium\n"},
		{[]string{"operation", "list", "--tenant", ""}, "acme\n"},
	} {
		if got := p.done(t, append([]string{"__complete"}, k.args...)...); !strings.HasPrefix(got.out, k.want) {
			t.Errorf("%v: %q", k.args, got.out)
		}
	}
	if got := p.done(t, "__complete", "operation", "get", ""); !strings.Contains(got.out, "\tcreate acme, succeeded\n") {
		t.Errorf("%q", got.out)
	}
	if got := asClient(t, []string{"TENANTFORM_DIR=" + t.TempDir()}, "__complete", "tenant", "get", ""); got.code != exitDone || strings.Contains(got.errors, "control plane") {
		t.Errorf("without a control plane: exit code %d: %s", got.code, got.errors)
	}
}

func TestAControlPlaneThatIsGone(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	url := p.URL
	p.CloseClientConnections()
	p.Close()
	got := p.ask(t, append(newAcme, "--idempotency-key", "key-7")...)
	if got.code != exitFailed || !strings.Contains(got.errors, "the control plane at "+url+" cannot be reached: ") || !strings.Contains(got.errors, "the same command with --idempotency-key key-7 finds out") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
	if got := p.ask(t, "tenant", "list"); strings.Contains(got.errors, "--idempotency-key") || got.code != exitFailed {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
}

// TestAFaultOfTheControlPlane shows where its cause is found, which the answer
// does not hold.
func TestAFaultOfTheControlPlane(t *testing.T) {
	t.Parallel()
	p := newPlane(t)
	if err := p.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	got := p.ask(t, "tenant", "get", "acme", "-o", "json")
	doc := decode[errorAnswer](t, got)
	if got.code != exitFailed || doc.Error.CorrelationID == "" {
		t.Errorf("exit code %d: %+v", got.code, doc)
	}
	if got := p.ask(t, "tenant", "get", "acme"); got.code != exitFailed || !strings.Contains(got.errors, "has more under the correlation id ") {
		t.Errorf("exit code %d: %s", got.code, got.errors)
	}
}
