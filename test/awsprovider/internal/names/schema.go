package names

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
)

// Shape is what naming needs to know of an attribute or block of Terraform.
type Shape struct {
	// Kind is "list", "map", "object" or, for anything plain, empty. A set is a list.
	Kind string `json:"kind,omitempty"`
	// One says that a list is a block that occurs at most once.
	One bool `json:"one,omitempty"`
	// Fields are those of the object, or of the list's elements.
	Fields Block `json:"fields,omitempty"`
	// Within says that the fields were left out: a block of the same name is around
	// this one, as a firewall's statement is around another, which would not end. What
	// is inside is left as it is, so nothing in it may be overridden.
	Within bool `json:"within,omitempty"`
}

// Block is the attributes and blocks of an object, by their Terraform name.
type Block map[string]*Shape

// Schema is the part of the Terraform provider's schema that is translated.
type Schema struct {
	Provider  Block            `json:"provider"`
	Resources map[string]Block `json:"resources"`
}

//go:generate go run ./gen

//go:embed schema.json
var schemaJSON []byte

// ReadSchema gives the schema that is part of this package, cut from that of the
// Terraform AWS provider 5.100.0 by go generate.
func ReadSchema() (Schema, error) {
	var s Schema
	if err := json.Unmarshal(schemaJSON, &s); err != nil {
		return Schema{}, fmt.Errorf("names: schema.json: %w", err)
	}
	return s, nil
}

// terraformSchema is the output of "terraform providers schema -json".
type terraformSchema struct {
	Providers map[string]struct {
		Provider  terraformResource            `json:"provider"`
		Resources map[string]terraformResource `json:"resource_schemas"`
	} `json:"provider_schemas"`
}

type terraformResource struct {
	Block terraformBlock `json:"block"`
}

type terraformBlock struct {
	Attributes map[string]struct {
		Type   json.RawMessage   `json:"type"`
		Nested *terraformNesting `json:"nested_type"`
	} `json:"attributes"`
	Blocks map[string]struct {
		Nesting  string         `json:"nesting_mode"`
		MaxItems int            `json:"max_items"`
		Block    terraformBlock `json:"block"`
	} `json:"block_types"`
}

type terraformNesting struct {
	Nesting    string                                    `json:"nesting_mode"`
	Attributes map[string]struct{ Type json.RawMessage } `json:"attributes"`
}

// Cut takes the types of Tokens out of the output of "terraform providers schema
// -json" for one provider.
func Cut(data []byte) (Schema, error) {
	var all terraformSchema
	if err := json.Unmarshal(data, &all); err != nil {
		return Schema{}, fmt.Errorf("names: the provider's schema: %w", err)
	}
	if len(all.Providers) != 1 {
		return Schema{}, fmt.Errorf("names: the schema of %d providers was given, want that of one", len(all.Providers))
	}
	out := Schema{Resources: map[string]Block{}}
	for _, p := range all.Providers {
		var err error
		if out.Provider, err = cutBlock(p.Provider.Block, nil); err != nil {
			return Schema{}, err
		}
		for _, name := range TerraformTypes() {
			r, ok := p.Resources[name]
			if !ok {
				return Schema{}, fmt.Errorf("names: the provider has no type %s", name)
			}
			if out.Resources[name], err = cutBlock(r.Block, nil); err != nil {
				return Schema{}, fmt.Errorf("names: %s: %w", name, err)
			}
		}
	}
	return out, nil
}

// cutBlock takes names and shapes out of a block; around are the names of those
// that it is in.
func cutBlock(b terraformBlock, around []string) (Block, error) {
	out := Block{}
	for name, a := range b.Attributes {
		if a.Nested == nil {
			s, err := cutType(a.Type)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out[name] = s
			continue
		}
		fields := Block{}
		for n, nested := range a.Nested.Attributes {
			s, err := cutType(nested.Type)
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", name, n, err)
			}
			fields[n] = s
		}
		out[name] = &Shape{Kind: kind(a.Nested.Nesting), Fields: fields}
	}
	for name, nested := range b.Blocks {
		s := &Shape{Kind: kind(nested.Nesting), Within: slices.Contains(around, name)}
		s.One = s.Kind == "list" && nested.MaxItems == 1
		if !s.Within {
			var err error
			if s.Fields, err = cutBlock(nested.Block, append(slices.Clone(around), name)); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
		out[name] = s
	}
	return out, nil
}

// kind gives the kind of a nesting or of a type's constructor.
func kind(nesting string) string {
	switch nesting {
	case "list", "set":
		return "list"
	case "map":
		return "map"
	}
	return "object"
}

// cutType reads a type: "string", ["list", T], ["object", {name: T}].
func cutType(data json.RawMessage) (*Shape, error) {
	var plain string
	if json.Unmarshal(data, &plain) == nil {
		return &Shape{}, nil
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil || len(parts) != 2 {
		return nil, fmt.Errorf("not a type: %s", data)
	}
	var constructor string
	if err := json.Unmarshal(parts[0], &constructor); err != nil {
		return nil, fmt.Errorf("not a type: %s", data)
	}
	if constructor == "object" {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(parts[1], &members); err != nil {
			return nil, fmt.Errorf("not an object type: %s", data)
		}
		out := &Shape{Kind: "object", Fields: Block{}}
		for name, member := range members {
			s, err := cutType(member)
			if err != nil {
				return nil, err
			}
			out.Fields[name] = s
		}
		return out, nil
	}
	if !slices.Contains([]string{"list", "set", "map"}, constructor) {
		return nil, fmt.Errorf("unknown type constructor %q", constructor)
	}
	elem, err := cutType(parts[1])
	if err != nil {
		return nil, err
	}
	return &Shape{Kind: kind(constructor), Fields: elem.Fields}, nil
}
