# METADATA
# title: A function's variables hold no secrets
# description: |
#   Whoever may read a function's configuration reads its variables, and they are
#   in each state and plan. A password, token or key belongs in Secrets Manager or
#   Parameter Store, and the variable names it. Refused are values that look like
#   a credential, values that the stack holds as secrets, and plain values of
#   variables whose name says that they are one.
# custom:
#   severity: high
#   scope: resource
#   on_unknown: A value that is not known is a finding where the variable's name says that it is a secret, unless it comes from a secret, its version or a parameter. Variables that are not known as a whole are a finding.
#   waivable: exact
#   category: compute
#   enforcement: mandatory
#   remediation: Put the value into Secrets Manager, set the variable to the secret's ARN, and let the code read it with its role.
#   related: [CKV_AWS_45]
package tenantform.rules.lambda_no_environment_secrets

import data.tenantform.lib.lambda
import data.tenantform.lib.plan

findings contains plan.finding(f, "environment.variables", variables, "the variables may hold a secret") if {
	some f in lambda.functions
	variables := plan.field(plan.get(f, "environment"), "variables")
	plan.is_unknown(variables)
}

findings contains held(f, "environment.variables", "the variables are a secret, so that whoever reads the function's configuration reads it") if {
	some f in lambda.functions
	plan.is_secret(plan.field(plan.get(f, "environment"), "variables"))
}

findings contains held(f, property(name), why) if {
	some f in lambda.functions
	some name, value in variables_of(f)
	some why in reasons(name, value)
}

findings contains plan.finding(f, property(name), value, "the variable's name says that it is a secret") if {
	some f in lambda.functions
	some name, value in variables_of(f)
	plan.is_unknown(value)
	telling(name)
	not reference(f)
}

findings contains misfit if {
	some f in lambda.functions
	environment := plan.get(f, "environment")
	some misfit in plan.misfits(f, "environment", environment, {"object"}) | plan.misfits(f, "environment.variables", plan.field(environment, "variables"), {"object"})
}

default variables_of(_) := {}

variables_of(f) := variables if {
	variables := plan.field(plan.get(f, "environment"), "variables")
	is_object(variables)
	not plan.is_opaque(variables)
}

property(name) := concat(".", ["environment.variables", name])

# The value is left out: what looks like a secret is not repeated in a report.
held(f, at, why) := {"urn": f.urn, "property": at, "value": null, "message": why, "unknown": false}

reasons(_, value) := {"the value is a secret, so that whoever reads the function's configuration reads it"} if plan.is_secret(value)

reasons(name, value) := {why |
	some why in ["the value looks like a credential"]
	credential(value)
} | {why |
	some why in ["the variable's name says that it is a secret, and its value is there to read"]
	not credential(value)
	telling(name)
	plain(value)
} if {
	is_string(value)
}

# A name that ends in what is secret, not in what tells of it, as DB_PASSWORD_ARN does.
telling(name) if {
	some ending in ["PASSWORD", "PASSWD", "SECRET", "SECRET_KEY", "TOKEN", "API_KEY", "APIKEY", "ACCESS_KEY", "PRIVATE_KEY", "CREDENTIAL", "CREDENTIALS"]
	endswith(upper(name), ending)
}

# What is there to read, unlike an ARN, a parameter's path or a reference that is resolved later.
plain(value) if {
	value != ""
	not startswith(value, "arn:")
	not startswith(value, "/")
	not startswith(value, "{{resolve:")
	not lower(value) in {"true", "false"}
}

reference(f) if {
	some type in {
		"aws:secretsmanager/secret:Secret",
		"aws:secretsmanager/secretVersion:SecretVersion",
		"aws:ssm/parameter:Parameter",
	}
	count(plan.sources_of_type(f, "environment", type)) > 0
}

# Forms of credentials: ids of AWS access keys and their secrets, private keys,
# tokens of well-known services, and addresses with a password in them.
credential(value) if {
	contains(value, "IA")
	regex.match(`(^|[^A-Z0-9])(AKIA|ASIA)[A-Z0-9]{16}($|[^A-Z0-9])`, value)
}

credential(value) if {
	count(value) == 40
	regex.match(`^[A-Za-z0-9/+=]{40}$`, value)
	regex.match(`[A-Z]`, value)
	regex.match(`[a-z]`, value)
	regex.match(`[0-9/+=]`, value)
}

credential(value) if {
	contains(value, "-----BEGIN ")
	contains(value, "PRIVATE KEY")
}

credential(value) if {
	some prefix in ["ghp_", "gho_", "ghs_", "github_pat_", "glpat-", "sk_live_", "rk_live_", "xoxb-", "xoxp-"]
	startswith(value, prefix)
}

credential(value) if {
	contains(value, "://")
	regex.match(`://[^/@\s:]+:[^/@\s]+@`, value)
}
