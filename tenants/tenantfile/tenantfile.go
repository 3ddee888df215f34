package tenantfile

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tenantform/tenantform/internal/strictyaml"
	"github.com/tenantform/tenantform/tenants"
)

// MaxSize is how many bytes a file may have.
const MaxSize = strictyaml.MaxSize

// decoder reads the parts of a file.
type decoder struct{ *strictyaml.Decoder }

func newDecoder(name string) decoder { return decoder{strictyaml.New(name)} }

// DefaultCatalogue gives the catalogue that is part of package tenants.
func DefaultCatalogue() (tenants.Catalogue, error) {
	return ParseCatalogue("tiers.yaml (built in)", tenants.DefaultTiersYAML())
}

// ReadCatalogue reads and checks a tiers file. Every error is CodeInvalid.
func ReadCatalogue(path string) (tenants.Catalogue, error) {
	data, err := strictyaml.Read(path)
	if err != nil {
		return tenants.Catalogue{}, err
	}
	return ParseCatalogue(path, data)
}

// ParseCatalogue checks the content of a tiers file; name stands for the file in
// errors. Every error is CodeInvalid, and comes with the zero catalogue.
func ParseCatalogue(name string, data []byte) (tenants.Catalogue, error) {
	root, err := strictyaml.Parse(name, data, "a list of tiers under the field tiers")
	if err != nil {
		return tenants.Catalogue{}, err
	}
	d := newDecoder(name)
	var c tenants.Catalogue
	d.Object("", root, []strictyaml.Field{
		{Name: "tiers", Required: true, Read: func(path string, n strictyaml.Node) {
			d.List(path, n, func(path string, n strictyaml.Node) {
				var t tenants.Tier
				d.tier(path, n, &t)
				d.Label(path, t.Name)
				c.Tiers = append(c.Tiers, t)
			})
		}},
		{Name: "concurrencyLimit", Read: d.Integer(&c.ConcurrencyLimit)},
	})
	d.Refuse(c.Validate()...)
	if err := d.Err(); err != nil {
		return tenants.Catalogue{}, err
	}
	return c, nil
}

// ReadTenants reads and checks a tenants file against a catalogue. Paths of
// archives and layers come back joined to the file's directory. A tenant's Region
// is empty where the file names none; its Status, Placements and Version are
// zero. Every error is CodeInvalid.
func ReadTenants(path string, c tenants.Catalogue) ([]tenants.Tenant, error) {
	data, err := strictyaml.Read(path)
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
	data, err := strictyaml.Read(path)
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
	root, err := strictyaml.Parse(name, data, "a function with name, runtime, handler and archive")
	if err != nil {
		return tenants.Function{}, err
	}
	d := newDecoder(name)
	var f tenants.Function
	d.function("", root, &f)
	for _, problem := range f.Validate("") {
		problem.Field = strings.TrimPrefix(problem.Field, ".")
		d.Refuse(problem)
	}
	if err := d.Err(); err != nil {
		return tenants.Function{}, err
	}
	return f, nil
}

// ParseTenants checks the content of a tenants file; name stands for the file in
// errors, and paths stay as they are written. Every error is CodeInvalid, and
// comes without tenants.
func ParseTenants(name string, data []byte, c tenants.Catalogue) ([]tenants.Tenant, error) {
	root, err := strictyaml.Parse(name, data, "a list of tenants under the field tenants")
	if err != nil {
		return nil, err
	}
	d := newDecoder(name)
	var all []tenants.Tenant
	seen := map[string]int{}
	d.Object("", root, []strictyaml.Field{{Name: "tenants", Required: true, Read: func(path string, n strictyaml.Node) {
		d.List(path, n, func(path string, n strictyaml.Node) {
			var t tenants.Tenant
			d.tenant(path, n, &t, c)
			if first, twice := seen[t.ID]; twice && t.ID != "" {
				d.Refuse(tenants.FieldError{Field: path + ".id", Value: t.ID,
					Allowed: fmt.Sprintf("an id that no other tenant has; line %d has it already", first)})
			} else {
				d.Label(path, t.ID)
				seen[t.ID] = d.Line(path + ".id")
			}
			all = append(all, t)
		})
	}}})
	if len(all) == 0 {
		d.Refuse(tenants.FieldError{Field: "tenants", Allowed: "a list of at least one tenant"})
	}
	for i, t := range all {
		if t.Region == "" {
			t.Region = "us-east-1" // any valid one: the caller's default replaces it
		}
		for _, f := range t.Validate(c) {
			f.Field = fmt.Sprintf("tenants[%d].%s", i, f.Field)
			d.Refuse(f)
		}
	}
	if err := d.Err(); err != nil {
		return nil, err
	}
	return all, nil
}

func (d decoder) tier(path string, n strictyaml.Node, t *tenants.Tier) {
	d.Object(path, n, strictyaml.Explained([]strictyaml.Field{
		{Name: "name", Required: true, Read: d.Text(&t.Name)},
		{Name: "model", Required: true, Read: d.Text((*string)(&t.Model))},
		{Name: "cell", Read: d.Text(&t.Cell)},
		{Name: "rateLimit", Required: true, Read: d.Number(&t.RateLimit)},
		{Name: "burstLimit", Required: true, Read: d.Integer(&t.BurstLimit)},
		{Name: "monthlyQuota", Required: true, Read: d.Integer(&t.MonthlyQuota)},
		{Name: "functionMemoryMB", Required: true, Read: d.Integer(&t.FunctionMemoryMB)},
		{Name: "functionTimeoutSec", Required: true, Read: d.Integer(&t.FunctionTimeoutSec)},
		{Name: "functionConcurrency", Required: true, Read: d.Integer(&t.FunctionConcurrent)},
		{Name: "functionCount", Required: true, Read: d.Integer(&t.FunctionCount)},
		{Name: "logRetentionDays", Required: true, Read: d.Integer(&t.LogRetentionDays)},
		{Name: "deletionProtection", Required: true, Read: d.Boolean(&t.DeletionProtection)},
		{Name: "threatProtection", Read: d.Boolean(&t.ThreatProtection)},
		{Name: "monthlyBudgetUSD", Read: d.Number(&t.MonthlyBudgetUSD)},
	}, tenants.Tier{}.Validate("")))
}

func (d decoder) tenant(path string, n strictyaml.Node, t *tenants.Tenant, c tenants.Catalogue) {
	d.Object(path, n, strictyaml.Explained([]strictyaml.Field{
		{Name: "id", Required: true, Read: d.Text(&t.ID)},
		{Name: "name", Required: true, Read: d.Text(&t.Name)},
		{Name: "adminEmail", Required: true, Read: d.Text(&t.AdminEmail)},
		{Name: "tier", Required: true, Read: d.Text(&t.Tier)},
		{Name: "region", Read: d.Text(&t.Region)},
		{Name: "costCenter", Read: d.Text(&t.CostCenter)},
		{Name: "functions", Read: func(path string, n strictyaml.Node) {
			d.List(path, n, func(path string, n strictyaml.Node) {
				var f tenants.Function
				d.function(path, n, &f)
				d.Label(path, f.Name)
				t.Functions = append(t.Functions, f)
			})
		}},
	}, tenants.Tenant{}.Validate(c)))
}

func (d decoder) function(path string, n strictyaml.Node, f *tenants.Function) {
	d.Object(path, n, strictyaml.Explained([]strictyaml.Field{
		{Name: "name", Required: true, Read: d.Text(&f.Name)},
		{Name: "runtime", Required: true, Read: d.Text(&f.Runtime)},
		{Name: "handler", Required: true, Read: d.Text(&f.Handler)},
		{Name: "archive", Required: true, Read: d.Text(&f.Archive)},
		{Name: "layers", Read: d.Texts(&f.Layers)},
		{Name: "grants", Read: func(path string, n strictyaml.Node) {
			d.List(path, n, func(path string, n strictyaml.Node) {
				var g tenants.Grant
				d.Object(path, n, []strictyaml.Field{
					{Name: "actions", Required: true, Read: d.Texts(&g.Actions)},
					{Name: "resources", Required: true, Read: d.Texts(&g.Resources)},
				})
				f.Grants = append(f.Grants, g)
			})
		}},
		{Name: "tags", Read: d.TextMap(&f.Tags)},
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
