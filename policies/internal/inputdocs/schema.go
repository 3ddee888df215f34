package main

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/tenantform/tenantform/automation/plan"
	"github.com/tenantform/tenantform/internal/typeschema"
	"github.com/tenantform/tenantform/policies"
	"github.com/tenantform/tenantform/tenants"
)

// object and member are short for the parts of a schema.
type (
	object = typeschema.Object
	member = typeschema.Member
)

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
func schema(d typeschema.Docs) (object, error) {
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

func structSchema(d typeschema.Docs, t reflect.Type) (object, error) {
	about, ok := d.Types[t.String()]
	if !ok {
		return nil, fmt.Errorf("type %s has no documentation", t)
	}
	var properties object
	required := []string{}
	for _, f := range typeschema.Fields(t) {
		says := said(d, t, f)
		if says == "" && !slices.Contains(obvious(), f.Name) {
			return nil, fmt.Errorf("%s.%s has no documentation", t, f.GoName)
		}
		p := object{}
		if says != "" {
			p = append(p, member{"description", says})
		}
		p = append(p, typeSchema(d, f.Type, !f.Optional)...)
		if more, ok := fixed()[t.Name()+"."+f.Name]; ok {
			p = append(p, more)
		}
		properties = append(properties, member{f.Name, p})
		if !f.Optional {
			required = append(required, f.Name)
		}
	}
	return object{
		{"description", about}, {"type", "object"}, {"properties", properties},
		{"required", required}, {"additionalProperties", false},
	}, nil
}

// said gives the documentation of a field, or of the struct that it is of.
func said(d typeschema.Docs, t reflect.Type, f typeschema.Field) string {
	if text := d.Fields[t.String()+"."+f.GoName]; text != "" {
		return text
	}
	return d.Types[named(f.Type)]
}

// obvious are the fields of which the name says it all.
func obvious() []string { return []string{"urn", "type", "project", "stack", "name"} }

// typeSchema gives the members that say of what type a value is. A list or map
// that is always written is null when there is none.
func typeSchema(d typeschema.Docs, t reflect.Type, always bool) object {
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
	if allowed := d.Values[t.String()]; len(allowed) > 0 {
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
