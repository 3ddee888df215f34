package names

import (
	"fmt"
	"slices"
	"strings"
)

// Type is a resource type under both its names.
type Type struct {
	AWS    string // token in pulumi-aws: "aws:ec2/vpc:Vpc"
	Bridge string // token in the bridge: "aws:index/vpc:Vpc"
	*Object
}

// Catalogue is every type that can be translated.
type Catalogue struct {
	Provider *Object
	types    map[string]Type
}

// New makes the catalogue from a schema.
func New(s Schema) (*Catalogue, error) {
	c := &Catalogue{types: map[string]Type{}}
	var err error
	if c.Provider, err = build(s.Provider, providerOverrides(), ""); err != nil {
		return nil, err
	}
	departures := overrides()
	for token, tf := range types() {
		block, ok := s.Resources[tf]
		if !ok {
			return nil, fmt.Errorf("names: the schema has no %s; run go generate ./... in this module", tf)
		}
		for path := range departures[tf] {
			if _, ok := lookup(block, path); !ok {
				return nil, fmt.Errorf("names: %s has no %s, which an override names", tf, path)
			}
		}
		o, err := build(block, departures[tf], "")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", tf, err)
		}
		c.types[token] = Type{AWS: token, Bridge: bridgeToken(tf), Object: o}
	}
	return c, nil
}

// Default is the catalogue of the schema that is part of this package.
func Default() (*Catalogue, error) {
	s, err := ReadSchema()
	if err != nil {
		return nil, err
	}
	return New(s)
}

// Type gives the type of a token of pulumi-aws.
func (c *Catalogue) Type(token string) (Type, error) {
	t, ok := c.types[token]
	if !ok {
		return Type{}, fmt.Errorf("%s is not among the types that test/awsprovider translates; add it to internal/names/types.go and run go generate in this module", token)
	}
	return t, nil
}

// Tokens gives the tokens of pulumi-aws in the catalogue, sorted.
func (c *Catalogue) Tokens() []string {
	var tokens []string
	for t := range c.types {
		tokens = append(tokens, t)
	}
	slices.Sort(tokens)
	return tokens
}

// bridgeToken is the token that the bridge gives a Terraform type of the AWS
// provider when it has one module for all.
func bridgeToken(tf string) string {
	name := camel(strings.TrimPrefix(tf, "aws_"))
	return "aws:index/" + name + ":" + strings.ToUpper(name[:1]) + name[1:]
}

// lookup finds the shape at a path of Terraform names.
func lookup(b Block, path string) (*Shape, bool) {
	name, rest, more := strings.Cut(path, ".")
	s, ok := b[name]
	if !ok || !more {
		return s, ok
	}
	return lookup(s.Fields, rest)
}
