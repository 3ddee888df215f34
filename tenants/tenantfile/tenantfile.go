package tenantfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/tenantform/tenantform/tenants"
)

// MaxSize is how many bytes a file may have.
const MaxSize = 1 << 20

// DefaultCatalogue gives the catalogue that is part of package tenants.
func DefaultCatalogue() (tenants.Catalogue, error) {
	return ParseCatalogue("tiers.yaml (built in)", tenants.DefaultTiersYAML())
}

// ReadCatalogue reads and checks a tiers file. Every error is CodeInvalid.
func ReadCatalogue(path string) (tenants.Catalogue, error) {
	data, err := read(path)
	if err != nil {
		return tenants.Catalogue{}, err
	}
	return ParseCatalogue(path, data)
}

// ParseCatalogue checks the content of a tiers file; name stands for the file in
// errors. Every error is CodeInvalid, and comes with the zero catalogue.
func ParseCatalogue(name string, data []byte) (tenants.Catalogue, error) {
	root, err := parse(name, data, "a list of tiers under the field tiers")
	if err != nil {
		return tenants.Catalogue{}, err
	}
	d := newDecoder(name)
	var c tenants.Catalogue
	d.object("", root, []field{
		{name: "tiers", required: true, read: func(path string, n ast.Node) {
			d.list(path, n, func(path string, n ast.Node) {
				var t tenants.Tier
				d.tier(path, n, &t)
				d.label(path, t.Name)
				c.Tiers = append(c.Tiers, t)
			})
		}},
		{name: "concurrencyLimit", read: d.integer(&c.ConcurrencyLimit)},
	})
	d.refuse(c.Validate()...)
	if err := d.err(); err != nil {
		return tenants.Catalogue{}, err
	}
	return c, nil
}

// ReadTenants reads and checks a tenants file against a catalogue. Paths of
// archives and layers come back joined to the file's directory. A tenant's Region
// is empty where the file names none; its Status, Placements and Version are
// zero. Every error is CodeInvalid.
func ReadTenants(path string, c tenants.Catalogue) ([]tenants.Tenant, error) {
	data, err := read(path)
	if err != nil {
		return nil, err
	}
	all, err := ParseTenants(path, data, c)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	for _, t := range all {
		for i := range t.Functions {
			locate(dir, &t.Functions[i])
		}
	}
	return all, nil
}

// ReadFunction reads and checks a file that describes one function, with the
// fields that an entry of a tenant's functions has. Paths come back joined to
// the file's directory. Every error is CodeInvalid.
func ReadFunction(path string) (tenants.Function, error) {
	data, err := read(path)
	if err != nil {
		return tenants.Function{}, err
	}
	f, err := ParseFunction(path, data)
	if err != nil {
		return tenants.Function{}, err
	}
	locate(filepath.Dir(path), &f)
	return f, nil
}

// ParseFunction checks the content of a function file; name stands for the file
// in errors, and paths stay as they are written. Every error is CodeInvalid.
func ParseFunction(name string, data []byte) (tenants.Function, error) {
	root, err := parse(name, data, "a function with name, runtime, handler and archive")
	if err != nil {
		return tenants.Function{}, err
	}
	d := newDecoder(name)
	var f tenants.Function
	d.function("", root, &f)
	for _, problem := range f.Validate("") {
		problem.Field = strings.TrimPrefix(problem.Field, ".")
		d.refuse(problem)
	}
	if err := d.err(); err != nil {
		return tenants.Function{}, err
	}
	return f, nil
}

// ParseTenants checks the content of a tenants file; name stands for the file in
// errors, and paths stay as they are written. Every error is CodeInvalid, and
// comes without tenants.
func ParseTenants(name string, data []byte, c tenants.Catalogue) ([]tenants.Tenant, error) {
	root, err := parse(name, data, "a list of tenants under the field tenants")
	if err != nil {
		return nil, err
	}
	d := newDecoder(name)
	var all []tenants.Tenant
	seen := map[string]int{}
	d.object("", root, []field{{name: "tenants", required: true, read: func(path string, n ast.Node) {
		d.list(path, n, func(path string, n ast.Node) {
			var t tenants.Tenant
			d.tenant(path, n, &t, c)
			if first, twice := seen[t.ID]; twice && t.ID != "" {
				d.refuse(tenants.FieldError{Field: path + ".id", Value: t.ID,
					Allowed: fmt.Sprintf("an id that no other tenant has; line %d has it already", first)})
			} else {
				d.label(path, t.ID)
				seen[t.ID] = d.line(path + ".id")
			}
			all = append(all, t)
		})
	}}})
	if len(all) == 0 {
		d.refuse(tenants.FieldError{Field: "tenants", Allowed: "a list of at least one tenant"})
	}
	for i, t := range all {
		if t.Region == "" {
			t.Region = "us-east-1" // any valid one: the caller's default replaces it
		}
		for _, f := range t.Validate(c) {
			f.Field = fmt.Sprintf("tenants[%d].%s", i, f.Field)
			d.refuse(f)
		}
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return all, nil
}

func (d *decoder) tier(path string, n ast.Node, t *tenants.Tier) {
	d.object(path, n, explained([]field{
		{name: "name", required: true, read: d.text(&t.Name)},
		{name: "model", required: true, read: d.text((*string)(&t.Model))},
		{name: "cell", read: d.text(&t.Cell)},
		{name: "rateLimit", required: true, read: d.number(&t.RateLimit)},
		{name: "burstLimit", required: true, read: d.integer(&t.BurstLimit)},
		{name: "monthlyQuota", required: true, read: d.integer(&t.MonthlyQuota)},
		{name: "functionMemoryMB", required: true, read: d.integer(&t.FunctionMemoryMB)},
		{name: "functionTimeoutSec", required: true, read: d.integer(&t.FunctionTimeoutSec)},
		{name: "functionConcurrency", required: true, read: d.integer(&t.FunctionConcurrent)},
		{name: "functionCount", required: true, read: d.integer(&t.FunctionCount)},
		{name: "logRetentionDays", required: true, read: d.integer(&t.LogRetentionDays)},
		{name: "deletionProtection", required: true, read: d.boolean(&t.DeletionProtection)},
	}, tenants.Tier{}.Validate("")))
}

func (d *decoder) tenant(path string, n ast.Node, t *tenants.Tenant, c tenants.Catalogue) {
	d.object(path, n, explained([]field{
		{name: "id", required: true, read: d.text(&t.ID)},
		{name: "name", required: true, read: d.text(&t.Name)},
		{name: "adminEmail", required: true, read: d.text(&t.AdminEmail)},
		{name: "tier", required: true, read: d.text(&t.Tier)},
		{name: "region", read: d.text(&t.Region)},
		{name: "costCenter", read: d.text(&t.CostCenter)},
		{name: "functions", read: func(path string, n ast.Node) {
			d.list(path, n, func(path string, n ast.Node) {
				var f tenants.Function
				d.function(path, n, &f)
				d.label(path, f.Name)
				t.Functions = append(t.Functions, f)
			})
		}},
	}, tenants.Tenant{}.Validate(c)))
}

func (d *decoder) function(path string, n ast.Node, f *tenants.Function) {
	d.object(path, n, explained([]field{
		{name: "name", required: true, read: d.text(&f.Name)},
		{name: "runtime", required: true, read: d.text(&f.Runtime)},
		{name: "handler", required: true, read: d.text(&f.Handler)},
		{name: "archive", required: true, read: d.text(&f.Archive)},
		{name: "layers", read: d.texts(&f.Layers)},
		{name: "grants", read: func(path string, n ast.Node) {
			d.list(path, n, func(path string, n ast.Node) {
				var g tenants.Grant
				d.object(path, n, []field{
					{name: "actions", required: true, read: d.texts(&g.Actions)},
					{name: "resources", required: true, read: d.texts(&g.Resources)},
				})
				f.Grants = append(f.Grants, g)
			})
		}},
		{name: "tags", read: d.textMap(&f.Tags)},
	}, tenants.Function{}.Validate("")))
}

// locate makes a function's paths ones that the caller can open.
func locate(dir string, f *tenants.Function) {
	f.Archive = under(dir, f.Archive)
	for i := range f.Layers {
		f.Layers[i] = under(dir, f.Layers[i])
	}
}

// under gives a path as seen from the file that names it.
func under(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, filepath.FromSlash(path))
}

// read gives the content of a file of at most MaxSize bytes.
func read(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	return data, nil
}

func unreadable(path string, err error) error {
	reason := err
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		reason = pathErr.Err
	}
	return &tenants.Error{Code: tenants.CodeInvalid, Message: fmt.Sprintf("%s cannot be read: %v", path, reason), Cause: err}
}
