package servicefile_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tenantform/tenantform/tenants"
	"github.com/tenantform/tenantform/tenants/servicefile"
)

const file = `# who takes part
services:
  - name: billing
    description: Accounts and invoices
    operations: [create, delete]
    timeoutSec: 600
    products: [reports]
  - name: search
    optional: true
`

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "services.yaml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := servicefile.Read(path)
	want := tenants.ServiceCatalogue{Services: []tenants.Service{
		{Name: "billing", Description: "Accounts and invoices", Operations: []tenants.OperationKind{tenants.OperationCreate, tenants.OperationDelete},
			TimeoutSec: 600, Products: []string{"reports"}},
		{Name: "search", Optional: true},
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, want)
	}
	if got, err := servicefile.Parse("s", []byte("services: []\n")); err != nil || len(got.Services) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := servicefile.Read(path + "x"); tenants.CodeOf(err) != tenants.CodeInvalid || !strings.Contains(err.Error(), path+"x") {
		t.Errorf("%v", err)
	}
}

func TestRefused(t *testing.T) {
	for content, want := range map[string]string{
		"":                                                "s.yaml",
		"service: []":                                     "s.yaml:1: service",
		"services: {}":                                    "s.yaml:1: services",
		"services:\n- description: x\n":                   "s.yaml:2: services[0].name is missing",
		"services:\n- name: Billing\n":                    `s.yaml:2: services[0].name is "Billing"`,
		"services:\n- name: a\n- name: a\n":               "s.yaml:3: services[1].name",
		"services:\n- name: a\n  timeout: 3\n":            "s.yaml:3: services.a.timeout",
		"services:\n- name: a\n  timeoutSec: x\n":         "s.yaml:3: services.a.timeoutSec",
		"services:\n- name: a\n  timeoutSec: 90000\n":     "s.yaml:3: services.a.timeoutSec",
		"services:\n- name: a\n  operations: [destroy]\n": "s.yaml:3: services.a.operations[0]",
		"services:\n- name: a\n  products: [A]\n":         "s.yaml:3: services.a.products[0]",
		"services:\n- name: a\n  optional: 'yes'\n":       "s.yaml:3: services.a.optional",
	} {
		c, err := servicefile.Parse("s.yaml", []byte(content))
		if tenants.CodeOf(err) != tenants.CodeInvalid || !strings.Contains(err.Error(), want) || len(c.Services) != 0 {
			t.Errorf("%q: %v, want %q", content, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(file))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := servicefile.Parse("s.yaml", data)
		if err == nil && c.Validate() != nil {
			t.Errorf("accepted, but %v", c.Validate())
		}
		if err != nil && tenants.CodeOf(err) != tenants.CodeInvalid {
			t.Errorf("%v", err)
		}
	})
}
