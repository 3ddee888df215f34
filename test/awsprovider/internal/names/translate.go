package names

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// defaultsKey is where the engine's bridge records which inputs it filled in: a
// list of property names.
const defaultsKey = "__defaults"

// Direction is which way a translation goes.
type Direction bool

const (
	// ToBridge is from pulumi-aws to the bridge.
	ToBridge Direction = true
	// ToAWS is from the bridge to pulumi-aws.
	ToAWS Direction = false
)

// Translate gives a property map under the other side's names and shapes. What
// the object does not know is left as it is. Archives are left too: they are
// turned into files by whoever can write these.
func (o *Object) Translate(m resource.PropertyMap, d Direction) resource.PropertyMap {
	if m == nil {
		return nil
	}
	out := make(resource.PropertyMap, len(m))
	for k, v := range m {
		p, ok := o.find(string(k), d)
		switch {
		case ok:
			out[resource.PropertyKey(p.name(!d))] = p.translate(v, d)
		case k == defaultsKey && v.IsArray():
			out[k] = o.translateNames(v, d)
		default:
			out[k] = v
		}
	}
	return out
}

// translateNames translates a list of property names.
func (o *Object) translateNames(v resource.PropertyValue, d Direction) resource.PropertyValue {
	var out []resource.PropertyValue
	for _, e := range v.ArrayValue() {
		if e.IsString() {
			if p, ok := o.find(e.StringValue(), d); ok {
				e = resource.NewProperty(p.name(!d))
			}
		}
		out = append(out, e)
	}
	return resource.NewProperty(out)
}

// find looks a property up by its name on the side that a translation comes from.
func (o *Object) find(name string, from Direction) (*Property, bool) {
	if from == ToBridge {
		return o.ByAWS(name)
	}
	return o.ByBridge(name)
}

// name gives the property's name on the side that a translation of that
// direction comes from.
func (p *Property) name(from Direction) string {
	if from == ToBridge {
		return p.AWS
	}
	return p.Bridge
}

// translate gives a value under the other side's names and shapes.
func (p *Property) translate(v resource.PropertyValue, d Direction) resource.PropertyValue {
	switch {
	case v.IsSecret():
		return resource.MakeSecret(p.translate(v.SecretValue().Element, d))
	case v.IsOutput():
		o := v.OutputValue()
		o.Element = p.translate(o.Element, d)
		return resource.NewProperty(o)
	case v.IsNull() || v.IsComputed():
		return v
	}
	put := p.Wrap == ListOfOne && d == ToBridge || p.Wrap == OneOfList && d == ToAWS
	take := p.Wrap == ListOfOne && d == ToAWS || p.Wrap == OneOfList && d == ToBridge
	if take && v.IsArray() {
		list := v.ArrayValue()
		if len(list) == 0 {
			return resource.NewNullProperty()
		}
		v = list[0]
		if len(list) > 1 { // not for the provider's eyes: it says itself what it thinks of several
			v = resource.NewProperty(list)
		}
	}
	v = p.members(v, d)
	if put {
		v = resource.NewProperty([]resource.PropertyValue{v})
	}
	return v
}

// members translates what is inside of an object, a list of objects or a map of
// objects.
func (p *Property) members(v resource.PropertyValue, d Direction) resource.PropertyValue {
	if p.Object == nil {
		return v
	}
	switch {
	case v.IsSecret():
		return resource.MakeSecret(p.members(v.SecretValue().Element, d))
	case v.IsOutput():
		o := v.OutputValue()
		o.Element = p.members(o.Element, d)
		return resource.NewProperty(o)
	case v.IsArray():
		out := make([]resource.PropertyValue, len(v.ArrayValue()))
		for i, e := range v.ArrayValue() {
			out[i] = p.members(e, d)
		}
		return resource.NewProperty(out)
	case v.IsObject() && p.Kind == "map":
		out := resource.PropertyMap{}
		for k, e := range v.ObjectValue() {
			out[k] = e
			if e.IsObject() {
				out[k] = resource.NewProperty(p.Object.Translate(e.ObjectValue(), d))
			}
		}
		return resource.NewProperty(out)
	case v.IsObject():
		return resource.NewProperty(p.Object.Translate(v.ObjectValue(), d))
	}
	return v
}

// TranslatePath gives a property path, "rules[0].name" for example, under the
// other side's names and shapes. A path that cannot be read is left as it is.
func (o *Object) TranslatePath(path string, d Direction) string {
	parsed, err := resource.ParsePropertyPath(path)
	if err != nil {
		return path
	}
	var out resource.PropertyPath
	at := o
	for i := 0; i < len(parsed); i++ {
		name, isName := parsed[i].(string)
		p, known := at.find(name, d)
		if !isName || !known {
			out = append(out, parsed[i])
			continue
		}
		out = append(out, p.name(!d))
		at = p.Object
		next := i + 1
		_, index := element(parsed, next)
		put := p.Wrap == ListOfOne && d == ToBridge || p.Wrap == OneOfList && d == ToAWS
		switch {
		case p.Wrap != Same && put && next < len(parsed):
			out = append(out, 0)
		case p.Wrap != Same && !put && index:
			i++
		case index, p.Kind == "map" && next < len(parsed):
			out = append(out, parsed[next])
			i++
		}
	}
	return out.String()
}

// element gives the index at a place of a path.
func element(path resource.PropertyPath, at int) (int, bool) {
	if at >= len(path) {
		return 0, false
	}
	i, ok := path[at].(int)
	return i, ok
}
