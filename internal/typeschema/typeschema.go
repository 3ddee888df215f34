// Package typeschema has what programs share that make JSON schemas of Go types: JSON
// objects that keep their order, the fields of a struct as JSON has them, and what
// the sources say of types, fields and constants.
package typeschema

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
)

// Object is a JSON object that keeps its order. The zero value is {}.
type Object []Member

// Member is one member of an Object: its key, which is a text, and its value.
type Member [2]any

// Key gives the member's key.
func (m Member) Key() string { return m[0].(string) }

// MarshalJSON writes the members in their order, with <, > and & as they are.
func (o Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, v := range []any{m.Key(), m[1]} {
			if j > 0 {
				b.WriteByte(':')
			}
			text, err := plain(v)
			if err != nil {
				return nil, err
			}
			b.Write(text)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// plain writes JSON with <, > and & as they are.
func plain(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// Indented gives a value's JSON by two spaces a level, with a line break at its end
// and <, > and & as they are.
func Indented(v any) ([]byte, error) {
	text, err := plain(v)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Indent(&out, text, "", "  ")
	out.WriteByte('\n')
	return out.Bytes(), err
}

// Field is a field of a struct as JSON has it.
type Field struct {
	Name, GoName string
	Type         reflect.Type
	Tag          reflect.StructTag
	Optional     bool // left out when empty
}

// Fields gives the fields of a struct that JSON has, in their order.
func Fields(t reflect.Type) []Field {
	var all []Field
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		all = append(all, Field{
			Name: name, GoName: f.Name, Type: f.Type, Tag: f.Tag,
			Optional: strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero"),
		})
	}
	return all
}
