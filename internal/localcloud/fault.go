package localcloud

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tenantform/tenantform/tenants"
)

// faultsFile is where a directory's own faults are.
const faultsFile = "faults.json"

// Fault makes operations go wrong. Delay comes first, then Hang, then Error. A
// fault with none of the three is an InternalError of AWS's. The zero value
// makes every operation fail.
type Fault struct {
	Type      string        // a token or its short form ("lambda.Function"); empty: any
	Name      string        // physical name, id or name in the program, * and ? as in a shell; empty: any
	Operation string        // check, diff, create, read, update or delete; empty: any of these
	Error     string        // what AWS answers
	Delay     time.Duration // how long it takes to answer
	Hang      bool          // no answer until the caller gives up or the cloud is closed
	After     bool          // the operation takes effect first: its answer is lost
	Times     int           // how many operations it strikes; 0: every one
}

// faultLine is a Fault in faults.json.
type faultLine struct {
	Type      string `json:"type"`
	Name      string `json:"name"`
	Operation string `json:"operation"`
	Error     string `json:"error"`
	Delay     string `json:"delay"`
	Hang      bool   `json:"hang"`
	After     bool   `json:"after"`
	Times     int    `json:"times"`
}

// operation is what a fault may strike.
type operation struct {
	verb  string // "create"
	kind  *kind
	names []string
}

// faults are those injected and those in the directory's file. The file is
// read again when it changes; its counts are this process's own and start
// anew then.
type faults struct {
	path string

	mu       sync.Mutex
	injected []*counted
	filed    []*counted
	info     fs.FileInfo
}

type counted struct {
	Fault
	struck int
}

func newFaults(dir string) *faults { return &faults{path: filepath.Join(dir, faultsFile)} }

func (f *faults) inject(fault Fault) (remove func()) {
	c := &counted{Fault: fault}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.injected = append(f.injected, c)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.injected = slices.DeleteFunc(f.injected, func(o *counted) bool { return o == c })
	}
}

// next gives the fault that strikes an operation now, and counts it.
func (f *faults) next(op operation, after bool) (*Fault, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.reload(); err != nil {
		return nil, err
	}
	for _, list := range [][]*counted{f.injected, f.filed} {
		for _, c := range list {
			if c.After == after && (c.Times == 0 || c.struck < c.Times) && c.fits(op) {
				c.struck++
				return &c.Fault, nil
			}
		}
	}
	return nil, nil
}

func (f *Fault) fits(op operation) bool {
	if f.Type != "" && f.Type != op.kind.token && f.Type != op.kind.short {
		return false
	}
	if f.Operation != "" && f.Operation != op.verb {
		return false
	}
	return f.Name == "" || slices.ContainsFunc(op.names, func(name string) bool {
		ok, err := path.Match(f.Name, name)
		return name != "" && (name == f.Name || ok && err == nil)
	})
}

func (f *faults) reload() error {
	info, err := os.Stat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		f.filed, f.info = nil, nil
		return nil
	}
	if err != nil {
		return unavailable(err)
	}
	if f.info != nil && (cached{info: f.info}).fresh(info) {
		return nil
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		return unavailable(err)
	}
	if f.filed, err = parseFaults(data); err != nil {
		return tenants.Errorf(tenants.CodeInvalid, "%s: %w", f.path, err)
	}
	f.info = info
	return nil
}

func parseFaults(data []byte) ([]*counted, error) {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.DisallowUnknownFields()
	var lines []faultLine
	if err := dec.Decode(&lines); err != nil {
		return nil, err
	}
	out := make([]*counted, len(lines))
	for i, l := range lines {
		var delay time.Duration
		if l.Delay != "" {
			var err error
			if delay, err = time.ParseDuration(l.Delay); err != nil {
				return nil, err
			}
		}
		out[i] = &counted{Fault: Fault{
			Type: l.Type, Name: l.Name, Operation: l.Operation, Error: l.Error,
			Delay: delay, Hang: l.Hang, After: l.After, Times: l.Times,
		}}
	}
	return out, nil
}

// strike lets a fault happen, if one fits.
func (c *Cloud) strike(ctx context.Context, op operation, after bool) error {
	fault, err := c.faults.next(op, after)
	if err != nil {
		return status.Error(codes.FailedPrecondition, err.Error())
	}
	if fault == nil {
		return nil
	}
	var cancelled <-chan struct{}
	if s := sessionOf(ctx); s != nil {
		cancelled = s.cancelled
	}
	var timer <-chan time.Time
	if fault.Delay > 0 {
		t := time.NewTimer(fault.Delay)
		defer t.Stop()
		timer = t.C
	}
	if fault.Delay > 0 || fault.Hang {
		if fault.Hang {
			timer = nil
		}
		select {
		case <-timer:
		case <-ctx.Done():
			return status.FromContextError(ctx.Err()).Err()
		case <-cancelled:
			return status.Error(codes.Canceled, "the operation was cancelled")
		case <-c.closed:
			return status.Error(codes.Unavailable, "the local cloud is closed")
		}
	}
	if fault.Error == "" && fault.Delay > 0 {
		return nil
	}
	text := fault.Error
	if text == "" {
		text = "InternalError: an internal error has occurred"
	}
	return status.Errorf(codes.Unknown, "%s %s: %s", op.doing(), op.kind.label, text)
}

// doing gives the operation in the words of the provider's messages.
func (o operation) doing() string {
	switch o.verb {
	case "create":
		return "creating"
	case "read":
		return "reading"
	case "update":
		return "updating"
	case "delete":
		return "deleting"
	}
	return o.verb + "ing"
}
