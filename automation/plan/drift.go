package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Observed is a stack as its cloud has it, and how that differs from what the
// stack's state has recorded.
type Observed struct {
	// Deployed has what is still there with the inputs that it has now, each
	// resource unchanged, or read where the stack does not manage it.
	Deployed Plan `json:"deployed"`
	// Drifted are in the engine's order; none when all is as recorded.
	Drifted []Drifted `json:"drifted"`
}

// DriftKind is what became of a resource behind the engine's back.
type DriftKind string

// The kinds.
const (
	DriftChanged DriftKind = "changed" // a property is not as recorded, and an update would set it again
	DriftDeleted DriftKind = "deleted" // it is gone
	// DriftBeside is a difference in what no program sets: an output, a default, a
	// property that the program ignores, or a resource that the stack only reads. No
	// update takes it back. Some of these change by themselves.
	DriftBeside DriftKind = "beside"
)

// Drifted is a resource that is not as recorded.
type Drifted struct {
	URN        string       `json:"urn"`
	Type       string       `json:"type"`
	Name       string       `json:"name"`
	ID         string       `json:"id"`
	Kind       DriftKind    `json:"kind"`
	Properties []Difference `json:"properties,omitempty"` // by path; none of what is gone
}

// Difference is one property that differs. Paths are Pulumi's: "tags.owner",
// `tags["a.b"]`, "rules[2].port". Nil stands for a side that lacks the property.
// Secrets are marked, on both sides where one of them is secret.
type Difference struct {
	Path     string `json:"path"`
	Recorded any    `json:"recorded,omitempty"`
	Found    any    `json:"found,omitempty"`
}

// whole is what a refresh's step says beside what a Plan takes of it.
type whole struct {
	Outputs  map[string]any `json:"outputs"`
	External bool           `json:"external"` // read, and managed elsewhere
	Delete   bool           `json:"delete"`   // replaced, and not deleted yet
}

// Outcome is how the refresh of one resource ended, as the engine's event tells it.
type Outcome struct {
	URN       string
	Operation string // same, update or delete
	Old, New  *Properties
	Differ    []string // paths of the properties that differ, as the provider names them
}

// Properties are those of a resource in an event, as they are there.
type Properties struct {
	ID              string
	Inputs, Outputs map[string]any
	Delete          bool // replaced, and not deleted yet
	External        bool // read, and managed elsewhere
}

// ObservedFromRefreshJSON reads the output of
//
//	pulumi refresh --preview-only --json --show-sames
//
// as FromRefreshJSON does, with the differences by property. That output has the
// resources' place in the stack, but shows as unchanged, with their old
// properties, all that a provider gives no detailed difference of; outcomes, of
// the same run, say what it leaves out, and are refused where they lack a resource;
// nil outcomes are none. A value that the state has as secret stays
// masked when the provider gives it in plain text.
func ObservedFromRefreshJSON(r io.Reader, outcomes []Outcome) (Observed, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxPreview+1))
	if err != nil {
		return Observed{}, unusable(err)
	}
	d, err := decode(bytes.NewReader(text))
	var rest struct {
		Steps []wholes `json:"steps"`
	}
	if err == nil {
		err = json.Unmarshal(text, &rest)
	}
	if err == nil && outcomes != nil {
		err = d.tell(rest.Steps, outcomes)
	}
	if err == nil {
		err = d.check(true)
	}
	if err != nil {
		return Observed{}, unusable(err)
	}
	return d.observed(rest.Steps)
}

// wholes are the two sides of a step.
type wholes struct {
	Old *whole `json:"oldState"`
	New *whole `json:"newState"`
}

// tell puts the outcomes into the steps that they are of.
func (d *digest) tell(sides []wholes, outcomes []Outcome) error {
	type key struct {
		urn, id string
		delete  bool
	}
	at := make(map[key]Outcome, len(outcomes))
	for _, o := range outcomes {
		if o.Old != nil {
			at[key{o.URN, o.Old.ID, o.Old.Delete}] = o
		}
	}
	for i := range d.Steps {
		s, side := &d.Steps[i], &sides[i]
		if s.OldState == nil || side.Old == nil {
			continue
		}
		o, told := at[key{s.URN, s.OldState.ID, side.Old.Delete}]
		switch {
		case !told && s.OldState.Custom && !strings.HasPrefix(s.OldState.Type, "pulumi:"):
			return fmt.Errorf("the engine's events do not say what became of %s", s.URN)
		case !told:
			continue
		}
		side.Old.Outputs, side.Old.External = o.Old.Outputs, side.Old.External || o.Old.External
		if o.New == nil {
			if o.Operation == "delete" {
				s.Op, s.NewState, side.New = "delete", nil, nil
			}
			continue
		}
		if o.Operation == "update" {
			s.Op, s.DetailedDiff = "update", make(map[string]any, len(o.Differ))
			for _, path := range o.Differ {
				s.DetailedDiff[path] = nil
			}
		}
		now := *s.OldState
		if s.NewState != nil {
			now = *s.NewState
		}
		now.ID, now.Inputs = o.New.ID, o.New.Inputs
		s.NewState, side.New = &now, &whole{Outputs: o.New.Outputs, External: o.New.External}
	}
	return nil
}

// observed says what differs in the steps, and what is deployed.
func (d *digest) observed(sides []wholes) (Observed, error) {
	var o Observed
	external := map[string]bool{}
	for i := range d.Steps {
		s := &d.Steps[i]
		before, after := sides[i].Old, sides[i].New
		if s.OldState == nil || before == nil || !s.OldState.Custom || strings.HasPrefix(s.OldState.Type, "pulumi:") {
			continue
		}
		external[s.URN] = before.External
		if before.Delete {
			continue // it waits to be deleted: nobody misses it
		}
		before.Outputs = alike(before.Outputs, s.OldState.Inputs)
		if after != nil && s.NewState != nil {
			after.Outputs = alike(after.Outputs, s.OldState.Inputs, before.Outputs)
			s.NewState.Inputs = alike(s.NewState.Inputs, s.OldState.Inputs, before.Outputs)
		}
		drifted, err := s.drifted(before, after)
		if err != nil {
			return Observed{}, unusable(fmt.Errorf("step %d: %w", i, err))
		}
		if drifted.Kind != "" {
			o.Drifted = append(o.Drifted, drifted)
		}
	}
	p, err := d.plan()
	if err != nil {
		return Observed{}, unusable(err)
	}
	o.Deployed = Plan{Project: p.Project, Stack: p.Stack}
	for _, r := range p.Resources {
		if r.Operation == OperationDelete {
			continue
		}
		r.Operation, r.OldInputs, r.Changed, r.ReplaceKeys = OperationSame, r.Inputs, nil, nil
		if external[r.URN] {
			r.Operation = OperationRead
		}
		o.Deployed.Resources = append(o.Deployed.Resources, r)
	}
	return o, nil
}

// drifted says how the resource of a step differs; one without a kind does not.
func (s *step) drifted(before, after *whole) (Drifted, error) {
	r, err := s.resource()
	if err != nil {
		return Drifted{}, err
	}
	d := Drifted{URN: r.URN, Type: r.Type, Name: r.Name, ID: s.OldState.ID}
	switch {
	case r.Operation == OperationDelete || s.NewState == nil || after == nil:
		d.Kind = DriftDeleted
		return d, nil
	case r.Operation == OperationUpdate && !before.External:
		d.Kind = DriftChanged
		d.Properties = s.changed(before, after)
		return d, nil
	}
	if d.Properties = differences(marked(before.Outputs), marked(after.Outputs)); len(d.Properties) > 0 {
		d.Kind = DriftBeside
	}
	return d, nil
}

// changed gives the differences that the provider names, and where it names none
// those of the inputs, or else of the outputs. It is never empty.
func (s *step) changed(before, after *whole) []Difference {
	inputs := [2]map[string]any{marked(s.OldState.Inputs), marked(s.NewState.Inputs)}
	outputs := [2]map[string]any{marked(before.Outputs), marked(after.Outputs)}
	var all []Difference
	for _, path := range slices.Sorted(maps.Keys(s.DetailedDiff)) {
		d := Difference{Path: path, Recorded: at(inputs[0], path), Found: at(inputs[1], path)}
		// What is no input on one side can be an output there: a default that the
		// program did not set, and that is another now.
		if d.Recorded == nil {
			if v := at(outputs[0], path); !reflect.DeepEqual(v, d.Found) {
				d.Recorded = v
			}
		}
		if d.Found == nil {
			if v := at(outputs[1], path); !reflect.DeepEqual(v, d.Recorded) {
				d.Found = v
			}
		}
		all = append(all, d.masked())
	}
	if len(all) == 0 {
		all = differences(inputs[0], inputs[1])
	}
	if len(all) == 0 {
		all = differences(outputs[0], outputs[1])
	}
	if len(all) == 0 {
		for _, key := range sorted(s.DiffReasons) {
			all = append(all, Difference{Path: key, Recorded: at(inputs[0], key), Found: at(inputs[1], key)}.masked())
		}
	}
	if len(all) == 0 {
		all = []Difference{{}}
	}
	return all
}

// differences gives what differs between two sets of properties, by path. What
// Pulumi keeps for itself, under names with two underscores, is left out. Lists
// are compared place by place where they are of one length, else as a whole.
func differences(before, after map[string]any) []Difference {
	var all []Difference
	for _, key := range keys(before, after) {
		if !strings.HasPrefix(key, "__") {
			all = difference(all, member("", key), before[key], after[key])
		}
	}
	return all
}

func difference(all []Difference, path string, before, after any) []Difference {
	if reflect.DeepEqual(before, after) {
		return all
	}
	b, isMap := before.(map[string]any)
	a, isToo := after.(map[string]any)
	if isMap && isToo && !isMarked(b) && !isMarked(a) {
		for _, key := range keys(b, a) {
			all = difference(all, member(path, key), b[key], a[key])
		}
		return all
	}
	l, isList := before.([]any)
	m, isToo := after.([]any)
	if isList && isToo && len(l) == len(m) {
		for i := range l {
			all = difference(all, fmt.Sprintf("%s[%d]", path, i), l[i], m[i])
		}
		return all
	}
	return append(all, Difference{Path: path, Recorded: before, Found: after}.masked())
}

// masked masks on each side what is secret on the other.
func (d Difference) masked() Difference {
	d.Found = secretAs(d.Found, d.Recorded)
	d.Recorded = secretAs(d.Recorded, d.Found)
	return d
}

func keys(a, b map[string]any) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]any{}
	}
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// member gives the path of a property of an object.
func member(path, key string) string {
	switch {
	case key == "" || strings.ContainsAny(key, `.["]`):
		return path + "[" + strconv.Quote(key) + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

func isMarked(m map[string]any) bool { return m[UnknownKey] == true || m[SecretKey] == true }

// at gives the value at a path; nil where there is none. What is below a secret
// is secret.
func at(properties map[string]any, path string) any {
	var v any = properties
	for path != "" {
		key, index, rest := first(path)
		path = rest
		switch in := v.(type) {
		case map[string]any:
			if isMarked(in) {
				return in
			}
			v = in[key]
		case []any:
			if index < 0 || index >= len(in) {
				return nil
			}
			v = in[index]
		default:
			return nil
		}
	}
	return v
}

// first takes the first part off a path: a name or a place in a list, -1 for
// none.
func first(path string) (key string, index int, rest string) {
	path = strings.TrimPrefix(path, ".")
	if !strings.HasPrefix(path, "[") {
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			return path, -1, ""
		}
		return path[:end], -1, path[end:]
	}
	if quoted, err := strconv.QuotedPrefix(path[1:]); err == nil {
		key, err = strconv.Unquote(quoted)
		if rest, ok := strings.CutPrefix(path[1+len(quoted):], "]"); ok && err == nil {
			return key, -1, rest
		}
	}
	inner, rest, _ := strings.Cut(path[1:], "]")
	n, err := strconv.Atoi(inner)
	if err != nil {
		return inner, -1, rest
	}
	return inner, n, rest
}

// alike masks in properties what any of the recorded ones has as secret.
func alike(properties map[string]any, recorded ...map[string]any) map[string]any {
	out := maps.Clone(properties)
	for key, v := range out {
		for _, r := range recorded {
			v = secretAs(v, Mark(r[key]))
		}
		out[key] = v
	}
	return out
}

// secretAs masks in v what is secret in the recorded value, which is marked. The
// elements of a list may have changed their places: where one of them was secret
// and the list is not as it was, the whole of it is masked.
func secretAs(v, recorded any) any {
	switch r := recorded.(type) {
	case map[string]any:
		if r[SecretKey] == true {
			if v == nil {
				return nil
			}
			return Secret()
		}
		in, ok := v.(map[string]any)
		if !ok {
			if v != nil && holdsSecret(r) {
				return Secret()
			}
			return v
		}
		out := maps.Clone(in)
		for key, e := range out {
			out[key] = secretAs(e, r[key])
		}
		return out
	case []any:
		if v == nil || !holdsSecret(r) {
			return v
		}
		if in, ok := v.([]any); ok && len(in) == len(r) {
			out := slices.Clone(in)
			for i := range out {
				out[i] = secretAs(out[i], r[i])
			}
			if reflect.DeepEqual(Mark(out), recorded) {
				return out
			}
		}
		return Secret()
	}
	return v
}

func holdsSecret(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return v[SecretKey] == true || slices.ContainsFunc(slices.Collect(maps.Values(v)), holdsSecret)
	case []any:
		return slices.ContainsFunc(v, holdsSecret)
	}
	return false
}
