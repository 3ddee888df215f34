package names

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/pulumi/inflector"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Property is one property of an object, under both its names.
type Property struct {
	AWS    string // what pulumi-aws calls it
	Bridge string // what the bridge calls it when left to itself
	Single bool   // a list for Terraform that pulumi-aws has as one object
	Kind   string // "list", "map", "object" or empty, as in Shape
	Wrap   Wrap
	Asset  *Asset
	Within bool    // its object is not described, as in Shape
	Object *Object // fields of the object, or of the list's elements; nil when it has none
}

// Wrap says how a property's shapes differ between the two sides.
type Wrap int

const (
	// Same is for shapes that do not differ.
	Same Wrap = iota
	// ListOfOne is for what is one object for pulumi-aws, and for the bridge a list with one element.
	ListOfOne
	// OneOfList is for what is a list for pulumi-aws, and for the bridge its only element.
	OneOfList
)

// Asset says that a property is an archive for pulumi-aws and, for Terraform, the
// path of a file beside a property with the file's hash.
type Asset struct {
	HashBridge string // what the bridge calls the base64 of the file's SHA-256
}

// Object is the properties of a type or of an object in one.
type Object struct {
	aws, bridge map[string]*Property
}

// Properties gives the properties, by the name in pulumi-aws.
func (o *Object) Properties() map[string]*Property { return o.aws }

// Reshaped tells whether a value in the map of pulumi-aws's, at any depth, has
// another shape on the other side.
func (o *Object) Reshaped(m resource.PropertyMap) bool {
	for k, v := range m {
		p, ok := o.ByAWS(string(k))
		if ok && !v.IsNull() && (p.Wrap != Same || p.Asset != nil || p.Object.reshaped(v)) {
			return true
		}
	}
	return false
}

func (o *Object) reshaped(v resource.PropertyValue) bool {
	switch {
	case o == nil:
		return false
	case v.IsSecret():
		return o.reshaped(v.SecretValue().Element)
	case v.IsOutput():
		return o.reshaped(v.OutputValue().Element)
	case v.IsArray():
		return slices.ContainsFunc(v.ArrayValue(), o.reshaped)
	case v.IsObject():
		return o.Reshaped(v.ObjectValue())
	}
	return false
}

// ByBridge gives the property that the bridge calls so.
func (o *Object) ByBridge(name string) (*Property, bool) {
	if o == nil {
		return nil, false
	}
	p, ok := o.bridge[name]
	return p, ok
}

// ByAWS gives the property that pulumi-aws calls so.
func (o *Object) ByAWS(name string) (*Property, bool) {
	if o == nil {
		return nil, false
	}
	p, ok := o.aws[name]
	return p, ok
}

// build names what is in a block. overrides are those of the type, by path.
func build(block Block, overrides map[string]override, path string) (*Object, error) {
	o := &Object{aws: map[string]*Property{}, bridge: map[string]*Property{}}
	for name, shape := range block {
		at := strings.TrimPrefix(path+"."+name, ".")
		ov := overrides[at]
		one := shape.One
		switch ov.shape {
		case single:
			one = true
		case list:
			one = false
		}
		p := &Property{Kind: shape.Kind, Single: one, Within: shape.Within, AWS: ov.name, Bridge: camel(plural(name, shape, shape.One, block)), Asset: ov.asset}
		if p.AWS == "" {
			p.AWS = camel(plural(name, shape, one, block))
		}
		switch {
		case one && !shape.One:
			p.Wrap = ListOfOne
		case !one && shape.One:
			p.Wrap = OneOfList
		}
		if len(shape.Fields) > 0 {
			var err error
			if p.Object, err = build(shape.Fields, overrides, at); err != nil {
				return nil, err
			}
		}
		if other, taken := o.aws[p.AWS]; taken {
			return nil, fmt.Errorf("names: %s: two properties are called %s; the other is the bridge's %s", at, p.AWS, other.Bridge)
		}
		o.aws[p.AWS], o.bridge[p.Bridge] = p, p
	}
	return o, nil
}

// plural is the rule of Pulumi's bridge (TerraformToPulumiNameV2 in
// pulumi-terraform-bridge): what becomes an array has a plural name, unless that
// is already taken.
func plural(name string, shape *Shape, one bool, among Block) string {
	if shape.Kind != "list" || one {
		return name
	}
	candidate := inflector.Pluralize(name)
	if _, taken := among[candidate]; taken {
		return name
	}
	return candidate
}

// camel makes "vpcId" of "vpc_id".
func camel(name string) string {
	var b strings.Builder
	up := false
	for i, r := range name {
		if r == '_' && i > 0 {
			up = true
			continue
		}
		if up {
			r = unicode.ToUpper(r)
		}
		b.WriteRune(r)
		up = false
	}
	return b.String()
}
