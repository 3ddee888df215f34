# METADATA
# title: The decision
# description: |
#   What the evaluator asks for: how many resources there were, and for each
#   rule the findings. A rule that defines no findings is not among them, and
#   the evaluator then denies.
package tenantform

decision := {
	"version": 1,
	"resources": count(input.plan.resources),
	"findings": {id: found | found := data.tenantform.rules[id].findings},
}
