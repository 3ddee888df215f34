# METADATA
# title: The decision
# description: |
#   What the evaluator asks for: how many resources there were, and for each
#   rule the findings. A rule that defines no findings is not among them, and
#   the evaluator then denies. The input's rules, if it has any, are those that are
#   asked for.
package tenantform

decision := {
	"version": 1,
	"resources": count(input.plan.resources),
	"findings": found,
}

found := {id: findings | some id in input.rules; findings := data.tenantform.rules[id].findings} if {
	input.rules
} else := {id: findings | findings := data.tenantform.rules[id].findings}
