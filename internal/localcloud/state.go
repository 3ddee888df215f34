package localcloud

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/urn"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"
)

// defaultsKey lists, in inputs, those that the provider filled in: the name
// that pulumi-aws uses for it.
const defaultsKey = "__defaults"

// suffixLength is how many hexadecimal digits make a name unique.
const suffixLength = 7

// state gives a resource's outputs: its inputs, what AWS sets by itself, and
// what it computes. Outputs that derive from secrets are secret.
func (k *kind) state(inputs resource.PropertyMap, rec *record, s settings) resource.PropertyMap {
	out := k.known(inputs, s)
	secret := map[string]bool{}
	for _, name := range rec.Hidden {
		secret[name] = true
	}
	for name, v := range rec.Computed {
		key := resource.PropertyKey(name)
		if _, set := out[key]; set && k.schema().fields[name] != nil {
			continue
		}
		out[key] = resource.NewPropertyValue(v)
		if secret[name] {
			out[key] = resource.MakeSecret(out[key])
		}
	}
	return out
}

// known gives the outputs that are known before AWS was asked.
func (k *kind) known(inputs resource.PropertyMap, s settings) resource.PropertyMap {
	out := make(resource.PropertyMap, len(inputs)+16)
	for name, v := range k.defaults {
		out[resource.PropertyKey(name)] = resource.NewPropertyValue(v)
	}
	for name, v := range inputs {
		if !internal(string(name)) && !v.IsNull() {
			out[name] = v
		}
	}
	if k.hasOutput("tagsAll") {
		out["tagsAll"] = allTags(inputs["tags"], s.defaultTags)
	}
	return out
}

// allTags gives a resource's own tags over the provider's.
func allTags(own resource.PropertyValue, defaults map[string]string) resource.PropertyValue {
	if reveal(own).IsComputed() {
		return own
	}
	all := resource.PropertyMap{}
	for name, v := range defaults {
		all[resource.PropertyKey(name)] = resource.NewStringProperty(v)
	}
	if v := reveal(own); v.IsObject() {
		for name, t := range v.ObjectValue() {
			all[name] = t
		}
	}
	out := resource.NewObjectProperty(all)
	if isSecret(own) {
		return resource.MakeSecret(out)
	}
	return out
}

// previewed gives the outputs of a create or update that does not happen: what
// is left out is unknown until it does. Those that an update does not touch
// are as they were. olds are the outputs and was the inputs before an update.
func (k *kind) previewed(inputs, olds, was resource.PropertyMap, s settings) resource.PropertyMap {
	out := k.known(inputs, s)
	changed := topLevels(k.diff(was, inputs))
	for name, v := range olds {
		_, set := out[name]
		if !set && k.schema().fields[string(name)] == nil && !k.changes(string(name), changed) {
			out[name] = v
		}
	}
	return out
}

// changes tells whether an update of these inputs may change a computed output.
func (k *kind) changes(output string, inputs []string) bool {
	return slices.Contains(k.changing, output) ||
		slices.ContainsFunc(k.follows[output], func(in string) bool { return slices.Contains(inputs, in) })
}

// named gives the inputs that Check answers: those it was given, and a name
// where the kind makes one and the program says none. A name once made stays.
func (k *kind) named(r *pulumirpc.CheckRequest, olds, news resource.PropertyMap) (*structpb.Struct, []failure, error) {
	if k.autoname == nil || present(news[resource.PropertyKey(k.name)]) || present(news[resource.PropertyKey(k.name+"Prefix")]) {
		return r.News, nil, nil
	}
	var name string
	if old := reveal(olds[resource.PropertyKey(k.name)]); old.IsString() && autonamed(olds, k.name) {
		name = old.StringValue()
	} else {
		made, broken, err := k.autoname.name(k, r, news)
		if err != nil || broken != nil {
			return r.News, broken, err
		}
		name = made
	}
	fields := make(map[string]*structpb.Value, len(r.News.GetFields())+2)
	for key, v := range r.News.GetFields() {
		fields[key] = v
	}
	fields[k.name] = structpb.NewStringValue(name)
	fields[defaultsKey] = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{structpb.NewStringValue(k.name)}})
	return &structpb.Struct{Fields: fields}, nil, nil
}

func (a *autoname) name(k *kind, r *pulumirpc.CheckRequest, news resource.PropertyMap) (string, []failure, error) {
	base, suffix := a.prefix+logicalName(r), ""
	if fifo := reveal(news[resource.PropertyKey(a.fifo)]); a.fifo != "" && fifo.IsBool() && fifo.BoolValue() {
		suffix = ".fifo"
	}
	if a.lower {
		base = strings.ToLower(base)
	}
	if o := r.GetAutonaming(); o != nil {
		switch o.GetMode() {
		case pulumirpc.CheckRequest_AutonamingOptions_DISABLE:
			return "", []failure{{path: k.name, reason: "a name is required: automatic naming is disabled"}}, nil
		case pulumirpc.CheckRequest_AutonamingOptions_ENFORCE, pulumirpc.CheckRequest_AutonamingOptions_PROPOSE:
			return a.prefix + o.GetProposedName() + suffix, nil, nil
		}
	}
	room := a.max - len(suffix)
	if most := room - suffixLength - 1; len(base) > most {
		base = base[:most]
	}
	made, err := resource.NewUniqueName(r.RandomSeed, base+"-", suffixLength, room, nil)
	return made + suffix, nil, err
}

// autonamed tells whether a name among inputs was made here.
func autonamed(inputs resource.PropertyMap, name string) bool {
	filled := inputs[defaultsKey]
	if !filled.IsArray() {
		return false
	}
	return slices.ContainsFunc(filled.ArrayValue(), func(v resource.PropertyValue) bool {
		return v.IsString() && v.StringValue() == name
	})
}

// logicalName gives the name that a resource has in the program.
func logicalName(r *pulumirpc.CheckRequest) string {
	if r.Name != "" {
		return r.Name
	}
	return urn.URN(r.Urn).Name()
}
