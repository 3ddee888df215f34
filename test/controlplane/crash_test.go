//go:build linux

package controlplane

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/killtest"
	"github.com/tenantform/tenantform/tenants"
)

// The variables by which the crash tests are told what to do.
const (
	crashAll    = "TENANTFORM_CRASH"        // "all": every victim in every step; otherwise each step has one victim
	crashReport = "TENANTFORM_CRASH_REPORT" // file that the matrix is written to
)

// victims are what is killed.
var victims = []string{"worker", "server", "Temporal", "pulumi"}

// kinds are the operations in which something is killed: a tenant's life.
var kinds = []tenants.OperationKind{tenants.OperationCreate, tenants.OperationMove, tenants.OperationDelete}

// starts asks for an operation of a tenant's life: it is created in a pool, moved
// to where the plant moves tenants, and deleted from there.
func (p *plant) starts(kind tenants.OperationKind, id string) string {
	p.t.Helper()
	var c wire.Change
	var err error
	switch kind {
	case tenants.OperationCreate:
		c, err = p.api.CreateTenant(p.t.Context(), newcomer(id, "free"), nil)
	case tenants.OperationMove:
		c, err = p.api.MoveTenant(p.t.Context(), id, wire.MoveTenant{Tier: p.target}, nil)
	default:
		c, err = p.api.DeleteTenant(p.t.Context(), id, "", nil)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return c.Operation.ID
}

// end is what an operation leaves; the tenant's id stands in it as "tenant".
type end struct {
	progress, steps, services string
	status, tier, placements  string
	resources, mails          string
	account                   bool
}

func (p *plant) end(id, operation string) end {
	p.t.Helper()
	op, t := p.operation(operation), p.tenant(id)
	e := end{
		progress: string(op.Progress) + op.Error, steps: steps(op), status: string(t.Status), tier: t.Tier, placements: fmt.Sprint(t.Placements),
		mails: strings.Join(p.mails("ops@"+id+".example"), " "), account: p.account(id),
	}
	for _, s := range op.Services {
		e.services += fmt.Sprintf("%s:%s:%d ", s.Service, s.Progress, s.Attempt)
	}
	own := p.of(id)
	names := []string{id, "tenant"}
	for _, r := range own { // by whose id others are named
		if r.Type == "aws:apigateway/restApi:RestApi" {
			names = append(names, r.ID, "api")
		}
	}
	var all []string
	for _, r := range own {
		all = append(all, r.Type+" "+strings.NewReplacer(names...).Replace(r.Name))
	}
	slices.Sort(all)
	e.resources = strings.Join(all, ", ")
	return e
}

// unlike says in what two ends differ; empty when they do not.
func (e end) unlike(want end) string {
	if e == want {
		return ""
	}
	var missing, more []string
	has, wants := strings.Split(e.resources, ", "), strings.Split(want.resources, ", ")
	for _, r := range wants {
		if !slices.Contains(has, r) {
			missing = append(missing, r)
		}
	}
	for _, r := range has {
		if !slices.Contains(wants, r) {
			more = append(more, r)
		}
	}
	counts := fmt.Sprintf("%d resources, want %d; missing %v, too many %v", len(has), len(wants), missing, more)
	e.resources, want.resources = "", ""
	return fmt.Sprintf("it ends as %+v, want %+v; %s", e, want, counts)
}

// profile is what an undisturbed operation was like.
type profile struct {
	steps []tenants.Step
	busy  map[string]bool // steps in which a resource was being made or taken away
	end   end
}

// inStep gives the step that an operation is in: the first that has not
// succeeded; empty before it is planned, and "ended" afterwards.
func inStep(op tenants.Operation) string {
	if op.Progress.Ended() {
		return "ended"
	}
	for _, s := range op.Steps {
		if s.Progress != tenants.ProgressSucceeded {
			return s.Name
		}
	}
	return ""
}

// underWay tells whether a resource of the tenant is being made or taken away.
func (p *plant) underWay(id string) bool {
	pending, err := killtest.UnderWay(p.home, tenants.StackName(id))
	return err == nil && len(pending) > 0
}

// calm lives the life that nobody disturbs.
func (p *plant) calm() map[tenants.OperationKind]profile {
	p.t.Helper()
	out := map[tenants.OperationKind]profile{}
	for _, kind := range kinds {
		id := p.starts(kind, "calm")
		busy := map[string]bool{}
		until(p.t, string(kind)+" has ended", func() bool {
			step := inStep(p.operation(id))
			if step != "ended" && p.underWay("calm") {
				busy[step] = true
			}
			return step == "ended"
		})
		op := p.operation(id)
		if op.Progress != tenants.ProgressSucceeded {
			p.t.Fatalf("%s: %s", kind, op.Error)
		}
		out[kind] = profile{op.Steps, busy, p.end("calm", id)}
	}
	if got := p.resources(); got != p.shared {
		p.t.Fatalf("after a life there are %d resources, want %d", got, p.shared)
	}
	return out
}

// slow lets the cloud hold back the answers to what makes or takes away a
// tenant's grants: there is a moment in which something exists, or does not any
// more, and nobody knows.
func (p *plant) slow() {
	p.t.Helper()
	faults := `[{"type": "iam.RolePolicy", "operation": "create", "delay": "500ms", "after": true},
		{"type": "iam.RolePolicy", "operation": "delete", "delay": "500ms", "after": true}]`
	if err := os.WriteFile(filepath.Join(p.home, "cloud", "faults.json"), []byte(faults), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// cell is a victim's death in a step of an operation.
type cell struct {
	ledger string
	victim string
	kind   tenants.OperationKind
	step   string
	missed string // the step in which it came, where it was a later one
	none   bool   // there was nothing to kill
	took   time.Duration
	failed string
}

func (c cell) String() string {
	switch {
	case c.failed != "":
		return "FAILED: " + c.failed
	case c.none:
		return "–"
	case c.missed != "":
		return fmt.Sprintf("%.1f s, in %s", c.took.Seconds(), c.missed)
	}
	return fmt.Sprintf("%.1f s", c.took.Seconds())
}

// strike waits until an operation is in the step, at its worst moment where that
// can be seen from outside, and kills the victim there. It gives the step in
// which that was, empty when there was nothing to kill, and how the victim
// starts again.
func (p *plant) strike(victim, tenant, operation, step string, like profile) (at string, restart func()) {
	p.t.Helper()
	mail := filepath.Join(p.home, "mails", operation+"-"+string(p.operation(operation).Kind)+".eml")
	reached := func(op tenants.Operation) bool {
		switch {
		case like.busy[step]: // something is made, and its answer is not there
			return p.underWay(tenant)
		case victim == "worker" && step == "notify": // the mail is out
			_, err := os.Stat(mail)
			return err == nil
		case step == "services": // they are asked
			return slices.ContainsFunc(op.Services, func(s tenants.ServiceState) bool { return s.Progress == tenants.ProgressRunning })
		}
		return true
	}
	for limit := time.Now().Add(patience); ; time.Sleep(200 * time.Microsecond) {
		if time.Now().After(limit) {
			p.t.Fatalf("%s has not come to %s: %s", operation, step, steps(p.operation(operation)))
		}
		op := p.operation(operation)
		now := inStep(op)
		if now == "" || slices.IndexFunc(op.Steps, func(s tenants.Step) bool { return s.Name == now }) < slices.IndexFunc(op.Steps, func(s tenants.Step) bool { return s.Name == step }) && now != "ended" {
			continue
		}
		if now == step && !reached(op) {
			continue
		}
		if restart = p.kill(victim); restart == nil {
			if now == step {
				continue // it may come yet
			}
			return "", nil
		}
		return inStep(p.operation(operation)), restart
	}
}

// kill kills a victim with SIGKILL, and gives how it starts again; nil when there
// is none.
func (p *plant) kill(victim string) (restart func()) {
	p.t.Helper()
	switch victim {
	case "worker":
		p.worker.kill()
		return func() { p.worker.start() }
	case "server":
		p.server.kill()
		return func() {
			p.server.start()
			p.server.ready()
		}
	case "Temporal":
		if err := syscall.Kill(p.temporal.PID(), syscall.SIGKILL); err != nil {
			p.t.Fatal(err)
		}
		<-p.temporal.Ended()
		return p.startTemporal
	}
	for _, pid := range commands(p.worker.cmd.Process.Pid, "pulumi", "--stack") {
		if syscall.Kill(pid, syscall.SIGKILL) == nil {
			restart = func() {}
		}
	}
	return restart
}

// disturb runs an operation in one step of which the victim is killed.
func (p *plant) disturb(victim, tenant string, kind tenants.OperationKind, step string, like profile) (c cell) {
	p.t.Helper()
	c = cell{victim: victim, kind: kind, step: step}
	// A service that stands still holds the step, which would be over at once;
	// pulumi has nothing to do in it.
	held := step == "services" && victim != "pulumi"
	if held {
		p.billing.pause(true)
		defer p.billing.pause(false) // whatever happens
	}
	operation := p.starts(kind, tenant)
	at, restart := p.strike(victim, tenant, operation, step, like)
	died := time.Now()
	if held {
		p.billing.pause(false)
		time.Sleep(300 * time.Millisecond) // it answers while the victim is dead
	}
	if restart != nil {
		restart()
	}
	p.ended(operation)
	c.took, c.none = time.Since(died), restart == nil
	if at != step && restart != nil {
		c.missed = at
	}
	if c.failed = p.end(tenant, operation).unlike(like.end); c.failed != "" {
		p.t.Errorf("%s killed in %s of %s: %s", victim, step, kind, c.failed)
	}
	return c
}

// lives gives tenants' lives, in each of which the i-th step of each operation is
// disturbed: by every victim, or by one that is another in each operation.
func lives(all bool, like map[tenants.OperationKind]profile) (out []map[tenants.OperationKind]cell) {
	longest := 0
	for _, l := range like {
		longest = max(longest, len(l.steps))
	}
	for turn := range victims {
		for i := range longest {
			life := map[tenants.OperationKind]cell{}
			for k, kind := range kinds {
				if i >= len(like[kind].steps) {
					continue
				}
				step := like[kind].steps[i].Name
				victim := victims[turn]
				if !all {
					victim = victims[(i+k)%len(victims)]
					if victim == "pulumi" && !like[kind].busy[step] {
						victim = "worker"
					}
				}
				life[kind] = cell{victim: victim, step: step}
			}
			out = append(out, life)
		}
		if !all {
			break
		}
	}
	return out
}

// campaign is a series of lives on one plant.
type campaign struct {
	ground
	target string // tier that tenants move to
	every  bool   // every victim in every step; otherwise one in each step
	turn   func(life int) bool
}

// campaigns says what is killed where.
func campaigns(all bool) []campaign {
	whole := func(int) bool { return true }
	if all {
		silo := sqlite()
		silo.name += ", to a silo"
		return []campaign{{sqlite(), "standard", true, whole}, {silo, "premium", false, whole}, {postgres(), "standard", false, whole}}
	}
	if !havePostgres() {
		return []campaign{{sqlite(), "standard", false, whole}}
	}
	return []campaign{
		{sqlite(), "standard", false, func(life int) bool { return life%2 == 0 }},
		{postgres(), "standard", false, func(life int) bool { return life%2 == 1 }},
	}
}

// run lives the lives.
func (c campaign) run(t *testing.T) (cells []cell) {
	p := newPlant(t, c.ground)
	p.target = c.target
	p.slow()
	like := p.calm()
	for i, life := range lives(c.every, like) {
		if !c.turn(i) {
			continue
		}
		tenant := fmt.Sprintf("victim-%02d", i)
		for _, kind := range kinds {
			one, disturbed := life[kind]
			if !disturbed {
				p.ended(p.starts(kind, tenant))
				continue
			}
			one = p.disturb(one.victim, tenant, kind, one.step, like[kind])
			one.ledger = c.name
			t.Logf("%s killed in %s of %s: %s", one.victim, one.step, kind, one)
			cells = append(cells, one)
		}
		if got := p.resources(); got != p.shared {
			t.Errorf("after the life of %s there are %d resources, want %d", tenant, got, p.shared)
		}
	}
	killtest.NothingLeft(t, p.home)
	if n, err := p.ledger.VerifyAudit(t.Context()); err != nil || n == 0 {
		t.Errorf("the audit journal has %d entries: %v", n, err)
	}
	return cells
}

// TestCrashes kills each process of the control plane in each step of a creation,
// a move and a deletion; each operation ends as one that nobody disturbed, with
// every mail once and nothing left over in the cloud. By default each step loses
// one process, on the one ledger or the other; with TENANTFORM_CRASH=all every
// process dies in every step on SQLite, and one in each on PostgreSQL, and in each
// of a tenant that moves to a silo.
func TestCrashes(t *testing.T) {
	t.Parallel()
	all := os.Getenv(crashAll) == "all"
	began := time.Now()
	var mu sync.Mutex
	var cells []cell
	t.Run("kills", func(t *testing.T) {
		for _, c := range campaigns(all) {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel() // most of the time somebody is waited for
				done := c.run(t)
				mu.Lock()
				defer mu.Unlock()
				cells = append(cells, done...)
			})
		}
	})
	t.Logf("%d kills in %s\n%s", len(cells), time.Since(began).Round(time.Second), table(cells))
	if path := os.Getenv(crashReport); path != "" && !t.Failed() {
		if err := os.WriteFile(path, []byte(page(cells, all, time.Since(began))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
