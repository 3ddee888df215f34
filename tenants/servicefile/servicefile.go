package servicefile

import (
	"github.com/tenantform/tenantform/internal/strictyaml"
	"github.com/tenantform/tenantform/tenants"
)

// Read reads and checks a file. Every error is CodeInvalid and names the file.
func Read(path string) (tenants.ServiceCatalogue, error) {
	data, err := strictyaml.Read(path)
	if err != nil {
		return tenants.ServiceCatalogue{}, err
	}
	return Parse(path, data)
}

// Parse checks the content of a file; name stands for the file in errors. Every
// error is CodeInvalid, and comes with the zero catalogue.
func Parse(name string, data []byte) (tenants.ServiceCatalogue, error) {
	root, err := strictyaml.Parse(name, data, "a list of services under the field services")
	if err != nil {
		return tenants.ServiceCatalogue{}, err
	}
	d := strictyaml.New(name)
	var c tenants.ServiceCatalogue
	d.Object("", root, []strictyaml.Field{{Name: "services", Required: true, Read: func(path string, n strictyaml.Node) {
		d.List(path, n, func(path string, n strictyaml.Node) {
			s := service(d, path, n)
			d.Label(path, s.Name)
			c.Services = append(c.Services, s)
		})
	}}})
	d.Refuse(c.Validate()...)
	if err := d.Err(); err != nil {
		return tenants.ServiceCatalogue{}, err
	}
	return c, nil
}

func service(d *strictyaml.Decoder, path string, n strictyaml.Node) tenants.Service {
	var s tenants.Service
	var kinds []string
	d.Object(path, n, strictyaml.Explained([]strictyaml.Field{
		{Name: "name", Required: true, Read: d.Text(&s.Name)},
		{Name: "description", Read: d.Text(&s.Description)},
		{Name: "operations", Read: d.Texts(&kinds)},
		{Name: "timeoutSec", Read: d.Integer(&s.TimeoutSec)},
		{Name: "products", Read: d.Texts(&s.Products)},
		{Name: "optional", Read: d.Boolean(&s.Optional)},
	}, tenants.Service{}.Validate("")))
	for _, k := range kinds {
		s.Operations = append(s.Operations, tenants.OperationKind(k))
	}
	return s
}
