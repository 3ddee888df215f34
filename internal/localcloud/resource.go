package localcloud

import (
	"maps"
	"time"
)

// Resource is one physical resource, as its file has it.
type Resource struct {
	Type    string `json:"type"` // the Pulumi type token
	ID      string `json:"id"`   // in the form of the real provider
	Name    string `json:"name,omitempty"`
	Account string `json:"account"`
	Region  string `json:"region"` // "global" for what belongs to the whole account
	// Inputs are what it was made from, in JSON's types. A secret is
	// {"$secret": "sha256:..."}; an asset is {"$asset": hash}, an archive
	// {"$archive": hash}.
	Inputs map[string]any `json:"inputs"`
	// Computed are the outputs that AWS adds: ARNs, generated ids, endpoints.
	Computed  map[string]any `json:"computed"`
	CreatedAt time.Time      `json:"createdAt"`
	UpdatedAt time.Time      `json:"updatedAt"`
}

// record is a resource with what the store needs to know of it.
type record struct {
	Resource
	// Unique is the second name that nothing else may have; empty for none.
	Unique string `json:"unique,omitempty"`
	// Hidden are the computed outputs that derive from secrets.
	Hidden []string `json:"hidden,omitempty"`
	// Key is what its file is called; empty when that is the id.
	Key string `json:"key,omitempty"`
	// Versions is how many versions it has had, of what AWS numbers.
	Versions int `json:"versions,omitempty"`
}

func (r *record) key() string {
	if r.Key == "" {
		return r.ID
	}
	return r.Key
}

// place is an account and a region.
type place struct{ account, region string }

func (r Resource) clone() Resource {
	r.Inputs = cloneMap(r.Inputs)
	r.Computed = cloneMap(r.Computed)
	return r
}

func copies(records []*record) []Resource {
	out := make([]Resource, len(records))
	for i, rec := range records {
		out[i] = rec.Resource.clone()
	}
	return out
}

func cloneMap(m map[string]any) map[string]any {
	out := maps.Clone(m)
	for k, v := range out {
		out[k] = cloneValue(v)
	}
	return out
}

func cloneValue(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return cloneMap(v)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = cloneValue(e)
		}
		return out
	}
	return v
}
