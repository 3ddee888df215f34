package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/tenantform/tenantform/automation"
	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/tenants"
)

// tick is how often the status line of a terminal is drawn again.
const tick = 200 * time.Millisecond

// progress tells on standard error how a command goes on: a line for each
// resource that is finished, and on a terminal below them one line with what
// is under way and for how long. In a pipe there are only whole lines, without
// escape codes. It is safe for concurrent use, as several runs report at once.
type progress struct {
	mu     sync.Mutex
	w      io.Writer
	live   bool // a terminal: there is a status line
	colour bool
	quiet  bool
	terse  bool // what single runs do is not told in lines

	status string // what the status line shows now; empty for none
	runs   []*running
	stop   chan struct{}

	now    func() time.Time
	signal *signals
}

// running is a run of a stack that goes on.
type running struct {
	stack string
	phase automation.Phase
	since time.Time
	last  string // the resource that began last
	end   func() // ends the time in which a change is under way; nil when none is
}

func newProgress(w io.Writer, live, colour bool) *progress {
	return &progress{w: w, live: live, colour: live && colour, now: time.Now}
}

// event takes what an engine tells.
func (p *progress) event(ev automation.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch ev.Kind {
	case automation.EventStarted:
		p.began(ev)
	case automation.EventFinished:
		p.ended(ev)
	case automation.EventResource:
		p.resource(ev)
	case automation.EventDiagnostic:
		if ev.Severity == "warning" || ev.Phase == automation.PhaseRepair {
			p.line(fmt.Sprintf("%s  %s%s", ev.Stack, colon(ev.Name), oneLine(ev.Message)), yellow)
		}
	}
}

func (p *progress) began(ev automation.Event) {
	r := p.running(ev.Stack)
	if r == nil {
		r = &running{stack: ev.Stack, since: p.now()}
		p.runs = append(p.runs, r)
	}
	r.phase, r.last = ev.Phase, ""
	if changes(ev.Phase) && p.signal != nil && r.end == nil {
		r.end = p.signal.change()
	}
	p.draw()
}

func (p *progress) ended(ev automation.Event) {
	r := p.running(ev.Stack)
	if r == nil || r.phase != ev.Phase {
		return
	}
	if r.end != nil {
		r.end()
	}
	kept := p.runs[:0]
	for _, x := range p.runs {
		if x != r {
			kept = append(kept, x)
		}
	}
	p.runs = kept
	p.draw()
}

// changes tells whether a phase changes something.
func changes(ph automation.Phase) bool {
	return ph == automation.PhaseUp || ph == automation.PhaseDestroy || ph == automation.PhaseRefresh
}

func (p *progress) running(stack string) *running {
	for _, r := range p.runs {
		if r.stack == stack {
			return r
		}
	}
	return nil
}

func (p *progress) resource(ev automation.Event) {
	if r := p.running(ev.Stack); r != nil {
		r.last = ev.Name
		defer p.draw()
	}
	if !changes(ev.Phase) || !ev.Progress.Ended() || !isResource(ev.Type) {
		return
	}
	if ev.Progress == tenants.ProgressFailed {
		p.line(fmt.Sprintf("%s  failed   %s %s", ev.Stack, shortType(ev.Type), ev.Name), red)
		return
	}
	if ev.Operation == plan.OperationSame || ev.Operation == plan.OperationRead {
		return
	}
	p.line(fmt.Sprintf("%s  %-7s  %s %s  %.1fs", ev.Stack, ev.Operation, shortType(ev.Type), ev.Name, ev.Seconds), green)
}

// isResource tells whether a type is that of a resource of a cloud, not of a
// component, a provider or the stack.
func isResource(typ string) bool {
	return typ != "" && !strings.HasPrefix(typ, "pulumi:") && !strings.HasPrefix(typ, "tenantform:")
}

// shortType gives "iam.RolePolicy" for "aws:iam/rolePolicy:RolePolicy", and any
// type of another form as it is.
func shortType(typ string) string {
	parts := strings.Split(typ, ":")
	if len(parts) != 3 || parts[0] != "aws" {
		return typ
	}
	module, _, _ := strings.Cut(parts[1], "/")
	return module + "." + parts[2]
}

func colon(name string) string {
	if name == "" {
		return ""
	}
	return name + ": "
}

// step takes what an operation tells of its steps.
func (p *progress) step(op tenants.Operation, s tenants.Step) {
	if s.Progress != tenants.ProgressRunning {
		return
	}
	for i, x := range op.Steps {
		if x.Name == s.Name {
			p.note("%s: %s, step %d of %d: %s", op.TenantID, op.Kind, i+1, len(op.Steps), stepTitle(s.Name))
			return
		}
	}
}

// note says one thing in a line of its own.
func (p *progress) note(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line(fmt.Sprintf(format, args...), plain)
}

// always says what is said to a quiet run too.
func (p *progress) always(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	fmt.Fprintln(p.w, "tenantform: "+text)
	p.draw()
}

// pause lets f write to the terminal with no status line in its way.
func (p *progress) pause(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	f()
	p.draw()
}

// colours, as SGR codes.
const (
	plain  = ""
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (p *progress) line(text, colour string) {
	if p.quiet || p.terse && colour != plain {
		return
	}
	p.erase()
	if p.colour && colour != plain {
		text = "\x1b[" + colour + "m" + text + "\x1b[0m"
	}
	fmt.Fprintln(p.w, text)
	p.draw()
}

func (p *progress) erase() {
	if p.status != "" {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.status = ""
	}
}

// draw shows the status line, and starts or ends what keeps its time running.
func (p *progress) draw() {
	if !p.live || p.quiet {
		return
	}
	if len(p.runs) == 0 {
		p.erase()
		if p.stop != nil {
			close(p.stop)
			p.stop = nil
		}
		return
	}
	if p.stop == nil {
		p.stop = make(chan struct{})
		go p.redraw(p.stop)
	}
	text := p.text()
	fmt.Fprint(p.w, "\r\x1b[K"+text)
	p.status = text
}

func (p *progress) redraw(stop chan struct{}) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-stop:
			return
		case <-t.C:
		}
		p.mu.Lock()
		select {
		case <-stop:
		default:
			p.draw()
		}
		p.mu.Unlock()
	}
}

// text is the status line, cut to the terminal's width.
func (p *progress) text() string {
	parts := make([]string, 0, len(p.runs))
	for _, r := range p.runs {
		part := fmt.Sprintf("%s: %s %ds", r.stack, r.phase, int(p.now().Sub(r.since).Seconds()))
		if r.last != "" && len(p.runs) == 1 {
			part += "  " + r.last
		}
		parts = append(parts, part)
	}
	text := strings.Join(parts, "   ")
	if most := width(p.w) - 1; utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most])
	}
	return text
}

// width gives the columns of a terminal; 80 where it is none.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 20 {
			return columns
		}
	}
	return 80
}

// close takes the status line away for good.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.runs = nil
	p.draw()
	p.erase()
}
