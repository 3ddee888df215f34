package main

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenantform/tenantform/internal/events"
	"github.com/tenantform/tenantform/internal/typeschema"
	"github.com/tenantform/tenantform/tenants"
)

// page is the schema of one or more types of event with the same data.
type page struct {
	name  string // of the file
	title string
	types []string // of events
	data  reflect.Type
}

// pages gives every schema.
func pages() []page {
	var asked []string
	for _, kind := range tenants.OperationKinds() {
		asked = append(asked, events.RequestedType(kind))
	}
	return []page{
		{"tenant-requested.v1", "Services are asked to take part in an operation on a tenant", asked, reflect.TypeFor[events.Requested]()},
		{"service-answered.v1", "A service answers", []string{events.TypeAnswered}, reflect.TypeFor[events.Answer]()},
		{"operation-failed.v1", "An operation failed", []string{events.TypeFailed}, reflect.TypeFor[events.Failed]()},
		{"message-undeliverable.v1", "A message that nobody could deal with", []string{events.TypeUndeliverable}, reflect.TypeFor[events.Undeliverable]()},
	}
}

// object and member are short for the parts of a schema.
type (
	object = typeschema.Object
	member = typeschema.Member
)

// schema gives the schema of whole events: the envelope with its data.
func (d *docs) schema(p page) object {
	definitions := map[string]object{}
	envelope := d.structSchema(reflect.TypeFor[events.Event](), definitions)
	data := d.typeSchema(p.data, "", definitions)
	var defs object
	names := make([]string, 0, len(definitions))
	for name := range definitions {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		defs = append(defs, member{name, definitions[name]})
	}
	return append(object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "urn:tenantform:event:" + p.name},
		{"title", p.title},
		{"$comment", "Written by go generate from the types of internal/events. What a schema does not name is allowed, and to be ignored."},
	}, replaced(envelope, map[string]object{
		"type": {{"description", "Says what the data is"}, {"enum", p.types}},
		"data": data,
	}, member{"$defs", defs})...)
}

// replaced gives an object's schema with other schemas for some of its properties.
func replaced(of object, with map[string]object, more ...member) object {
	var out object
	for _, m := range of {
		if m.Key() == "properties" {
			var properties object
			for _, p := range m[1].(object) {
				if other, ok := with[p.Key()]; ok {
					p[1] = other
				}
				properties = append(properties, p)
			}
			m[1] = properties
		}
		out = append(out, m)
	}
	return append(out, more...)
}

func (d *docs) structSchema(t reflect.Type, definitions map[string]object) object {
	var properties object
	required := []string{}
	for _, f := range typeschema.Fields(t) {
		says := d.Fields[t.String()+"."+f.GoName]
		if says == "" {
			says = d.Types[f.Type.String()]
		}
		if says == "" && !obvious(f.Name) {
			d.missing = append(d.missing, t.String()+"."+f.GoName)
		}
		p := object{}
		if says != "" {
			p = append(p, member{"description", says})
		}
		p = append(p, d.typeSchema(f.Type, f.Tag, definitions)...)
		if !f.Optional && (f.Type.Kind() == reflect.Slice || f.Type.Kind() == reflect.Map) && strings.HasPrefix(t.PkgPath(), "github.com/tenantform/tenantform/tenants") {
			p = orNull(p)
		}
		properties = append(properties, member{f.Name, p})
		if !f.Optional {
			required = append(required, f.Name)
		}
	}
	return object{{"type", "object"}, {"properties", properties}, {"required", required}}
}

// orNull lets a list be null, as the vocabulary's lists are when there is none.
func orNull(o object) object {
	for i, m := range o {
		if m.Key() == "type" {
			o[i][1] = []string{m[1].(string), "null"}
		}
	}
	return o
}

// obvious says whether a field's name says it all.
func obvious(name string) bool {
	return slices.Contains([]string{"data", "datacontenttype", "specversion", "id", "tenantId", "name", "startedAt", "endedAt", "createdAt", "updatedAt",
		"steps", "status", "tenant", "placements", "functions", "kind", "error", "fromTier", "toTier", "progress", "addedAt", "functionName", "actions", "resources", "handler", "model"}, name)
}

func (d *docs) typeSchema(t reflect.Type, tag reflect.StructTag, definitions map[string]object) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{{"type", "string"}, {"format", "date-time"}}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{}
	case t == reflect.TypeFor[[]byte]():
		return object{{"type", "string"}, {"contentEncoding", "base64"}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return d.typeSchema(t.Elem(), tag, definitions)
	case reflect.Struct:
		name := strings.ReplaceAll(t.String(), ".", "-")
		if _, ok := definitions[name]; !ok {
			definitions[name] = nil // for types that hold themselves
			body := d.structSchema(t, definitions)
			definitions[name] = append(object{{"description", d.Types[t.String()]}}, body...)
		}
		return object{{"$ref", "#/$defs/" + name}}
	case reflect.Slice:
		return limited(object{{"type", "array"}, {"items", d.typeSchema(t.Elem(), "", definitions)}}, tag, "minItems", "maxItems")
	case reflect.Map:
		return object{{"type", "object"}, {"additionalProperties", d.typeSchema(t.Elem(), "", definitions)}}
	case reflect.Bool:
		return object{{"type", "boolean"}}
	case reflect.Int, reflect.Int64:
		o := object{{"type", "integer"}}
		if n, err := strconv.Atoi(tag.Get("minimum")); err == nil {
			o = append(o, member{"minimum", n})
		}
		return o
	case reflect.Float64:
		return object{{"type", "number"}}
	}
	o := limited(object{{"type", "string"}}, tag, "minLength", "maxLength")
	values := d.Values[t.String()]
	if one := tag.Get("enum"); one != "" {
		values = []string{one}
	}
	if len(values) > 0 {
		o = append(o, member{"enum", values})
	}
	for _, key := range []string{"pattern", "format"} {
		if v := tag.Get(key); v != "" {
			o = append(o, member{key, v})
		}
	}
	return o
}

func limited(o object, tag reflect.StructTag, low, high string) object {
	if n, err := strconv.Atoi(tag.Get("min")); err == nil {
		o = append(o, member{low, n})
	}
	if n, err := strconv.Atoi(tag.Get("max")); err == nil {
		o = append(o, member{high, n})
	}
	return o
}
