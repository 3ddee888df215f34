package automation

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// Plan is what a run would change.
type Plan = plan.Plan

// Project is the name of the Pulumi project that every stack belongs to.
const Project = "tenantform"

// DefaultDeadline bounds one change of one stack. A VPC function's security
// group can take 35 minutes to delete on AWS, and a stack may have to do so
// after a creation that took as long.
const DefaultDeadline = 90 * time.Minute

// Gate decides on a plan before it is carried out.
type Gate interface {
	Evaluate(ctx context.Context, in policies.Input) (policies.Report, error)
}

// Locator finds what a killed run had created before it could record it.
type Locator interface {
	// Locate gives the provider's id of the one resource of that type made from
	// these inputs. It answers false when there certainly is none, and an error
	// when it cannot tell.
	Locate(ctx context.Context, typ string, inputs map[string]any) (id string, found bool, err error)
}

// Options are what an Engine needs beside its directory and its gate. The zero
// value of each field has a meaning.
type Options struct {
	Pulumi     CLI               // the pulumi command; found by FindPulumi when zero
	BackendURL string            // where state is kept; file:// under the engine's directory when empty
	Secrets    string            // a Pulumi secrets provider such as awskms://...; a passphrase kept in the directory when empty
	Home       string            // Pulumi's home with the plugin cache, shared by all runs; under the directory when empty
	Env        map[string]string // more environment for the CLI and its providers; what begins with PULUMI_OPTION_ is left out
	Pass       []string          // names, or prefixes ending in *, of the process's environment that are passed on beside the fixed list
	Locator    Locator           // without one, a creation that was cut off has to be settled by hand
	Catalogue  tenants.Catalogue // handed to the gate
	Progress   func(Event)       // called from one goroutine a run; must not block for long
	Deadline   time.Duration     // of one change; DefaultDeadline when zero
	Parallel   int               // runs at once, each about 150 MB with its CLI; two a CPU when zero
	Interrupt  <-chan struct{}   // when closed, changes under way are told to stop after what they are doing
	Log        *slog.Logger      // nothing is logged when nil
}

// Engine runs stacks. It is safe for concurrent use; two runs of one stack
// exclude each other, also across processes that share the directory.
type Engine struct {
	dir     string
	gate    Gate
	opts    Options
	leases  leases
	state   *fileState // nil when the backend is not a directory
	slots   chan struct{}
	log     *slog.Logger
	backend string
	met     meetings
}

// New makes an engine that keeps what it needs under dir, which it creates:
// state (unless Options.BackendURL says otherwise), leases, the passphrase,
// Pulumi's home. A nil gate is refused: nothing runs without a decision.
func New(dir string, gate Gate, opts *Options) (*Engine, error) {
	if gate == nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "automation: no gate was given; every change needs a policy decision")
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeInvalid, "automation: directory %q: %w", dir, err)
	}
	e := &Engine{dir: abs, gate: gate}
	if opts != nil {
		e.opts = *opts
	}
	if e.opts.Pulumi.Path == "" {
		if e.opts.Pulumi, err = FindPulumi(nil); err != nil {
			return nil, err
		}
	}
	if e.opts.Deadline == 0 {
		e.opts.Deadline = DefaultDeadline
	}
	if e.opts.Parallel <= 0 {
		e.opts.Parallel = 2 * runtime.NumCPU()
	}
	if e.opts.Home == "" {
		e.opts.Home = filepath.Join(abs, "home")
	}
	if e.log = e.opts.Log; e.log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	e.backend = e.opts.BackendURL
	if e.backend == "" {
		e.backend = "file://" + filepath.Join(abs, "state")
	}
	e.backend = withoutSidecars(e.backend)
	e.state = newFileState(e.backend)
	e.slots = make(chan struct{}, e.opts.Parallel)
	e.leases = leases{dir: filepath.Join(abs, "leases")}
	dirs := []string{abs, e.opts.Home, e.leases.dir, filepath.Join(abs, "runs")}
	if e.state != nil {
		dirs = append(dirs, e.state.root)
	}
	for _, d := range dirs {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "automation: cannot make the directory %s: %w", d, err)
		}
	}
	return e, nil
}

// Stack is what one run is about.
type Stack struct {
	Name    string           // as given by tenants.StackName and its like
	Program pulumi.RunFunc   // what the stack should contain; not needed to destroy or repair
	Subject policies.Subject // what the policies are told about the run
	// Targets are URNs: Preview and Up change only these, and the gate judges
	// only what they change, because what is unchanged may be half of something.
	// Empty means everything.
	Targets []string
	// Settle answers, by URN, what nothing here can find out of creations that
	// were cut off: the id of the resource that there is, or "" when there is none.
	Settle map[string]string
}

// stackName is what the engine accepts as a stack's name: it becomes a file
// name, in the leases and in a file backend.
var stackName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,99}$`)

func (s Stack) validate(program bool) error {
	if !stackName.MatchString(s.Name) {
		return tenants.Invalid(tenants.FieldError{Field: "stack", Value: s.Name, Allowed: "a lower-case letter, then up to 99 lower-case letters, digits and hyphens"})
	}
	if program && s.Program == nil {
		// Pulumi's Automation API creates stacks without end when it is given none.
		return tenants.Errorf(tenants.CodeInvalid, "stack %s: no program was given", s.Name)
	}
	return nil
}

// Result is what a run did, or would do.
type Result struct {
	Stack   string                 `json:"stack"`
	Plan    Plan                   `json:"plan"`
	Report  policies.Report        `json:"report"`
	Changes map[plan.Operation]int `json:"changes"` // what was done, by operation; for a preview, what would be
	Outputs map[string]any         `json:"outputs,omitempty"`
	Repair  *Repair                `json:"repair,omitempty"` // what had to be mended first; nil when nothing
	Seconds float64                `json:"seconds"`
	// Tags are the stack's own, as the gate was told them. They are kept for whoever
	// asks the gate about a plan that follows from this one.
	Tags map[string]string `json:"-"`
}

// Preview says what Up would change and what the gate says to it. It changes
// nothing: a stack that does not exist yet does not exist afterwards either.
// A denial is in the report, it is not an error.
func (e *Engine) Preview(ctx context.Context, s Stack) (Result, error) {
	return e.do(ctx, s, true, func(ctx context.Context, r *run) error {
		if err := r.open(ctx, true); err != nil {
			return err
		}
		defer r.removeIfNew()
		if err := r.preview(ctx); err != nil {
			return err
		}
		r.result.Changes = r.result.Plan.Changes()
		return r.decide(ctx)
	})
}

// Up brings a stack to what its program says: preview, decision, change. A
// stack that does not exist is created. A denial is a CodeForbidden error that
// names the findings; nothing was changed then, and a stack that was new is
// gone again.
func (e *Engine) Up(ctx context.Context, s Stack) (Result, error) {
	return e.do(ctx, s, true, func(ctx context.Context, r *run) error {
		if err := r.open(ctx, true); err != nil {
			return err
		}
		if err := r.previewAndDecide(ctx); err != nil {
			r.removeIfNew()
			return err
		}
		return r.up(ctx)
	})
}

// Destroy deletes what a stack contains, and then the stack: the gate decides
// on the plan of deletions first. CodeNotFound when there is no such stack. A
// run that failed half way leaves the stack with what is still there.
func (e *Engine) Destroy(ctx context.Context, s Stack) (Result, error) {
	s.Subject.Destroy = true
	return e.do(ctx, s, false, func(ctx context.Context, r *run) error {
		if err := r.open(ctx, false); err != nil {
			return err
		}
		if err := r.previewDestroyAndDecide(ctx); err != nil {
			return err
		}
		return r.destroy(ctx)
	})
}

// PreviewDestroy says what Destroy would delete and what the gate says to it.
func (e *Engine) PreviewDestroy(ctx context.Context, s Stack) (Result, error) {
	s.Subject.Destroy = true
	return e.do(ctx, s, false, func(ctx context.Context, r *run) error {
		if err := r.open(ctx, false); err != nil {
			return err
		}
		if err := r.previewDestroy(ctx); err != nil {
			return err
		}
		r.result.Changes = r.result.Plan.Changes()
		return r.decide(ctx)
	})
}

// Refresh reads from the cloud what the stack's resources are now and records
// it in the state; the result's changes count what had drifted.
func (e *Engine) Refresh(ctx context.Context, s Stack) (Result, error) {
	return e.do(ctx, s, false, func(ctx context.Context, r *run) error {
		if err := r.open(ctx, false); err != nil {
			return err
		}
		return r.refresh(ctx)
	})
}

// PreviewRefresh says what has drifted and records nothing: the operations of
// its plan are update for what differs and delete for what is gone.
func (e *Engine) PreviewRefresh(ctx context.Context, s Stack) (Result, error) {
	return e.do(ctx, s, false, func(ctx context.Context, r *run) error {
		if err := r.open(ctx, false); err != nil {
			return err
		}
		if err := r.previewRefresh(ctx); err != nil {
			return err
		}
		r.result.Changes = r.result.Plan.Changes()
		return nil
	})
}

// Repair mends what a killed run left: a lock whose owner is dead, operations
// that were under way. Up, Destroy and Refresh do so themselves; this is for
// whoever wants only that. The result's Repair is nil when nothing was wrong.
// A live owner's lock is never cleared, nor one of another machine, of whose owner
// nobody here can tell: CodeConflict says who holds it, and, when one of another
// machine stays, CodeFailedPrecondition.
func (e *Engine) Repair(ctx context.Context, s Stack) (Result, error) {
	return e.do(ctx, s, false, func(ctx context.Context, r *run) error { return r.open(ctx, false) })
}

// Output is one output of a stack.
type Output struct {
	Value  any  `json:"value"` // in plain text also when Secret
	Secret bool `json:"secret"`
}

// Outputs gives the outputs of a stack's last update. CodeNotFound when there
// is no such stack.
func (e *Engine) Outputs(ctx context.Context, name string) (map[string]Output, error) {
	s := Stack{Name: name}
	if err := s.validate(false); err != nil {
		return nil, err
	}
	r := e.newRun(s)
	defer r.close()
	if err := r.workspace(ctx); err != nil {
		return nil, err
	}
	return r.outputs(ctx)
}

// Stacks gives the names of the stacks, sorted. It reads the backend's
// directory where there is one and asks the CLI otherwise.
func (e *Engine) Stacks(ctx context.Context) ([]string, error) {
	if e.state != nil {
		return e.state.stacks()
	}
	r := e.newRun(Stack{Name: "list"})
	defer r.close()
	if err := r.workspace(ctx); err != nil {
		return nil, err
	}
	return r.list(ctx)
}

// Tags gives the tags that the backend keeps of a stack, as "pulumi stack tag"
// sets them; none for a stack without any. It reads the backend's directory where
// there is one and asks the CLI otherwise.
func (e *Engine) Tags(ctx context.Context, name string) (map[string]string, error) {
	s := Stack{Name: name}
	if err := s.validate(false); err != nil {
		return nil, err
	}
	r := e.newRun(s)
	defer r.close()
	if e.state == nil {
		if err := r.workspace(ctx); err != nil {
			return nil, err
		}
	}
	tags, err := r.tags(ctx)
	if err != nil {
		return nil, tenants.Errorf(tenants.CodeFailedPrecondition, "stack %s: its tags cannot be read: %w", name, err)
	}
	return tags, nil
}

// Hold takes a tenant for an operation of several runs; CodeConflict when
// another operation has it. The hold ends with release or with the process.
func (e *Engine) Hold(tenantID string) (release func(), err error) {
	l, err := e.leases.take("operation-"+tenantID, "tenant "+tenantID)
	if err != nil {
		return nil, err
	}
	return l.release, nil
}

// do takes the stack's lease and a slot, and hands a run to f.
func (e *Engine) do(ctx context.Context, s Stack, program bool, f func(context.Context, *run) error) (Result, error) {
	if err := s.validate(program); err != nil {
		return Result{Stack: s.Name}, err
	}
	lease, err := e.leases.take("stack-"+s.Name, "stack "+s.Name)
	if err != nil {
		return Result{Stack: s.Name}, err
	}
	defer lease.release()
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return Result{Stack: s.Name}, tenants.Errorf(tenants.CodeUnavailable, "stack %s: gave up waiting for a free place among %d runs: %w", s.Name, cap(e.slots), context.Cause(ctx))
	}
	r := e.newRun(s)
	r.lease = lease
	defer r.close()
	start := time.Now()
	err = f(ctx, r)
	r.result.Seconds = time.Since(start).Seconds()
	return r.result, err
}
