package funcarchive

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

// Check checks a function's code: path is a zip file or a directory.
func Check(path, runtime, handler string) error {
	return tenants.Invalid(checkCode(path, runtime, handler, time.Now(), nil)...)
}

// CheckLayer checks a layer: path is a zip file or a directory.
func CheckLayer(path string) error {
	return tenants.Invalid(checkLayer("layers", path, nil)...)
}

// CheckFunction checks a function's code and its layers, and that they are within
// Lambda's limit together. Fields' paths begin with prefix, which may be empty.
func CheckFunction(prefix string, f tenants.Function) error {
	var total int64
	fields := checkCode(f.Archive, f.Runtime, f.Handler, time.Now(), &total)
	for i, layer := range f.Layers {
		fields = append(fields, checkLayer(fmt.Sprintf("layers[%d]", i), layer, &total)...)
	}
	if len(fields) == 0 && total > MaxUnzipped {
		fields = append(fields, tenants.FieldError{Field: "archive", Value: f.Archive,
			Allowed: fmt.Sprintf("at most %d bytes unzipped together with the layers, Lambda's limit; they have %d", MaxUnzipped, total)})
	}
	for i := range fields {
		if prefix != "" {
			fields[i].Field = prefix + "." + fields[i].Field
		}
	}
	return tenants.Invalid(fields...)
}

// checkCode gives what is wrong with a function's code at a time, and adds its
// size to total unless that is nil.
func checkCode(path, runtime, handler string, at time.Time, total *int64) []tenants.FieldError {
	fields := tenants.ValidateRuntime("runtime", runtime, at)
	if strings.TrimSpace(handler) == "" {
		fields = append(fields, tenants.FieldError{Field: "handler", Allowed: `the name of the handler, "index.handler" for example`})
	}
	c, problem := open("archive", path)
	if problem != nil {
		return append(fields, *problem)
	}
	defer c.closer.Close()
	if total != nil {
		*total += c.unzipped
	}
	find := handlers()[language(runtime)]
	if find == nil || strings.TrimSpace(handler) == "" {
		return fields
	}
	if allowed := find(c, handler); allowed != "" {
		fields = append(fields, tenants.FieldError{Field: "handler", Value: handler, Allowed: allowed})
	}
	return fields
}

func checkLayer(field, path string, total *int64) []tenants.FieldError {
	c, problem := open(field, path)
	if problem != nil {
		return []tenants.FieldError{*problem}
	}
	defer c.closer.Close()
	if total != nil {
		*total += c.unzipped
	}
	return nil
}

func open(field, path string) (*contents, *tenants.FieldError) {
	if path == "" {
		return nil, &tenants.FieldError{Field: field, Allowed: "the path of a zip file or of a directory"}
	}
	c, err := read(path)
	if refused, ok := errors.AsType[errRefused](err); ok {
		return nil, &tenants.FieldError{Field: field, Value: path, Allowed: string(refused)}
	}
	if err != nil {
		return nil, &tenants.FieldError{Field: field, Value: path, Allowed: "a zip file or a directory that can be read: " + err.Error()}
	}
	return c, nil
}
