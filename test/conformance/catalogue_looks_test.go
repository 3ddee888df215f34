package conformance_test

import (
	"github.com/tenantform/tenantform/internal/blueprints"
)

// tagged gives the ARNs of what carries the project's tag in the account, as the
// service that all others tell of tags says.
func (e *eyes) tagged() []string {
	e.t.Helper()
	var out struct {
		ResourceTagMappingList []struct {
			ResourceARN string
		}
	}
	e.command(&out, "resourcegroupstaggingapi", "get-resources", "--tag-filters", "Key=managed-by,Values=tenantform")
	var arns []string
	for _, r := range out.ResourceTagMappingList {
		arns = append(arns, r.ResourceARN)
	}
	return arns
}

// someTagged holds a component without a look of its own to something being there.
func (e *eyes) someTagged() {
	e.t.Helper()
	arns := e.tagged()
	e.t.Logf("there are %v", arns)
	if len(arns) == 0 {
		e.t.Error("nothing carries the tag managed-by")
	}
}

// noneTagged holds an account to being empty.
func (e *eyes) noneTagged() {
	e.t.Helper()
	if arns := e.tagged(); len(arns) > 0 {
		e.t.Errorf("these are still there: %v", arns)
	}
}

// looks are those of components whose sample of the catalogue lives.
func looks() map[string]func(*eyes, blueprints.Blueprint) {
	return map[string]func(*eyes, blueprints.Blueprint){}
}
