package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// object is a JSON object that keeps its order.
type object []member

type member struct {
	key   string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, v := range []any{m.key, m.value} {
			if j > 0 {
				b.WriteByte(':')
			}
			var text bytes.Buffer
			enc := json.NewEncoder(&text)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(v); err != nil {
				return nil, err
			}
			b.Write(bytes.TrimSpace(text.Bytes()))
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// rendered gives the schema's JSON, indented.
func rendered(o object) ([]byte, error) {
	text, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Indent(&out, text, "", "  ")
	out.WriteByte('\n')
	return out.Bytes(), err
}

// structs are the types that have a definition of their own, in the order of the page.
func structs() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[policies.Input](), reflect.TypeFor[plan.Plan](), reflect.TypeFor[plan.Resource](), reflect.TypeFor[plan.Provider](),
		reflect.TypeFor[policies.Subject](), reflect.TypeFor[policies.Release](), reflect.TypeFor[tenants.Catalogue](), reflect.TypeFor[tenants.Tier](),
	}
}

// fixed are what the types alone do not say, by type and field.
func fixed() map[string]member {
	return map[string]member{
		"Input.version":   {"const", policies.InputVersion},
		"Subject.account": {"pattern", "^([0-9]{12})?$"},
	}
}

// The engine's forms of unknown and secret values, which package plan marks.
const (
	signature       = "4dabf18193072939515e22adb298388d"
	signatureSecret = "1b47061264138c4ac30d75fd1eb44270"
	signatureOutput = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
	unknownText     = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	secretText      = "[secret]"
)

const valueNote = "a value of a property; what is not known before the run, and what is secret, is marked and never text"

// schema gives the schema of an input.
func schema(d docs) (object, error) {
	definitions := object{{"Value", valueSchema()}}
	for _, t := range structs() {
		s, err := structSchema(d, t)
		if err != nil {
			return nil, err
		}
		definitions = append(definitions, member{t.Name(), s})
	}
	return object{
		{"$schema", "http://json-schema.org/draft-07/schema#"},
		{"title", "Input of the policies"},
		{"allOf", []object{{{"$ref", "#/definitions/Input"}}}},
		{"definitions", definitions},
	}, nil
}

func structSchema(d docs, t reflect.Type) (object, error) {
	about, ok := d.types[t.String()]
	if !ok {
		return nil, fmt.Errorf("type %s has no documentation", t)
	}
	var properties object
	required := []string{}
	for _, f := range fields(t) {
		says := d.says(t, f)
		if says == "" && !f.obvious() {
			return nil, fmt.Errorf("%s.%s has no documentation", t, f.goName)
		}
		p := object{}
		if says != "" {
			p = append(p, member{"description", says})
		}
		p = append(p, typeSchema(d, f.typ, !f.optional)...)
		if more, ok := fixed()[t.Name()+"."+f.name]; ok {
			p = append(p, more)
		}
		properties = append(properties, member{f.name, p})
		if !f.optional {
			required = append(required, f.name)
		}
	}
	return object{
		{"description", about}, {"type", "object"}, {"properties", properties},
		{"required", required}, {"additionalProperties", false},
	}, nil
}

// field is a field of a struct as JSON has it.
type field struct {
	name, goName string
	typ          reflect.Type
	optional     bool // left out when empty
}

// says gives the documentation of a field, or of the struct that it is of.
func (d docs) says(t reflect.Type, f field) string {
	if text := d.fields[t.String()+"."+f.goName]; text != "" {
		return text
	}
	return d.types[named(f.typ)]
}

// obvious tells whether a field's name says it all.
func (f field) obvious() bool {
	return f.name == "urn" || f.name == "type" || f.name == "project" || f.name == "stack" || f.name == "name"
}

func fields(t reflect.Type) []field {
	var all []field
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		all = append(all, field{name, f.Name, f.Type, strings.Contains(options, "omitempty")})
	}
	return all
}

// typeSchema gives the members that say of what type a value is. A list or map
// that is always written is null when there is none.
func typeSchema(d docs, t reflect.Type, always bool) object {
	orNull := func(name string) any {
		if always {
			return []string{name, "null"}
		}
		return name
	}
	switch t.Kind() {
	case reflect.Pointer:
		return typeSchema(d, t.Elem(), false)
	case reflect.Struct:
		// Beside a reference a draft 7 schema says nothing.
		return object{{"allOf", []object{{{"$ref", "#/definitions/" + t.Name()}}}}}
	case reflect.Slice:
		return object{{"type", orNull("array")}, {"items", typeSchema(d, t.Elem(), false)}}
	case reflect.Map:
		of := object{{"$ref", "#/definitions/Value"}}
		if t.Elem().Kind() != reflect.Interface {
			of = typeSchema(d, t.Elem(), true)
		}
		return object{{"type", orNull("object")}, {"additionalProperties", of}}
	case reflect.Bool:
		return object{{"type", "boolean"}}
	case reflect.Int:
		return object{{"type", "integer"}}
	case reflect.Float64:
		return object{{"type", "number"}}
	}
	out := object{{"type", "string"}}
	if allowed := d.values[t.String()]; len(allowed) > 0 {
		out = append(out, member{"enum", allowed})
	}
	return out
}

// valueSchema describes a value of a resource's inputs: what is unknown or secret
// is marked, and never one of the forms that the engine has for it.
func valueSchema() object {
	self := object{{"$ref", "#/definitions/Value"}}
	mark := func(key string) object {
		return object{{"type", "object"}, {"properties", object{{key, object{{"const", true}}}}}, {"required", []string{key}}, {"additionalProperties", false}}
	}
	signatures := object{{signature, object{{"enum", []string{signatureSecret, signatureOutput}}}}}
	return object{
		{"description", valueNote},
		{"anyOf", []object{
			mark(plan.UnknownKey), mark(plan.SecretKey),
			{{"type", []string{"null", "boolean", "number"}}},
			{{"type", "string"}, {"not", object{{"anyOf", []object{{{"pattern", unknownText}}, {{"const", secretText}}}}}}},
			{{"type", "array"}, {"items", self}},
			{{"type", "object"}, {"propertyNames", object{{"not", object{{"enum", []string{plan.UnknownKey, plan.SecretKey}}}}}},
				{"not", object{{"properties", signatures}, {"required", []string{signature}}}}, {"additionalProperties", self}},
		}},
	}
}

// named gives the name, as in docs, of the declared type that a type is, points to
// or lists; empty for another.
func named(t reflect.Type) string {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.PkgPath() != "" {
		return t.String()
	}
	return ""
}
