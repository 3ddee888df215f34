package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/tenantform/tenantform/internal/typeschema"
	"github.com/tenantform/tenantform/policies"
)

//go:embed intro.txt
var intro string

//go:embed example.json
var example []byte

// page gives the page about the input.
func page(d typeschema.Docs) ([]byte, error) {
	in, err := policies.ParseFixture(example)
	if err != nil {
		return nil, fmt.Errorf("example.json: %w", err)
	}
	var b bytes.Buffer
	b.WriteString(intro)
	for _, t := range structs() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n| field | type | |\n| --- | --- | --- |\n", t.Name(), d.Types[t.String()])
		for _, f := range typeschema.Fields(t) {
			name := "`" + f.Name + "`"
			if f.Optional {
				name += ", optional"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", name, shown(d, f.Type), strings.ReplaceAll(said(d, t, f), "|", `\|`))
		}
	}
	text, err := json.MarshalIndent(in, "", "  ")
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, "\n## Example\n\nThe input for a log group of tenant acme, without a retention, whose key's ARN is known only after the run:\n\n```json\n%s\n```\n", text)
	return b.Bytes(), nil
}

// shown gives a type as the page calls it.
func shown(d typeschema.Docs, t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return shown(d, t.Elem())
	case reflect.Struct:
		return "[" + t.Name() + "](#" + strings.ToLower(t.Name()) + ")"
	case reflect.Slice:
		return "list of " + shown(d, t.Elem())
	case reflect.Map:
		if t.Elem().Kind() == reflect.Interface {
			return "object of values"
		}
		return "object of " + shown(d, t.Elem())
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "whole number"
	case reflect.Float64:
		return "number"
	}
	if allowed := d.Values[t.String()]; len(allowed) > 0 {
		return "`" + strings.Join(allowed, "`, `") + "`"
	}
	return "text"
}
