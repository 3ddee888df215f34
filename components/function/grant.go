package function

import (
	"regexp"

	"github.com/tenantform/tenantform/components/iampolicy"
	"github.com/tenantform/tenantform/tenants"
)

var (
	actionPattern = regexp.MustCompile(`^[a-z0-9-]+:[A-Za-z0-9]+$`)
	arnPattern    = regexp.MustCompile(`^arn:[a-z-]+:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:[^*?]+$`)
	objectPattern = regexp.MustCompile(`^arn:[a-z-]+:s3:::[a-z0-9.-]+/([^*?]+/)?\*$`)
)

// GrantFaults gives what is wrong with grants. Wildcards are: an action is named
// in full and a resource is one ARN. Only the objects of a bucket, or below a
// prefix, may end in "/*".
func GrantFaults(grants []tenants.Grant) []tenants.FieldError {
	var faults []tenants.FieldError
	fault := func(field, value, allowed string) {
		faults = append(faults, tenants.FieldError{Field: field, Value: value, Allowed: allowed})
	}
	for _, g := range grants {
		if len(g.Actions) == 0 {
			fault("Grants.Actions", "", "actions such as dynamodb:GetItem")
		}
		if len(g.Resources) == 0 {
			fault("Grants.Resources", "", "ARNs of single resources")
		}
		for _, a := range g.Actions {
			if !actionPattern.MatchString(a) {
				fault("Grants.Actions", a, "an action in full, such as dynamodb:GetItem, without a wildcard")
			}
		}
		for _, r := range g.Resources {
			if !arnPattern.MatchString(r) && !objectPattern.MatchString(r) {
				fault("Grants.Resources", r, "the ARN of one resource, without a wildcard, or of a bucket's objects, ending in /*")
			}
		}
	}
	return faults
}

// Statements gives the statements of an IAM document that allow the grants.
func Statements(grants []tenants.Grant) iampolicy.Document {
	var doc iampolicy.Document
	for _, g := range grants {
		doc = append(doc, iampolicy.Statement{Effect: iampolicy.Allow, Actions: g.Actions, Resources: g.Resources})
	}
	return doc
}
