package tenantform.rules.tenant_bucket_prefix_test

import data.tenantform.rules.tenant_bucket_prefix as rule

unknown := {"$unknown": true}

secret := {"$secret": true}

bucket := "arn:aws:s3:::platform-files"

found(statement) := out if {
	out := {f.unknown | some f in rule.findings} with input as {
		"plan": {"resources": [{"urn": "u", "type": "aws:iam/rolePolicy:RolePolicy", "operation": "create", "inputs": {"policy": {"Statement": [statement]}}}]},
		"subject": {"program": "tenant", "tenantId": "acme"},
	}
}

on(action, resource) := found({"Effect": "Allow", "Action": action, "Resource": resource})

objects(key) := on("s3:GetObject", concat("/", [bucket, key]))

list(prefix) := found({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket, "Condition": {"StringLike": {"s3:prefix": prefix}}})

test_objects if {
	every key in ["acme/*", "acme/a", "tenants/acme/*", "${aws:PrincipalTag/TenantID}/*"] { objects(key) == set() }
	every key in ["*", "acme*", "acme", "birch/*", "acme-eu/*", "*/acme/*", "te?ants/acme/*", "${aws:username}/acme/*", ""] { objects(key) == {false} }
}

test_lists if {
	every prefix in ["acme/*", "acme/", ["tenants/acme/*"], "${aws:PrincipalTag/TenantID}/*"] { list(prefix) == set() }
	every prefix in ["*", "", "acme*", ["acme/*", "birch/*"], [], 1, null, {}] { list(prefix) == {false} }
	on("s3:ListBucket", bucket) == {false}
	found({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": bucket, "Condition": {"StringLikeIfExists": {"s3:prefix": "acme/*"}}}) == {false}
	found({"Effect": "Allow", "Action": ["s3:ListBucket", "s3:PutBucketPolicy"], "Resource": bucket, "Condition": {"StringLike": {"s3:prefix": "acme/*"}}}) == {false}
	found({"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": [bucket, concat("", [bucket, "/acme/*"])], "Condition": {"StringLike": {"s3:prefix": "acme/*"}}}) == set()
}

test_buckets if {
	every resource in ["*", "arn:aws:s3:::*", "arn:aws:s*:::x/*", "arn:aws:s3:::acme-*/*", "arn:aws:s3:::birch-files/*"] { on("s3:GetObject", resource) == {false} }
	every resource in ["arn:aws:s3:::acme-files/*", "arn:aws:s3:::acme-files", "arn:aws:sqs:eu-west-1:111111111111:x"] { on("s3:*", resource) == set() }
	every action in ["s3:GetBucketLocation", "sqs:SendMessage"] { on(action, "*") == set() }
	found({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}) == set()
}

test_negations if {
	found({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}) == {false}
	found({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}) == set()
	found({"Effect": "Allow", "NotAction": "*", "Resource": "*"}) == set()
	found({"Effect": "Allow", "Action": "s3:GetObject", "NotResource": bucket}) == {false}
	found({"Effect": "Allow", "Action": "s3:GetObject"}) == {false}
}

test_not_known if {
	on("s3:GetObject", unknown) == {true}
	on("s3:GetObject", [secret, "arn:aws:s3:::acme-files/*"]) == {true}
	on("s3:GetObject", [secret, bucket]) == {false}
	on(unknown, bucket) == {false}
	list(unknown) == {true}
}

test_shared_stacks_are_for_other_rules if {
	rule.findings == set() with input as {
		"plan": {"resources": [{"urn": "u", "type": "aws:iam/rolePolicy:RolePolicy", "operation": "create", "inputs": {"policy": unknown}}]},
		"subject": {"program": "platform"},
	}
}
