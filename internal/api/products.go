package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/tenantform/tenantform/internal/api/wire"
	"github.com/tenantform/tenantform/internal/auth"
	"github.com/tenantform/tenantform/tenants"
)

// ProductInput are the parameters of a write on a product.
type ProductInput struct {
	OnTenant
	Name string `path:"name" doc:"The product's name"`
}

type putProductInput struct {
	ProductInput
	Body wire.PutProduct
}

type deleteProductInput struct {
	ProductInput
	Reason string `query:"reason" doc:"Why; it goes into the audit journal"`
}

// productRequest is what an operation's record says of a product that was asked for.
type productRequest struct {
	Product  string `json:"product"`
	Licences *int   `json:"licences,omitempty"` // nil: it is taken away
}

const productDescription = " 202 and an operation where a business service takes part in updates of the tenant; else 200, and it is done."

func (a *assembly) products() {
	s := a.s
	add(a, route{
		id: "list-products", method: http.MethodGet, path: "/v1/tenants/{id}/products", tag: "products", permission: auth.TenantsRead, about: aboutTenant,
		also: []int{http.StatusNotModified}, summary: "What a tenant has licences for",
	}, func(ctx context.Context, in *tenantInput) (*tagged[wire.Products], error) {
		t, err := s.Ledger.Get(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return ifChanged(in.IfNoneMatch, etag(t), wire.Products{Products: wire.FromProducts(t.Products)}), nil
	})
	add(a, route{
		id: "put-product", method: http.MethodPut, path: "/v1/tenants/{id}/products/{name}", tag: "products", permission: auth.ProductsWrite, about: aboutTenant,
		write: true, action: "product.put", status: http.StatusAccepted, also: []int{http.StatusOK},
		summary: "Give a tenant a product, or change its licences", description: "Business services are told." + productDescription,
	}, s.putProduct)
	add(a, route{
		id: "delete-product", method: http.MethodDelete, path: "/v1/tenants/{id}/products/{name}", tag: "products", permission: auth.ProductsWrite, about: aboutTenant,
		write: true, action: "product.delete", status: http.StatusAccepted, also: []int{http.StatusOK},
		summary: "Take a product from a tenant", description: "Business services are told, also those that were asked for this product only." + productDescription,
	}, s.deleteProduct)
}

func (s *server) putProduct(ctx context.Context, in *putProductInput) (*changed, error) {
	if err := checkReason(in.Body.Reason); err != nil {
		return nil, err
	}
	return s.change(ctx, asking{
		Writing: in.Writing, tenantID: in.ID, ifMatch: in.IfMatch, action: "product.put", reason: in.Body.Reason,
		request: productRequest{Product: in.Name, Licences: &in.Body.Licences},
		propose: func(_ context.Context, t tenants.Tenant) (proposal, error) {
			before := t
			t.Products = slices.Clone(t.Products)
			i := slices.IndexFunc(t.Products, func(p tenants.Product) bool { return p.Name == in.Name })
			if i < 0 {
				i = len(t.Products)
				t.Products = append(t.Products, tenants.Product{Name: in.Name, AddedAt: s.now().UTC()})
			}
			t.Products[i].Licences = in.Body.Licences
			p, err := s.update(before, t)
			return p, renamed(err, inProduct(in.Name, i))
		},
	})
}

func (s *server) deleteProduct(ctx context.Context, in *deleteProductInput) (*changed, error) {
	if err := checkReason(in.Reason); err != nil {
		return nil, err
	}
	return s.change(ctx, asking{
		Writing: in.Writing, tenantID: in.ID, ifMatch: in.IfMatch, action: "product.delete", reason: in.Reason, request: productRequest{Product: in.Name},
		propose: func(_ context.Context, t tenants.Tenant) (proposal, error) {
			before := t
			t.Products = slices.DeleteFunc(slices.Clone(t.Products), func(p tenants.Product) bool { return p.Name == in.Name })
			if len(t.Products) == len(before.Products) {
				return proposal{}, tenants.Errorf(tenants.CodeNotFound, "tenant %s has no product %q", t.ID, shown(in.Name))
			}
			return s.update(before, t)
		},
	})
}

// inProduct names the fields of a product by their names in a request about it
// alone; it is found by its name or by its place.
func inProduct(name string, place int) map[string]string {
	names := map[string]string{}
	for _, field := range []string{"name", "licences"} {
		names["products."+name+"."+field] = field
		names["products["+strconv.Itoa(place)+"]."+field] = field
	}
	return names
}
