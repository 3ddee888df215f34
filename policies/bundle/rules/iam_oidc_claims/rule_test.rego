package tenantform.rules.iam_oidc_claims_test

import data.tenantform.rules.iam_oidc_claims as rule

of_value(value) := out if {
	out := {f.unknown | some f in rule.findings} with input as {"plan": {"resources": [{
		"urn": "u", "type": "aws:iam/role:Role", "operation": "create", "inputs": {"assumeRolePolicy": value},
	}]}}
}

of(statement) := of_value({"Version": "2012-10-17", "Statement": [object.union({"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity"}, statement)]})

who(principal, condition) := of({"Principal": principal, "Condition": condition})

unknown := {"$unknown": true}

test_unreadable if {
	of_value("{") == {false}
	of_value(7) == {false}
	of_value(unknown) == {true}
	of_value({"$secret": true}) == {true}
	of_value({"Statement": unknown}) == {true}
}

provider(host) := {"Federated": concat("", ["arn:aws:iam::111111111111:oidc-provider/", host])}

hub := "token.actions.githubusercontent.com"

sub(host, operator, value) := who(provider(host), {operator: {concat(":", [host, "sub"]): value}})

test_without_subject if {
	who(provider(hub), {}) == {false}
	who(provider(hub), {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}) == {false}
	sub(hub, "StringNotEquals", "repo:acme/app:ref:refs/heads/main") == {false}
	sub(hub, "StringEqualsIfExists", "repo:acme/app:ref:refs/heads/main") == {false}
	sub(hub, "ForAllValues:StringEquals", "repo:acme/app:ref:refs/heads/main") == {false}
	who(provider(hub), {"StringEquals": {"gitlab.com:sub": "project_path:acme/app"}}) == {false}
}

test_owner if {
	every value in ["repo:acme/app:ref:refs/heads/main", "repo:acme/app:*", "repo:acme/*", ["repo:acme/a:*", "repo:acme/b:*"]] { sub(hub, "StringLike", value) == set() }
	every value in ["*", "repo:*", "repo:acme*", "repo:acme?/app", "repo:*/app:*", "r*", "ref:refs/heads/main", "environment:production", "", ["repo:acme/a:*", "*"]] {
		sub(hub, "StringLike", value) == {false}
	}
	sub("gitlab.com", "StringLike", "project_path:acme/*") == set()
	sub("gitlab.com", "StringLike", "project_path:*") == {false}
	sub("app.terraform.io", "StringLike", "organization:acme:project:*") == set()
	sub("app.terraform.io", "StringLike", "organization:*") == {false}
	sub("app.terraform.io", "StringLike", "organization:acme*") == {false}
	eks := "oidc.eks.eu-west-1.amazonaws.com/id/ABCDEF"
	sub(eks, "StringEquals", "system:serviceaccount:acme:worker") == set()
	sub(eks, "StringLike", "*") == {false}
}

test_others if {
	who({"Federated": "arn:aws:iam::111111111111:saml-provider/a"}, {}) == set()
	who({"Service": "lambda.amazonaws.com"}, {}) == set()
	of({"Effect": "Deny", "Principal": provider(hub)}) == set()
	who({"Federated": "cognito-identity.amazonaws.com"}, {}) == {false}
	who({"Federated": "cognito-identity.amazonaws.com"}, {"StringEquals": {"cognito-identity.amazonaws.com:aud": "eu-west-1:pool"}}) == set()
	who({"Federated": "accounts.google.com"}, {}) == {false}
}

test_unknown if {
	sub(hub, "StringEquals", unknown) == {true}
	who({"Federated": unknown}, {}) == {true}
	who({"Federated": [unknown]}, {}) == {true}
	who(unknown, {}) == {true}
	who({"AWS": unknown}, {}) == set()
}
