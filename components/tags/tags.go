// Package tags holds the tags that every resource of Tenantform carries: they
// say whose it is, and cost allocation and policies rely on them.
package tags

import (
	"maps"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/tenantform/tenantform/tenants"
)

// The tag keys.
const (
	KeyTenantID    = "tenant-id"
	KeyTier        = "tier"
	KeyModel       = "model"
	KeyService     = "service"
	KeyEnvironment = "environment"
	KeyCostCenter  = "cost-center"
	KeyManagedBy   = "managed-by"
)

// ManagedBy is the value of the managed-by tag.
const ManagedBy = "tenantform"

// Shared is the tenant id and tier of what belongs to no single tenant.
const Shared = "shared"

// MaxValue is the most characters that a tag's value may have; see "Tag naming
// limits and requirements" in the AWS tagging guide.
const MaxValue = 256

const maxKey = 128

// valuePattern are the characters that all services accept in a tag.
var valuePattern = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$`)

// ValueAllowed says what ValidValue accepts.
const ValueAllowed = "1 to 256 letters, digits, spaces and _ . : / = + - @"

// ValidValue tells whether a text can be the value of a required tag.
func ValidValue(v string) bool {
	return utf8.RuneCountInString(v) <= MaxValue && valuePattern.MatchString(v)
}

// Keys gives the keys of the required tags.
func Keys() []string {
	return []string{KeyTenantID, KeyTier, KeyModel, KeyService, KeyEnvironment, KeyCostCenter, KeyManagedBy}
}

// Required are the values of the tags that every resource carries. All are
// required; the zero value is not valid.
type Required struct {
	TenantID    string // Shared for what belongs to no single tenant
	Tier        string // Shared likewise
	Model       tenants.Model
	Service     string // what the resource is for: "data", "network" ...
	Environment string
	CostCenter  string
	// More are further tags; a required one cannot be replaced by them.
	More map[string]string
}

// ForService gives the same tags with another service.
func (r Required) ForService(service string) Required {
	r.Service = service
	return r
}

// Values gives the tags as they are put on a resource.
func (r Required) Values() map[string]string {
	values := map[string]string{}
	maps.Copy(values, r.More)
	values[KeyTenantID] = r.TenantID
	values[KeyTier] = r.Tier
	values[KeyModel] = string(r.Model)
	values[KeyService] = r.Service
	values[KeyEnvironment] = r.Environment
	values[KeyCostCenter] = r.CostCenter
	values[KeyManagedBy] = ManagedBy
	return values
}

// Map gives the tags as an input of a resource.
func (r Required) Map() pulumi.StringMap { return pulumi.ToStringMap(r.Values()) }

// Named gives the tags and the Name tag that consoles show.
func (r Required) Named(name string) pulumi.StringMap {
	m := r.Map()
	m["Name"] = pulumi.String(name)
	return m
}

// Faults gives what is wrong with the tags; none when they are valid.
func (r Required) Faults() []tenants.FieldError {
	var faults []tenants.FieldError
	values := r.Values()
	for _, key := range slices.Sorted(maps.Keys(values)) {
		v := values[key]
		if _, more := r.More[key]; more && v == "" {
			continue
		}
		if !ValidValue(v) {
			faults = append(faults, tenants.FieldError{Field: key, Value: v, Allowed: ValueAllowed})
		}
		if utf8.RuneCountInString(key) > maxKey || !valuePattern.MatchString(key) {
			faults = append(faults, tenants.FieldError{Field: "More", Value: key, Allowed: "keys of 1 to 128 letters, digits, spaces and _ . : / = + - @"})
		}
	}
	for _, key := range Keys() {
		if v, ok := r.More[key]; ok {
			faults = append(faults, tenants.FieldError{Field: "More." + key, Value: v, Allowed: "tags other than the required ones"})
		}
	}
	return faults
}
