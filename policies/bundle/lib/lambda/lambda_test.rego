package tenantform.lib.lambda_test

import data.tenantform.lib.lambda

unknown := {"$unknown": true}

resources := [
	{"urn": "f", "type": "aws:lambda/function:Function", "operation": "create", "inputs": {"name": "work"}},
	{"urn": "g", "type": "aws:lambda/function:Function", "operation": "same", "inputs": {"name": unknown}},
	{"urn": "gone", "type": "aws:lambda/function:Function", "operation": "delete"},
	{"urn": "live", "type": "aws:lambda/alias:Alias", "operation": "create", "inputs": {"functionName": "work"}},
	{"urn": "m", "type": "aws:lambda/eventSourceMapping:EventSourceMapping", "operation": "create", "inputs": {"functionName": unknown}, "propertyDependencies": {"functionName": ["g", "gone"]}},
]

named(value, from) := out if {
	r := {"urn": "r", "inputs": {"function": value}, "propertyDependencies": {"function": from}}
	out := lambda.named(r, "function") with input as {"plan": {"resources": resources}}
}

test_named if {
	named("work", []) == {"f"}
	named("work:live", []) == {"f"}
	named("arn:aws:lambda:eu-west-1:111111111111:function:work", []) == {"f"}
	named("arn:aws:lambda:eu-west-1:111111111111:function:work:live", []) == {"f"}
	named("111111111111:function:work", []) == {"f"}
	named(unknown, ["f"]) == {"f"}
	named(unknown, ["live"]) == {"f"}
	named(unknown, ["gone"]) == set()
	every v in ["", "other", null, 1, unknown, ["work"]] { named(v, []) == set() }
}

test_polls if {
	polls := lambda.polls with input as {"plan": {"resources": resources}}
	polls == {"m": {"g"}}
}

test_permits if {
	p := {"urn": "p", "type": "aws:lambda/permission:Permission", "operation": "create", "inputs": {"function": "work"}}
	permits := lambda.permits with input as {"plan": {"resources": array.concat(resources, [p])}}
	permits == {"p": {"f"}}
}

test_image if {
	lambda.image({"inputs": {"packageType": "Image"}})
	not lambda.image({"inputs": {"packageType": "Zip"}})
	not lambda.image({"inputs": {}})
	not lambda.image({"inputs": {"packageType": unknown}})
}

permission(inputs, from) := {"urn": "p", "inputs": inputs, "propertyDependencies": from}

test_for_account if {
	lambda.for_account(permission({"sourceAccount": "111111111111"}, {}))
	lambda.for_account(permission({"sourceAccount": unknown}, {"sourceAccount": ["x"]}))
	every v in [null, "", "*", 1, unknown, {"$secret": true}] { not lambda.for_account(permission({"sourceAccount": v}, {})) }
}

test_for_source if {
	lambda.for_source(permission({"sourceArn": "arn:aws:execute-api:eu-west-1:111111111111:abc/*/GET/a"}, {}))
	lambda.for_source(permission({"sourceArn": "arn:aws:s3:::acme"}, {}))
	lambda.for_source(permission({"sourceArn": unknown}, {"sourceArn": ["x"]}))
	every v in [
		null, "", "*", 1, unknown, {"$secret": true}, "acme", "arn:aws:s3", "a:b:c:d:e:f", "arn:aws:execute-api:eu-west-1:111111111111:*",
		"arn:aws:execute-api:eu-west-1:111111111111:*/*", "arn:aws:execute-api:*:111111111111:abc/*", "arn:aws:s3:::*",
	] {
		not lambda.for_source(permission({"sourceArn": v}, {}))
	}
}

test_without_account if {
	lambda.without_account(permission({"sourceArn": "arn:aws:s3:::acme"}, {}))
	not lambda.without_account(permission({"sourceArn": "arn:aws:sns:eu-west-1:111111111111:acme"}, {}))
	not lambda.without_account(permission({"sourceArn": "x"}, {}))
	bucket := {"urn": "b", "type": "aws:s3/bucketV2:BucketV2", "operation": "create"}
	lambda.without_account(permission({"sourceArn": unknown}, {"sourceArn": ["b"]})) with input as {"plan": {"resources": [bucket]}}
	not lambda.without_account(permission({"sourceArn": unknown}, {"sourceArn": ["t"]})) with input as {"plan": {"resources": [bucket]}}
	topic := "arn:aws:sns:eu-west-1:111111111111:acme"
	not lambda.without_account(permission({"sourceArn": topic}, {"sourceArn": ["b"]})) with input as {"plan": {"resources": [bucket]}}
}

test_identity if {
	both := [{"urn": "role", "type": "aws:iam/role:Role", "operation": "create"}, {"urn": "t", "type": "aws:sns/topic:Topic", "operation": "create"}]
	lambda.identity(permission({"principal": unknown}, {"principal": ["role"]})) with input as {"plan": {"resources": both}}
	not lambda.identity(permission({"principal": "*"}, {"principal": ["role"]})) with input as {"plan": {"resources": both}}
	every from in [[], ["t"], ["role", "t"], ["elsewhere"]] {
		not lambda.identity(permission({"principal": unknown}, {"principal": from})) with input as {"plan": {"resources": both}}
	}
}
