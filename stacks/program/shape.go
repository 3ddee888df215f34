package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/tenantform/tenantform/tenants"
)

// compare checks a JSON value against a Go type: its kind, and that an object
// has no key that the type does not know. path is the value's place.
func compare(path string, value any, typ reflect.Type) []tenants.FieldError {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	wrong := []tenants.FieldError{{Field: path, Value: show(value), Allowed: describe(typ)}}
	switch typ.Kind() {
	case reflect.Struct:
		object, ok := value.(map[string]any)
		if !ok {
			return wrong
		}
		return compareObject(path, object, typ)
	case reflect.Slice:
		list, ok := value.([]any)
		if !ok {
			return wrong
		}
		var faults []tenants.FieldError
		for i, e := range list {
			faults = append(faults, compare(fmt.Sprintf("%s[%d]", path, i), e, typ.Elem())...)
		}
		return faults
	case reflect.Map:
		object, ok := value.(map[string]any)
		if !ok {
			return wrong
		}
		var faults []tenants.FieldError
		for _, k := range slices.Sorted(maps.Keys(object)) {
			faults = append(faults, compare(path+"."+k, object[k], typ.Elem())...)
		}
		return faults
	}
	if !fits(value, typ.Kind()) {
		return wrong
	}
	return nil
}

func compareObject(path string, object map[string]any, typ reflect.Type) []tenants.FieldError {
	fields := map[string]reflect.Type{}
	for i := range typ.NumField() {
		key, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		fields[key] = typ.Field(i).Type
	}
	var faults []tenants.FieldError
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if t, ok := fields[key]; ok {
			faults = append(faults, compare(path+"."+key, object[key], t)...)
			continue
		}
		faults = append(faults, tenants.FieldError{Field: path + "." + key, Value: show(object[key]), Allowed: describe(typ)})
	}
	return faults
}

// fits tells whether a JSON value can be of a kind.
func fits(value any, kind reflect.Kind) bool {
	switch v := value.(type) {
	case string:
		return kind == reflect.String
	case bool:
		return kind == reflect.Bool
	case float64:
		return kind == reflect.Float64 || kind == reflect.Int && v == float64(int(v))
	}
	return false
}

// describe says in words what a type takes.
func describe(typ reflect.Type) string {
	switch typ.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Pointer:
		return describe(typ.Elem())
	case reflect.Slice:
		return "a list; each element is " + describe(typ.Elem())
	case reflect.Map:
		return "an object; each value is " + describe(typ.Elem())
	}
	var keys []string
	for i := range typ.NumField() {
		key, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		keys = append(keys, key)
	}
	return "an object with the keys " + strings.Join(keys, ", ")
}

// show gives a value as it is written in JSON.
func show(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return strings.Trim(string(text), `"`)
}
