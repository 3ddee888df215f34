package localcloud

import (
	"reflect"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// shape is what a value must be.
type shape int

const (
	shapeAny shape = iota
	shapeText
	shapeWhole
	shapeNumber
	shapeBool
	shapeList
	shapeMap
	shapeObject
	shapeAsset
)

// node is a type of input, made from the SDK's own by reflection.
type node struct {
	shape  shape
	elem   *node            // of a list or map
	fields map[string]*node // of an object
	must   []string         // the fields that an object cannot do without, sorted
}

var (
	assetType      = reflect.TypeFor[pulumi.Asset]()
	archiveType    = reflect.TypeFor[pulumi.Archive]()
	assetOrArchive = reflect.TypeFor[pulumi.AssetOrArchive]()
)

// tagInSDK is the struct tag with a property's name.
const tagInSDK = "pulumi"

// newSchema reads the type of a kind's inputs. A field whose plain Go type is
// not a pointer, list, map or interface is required: so the SDK writes them.
// For the others the kind says it.
func newSchema(k *kind) *node {
	n := describe(k.args.ElementType(), map[reflect.Type]*node{})
	for _, path := range k.required {
		at := n
		above, name := "", path
		if i := strings.LastIndexByte(path, '.'); i >= 0 {
			above, name = path[:i], path[i+1:]
		}
		if above != "" {
			at = n.at(above)
		}
		at.must = slices.Sorted(slices.Values(append(at.must, name)))
	}
	return n
}

// at gives the type at a pattern path; nil when there is none.
func (n *node) at(path string) *node {
	for _, part := range strings.Split(strings.ReplaceAll(path, "[*]", ".[*]"), ".") {
		if n == nil {
			return nil
		}
		if part == "[*]" {
			n = n.elem
			continue
		}
		n = n.fields[part]
	}
	return n
}

// providerSchema is the type of the provider's own configuration.
func providerSchema() *node {
	return describe(aws.ProviderArgs{}.ElementType(), map[reflect.Type]*node{})
}

func describe(t reflect.Type, seen map[reflect.Type]*node) *node {
	switch t {
	case assetType, archiveType, assetOrArchive:
		return &node{shape: shapeAsset}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return describe(t.Elem(), seen)
	case reflect.String:
		return &node{shape: shapeText}
	case reflect.Int:
		return &node{shape: shapeWhole}
	case reflect.Float64:
		return &node{shape: shapeNumber}
	case reflect.Bool:
		return &node{shape: shapeBool}
	case reflect.Slice:
		return &node{shape: shapeList, elem: describe(t.Elem(), seen)}
	case reflect.Map:
		return &node{shape: shapeMap, elem: describe(t.Elem(), seen)}
	case reflect.Struct:
		return describeStruct(t, seen)
	}
	return &node{shape: shapeAny}
}

func describeStruct(t reflect.Type, seen map[reflect.Type]*node) *node {
	if n, ok := seen[t]; ok {
		return n
	}
	n := &node{shape: shapeObject, fields: make(map[string]*node, t.NumField())}
	seen[t] = n
	for f := range t.Fields() {
		name, ok := f.Tag.Lookup(tagInSDK)
		if !ok {
			continue
		}
		n.fields[name] = describe(f.Type, seen)
		switch f.Type.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		default:
			n.must = append(n.must, name)
		}
	}
	slices.Sort(n.must)
	return n
}

// hasOutput tells whether the SDK's resource type has an output.
func (k *kind) hasOutput(name string) bool {
	t := k.resource.ElementType()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	for f := range t.Fields() {
		if f.Tag.Get(tagInSDK) == name {
			return true
		}
	}
	return false
}
