package tenants_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tenantform/tenantform/tenants"
)

func TestValidateOrigin(t *testing.T) {
	good := []string{"https://acme.example", "http://localhost", "http://localhost:8080", "https://a-b.c1.example:8443", "https://xn--bcher-kva.example",
		"http://127.0.0.1:3000", "http://[::1]:3000", "https://[2001:db8::1]", "http://acme.example:443", "https://acme.example:80", "https://acme.example:65535"}
	bad := []string{"", "acme.example", "https://", "https://acme.example/", "https://acme.example?", "https://acme.example#", "https://acme.example/a", "https://Acme.example",
		"HTTPS://acme.example", "https://acme.example:443", "http://acme.example:80", "https://acme.example:0", "https://acme.example:65536", "https://acme.example:08443",
		"https://acme.example:", "https://ann@acme.example", "ftp://acme.example", "null", "*", "https://*.example", "https://-a.example", "https://a..example", "https://a.example.",
		"https://b\u00fccher.example", " https://acme.example", "https://acme.example\n", "https://[::1]x", "http://[0::1]", "http://[fe80::1%25eth0]", "https://" + strings.Repeat("a.", 130) + "example"}
	for _, origin := range good {
		check(t, tenants.ValidateOrigin("o", origin))
	}
	for _, origin := range bad {
		check(t, tenants.ValidateOrigin("origins[0]", origin), "origins[0]="+origin)
	}
}

func TestApplicationValidate(t *testing.T) {
	state := func(service string) tenants.ServiceState { return tenants.ServiceState{Service: service} }
	tests := map[string]struct {
		change func(*tenants.Tenant)
		want   []string
	}{
		"origin":       {func(t *tenants.Tenant) { t.Origins = []string{"https://a.example", "x"} }, []string{"origins[1]=x"}},
		"origin twice": {func(t *tenants.Tenant) { t.Origins = []string{"https://a.example", "https://a.example"} }, []string{"origins[1]=https://a.example"}},
		"product": {func(t *tenants.Tenant) {
			t.Products = []tenants.Product{{Name: "crm", AddedAt: time.Now()}, {Name: "CRM"}}
		}, []string{"products[1].name=CRM"}},
		"product none":   {func(t *tenants.Tenant) { t.Products = []tenants.Product{{}} }, []string{"products[0].name="}},
		"product twice":  {func(t *tenants.Tenant) { t.Products = []tenants.Product{{Name: "crm"}, {Name: "crm"}} }, []string{"products[1].name=crm"}},
		"licences":       {func(t *tenants.Tenant) { t.Products = []tenants.Product{{Name: "crm", Licences: -1}} }, []string{"products.crm.licences=-1"}},
		"licences most":  {func(t *tenants.Tenant) { t.Products = []tenants.Product{{Name: "crm", Licences: 1_000_000}} }, nil},
		"licences many":  {func(t *tenants.Tenant) { t.Products = []tenants.Product{{Name: "crm", Licences: 1_000_001}} }, []string{"products.crm.licences=1000001"}},
		"service":        {func(t *tenants.Tenant) { t.Services = []tenants.ServiceState{state("A b")} }, []string{"services[0].service=A b"}},
		"service twice":  {func(t *tenants.Tenant) { t.Services = []tenants.ServiceState{state("b"), state("b")} }, []string{"services[1].service=b"}},
		"progress":       {func(t *tenants.Tenant) { t.Services = []tenants.ServiceState{{Service: "b", Progress: "half"}} }, []string{"services[0].progress=half"}},
		"attempt":        {func(t *tenants.Tenant) { t.Services = []tenants.ServiceState{{Service: "b", Attempt: -1}} }, []string{"services[0].attempt=-1"}},
		"many origins":   {func(t *tenants.Tenant) { t.Origins = numbered("https://a", 21) }, []string{"origins=21 origins"}},
		"all origins":    {func(t *tenants.Tenant) { t.Origins = numbered("https://a", 20) }, nil},
		"many products":  {func(t *tenants.Tenant) { t.Products = products(51) }, []string{"products=51 products"}},
		"all products":   {func(t *tenants.Tenant) { t.Products = products(50) }, nil},
		"product longer": {func(t *tenants.Tenant) { t.Products = []tenants.Product{{Name: strings.Repeat("a", 41)}} }, []string{"products." + strings.Repeat("a", 41) + ".name=" + strings.Repeat("a", 41)}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			v := tenant()
			tt.change(&v)
			check(t, v.Validate(catalogue()), tt.want...)
			check(t, v.ValidateApplication(), tt.want...)
		})
	}
}

// numbered gives n texts that begin alike.
func numbered(begin string, n int) []string {
	var all []string
	for i := range n {
		all = append(all, begin+strings.Repeat("b", i))
	}
	return all
}

func products(n int) []tenants.Product {
	var all []tenants.Product
	for _, name := range numbered("a", min(n, 26)) {
		all = append(all, tenants.Product{Name: name})
	}
	for _, name := range numbered("c", n-len(all)) {
		all = append(all, tenants.Product{Name: name})
	}
	return all
}

func services() tenants.ServiceCatalogue {
	return tenants.ServiceCatalogue{Services: []tenants.Service{
		{Name: "billing", Description: "Sends invoices.", TimeoutSec: 60},
		{Name: "crm-import", Operations: []tenants.OperationKind{tenants.OperationCreate}, Products: []string{"crm", "erp"}, Optional: true},
		{Name: "drift-watch", Operations: []tenants.OperationKind{tenants.OperationReconcile}},
	}}
}

func TestServicesFor(t *testing.T) {
	plain, crm := tenants.Tenant{}, tenants.Tenant{Products: []tenants.Product{{Name: "other"}, {Name: "erp"}}}
	had := tenants.Tenant{Services: []tenants.ServiceState{{Service: "crm-import", Progress: tenants.ProgressSucceeded, Attempt: 1}}}
	for _, tt := range []struct {
		kind   tenants.OperationKind
		tenant tenants.Tenant
		want   string
	}{
		{tenants.OperationCreate, had, "billing crm-import"}, {tenants.OperationUpdate, had, "billing"},
		{tenants.OperationCreate, plain, "billing"}, {tenants.OperationCreate, crm, "billing crm-import"}, {tenants.OperationUpdate, crm, "billing"},
		{tenants.OperationMove, plain, "billing"}, {tenants.OperationDeactivate, plain, "billing"}, {tenants.OperationActivate, plain, "billing"},
		{tenants.OperationDelete, plain, "billing"}, {tenants.OperationReconcile, crm, "drift-watch"},
	} {
		var got []string
		for _, s := range services().For(tt.kind, tt.tenant) {
			got = append(got, s.Name)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s asks %v, want %s", tt.kind, got, tt.want)
		}
	}
	billing, found := services().Service("billing")
	if !found || billing.Timeout() != time.Minute {
		t.Errorf("billing is %+v, %t", billing, found)
	}
	if other, found := services().Service("nothing"); found || other.Timeout() != time.Hour {
		t.Errorf("an unknown service is %+v, %t", other, found)
	}
}

func TestServicesValidate(t *testing.T) {
	set := func(change func(*tenants.Service)) func(*tenants.ServiceCatalogue) {
		return func(c *tenants.ServiceCatalogue) { change(&c.Services[0]) }
	}
	tests := map[string]struct {
		change func(*tenants.ServiceCatalogue)
		want   []string
	}{
		"fine":            {func(*tenants.ServiceCatalogue) {}, nil},
		"empty":           {func(c *tenants.ServiceCatalogue) { c.Services = nil }, nil},
		"name none":       {set(func(s *tenants.Service) { s.Name = "" }), []string{"services[0].name="}},
		"name odd":        {set(func(s *tenants.Service) { s.Name = "Billing_1" }), []string{"services[0].name=Billing_1"}},
		"name long":       {set(func(s *tenants.Service) { s.Name = strings.Repeat("a", 41) }), []string{"services." + strings.Repeat("a", 41) + ".name=" + strings.Repeat("a", 41)}},
		"name twice":      {func(c *tenants.ServiceCatalogue) { c.Services[1].Name = "billing" }, []string{"services[1].name=billing"}},
		"description":     {set(func(s *tenants.Service) { s.Description = "a\nb" }), []string{"services.billing.description=a\nb"}},
		"operation":       {set(func(s *tenants.Service) { s.Operations = []tenants.OperationKind{"paint"} }), []string{"services.billing.operations[0]=paint"}},
		"operation twice": {set(func(s *tenants.Service) { s.Operations = []tenants.OperationKind{"move", "move"} }), []string{"services.billing.operations[1]=move"}},
		"timeout less":    {set(func(s *tenants.Service) { s.TimeoutSec = -1 }), []string{"services.billing.timeoutSec=-1"}},
		"timeout most":    {set(func(s *tenants.Service) { s.TimeoutSec = 86400 }), nil},
		"timeout more":    {set(func(s *tenants.Service) { s.TimeoutSec = 86401 }), []string{"services.billing.timeoutSec=86401"}},
		"product":         {set(func(s *tenants.Service) { s.Products = []string{"a b"} }), []string{"services.billing.products[0]=a b"}},
		"product twice":   {set(func(s *tenants.Service) { s.Products = []string{"a", "a"} }), []string{"services.billing.products[1]=a"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := services()
			tt.change(&c)
			check(t, c.Validate(), tt.want...)
		})
	}
}
