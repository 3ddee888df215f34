# METADATA
# title: A stage is behind a web ACL
# description: |
#   AWS WAF keeps known attacks and floods from an API before a request counts
#   against a quota or reaches code. Private APIs, which the internet cannot
#   reach, need none. Advice, since the web ACL costs money each month, also for a
#   small tenant's API.
# custom:
#   severity: medium
#   scope: stack
#   on_unknown: An association belongs to a stage that its resourceArn comes from, or that the ARN names. Any other one counts for nothing.
#   waivable: "yes"
#   category: network
#   enforcement: advisory
#   remediation: Add a WebAclAssociation from wafv2 with the stage's ARN as resourceArn; the component API makes it for WebACLARN.
#   related: [AwsSolutions-APIG3, CKV2_AWS_29, APIGateway.4]
package tenantform.rules.apigateway_web_acl

import data.tenantform.lib.apigateway
import data.tenantform.lib.plan

findings contains plan.finding(s, "stageName", plan.text(plan.get(s, "stageName")), "no web ACL guards the stage") if {
	some s in apigateway.stages
	not s.urn in guarded
	not private(s)
}

guarded := {urn |
	some type in ["aws:wafv2/webAclAssociation:WebAclAssociation", "aws:wafregional/webAclAssociation:WebAclAssociation"]
	some a in plan.of_type(type)
	some urn in of(a)
}

of(a) := plan.sources_of_type(a, "resourceArn", apigateway.stage_type) | named(split(plan.text(plan.get(a, "resourceArn")), "/"))

# The stages of an ARN such as arn:aws:apigateway:eu-west-1::/restapis/abc/stages/live.
default named(_) := set()

named(parts) := {urn |
	some api in apigateway.api_keys(parts[2])
	some urn in apigateway.stages_of(api, parts[4])
} if {
	count(parts) == 5
	parts[1] == "restapis"
	parts[3] == "stages"
}

private(s) if {
	some api in plan.sources_of_type(s, "restApi", apigateway.api_type)
	plan.field(plan.get(plan.by_urn[api], "endpointConfiguration"), "types") in {"PRIVATE", ["PRIVATE"]}
}
