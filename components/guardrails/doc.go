// Package guardrails makes the baseline of an organization: what no account may
// do (an Organization, in the management account), and what is watched in each
// account and region (an Account).
//
// An Organization prevents. Service control policies hold for every principal of
// a member account but service-linked roles, and for nobody of the management
// account ("Service control policies" in the AWS Organizations User Guide).
//
// An Account detects: AWS Config records what there is and holds it to rules,
// and every change that none of the deployers made raises an alert that says
// who, what and where. The alert does not see
//   - data events, such as the objects of a bucket or the items of a table;
//   - other regions: a rule of EventBridge works in its region, and changes to
//     global services such as IAM are told in us-east-1 alone, or in the one
//     region that stands for it in another partition;
//   - what is not logged: CloudTrail has to run, in the account (Trail) or for
//     the organization;
//   - calls that CloudTrail does not mark as writing, and those that begin with
//     Get, List or Describe, which EventBridge does not pass on ("Creating rules
//     for AWS API calls" in the EventBridge User Guide).
package guardrails

import (
	"regexp"
	"slices"

	"github.com/tenantform/tenantform/components/internal/check"
)

const maxRoles = 10

// rolePattern is that of a role without a path: a role of the same name below a
// path is another one.
var rolePattern = regexp.MustCompile(`^[\w+=,.@-]+$`)

// checkRoles checks names of roles.
func checkRoles(c *check.Args, argument string, names []string, least int) {
	c.Between(argument, len(names), least, maxRoles, "roles")
	for i, n := range names {
		c.Name(argument, n, 64, rolePattern)
		if slices.Contains(names[:i], n) {
			c.Fault(argument, n, "each role once")
		}
	}
}
