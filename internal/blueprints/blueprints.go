// Package blueprints is the catalogue of the components: what each is called,
// and two programs that make it, one with as little as possible and one with
// everything that can be asked for. The component reference, the comparison of
// environments, the check of IAM documents and the conformance suite all run
// these programs, so that a component that is in the catalogue is in all of them.
//
// The reference and the comparison are generated:
//
//	go generate ./internal/blueprints
//
// Nothing that ends in the tenantform command may import the package: it links
// every component and the recorder of the tests.
package blueprints

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/components/componenttest"
	"github.com/tenantform/tenantform/components/location"
	"github.com/tenantform/tenantform/components/tags"
	"github.com/tenantform/tenantform/tenants"
)

//go:generate go run ./internal/reference -out ../../docs/components.md -environments testdata/environments.txt

// Blueprint is a component with the programs that show it.
type Blueprint struct {
	Package string // directory below components
	Type    string // "Worker"; the type token is tenantform:<Package>:<Type>
	// Minimal leaves out every argument that may be left out, Full gives every one
	// that adds resources or hardens them. Each is a whole program: it makes what the
	// component needs beside it, a key for example, and can be deployed as it is. The
	// two have equal names, so only one at a time can be in an account.
	Minimal, Full Sample
}

// Sample is a program that makes a component, and what the component needs.
type Sample func(ctx *pulumi.Context, at Site) error

// Token gives the component's type token.
func (b Blueprint) Token() string { return "tenantform:" + b.Package + ":" + b.Type }

// Name gives the name of the component in messages and documents, "queueworker.Worker".
func (b Blueprint) Name() string { return b.Package + "." + b.Type }

// Site is where a sample is made, and what it takes from the machine.
type Site struct {
	Location location.Location
	// Code is the path of a zip file or a directory that holds index.py with a
	// function "handler"; Layer that of one with vendor code.
	Code, Layer string
	// Units are the ids of two organizational units, that of the application's accounts
	// and that of the accounts of tenants' functions.
	Units [2]string
	// Changed gives one argument of each full sample another value, which AWS takes
	// without making anything anew. A few components have no such argument.
	Changed bool
}

// other gives one of two values of an argument, the second one where the site is
// Changed.
func other[T any](at Site, first, changed T) T {
	if at.Changed {
		return changed
	}
	return first
}

// The accounts of samples.
const (
	CoreAccount      = "111111111111"
	FunctionsAccount = "222222222222"
	ServiceAccount   = "333333333333"
)

// Region is where samples are made.
const Region = "eu-west-1"

// NewSite gives the site in an environment: the core account and its region. The
// code is any directory's, which is enough where nothing is uploaded.
func NewSite(environment, code string) Site {
	return Site{
		Location: location.Location{Environment: environment, Region: Region, AccountID: CoreAccount},
		Code:     code, Layer: code, Units: [2]string{"ou-abcd-12345678", "ou-abcd-23456789"},
	}
}

// In gives the site's location in another account.
func (s Site) In(account string) location.Location {
	l := s.Location
	l.AccountID = account
	return l
}

// Tags gives the tags of the samples: those of a tenant called acme in a silo.
func (s Site) Tags() tags.Required {
	t := componenttest.Tags()
	t.Environment = s.Location.Environment
	return t
}

// SharedTags gives the tags of what belongs to no single tenant.
func (s Site) SharedTags() tags.Required {
	t := s.Tags()
	t.TenantID, t.Tier, t.Model = tags.Shared, tags.Shared, tenants.ModelPool
	return t
}

// Program gives the sample as a program for a site.
func (s Sample) Program(at Site) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error { return s(ctx, at) }
}

// All gives the catalogue, in the order of the reference.
func All() []Blueprint {
	var all []Blueprint
	for _, part := range [][]Blueprint{tenancy(), compute(), messages(), storage(), networks(), access(), operations(), baseline()} {
		all = append(all, part...)
	}
	return all
}

func text(s string) pulumi.StringOutput { return pulumi.String(s).ToStringOutput() }
