package main

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/tenantform/tenantform/internal/funcarchive"
	"github.com/tenantform/tenantform/tenants"
)

// checkFunction checks a function's values, then its code and layers. The
// fields of the error are relative to the function.
func checkFunction(f tenants.Function) error {
	const prefix = "function"
	fields := f.Validate(prefix)
	for i := range fields {
		fields[i].Field = strings.TrimPrefix(fields[i].Field, prefix+".")
	}
	if len(fields) > 0 {
		return tenants.Invalid(fields...)
	}
	return funcarchive.CheckFunction("", f)
}

// fieldsOf gives an error's fields as those of a part of a file. An error of
// another kind becomes one field.
func fieldsOf(err error, source, prefix string) []tenants.FieldError {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*tenants.Error](err)
	if !ok || len(e.Fields) == 0 {
		return []tenants.FieldError{{Source: source, Field: prefix, Value: oneLine(err.Error()), Allowed: "a function that can be deployed"}}
	}
	var fields []tenants.FieldError
	for _, f := range e.Fields {
		f.Source, f.Field = source, prefix+"."+f.Field
		fields = append(fields, f)
	}
	return fields
}

// absolute gives a function whose paths do not depend on where the command runs.
func absolute(f tenants.Function) (tenants.Function, error) {
	var err error
	if f.Archive, err = filepath.Abs(f.Archive); err != nil {
		return f, tenants.Errorf(tenants.CodeFailedPrecondition, "the working directory is not known: %w", err)
	}
	layers := make([]string, 0, len(f.Layers))
	for _, layer := range f.Layers {
		abs, err := filepath.Abs(layer)
		if err != nil {
			return f, tenants.Errorf(tenants.CodeFailedPrecondition, "the working directory is not known: %w", err)
		}
		layers = append(layers, abs)
	}
	f.Layers = layers
	return f, nil
}
