package workflows

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/testsuite"
	"pgregory.net/rapid"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/sqlstore"
)

// process is one that works on an operation until the operation has ended or it
// dies: from then on nothing that it does has an effect.
type process struct {
	*world
	op    tenants.Operation
	chore chore
	env   *testsuite.TestWorkflowEnvironment

	mu      sync.Mutex
	writes  int // to the ledger, so far
	runs    int // of the engine that may change something
	moments int
	dead    bool
}

// step is a moment at which something happens outside: others act before it, and
// it does not happen when the process is dead.
func (p *process) step(call, stack string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errDead
	}
	p.moments++
	if p.moments == p.chore.Cancel {
		if p.chore.Record {
			if _, err := p.ledger.RequestCancel(context.Background(), p.op.ID, tenants.AuditEntry{Actor: "tester", Action: "operation.cancel"}); err != nil {
				p.witness.blame("cancel of %s, which is under way: %v", p.op.ID, err)
			}
		}
		if p.chore.Signal {
			p.env.SignalWorkflow(cancelSignal, nil)
		}
	}
	if p.moments == p.chore.Rival {
		p.rival()
	}
	if call != "up" && call != "destroy" && call != "refresh" && call != "transfer" {
		return nil
	}
	if p.runs++; p.runs > len(p.chore.Engine) {
		return nil
	}
	f := p.chore.Engine[p.runs-1]
	if f.Code != "" && f.Half && f.Code != tenants.CodeForbidden && call == "up" {
		p.stacks[stack] = true // in part
	}
	_, err := f.outcome(call, stack)
	return err
}

// rival wants something of the tenant while the operation is under way.
func (p *process) rival() {
	p.tally.Rivals++
	t, err := p.ledger.Get(context.Background(), p.op.TenantID)
	if err != nil {
		p.witness.blame("the rival: %v", err)
		return
	}
	_, err = p.ledger.Begin(context.Background(), tenants.Change{
		Tenant: t, Operation: tenants.Operation{ID: p.op.ID + "-rival", Kind: tenants.OperationReconcile, Initiator: "rival"},
		Audit: tenants.AuditEntry{Actor: "rival", Action: "tenant.reconcile"},
	})
	if tenants.CodeOf(err) != tenants.CodeConflict || !strings.Contains(err.Error(), p.op.ID) {
		p.witness.blame("a second operation beside %s: %v, want a conflict that names it", p.op.ID, err)
	}
}

// mortal is the ledger as a process has it.
type mortal struct {
	tenants.Ledger
	p *process
}

// write carries out a write, or not, and tells the process what it is to hear.
func (m mortal) write(f func() error) error {
	p := m.p
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errDead
	}
	p.writes++
	p.dead = p.writes == p.chore.Dies
	trouble := p.dead || slices.Contains(p.chore.Writes, p.writes)
	if (p.dead && !p.chore.Kept) || (trouble && !p.dead && p.writes%2 == 1) {
		return tenants.Errorf(tenants.CodeUnavailable, "the database is away")
	}
	err := f()
	if err != nil { // tried for ever, it would be refused for ever
		p.witness.blame("the ledger refuses what %s has done: %v", p.op.ID, err)
	}
	p.witness.look()
	if err == nil && trouble {
		return tenants.Errorf(tenants.CodeUnavailable, "the connection broke before the database answered")
	}
	return err
}

func (m mortal) Advance(ctx context.Context, a tenants.Advance) (t tenants.Tenant, err error) {
	err = m.write(func() error {
		var err error
		t, err = m.Ledger.Advance(ctx, a)
		return err
	})
	return t, err
}

func (m mortal) Update(ctx context.Context, t tenants.Tenant) (stored tenants.Tenant, err error) {
	err = m.write(func() error {
		var err error
		stored, err = m.Ledger.Update(ctx, t)
		return err
	})
	return stored, err
}

// Ask tells the services, who answer as the chore says.
func (p *process) Ask(_ context.Context, a Asking) error {
	if err := p.step("ask", ""); err != nil {
		return err
	}
	p.witness.asked(a)
	for _, r := range p.chore.answers(a) {
		answer := Answer{OperationID: a.Operation.ID, Service: r.Service, Attempt: a.Attempt + r.Attempt, Failed: r.Failed}
		p.env.RegisterDelayedCallback(func() { p.env.SignalWorkflow(answeredSignal, answer) }, r.After)
	}
	return nil
}

// DeadLetter takes a dead letter.
func (p *process) DeadLetter(_ context.Context, f Failure) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errDead
	}
	p.witness.deadLetter(f)
	return nil
}

// Notify takes a mail, once an id.
func (p *process) Notify(_ context.Context, n Notice) error {
	if err := p.step("notify", ""); err != nil {
		return err
	}
	p.witness.mail(n)
	return nil
}

// site is an engine that knows which stacks there are.
type site struct{ *process }

func (s site) Up(_ context.Context, st automation.Stack) (automation.Result, error) {
	if err := s.step("up", st.Name); err != nil {
		res, _ := fate{Code: tenants.CodeOf(err)}.outcome("up", st.Name)
		return res, err
	}
	s.stacks[st.Name] = true
	return automation.Result{}, nil
}

func (s site) Destroy(_ context.Context, st automation.Stack) (automation.Result, error) {
	if !s.stacks[st.Name] {
		return automation.Result{}, tenants.Errorf(tenants.CodeNotFound, "there is no stack %s", st.Name)
	}
	if err := s.step("destroy", st.Name); err != nil {
		res, _ := fate{Code: tenants.CodeOf(err)}.outcome("destroy", st.Name)
		return res, err
	}
	delete(s.stacks, st.Name)
	return automation.Result{}, nil
}

func (s site) Refresh(_ context.Context, st automation.Stack) (automation.Result, error) {
	if !s.stacks[st.Name] {
		return automation.Result{}, tenants.Errorf(tenants.CodeNotFound, "there is no stack %s", st.Name)
	}
	return automation.Result{}, s.step("refresh", st.Name)
}

func (s site) Preview(_ context.Context, st automation.Stack) (automation.Result, error) {
	return automation.Result{}, s.step("preview", st.Name)
}

func (s site) PreviewDestroy(_ context.Context, st automation.Stack) (automation.Result, error) {
	return automation.Result{}, s.step("preview", st.Name)
}

// witness sees what becomes of a tenant, whoever does it, and blames what must
// not be. Its own reads are those of anybody who asks the ledger.
type witness struct {
	ledger    *sqlstore.Store
	catalogue tenants.Catalogue
	tenant    string

	mu      sync.Mutex
	blames  []string
	status  tenants.Status
	last    tenants.Operation // the operation that is, or was last, under way
	root    string            // the first of those that it takes up
	served  map[string]bool   // the services that have done their part in it, by the record of what it takes up
	attempt int               // of the last asking
	letters map[string]int    // dead letters, by operation
	forgets bool              // Temporal has forgotten the operation, perhaps before its dead letter was out
	mails   map[string]int    // by id, since the tenant was created
	created bool              // its creation has succeeded
}

func (w *witness) blame(format string, args ...any) {
	w.blames = append(w.blames, fmt.Sprintf(format, args...))
}

// check fails the test with what is to be blamed.
func (w *witness) check(t rapid.TB) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.blames) > 0 {
		t.Fatalf("%s", strings.Join(w.blames, "\n"))
	}
}

// began takes notice of an operation that the ledger has begun.
func (w *witness) began(op tenants.Operation) {
	w.mu.Lock()
	defer w.mu.Unlock()
	earlier := w.last
	w.last, w.root, w.served, w.attempt, w.forgets = op, op.ID, map[string]bool{}, 0, false
	if w.letters == nil {
		w.letters = map[string]int{}
	}
	if op.Kind == tenants.OperationCreate && op.RetryOf == "" {
		w.mails, w.created, w.status = map[string]int{}, false, tenants.StatusCreating
	}
	for id := op.RetryOf; id != ""; {
		w.root = id
		before, err := w.ledger.Operation(context.Background(), id)
		if err != nil {
			w.blame("%s: %v", id, err)
			return
		}
		id = before.RetryOf
	}
	if op.RetryOf != "" && op.RetryOf == earlier.ID {
		for _, s := range earlier.Services {
			w.served[s.Service] = s.Progress == tenants.ProgressSucceeded
			w.attempt = max(w.attempt, s.Attempt)
		}
	}
	w.seen()
}

// look looks at the tenant and its operation after a write.
func (w *witness) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen()
}

func (w *witness) seen() {
	ctx := context.Background()
	t, err := w.ledger.Get(ctx, w.tenant)
	if err != nil {
		w.blame("the tenant: %v", err)
		return
	}
	if t.Status != w.status {
		if err := tenants.Transition(w.status, t.Status); err != nil {
			w.blame("%v", err)
		}
	}
	w.status = t.Status
	live, err := w.ledger.SearchOperations(ctx, tenants.OperationQuery{TenantID: w.tenant, Progress: tenants.ProgressRunning})
	if err != nil || len(live.Operations) > 1 {
		w.blame("%d operations are live, %v", len(live.Operations), err)
	}
	op, err := w.ledger.Operation(ctx, w.last.ID)
	if err != nil {
		w.blame("the operation: %v", err)
		return
	}
	w.goesOn(w.last, op)
	w.last = op
}

// goesOn blames what is not how an operation goes on.
func (w *witness) goesOn(was, is tenants.Operation) {
	if was.Progress.Ended() && was.Progress != is.Progress {
		w.blame("%s was %s and is %s", is.ID, was.Progress, is.Progress)
	}
	if len(was.Steps) > 0 && !slices.EqualFunc(was.Steps, is.Steps, func(a, b tenants.Step) bool { return a.Name == b.Name }) {
		w.blame("%s has other steps: %s, before: %s", is.ID, progress(is), progress(was))
	}
	open := "" // the first step that has not succeeded
	for i, s := range is.Steps {
		if i < len(was.Steps) && was.Steps[i].Progress == tenants.ProgressSucceeded && s.Progress != tenants.ProgressSucceeded {
			w.blame("%s: the step %s had succeeded, and is %q", is.ID, s.Name, s.Progress)
		}
		if open != "" && s.Progress != tenants.ProgressPending && s.Progress != tenants.ProgressSucceeded {
			w.blame("%s: %s is %s before %s has succeeded: %s", is.ID, s.Name, s.Progress, open, progress(is))
		}
		if open != "" && s.Progress == tenants.ProgressSucceeded && s.StartedAt.After(is.StartedAt) {
			w.blame("%s: %s was done before %s: %s", is.ID, s.Name, open, progress(is))
		}
		if s.Progress != tenants.ProgressSucceeded && open == "" {
			open = s.Name
		}
		if (s.Progress == tenants.ProgressRunning || s.Progress == tenants.ProgressFailed) && s.StartedAt.IsZero() {
			w.blame("%s: %s is %s and has no beginning", is.ID, s.Name, s.Progress)
		}
	}
}

// asked takes notice of an asking.
func (w *witness) asked(a Asking) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a.Attempt < w.attempt || a.Attempt < 1 {
		w.blame("%s asks for the %dth time after the %dth", a.Operation.ID, a.Attempt, w.attempt)
	}
	w.attempt = a.Attempt
	for _, s := range a.Services {
		if w.served[s.Service] {
			w.blame("%s asks %s, which has done its part", a.Operation.ID, s.Service)
		}
	}
}

func (w *witness) forgot() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.forgets = true
}

func (w *witness) mail(n Notice) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if want := w.root + "-" + string(w.last.Kind); n.ID != want || n.Kind != w.last.Kind {
		w.blame("a mail %s (%s), want %s", n.ID, n.Kind, want)
	}
	w.mails[n.ID]++
}

func (w *witness) deadLetter(f Failure) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if f.Operation.Progress != tenants.ProgressFailed || f.Message == "" || f.Operation.TenantID != w.tenant {
		w.blame("a dead letter of %s, which is %s: %q", f.Operation.ID, f.Operation.Progress, f.Message)
	}
	w.letters[f.Operation.ID]++
}

// rests blames what must not be once an operation has ended.
func (w *witness) rests(t rapid.TB, op tenants.Operation, stacks map[string]bool) {
	t.Helper()
	w.mu.Lock()
	now, err := w.ledger.Get(context.Background(), w.tenant)
	if err != nil {
		w.blame("%v", err)
	}
	if !op.Progress.Ended() || op.EndedAt.IsZero() || op.EndedAt.Before(op.StartedAt.Truncate(time.Second)) {
		w.blame("%s has not ended: %+v", op.ID, op)
	}
	if _, busy := now.Status.Failed(); busy {
		w.blame("%s has ended, and the tenant is %s", op.ID, now.Status)
	}
	for _, s := range op.Services {
		if !s.Progress.Ended() {
			w.blame("%s has ended, and %s is %q", op.ID, s.Service, s.Progress)
		}
	}
	if op.Progress == tenants.ProgressSucceeded {
		w.succeeded(op, now)
	} else {
		w.failed(op)
	}
	welcomes := 0
	for id := range w.mails {
		if strings.HasSuffix(id, "-create") {
			welcomes++
		}
	}
	if welcomes > 1 || (welcomes == 0 && w.created) {
		w.blame("after %s the tenant has been welcomed %d times: %v", op.ID, welcomes, w.mails)
	}
	w.consistent(now, stacks)
	w.mu.Unlock()
	w.check(t)
}

func (w *witness) succeeded(op tenants.Operation, now tenants.Tenant) {
	if op.Error != "" || slices.ContainsFunc(op.Steps, func(s tenants.Step) bool {
		return s.Progress != tenants.ProgressSucceeded || s.StartedAt.IsZero() != s.EndedAt.IsZero()
	}) {
		w.blame("%s succeeded with %q and %s", op.ID, op.Error, progress(op))
	}
	want := map[tenants.OperationKind]tenants.Status{
		tenants.OperationDeactivate: tenants.StatusInactive, tenants.OperationDelete: tenants.StatusDeleted, tenants.OperationReconcile: now.Status,
	}[op.Kind]
	if want == "" {
		want = tenants.StatusActive
	}
	if now.Status != want || (op.Kind == tenants.OperationMove && now.Tier != op.ToTier) {
		w.blame("%s has succeeded, and the tenant is %s in tier %s", op.ID, now.Status, now.Tier)
	}
	for _, s := range neighbours.For(op.Kind, now) {
		state := stateOf(op.Services, s.Name)
		if state == nil || (state.Progress != tenants.ProgressSucceeded && !s.Optional) {
			w.blame("%s has succeeded without %s: %+v", op.ID, s.Name, op.Services)
		}
	}
	told := w.mails[w.root+"-"+string(op.Kind)]
	switch op.Kind {
	case tenants.OperationCreate, tenants.OperationMove, tenants.OperationDelete:
		noticed := op.Kind == tenants.OperationCreate || (op.Kind == tenants.OperationDelete && w.created) ||
			(op.Kind == tenants.OperationMove && slices.ContainsFunc(op.Steps, func(s tenants.Step) bool { return s.Name == "transfer" }))
		if noticed != (told > 0) {
			w.blame("of %s, which has succeeded, somebody was told %d times; somebody notices it: %v", op.ID, told, noticed)
		}
	}
	w.created = w.created || op.Kind == tenants.OperationCreate
	if w.letters[op.ID] != 0 {
		w.blame("%s has succeeded and is a dead letter", op.ID)
	}
}

func (w *witness) failed(op tenants.Operation) {
	failed := 0
	for _, s := range op.Steps {
		if s.Progress == tenants.ProgressFailed {
			failed++
		}
	}
	if op.Error == "" || failed > 1 || slices.ContainsFunc(op.Steps, func(s tenants.Step) bool { return s.Progress == tenants.ProgressRunning }) {
		w.blame("%s failed with %q and %s", op.ID, op.Error, progress(op))
	}
	if w.letters[op.ID] == 0 && !w.forgets {
		w.blame("%s has failed and is no dead letter", op.ID)
	}
}

// consistent blames a tenant whose record does not agree with itself, or with the
// stacks that there are.
func (w *witness) consistent(t tenants.Tenant, stacks map[string]bool) {
	silo := slices.ContainsFunc(t.Placements, func(p tenants.Placement) bool { return p.Model == tenants.ModelSilo })
	if silo != (t.NetworkCIDR != "") {
		w.blame("the tenant lives in %v with the network %q", t.Placements, t.NetworkCIDR)
	}
	switch t.Status {
	case tenants.StatusActive, tenants.StatusInactive:
		tier, err := w.catalogue.Tier(t.Tier)
		if err != nil || len(t.Placements) != 1 || t.Placements[0] != tier.Placement() {
			w.blame("a tenant that is %s in tier %s lives in %v (%v)", t.Status, t.Tier, t.Placements, err)
		}
		if !stacks[tenants.StackName(t.ID)] {
			w.blame("a tenant that is %s has no stack", t.Status)
		}
	case tenants.StatusDeleted:
		if len(t.Placements) > 0 || stacks[tenants.StackName(t.ID)] {
			w.blame("of a deleted tenant there is left: %v, %v", t.Placements, stacks)
		}
	}
}
