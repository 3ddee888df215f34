package settings

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tenantform/tenantform/internal/strictyaml"
	"github.com/tenantform/tenantform/tenants"
)

// reader reads a settings file.
type reader struct {
	*loading
	d       *strictyaml.Decoder
	path    string
	secrets []string // settings with a secret in the file
}

// object reads the settings below a section; the empty one is the file.
func (r *reader) object(section string, n strictyaml.Node) {
	var fields []strictyaml.Field
	seen := map[string]bool{}
	for _, f := range r.fields {
		head, rest, sub := strings.Cut(f.Name, ".")
		switch {
		case section == "" && sub && !seen[head]:
			seen[head] = true
			fields = append(fields, strictyaml.Field{Name: head, Read: func(_ string, n strictyaml.Node) { r.object(head, n) }})
		case section == "" && !sub:
			fields = append(fields, strictyaml.Field{Name: f.Name, Read: r.read(f)})
		case sub && head == section:
			fields = append(fields, strictyaml.Field{Name: rest, Read: r.read(f)})
		}
	}
	r.d.Object(section, n, fields)
}

// read reads one setting.
func (r *reader) read(f field) func(string, strictyaml.Node) {
	return func(path string, n strictyaml.Node) {
		text, ok := r.text(f, path, n)
		if !ok {
			return
		}
		r.s.sources[f.Name] = source{rank: byFile, where: r.path + ":" + strconv.Itoa(r.d.Line(path)), set: f.Setting}
		if allowed := f.take(text); allowed != "" {
			r.d.Refuse(tenants.FieldError{Field: path, Value: f.shown(text), Allowed: allowed})
		}
	}
}

const notShown = "(not shown)"

// text gives a value as it would stand in a variable.
func (r *reader) text(f field, path string, n strictyaml.Node) (string, bool) {
	d := strictyaml.New(r.path)
	var text string
	switch f.to.(type) {
	case *string:
		d.Text(&text)(path, n)
	case *time.Duration:
		d.Text(&text)(path, n)
	case *Secret:
		d.Text(&text)(path, n)
		if d.Err() != nil {
			r.d.Refuse(tenants.FieldError{Field: path, Value: notShown, Allowed: "text; put it in quotes if it looks like a number"})
			return "", false
		}
		r.secrets = append(r.secrets, path)
	case *bool:
		var v bool
		d.Boolean(&v)(path, n)
		text = strconv.FormatBool(v)
	case *int:
		var v int
		d.Integer(&v)(path, n)
		text = strconv.Itoa(v)
	case *float64:
		var v float64
		d.Number(&v)(path, n)
		text = strconv.FormatFloat(v, 'g', -1, 64)
	case *[]string:
		var v []string
		d.Texts(&v)(path, n)
		if i := slices.IndexFunc(v, func(s string) bool { return strings.Contains(s, ",") }); i >= 0 {
			r.d.Refuse(tenants.FieldError{Field: path, Value: v[i], Allowed: "texts without commas"})
			return "", false
		}
		text = strings.Join(v, ",")
	}
	if err, ok := errors.AsType[*tenants.Error](d.Err()); ok {
		for _, fault := range err.Fields {
			fault.Source = ""
			r.d.Refuse(fault)
		}
		return "", false
	}
	return text, true
}

// private refuses secrets in a file that everybody can read.
func (r *reader) private() {
	if len(r.secrets) == 0 {
		return
	}
	info, err := os.Stat(r.path)
	if err != nil || info.Mode().Perm()&0o007 == 0 {
		return
	}
	for _, path := range r.secrets {
		r.d.Refuse(tenants.FieldError{Field: path, Value: notShown, Allowed: fmt.Sprintf("a secret in a file that others cannot read; \"chmod o= %s\", or name a file of its own by %sFile", r.path, path)})
	}
}

// unshown takes the values out of faults about fields that nobody knows: they may
// be secrets whose name is misspelt.
func unshown(err error) error {
	e, ok := errors.AsType[*tenants.Error](err)
	if !ok {
		return err
	}
	out := *e
	out.Cause = nil
	out.Fields = slices.Clone(e.Fields)
	for i, f := range out.Fields {
		if f.Value != "" && (strings.HasPrefix(f.Allowed, "no field of this name") || strings.HasPrefix(f.Allowed, "each field once") || secretField(f.Field)) {
			out.Fields[i].Value = notShown
		}
	}
	return &out
}

// secretField tells whether a field of the file is a secret's.
func secretField(name string) bool {
	return slices.ContainsFunc(Table(), func(s Setting) bool { return s.Type == "secret" && s.Name == name })
}

// fileExists tells whether there is a file of a name that a setting gives.
func fileExists(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir() || err != nil && !errors.Is(err, fs.ErrNotExist)
}
