package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/tenantform/tenantform/internal/funcarchive"
	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/tenantfile"
)

// functionFile is a function as its file has it.
type functionFile struct {
	Name    string            `yaml:"name"`
	Runtime string            `yaml:"runtime"`
	Handler string            `yaml:"handler"`
	Archive string            `yaml:"archive"`
	Layers  []string          `yaml:"layers"`
	Grants  []grantInFile     `yaml:"grants"`
	Tags    map[string]string `yaml:"tags"`
}

type grantInFile struct {
	Actions   []string `yaml:"actions"`
	Resources []string `yaml:"resources"`
}

// functionFields are the fields of a function's file, for messages.
const functionFields = "name, runtime, handler, archive, layers, grants, tags"

// readFunction reads a function's file; its paths come back joined to the
// file's directory. Every error is CodeInvalid.
func readFunction(path string) (tenants.Function, error) {
	file, err := os.Open(path)
	if err != nil {
		return tenants.Function{}, unreadable(path, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, tenantfile.MaxSize+1))
	if err != nil {
		return tenants.Function{}, unreadable(path, err)
	}
	refuse := func(line int, field, value, allowed string) error {
		source := path
		if line > 0 {
			source = fmt.Sprintf("%s:%d", path, line)
		}
		return tenants.Invalid(tenants.FieldError{Source: source, Field: field, Value: value, Allowed: allowed})
	}
	if len(data) > tenantfile.MaxSize {
		return tenants.Function{}, refuse(0, "file", fmt.Sprintf("more than %d bytes", tenantfile.MaxSize), fmt.Sprintf("at most %d bytes", tenantfile.MaxSize))
	}
	if strings.TrimSpace(string(data)) == "" {
		return tenants.Function{}, refuse(0, "file", "", "a mapping with "+functionFields)
	}
	var f functionFile
	if err := yaml.UnmarshalWithOptions(data, &f, yaml.Strict()); err != nil {
		return tenants.Function{}, yamlFault(err, refuse)
	}
	out := tenants.Function{Name: f.Name, Runtime: f.Runtime, Handler: f.Handler, Archive: f.Archive, Layers: f.Layers, Tags: f.Tags}
	for _, g := range f.Grants {
		out.Grants = append(out.Grants, tenants.Grant(g))
	}
	dir := filepath.Dir(path)
	if out.Archive != "" {
		out.Archive = under(dir, out.Archive)
	}
	for i, layer := range out.Layers {
		out.Layers[i] = under(dir, layer)
	}
	return out, nil
}

// yamlFault says in one line what the YAML decoder found.
func yamlFault(err error, refuse func(line int, field, value, allowed string) error) error {
	var fault yaml.Error
	if !errors.As(err, &fault) || fault.GetToken() == nil {
		return refuse(0, "file", oneLine(err.Error()), "YAML: a mapping with "+functionFields)
	}
	at := fault.GetToken()
	if unknown, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
		return refuse(unknown.Token.Position.Line, unknown.Token.Value, oneLine(nextValue(unknown)), "no field of this name; the fields are "+functionFields)
	}
	field := "file"
	if colon := at.Prev; colon != nil && colon.Value == ":" && colon.Prev != nil {
		field = colon.Prev.Value
	}
	allowed := "YAML: " + oneLine(fault.GetMessage())
	if unexpected, ok := errors.AsType[*yaml.UnexpectedNodeTypeError](err); ok {
		allowed = "a " + strings.ToLower(unexpected.Expected.YAMLName())
	}
	return refuse(at.Position.Line, field, at.Value, allowed)
}

// nextValue gives the value that follows a key, where it is on the same line.
func nextValue(e *yaml.UnknownFieldError) string {
	if colon := e.Token.Next; colon != nil && colon.Next != nil && colon.Next.Position.Line == e.Token.Position.Line {
		return colon.Next.Value
	}
	return "a mapping or a list"
}

func unreadable(path string, err error) error {
	reason := err
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		reason = pathErr.Err
	}
	return &tenants.Error{Code: tenants.CodeInvalid, Message: fmt.Sprintf("%s cannot be read: %v", path, reason), Cause: err}
}

func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, filepath.FromSlash(path))
}

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
