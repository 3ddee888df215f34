package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/tenantform/tenantform/tenants"
)

// export is what "pulumi stack export" prints: apitype.UntypedDeployment of the
// Pulumi SDK with a DeploymentV3 in it, as far as a Plan needs it.
type export struct {
	Version    int             `json:"version"`
	Deployment *deployment     `json:"deployment"`
	Checkpoint json.RawMessage `json:"checkpoint"` // only in a backend's own file, which is another form
}

type deployment struct {
	Resources         []stateResource   `json:"resources"`
	PendingOperations []json.RawMessage `json:"pending_operations"`
}

type stateResource struct {
	state
	Delete   bool `json:"delete"`   // replaced, and not deleted yet
	External bool `json:"external"` // read, and managed elsewhere
}

// FromStateJSON reads the output of
//
//	pulumi stack export
//
// as a plan of what is deployed, in which every resource stays the same; those
// that the stack only reads have operation read. Outputs are not taken.
//
// Secrets are marked, encrypted or in plain text ("--show-secrets"), and so are
// unknowns. What a replacement left to be deleted is left out where its
// successor is there. A state that was interrupted, so that what it made last is
// not in it, is refused; so is one that is cut off, of another version, or of a
// stack without resources, for which ErrEmpty is in the chain. The error is
// CodeInvalid.
func FromStateJSON(r io.Reader) (Plan, error) {
	e, err := decodeState(r)
	if err != nil {
		return Plan{}, unusableState(err)
	}
	p, err := e.Deployment.plan()
	if err != nil {
		return Plan{}, unusableState(err)
	}
	return p, nil
}

func decodeState(r io.Reader) (*export, error) {
	limited := &io.LimitedReader{R: r, N: MaxPreview}
	dec := json.NewDecoder(limited)
	var e *export
	err := dec.Decode(&e)
	switch {
	case limited.N <= 0:
		return nil, fmt.Errorf("it is larger than %d MiB", MaxPreview>>20)
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty; give the output of pulumi stack export")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("it is cut off; export the stack again")
	case err != nil:
		return nil, fmt.Errorf("it is not the output of pulumi stack export: %w", withoutValue(err))
	case e == nil:
		return nil, errors.New("it is null; give the output of pulumi stack export")
	case len(e.Checkpoint) > 0:
		return nil, errors.New("it is a backend's own file; give the output of pulumi stack export")
	case e.Deployment == nil:
		return nil, errors.New("it holds no deployment; give the output of pulumi stack export")
	case e.Version != 3 && e.Version != 4:
		return nil, fmt.Errorf("it is of version %d; this version of Tenantform understands 3 and 4", e.Version)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the state; give one state")
	}
	return e, nil
}

// withoutValue keeps what a wrong value is out of the message: it may be secret.
func withoutValue(err error) error {
	var e *json.UnmarshalTypeError
	if errors.As(err, &e) {
		return fmt.Errorf("%s is of the wrong type, at byte %d", e.Field, e.Offset)
	}
	return err
}

func (d *deployment) plan() (Plan, error) {
	if n := len(d.PendingOperations); n > 0 {
		return Plan{}, fmt.Errorf("a run was interrupted, and %d operation(s) of it are pending; refresh or repair the stack first", n)
	}
	if len(d.Resources) == 0 {
		return Plan{}, ErrEmpty
	}
	succeeded := map[string]bool{}
	for _, r := range d.Resources {
		succeeded[r.URN] = succeeded[r.URN] || !r.Delete
	}
	var p Plan
	seen := map[string]bool{}
	providers := map[string]map[string]any{}
	for i, s := range d.Resources {
		if s.Delete && (succeeded[s.URN] || seen[s.URN]) {
			continue
		}
		r, err := s.resource()
		if err == nil {
			err = p.adopt(s.URN)
		}
		if err == nil && seen[s.URN] {
			err = fmt.Errorf("%s is there twice", s.URN)
		}
		if err != nil {
			return Plan{}, fmt.Errorf("resource %d: %w", i, err)
		}
		seen[r.URN] = true
		if strings.HasPrefix(r.Type, "pulumi:providers:") {
			providers[r.URN] = r.Inputs
		}
		p.Resources = append(p.Resources, r)
	}
	for i := range p.Resources {
		p.Resources[i].Provider.resolve(providers, nil)
	}
	return p, nil
}

// resource makes a resource that stays as it is.
func (s *stateResource) resource() (Resource, error) {
	op := "same"
	if s.External {
		op = "read"
	}
	as := step{Op: op, URN: s.URN, NewState: &s.state, OldState: &s.state}
	return as.resource()
}

func unusableState(err error) error {
	return tenants.Errorf(tenants.CodeInvalid, "the state cannot be used: %w", err)
}
