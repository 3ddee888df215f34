package conformance_test

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kms"

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
	arns := slices.DeleteFunc(e.tagged(), func(arn string) bool {
		if !strings.Contains(arn, ":kms:") {
			return false
		}
		// A key that is taken away waits for days.
		out := see(e, e.keys.DescribeKey, &kms.DescribeKeyInput{KeyId: &arn})
		return out != nil && out.KeyMetadata.DeletionDate != nil
	})
	if len(arns) > 0 {
		e.t.Errorf("these are still there: %v", arns)
	}
}

// looks are those of components whose sample of the catalogue lives.
func looks() map[string]func(*eyes, blueprints.Blueprint) {
	return map[string]func(*eyes, blueprints.Blueprint){}
}

// befores make what has to be in an account before a component.
func befores() map[string]func(*eyes) {
	return map[string]func(*eyes){
		"guardrails.Organization": func(e *eyes) {
			e.command(nil, "organizations", "create-organization")
		},
	}
}
