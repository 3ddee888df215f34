package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/tenants"
)

// MaxPreview is the largest preview, in bytes, that FromPreviewJSON reads.
const MaxPreview = 256 << 20

// digest is what "pulumi preview --json" prints: PreviewDigest in
// pkg/display/json.go of Pulumi, as far as a Plan needs it.
type digest struct {
	Config        map[string]string `json:"config"`
	Steps         []step            `json:"steps"`
	Diagnostics   []diagnostic      `json:"diagnostics"`
	Duration      *int64            `json:"duration"` // nanoseconds
	ChangeSummary map[string]int    `json:"changeSummary"`
	MaybeCorrupt  bool              `json:"maybeCorrupt"`
	Sequence      *int64            `json:"sequence"` // only in the streaming form, which is another
}

type step struct {
	Op             string         `json:"op"`
	URN            string         `json:"urn"`
	Provider       string         `json:"provider"`
	OldState       *state         `json:"oldState"`
	NewState       *state         `json:"newState"`
	DiffReasons    []string       `json:"diffReasons"`
	ReplaceReasons []string       `json:"replaceReasons"`
	DetailedDiff   map[string]any `json:"detailedDiff"`
}

// state is apitype.ResourceV3 of the Pulumi SDK, as far as a Plan needs it.
type state struct {
	URN                  string              `json:"urn"`
	Custom               bool                `json:"custom"`
	ID                   string              `json:"id"`
	Type                 string              `json:"type"`
	Inputs               map[string]any      `json:"inputs"`
	Parent               string              `json:"parent"`
	Protect              bool                `json:"protect"`
	Dependencies         []string            `json:"dependencies"`
	Provider             string              `json:"provider"`
	PropertyDependencies map[string][]string `json:"propertyDependencies"`
}

type diagnostic struct {
	URN      string `json:"urn"`
	Message  string `json:"message"`
	Severity string `json:"severity"`
}

// FromPreviewJSON reads the output of
//
//	pulumi preview --json --show-sames
//	pulumi destroy --preview-only --json
//
// Without --show-sames the unchanged resources are missing, and rules across
// resources would see half a stack: such a preview is refused, unless there are
// none. So is one that failed, that is cut off, that is of the streaming form or of
// a refresh, that is empty, or that is no preview at all. The error is CodeInvalid.
//
// Unknown and secret values are marked; secrets are masked by the CLI already. The
// steps of a replacement become one resource. A resource that is deleted
// while another of the same URN stays, as an interrupted replacement leaves it, is
// in the plan twice. Resources of a default provider have the region and account
// that the stack's config gives, since the CLI does not show that provider.
func FromPreviewJSON(r io.Reader) (Plan, error) { return read(r, false) }

// FromRefreshJSON reads the output of
//
//	pulumi refresh --preview-only --json --show-sames
//
// in the same way. Operations are what the cloud has done to the resources:
// update where one is not as recorded, delete where one is gone.
func FromRefreshJSON(r io.Reader) (Plan, error) { return read(r, true) }

// ErrEmpty is in the chain of the error for a preview that went well and is of
// a stack without resources, as the destruction of an empty stack is.
var ErrEmpty = errors.New("the stack has no resources and gets none")

func read(r io.Reader, refresh bool) (Plan, error) {
	d, err := decode(r)
	if err == nil {
		err = d.check(refresh)
	}
	if err != nil {
		return Plan{}, unusable(err)
	}
	p, err := d.plan()
	if err != nil {
		return Plan{}, unusable(err)
	}
	return p, nil
}

func unusable(err error) error {
	return tenants.Errorf(tenants.CodeInvalid, "the preview cannot be used: %w", err)
}

func decode(r io.Reader) (*digest, error) {
	limited := &io.LimitedReader{R: r, N: MaxPreview}
	dec := json.NewDecoder(limited)
	var d *digest
	err := dec.Decode(&d)
	switch {
	case limited.N <= 0:
		return nil, fmt.Errorf("it is larger than %d MiB", MaxPreview>>20)
	case errors.Is(err, io.EOF):
		return nil, errors.New("it is empty; give the output of pulumi preview --json --show-sames")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("it is cut off; run the preview again")
	case err != nil:
		return nil, fmt.Errorf("it is not the output of pulumi preview --json: %w", withoutValue(err))
	case d == nil:
		return nil, errors.New("it is null; give the output of pulumi preview --json --show-sames")
	case d.Sequence != nil:
		return nil, errors.New("it is the streaming form; unset PULUMI_ENABLE_STREAMING_JSON_PREVIEW and run the preview again")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the preview; give one preview, without the diagnostics that the CLI prints to stderr")
	}
	return d, nil
}

// check refuses what is not a whole and successful preview.
func (d *digest) check(refresh bool) error {
	for _, m := range d.Diagnostics {
		if m.Severity == "error" {
			return fmt.Errorf("the preview failed: %s", strings.TrimSpace(WithoutValues(m.Message)))
		}
	}
	if d.MaybeCorrupt {
		return errors.New("the engine says that the state may be corrupt; repair the stack first")
	}
	if d.Duration != nil && len(d.Steps) == 0 && len(d.ChangeSummary) == 0 && len(d.Diagnostics) == 0 {
		return ErrEmpty
	}
	if d.Duration == nil || d.ChangeSummary == nil {
		return errors.New("it has no summary, so it did not finish or is no preview; run pulumi preview --json --show-sames again")
	}
	if len(d.Steps) == 0 {
		return errors.New("it has no step though its summary counts some; it is not whole")
	}
	shown := map[string]int{}
	for _, s := range d.Steps {
		shown[s.Op]++
	}
	if shown["same"] < d.ChangeSummary["same"] && !refresh {
		return fmt.Errorf("it leaves out %d unchanged resources; run pulumi preview with --show-sames", d.ChangeSummary["same"]-shown["same"])
	}
	if refresh {
		// An update of which the provider gives no details is shown as unchanged.
		shown["update"] += shown["refresh"]
	}
	for _, op := range []string{"create", "update", "replace", "delete"} {
		if shown[op] < d.ChangeSummary[op] {
			return fmt.Errorf("its summary counts %d of %q where it shows %d; it is not whole", d.ChangeSummary[op], op, shown[op])
		}
	}
	if refresh {
		return d.checkRefresh()
	}
	if shown["refresh"] == len(d.Steps) {
		return errors.New("it is of a refresh; give the preview of an update or a destruction")
	}
	return nil
}

// checkRefresh refuses what is not of a refresh: something that would be made.
func (d *digest) checkRefresh() error {
	for _, s := range d.Steps {
		if op := operations[s.Op]; op == OperationCreate || op == OperationReplace {
			return fmt.Errorf("it is not of a refresh: %s has operation %q", s.URN, s.Op)
		}
	}
	return nil
}

// Steps that change nothing by themselves: they accompany another of the same URN.
var passedOver = map[string]bool{"remove-pending-replace": true, "extend-parameterize": true, "diff": true}

var operations = map[string]Operation{
	"same": OperationSame, "refresh": OperationSame,
	"create": OperationCreate, "import": OperationCreate,
	"update":  OperationUpdate,
	"replace": OperationReplace, "create-replacement": OperationReplace, "import-replacement": OperationReplace,
	"delete": OperationDelete, "delete-replaced": OperationDelete,
	"read": OperationRead, "read-replacement": OperationRead, "discard": OperationRead, "discard-replaced": OperationRead,
}

// plan merges the steps by URN and resolves the providers.
func (d *digest) plan() (Plan, error) {
	var p Plan
	replaced := map[string]bool{}
	for _, s := range d.Steps {
		replaced[s.URN] = replaced[s.URN] || operations[s.Op] == OperationReplace
	}
	at := map[string]int{} // by URN and whether it is a delete
	providers := map[string]map[string]any{}
	for i, s := range d.Steps {
		if passedOver[s.Op] || s.Op == "delete-replaced" && replaced[s.URN] || s.leftOut() {
			continue
		}
		r, err := s.resource()
		if err == nil {
			err = p.adopt(s.URN)
		}
		if err != nil {
			return Plan{}, fmt.Errorf("step %d: %w", i, err)
		}
		if strings.HasPrefix(r.Type, "pulumi:providers:") {
			providers[r.URN] = r.current()
		}
		key := r.URN
		if r.Operation == OperationDelete {
			key += " deleted"
		}
		was, seen := at[key]
		switch {
		case !seen:
			at[key] = len(p.Resources)
			p.Resources = append(p.Resources, r)
		case p.Resources[was].Operation == OperationReplace || s.Op == "refresh":
		default:
			p.Resources[was] = r
		}
	}
	if len(p.Resources) == 0 {
		return Plan{}, errors.New("none of its steps is about a resource")
	}
	for i := range p.Resources {
		p.Resources[i].Provider.resolve(providers, d.Config)
	}
	return p, nil
}

// leftOut tells whether a step stands for a resource that does not exist and
// that the run, limited to some targets, will not make: the engine shows it as
// unchanged, with inputs that nobody has checked.
func (s *step) leftOut() bool {
	return s.Op == "same" && s.NewState != nil && s.NewState.Custom && s.NewState.ID == "" && (s.OldState == nil || s.OldState.ID == "")
}

// adopt takes project and stack from a URN, and refuses one of another stack.
func (p *Plan) adopt(urn string) error {
	parts := strings.Split(urn, "::")
	stack := strings.TrimPrefix(parts[0], "urn:pulumi:")
	if p.Stack == "" {
		p.Stack, p.Project = stack, parts[1]
	}
	if p.Stack != stack || p.Project != parts[1] {
		return fmt.Errorf("%s is of another stack than %s of %s", urn, p.Stack, p.Project)
	}
	return nil
}

// resource makes a resource of one step.
func (s *step) resource() (Resource, error) {
	parts := strings.SplitN(s.URN, "::", 4)
	stack, isURN := strings.CutPrefix(parts[0], "urn:pulumi:")
	if !isURN || len(parts) != 4 || slices.Contains(parts, "") || stack == "" {
		return Resource{}, fmt.Errorf("%q is no URN", s.URN)
	}
	op, known := operations[s.Op]
	if !known {
		return Resource{}, fmt.Errorf("%s: operation %q is not known to this version of Tenantform", s.URN, s.Op)
	}
	last := s.NewState
	if op == OperationDelete || last == nil && (op == OperationRead || s.Op == "refresh") {
		last = s.OldState
	}
	if last == nil || s.OldState == nil && (op == OperationUpdate || op == OperationReplace || op == OperationSame) {
		return Resource{}, fmt.Errorf("%s: a step %q lacks a state", s.URN, s.Op)
	}
	if last.URN != s.URN || last.Type == "" || !strings.HasSuffix("$"+parts[2], "$"+last.Type) {
		return Resource{}, fmt.Errorf("%s: its state is of %q and type %q", s.URN, last.URN, last.Type)
	}
	r := Resource{
		URN: s.URN, Type: last.Type, Name: parts[3], Operation: op, Custom: last.Custom, Protected: last.Protect,
		Parent: last.Parent, Dependencies: last.Dependencies, Provider: Provider{URN: providerURN(last.Provider, s.Provider)},
	}
	for k, urns := range last.PropertyDependencies {
		if len(urns) > 0 {
			if r.PropertyDependencies == nil {
				r.PropertyDependencies = map[string][]string{}
			}
			r.PropertyDependencies[k] = urns
		}
	}
	if s.NewState != nil && op != OperationDelete {
		r.Inputs, r.ID = marked(s.NewState.Inputs), s.NewState.ID
	}
	if s.OldState != nil && op != OperationCreate {
		r.OldInputs, r.WasProtected = marked(s.OldState.Inputs), new(s.OldState.Protect)
		if r.ID == "" && op != OperationReplace {
			r.ID = s.OldState.ID
		}
	}
	if _, unknown := Raw(r.ID); unknown {
		r.ID = ""
	}
	r.ID = VisibleID(r.ID, r.Inputs, r.OldInputs)
	if op == OperationUpdate || op == OperationReplace {
		r.Changed = slices.Sorted(maps.Keys(s.DetailedDiff))
		if len(r.Changed) == 0 {
			r.Changed = sorted(s.DiffReasons)
		}
		r.ReplaceKeys = sorted(s.ReplaceReasons)
	}
	return r, nil
}

// current gives the inputs that hold after the run, or held before a delete.
func (r *Resource) current() map[string]any {
	if r.Operation == OperationDelete {
		return r.OldInputs
	}
	return r.Inputs
}

// marked marks a state's inputs; never nil, since the state was there.
func marked(inputs map[string]any) map[string]any {
	out := make(map[string]any, len(inputs))
	for k, v := range inputs {
		out[k] = Mark(v)
	}
	return out
}

func sorted(s []string) []string {
	if len(s) == 0 {
		return nil
	}
	return slices.Sorted(slices.Values(s))
}

// providerURN cuts the id off a reference to a provider.
func providerURN(references ...string) string {
	for _, ref := range references {
		if i := strings.LastIndex(ref, "::"); i > 0 {
			return ref[:i]
		}
	}
	return ""
}
