package iampolicy

import (
	"fmt"
	"unicode"

	"github.com/tenantform/tenantform/tenants"
)

// The most characters that IAM takes in a document; see "IAM and AWS STS
// quotas" in the IAM User Guide. None of them can be raised but that of trust
// policies, to 4,096.
const (
	MaxInline  = 10240 // of all inline policies of a role together
	MaxManaged = 6144  // of a managed policy, which a permissions boundary is
	MaxTrust   = 2048  // of a role's trust policy
)

// Size gives the number of characters that IAM counts: all but white space.
func (d Document) Size() int {
	n := 0
	for _, r := range d.String() {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// Faults gives what is wrong with the size of a document that is made from an
// argument, "Grants" for example: nothing, or one entry when it has more than
// limit characters, which is one of MaxInline, MaxManaged and MaxTrust.
func (d Document) Faults(argument string, limit int) []tenants.FieldError {
	size := d.Size()
	if size <= limit {
		return nil
	}
	return []tenants.FieldError{{
		Field:   argument,
		Value:   fmt.Sprintf("a document of %d characters", size),
		Allowed: fmt.Sprintf("at most %d characters, white space not counted", limit),
	}}
}
