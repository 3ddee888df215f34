package tenants

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	idPattern   = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	cellPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

var idAllowed = fmt.Sprintf("%d to %d lower-case letters, digits and single hyphens, beginning with a letter and not ending with a hyphen",
	MinIDLength, MaxIDLength)

// reserved are the words with which the names of shared resources begin.
var reserved = []string{"shared", "pool", "platform", "tenantform"}

// awsReserved gives the words with which AWS lets no name begin, and of what; see
// "General purpose bucket naming rules" (Amazon S3 User Guide) and
// CreateSecurityGroup (Amazon EC2 API Reference).
func awsReserved() map[string]string {
	return map[string]string{"sthree": "bucket", "amzn-s3-demo": "bucket", "sg": "security group"}
}

// marks are the words that follow a tenant's id in the names of its resources:
// "acme-silo", "acme-pool-a", and the buckets "acme-data-...", "acme-work-..." and
// "acme-logs-...".
// The first of them in a name ends the id, so that an id has none behind its first
// word: "acme-pool-b" in cell "a" would else have the names of "acme" in a cell
// "b-pool-a". A function's name, which also follows an id, has no hyphen; the last
// one ends the id there.
func marks() []string { return []string{"silo", "pool", "data", "work", "logs"} }

// ValidateID checks a tenant's id; field is its path in the error. It returns
// nil when the id is fine: of the right form, and such that no name that is made
// from it can be another tenant's, or of what tenants share.
func ValidateID(field, id string) []FieldError {
	refuse := func(allowed string) []FieldError { return []FieldError{{Field: field, Value: id, Allowed: allowed}} }
	if len(id) < MinIDLength || len(id) > MaxIDLength || !idPattern.MatchString(id) {
		return refuse(idAllowed)
	}
	begins := func(word string) bool { return id == word || strings.HasPrefix(id, word+"-") }
	if i := slices.IndexFunc(reserved, begins); i >= 0 {
		return refuse("an id that is not reserved: the names of shared resources begin with the word " + reserved[i])
	}
	for word, of := range awsReserved() {
		if begins(word) {
			return refuse("an id that is not reserved: AWS takes no name of a " + of + " that begins with " + word)
		}
	}
	words := strings.Split(id, "-")
	for i, w := range words[1:] {
		if slices.Contains(marks(), w) {
			return refuse(fmt.Sprintf("an id without the word %s behind its first: resources of a tenant %s would have names that begin with it",
				w, strings.Join(words[:i+1], "-")))
		}
	}
	return nil
}

// ValidateCell checks the name of a pool's cell.
func ValidateCell(field, cell string) []FieldError {
	if len(cell) > MaxCellLength || !cellPattern.MatchString(cell) {
		return []FieldError{{Field: field, Value: cell,
			Allowed: fmt.Sprintf("1 to %d lower-case letters, digits and single hyphens", MaxCellLength)}}
	}
	if slices.Contains(strings.Split(cell, "-"), "pool") {
		return []FieldError{{Field: field, Value: cell,
			Allowed: "a cell without the word pool: names that end in another pool's would be taken for those of its tenants"}}
	}
	return nil
}
